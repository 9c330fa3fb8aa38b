"""The prose of the page about one layer."""

QUESTION = "What is normalized, by what?"

INTRODUCTION = """
A **normalization** subtracts a mean and divides by a size, so that what a layer passes on is neither huge nor tiny. Kinds of it differ in **which
numbers share one mean and one size**. Below is a real layer of a small network, trained here and now on digits: cells of **one colour share
their statistics**, the darker the greater. Click a cell: its own arithmetic follows, line by line.
"""

CELLS_NOTE = """
What the second hidden layer computes for a few digits, before its activation function. The layer below is taken as at test, so that the
same numbers enter whatever you choose here.
"""

ARITHMETIC = {"step": "Step", "numbers": "With its numbers", "result": "Result"}

UNDO = "Scale and shift: what was taken can be given back"

UNDO_NOTE = """
After it is normalized each unit has a learnt **scale** and **shift** of its own. Here they are yours, for the unit of the chosen cell: as
multiples of what that cell was divided by, and of what was subtracted from it. At 1 and 1 they undo it.
"""

PLACES = {"name": "Cell of the unit", "before": "Before", "normalized": "Normalized", "after": "Scaled and shifted"}

PLACES_NOTE = "Of the channel the chosen pixel alone; the sentence below counts all of its pixels."

KINDS = "Every normalization there is here"

KINDS_NOTE = """
What shares a statistic is found from the layers themselves, as training begins: one number is changed, and the outputs that change
with it are those that share it.
"""

OVER_COLUMNS = {
    "names": "Normalization",
    "over": "What shares a statistic",
    "test": "At test",
    "cost": "What it costs",
    "taken": "When one takes it",
}

KIND_COLUMNS = {"name": "Normalization", "does": "What it does, in the words of its layer"}

READING = r"""
**What shares a statistic** is found by trying. One cell at a time is changed, and each output that changes with it shares a statistic with it; then one stored
number at a time. Cells that are linked so have one colour. **The arithmetic** is recognized: the layer's own outputs are compared with all
pairs of a centre (mean, stored number, nothing) and a divisor (deviation, root mean square, mean or greatest magnitude, length, stored number, nothing), and the pair that gives every
output is told. Where none does, centre and divisor are measured: within one colour each normalization here is a straight line,
$\hat x = (x - c) / s$.

**BatchNorm** over the $m$ values of one unit in a batch: $\mu = \frac1m \sum_i x_i$, $\sigma^2 = \frac1m \sum_i (x_i - \mu)^2$,
$\hat x_i = (x_i - \mu) / \sqrt{\sigma^2 + \epsilon}$, $y_i = \gamma \hat x_i + \beta$ (Ioffe & Szegedy 2015, arXiv 1502.03167, Alg. 1). Of an image $m$ counts all
pixels of the channel in all examples (Sec. 3.2). With $\gamma = \sqrt{\sigma^2 + \epsilon}$ and $\beta = \mu$ it is the identity (Sec. 3).

**At test** there is no batch: averages stored in training stand in for $\mu$ and $\sigma^2$, of the unbiased variance $\frac{m}{m-1} \sigma^2$, so that the layer is one affine map
$y = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}}\, x + \left(\beta - \frac{\gamma \mu}{\sqrt{\sigma^2 + \epsilon}}\right)$ (Sec. 3.1, Alg. 2).

**The same arithmetic over other cells:** all of an example is layer normalization (Ba, Kiros & Hinton 2016, arXiv 1607.06450), a group of its channels group normalization (Wu & He 2018,
arXiv 1803.08494), one channel instance normalization (Ulyanov, Vedaldi & Lempitsky 2016, arXiv 1607.08022). **Weights:** $w = g\, v / \lVert v \rVert$, a unit's
weights over their length (Salimans & Kingma 2016, arXiv 1602.07868). Batch renormalization (Ioffe 2017, arXiv 1702.03275) corrects the batch's numbers towards the stored ones, within limits: inside of
them its output in training *is* that by the stored numbers, and that is how its cells look here.
"""

OF_CELL = "The chosen cell, line by line"

OF_WEIGHT = "The chosen weight, line by line"

ACTIVATIONS = "Activations: a row an example, a column a unit"

WEIGHTS = "Weights: a row a unit, a column an input"

WEIGHTS_CAPTION = "Before: as they are learnt, v. After: as the layer uses them, w. Click a weight to choose it."
