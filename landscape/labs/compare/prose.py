"""The prose of the comparison page."""

QUESTION = "What does normalization do to a network's loss landscape?"

INTRODUCTION = """
The loss of a network is a height over all its weights; training walks downhill. A **landscape** is one slice of it: in the middle
the weights that training reached, around them others. The networks share data and initial weights, not what **normalizes** their
layers: BatchNorm brings what each unit hands to its activation function to mean 0 and deviation 1 over a batch, which a learnt scale
and shift can undo. Others go over one example ([layer](anatomy?normalization=layer)), a group of its units
([group](anatomy?normalization=group&shape=images)), a channel of an image ([instance](anatomy?normalization=instance&shape=images)),
or the weights ([weight](anatomy?normalization=weight)): [what is normalized, by what?](anatomy)
"""

TRAINING = "The networks are being trained…"

FOLLOWS = "What follows: how long a step does each bear?"

FOLLOWS_NOTE = """
A wide bowl bears a long step, a narrow one throws it out. So it is with balls on the slices; and so the very networks of this page
may be trained again at other learning rates, for as many steps.
"""

PARTING = "Take all to rate {:g}, where they part"

SOMEWHAT = "Somewhat normalized: how much of BatchNorm does it take?"

SOMEWHAT_NOTE = r"""
By a part of BatchNorm, its **strength** $t$, each unit becomes $(x - t\,\mu) / \sigma^t$, of its mean $\mu$ and deviation $\sigma$
over the batch: unchanged at $t = 0$, BatchNorm at $t = 1$. The network with BatchNorm is trained anew at each quarter of $t$, from
the same weights, and a slider leads through the landscapes, all on one range of heights. *What else differs* sets the strength of a
network by itself.
"""

NO_BATCHNORM = "None of these networks has BatchNorm: choose it for one of them."

READING = r"""
**What is drawn.** The height over the point $(\alpha, \beta)$ is the training loss of the very network, moved along two
directions of its weights:

$$f(\alpha, \beta) = L(\theta + \alpha\, d_1 + \beta\, d_2)$$

It is a *slice*: two of thousands of dimensions. On the **random** plane $d_1, d_2$ are Gaussian, each filter rescaled
to the length of the network's own ($d_{ij} \leftarrow d_{ij} \,\lVert\theta_{ij}\rVert / \lVert d_{ij}\rVert$), then made
orthogonal; biases and the learnt scales and shifts stay (Li, Xu, Taylor, Studer & Goldstein 2018, arXiv 1712.09913,
Eq. 1 and Sec. 4). The path of training lies almost wholly off such a plane, so it is drawn below on the plane of its
own two **principal axes**. The plane of **input weights** moves the first layer's weights of one feature along x and
those of another along y, in raw units: there an imbalance of the inputs shows, which filter normalization would hide.

**Which statistics.** BatchNorm normalizes each unit over the batch,
$\hat x = (x - \mu_B) / \sqrt{\sigma_B^2 + \epsilon}$, $y = \gamma \hat x + \beta$
(Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1). Training descends the loss *with these statistics*, so this is
what is drawn by default. With **running** statistics, frozen where training left them, BatchNorm is a fixed affine map:
the same weights then look many times more rugged. Much that has been printed of BatchNorm's landscape shows that.

**Sharpness** is the greatest eigenvalue of the Hessian. Gradient descent is stable along that direction only while it
is below $2 / \text{learning rate}$; training tends to drive it up to that edge (Cohen et al. 2021, arXiv 2103.00065). Do
not compare it between networks whose weights differ in length: where a layer is normalized it goes as
$1 / \lVert w \rVert^2$.

**Why does BatchNorm help?** There is no consensus. It was made so that distributions stay put; Santurkar, Tsipras, Ilyas &
Madry (2018, arXiv 1805.11604) found that it does not reduce internal covariate shift, and hold that a smoother landscape,
with the larger learning rate that it allows, is what helps. Others hold the larger rate itself for the cause, or that length
and direction of the weights are learnt apart.
"""

COLUMNS = {
    "network": "Network",
    "training_loss": "Final training loss",
    "training_accuracy": "Training accuracy",
    "test_accuracy": "Test accuracy",
    "population_accuracy": "… by population statistics",
    "learned": "Learned",
    "sharpness": "Sharpness",
    "stable_below": "2 / learning rate",
    "explained_variance": "Path's variance on its plane",
    "off_plane": "Path off its plane",
}

FEW = ("network", "training_loss", "test_accuracy", "learned", "sharpness")
"""The columns that the sentences speak of; the others are folded away."""

ALL = "All numbers"

TABLE_NOTE = """
Final training loss and training accuracy: the whole training set as one batch, by batch statistics. Test accuracy: by the
stored averages; then by population statistics, the mean over all training batches at the last weights (Ioffe & Szegedy
2015, Algorithm 2).
Sharpness: top Hessian eigenvalue of the loss that is drawn (the first training examples, as many as the view takes, by
their own statistics) at the last weights, as is the loss at the centre of a landscape; gradient descent is
stable below 2 / learning rate. A training at a large rate magnifies rounding: another machine, or another version of
PyTorch, gives other numbers of the same kind. Path off its plane: share of the squared distance from the end of the path that its
principal plane does not hold.
"""
