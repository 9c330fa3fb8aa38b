"""The prose of the page on two weights."""

QUESTION = "Why do unlike scales make training hard?"

INTRODUCTION = """
A model of two weights is small enough to see whole. One feature counts units, the other hundreds; the same examples are
prepared in five ways, and the same model learns from each, from the same distance to its minimum.
"""

BOWLS_NOTE = """
On the bowls the axes count from the minimum, which is at (0, 0), and where there is none, from where the loss hardly falls any
more. Open circle: where training starts; star: where its path
ends. Dotted: the eigenvectors of the Hessian, each with its eigenvalue λ. E|x|² is the mean squared length of an example.
"""

INEQUALITY = "How long may a step be?"

PREPARE = "Subtract a centre, divide by a scale"

GRADIENT = "Where the gradient gets its size"

EXAMPLES = "The examples themselves"

COMPARE = "Instead of normalizing, a cleverer optimizer?"

COST = "What whitening costs"

COMPARE_NOTE = "How far above its minimum the loss ends; each optimizer at its best of eight learning rates."

COLUMNS = {
    "preprocessing": "Features",
    "smoothness": "L",
    "bound": "Its bound",
    "longest_step": "2 / L",
    "condition": "Condition number",
    "learning_rate": "Learning rate",
    "above": "Loss above minimum",
    "learnt_at": "At the minimum from",
    "update_ratio": "First step: w2 / w1",
    "minimum_loss": "Least loss",
}

READING = r"""
**What is drawn.** The loss of $h = \langle w, x\rangle$ over both weights, all of it: least squares
$\tfrac12 E(h - y)^2$, whose Hessian is $E[x x^T]$ everywhere, or the logistic loss, whose Hessian
$E[p(1-p)\,x x^T]$ is at most a quarter of that. The dotted axes are the eigenvectors; both weights have one unit, so that a
stretched bowl looks stretched. With a bias the picture is the slice at the best bias.

**How long a step may be.** If the gradient changes at most $L$ times as much as the weights do, then

$$f(w + d) \le f(w) + \langle \nabla f(w), d\rangle + \tfrac{L}{2}\lVert d\rVert^2,$$

and for a step $d = -\eta \nabla f$: $\; f(w + d) \le f(w) - (\eta - \tfrac{L}{2}\eta^2)\lVert\nabla f\rVert^2$. It descends if
$0 < \eta < 2/L$, and the guarantee is best at $\eta = 1/L$: $\lVert\nabla f\rVert^2/2L$. The smallest such $L$, the loss's
own, is the top eigenvalue of the Hessian.

**What bounds L.** By Cauchy and Schwarz $L \le E\lVert x\rVert^2$ (a quarter for logistic), whatever the weights. So

- *subtract c*: $E\lVert x - c\rVert^2$ is least at $c = E[x]$, and a bias takes up what was subtracted;
- *divide by s*: as $s$ grows $L$ goes to 0, and with it all that can be learnt in a given time. The standard deviation makes
  the term of each weight like that of the bias, 1: all parameters then move alike, as with a learning rate for each;
- *whiten*: $E[x x^T] = I$, a round bowl, at the price of decomposing a matrix as wide as the features.

**Where the gradient gets its size.** $\nabla_b f = E[l']$ and $\nabla_w f = E[l' x]$: for sigmoid with cross-entropy
$l' = \sigma(h) - y \in (-1, 1)$, so that of the bias is bounded and that of the weights grows with the inputs. Cross-entropy
alone ($-1/p$) and squared error with a linear output are not bounded.

**Source.** Su Jianlin, *What does BN actually do?*, kexue.fm/archives/6992, (1)-(16); optimizers as in `torch.optim`. The
examples are drawn once, from one seed.
"""
