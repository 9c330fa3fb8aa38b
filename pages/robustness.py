"""What does normalization make easy?"""

from landscape.labs.robustness import LAB
from pages.components.lab import show

show(LAB)
