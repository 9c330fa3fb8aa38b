"""The prose of the page about the inside of layers."""

QUESTION = "What goes on inside the layers?"

INTRODUCTION = """
A network is trained here and now, with each normalization, and looked into: what each unit gives, where on its activation
function that falls, and what gradient comes back through it. Normalization is often explained by what happens here: that distributions
stay put, that nothing saturates, that gradients neither vanish nor explode. What of that is so is measured below, and what is not.
"""

DISTRIBUTIONS_TITLE = "What a unit sees, along training"

DISTRIBUTIONS_NOTE = """
Upper pictures: the 15th, 50th and 85th percentile of what enters an activation function, by step. Look at how far the middle line moves and
how the band widens. Lower ones: the same unit's values at the end as a histogram, with the normal curve of its mean and deviation;
and every unit of the layer as a dot. The switch *The first steps, wide* looks at the first ones nearly one by one.
"""

DISTRIBUTIONS_LIMITS = """
On the first 256 training examples as one batch, each network in training's form. The typical unit is the one whose median moves
as far as that of the median unit.
"""

BENDS_TITLE = "Where the activation function bends"

BENDS_NOTE = """
Each picture has two parts. The upper: the activation function, shaded where it bends, and dashed the best straight line over the inputs that it gets. The lower: where
these inputs fall. Where all of them lie on a straight part the layer is a linear map; where they lie on a flat one, it is *saturated*
and no gradient passes. The slider moves through training.
"""

BENDS_LIMITS = """
What lies beyond 6 is counted in the last bars. The layer is the one chosen in the sidebar.
"""

GRADIENTS_TITLE = "Gradients and updates, layer by layer"

GRADIENTS_NOTE = """
First: how long the gradient by each layer's output is, before the first step (solid) and at the end (dotted); and the deviations of a layer's
units, after its linear map (open) and where its activation function begins (filled), half of the units within each bar. Then: by what share of itself a step moves the weights
of each layer, from the first (violet) to the output (green).
"""

DEEP_TITLE = "Deeper: where gradients explode with BatchNorm"

DEEP_NOTE = """
The same networks made deep, with He's initialization, before their first step: the gradient by each layer's output, for smaller, usual and larger
initial weights (× 0.5, 1, 2). Dashed is what theory says of BatchNorm: for ReLU 1.21 to the power of the layers in between.
"""

SCALES_TITLE = "What scale and shift are for"

SCALES_NOTE = """
A normalization takes mean and deviation away, then multiplies by a learnt **scale** and adds a learnt **shift**. First: the scales that networks
have learnt on a straight task, on a bent one, and on this page's data; and a plain network's outputs against those of BatchNorm with the same weights,
before and after scale and shift are set so that they undo it. Then: where the scales put the inputs of tanh.
"""

SCALES_LIMITS = """
The straight task is a random linear map from 10 numbers to 10, the bent one a curve; for both two tanh layers of 32, 600 steps. The outputs are of
four ReLU layers of 32 after 100 steps, on 256 examples.
"""

PROPAGATION_TITLE = "Constants for statistics: normalization propagation"

PROPAGATION_NOTE = """
If the inputs are standardized and the weights of a layer nearly at right angles, mean and deviation behind each layer can be *reckoned*, without any batch. First:
how correlated units are before the first step, less in wide layers; what the layers give then, with the correction of ReLU and with weights of length 1 alone; and the mean of each layer's outputs along training, from the first (violet) to the last (green). Last: the singular values of
the layers' Jacobians before the first step, by what factors a layer stretches a small change; the line is their root mean square.
"""

PROPAGATION_LIMITS = """
Eight layers of 64 ReLUs on digits, rate 0.1; the correlations in networks of four layers and three widths.
"""

READING = r"""
**Percentiles along training.** Ioffe & Szegedy (2015, arXiv 1502.03167, Fig. 1) draw these of one typical unit of three layers of
a hundred sigmoids, and conclude that BatchNorm makes the distribution more stable. That is so. Whether it is the reason is another question: see layer normalization here, whose units move as
without any normalization.

**Normalized is not normal.** Mean 0 and deviation 1 say nothing of the shape. Excess kurtosis, $E(z - m)^4 / (E(z - m)^2)^2 - 3$,
is 0 for a normal distribution, $-1.2$ for a uniform one and $-2$ for two values alone: below 0 lie units that separate classes.

**Bends.** The bend of $f$ is $|f''|$; its share from $-1$ to $1$ is 58% for tanh, 77% for GELU, all of it for ReLU, whose kink is at 0, and 21% for the sigmoid,
which bends most at 1.32. That "$[-1, 1]$ is where activations bend" is therefore not so of sigmoids, and standardized inputs alone leave them on the straight part, as
Ioffe & Szegedy say in Sec. 3, which is why they learn a scale and a shift.

**Gradients.** From layer to layer $\partial L / \partial h_{l-1} = W_l^\top D_l\, \partial L / \partial h_l$ with the slopes $f'$ in $D_l$.
A sigmoid's slope is at most $1/4$, so that with usual weights the gradient shrinks at each layer though nothing is saturated. With BatchNorm $W_l$ is divided by the
deviation of what it gives; for ReLU the gradient then *grows* by
$$\sqrt{\frac{E f'(z)^2}{\mathrm{Var} f(z)}} = \sqrt{\frac{1/2}{(1 - 1/\pi)/2}} = \sqrt{\frac{\pi}{\pi - 1}} = 1.21$$
a layer, whatever the initial weights (Yang, Pennington, Rao, Sohl-Dickstein & Schoenholz 2019, arXiv 1902.08129); a few steps lessen it.

**Undoing it.** $\gamma = \sqrt{\mathrm{Var}\, x}$ and $\beta = E\, x$ give $x$ back (Ioffe & Szegedy 2015, Sec. 3).

**Normalization propagation** (Arpit, Zhou, Kota & Govindaraju 2016, arXiv 1603.01431): $o = \big(\mathrm{ReLU}(w \cdot x / \lVert w \rVert) - \sqrt{1 / 2\pi}\big) / \sqrt{(1 - 1/\pi) / 2}$,
as a standard normal $z$ has $E\,\mathrm{ReLU}(z) = \sqrt{1/2\pi}$. Proposition 1: the covariance of $u = W x$ is off its diagonal by at most
$\sigma^2 \mu \sqrt{\sum_{i \ne j} \lVert W_i \rVert^2 \lVert W_j \rVert^2}$, with $\mu$ the *coherence*, the greatest $|\cos|$ between two units' weights. Their code divides by 1.21 besides: gradients then
keep their length, and deviations do not. Weights of length 1 without the correction leave at each ReLU half of $E z^2$, and of that a growing part is the mean, which all examples share.
"""

COLUMNS = {
    "network": "Network",
    "accuracy": "Test score",
    "drift": "Median moves by",
    "growth": "Band widens (times)",
    "kurtosis": "Excess kurtosis",
    "within": "Inputs from −1 to 1",
    "saturated": "Inputs on a flat part",
    "linear": "Best line explains",
}

TABLE_NOTE = """
Moves, band and kurtosis of the median unit in the layer drawn; shares as a mean over all layers at the end; the best line in the last layer.
"""

LAYER_COLUMNS = {
    "network": "Network",
    "gradient": "First layer's gradient over the last's, at the start",
    "gradient_end": "… at the end",
    "updates": "Fastest over slowest layer, at the start",
    "updates_median": "… median of training",
    "first": "Deviation in the first layer",
    "last": "… in the last",
}

CONSTANT_COLUMNS = {
    "network": "Network",
    "accuracy": "Test accuracy",
    "mean": "Layers' |mean| at the end",
    "settled": "… settled at step",
    "rms": "Singular values (rms)",
    "greatest": "… greatest",
    "median": "… median",
    "product": "… rms through seven layers",
}
