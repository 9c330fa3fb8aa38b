"""The prose of the page about robustness."""

QUESTION = "What does normalization make easy?"

INTRODUCTION = """
A network trains, or it does not: at a learning rate too small it is slow, at one too large it is thrown out, and between them lies the
range where it learns. Here some hundred small networks are trained from scratch, there and then, and each point below is what
one of them **reaches on the test data after the same number of steps**. The question is how wide that range is. *Why* BatchNorm bears larger rates is seen in two parts: a step too large
makes the weights longer, which changes no output once a layer is normalized, and longer weights turn less at the next step (the map); and the scale of no layer runs away from batch to batch (at a large rate).
"""

RATES_TITLE = "Learning rates: how wide is the range?"

RATES_NOTE = """
Each network is trained at each learning rate, with several seeds. The line is the seed in the middle, the band goes from the least to the
greatest; the dashed line is what counts as trained, the dotted one the rate of the sidebar. The second picture: how many steps it takes to get there.
"""

RATES_LIMITS = """
A score is the median over the last eighth of the training, as a single step at a large rate may be a bad one; a training that diverged has that of a
constant guess. A decade is from one to ten times as much, and each rate stands for its share of one.
"""

MAP_TITLE = "The map: learning rate and one more"

MAP_NOTE = """
A cell is one training, of the first seed; its number is the test accuracy in hundredths, in bold where it counts as trained, and × where it diverged. All
maps have one colour scale: the brighter, the better. A click on a cell opens the comparison with its very networks, to see their landscapes; the two
lists choose a cell by keyboard, which is framed, and the link below the maps leads there.
"""

LOOK_INTO = "See the landscapes of these networks at learning rate {rate:g}, {upwards} {row:g}"

OF_SCALES = """
Where a BatchNorm follows, weights *c* times as large have a gradient *c* times smaller and are *c* times longer: the step that counts is rate / *c*², so that larger initial
weights ask for a larger rate.
"""

OF_BATCHES = """
Every network trains for the same number of steps, so that with small batches it sees fewer examples; the rate stays as it is.
"""

CURVES_TITLE = "Five and thirty times the rate"

CURVES_NOTE = """
How the accuracy grows, at the learning rate of the sidebar and at 5 and 30 times that, as in the paper of BatchNorm. A line is the seed in the middle.
"""

CHAOS_TITLE = "A large rate: is one batch like another?"

CHAOS_NOTE = """
Above, a dot is one batch of the training data, after the training: how far the units of the last hidden layer deviate over its examples, as a multiple of the batch
in the middle. Below is the loss of each step's batch. All batches are drawn by chance from the same data, so that in an untrained network they are about alike. Both are of the first seed.
"""

CHAOS_LIMITS = """
A training that diverged has no dots. The deviation of a batch is the root of the mean of the units' variances over its examples.
"""

CHOICES_TITLE = "One choice at a time"

CHOICES_NOTE = """
All else as in the sidebar, at its learning rate. A mark is the seed in the middle, its bar goes from the least to the greatest.
"""

READING = r"""
**Why a larger rate.** Ioffe & Szegedy (2015, arXiv 1502.03167, Sec. 3.3, 4.2.1) trained with BatchNorm at 5 and 30 times the learning rate, and report
fewer steps to the same accuracy. Bjorck, Gomes, Selman & Weinberger (2018, arXiv 1806.02375) trained with and without it at equal rates and found little difference at small
ones: *the larger rate is what it gives*. The sections above let you see both halves of that.

**Initial scale.** Multiply the weights before a BatchNorm by $c$: its output stays the same, and the gradient is divided by $c$. A step of rate $\eta$ turns the weights by as
much as one of rate $\eta / c^2$ did before (van Laarhoven 2017, arXiv 1706.05350). So a network with BatchNorm is not blind to its initial scale: large weights make it slow, and a larger
rate mends that.

**What is not shown.** "BatchNorm does not care about the initialization" is too strong; layer normalization, which has the same invariance to the scale of all weights of a layer, widens the range of
rates little or not at all in these networks; and 30 times the rate does not end higher than 5 times.

**How it is done.** Networks that differ only in learning rate, initial scale, weight decay or seed are trained as one stack, one large product in the place of many small ones; each is what it would be
alone, up to rounding, which rates at the edge of stability magnify.
"""

COLUMNS = {
    "network": "Network",
    "decades": "Decades of rates that train",
    "largest": "Largest such rate",
    "fewest": "Fewest steps to it, at any rate",
    "own_steps": "Steps at the rate of the dotted line",
    "own": "Test {score} there",
    "diverged": "Trainings that diverged",
}

TABLE_NOTE = "From the least to the greatest of the seeds."
