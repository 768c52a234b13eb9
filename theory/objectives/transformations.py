"""Linear second views H x, Assumption A.9: with which H contrastive learning finds the signal.

The loss aligns X = sym(H Sigma). With P the projection onto the N signal coordinates S, and r_k = 1 on S wanted:
necessary is P X P > 0, hence tr(P H P) > 0; sufficient, and for c = N necessary, is that X maps S into S and that the
least eigenvalue of P X P exceeds every other eigenvalue and 0.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.data.moments import CornerMatrix, dissimilar_alignment
from theory.objectives.representability import representability
from theory.setting import Setting

LARGEST_DIM = 2048
# eigh and the products before it are good to about 1e-13 of the largest entry at the widths allowed here.
ROUND_OFF = 1e-11
NAMES = ("identity", "flip", "cyclic", "rotation", "translation", "blur", "negation")


@dataclass(frozen=True)
class Condition:
    """What an H does to the signal.

    `trace_signal`: tr(P H P) over the N signal coordinates; `trace_leading`: over the leading c, as A.9 prints it;
    `representability`: r_k on S at population, averaged where the minimiser is not unique; `sensitivity`: max - min;
    `necessary`: P X P > 0; `condition_holds`: the sufficient condition (for c = N also necessary) for r_k = 1 on S;
    `gap_bound`: the bound on 1 - r_k by the eigengap, None without one.
    """

    trace_signal: float
    trace_leading: float
    representability: tuple[float, ...]
    unique: bool
    sensitivity: float
    necessary: bool
    condition_holds: bool
    gap_bound: float | None


def named_transformation(name: str, n_signal: int, dim: int, angle: float = math.pi) -> Float[np.ndarray, "dim dim"]:
    """H by name. `identity`; `negation`: -1 on S and the identity outside; `flip`: all coordinates in reverse order;
    `translation`: a circular shift of all coordinates by one; `cyclic`: the circular shift of S alone; `rotation`: by
    `angle` in the plane of the first two coordinates; `blur`: circular convolution with [1/4, 1/2, 1/4].

    Source: ledger; the paper's Remark A.10 names rotations, flips, translations and blurs without a formula.
    Units: dimensionless.
    Errors: ValueError for an unknown name, or a dim too large to be written out.
    """
    if dim > LARGEST_DIM:
        raise ValueError(f"A transformation is a dense matrix here, so dim <= {LARGEST_DIM}; got dim={dim}. Lower dim.")
    identity = np.eye(dim)
    if name == "identity":
        return identity
    if name == "flip":
        return identity[::-1]
    if name == "translation":
        return np.roll(identity, 1, axis=0)
    if name == "blur":
        return identity / 2 + (np.roll(identity, 1, axis=0) + np.roll(identity, -1, axis=0)) / 4
    if name == "negation":
        return np.diag(np.where(np.arange(dim) < n_signal, -1.0, 1.0))
    if name == "cyclic":
        shifted = identity.copy()
        shifted[:n_signal, :n_signal] = np.roll(np.eye(n_signal), 1, axis=0)
        return shifted
    if name == "rotation":
        return plane_rotation(dim, 0, 1, angle)
    raise ValueError(f"There is no transformation {name!r}; the names are {', '.join(NAMES)}. Or give a matrix.")


def plane_rotation(dim: int, first: int, second: int, angle: float) -> Float[np.ndarray, "dim dim"]:
    """Rotation by `angle` (radians) in the plane of two coordinates, counted from 0.

    Source: ledger.
    Units: dimensionless.
    Errors: ValueError unless both coordinates are there and differ.
    """
    if first == second or not (0 <= first < dim and 0 <= second < dim):
        raise ValueError(f"A plane needs two different coordinates below dim={dim}; got {first} and {second}.")
    h = np.eye(dim)
    h[first, first] = h[second, second] = math.cos(angle)
    h[second, first], h[first, second] = math.sin(angle), -math.sin(angle)
    return h


def checked_transformation(h: np.ndarray, dim: int) -> Float[np.ndarray, "dim dim"]:
    """`h` in float64. Errors: ValueError unless it is a finite, real dim x dim matrix of a width allowed here."""
    if dim > LARGEST_DIM:
        raise ValueError(f"A transformation is a dense matrix here, so dim <= {LARGEST_DIM}; got dim={dim}. Lower dim.")
    if h.ndim != 2 or h.shape[0] != h.shape[1]:
        raise ValueError(f"H must be a square matrix; got shape {h.shape}.")
    if h.shape[0] != dim:
        raise ValueError(f"H must be {dim} x {dim} for dim={dim}; got {h.shape[0]} x {h.shape[1]}. Change dim or H.")
    if not (np.issubdtype(h.dtype, np.floating) or np.issubdtype(h.dtype, np.integer)):
        raise ValueError(f"H must hold real numbers; got entries of type {h.dtype}.")
    if not np.all(np.isfinite(h)):
        i, j = (int(v) for v in np.argwhere(~np.isfinite(h))[0])
        raise ValueError(f"H must be finite; got {h[i, j]} at row {i}, column {j}. Replace it.")
    return h.astype(float)


def transformation_condition(h: np.ndarray, s: Setting, sigma: CornerMatrix) -> Condition:
    """What the second view H x does, on data with E[x x^T] = `sigma`.

    Source: ledger; chen2026, Assumption A.9 asks for `trace_leading` > 0, which is neither necessary nor sufficient.
    Units: traces and r dimensionless.
    Errors: those of `checked_transformation`.
    """
    h = checked_transformation(h, s.dim)
    n, c = s.n_clients, s.feature_dim
    aligned = dissimilar_alignment(h, sigma)
    r, unique = representability(CornerMatrix(aligned, 0.0, s.dim), c, n)
    scale = float(np.max(np.abs(aligned)))
    zero = ROUND_OFF * scale
    inside, outside, leak = aligned[:n, :n], aligned[n:, n:], aligned[n:, :n]
    least = float(np.linalg.eigvalsh(inside)[0])
    rivals = np.linalg.eigvalsh(outside) if n < s.dim else np.zeros(0)
    is_invariant = leak.size == 0 or float(np.max(np.abs(leak))) <= zero
    # An eigenvalue outside S that reaches the least one inside may take its place among the c.
    n_rivals = int(np.sum(rivals >= least - zero))
    return Condition(
        trace_signal=float(np.trace(h[:n, :n])),
        trace_leading=float(np.trace(h[:c, :c])),
        representability=tuple(float(v) for v in r),
        unique=unique,
        sensitivity=float(np.max(r) - np.min(r)),
        necessary=least > zero,
        condition_holds=c >= n and is_invariant and least > zero and n + n_rivals <= c,
        gap_bound=_gap_bound(aligned, leak, least, n, c),
    )


def _gap_bound(aligned: np.ndarray, leak: np.ndarray, least: float, n: int, c: int) -> float | None:
    """(|P_perp X P| / gap)^2 >= 1 - r_k, gap from the least eigenvalue of P X P to the largest one not represented.

    From V^T X = Lambda V^T for the rest V and X U = U (P X P) + leak: Z (P X P) - Lambda Z = -V^T leak, Z = V^T U.
    """
    if c < n:
        return None
    values = np.linalg.eigvalsh(aligned)[::-1]
    first_left_out = max(float(values[c]), 0.0) if c < len(values) else 0.0
    gap = least - first_left_out
    if gap <= 0:
        return None
    return float((np.linalg.norm(leak, 2) / gap) ** 2) if leak.size else 0.0
