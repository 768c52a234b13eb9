"""Representability on real inputs: the linear objectives on a sample of images, the axes from all images.

A coordinate axis means nothing to a photograph, so the signal coordinates become the leading principal axes of the
whole population's second moment: r_k is the squared length of axis k projected on the row space learnt from a sample.
At the paper's model the two agree, its axes being orthogonal inside the signal and its deficits a sum over them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

from sims.images.partitions import Partition
from sims.real_inputs.views import DRAWN_MASKS, Matrix, View, augmentation_noise, expected_views, masks, row_space
from sims.samplers.literal import CrossMoments
from theory.readings import EXPECTED, Loss, Objective

BLOCK = 4096  # rows masked at once: 4096 x 784 doubles are 26 MB


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

    def moment(self) -> Matrix:
        """The average over clients of their second moments: what FL trains on, given infinitely many samples."""
        first, *others = ((x.T @ x) / len(x) for x in self.clients)
        return sum(others, first) / len(self.clients)


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


def captured(basis: Float64[np.ndarray, "dim _"], axes: Float64[np.ndarray, "dim c"]) -> Float64[np.ndarray, " c"]:
    """r_k of each axis: its squared length on the span of orthonormal columns.

    Source: chen2026, Definition 4.1, with the axes of the population instead of the coordinates. Units: in [0, 1].
    """
    return ((basis.T @ axes) ** 2).sum(axis=0)


def population_representability(moment: Matrix, view: View, axes: Float64[np.ndarray, "dim c"]) -> np.ndarray:
    """r of each axis with no sampling at all: infinitely many inputs of this second moment, views averaged exactly.

    Errors: ValueError for a view that is drawn.
    """
    if view.draws != EXPECTED:
        raise ValueError(f'A population has no draws; got draws={view.draws!r}. Use "{EXPECTED}".')
    return captured(row_space(expected_views(moment, view), view, axes.shape[1]), axes)


def sample_representability(
    samples: Sequence["Sample"], view: View, axes: Float64[np.ndarray, "dim c"]
) -> Float64[np.ndarray, "trials c"]:
    """r of each axis for the encoder of as many rows that each sample trains, images and masks drawn, all else exact.

    A sample gives all views the same images. Contrastive views with the same number of draws share their noise
    directions, so differences between noise levels are smooth.
    """
    return np.array([captured(row_space(s.moments(view), view, axes.shape[1]), axes) for s in samples])


def draw_samples(seed: int, inputs: Population, *, samples_per_client: int, trials: int) -> list["Sample"]:
    """One sample a trial: `samples_per_client` images of each client, with replacement.

    FL trains on the average over clients. Errors: ValueError for no trials or no samples.
    """
    if samples_per_client < 1 or trials < 1:
        raise ValueError(
            f"At least one sample and trial were wanted; got samples_per_client={samples_per_client}, trials={trials}."
        )
    points, drawn = np.concatenate(inputs.clients), []
    for t in range(trials):
        rng = np.random.default_rng([seed, t, 0])
        counts = [rng.multinomial(samples_per_client, np.full(len(x), 1 / len(x))) for x in inputs.clients]
        drawn.append(Sample(points, np.concatenate(counts).astype(float), [seed, t]))
    return drawn


class Sample:
    """One trial's images, and the cross moments of their views."""

    def __init__(self, points: Float64[np.ndarray, "n dim"], counts: Float64[np.ndarray, " n"], key: list[int]) -> None:
        self.points, self.counts, self.key = points, counts, key
        self.n = round(counts.sum())
        self.moment = (points.T * counts) @ points / self.n
        self._augmented: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def moments(self, view: View) -> CrossMoments:
        """Means over the sample of a b^T, and of a a^T where the view's loss needs it."""
        if view.draws == EXPECTED:
            return expected_views(self.moment, view)
        draws = int(view.draws)
        if view.objective is Objective.MIM:
            return self._masked(view, draws)
        if draws not in self._augmented:
            rng = np.random.default_rng([*self.key, 1, draws])
            self._augmented[draws] = augmentation_noise(rng, self.moment, self.n * draws)
        linear, quadratic = self._augmented[draws]
        return CrossMoments(self.moment + view.augmentation_std * linear + view.augmentation_std**2 * quadratic)

    def _masked(self, view: View, draws: int) -> CrossMoments:
        rng = np.random.default_rng([*self.key, 2, DRAWN_MASKS.index(view.mask), draws])
        cross = np.zeros_like(self.moment)
        within = np.zeros_like(self.moment) if view.loss is Loss.RECONSTRUCTION else None
        rows = np.repeat(np.arange(len(self.points)), self.counts.astype(int))
        for _ in range(draws):
            for start in range(0, len(rows), BLOCK):
                x = self.points[rows[start : start + BLOCK]]
                kept, shown = masks(rng, x.shape, view)
                visible = x * kept
                cross += visible.T @ (x * shown)
                if within is not None:
                    within += visible.T @ visible
        n = self.n * draws
        return CrossMoments(cross / n, None if within is None else within / n)
