"""A referee's question: is the rare class e_i or e_{h_i}, is there one q or one a coordinate, and what changes?"""

import itertools
from collections.abc import Mapping
from typing import Any

import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.data.moments import symbolic_local_block
from theory.formula import Source
from theory.symbols import mu, rare_fraction, tau

N, CLIENT = 4, 1
OTHERS = [k for k in range(N) if k != CLIENT]
RARE = rare_fraction


def signal_part(block: sp.Matrix) -> sp.Matrix:
    """The block without the pixel noise."""
    return (block - mu**2 * sp.eye(N)).applyfunc(sp.expand)


def block_with_one_offset() -> sp.Matrix:
    """E[x x^T] on S when one q is drawn for a whole sample, labels and q listed."""
    total = sp.zeros(N, N)
    outcomes = list(itertools.product((1, -1), (0, 1)))
    for label, q in outcomes:
        x = sp.Matrix([label if k == CLIENT else -tau * q for k in range(N)])
        total += x * x.T / len(outcomes)
    return total


def closed_block(diagonal: sp.Expr, off: sp.Expr) -> sp.Matrix:
    """1 at the client's coordinate; `diagonal` and `off` among the others."""

    def entry(i: int, j: int) -> sp.Expr:
        if i == CLIENT or j == CLIENT:
            return sp.Integer(int(i == j))
        return diagonal if i == j else off

    return sp.Matrix(N, N, entry)


def own_entry(rare_coordinate: int) -> sp.Expr:
    """E[x_i^2] at the client's own coordinate i, pixel noise included, its rare class at `rare_coordinate`."""
    return sp.expand(symbolic_local_block(N, CLIENT, rare_coordinate)[CLIENT, CLIENT])


def signal_rank(offsets: str, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Does one client's data span all N signal coordinates? (Spoiled: and one more?)"""
    block = block_with_one_offset() if offsets == "one q a sample" else signal_part(symbolic_local_block(N, CLIENT))
    rank = block.rank()
    return rank >= N + (0 if spoil == 1 else 1), {"offsets": offsets, "clients": N, "rank": rank}


CLAIM = Claim(
    id="ref-rare-class-and-offsets",
    title="The rare class's coordinate and the number of offsets",
    items=("referee-3",),
    source=Source("chen2026", "Section 3.2; reviewer 1, question 3"),
    question=(
        "Should the rare mean be e_{h_i}, should each coordinate have its own q, and what do the corrections change?"
    ),
    statements=(
        Statement(
            "offsets.diagonal-independent",
            "printed",
            "(18), divided by 2p(1-p): one client's second moment on the signal is diagonal, with tau^2 at the "
            "other clients' coordinates.",
            Identity(
                lambda: closed_block(tau**2, sp.Integer(0)),
                lambda: signal_part(symbolic_local_block(N, CLIENT)),
                "With an offset q for each coordinate the diagonal entries are tau^2/2 and the others tau^2/4.",
            ),
            reading=read_as(parts.EACH_COORDINATE),
            instead=("eq18.second-moment",),
        ),
        Statement(
            "offsets.diagonal-one-offset",
            "printed",
            "(18), divided by 2p(1-p): one client's second moment on the signal is diagonal, with tau^2 at the "
            "other clients' coordinates.",
            Identity(
                lambda: closed_block(tau**2, sp.Integer(0)),
                block_with_one_offset,
                "With one offset q for each sample every entry between other clients' coordinates is tau^2/2.",
            ),
            reading=read_as(parts.ONE_OFFSET),
            instead=("offsets.one-offset-block",),
        ),
        Statement(
            "offsets.rank-one-offset",
            "expected",
            "The data of one client span all N signal coordinates.",
            ForAll(
                lambda context: ("one q a sample",),
                signal_rank,
                "The offsets then lie on one line, so the data have rank 2. One client alone cannot reach r_k = 1 "
                "for all k.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.ONE_OFFSET),
            instead=("offsets.one-offset-block",),
        ),
        Statement(
            "offsets.one-offset-block",
            "corrected",
            "With one offset q for each sample, all entries of one client's second moment between other clients' "
            "coordinates are tau^2/2.",
            Identity(lambda: closed_block(tau**2 / 2, tau**2 / 2), block_with_one_offset, "All outcomes are listed."),
            reading=read_as(parts.ONE_OFFSET),
        ),
        Statement(
            "offsets.rare-own-entry",
            "corrected",
            "A rare class at the client's own coordinate leaves the entry there at 1. A rare class at another "
            "coordinate lowers that entry to 1 - rho.",
            Identity(
                lambda: sp.Matrix([1 + mu**2, 1 - RARE + mu**2]),
                lambda: sp.Matrix([own_entry(CLIENT), own_entry(OTHERS[0])]),
                "rho is the share of the samples that are of the rare class.",
            ),
        ),
    ),
)
