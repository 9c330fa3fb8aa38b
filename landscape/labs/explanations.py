"""The explanations of why BatchNorm helps that the literature gives, each with its evidence there: for all pages that ask."""

from __future__ import annotations

from enum import StrEnum

CONSENSUS = "So why does it help? There is no consensus"


class Cause(StrEnum):
    """An explanation of why BatchNorm helps."""

    SHIFT = "shift"
    SMOOTH = "smooth"
    RATE = "rate"
    DECOUPLED = "decoupled"
    SPECTRUM = "spectrum"


EXPLANATIONS = {
    Cause.SHIFT: (
        "Each layer's inputs keep their distribution (Ioffe & Szegedy 2015)",
        "It was the motive, and deep sigmoid networks do train with BatchNorm.",
        "In the paper's VGG network noise after each BatchNorm makes the distributions less stable than those of a plain "
        "network, and it trains as well (Santurkar et al. 2018, Sec. 2.1). Their measure of the shift does not fall with "
        "BatchNorm.",
    ),
    Cause.SMOOTH: (
        "The loss is smoother along the gradient (Santurkar et al. 2018)",
        "All three measures, in their networks; their theory bounds the gradient of one normalized layer.",
        "Their theory covers one layer, not the depth. In their own figure the effective beta ends near 2 / learning rate "
        "with BatchNorm and without.",
    ),
    Cause.RATE: (
        "It allows larger learning rates, whose noise finds better minima (Bjorck et al. 2018)",
        "At a low rate a ResNet does about as well without it, by their account.",
        "It says what a larger rate brings, less why it is possible.",
    ),
    Cause.DECOUPLED: (
        "Length and direction of the weights are learnt apart (Kohler et al. 2018; Salimans & Kingma 2016)",
        "Faster convergence is proven for simple problems; the loss does not depend on the weights' length.",
        "Weight normalization does just that, and nothing else: choose it above, and compare it with BatchNorm.",
    ),
    Cause.SPECTRUM: (
        "Outlying eigenvalues of the Hessian vanish (Ghorbani et al. 2019)",
        "With BatchNorm they are almost absent, and gradients do not gather along them.",
        "An observation on trained networks: what causes what is open.",
    ),
}
"""Each explanation: what it says, the evidence for it, the evidence against it."""
