"""What can be rescaled without a change?"""

from landscape.labs.invariance import LAB
from pages.components.lab import show

show(LAB)
