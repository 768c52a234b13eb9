"""The d x d matrix X drawn from its exact law, without data: cost independent of the number of samples.

Rotating the n rows of the data leaves every Gram matrix alone. Turned so that the clean rows fill the first m, the data
are m rows R + mu G, R^T R the clean Gram matrix, over a Gaussian block that only its triangular factor represents.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sims.samplers.literal import CrossMoments, expected_moments
from sims.samplers.signal_rows import SignalRows
from sims.samplers.wishart import large_bartlett, square_root
from theory.readings import EXPECTED, Objective, Reading
from theory.setting import Setting


@dataclass(frozen=True)
class SignedGrams:
    """X = sum over terms of weight T^T T, kept as factors: multiplying by X costs d^2 a column."""

    terms: tuple[tuple[float, np.ndarray], ...]

    def apply(self, v: Float[np.ndarray, "dim k"]) -> Float[np.ndarray, "dim k"]:
        """X v."""
        return sum((weight * (t.T @ (t @ v)) for weight, t in self.terms), np.zeros_like(v))

    def dense(self) -> Float[np.ndarray, "dim dim"]:
        """X itself."""
        total = np.zeros((self.terms[0][1].shape[1],) * 2)
        for weight, t in self.terms:
            total += weight * (t.T @ t)
        return total


def has_law(objective: Objective, reading: Reading) -> bool:
    """Whether X has a rotation-invariant law: always for CL with similar views, for MIM when masks are averaged."""
    return objective is Objective.CL or reading.draws == EXPECTED


def noisy_factor(
    rng: np.random.Generator, rows: SignalRows, dim: int, noise_std: float
) -> Float[np.ndarray, "rows dim"]:
    """T with T^T T distributed as the Gram matrix of all samples, each a clean row plus noise of `noise_std`.

    Source: ledger. With fewer samples than coordinates touched by clean rows the samples themselves are drawn.
    """
    m, n = rows.width, rows.n_rows
    if n <= m:
        return clean_sample(rng, rows, dim) + noise_std * rng.standard_normal((n, dim))
    top = noise_std * rng.standard_normal((m, dim))
    top[:, :m] += square_root(rows.grams(rng, 1))[0]
    return np.concatenate([top, noise_std * large_bartlett(rng, n - m, dim)])


def clean_sample(rng: np.random.Generator, rows: SignalRows, dim: int) -> Float[np.ndarray, "rows dim"]:
    """The clean rows themselves, for very small samples."""
    x, at = np.zeros((rows.n_rows, dim)), 0
    for client, label, size in rows.classes():
        clean = rows.rows(rng, client, label, 1 if rows.offsets.value == "per_class" else size)
        x[at : at + size, : rows.width] = clean
        at += size
    for h in rows.rare_at:
        if h is not None:
            x[at : at + rows.n_rare, h] = 1.0
            at += rows.n_rare
    return x


def augmented(
    rng: np.random.Generator, x: Float[np.ndarray, "rows dim"], n_rows: int, noise_std: float
) -> Float[np.ndarray, "more dim"]:
    """T with T^T T the Gram matrix of samples plus fresh noise, jointly with the samples' own factor `x`.

    Source: ledger. Turned as `x` is, the noise is Gaussian on its rows and a triangular factor on the other n - rows.
    """
    top = x + noise_std * rng.standard_normal(x.shape)
    rest = n_rows - len(x)
    return top if rest == 0 else np.concatenate([top, noise_std * large_bartlett(rng, rest, x.shape[1])])


def contrastive(
    rng: np.random.Generator, s: Setting, rows: SignalRows, draws: int, sample: np.ndarray | None = None
) -> SignedGrams:
    """X of CL with similar views and `draws` pairs a sample; from the samples behind the factor `sample` if given.

    With u = (xi_a + xi_b)/2 and z = (xi_a - xi_b)/2 the symmetrised product is (x+u)(x+u)^T - z z^T; over K draws the
    mean of u joins x, the K - 1 deviations are a Gram matrix of their own.
    Source: ledger, from chen2026 (43). Units: squared data units.
    """
    n, half = rows.n_rows, float(s.augmentation_std) ** 2 / 2
    if sample is None:
        y = noisy_factor(rng, rows, s.dim, float(np.sqrt(float(s.mu) ** 2 + half / draws)))
    else:
        y = augmented(rng, sample, n, float(np.sqrt(half / draws)))
    terms = [(1 / n, y)]
    if half > 0:
        if draws > 1:
            terms.append((half / (n * draws), large_bartlett(rng, n * (draws - 1), s.dim)))
        terms.append((-half / (n * draws), large_bartlett(rng, n * draws, s.dim)))
    return SignedGrams(tuple(terms))


def draw_sample_factor(rng: np.random.Generator, s: Setting, rows: SignalRows) -> Float[np.ndarray, "rows dim"]:
    """Triangular stand-in for the whole data set: every second moment of the samples follows from it."""
    return noisy_factor(rng, rows, s.dim, float(s.mu))


def masked_moments(sample: Float[np.ndarray, "rows dim"], n_rows: int, s: Setting, reading: Reading) -> CrossMoments:
    """Cross moments of MIM with masks averaged exactly, of the samples behind the factor `sample`."""
    return expected_moments(sample.T @ sample / n_rows, s, Objective.MIM, reading)
