"""Where one begins: what this is, the lessons, and every question."""

from pages.components.start import show

show()
