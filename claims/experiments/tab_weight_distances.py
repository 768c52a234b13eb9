"""Table 5: distances between weights of local and global models, as printed."""

import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.formula import Source

PAIRS = ("local 1, local 100", "local 1, global", "local 100, global")
# Source: chen2026, Table 5: the sum over layers of the l2 norms of the differences.
DISTANCES = {
    "SimSiam": tuple(map(Decimal, ("45.37", "40.34", "38.39"))),
    "MAE": tuple(map(Decimal, ("36.10", "31.57", "31.77"))),
    "MAR": tuple(map(Decimal, ("35.75", "31.38", "31.25"))),
}


def is_shorter(point: tuple[str, str, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the first method's models of a pair are nearer each other than the second's."""
    near, far, pair = point
    mine, theirs = DISTANCES[near][pair], DISTANCES[far][pair]
    return mine < theirs * Decimal(str(spoil)), {"pair": PAIRS[pair], near: str(mine), far: str(theirs)}


def triangle(point: tuple[str, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """A sum of norms is a norm: no side is longer than the other two together (times `spoil`)."""
    method, side = point
    sides = DISTANCES[method]
    others = sum(sides) - sides[side]
    return sides[side] <= others * Decimal(str(spoil)), {
        "method": method,
        "side": PAIRS[side],
        "lengths": list(map(str, sides)),
    }


def compared(*methods: tuple[str, str]) -> list[tuple[str, str, int]]:
    """Two methods, the one said to be shorter first, for each of the three pairs of models."""
    return [(near, far, pair) for near, far in methods for pair in range(3)]


CLAIM = Claim(
    id="tab-weight-distances",
    title="Table 5: distances between the weights of local and global models",
    items=("table-5",),
    source=Source("chen2026", "Table 5, A.3.1"),
    statements=(
        Statement(
            "tab5.masked-below-simsiam",
            "printed",
            "Both masked methods have shorter distances than SimSiam, for all three pairs.",
            ForAll(
                lambda context: compared(("MAE", "SimSiam"), ("MAR", "SimSiam")),
                is_shorter,
                "One model each; distances are not scaled by the size of the weights, and no spread is printed.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
            spoil=0.8,
        ),
        Statement(
            "tab5.mar-below-mae",
            "printed",
            "MAR has shorter distances than MAE, for all three pairs.",
            ForAll(
                lambda context: compared(("MAR", "MAE")),
                is_shorter,
                "They are shorter by 0.19 to 0.52, which is 1.6% at most.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
        ),
        Statement(
            "tab5.triangle-inequality",
            "expected",
            "The nine numbers can be distances of three models: each obeys the triangle inequality.",
            ForAll(
                lambda context: itertools.product(DISTANCES, range(3)),
                triangle,
                "Sums of norms of differences obey the triangle inequality.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
            spoil=0.5,
        ),
    ),
)
