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


def _small_turns(_: Context) -> Iterator[Point]:
    # Below this angle the least eigenvalue of sym(H Sigma) on S stays above the noise.
    for angle in np.linspace(0.0, math.pi / 8, 9):
        yield f"rotation by {angle:.4f} in the first two coordinates", plane_rotation(12, 0, 1, float(angle)), SETTING


def _perfect(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    return is_perfect(found, spoil), shown


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
            instead=("a10.small-rotations",),
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
            "a10.small-rotations",
            "corrected",
            "Rotations within the signal coordinates by up to pi/8 keep the whole signal.",
            ForAll(_small_turns, _perfect, "Positive there, nothing leaks, ranked first.", Evidence.NUMERIC),
        ),
    ),
)
