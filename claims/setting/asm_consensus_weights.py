"""Assumption A.3 and Remark A.4: what row sums of one and the sparsity of the graph do, and do not, secure."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.drawn_networks import DRAW, RINGS_ARE_WIDE, SYMMETRIC, mixing_at, network_at, network_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.resting_clients import DIM, FEATURE_DIM, Trained, at_rest, clients
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.domain import Domain, Point, Quantifier, Real
from theory.formula import OutOfDomainError, Source
from theory.networks import small_networks as networks
from theory.networks.mixing import perron_weights
from theory.networks.objective_entries import least_gap
from theory.networks.objective_weights import objective_weights
from theory.networks.small_networks import degree_normalised, members, metropolis, uniform
from theory.training.consensus import client_variance
from theory.training.subspace_drift import deviation_bound

Mixing = list[list[Fraction]]
STEP_SIZE, ROUNDS = 0.02, 4000
BECAUSE_SWAP = (
    "Let two clients swap their models in each round. The rows of this mixing matrix sum to 1 and keep to the "
    "links. It has the eigenvalue -1, so the two clients never agree."
)
BECAUSE_TARGET = (
    "The weight of a client in the objective is the mean of a column of the mixing matrix. Assumption A.3 says "
    "nothing about columns."
)


RULES: tuple[Callable[[nx.Graph], Mixing], ...] = (uniform, metropolis, degree_normalised)


def small_networks(context: Context) -> list[nx.Graph]:
    """Every connected network of two to five clients (full: six)."""
    return list(networks.connected_networks(2, 5 if context.tier == "quick" else 6))


def rules_satisfy(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether every rule gives weights of at least 0, on neighbours and oneself only, in rows of sum `spoil`."""
    heard, row_sum = members(graph), Fraction(str(spoil))
    for rule in RULES:
        mixing = rule(graph)
        sparse = all(
            inside or w == 0
            for row, mask in zip(mixing, heard, strict=True)
            for w, inside in zip(row, mask, strict=True)
        )
        if not sparse or any(sum(row) != row_sum or min(row) < 0 for row in mixing):
            return False, {"network": networks.name(graph), "rule": rule.__name__}
    return True, {}


def second_modulus(mixing: Mixing) -> sp.Expr:
    """The largest modulus of an eigenvalue other than one copy of 1."""
    values = [v for v, count in sp.Matrix(mixing).eigenvals().items() for _ in range(count)]
    values.remove(sp.Integer(1))
    return max((sp.Abs(v) for v in values), default=sp.Integer(0))


def two_clients(context: Context) -> list[Mixing]:
    """Mixings of two linked clients allowed by Assumption A.3, ending with the swap (it allows weight 0 on oneself)."""
    return [[[1 - w, w], [w, 1 - w]] for w in (Fraction(1, 2), Fraction(3, 4), Fraction(1))]


def agreement(mixing: Mixing, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether all eigenvalues but one lie inside the unit circle: repeated averaging then ends in one model."""
    modulus = second_modulus(mixing)
    return bool(modulus < 1), {"mixing": [[str(w) for w in row] for row in mixing], "second_modulus": str(modulus)}


GAP_DOMAIN = Domain(
    (*network_parameters(32, least=2, rules=("uniform", "metropolis")), DRAW),
    (RINGS_ARE_WIDE,),
    assumes="The network is connected and undirected; a neighbourhood counts the client itself.",
)


def _measured_gap(at: Point, _: Effort) -> Sample:
    """1 minus the largest modulus of an eigenvalue other than one copy of 1."""
    # Both rules are similar to symmetric matrices, so eigenvalues come out to 1e-14, repeated ones too.
    moduli = np.sort(np.abs(np.linalg.eigvals(mixing_at(at))))[::-1]
    return Sample(np.array([1 - moduli[1]]), ROUND_OFF)


def tilted_star(context: Context) -> list[Mixing]:
    """A star of four in which every client listens to the hub with weight w."""

    def mixing(w: Fraction) -> Mixing:
        return [[Fraction(1), Fraction(0), Fraction(0), Fraction(0)]] + [
            [w] + [1 - w if j == i else Fraction(0) for j in range(1, 4)] for i in range(1, 4)
        ]

    return [mixing(w) for w in (Fraction(1, 2), Fraction(99, 100))]


def counts_every_client(mixing: Mixing, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether all clients have one weight in the objective, the column mean of the mixing matrix."""
    weights = objective_weights(mixing)
    return len(set(weights)) == 1, {
        "mixing": [[str(w) for w in row] for row in mixing],
        "weights": [str(w) for w in weights],
    }


def doubly_stochastic_weights() -> sp.Matrix:
    """Column means of the general doubly stochastic matrix of four clients."""
    a = sp.Matrix(3, 3, sp.symbols("a:9"))
    last_column = sp.ones(3, 1) - a * sp.ones(3, 1)
    upper = a.row_join(last_column)
    full = upper.col_join(sp.ones(1, 4) - sp.ones(1, 3) * upper)
    assert (full * sp.ones(4, 1)).applyfunc(sp.expand) == sp.ones(4, 1), "the last row sums to 1 as well"
    return (sp.ones(1, 4) * full / 4).applyfunc(sp.expand)


def as_array(mixing: Mixing) -> np.ndarray:
    """The mixing matrix in floating point, shape (clients, clients)."""
    return np.array([[float(w) for w in row] for row in mixing])


def trained_agreement(mixing: Mixing, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Two clients start from models that differ: do rounds of training bring them a hundred times closer together?"""
    x = clients(2)
    starts = np.random.default_rng(0).standard_normal((2, FEATURE_DIM, DIM)) / 2
    run = train(starts, x, as_array(mixing), TrainingOptions(step_size=STEP_SIZE, rounds=ROUNDS))
    before, after = client_variance(starts), float(run.consensus_post_mix[-1])
    return after <= before / 100, {
        "mixing": [[str(w) for w in row] for row in mixing],
        "rounds": ROUNDS,
        "consensus_error_before": before,
        "consensus_error_after": after,
    }


def trained_target(mixing: Mixing, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is the averaged model within a tenth of the federated optimum, as a subspace?"""
    trained = at_rest(as_array(mixing), clients(len(mixing)), STEP_SIZE)
    return trained.error <= 0.1 * spoil, {
        "mixing": [[str(w) for w in row] for row in mixing],
        "training_weights": perron_weights(as_array(mixing)).tolist(),
        "subspace_error": trained.error,
    }


TRAINED = Domain(
    (
        *network_parameters(8, least=2, rules=SYMMETRIC),
        DRAW,
        Real("level", 0.0, 1.0, "(]", reach=(0.01, 0.5)),
        Real("step_size", 0.0, np.inf, "()", reach=(1e-4, 0.02), is_log=True),
    ),
    (RINGS_ARE_WIDE,),
    Quantifier.IN_THE_LIMIT,
    assumes=(
        "The network is connected and undirected. Clients have random matrices in 6 dimensions, a share `level` of "
        "each its own, and train 2 features with one step a round until at rest. The subspaces' overlap is tr(P P*)."
    ),
    limit="step_size -> 0",
)


@lru_cache(maxsize=64)
def _at_rest(at: tuple[tuple[str, Any], ...]) -> Trained | None:
    """Training at rest at a point; None where the clients differ too much for the iteration to settle."""
    point = dict(at)
    x = clients(point["n_clients"], point["level"], point["draw"])
    try:
        return at_rest(mixing_at(point), x, point["step_size"])
    except OutOfDomainError:
        return None


def _overlap(at: Point, _: Effort) -> Sample:
    """tr(P P*), P of the averaged model and P* of the optimum for the plain mean of the clients."""
    trained = _at_rest(tuple(at.items()))
    found = np.nan if trained is None else float(np.sum(trained.projector * trained.wanted))
    return Sample(np.array([found]), 1e-10)


def _overlap_missing(at: Point) -> float:
    """|P - P*|^2 / 2, at most: from how far apart the clients' models stand, which is of the order of the step size."""
    trained = _at_rest(tuple(at.items()))
    if trained is None:
        return 0.0
    n = len(trained.models)
    return deviation_bound(trained.models, trained.problem.covariances, np.full(n, 1 / n)) ** 2 / 2


CLAIM = Claim(
    id="asm-consensus-weights",
    title="Row-stochastic weights on the graph: what they secure and what they do not",
    items=("assumption-A.3", "remark-A.4"),
    source=Source("chen2026", "Assumption A.3, Remark A.4, A.6.1"),
    statements=(
        Statement(
            "a3.listed-rules",
            "printed",
            "Uniform, degree-normalised and symmetric doubly stochastic rules satisfy the assumption.",
            ForAll(
                small_networks,
                rules_satisfy,
                "On every small network, each rule has rows that sum to 1 and no weight off the links.",
                Evidence.SEARCHED,
            ),
            about=("remark-A.4",),
        ),
        Statement(
            "a3.repeated-averaging",
            "expected",
            'Repeated averaging with weights that satisfy A.3 makes the clients agree, as the name "consensus '
            'weights" says.',
            ForAll(two_clients, agreement, BECAUSE_SWAP, Evidence.ENUMERATED),
            instead=("a3.averaging-self-weight",),
            about=("assumption-A.3",),
        ),
        Statement(
            "a3.objective-any-weights",
            "printed",
            "The results need only the properties in A.3: whatever the weights, the objective is that of Eq (1) "
            "with uniform weights.",
            ForAll(tilted_star, counts_every_client, BECAUSE_TARGET, Evidence.ENUMERATED),
            reading=read_as(parts.OBJECTIVE),
            instead=("a3.objective-doubly-stochastic",),
            about=("remark-A.4",),
        ),
        Statement(
            "a3.averaging-self-weight",
            "corrected",
            "Uniform and Metropolis weights give a client some weight of its own. All their eigenvalues but one "
            "(which is 1) have a modulus of at most 1 - 2/((N-1) a D). a is the size of the largest "
            "neighbourhood, and D the diameter. So repeated averaging makes all clients agree.",
            OnDomain(
                GAP_DOMAIN,
                Then(">=", lambda at: least_gap(network_at(at)), _measured_gap),
                "Differences between clients add up along shortest paths. Self-weights of at least 1/a keep the "
                "eigenvalues away from -1.",
                Evidence.NUMERIC,
                named=[
                    {"n_clients": 2, "network": "complete", "mixing": m, "draw": 1} for m in ("uniform", "metropolis")
                ],
            ),
            latex=r"1 - |\lambda_l| \ge \frac{2}{(N-1)\, a\, D}",
            spoil=1.01,
            about=("assumption-A.3",),
        ),
        Statement(
            "a3.objective-doubly-stochastic",
            "corrected",
            "Doubly stochastic weights (whose columns sum to 1, too) give every client the weight 1/N. The "
            "objective is then the federated one.",
            Identity(
                lambda: sp.ones(1, 4) / 4,
                doubly_stochastic_weights,
                "Computed for four clients with nine free entries of the mixing matrix.",
            ),
            reading=read_as(parts.OBJECTIVE),
            replaces=("eq78.doubly-stochastic",),
            about=("remark-A.4",),
        ),
        Statement(
            "a3.training-agreement",
            "expected",
            "The properties in A.3 are enough for rounds of training to bring the clients' models together.",
            ForAll(
                two_clients,
                trained_agreement,
                "Gradients do not depend on a rotation of the embedding. A swap of two clients' models hands such "
                "a rotation back and forth.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.TRAINING),
            instead="not known",
            about=("assumption-A.3",),
        ),
        Statement(
            "a3.training-target",
            "expected",
            "The properties in A.3 are enough for training to end near the federated optimum.",
            ForAll(
                tilted_star,
                trained_target,
                "The training weights are the left eigenvector of the mixing matrix for the eigenvalue 1. "
                "Assumption A.3 says nothing about this vector.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.TRAINING),
            instead=(
                "a3.training-doubly-stochastic",
                "weights.small-step-target",
            ),
            about=("assumption-A.3",),
        ),
        Statement(
            "a3.training-doubly-stochastic",
            "corrected",
            "With doubly stochastic weights and positive self-weights, training tends to the federated optimum as "
            "the step size tends to 0: the averaged model then represents all c directions of that optimum.",
            OnDomain(
                TRAINED,
                Then("=", lambda at: float(FEATURE_DIM), _overlap, remainder=_overlap_missing),
                "Every client has the training weight 1/N. So at rest the plain mean of the gradients at the "
                "clients' models is 0.",
                Evidence.NUMERIC,
                points=(4, 60),
                corners=(4, 32),
            ),
            reading=read_as(parts.TRAINING),
            about=("assumption-A.3",),
        ),
    ),
)
