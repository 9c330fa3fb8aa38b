"""The prose of the page on smoothness."""

from enum import StrEnum

QUESTION = "Is the loss really smoother with BatchNorm?"

INTRODUCTION = """
Networks with the same initial weights and the same batches are trained here and now, and differ in what normalizes their
layers. At steps of the training we walk from the weights along the gradient, half as far as the training goes and up to
some times as far, and look: **how much does the loss vary there, and does the gradient still point where it did?**
Where the loss is smooth, a step may be long, and the gradient tells the truth about what lies ahead.
"""

TRAINING = "The networks are being trained and measured…"

LINES = "From one step of the training"

LINES_NOTE = """
**Click on a curve above**, or move the slider, to choose a step of the training. Here is the loss at every step size along
the gradient of that step, on its batch. Below it the gradients: **here**, then at three step sizes. An arrow to the right
still agrees with the first; one that points up has left the line; one that points back says that a step so long goes too
far. Its label: the length, over that of the first, and the angle to it.
"""

COLUMNS = {
    "network": "Network",
    "test_accuracy": "Test accuracy",
    "loss_range": "Loss range",
    "gradient_change": "Gradient change",
    "effective_beta": "Effective beta",
    "edge": "2 / learning rate",
    "outlier": "Longest gradient / median",
    "kurtosis": "Excess kurtosis",
}

TABLE_NOTE = """
Loss range, gradient change and effective beta: the median over the steps after the first fifth of training, in brackets the
greatest. 2 / learning rate: a threshold of plain gradient descent alone. Longest gradient / median: over all of the
training. Excess kurtosis of what enters the activation functions, 0 for a Gaussian: the median of its size over the layers,
at the last weights.
"""

PAPER = "What the paper found, and what is measured here"

PAPER_COLUMNS = {"claim": "Claim", "paper": "In the paper (VGG on CIFAR-10)", "here": "Here", "verdict": "Verdict"}

CONSENSUS = "So why does it help? There is no consensus"

EXPLANATION_COLUMNS = {"claim": "Explanation", "pro": "For", "contra": "Against"}


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

READING = r"""
At a step $t$ with the batch and the weights $\theta_t$ of that step, $g = \nabla L(\theta_t)$ and

$$\theta(\rho) = \theta_t - \rho\, g .$$

A step is $\rho$ *times* the gradient, no unit vector. The $\rho$ lie on a ladder around the learning rate $\eta$: from
$\eta/2$ to $4\eta$, for the deep linear network from $\eta/100$ to $30\eta$. It is only a measurement: the training does not
see it. BatchNorm uses the statistics of that batch, as training does.

- **Loss along the gradient**: the band from the least to the greatest $L(\theta(\rho))$. Its width is the *loss range*.
- **Change of the gradient**, or how well it foretells itself: the band of $\lVert \nabla L(\theta(\rho)) - g \rVert$.
- **Effective beta**: $\max_\rho\ \lVert \nabla L(\theta(\rho)) - g \rVert \,/\, (\rho \lVert g \rVert)$, how far the gradient
  is from being Lipschitz along the step.

Source: Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604, Sec. 3.2 and App. A.2.2. Their ladder has these ends; the
number of its rungs is ours. They find the same along random directions, which is left out here.

**The dotted line.** Plain gradient descent cannot settle where the curvature along its step exceeds $2/\eta$, and training
tends to drive the curvature up to there (Cohen et al. 2021, arXiv 2103.00065). Where the effective beta lies near that line,
its level tells of the step size, and only its spikes tell of the normalization. Other optimizers have another threshold, or
none: for them no line is drawn.

**Other norms.** $\hat y = (y - \bar y) / N_p(y)$ with $N_1 = \overline{|y|}$, $N_2 = \sqrt{\overline{y^2}}$,
$N_\infty = \max |y|$ over the batch (their Sec. 3.3; the formula is our reading of it). Dividing one unit's values by
another number changes their spread and not their shape, so that differences of shape come from training and from mixing units.

**A trap.** With PyTorch's own initialization the plain network of eight layers does not learn, and looks smooth.
"""
