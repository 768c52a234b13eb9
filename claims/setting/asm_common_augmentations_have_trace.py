"""Remark A.10: rotations, flips, translations and blurs keep tr(P H_sym P) > 0 and the signal. Most do not."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.drawn.drawn_transformations import represented
from ledger.drawn.listed_moments import FL, MODEL, listed_moment
from ledger.drawn.listed_transformations import Listed, condition_at
from ledger.statement import Claim, Context, Evidence, Statement
from theory.domain import Condition, Domain, Point, Real, Whole
from theory.formula import Source
from theory.objectives.transformation_bounds import largest_rotation
from theory.objectives.transformations import named_transformation, plane_rotation
from theory.setting import Setting

SETTING = Setting.paper(12, n_clients=4)
# Keeping each signal coordinate by more than this would count as keeping the signal.
MOST = 0.99
# Bisection, and round-off of an eigenvalue over its slope in the angle, which vanishes like the angle itself.
ANGLE_ERROR = 1e-5


def _augmentations(_: Context) -> Iterator[Listed]:
    """What the remark names, as matrices."""
    for name in ("blur", "flip", "translation"):
        yield name, named_transformation(name, SETTING.n_clients, SETTING.dim), SETTING
    for turn in (1, 2, 3, 4):
        h = plane_rotation(SETTING.dim, 0, 1, turn * math.pi / 4)
        yield f"rotation by {turn} pi/4 in the first two coordinates", h, SETTING


def _has_trace(point: Listed, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    return found.trace_leading > (1 - spoil) * SETTING.dim, shown


def _keeps_signal(point: Listed, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    return spoil * min(found.representability) > MOST, shown


def signal_rotation(axes: np.ndarray, angles: np.ndarray, dim: int) -> np.ndarray:
    """Rotation by `angles` in the planes of the columns 0 and 1, 2 and 3, ... of `axes`, orthonormal and within S."""
    h = np.eye(dim)
    n = len(axes)
    for plane, angle in enumerate(angles):
        turned = axes[:, 2 * plane : 2 * plane + 2]
        inside = np.array([[math.cos(angle) - 1, -math.sin(angle)], [math.sin(angle), math.cos(angle) - 1]])
        h[:n, :n] += turned @ inside @ turned.T
    return h


ROTATIONS = Domain(
    (
        Whole("n_clients", 2, 8),
        Whole("dim", 3, 24),
        Real("tau", 0.0, math.inf, "()", reach=(0.05, 20.0), is_log=True),
        Real("mu", 0.0, math.inf, "()", reach=(0.05, 20.0), is_log=True),
        DRAW,
    ),
    (Condition("dim above n_clients", "N < d", lambda p: p["n_clients"] < p["dim"]),),
    assumes=f"{MODEL} The matrix is that of all clients, c = N; H rotates planes within the signal by up to pi/2.",
)
RANDOM_ROTATIONS = 3
STEPS = 30  # of bisection: the angle is known to pi/2 over 2^30


def _rotations(at: Point) -> list[tuple[np.ndarray, np.ndarray]]:
    """(axes, shares of the largest angle): the plane of the all-ones axis and another, and random planes."""
    n, rng = int(at["n_clients"]), np.random.default_rng((int(at["draw"]), 13))
    through_ones = np.column_stack([np.ones(n), rng.standard_normal((n, n - 1))])
    found = [(np.linalg.qr(through_ones)[0][:, :2], np.ones(1))]
    for _ in range(RANDOM_ROTATIONS):
        found.append((np.linalg.qr(rng.standard_normal((n, n)))[0], np.append(1.0, rng.random(n // 2 - 1))))
    return found


def _first_loss(at: Point, _: Effort) -> Sample:
    """The least angle, over some rotations, at which the signal is no longer represented whole; by bisection."""
    n, moment = int(at["n_clients"]), listed_moment({**at, "scope": FL})
    angles = []
    for axes, shares in _rotations(at):
        kept, lost = 0.0, math.pi / 2
        for _step in range(STEPS):
            angle = (kept + lost) / 2
            product = signal_rotation(axes, angle * shares, len(moment)) @ moment
            is_kept = represented((product + product.T) / 2, n, n).min() > MOST
            kept, lost = (angle, lost) if is_kept else (kept, angle)
        angles.append((kept + lost) / 2)
    return Sample(np.array([min(angles)]), ANGLE_ERROR)


def _largest(at: Point) -> float:
    n = int(at["n_clients"])
    return largest_rotation(Setting(n, int(at["dim"]), n, 100, float(at["tau"]), float(at["mu"])))


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
                _augmentations,
                _has_trace,
                (
                    "A shift is a permutation of the pixels. If it fixes no signal coordinate, its trace on the "
                    "signal is 0."
                ),
                Evidence.NUMERIC,
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
                "The transformation moves signal to neighbouring coordinates, or reverses its sign.",
                Evidence.NUMERIC,
            ),
            instead=("a10.rotations-angle",),
        ),
        Statement(
            "a10.shift-trace",
            "corrected",
            "A shift that moves every signal coordinate to another place has tr(P H_sym P) = 0.",
            Identity(
                lambda: sp.Integer(0),
                lambda: ((_derangement() + _derangement().T) / 2).trace(),
                "The trace of a permutation counts its fixed points.",
            ),
        ),
        Statement(
            "a10.rotations-angle",
            "corrected",
            "Let cos(phi) = (mu^2 + (N - 2) tau^2/8)/(mu^2 + N tau^2/8 + 1/N). Every rotation within the signal "
            "by angles below phi keeps the whole signal. For every larger angle up to pi/2, some rotation by this "
            "angle does not.",
            OnDomain(
                ROTATIONS,
                Then("=", _largest, _first_loss),
                "Below that angle the symmetric part of H E[x x^T] exceeds mu^2 on the signal. The worst plane "
                "contains the direction of the all-ones vector.",
                Evidence.SEARCHED,
                points=(6, 100),
            ),
            latex=r"\cos\varphi = \frac{\mu^2 + (N-2)\tau^2/8}{\mu^2 + N\tau^2/8 + 1/N}",
            replaces=("a10.small-rotations",),
        ),
    ),
)
