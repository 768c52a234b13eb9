"""Two views of real inputs under one reading: masked or augmented, averaged exactly or drawn, as cross moments."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

from sims.samplers.literal import CrossMoments
from sims.samplers.subspace import encoder_subspace, top_subspace
from sims.samplers.wishart import square_root
from theory.readings import EXPECTED, Loss, Mask, Objective, Selection

Matrix = Float64[np.ndarray, "dim dim"]
# The printed right-hand side of Eq (17) is a matrix, not a way to mask: nothing to draw.
DRAWN_MASKS = (Mask.INDEPENDENT, Mask.COMPLEMENTARY, Mask.FIXED_COUNT)
ROUND_OFF = 1e-12  # of the largest second moment


@dataclass(frozen=True)
class View:
    """One objective under one reading: how inputs are masked or augmented, and how often (`draws`, or averaged)."""

    objective: Objective
    mask: Mask = Mask.INDEPENDENT
    draws: int | str = EXPECTED
    augmentation_std: float = 1.0
    mask_ratio: float = 0.75
    loss: Loss = Loss.ALIGNMENT
    selection: Selection = Selection.PSD

    def __post_init__(self) -> None:
        if self.draws != EXPECTED and not (isinstance(self.draws, int) and self.draws >= 1):
            raise ValueError(f'draws must be "{EXPECTED}" or a whole number, at least 1; got {self.draws!r}.')
        if not 0 < self.mask_ratio < 1:
            raise ValueError(f"mask_ratio must lie strictly between 0 and 1; got mask_ratio={self.mask_ratio}.")
        if not self.augmentation_std >= 0:
            raise ValueError(f"augmentation_std must be at least 0; got augmentation_std={self.augmentation_std}.")
        reconstructs = self.loss is Loss.RECONSTRUCTION
        if reconstructs and self.objective is Objective.CL:
            raise ValueError(f"Only masked modelling reconstructs; got objective={self.objective.value}. Use Eq (2).")
        if self.mask is Mask.PRINTED and (self.draws != EXPECTED or reconstructs):
            raise ValueError(
                "The printed matrix of Eq (17) is an expectation for the alignment loss; "
                f"got mask=printed with draws={self.draws!r}, loss={self.loss.value}. Take another mask."
            )


def expected_views(moment: Matrix, view: View) -> CrossMoments:
    """Cross moments of the two views of inputs with this second moment, masks and noise averaged exactly.

    Source: chen2026, Section 3.2 for the masks; Eq (17) as printed is 2 p (1 - p) times the diagonal. A fixed count
    keeps k of d entries: two different ones both with k (k-1) / (d (d-1)), one alone with k (d-k) / (d (d-1)).
    Units: those of the second moment.
    """
    d, p = len(moment), view.mask_ratio
    q = 1 - p
    if view.objective is Objective.CL:
        return CrossMoments(moment)
    own = np.diag(np.diag(moment))
    if view.mask is Mask.PRINTED:
        return CrossMoments(2 * p * q * own)
    within = q * q * moment + p * q * own
    if view.mask is Mask.INDEPENDENT:
        return CrossMoments(p * q * moment, within)
    hollow = moment - own
    # Principal features do not correlate: what round-off leaves off the diagonal is no signal.
    hollow[np.abs(hollow) <= ROUND_OFF * own.max()] = 0.0
    if view.mask is Mask.COMPLEMENTARY:
        return CrossMoments(p * q * hollow, within)
    hidden = n_hidden(d, p)
    kept = d - hidden
    both, apart = kept * (kept - 1) / (d * (d - 1)), kept * hidden / (d * (d - 1))
    return CrossMoments(apart * hollow, both * moment + (kept / d - both) * own)


def row_space(moments: CrossMoments, view: View, feature_dim: int) -> Float64[np.ndarray, "dim _"]:
    """Orthonormal basis of the row space of the encoder that minimises the view's loss.

    Where inputs never seen, or exactly collinear, leave the reconstruction optimum open, its smallest encoder.
    Source: chen2026, A.6.1 for Eqs (2) and (4); for Eq (3), reduced-rank regression as `sims.samplers.subspace`.
    """
    if view.loss is Loss.ALIGNMENT:
        if not moments.cross.any():
            # Nothing aligns: the minimiser is W = 0, whichever eigenvalues may be used.
            return np.zeros((len(moments.cross), 0))
        return top_subspace(moments.alignment(), feature_dim, view.selection)
    assert moments.within is not None
    values, vectors = scipy.linalg.eigh(moments.within)
    seen = values > len(values) * np.finfo(float).eps * values[-1]
    axes = vectors[:, seen]
    return axes @ encoder_subspace(CrossMoments(axes.T @ moments.cross, np.diag(values[seen])), feature_dim)


def augmentation_noise(rng: np.random.Generator, moment: Matrix, n: int) -> tuple[Matrix, Matrix]:
    """Terms C, Q such that the sample's contrastive matrix at noise std s is moment + s C + s^2 Q, in exact law.

    With X = O R, O orthonormal, the noise of either view splits into d rows along O and n - d rows across it; of the
    latter only a Wishart factor and one d x d Gaussian matter, so the cost does not depend on n.
    """
    d = len(moment)
    if n < 2 * d:
        raise ValueError(f"At least 2 x {d} noisy views were wanted; got {n}. Draw more samples.")
    root = square_root(moment) * np.sqrt(n)
    along_a, along_b, across = (rng.standard_normal((d, d)) for _ in range(3))
    factor = np.tril(rng.standard_normal((d, d)), -1)  # Bartlett: factor factor^T is Wishart with n - d degrees
    factor[np.diag_indices(d)] = np.sqrt(rng.chisquare(n - d - np.arange(d)))
    linear = root @ (along_a + along_b)
    quadratic = along_a.T @ along_b + factor @ across
    return (linear + linear.T) / (2 * n), (quadratic + quadratic.T) / (2 * n)


def masks(
    rng: np.random.Generator, shape: tuple[int, ...], view: View
) -> tuple[Float64[np.ndarray, "n dim"], Float64[np.ndarray, "n dim"]]:
    """Entries kept in the first and in the second view of each row, as 0 and 1.

    Source: chen2026, Section 3.2: an entry is masked with probability p, the second view shows what the first hides.
    """
    p, d = view.mask_ratio, shape[1]
    if view.mask is Mask.FIXED_COUNT:
        order = rng.permuted(np.broadcast_to(np.arange(d), shape), axis=1)
        shown = (order < n_hidden(d, p)).astype(float)
        return 1 - shown, shown
    kept = (rng.random(shape) >= p).astype(float)
    if view.mask is Mask.COMPLEMENTARY:
        return kept, 1 - kept
    return kept, (rng.random(shape) < p).astype(float)


def n_hidden(d: int, p: float) -> int:
    """Entries masked where exactly a share p of d is: the nearest count that leaves something in both views."""
    return min(max(round(p * d), 1), d - 1)
