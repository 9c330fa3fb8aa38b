"""What does normalization do to a network's loss landscape?"""

from landscape.labs.compare import LAB
from pages.components.lab import show

show(LAB)
