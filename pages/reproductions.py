"""Does it hold? Results of papers beside the same numbers, computed here."""

from pages.components.reproductions import show

show()
