"""Representability on real inputs: the linear objectives on images drawn from a finite population, axes from all of it.

A coordinate axis means nothing to a photograph, so the signal coordinates become the leading principal axes of the
whole population's second moment: r_k is the squared length of axis k projected on the row space learnt from a sample.
At the paper's model the two agree, its axes being orthogonal inside the signal and its deficits a sum over them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

from sims.partitions import Partition
from theory.readings import EXPECTED, Mask, Objective

Matrix = Float64[np.ndarray, "dim dim"]
BLOCK = 4096  # rows masked at once: 4096 x 784 doubles are 26 MB
MASKS = (Mask.INDEPENDENT, Mask.COMPLEMENTARY, Mask.FIXED_COUNT)


@dataclass(frozen=True)
class Population:
    """Each client's points, all equally likely within it, and the axes (columns) whose recovery is measured."""

    clients: tuple[Float64[np.ndarray, "_ dim"], ...]
    axes: Float64[np.ndarray, "dim c"]

    def local(self, client: int) -> "Population":
        """One client alone, judged by the same axes.

        Errors: ValueError for a client that does not exist.
        """
        if not 0 <= client < len(self.clients):
            raise ValueError(f"Clients are counted from 0 to {len(self.clients) - 1}; got client={client}.")
        return Population((self.clients[client],), self.axes)


@dataclass(frozen=True)
class View:
    """One objective under one reading: how inputs are masked or augmented, and how often (`draws`, or averaged)."""

    objective: Objective
    mask: Mask = Mask.INDEPENDENT
    draws: int | str = EXPECTED
    augmentation_std: float = 1.0
    mask_ratio: float = 0.75

    def __post_init__(self) -> None:
        if self.draws != EXPECTED and not (isinstance(self.draws, int) and self.draws >= 1):
            raise ValueError(f'draws must be "{EXPECTED}" or a whole number, at least 1; got {self.draws!r}.')
        if not 0 < self.mask_ratio < 1:
            raise ValueError(f"mask_ratio must lie strictly between 0 and 1; got mask_ratio={self.mask_ratio}.")
        if not self.augmentation_std >= 0:
            raise ValueError(f"augmentation_std must be at least 0; got augmentation_std={self.augmentation_std}.")
        if self.objective is Objective.MIM and self.mask not in MASKS:
            raise ValueError(
                f"On real inputs the mask must be one of {[m.value for m in MASKS]}; got {self.mask.value}."
            )


def population(
    points: Float64[np.ndarray, "n dim"], partition: Partition, axes: Float64[np.ndarray, "dim c"]
) -> Population:
    """The points as `partition` shares them out."""
    return Population(tuple(points[held] for held in partition.indices), axes)


def principal_features(points: Float64[np.ndarray, "n dim"], m: int) -> Float64[np.ndarray, "n m"]:
    """Coordinates of the points on the `m` leading eigenvectors of their second moment: there it is diagonal.

    Errors: ValueError when m exceeds the dimension.
    """
    if not 1 <= m <= points.shape[1]:
        raise ValueError(f"Between 1 and {points.shape[1]} features can be kept; got m={m}.")
    _, vectors = scipy.linalg.eigh(points.T @ points)
    leading = vectors[:, ::-1][:, :m]
    # An eigenvector's sign is the library's whim, and would decide which noise each feature meets.
    largest = np.argmax(np.abs(leading), axis=0)
    return points @ (leading * np.sign(leading[largest, np.arange(m)]))


def expected_alignment(moment: Matrix, view: View) -> Matrix:
    """The alignment matrix of inputs with this second moment, masks and noise averaged exactly.

    Source: chen2026, Eqs (2) and (4), and Section 3.2 for the masks. Scaled by 1 / (p (1 - p)) for masks, which no
    eigenvector notices.
    """
    if view.objective is Objective.CL or view.mask is Mask.INDEPENDENT:
        return moment
    d = len(moment)
    hollow = moment - np.diag(np.diag(moment))
    if view.mask is Mask.COMPLEMENTARY:
        return hollow
    hidden = _hidden(d, view.mask_ratio)
    return hollow * hidden * (d - hidden) / (d * (d - 1) * view.mask_ratio * (1 - view.mask_ratio))


def row_space(matrix: Matrix, c: int) -> Float64[np.ndarray, "dim _"]:
    """Orthonormal basis of the row space of the minimiser: the top c eigenvectors of positive eigenvalue.

    Source: ledger, from chen2026, A.6.1: W^T W is the best positive semi-definite approximation of rank c. An
    eigenvalue within round-off of zero (1e-12 of the largest modulus) is zero.
    """
    d = len(matrix)
    values, vectors = scipy.linalg.eigh(matrix, subset_by_index=(d - c, d - 1))
    scale = max(float(np.abs(matrix).max()), np.finfo(float).tiny)
    return vectors[:, values > 1e-12 * d * scale]


def representability(matrix: Matrix, axes: Float64[np.ndarray, "dim c"], feature_dim: int) -> Float64[np.ndarray, " c"]:
    """r_k of each axis for the encoder of `feature_dim` rows that this alignment matrix trains.

    Source: chen2026, Definition 4.1, with the axes of the population instead of the coordinates. Units: in [0, 1].
    """
    return ((row_space(matrix, feature_dim).T @ axes) ** 2).sum(axis=0)


def sample_representability(
    seed: int, inputs: Population, views: Sequence[View], *, samples_per_client: int, trials: int
) -> Float64[np.ndarray, "trials views c"]:
    """r of each view in each trial, all views of a trial trained on the same images, drawn with replacement.

    The FL matrix is the average over clients. Contrastive views with the same number of draws share their noise
    directions, so differences between noise levels are smooth.
    Errors: ValueError for no trials, no samples, or no views.
    """
    if samples_per_client < 1 or trials < 1 or not views:
        raise ValueError(
            "At least one sample, trial and view were wanted; "
            f"got samples_per_client={samples_per_client}, trials={trials}, {len(views)} views."
        )
    c = inputs.axes.shape[1]
    r = np.empty((trials, len(views), c))
    for t in range(trials):
        sample = Sample.draw(inputs, samples_per_client, seed, t)
        for v, view in enumerate(views):
            r[t, v] = representability(sample.alignment(view), inputs.axes, c)
    return r


class Sample:
    """One trial's images, and the alignment matrices that they give."""

    def __init__(self, points: Float64[np.ndarray, "n dim"], counts: Float64[np.ndarray, " n"], key: list[int]) -> None:
        self.points, self.counts, self.key = points, counts, key
        self.n = round(counts.sum())
        self.moment = (points.T * counts) @ points / self.n
        self._augmented: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @classmethod
    def draw(cls, inputs: Population, samples_per_client: int, seed: int, trial: int) -> "Sample":
        """`samples_per_client` images of each client, with replacement."""
        rng = np.random.default_rng([seed, trial, 0])
        counts = [rng.multinomial(samples_per_client, np.full(len(x), 1 / len(x))) for x in inputs.clients]
        return cls(np.concatenate(inputs.clients), np.concatenate(counts).astype(float), [seed, trial])

    def alignment(self, view: View) -> Matrix:
        """The symmetric matrix whose best approximation the view's minimiser is."""
        if view.draws == EXPECTED:
            return expected_alignment(self.moment, view)
        draws = int(view.draws)
        if view.objective is Objective.MIM:
            return self._masked(view, draws)
        if draws not in self._augmented:
            rng = np.random.default_rng([*self.key, 1, draws])
            self._augmented[draws] = augmentation_noise(rng, self.moment, self.n * draws)
        linear, quadratic = self._augmented[draws]
        return self.moment + view.augmentation_std * linear + view.augmentation_std**2 * quadratic

    def _masked(self, view: View, draws: int) -> Matrix:
        rng = np.random.default_rng([*self.key, 2, MASKS.index(view.mask), draws])
        total = np.zeros_like(self.moment)
        rows = np.repeat(np.arange(len(self.points)), self.counts.astype(int))
        for _ in range(draws):
            for start in range(0, len(rows), BLOCK):
                x = self.points[rows[start : start + BLOCK]]
                kept, shown = masks(rng, x.shape, view)
                total += (x * kept).T @ (x * shown)
        p = view.mask_ratio
        return (total + total.T) / (2 * self.n * draws * p * (1 - p))


def augmentation_noise(rng: np.random.Generator, moment: Matrix, n: int) -> tuple[Matrix, Matrix]:
    """Terms C, Q such that the sample's contrastive matrix at noise std s is moment + s C + s^2 Q, in exact law.

    With X = O R, O orthonormal, the noise of either view splits into d rows along O and n - d rows across it; of the
    latter only a Wishart factor and one d x d Gaussian matter, so the cost does not depend on n.
    """
    d = len(moment)
    if n < 2 * d:
        raise ValueError(f"At least 2 x {d} noisy views were wanted; got {n}. Draw more samples.")
    values, vectors = scipy.linalg.eigh(moment)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T * np.sqrt(n)
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
        shown = (order < _hidden(d, p)).astype(float)
        return 1 - shown, shown
    kept = (rng.random(shape) >= p).astype(float)
    if view.mask is Mask.COMPLEMENTARY:
        return kept, 1 - kept
    return kept, (rng.random(shape) < p).astype(float)


def _hidden(d: int, p: float) -> int:
    return min(max(round(p * d), 1), d - 1)
