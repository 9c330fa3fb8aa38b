"""The prose of the page on smoothness."""

QUESTION = "Is the loss really smoother with BatchNorm?"

INTRODUCTION = """
Networks with the same initial weights and the same batches are trained here and now, and differ in what normalizes their
layers. At steps of the training we walk from the weights along the gradient, half as far as the training goes and up to
a few times as far, and look: **how much does the loss vary there, and does the gradient still point where it did?**
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

EXPLANATION_COLUMNS = {"claim": "Explanation", "pro": "For", "contra": "Against"}

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
