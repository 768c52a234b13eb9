"""Scaling a non-negative matrix to a doubly stochastic one, by Newton's method on Sinkhorn's convex potential."""

import numpy as np
from jaxtyping import Float

_STEPS = 200
_RESIDUAL = 1e-14  # of a row or column sum, per client


def doubly_stochastic(matrix: Float[np.ndarray, "clients clients"]) -> Float[np.ndarray, "clients clients"]:
    """diag(e^u) A diag(e^w) with rows and columns that sum to 1.

    Rows are kept at 1 by u = -log(A e^w); what is left is minimising the convex g(w) = sum log(A e^w) - sum w, whose
    gradient is column sums - 1 and whose Hessian is diag(columns) - P^T P. Alternate scaling, the usual method, takes
    as many sweeps as the limit takes rounds to mix (N^2 on a path); Newton takes about ten steps on any network.

    Source: sinkhorn1967; Newton's method on the potential is ledger. Units: dimensionless.
    Errors: ValueError when no scaling is found. Every non-zero entry must lie on a positive diagonal, which is not
    checked: with some that do not, the scaling is a limit in which they vanish.
    """
    n = len(matrix)

    def scale(w: np.ndarray) -> tuple[np.ndarray, float]:
        scaled = matrix * np.exp(w)
        rows = scaled.sum(axis=1)
        return scaled / rows[:, None], float(np.log(rows).sum() - w.sum())

    w = np.zeros(n)
    scaled, value = scale(w)
    for _ in range(_STEPS):
        columns = scaled.sum(axis=0)
        residual = 1 - columns
        if np.abs(residual).max() < _RESIDUAL * n:
            return scaled
        # The potential does not see a common shift of w: 1 1^T / n fixes it and leaves the step alone.
        hessian = np.diag(columns) - scaled.T @ scaled + 1.0 / n
        try:
            step = np.linalg.solve(hessian, residual)
        except np.linalg.LinAlgError:  # weights have run to zero: no scaling is ahead
            break
        # Sums are logarithms of e^w: a step is trusted up to a factor e, and the potential must fall.
        length = min(1.0, 1.0 / np.abs(step).max())
        descent = float(residual @ step)
        while True:
            candidate, fallen = scale(w + length * step)
            if fallen <= value - 1e-4 * length * descent or descent < 1e-12 or length < 1e-9:
                break
            length /= 2
        w, scaled, value = w + length * step, candidate, fallen
    worst = int(np.abs(residual).argmax())
    raise ValueError(
        f"No doubly stochastic scaling was found; column {worst} still sums to {columns[worst]:.6g}. "
        "Check that every row and column can be served."
    )
