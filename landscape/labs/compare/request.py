"""What may be asked of the comparison: which networks, which view of their landscapes, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.experiment import Comparison, Display, View
from landscape.labs.codec import codec_of


@dataclass(frozen=True)
class Request:
    """All that a link to the comparison holds."""

    comparison: Comparison = Comparison()
    view: View = View()
    display: Display = Display()


CODEC = codec_of("compare", Request())
"""The codec of the comparison."""
