"""What an experiment will hold in memory at most, reckoned before it is made, and the nearest size that fits.

All numbers are bounds from the sizes alone. The largest of three phases counts:

    parameters   the copies of P numbers that training, surfaces and the basis of the sharpness hold at once
    training     what the gradient of one batch keeps of every layer
    evaluation   what a pass over the whole training set holds of the widest layer, as no gradient is kept

Second derivatives keep every layer several times over; they are taken on fewer examples rather than refused
(`curvature_examples`). Two networks at work, the runs of four, and the process itself, which has 350 MB, are to stay
within 1.2 GB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.config import Kind

NUMBER = 4
"""Bytes of a number in single precision."""

WORK_BYTES = 320 * 2**20
"""What one network may hold while it is computed."""

COPIES = 21
"""Of the parameters, held at once: snapshots, a plane, a chunk of points, and vectors of Lanczos' basis."""

KEPT = 6
"""Tensors of a layer's size that the gradient keeps of it, those of the pass back included."""

KEPT_TWICE = 10
"""The same for second derivatives."""

PASSED = 4
"""Tensors of the widest layer's size that a pass without gradient holds at once."""

FEATURES = {
    "digits": 64, "wine": 13, "breast-cancer": 30, "gaussians": 2, "moons": 2, "circles": 2, "blobs": 2, "spirals": 2,
    "target-curve": 1, "linear-map": 10,
}  # fmt: skip
"""Of the datasets by name: known before any is loaded."""

EXAMPLES = {"digits": 1797, "wine": 178, "breast-cancer": 569}
"""Of the datasets that are not drawn."""

SIDE, CLASSES = 8, 10
"""Of an image; outputs at most."""


@dataclass(frozen=True)
class Size:
    """What of an experiment its memory depends on.

    dataset: its name. own: of a user's own table the numbers of features, of examples and of outputs.
    """

    kind: Kind
    width: int
    depth: int
    batch_size: int
    num_examples: int
    dataset: str
    own: tuple[int, ...] = ()

    @property
    def features(self) -> int:
        """How many features an example has."""
        return self.own[0] if self.own else FEATURES[self.dataset]

    @property
    def training_examples(self) -> int:
        """How many examples a network trains on."""
        there = self.own[1] if self.own else EXAMPLES.get(self.dataset, self.num_examples)
        return round(0.8 * min(self.num_examples, there)) + 1

    @property
    def places(self) -> list[int]:
        """At how many places each layer acts: the pixels of its image, or the rows that it reads."""
        if self.kind is Kind.CNN:
            return [(SIDE**2, SIDE**2 // 4)[i] if i < 2 else SIDE**2 // 16 for i in range(self.depth)]
        return [SIDE if self.kind is Kind.RECURRENT else 1] * self.depth

    @property
    def parameters(self) -> int:
        """About how many parameters there are, scales and shifts included."""
        features, outputs = self.features, max(CLASSES, *self.own[2:], 0)
        if self.kind is Kind.CNN:
            first, further, last = 9, 9 * self.width, SIDE**2 // 4 ** min(self.depth, 2) * self.width
        elif self.kind is Kind.RECURRENT:
            first, further, last = SIDE + self.width, 2 * self.width, self.width
        else:
            first, further, last = features, self.width, self.width
        return self.width * (first + (self.depth - 1) * further + 3 * self.depth) + (last + 1) * outputs + 2 * features

    @property
    def layers(self) -> int:
        """How many activations all layers together have of one example."""
        return self.width * sum(self.places)

    @property
    def work_bytes(self) -> int:
        """How many bytes the largest phase of its computation holds."""
        batch = min(self.batch_size, self.training_examples)
        widest = max(self.width * max(self.places), self.features)
        held = COPIES * self.parameters
        phases = held, KEPT * batch * self.layers + held // 2, PASSED * self.training_examples * widest + held // 2
        return NUMBER * max(phases)

    @property
    def fits(self) -> bool:
        """Whether it may be computed."""
        return self.work_bytes <= WORK_BYTES

    @property
    def curvature_examples(self) -> int:
        """On how many examples at most second derivatives are taken; two at least, for a batch."""
        return max(2, WORK_BYTES // (NUMBER * KEPT_TWICE * self.layers))

    def nearest(self) -> Mapping[str, int]:
        """Return the field to make smaller, with the largest value that fits: that which keeps the greatest share.

        >>> Size(Kind.MLP, 512, 64, 64, 2000, "digits").nearest()
        {'width': 249}
        """
        found: dict[str, int] = {}
        for name in ("depth", "width", "batch_size"):
            value = self._largest(name)
            if value:
                found[name] = value
        best = max(found, key=lambda name: found[name] / getattr(self, name))
        return {best: found[best]}

    def _largest(self, name: str) -> int:
        """Return the largest value of a field that fits, 0 where none does."""
        low, high = 0, getattr(self, name)
        while low < high:
            middle = (low + high + 1) // 2
            fits = Size(**{**vars(self), name: middle}).fits
            low, high = (middle, high) if fits else (low, middle - 1)
        return low
