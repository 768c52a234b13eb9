"""Gradient dissimilarity zeta^2 of the linear objectives under Dirichlet class shares.

Client i's matrix is X_i = sum_c q_ic S_c, with S_c the matrix of class c and q_i its class shares around the class
probabilities p. Whatever law the shares follow, as long as it treats classes in proportion to p, Cov(q) is
h (diag p - p p^T), and one number h, the heterogeneity, from 0 (IID) to 1 (one class a client), carries all of it.
"""

from collections.abc import Sequence

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.formula import Formula, Source
from theory.readings import Mask, Objective
from theory.symbols import n_clients, samples

concentration = sp.Symbol("concentration", positive=True)  # alpha of the Dirichlet law
n_classes = sp.Symbol("n_classes", integer=True, positive=True)
heterogeneity = sp.Symbol("heterogeneity", nonnegative=True)  # h

N, C = n_clients, n_classes

DIRICHLET_HETEROGENEITY = Formula(
    name="dirichlet_heterogeneity",
    title="Heterogeneity when every client draws its class shares from Dirichlet(concentration x class probabilities)",
    expr=1 / (1 + concentration),
    domain=(),
    units="dimensionless, in [0, 1]",
    source=Source("ledger", "covariance of a Dirichlet law; the draw is hsu2019, Section 3"),
)

SAMPLED_HETEROGENEITY = Formula(
    name="sampled_heterogeneity",
    title="Heterogeneity with n_i labels drawn from the client's shares in place of the shares themselves",
    expr=heterogeneity + (1 - heterogeneity) / samples,
    domain=(heterogeneity <= 1,),
    units="dimensionless, in [0, 1]",
    source=Source("ledger", "covariance of multinomial shares"),
)

# Released: every class draws Dirichlet(alpha 1_N) over clients, then rows and columns are scaled to equal sums. Scaling
# absorbs the normalisation, so the result is a balanced matrix of independent Gamma(alpha) entries B, of mean 1, and
# h = E(B - 1)^2 / (C - 1). To second order in 1 / alpha, E(B - 1)^2 = (A / alpha)(1 - b / alpha).
_A = (1 - 1 / N) * (1 - 1 / C)
_B = 1 / N + 1 / C - 4 / (N * C)
# alpha -> 0: the matrix tends to a vertex; when N divides C or C divides N that is whole classes to whole clients.
_SATURATED = 1 / (sp.Min(N, C) - 1)
_INVERSE = concentration / _A + _SATURATED + (_B / _A - _SATURATED) * concentration / (concentration + _B)

RELEASED_HETEROGENEITY = Formula(
    name="released_heterogeneity",
    title="Heterogeneity when every class draws Dirichlet(concentration 1_N) over clients, both margins balanced",
    expr=1 / ((C - 1) * _INVERSE),
    # Found by simulation: within 1% there, 7% off or more at lower concentrations, up to 5% off for two to four clients
    # or classes. Exact to second order for large concentration, for many clients at any, and in the limit 0 when N
    # divides C or C divides N.
    domain=(sp.Min(N, C) >= 5, sp.Max(N, C) >= 8, concentration * sp.Max(N, C) >= 3),
    units="dimensionless, in [0, 1]",
    source=Source("ledger", "balanced Gamma matrices; the draw is that of the code released with chen2026"),
)


def balancing_spread(n_clients: int, n_classes: int, concentration: float) -> float:
    """Variance of the logarithm by which balancing multiplies a class of the released draw, to first order in 1/N.

    The multipliers e^b of the classes make the N clients' mean shares equal. To first order b is the mean of N
    independent Dirichlet deviations over eta = E(1 - |q|^2)/(C - 1). Small where many clients share each class.

    Source: ledger, by second-order expansion of that equation. Units: dimensionless.
    """
    squares, *_ = _share_moments(n_classes, concentration)
    eta = (1 - squares) / (n_classes - 1)
    return (squares - 1 / n_classes) / (n_classes - 1) / eta**2 / n_clients


def released_correction(n_clients: int, n_classes: int, concentration: float) -> float:
    """k/N, with the heterogeneity of the released draw (1 + k/N)/(1 + alpha C) up to a higher order in 1/N.

    Without balancing a client's shares are Dirichlet(alpha 1_C), of heterogeneity 1/(1 + alpha C). With S = |q|^2 and
    S3 = sum q^3, balancing adds to E S -(2/eta) E(S3 - S^2) from the client's own part in the multipliers, and half
    of their variance times E(2 S - 8 S3 + 6 S^2), the trace of the second derivative of S.

    Source: ledger, by second-order expansion. Units: dimensionless.
    """
    squares, cubes, squared = _share_moments(n_classes, concentration)
    eta = (1 - squares) / (n_classes - 1)
    own = -2 / eta * (cubes - squared) / n_clients
    spread = balancing_spread(n_clients, n_classes, concentration)
    moved = spread / 2 * (2 * squares - 8 * cubes + 6 * squared)
    return (own + moved) / (squares - 1 / n_classes)


def _share_moments(n_classes: int, a: float) -> tuple[float, float, float]:
    """E |q|^2, E sum q^3 and E |q|^4 of Dirichlet(a 1_C) shares."""
    total = a * n_classes
    third = (total + 1) * (total + 2)
    fourth = ((a + 1) * (a + 2) * (a + 3) + (n_classes - 1) * a * (a + 1) ** 2) / (third * (total + 3))
    return (a + 1) / (total + 1), (a + 1) * (a + 2) / third, fourth


def class_alignments(
    second_moments: Float[np.ndarray, "classes dim dim"],
    objective: Objective,
    mask_ratio: float | None = None,
    mask: Mask = Mask.COMPLEMENTARY,
) -> Float[np.ndarray, "classes dim dim"]:
    """The matrix that the loss aligns, class by class: S_c for CL, p(1-p)(S_c - diag S_c) for complementary masks.

    Independent masks give p(1-p) S_c. CL is in expectation over augmentations x + xi.

    Source: chen2026, (2) and (4); its (17) has 2p(1-p) S_c.
    Errors: ValueError for a mask ratio outside (0, 1), or masks without an expectation of this form.
    """
    if objective is Objective.CL:
        return second_moments
    if mask_ratio is None or not 0 < mask_ratio < 1:
        raise ValueError(f"Masks need a ratio between 0 and 1; got mask_ratio={mask_ratio}.")
    factor = mask_ratio * (1 - mask_ratio)
    if mask is Mask.INDEPENDENT:
        return factor * second_moments
    if mask is Mask.COMPLEMENTARY:
        return factor * second_moments * (1 - np.eye(second_moments.shape[-1]))
    raise ValueError(f"Masks are independent or complementary here; got mask={mask.value}.")


def class_variance(
    matrices: Float[np.ndarray, "classes rows dim"], probabilities: Float[np.ndarray, " classes"]
) -> float:
    """sum_c p_c ||S_c||_F^2 - ||sum_c p_c S_c||_F^2: the variance of the matrix of a random class.

    Source: ledger. Units: those of the matrices, squared. Errors: ValueError unless p are probabilities, one a class.
    """
    p = checked_probabilities(probabilities, len(matrices))
    mean = np.einsum("c,crd->rd", p, matrices)
    # About the mean: the difference of the two sums loses digits when classes are alike.
    return float(p @ np.sum((matrices - mean) ** 2, axis=(1, 2)))


def dissimilarity(
    matrices: Float[np.ndarray, "classes dim dim"],
    probabilities: Float[np.ndarray, " classes"],
    heterogeneity: float,
    *,
    samples: int | None = None,
    within_class_variance: float = 0.0,
    model: Float[np.ndarray, "feature dim"] | None = None,
) -> float:
    """E||X_i - X||_F^2 with X = sum_c p_c S_c; with a `model` W, zeta^2 = E||grad f_i(W) - grad f(W)||^2.

    Since grad f_i(W) - grad f(W) = -2 W (X_i - X) exactly, zeta^2 = 4 h (sum p ||W S_c||^2 - ||W sum p S_c||^2).
    With `samples`, a client's matrix is the mean over that many samples: labels are multinomial, and each sample adds
    its own variance within the class, sum_c p_c (E_c||x x^T||^2 - ||S_c||^2) or the same with W in front, over n.
    Around the mean of N independent clients multiply by 1 - 1/N; the released shares are balanced, their mean is X.

    Source: ledger. Units: those of the matrices, squared; with a model, of the squared gradient.
    Errors: ValueError for a heterogeneity outside [0, 1], samples below 1, a negative variance, or bad probabilities.
    """
    if not 0 <= heterogeneity <= 1:
        raise ValueError(f"The heterogeneity lies in [0, 1]; got {heterogeneity}.")
    if samples is not None and samples < 1:
        raise ValueError(f"A client has at least one sample; got samples={samples}. Use None for its distribution.")
    if not within_class_variance >= 0:
        raise ValueError(f"A variance is at least 0; got within_class_variance={within_class_variance}.")
    factor = 1.0 if model is None else 4.0
    between = class_variance(matrices if model is None else model @ matrices, probabilities)
    if samples is None:
        return factor * heterogeneity * between
    share = heterogeneity + (1 - heterogeneity) / samples
    return factor * (share * between + within_class_variance / samples)


def zeta_squared(
    model: Float[np.ndarray, "feature dim"],
    covariances: Float[np.ndarray, "clients dim dim"],
    weights: Float[np.ndarray, " clients"] | Sequence[float] | None = None,
) -> float:
    """(1/N) sum_i ||grad f_i(W) - grad f(W)||_F^2 = 4 mean ||W (X_i - X_v)||_F^2 of given clients, X_v = sum v_i X_i.

    Source: ledger. Units: those of the squared gradient. Errors: ValueError unless the weights are a distribution.
    """
    n = len(covariances)
    v = np.full(n, 1 / n) if weights is None else checked_probabilities(np.asarray(weights, dtype=float), n)
    off = model @ (covariances - np.einsum("n,nde->de", v, covariances))
    return float(4 * np.mean(np.sum(off**2, axis=(1, 2))))


def checked_probabilities(probabilities: Float[np.ndarray, " classes"], count: int) -> Float[np.ndarray, " classes"]:
    """The same. Errors: ValueError unless there are `count` of them, none below 0, with sum 1."""
    p = np.asarray(probabilities, dtype=float)
    if p.shape != (count,) or not (p >= 0).all() or not abs(p.sum() - 1) <= 1e-9:
        raise ValueError(
            f"{count} probabilities that sum to 1 were wanted; got {p.tolist()}. Divide them by their sum."
        )
    return p
