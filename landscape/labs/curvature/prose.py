"""The prose of the page about curvature."""

QUESTION = "Is the curvature smaller?"

INTRODUCTION = """
The **Hessian** holds the second derivatives of the loss: its eigenvalues say how fast the slope changes, and along which
directions of the weights. A few large ones are steep walls, between which gradient descent must take small steps. Networks are trained
here and now; then the eigenvalues are found at their weights.
"""

SPECTRA_TITLE = "The spectrum: how many walls, how steep"

SPECTRA_NOTE = """
All eigenvalues of each network as a density, and the twenty greatest as ticks below it. *Frozen* is the very same network with
BatchNorm's **running** statistics, as training left them, when its weights move.
"""

SPECTRA_LIMITS = """
This is early in the training of a small network, where it is clearest. After 400 steps, or in eight layers of 64, the same holds
more weakly: there a few eigenvalues stand out with BatchNorm too. *Population* statistics, computed anew on the training data
wherever the weights move, do not bring the outliers back: it is
freezing that does.
"""

EDGE_TITLE = "Along training: up to the edge of stability"

EDGE_NOTE = """
Another experiment, with the seed of the sidebar and settings of its own: one network of three tanh layers of 32, trained on 400 digits
**all at once**, at three rates. Gradient descent is stable along a direction while its eigenvalue is below
2 / learning rate, the dashed line of the same colour. Ticks below the loss mark the steps after which it is higher.
"""

SAME_TITLE = "One function, two ways to write it"

SAME_NOTE = """
The trained network without normalization, and a network with another parametrization whose parameters are chosen so that
it computes **the same outputs**: for BatchNorm each scale is the deviation of the unit, each shift its mean. Equal height at this point, but
other slopes around it.
"""

READING = r"""
**The density** is an estimate from products with the Hessian alone, by stochastic Lanczos quadrature: random vectors $v$, a few
dozen products each, and the eigenvalues of the small matrix they make, smoothed by Gaussians of one width for all spectra on an axis (Ghorbani, Krishnan & Xiao 2019,
arXiv 1901.10159, Alg. 1, 2). The axis is logarithmic: nearly all eigenvalues are close to zero.

**Outliers.** They found that without BatchNorm large isolated eigenvalues appear early and the gradient lies along them,
$\lVert P_{10}\, g \rVert^2 / \lVert g \rVert^2$ near 1; that with it both are almost absent; and that with statistics that do not
follow the weights the outliers come back. Here an outlier is over three times the twentieth eigenvalue, a measure of ours. The ratio
$\lambda_1 / \lambda_{10}$ stands for the condition number: over *all* eigenvalues that says nothing, as half of them are about zero.

**The edge of stability.** Along an eigenvector of eigenvalue $\lambda$ a step of gradient descent multiplies the distance to the
bottom by $1 - \eta \lambda$, which grows once $\lambda > 2 / \eta$. Cohen, Kaur, Li, Kolter & Talwalkar (2021, arXiv 2103.00065) found that on full batches the greatest
eigenvalue, the *sharpness*, rises to $2/\eta$ and hovers there, while the loss rises and falls from step to step and falls all the same. With the squared loss that
is what is seen here. With **cross-entropy** it is not, in networks of this size: the sharpness falls as soon as the data are fitted, since the second derivative
of the loss of a confident prediction vanishes.

**Do not compare** the sharpness of networks whose weights differ in length: where a unit is normalized, $L(c\,w) = L(w)$, and its curvature goes as
$1 / \lVert w \rVert^2$. In the last section the lengths are equal, and so is the function; what differs is how the scale and the shift of a unit enter.

**Two ways to write a unit.** $t = w \cdot x + b$ is $\gamma\,(w \cdot x - \mu) / \sigma + \beta$ with $\gamma = \sigma$ and $\beta = \mu + b$
over the examples at hand (Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3). With weight normalization, $w = g\, v / \lVert v \rVert$ with $g = \lVert v \rVert$
(Salimans & Kingma 2016, arXiv 1602.07868, Eq. 2).
"""

COLUMNS = {
    "network": "Network",
    "loss": "Loss",
    "gradient": "Length of the gradient",
    "top": "Greatest eigenvalue",
    "spread": "First / tenth",
    "outliers": "Outliers of twenty",
    "share": "Gradient in the top ten",
    "negative": "Eigenvalues below zero",
}

TABLE_NOTE = """
On the first training examples as one batch, at the last weights. Outliers: over three times the twentieth eigenvalue. Below
zero: by more than the width of the smoothing.
"""

EDGE_COLUMNS = {
    "rate": "Learning rate",
    "edge": "2 / learning rate",
    "first": "Sharpness at the start, of that",
    "late": "… over the second half (median)",
    "rises": "Steps that raise the loss",
    "loss": "Last loss",
    "accuracy": "Test accuracy",
}
