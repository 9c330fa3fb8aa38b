"""The prose of the page about inference."""

QUESTION = "What happens with one example?"

INTRODUCTION = """
In training BatchNorm takes the mean and the deviation of each unit over the **batch** at hand. When the network is used there may be **one example**, which
has no deviation. So training stores averages, and the network that is used is another one than the network that was trained. Here you see what the difference is, when it
hurts, and what **batch renormalization**, which corrects each batch by what is stored, and **group** and **layer normalization**, which need no batch, do about it. All networks are trained here and now.
"""

TOGETHER_TITLE = "How many examples are normalized together"

TOGETHER_NOTE = """
The trained networks on the test data, cut into groups of 1, 2, 4 … examples, **each group normalized by its own statistics**, as training does it. The thin dotted lines are the same
networks by what they stored; crosses on a dashed line are the same network on groups of examples sorted by class. The dashed level is a constant guess, the dotted mark the size in training. The second picture: the training loss
of the very same weights, by the size of the batch.
"""

MATES_TITLE = "Other examples in the batch"

MATES_NOTE = """
One test example, always the same, in batches whose **other members**, its mates, are drawn anew: a dot is one batch. Above zero the right class is named. Where a network normalizes each example by itself, all dots
fall on one. **Dropout** is a chance of another kind: where it is put beside, a dot is one pass in which other units are dropped.
"""

STATISTICS_TITLE = "A batch's statistics"

STATISTICS_NOTE = """
How good an estimate a batch is of all training examples, in the first network of the page with BatchNorm; and what is made of many of them: **moving averages**, into which each new batch
enters with a weight (0.1 in PyTorch). Dashed lines are formulas, not fits.
"""

RENORM_TITLE = "Renormalization"

RENORM_NOTE = """
Batch renormalization multiplies what BatchNorm gives by **r** and adds **d**, so that a unit comes out as its stored statistics would have it: each batch is corrected by itself, where the learnt
scale and shift treat all batches alike. The lower pictures: what each network comes to when it is *trained* on batches that are small, or alike.
"""

RENORM_LIMITS = """
r and d are constants for the gradient, and held within limits. {limits} What each step's limits would cut is drawn of the r and d at the end. Batches of a few classes are hard for every network: no batch shows what
the others hold.
"""

NAIVE_TITLE = "Averages in training"

NAIVE_NOTE = """
Why not normalize by the moving averages in training too, and have one network? Three trainings, of twice the steps: by the **batch**, by the **moving averages** before each batch, and by the batch with statistics
that count as **constants** in the gradient. Normalization undoes part of what a step did, and the gradient of the last two trainings does not know of it.
"""

READERS_TITLE = "Recurrent networks"

READERS_NOTE = """
Another experiment, with the seed of the sidebar: networks that read a digit row by row, eight steps. First what BatchNorm stores for each step; then more steps than in training, with
**blank rows before the digit**. A step beyond those of training takes the statistics of the last one.
"""

READING = r"""
**Two forms of one layer.** In training $y = \gamma\,(x - \mu_B)/\sqrt{\sigma_B^2 + \varepsilon} + \beta$, with mean and variance of the batch $B$; for inference $\mu$ and $\sigma$ are stored, and
$y = \frac{\gamma}{\sigma}\,x + \left(\beta - \frac{\gamma \mu}{\sigma}\right)$ is one affine map, which can be folded into the weights before it (Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3.1 and Algorithm 2).
With $m = 1$ the first is $\beta$, whatever $x$ is.

**A batch is an estimate.** The mean of $m$ of $N$ examples deviates by $\frac{\sigma}{\sqrt m}\sqrt{1 - \frac{m-1}{N-1}}$; a sum of squares over $m$ is $\frac{m-1}{m}\,\sigma^2$ on average. Training
takes that biased variance, and what is stored is multiplied by $\frac{m}{m-1}$.

**Moving averages.** $\bar\mu \leftarrow \bar\mu + a\,(\mu_B - \bar\mu)$ forgets what it began with as $(1-a)^k$ and, over independent batches, deviates by $\sqrt{a/(2-a)}$ of one batch's deviation: a small $a$ is slow, a large one noisy.

**Batch renormalization** (Ioffe 2017, arXiv 1702.03275): $\hat x = \frac{x - \mu_B}{\sigma_B}\, r + d$ with $r = \sigma_B / \sigma$, $d = (\mu_B - \mu)/\sigma$ within limits, and no gradient through either. Where nothing is
clipped, $\hat x = (x - \mu)/\sigma$: training and inference agree. The paper's batches of like examples hold 2 images of each of 16 classes; its averages have $a = 0.01$.

**Why not the averages alone.** A step moves the weights; the averages follow and take part of that back; so the weights grow, and the loss does not fall as it should (the same paper, Sec. 3; for constant statistics Ioffe & Szegedy 2015, Sec. 2).

**Group and layer normalization** take their statistics from one example, over groups of units or all of them (Wu & He 2018, arXiv 1803.08494; Ba, Kiros & Hinton 2016, arXiv 1607.06450). Nothing is stored, and
training and inference are one.

**Recurrent networks.** Cooijmans et al. (2016, arXiv 1603.09025) store statistics for each time step, as the first steps differ from later ones; Ba, Kiros & Hinton give that as a reason for layer normalization.
"""

COLUMNS = {
    "network": "Network",
    "one": "Test {score}, one alone",
    "two": "2 together",
    "eight": "8",
    "many": "32",
    "alike": "32, sorted by class",
    "stored": "By stored statistics",
}

HARD_COLUMNS = {
    "condition": "Trained on",
    "network": "Network",
    "loss": "Loss, last 50 steps",
    "score": "Test {score}",
}
