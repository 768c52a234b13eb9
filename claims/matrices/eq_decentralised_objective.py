"""Eqs (25), (26), (34), (35), (47), (48) and (50): averaging local distances is one distance to the averaged matrix.

They hold, as objectives with one common W and uniform weights 1/|A_i|: the network enters through one weight per
client.
"""

import networkx as nx
import numpy as np
import sympy as sp

from ledger.checks.enumerated import generic
from ledger.checks.kinds import Identity
from ledger.statement import Claim, Statement
from theory.formula import Source
from theory.networks.objective_weights import neighbourhoods, uniform_mixing

STAR = nx.star_graph(3)
COMPLETE = nx.complete_graph(4)
GRAM = generic("y", 2, 2)
MATRICES = [generic(f"x{i}_", 2, 2) for i in range(4)]


def _square(matrix: sp.Matrix) -> sp.Expr:
    return (matrix.T * matrix).trace()


def _mixing(graph: nx.Graph) -> list[list[sp.Rational]]:
    rows = uniform_mixing(neighbourhoods(nx.to_numpy_array(graph, dtype=np.dtype(bool))))
    return [[sp.Rational(entry.numerator, entry.denominator) for entry in row] for row in rows]


def _nested_objective(graph: nx.Graph) -> sp.Expr:
    """(1/N) sum_i (1/|A_i|) sum_{j in A_i} |X_j - W^T W|^2, as printed."""
    rows = _mixing(graph)
    terms = (entry * _square(MATRICES[j] - GRAM) for row in rows for j, entry in enumerate(row))
    return sum(terms, sp.Integer(0)) / len(rows)


def _averaged(graph: nx.Graph) -> sp.Matrix:
    rows = _mixing(graph)
    total = sum((entry * MATRICES[j] for row in rows for j, entry in enumerate(row)), sp.zeros(2, 2))
    return total / len(rows)


def _slope(objective: sp.Expr) -> sp.Matrix:
    return sp.Matrix([sp.diff(objective, y) for y in GRAM])


def _local_loss(x: sp.Matrix) -> sp.Expr:
    # Written with the Gram matrix: -tr(X Y) + 0.5 |Y|^2, the loss of Eqs (2) and (4).
    return -(x.T * GRAM).trace() + _square(GRAM) / 2


def _global_loss(graph: nx.Graph) -> sp.Expr:
    rows = _mixing(graph)
    terms = (entry * _local_loss(MATRICES[j]) for row in rows for j, entry in enumerate(row))
    return sum(terms, sp.Integer(0)) / len(rows)


def _objective(key: str, equation: str, graph: nx.Graph, who: str) -> Statement:
    return Statement(
        key,
        "printed",
        f"({equation}): the global objective of {who} is the average of the local distances.",
        Identity(
            lambda: _slope(_nested_objective(graph) / 2),
            lambda: _slope(_global_loss(graph)),
            "Half of it differs from Eq (1) by a constant, because all derivatives agree.",
        ),
        latex=r"\min_W \tfrac1N \sum_i \tfrac{1}{|A_i|} \sum_{j \in A_i} \|X_j - W^\top W\|_F^2",
        about=(f"eq-{equation}",),
    )


def _same_minimiser(key: str, equation: str, graph: nx.Graph, who: str) -> Statement:
    return Statement(
        key,
        "printed",
        f"({equation}): for {who} the distance to the averaged matrix has the same minimiser.",
        Identity(
            lambda: _slope(_square(_averaged(graph) - GRAM)),
            lambda: _slope(_nested_objective(graph)),
            "The two objectives differ by a constant, because all their derivatives agree.",
        ),
        latex=r"\min_W \|\overline{X} - W^\top W\|_F^2",
        about=(f"eq-{equation}",),
    )


CLAIM = Claim(
    id="eq-decentralised-objective",
    title="The global objective is a distance to one averaged matrix",
    items=("eq-25", "eq-26", "eq-34", "eq-35", "eq-47", "eq-48", "eq-50"),
    source=Source("chen2026", "A.6.2, Eqs (25), (26), (34), (35); A.6.3, Eqs (47), (48), (50)"),
    statements=(
        _objective("eq25.distances-decl-mim", "25", STAR, "decentralised MIM"),
        _same_minimiser("eq25.averaged-decl-mim", "26", STAR, "decentralised MIM"),
        _objective("eq25.distances-fl-mim", "34", COMPLETE, "federated MIM"),
        _same_minimiser("eq25.averaged-fl-mim", "35", COMPLETE, "federated MIM"),
        _objective("eq25.distances-decl-cl", "47", STAR, "decentralised CL"),
        _same_minimiser("eq25.averaged-decl-cl", "48", STAR, "decentralised CL"),
        _same_minimiser("eq25.averaged-fl-cl", "50", COMPLETE, "federated CL"),
    ),
)
