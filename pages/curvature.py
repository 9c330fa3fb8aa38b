"""Is the curvature smaller?"""

from landscape.labs.curvature import LAB
from pages.components.lab import show

show(LAB)
