"""Why do unlike scales make training hard?"""

from landscape.labs.two_weights import LAB
from pages.components.lab import show

show(LAB)
