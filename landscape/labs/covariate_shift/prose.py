"""The prose of the page about shifts."""

QUESTION = "Is it the distribution?"

INTRODUCTION = """
Two things are called *covariate shift*. **Between layers**: while a network learns, what each layer is fed changes, as the layers below
it change; to lessen this *internal* shift was the reason given for BatchNorm. **Between domains**: a network is trained on examples of one
kind and used on examples of another. Here networks are trained there and then, and each is put to the test: what happens when the
distributions are disturbed on purpose, how much a layer is thrown by those below it, and what new statistics can mend.
"""

NOISE_TITLE = "Noise after BatchNorm: are steady distributions needed?"

NOISE_NOTE = """
If BatchNorm helps as it keeps distributions steady, then noise that moves them at **every step** must ruin it. Each picture is one network: three units
of its last hidden layer, over the same examples, as training goes on; a line is a unit's mean, its band one deviation. **Compare how far the
lines jump, and then the loss below.** The last network has the same noise and no BatchNorm.
"""

NOISE_LIMITS = """
The noise, drawn anew at each step: each unit is moved by up to half of a deviation and stretched by up to a quarter, each example by a tenth more. A jump is
from one step to the next. With BatchNorm alone it is small by construction: a unit's mean over the batch is its learnt shift.
"""

DOMAIN_TITLE = "Another domain, and statistics that fit it"

DOMAIN_NOTE = """
The first two networks, trained on the data as they are, are shown the **same examples seen otherwise**. BatchNorm then divides by numbers stored at home, which
do not fit. **AdaBN** puts the statistics of the new domain in their place, over examples without labels; no weight changes. Look which domains come back, and which
do not.
"""

DOMAIN_LIMITS = """
A domain that only stretches the inputs and adds to them (paler, lit from one side) is undone **exactly**, as BatchNorm is blind to that: no merit of what was learnt. Blur is
the honest test. What no mean and no deviation tells, such as where the strokes are or that light is dark, no statistics bring back. The divergence compares a unit's mean and deviation in both
domains, at what *enters* each normalization, where it is not the same by construction; what enters the first stays what it was.
"""

BELOW_TITLE = "The layer below moves"

BELOW_NOTE = """
A layer computes its gradient G, and then all layers below it take their step. **G′** is the gradient that it would have wanted after that, on the same batch. If BatchNorm lessened the
internal shift, G and G′ would be more alike with it. First: 25 linear layers, each line a layer; at 1 nothing has shifted. Then: the first two networks of this page.
"""

BELOW_LIMITS = """
At a learning rate of 0.001 the deep linear network without normalization shifts as much as the other (it is at the edge of stability there). The first layer has nothing below it and is left out.
"""

BOTH_TITLE = "Two shifts, one network"

BOTH_NOTE = """
The same two networks and both shifts: first how far the output layer is thrown by the layers below it, then what becomes of the networks in the other domain, which is chosen further up.
"""

CURVE_TITLE = "A curve of which a part is learnt"

CURVE_NOTE = """
The plainest covariate shift: a curve is learnt where x is small, and asked for in the grey part, where no example was. Can a normalization help? Dotted: with the statistics of the grey
part in place of the stored ones.
"""

WHY_TITLE = "So is it because of internal covariate shift?"

WHY_NOTE = """
Each explanation of why BatchNorm helps, with what is measured for it and against it, and the link at which that is computed. **There is no consensus**: none of them stands
alone, and several may hold together.
"""

WHY_COLUMNS = {"claim": "Explanation", "pro": "For it", "contra": "Against it"}

WHY_LIMITS = """
Numbers of this page are those of its present settings; what another page measures is computed on demand, with the settings of its question: the median of three seeds.
"""

INSIDE_COLUMNS = {
    "network": "Network",
    "test": "Test {score}",
    "train": "Training {score}",
    "jump": "Jump of a unit's mean",
    "wander": "Wandering of its deviation",
}

INSIDE_TABLE = """
Of the median unit of the last hidden layer. Jump: from one step to the next, in deviations of the unit. Wandering: how much the logarithm of its deviation varies over the training; this
slow drift noise does **not** enlarge, since it is drawn from one distribution all along.
"""

THERE_COLUMNS = {
    "network": "Network",
    "domain": "Domain",
    "source": "Test {score} at home",
    "before": "There",
    "after": "There, with AdaBN",
    "told": "Domain told by a linear rule",
}

THERE_TABLE = """
Domain told: of how many held-out examples a linear rule on the last hidden layer tells the domain, before AdaBN and after it; half would be guessing.
"""

READING = r"""
**Internal covariate shift.** Ioffe & Szegedy (2015, arXiv 1502.03167, Sec. 2) gave it as the reason for BatchNorm: the change of the distribution of a layer's inputs as the layers
below it learn. Santurkar, Tsipras, Ilyas & Madry (2018, arXiv 1805.11604) put that to the test in two ways, which are followed here.

**Noise** (their Sec. 2.1, App. A.2.1). After each BatchNorm, at each step $t$, for each unit $j$ and example $i$:

$$y_{ij} \leftarrow s_{ij}\, y_{ij} + m_{ij},\quad m_{ij} \sim U(\mu_j - 0.1,\ \mu_j + 0.1),\quad s_{ij} \sim N(\sigma_j,\ 0.1),\quad
\mu_j \sim U(-0.5,\ 0.5),\quad \sigma_j \sim U(1,\ 1.25).$$

In prediction none is drawn. In their VGG network the noise alone, without BatchNorm, stops the training. That is **not** so in the networks of three to eight layers here; in twelve and more it is.

**The layer below** (their Definition 2.1). With $W_1 \dots W_k$ the layers' weights, on one batch,

$$G_i = \nabla_{W_i} L(W_1, \dots, W_k), \qquad G_i' = \nabla_{W_i} L(W_1', \dots, W_{i-1}', W_i, \dots, W_k),$$

where $W'$ are the weights after the step. The internal shift is $\lVert G_i - G_i' \rVert$, here over $\lVert G_i \rVert$, and the cosine between them. In their deep linear network
$G$ and $G'$ are nearly the same without BatchNorm and nearly unrelated with it, and that network trains better all the same. **In networks of ReLU layers on the digits it is the other way round** at the
output: both are true.

**AdaBN** (Li, Wang, Shi, Liu & Hou 2016, arXiv 1603.04779, Algorithm 1). For each unit $\mu = E[x]$ and $\sigma^2 = Var[x]$ over the examples of the new domain, layer after layer; then
$y = \gamma (x - \mu) / \sigma + \beta$ with the $\gamma$ and $\beta$ that were learnt. Divergence: $KL(A|B) + KL(B|A)$ of Gaussians with the means and deviations of a unit in both domains, averaged
over a layer. AdaBN's statistics come from training examples, accuracies from test examples.

**What is not shown here.** Domains are made of one set of digits, not collected anew, as in that paper; and a network that was trained with pictures of all kinds would not need AdaBN.
"""
