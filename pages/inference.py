"""What happens with one example?"""

from landscape.labs.inference import LAB
from pages.components.lab import show

show(LAB)
