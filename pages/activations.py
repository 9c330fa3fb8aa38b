"""What goes on inside the layers?"""

from landscape.labs.activations import LAB
from pages.components.lab import show

show(LAB)
