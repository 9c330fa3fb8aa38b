"""The prose of the page about invariances."""

QUESTION = "What can be rescaled without a change?"

INTRODUCTION = """
A normalization makes a network **blind to some scales**: multiply something by a factor, and what comes out stays as it was. What it is
blind to tells BatchNorm, layer normalization and weight normalization apart better than their formulas do. And what does not change the outputs changes
the training all the same: where the length of the weights does not matter, it decides how much a step of the **learning rate** turns them.
"""

TABLE_TITLE = "Multiply something: who notices?"

TABLE_NOTE = """
Each row is a network with another normalization, each column something that is multiplied by the factor or shifted by it. The number is by how much the
outputs change, relative to their length. **Green cells do not notice**: less than 1e-4. Here *c* is the factor; *v* is one vector, times the factor, that is
added to the weights of every unit; *one x* is one example's own output, and beside it stand those of all others.
"""

TABLE_LIMITS = """
Outputs on 64 training examples as one batch, in double precision. The layer is the hidden one in the middle, the unit the one that varies most. Biases stay as they
are: at the start they are 0 with He's and Xavier's initialization, after training they are not.
"""

GRADIENT_TITLE = "The gradient over the factor"

GRADIENT_NOTE = """
The trained networks of the sidebar. First the weights of the hidden layer in the middle are multiplied by the factor: how long is the gradient by them? The dashed line falls as 1 / factor.
Then the angle between weights and gradient, a dot for each hidden unit: a cosine of 0 is a right angle.
"""

LENGTHS_TITLE = "Steps at right angles: the weights grow"

LENGTHS_NOTE = """
If each step stands at right angles to the weights, Pythagoras says how long they become: $|w_T|^2 = |w_0|^2 + \\sum_t |\\text{step}_t|^2$. The solid line is what $|w|^2$ is, all hidden weights
together, relative to the start; the dotted line of the same colour is what that sum would make it.
"""

FUNNEL_TITLE = "What the learning rate then means"

FUNNEL_NOTE = """
The output feels the direction of the weights alone, and a step of rate $\\eta$ turns it as much as $\\eta / |w|^2$: the **effective learning rate**. Each network is trained from six
initial scales, at the learning rate of the sidebar; a cross marks where one diverged. Weight decay, in the sidebar, changes the picture.
"""

FUNNEL_TABLE = "Effective rates and accuracies, by initial scale"

START_TITLE = "Weight normalization, and its start"

START_NOTE = """
Weight normalization writes the weights of each unit as a **length times a direction**, $w = g\\, v / |v|$, and learns both. It looks at no batch, but for the first one, if one lets it: then $g$ and the bias are set so that
each unit has mean 0 and deviation 1 on it. First: training from each start. Then: how much the inputs of each layer's activation function vary on that first batch.
"""

BOUND_TITLE = "A bound on the weights"

BOUND_NOTE = """
Since the length of $v$ does not matter, it may be kept at a bound or below (1, or what the sidebar says): then steps do not lengthen it, and the effective rate does not fall. Networks of three ReLU layers from initial weights three times as large as
He's, without and with the bound, at three learning rates.
"""

OUTLIERS_TITLE = "Outlying weights and examples"

OUTLIERS_NOTE = """
First: one unit of each hidden layer starts with weights many times as large; what is the first loss, and what accuracy is reached? Then: in the trained networks, one example of a batch has a wrong label and is
many times as large; by how much does the gradient grow? And last, how long is the gradient along the training of these networks: does it burst?
"""

OUTLIERS_LIMITS = """
With its right label a large example has the opposite effect: a network without normalization is only the surer of it, and its gradient hardly changes. Gradients do
not burst much in networks of this size; with more layers and steps, in the sidebar, they do without normalization.
"""

READING = r"""
**The table** is that of Ba, Kiros & Hinton (2016, arXiv 1607.06450, Table 1), computed. Behind BatchNorm $\hat x = (w \cdot x - \mu) / \sigma$: multiply $w$ by $c$, and $\mu$ and $\sigma$ are multiplied too. It normalizes
*each unit over the batch*, so that a unit's scale cancels, and an example's does not. Layer normalization takes mean and deviation *over the units of one example*: the scale of the example and that of the whole layer cancel, a
single unit's does not. Weight normalization divides by $|w|$ and sees no inputs. RMS normalization (Zhang & Sennrich 2019) does not subtract a mean, so that it notices a common shift of the weights.

**The gradient.** From $L(c\,w) = L(w)$ follow two things by differentiation: by $w$, $\nabla L(c\,w) = \nabla L(w) / c$; by $c$ at 1, $w \cdot \nabla L(w) = 0$ (van Laarhoven 2017, arXiv 1706.05350, Sec. 2; for weight normalization
Salimans & Kingma 2016, arXiv 1602.07868, Eq. 3).

**The effective rate.** So $|w|$ grows by Pythagoras, and the step $\eta\, \nabla L(w)$ turns $w$ by an angle of about $\eta\, |\nabla L(w / |w|)| / |w|^2$. Too large a rate mends itself, as its steps lengthen the weights; too small a one does not.
*Weight decay* does not restrain the function of such a network, which does not feel $|w|$: it keeps the weights short, and so the effective rate up. The two balance where
$|w|^4 \approx \eta\, |\nabla L(w/|w|)|^2 / (2 \lambda)$: then $\eta / |w|^2$ goes as $\sqrt{\eta \lambda}$.

**Weight normalization** (Salimans & Kingma 2016): $w = g\, v / |v|$, Eq. 2; the start from data, Eq. 5 and 6: $g = 1 / \sigma$, $b = -\mu / \sigma$ of $v \cdot x / |v|$ on a first batch. They tried $g = e^s$ and saw no clear advantage.
Often one reads that it is cheaper than BatchNorm. In this code it is slower, as BatchNorm's gradient is written out and its own is not; what can be compared fairly is how many numbers each must divide.
"""

FUNNEL_COLUMNS = {
    "network": "Network",
    "scale": "Initial scale",
    "first": "Effective rate at the start",
    "last": "At the end",
    "accuracy": "Test accuracy",
}

START_COLUMNS = {
    "network": "Network",
    "first": "Deviation entering the first activation",
    "last": "Entering the last one",
    "loss": "Last loss",
    "accuracy": "Test accuracy",
}
