"""Is it the distribution?"""

from landscape.labs.covariate_shift import LAB
from pages.components.lab import show

show(LAB)
