"""What X = sym(H Sigma) says about the signal coordinates S, the first N: bounds with every constant.

r_k is the representability of the eigenvectors of the c largest eigenvalues of X, as far as these are positive. The
bounds hold for every symmetric X, and so for every H. `docs/proofs` has no page of them: each proof is a few lines.
"""

import math

import numpy as np
from jaxtyping import Float

from theory.setting import Setting

Square = Float[np.ndarray, "dim dim"]


def kept_eigenvectors(x: Square, feature_dim: int) -> tuple[Float[np.ndarray, " rank"], Float[np.ndarray, "dim rank"]]:
    """The positive ones among the c largest eigenvalues, descending, and their eigenvectors.

    Source: eckart1936 for W^T W >= 0. Units: those of X.
    """
    values, vectors = np.linalg.eigh(x)
    order = np.arange(len(values))[::-1][:feature_dim]
    order = order[values[order] > 0]
    return values[order], vectors[:, order]


def least_on_signal(x: Square, n_signal: int, feature_dim: int) -> float:
    """l - (l - l_d) sum_S (1 - r_k): at most the least eigenvalue of X on S, l the least eigenvalue kept, l_d of all.

    For a unit x of S the form is at least l |Pi x|^2 + l_d (1 - |Pi x|^2), and 1 - |Pi x|^2 at most the sum.

    Source: ledger. Units: those of X. Errors: ValueError when nothing is kept.
    """
    values, vectors = kept_eigenvectors(x, feature_dim)
    if not len(values):
        raise ValueError("X needs a positive eigenvalue for W to keep anything; got none.")
    lost = n_signal - float(np.sum(vectors[:n_signal] ** 2))
    last, least = float(values[-1]), float(np.linalg.eigvalsh(x)[0])
    return last - (last - least) * lost


def loss_lower_bound(x: Square, n_signal: int) -> float:
    """With c = N: sum_S (1 - r_k) is at least the larger of |P_perp X P|_F^2 and g^2/N over (l_1 - l_d)^2.

    g = max(0, max(0, largest eigenvalue outside S) - least eigenvalue on S); l_1 counts as 0 if negative. Zero only
    if X maps S into itself and is nowhere smaller there than 0 or than outside.

    Source: ledger. The leak is at most (l_1 - l_d) |sin Theta|_F. By Ky Fan the eigenvectors kept gain g over S, and
    they gain at most (l_1 - l_d) times the sum of the N sines. Units: dimensionless.
    """
    values = np.linalg.eigvalsh(x)
    outside = x[n_signal:, n_signal:]
    rival = max(0.0, float(np.linalg.eigvalsh(outside)[-1])) if len(outside) else 0.0
    short = max(0.0, rival - float(np.linalg.eigvalsh(x[:n_signal, :n_signal])[0]))
    span = max(float(values[-1]), 0.0) - float(values[0])
    leak = float(np.sum(x[n_signal:, :n_signal] ** 2))
    return max(leak, short**2 / n_signal) / span**2 if span > 0 else 0.0


def first_order_remainder(perturbation_norm: float, gap: float) -> float:
    """(4/pi) (e/g)^2 / (1 - 2 e/g): how far a spectral projector is from its first order, e < g/2.

    The projector is an integral of the resolvent along a line through the gap, at the distance g/2 from the spectrum,
    and what is left after the first order has three resolvents and e^2.

    Source: ledger, from the resolvent identity. Units: dimensionless. Errors: ValueError unless 0 <= e < g/2.
    """
    if not 0 <= 2 * perturbation_norm < gap:
        raise ValueError(f"The perturbation must be below half the gap; got {perturbation_norm} and {gap}.")
    share = perturbation_norm / gap
    return 4 / math.pi * share**2 / (1 - 2 * share)


def largest_rotation(s: Setting) -> float:
    """The angle below which every rotation within the signal keeps the signal whole, data of all clients, c = N.

    On S the second moment is A I + B J, and a rotation Q by angles of at most phi has v^T Q v >= cos(phi) and
    (v^T Q 1)(v^T 1) >= -N (1 - cos(phi))/2 for each unit v. One plane through the all-ones direction reaches both
    at once. So the least eigenvalue of sym(Q Sigma) on S is at least A cos(phi) - B N (1 - cos(phi))/2, and the noise
    outside S has mu^2.

    Source: ledger; chen2026, Remark A.10 has no condition. Units: radians, at most pi/2.
    """
    n, tau2, mu2 = s.n_clients, float(s.tau) ** 2, float(s.mu) ** 2
    return math.acos((mu2 + (n - 2) * tau2 / 8) / (mu2 + n * tau2 / 8 + 1 / n))
