"""Remark A.10: rotations, flips, translations and blurs keep tr(P H_sym P) > 0 and the signal. Most do not."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp

from claims.setting.ref_transformation_conditions import Point, condition_at, is_perfect
from ledger.checks.kinds import ForAll, Identity
from ledger.statement import Claim, Context, Evidence, Statement
from theory.formula import Source
from theory.objectives.transformations import named_transformation, plane_rotation
from theory.setting import Setting

SETTING = Setting.paper(12, n_clients=4)
# Keeping each signal coordinate by more than this would count as keeping the signal.
MOST = 0.99


def _augmentations(_: Context) -> Iterator[Point]:
    """What the remark names, as matrices."""
    for name in ("blur", "flip", "translation"):
        yield name, named_transformation(name, SETTING.n_clients, SETTING.dim), SETTING
    for turn in (1, 2, 3, 4):
        h = plane_rotation(SETTING.dim, 0, 1, turn * math.pi / 4)
        yield f"rotation by {turn} pi/4 in the first two coordinates", h, SETTING


def _has_trace(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    return found.trace_leading > (1 - spoil) * SETTING.dim, shown


def _keeps_signal(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    return spoil * min(found.representability) > MOST, shown


def largest_angle(s: Setting) -> float:
    """The angle below which every rotation within the signal keeps the signal whole, data of all clients, c = N.

    On S the second moment is A I + B J, and a rotation Q by angles of at most phi has v^T Q v >= cos(phi) and
    (v^T Q 1)(v^T 1) >= -N (1 - cos(phi))/2 for each unit v. One plane through the all-ones direction reaches both
    at once. So the least eigenvalue of sym(Q Sigma) on S is at least A cos(phi) - B N (1 - cos(phi))/2, and the noise
    outside S has mu^2.

    Units: radians, below pi/2.
    """
    n, tau2, mu2 = s.n_clients, float(s.tau) ** 2, float(s.mu) ** 2
    return math.acos((mu2 + (n - 2) * tau2 / 8) / (mu2 + n * tau2 / 8 + 1 / n))


def signal_rotation(axes: np.ndarray, angles: np.ndarray, dim: int) -> np.ndarray:
    """Rotation by `angles` in the planes of the columns 0 and 1, 2 and 3, ... of `axes`, orthonormal and within S."""
    h = np.eye(dim)
    n = len(axes)
    for plane, angle in enumerate(angles):
        turned = axes[:, 2 * plane : 2 * plane + 2]
        inside = np.array([[math.cos(angle) - 1, -math.sin(angle)], [math.sin(angle), math.cos(angle) - 1]])
        h[:n, :n] += turned @ inside @ turned.T
    return h


Turn = tuple[float, bool, Point]


def _turns(context: Context) -> Iterator[Turn]:
    """(share of the largest angle, whether the rotation is the worst of its angle, the rotation with its setting)."""
    rng = np.random.default_rng(context.seed)
    for number in range(context.trials(24, 240)):
        n = round(math.exp(rng.uniform(math.log(2), math.log(40))))
        dim = n + round(math.exp(rng.uniform(0, math.log(150))))
        # The paper's tau and mu, and then any.
        s = Setting.paper(dim, n_clients=n)
        if number % 2 == 0:
            tau, mu = (float(math.exp(v)) for v in rng.uniform(-3, 3, 2))
            s = Setting.paper(dim, n_clients=n, tau=tau, mu=mu)
        random_axes = rng.standard_normal((n, n))
        through_ones = np.column_stack([np.ones(n), random_axes[:, 1:]])
        for share in (0.5, 0.99, 1.01):
            angle = share * largest_angle(s)
            worst = signal_rotation(np.linalg.qr(through_ones)[0][:, :2], np.array([angle]), dim)
            yield share, True, (f"rotation by {angle:.6f} in a plane through the all-ones direction", worst, s)
            any_angles = angle * rng.uniform(0, 1, n // 2)
            turned = signal_rotation(np.linalg.qr(random_axes)[0], any_angles, dim)
            yield share, False, (f"rotation by {any_angles.round(6).tolist()} in random planes", turned, s)


def _kept_below_the_angle(turn: Turn, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    share, is_worst, point = turn
    found, shown = condition_at(point)
    predicted = share < spoil
    holds = is_perfect(found) == predicted if is_worst else is_perfect(found) or not predicted
    return holds, shown | {"share_of_largest_angle": share, "largest_angle": largest_angle(point[2])}


def _derangement() -> sp.Matrix:
    shift = sp.zeros(4, 4)
    for k in range(4):
        shift[(k + 1) % 4, k] = 1
    return shift


CLAIM = Claim(
    id="asm-common-augmentations-have-trace",
    title="Common augmentations and the condition on H",
    items=("remark-A.10",),
    source=Source("chen2026", "Remark A.10"),
    statements=(
        Statement(
            "a10.trace-positive",
            "printed",
            "Rotations, flips, translations and blurs have tr(P H_sym P) > 0.",
            ForAll(
                _augmentations, _has_trace, "A permutation without a fixed point in S has trace 0.", Evidence.NUMERIC
            ),
            instead=("a10.shift-trace",),
        ),
        Statement(
            "a10.directions-kept",
            "printed",
            "Rotations, flips, translations and blurs keep the class-discriminative directions.",
            ForAll(
                _augmentations,
                _keeps_signal,
                "The signal leaks into its neighbours, or changes sign.",
                Evidence.NUMERIC,
            ),
            instead=("a10.rotations-angle",),
        ),
        Statement(
            "a10.shift-trace",
            "corrected",
            "A shift that moves every signal coordinate has tr(P H_sym P) = 0.",
            Identity(
                lambda: sp.Integer(0),
                lambda: ((_derangement() + _derangement().T) / 2).trace(),
                "The trace of a permutation counts its fixed points.",
            ),
        ),
        Statement(
            "a10.rotations-angle",
            "corrected",
            "All rotations within the signal coordinates by angles of at most phi keep the whole signal, exactly when "
            "cos(phi) > (mu^2 + (N - 2) tau^2/8)/(mu^2 + N tau^2/8 + 1/N).",
            ForAll(
                _turns,
                _kept_below_the_angle,
                "Below that angle sym(H Sigma) exceeds mu^2 on the signal. The worst plane holds the all-ones axis.",
            ),
            reading="population of all clients, c = N, no rare class, 0 <= phi <= pi/2",
            latex=r"\cos\varphi > \frac{\mu^2 + (N-2)\tau^2/8}{\mu^2 + N\tau^2/8 + 1/N}",
            replaces=("a10.small-rotations",),
        ),
    ),
)
