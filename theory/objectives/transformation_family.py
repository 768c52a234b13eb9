"""A list of linear transformations, simplest first, for searches."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.objectives.transformations import NAMES, named_transformation, plane_rotation

SCALES = (Fraction(1, 20), Fraction(1), Fraction(10), Fraction(60), Fraction(-1), Fraction(-10))
TURNS = tuple(Fraction(k, 8) for k in range(1, 9))


def family(n_signal: int, feature_dim: int, dim: int) -> Iterator[tuple[str, np.ndarray]]:
    """(words, H): the named ones, then rotations of two coordinates, then different scales on S, up to c, and beyond.

    The rotations turn two signal coordinates or one of each kind, by multiples of pi/8.

    Source: ledger. Finite and always in the same order.
    """
    for name in NAMES:
        yield name, named_transformation(name, n_signal, dim)
    planes = [(0, 1)] + ([(0, n_signal)] if n_signal < dim else [])
    for turn, (first, second) in itertools.product(TURNS, planes):
        words = f"rotation by {turn} pi in coordinates {first} and {second}"
        yield words, plane_rotation(dim, first, second, float(turn) * math.pi)
    for signal, leading, rest in itertools.product(SCALES, repeat=3):
        scales = np.repeat(
            [float(signal), float(leading), float(rest)], [n_signal, feature_dim - n_signal, dim - feature_dim]
        )
        yield f"scaling by {signal} on S, {leading} up to c, {rest} beyond", np.diag(scales)


def small_integer_matrices(largest: int = 1) -> Iterator[sp.Matrix]:
    """Every 2 x 2 matrix with entries from -largest to largest, those of least size first."""
    entries = range(-largest, largest + 1)
    listed = sorted(itertools.product(entries, repeat=4), key=lambda e: (sum(abs(v) for v in e), e))
    for a, b, c, d in listed:
        yield sp.Matrix([[a, b], [c, d]])
