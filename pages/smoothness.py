"""Is the loss really smoother with BatchNorm?"""

from landscape.labs.smoothness import LAB
from pages.components.lab import show

show(LAB)
