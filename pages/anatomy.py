"""What is normalized, by what?"""

from landscape.labs.anatomy import LAB
from pages.components.lab import show

show(LAB)
