"""What may be asked of the comparison: which networks, which view of their landscapes, how it is drawn, which balls."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.experiment import Comparison, Display, View
from landscape.labs.codec import codec_of
from landscape.labs.compare.dropping import Places, hundredth, kept
from models.fields import number, switch, validate

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""The learning rates at which the networks of the page are trained once more, to see what follows."""

PLACES = ((0.8, 0.8), (-0.5, 0.7), (0.3, -0.3), (1.0, -1.0))
"""Where balls are dropped, as shares of what the picture shows to each side."""


@dataclass(frozen=True)
class BallsRequest:
    """Balls that roll down the slice, and whether what follows is tried: the networks trained at other rates.

    another_ball: whether one more is dropped, at ball_x and ball_y, shares of what the picture shows to each side.
    more_balls: where those lie that were dropped before it.
    """

    ball_rate: float = number(
        30.0, 0.1, 3000.0, "Rate of the balls", "Of gradient descent within the slice; the whole network bears smaller "
        "ones.", logarithmic=True,
    )  # fmt: skip
    ball_steps: int = number(40, 1, 200, "Steps of the balls", "How many.", stops=(10, 20, 40, 60, 100, 200))
    another_ball: bool = switch(
        False, "One more ball", "Dropped where you say, here or by a click on a landscape; up to eight."
    )
    ball_x: float = number(0.5, -1.0, 1.0, "Its place along x", "From the centre to the edge of the picture.")
    other_rates: bool = switch(
        False, "Train at other learning rates", "Eight of them, for as many steps: some seconds."
    )
    ball_y: float = number(0.5, -1.0, 1.0, "Its place along y", "From the centre to the edge of the picture.")
    more_balls: Places = kept("Balls dropped before", "Where they lie, in hundredths of the way to the edge.")

    def __post_init__(self) -> None:
        validate(self)

    @property
    def dropped(self) -> tuple[tuple[float, float], ...]:
        """Where balls are dropped one by one, the last of them as the sliders say."""
        last = ((hundredth(self.ball_x), hundredth(self.ball_y)),) if self.another_ball else ()
        return (*self.more_balls, *last)


@dataclass(frozen=True)
class Beside:
    """What is drawn beside the landscapes that the view asks for.

    frozen: of the first network that stores statistics, the landscape on these, frozen as training left them.
    try_strengths: whether the first network with BatchNorm is trained with parts of it too.
    """

    frozen: bool = switch(
        False, "Frozen statistics too", "Beside the first network that stores statistics: its landscape on these alone."
    )
    try_strengths: bool = switch(
        False, "Vary the strength of BatchNorm", "From none to all of it in quarters, each at eight learning rates too: some "
        "seconds.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        validate(self)


@dataclass(frozen=True)
class Request:
    """All that a link to the comparison holds."""

    comparison: Comparison = Comparison()
    view: View = View()
    display: Display = Display()
    balls: BallsRequest = BallsRequest()
    beside: Beside = Beside()


CODEC = codec_of("compare", Request())
"""The codec of the comparison."""
