"""Eq (1): the global objectives of decentralised and federated learning, as typed and as the proofs use them."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Empty, ForAll, Identity, Printed
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.drawn_networks import DRAW, RINGS_ARE_WIDE, clients_at, network_at, network_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement, Status
from theory.domain import Domain, Point, Whole
from theory.formula import Source
from theory.networks.mixing import mixing_matrix, objective_weights_of
from theory.networks.objective_weights import neighbourhoods, objective_weights, uniform_mixing
from theory.objectives import linear_alignment

BECAUSE_TYPED = (
    "The minimum runs over W, but the losses are those of W_1, ..., W_N, so nothing in the sum depends on W. And "
    "a minimum is a value, not a matrix W*. We take the argmin over one common W, as the proofs do from Eq (25) "
    "on."
)
BECAUSE_ROTATION = (
    "The losses depend on W through W^T W alone. So W and -W are equally good, and so is any rotation QW. The "
    "average of equally good models can be 0."
)
STAR = nx.star_graph(3)


NETWORKS = Domain(
    (*network_parameters(least=2), DRAW, Whole("dim", 1, 6), Whole("feature_dim", 1, 6)),
    (RINGS_ARE_WIDE,),
    assumes="The network is connected and undirected; each client has a symmetric matrix of its own, W is any.",
)


def losses_at(at: Point) -> list[float]:
    """L_1, ..., L_N at one common random W, each with the alignment matrix of its client."""
    shape = int(at["feature_dim"]), int(at["dim"])
    w = np.random.default_rng((int(at["draw"]), 5)).standard_normal(shape)
    return [linear_alignment.loss(w, x) for x in clients_at(at, "symmetric")]


def weighted_objective(at: Point) -> float:
    """sum_k w_k L_k with the clients' objective weights."""
    weights = objective_weights_of(mixing_matrix(network_at(at), "uniform"))
    return float(weights @ losses_at(at))


def printed_objective(at: Point, _: Effort) -> Sample:
    """The decentralised line of Eq (1) with one common W: a double sum over clients and neighbourhoods."""
    links, loss = network_at(at), losses_at(at)
    total = 0.0
    for i in range(len(links)):
        members = [j for j in range(len(links)) if j == i or links[i, j]]
        total += sum(loss[j] for j in members) / len(members)
    return Sample(np.array([total / len(links)]), ROUND_OFF * max(map(abs, loss)))


def nothing_depends_on_w(spoil: float) -> bool:
    """The derivative of the printed sum with respect to W, the losses being functions of W_1, W_2, W_3."""
    w, own = sp.Symbol("W"), sp.symbols("W_1:4")
    total = sum(sp.Function("L")(w_j) for w_j in own) / 3 + (sp.Rational(str(spoil)) - 1) * w
    return sp.diff(total, w) == 0


def average_is_no_worse(signs: tuple[int, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Two clients with one and the same X = I, each at a minimiser: does the average of the two minimise as well?"""
    x = np.eye(2)
    minimisers = [sign * np.eye(2) for sign in signs]
    best = linear_alignment.loss(minimisers[0], x)
    averaged = linear_alignment.loss(sum(minimisers, np.zeros((2, 2))) / 2, x)
    return averaged <= best, {"W_1": f"{signs[0]} I", "W_2": f"{signs[1]} I", "loss": best, "loss_of_average": averaged}


def star_weights() -> sp.Matrix:
    """Objective weights of the star with three leaves, the hub first; exact, shape (4, 1)."""
    mixing = uniform_mixing(neighbourhoods(nx.to_numpy_array(STAR, dtype=np.dtype(bool))))
    return sp.Matrix([sp.Rational(w.numerator, w.denominator) for w in objective_weights(mixing)])


CLAIM = Claim(
    id="eq-global-objectives",
    title="The global objectives: which loss of which client they weigh",
    items=("eq-1",),
    source=Source("chen2026", "Eq (1), Section 3.1"),
    statements=(
        Statement(
            "eq1.objective-as-typed",
            "printed",
            "W* is the minimum over W of an average of the losses L_j(W_j).",
            Empty(Status.ILL_FORMED, BECAUSE_TYPED, nothing_depends_on_w),
            reading=read_as(parts.AS_TYPED),
            instead=("eq1.objective-by-weights",),
        ),
        Statement(
            "eq1.connectivity-over-n",
            "printed",
            "The average connectivity is a mean over n clients.",
            Printed(
                Status.ILL_FORMED, "Section 3.1 defines N clients and no n; Assumption A.1 has N in the same place."
            ),
            reading=read_as(parts.AS_TYPED),
            instead="not known",
        ),
        Statement(
            "eq1.averaged-local-models",
            "expected",
            "Averaging local models, each trained alone, minimises the average of the local losses.",
            ForAll(lambda context: ((1, 1), (1, -1)), average_is_no_worse, BECAUSE_ROTATION, Evidence.ENUMERATED),
            instead=(
                "eq25.averaged-fl-mim",
                "eq25.averaged-fl-cl",
            ),
        ),
        Statement(
            "eq1.objective-by-weights",
            "corrected",
            "With one common W the decentralised objective is sum_k w_k L_k. The weight w_k is 1/N times the sum "
            "of 1/|A_i| over client k and its neighbours i.",
            OnDomain(
                NETWORKS,
                Then("=", weighted_objective, printed_objective),
                "This is the double sum of Eq (1), in which each client's terms are collected.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.MENDED),
            replaces=("eq25.client-weights",),
        ),
        Statement(
            "eq1.star-weights",
            "corrected",
            "On the star with three leaves, with one common W, the loss of the hub has the weight 7/16, and that "
            "of each leaf 3/16.",
            Identity(
                lambda: sp.Matrix([7, 3, 3, 3]) / 16,
                star_weights,
                "The weights are the column means of the mixing matrix.",
            ),
            reading=read_as(parts.MENDED),
            replaces=("eq25.star-weights",),
        ),
    ),
)
