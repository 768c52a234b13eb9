"""Points on a sphere, moved until they are as uniform as a search can make them, to test a proven limit."""

import numpy as np
import scipy.optimize
from jaxtyping import Float

Points = Float[np.ndarray, "n dim"]


def mean_kernel(points: Points, t: float = 2.0) -> float:
    """The mean of exp(-t |u - v|^2) over all pairs of points of length one, a point with itself included.

    Source: wang2020, Section 4.1. Units: above exp(-4 t), at most 1. Errors: none.
    """
    return float(np.mean(np.exp(2 * t * (points @ points.T - 1))))


def most_uniform_points(
    rng: np.random.Generator, n: int, dim: int, t: float = 2.0, *, most_steps: int = 15_000
) -> Points:
    """`n` points of length one in `dim` dimensions, from a random start to a local minimum of `mean_kernel`.

    The search ends after `most_steps`, wherever it is then.

    Source: ledger: L-BFGS on points that are scaled to length one. Units: dimensionless. Errors: none.
    """

    def value_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
        raw = flat.reshape(n, dim)
        length = np.linalg.norm(raw, axis=1, keepdims=True)
        u = raw / length
        kernel = np.exp(2 * t * (u @ u.T - 1)) / n**2
        slope = 4 * t * kernel @ u
        slope -= np.sum(slope * u, axis=1, keepdims=True) * u
        return float(np.sum(kernel)), (slope / length).ravel()

    found = scipy.optimize.minimize(
        value_and_slope,
        rng.standard_normal(n * dim),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": 1e-9, "maxiter": most_steps},
    )
    raw = found.x.reshape(n, dim)
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)
