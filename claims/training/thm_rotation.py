"""Models that never rest: on one-way networks they turn together in the embedding, for ever and at a known rate.

The Gram matrix W^T W and the represented subspace stand still meanwhile, so that nothing about robustness turns.
Unequal weights alone do not do it: uniform averaging on an undirected network is reversible, and its models rest.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, ONE_WAY, REVERSIBLE, network_parameters
from ledger.drawn.drawn_trainings import (
    BETWEEN,
    CLIENTS,
    LETTERS,
    RESTING,
    SLOW,
    STEP,
    averaged,
    client_parameters,
    measurement,
    problem_at,
    rest_at,
    resting_parameters,
    simulated,
    solved_to,
    turned,
)
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from sims.linear.resting_clients import ROUND_OFF
from sims.linear.trained_networks import FEATURE_DIM, Training
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.networks.mixing import perron_weights
from theory.objectives.curvature import Curvature, curvature
from theory.training.effective_covariance import stiffness
from theory.training.rotation import rotation_angles
from theory.training.small_steps import response_norm
from theory.training.turning import (
    local_steps_remainder,
    local_steps_turning,
    one_way_remainder,
    one_way_turning,
    turning_of,
)

PROOF = "docs/proofs/effective_covariance.md, 8"
STIFF = 0.02  # step size against curvature and mixing time
ROUNDS = 400
STILL = 1e-13  # radians a round: round-off
EXPANSION = "theory/training/turning.py"


def one_way() -> list[Training]:
    """Trainings on two one-way networks of eight clients."""
    found = []
    for network in ("directed_ring", "directed_exponential"):
        t = Training(network, "uniform", level=0.4)
        found.append(t.with_steps(STIFF / stiffness(t.mixing, t.covariances, FEATURE_DIM, 1.0, 1)))
    return found


def comes_to_rest(t: Training, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Do the models stand still once only a common rotation is left?"""
    v = perron_weights(t.mixing)
    before = np.einsum("i,icd->cd", v, t.rest)
    options = TrainingOptions(step_size=t.step_size, rounds=ROUNDS, collapse=False)
    after = np.asarray(train(t.rest, t.covariances, t.mixing, options).mean_model)
    angle = float(rotation_angles(turned(before, after)[1])[0]) / ROUNDS
    moved = np.linalg.norm(after.T @ after - before.T @ before) / np.linalg.norm(before.T @ before)
    return angle <= STILL, {**t.at, "radians_a_round": angle, "relative_change_of_gram_matrix": float(moved)}


# One-way links.
def one_way_domain(stiff: tuple[float, float], *more: Whole, limit: str = "") -> Domain:
    """Uniform averaging over one-way links, with a step size by `STEP`."""
    return Domain(
        (
            *network_parameters(10, networks=(ONE_WAY,)),
            *client_parameters(least_features=2),
            Real("stiffness", 0.0, 1.0, "()", reach=stiff, is_log=True),
            *more,
            DRAW,
        ),
        (BETWEEN,),
        Quantifier.IN_THE_LIMIT if limit else Quantifier.FOR_ALL,
        f"Mixing is uniform averaging over whom a client hears, itself included. {CLIENTS} {STEP} Models are at "
        f"relative rest: a round multiplies all of them by one rotation. {LETTERS}",
        limit=limit,
    )


def base(at: Point) -> dict[str, Any]:
    """The point without the number of rounds, which no training depends on."""
    return {k: v for k, v in at.items() if k != "rounds"}


def rotated(at: Point) -> np.ndarray:
    """Every client's model, turned as often as there are rounds by what one round turns, (N, c, d)."""
    trained, problem = rest_at(base(at)), problem_at(base(at))
    after = simulated(problem, trained.models, 1)[0][0]
    v = perron_weights(problem.mixing)
    before_mean, after_mean = (np.tensordot(v, w, 1) for w in (trained.models, after))
    return np.linalg.matrix_power(turned(before_mean, after_mean)[1], int(at["rounds"])) @ trained.models


def after_rounds(at: Point, effort: Effort) -> Sample:
    """Every client's model after the rounds, simulated, (1, N, c, d)."""
    trained = rest_at(base(at))
    path = simulated(problem_at(base(at)), trained.models, int(at["rounds"]))[0]
    return measurement(path[-1], 10 * solved_to(trained))


def turning_at_rest(at: Point, effort: Effort) -> Sample:
    """O of a round at relative rest, in the basis of the optimum, (1, c, c), from local gradients one by one.

    A client's gradient at its own model W_i turns nothing, g W_i^T being symmetric, so that g (W_i - W)^T has the
    antisymmetric part of -g W^T, without the rounding of the symmetric one.
    """
    trained, p = rest_at(at), problem_at(at)
    mean, turn = turned(averaged(trained), p.start[0])
    # A server hands out one model; elsewhere what sets clients apart is far above rounding.
    apart = np.zeros_like(trained.models) if is_server(at) else turn @ trained.models - mean
    moved = np.zeros((p.feature_dim, p.feature_dim))
    for _ in range(p.local_steps):
        local = mean + apart
        gradients = 2 * local @ (np.swapaxes(local, 1, 2) @ local - p.covariances)
        moved += p.step_size * np.einsum("i,iab,icb->ac", perron_weights(p.mixing), gradients, apart)
        apart = apart - p.step_size * gradients
    known = 4 * ROUND_OFF * p.step_size * (p.local_steps * p.step_size + response_norm(p.mixing))
    return measurement(turning_of(mean, moved), known)


def is_server(at: Point) -> bool:
    """Whether all clients average with all, which leaves them one model."""
    return at["network"] == "complete"


def one_way_claimed(at: Point) -> np.ndarray:
    """The leading order of O, (c, c)."""
    p = problem_at(at)
    return one_way_turning(p.mixing, p.covariances, p.feature_dim, p.step_size)


def one_way_off(at: Point) -> float:
    """How far O can be from it."""
    p, trained = problem_at(at), rest_at(at)
    after = simulated(p, trained.models, 1)[0][0]
    v = perron_weights(p.mixing)
    means = [np.tensordot(v, w, 1) for w in (trained.models, after)]
    rotation = turned(means[0], means[1])[1]
    size = float(np.linalg.norm(rotation - np.eye(p.feature_dim), 2))
    return one_way_remainder(p.mixing, p.covariances, p.step_size, turned(means[0], p.start[0])[0], p.start[0], size)


# Reversible mixing.
REVERSIBLE_REST = Domain(resting_parameters((0.01, 0.9), rules=REVERSIBLE), (BETWEEN, SLOW), assumes=RESTING)


def no_rotation(at: Point) -> np.ndarray:
    """The identity, (c, c)."""
    return np.eye(int(at["feature_dim"]))


def rotation_of_a_round(at: Point, effort: Effort) -> Sample:
    """By what rotation a round takes the averaged model nearest to where it takes it, (1, c, c)."""
    trained, problem = rest_at(at), problem_at(at)
    after = simulated(problem, trained.models, 1)[0][0]
    v = perron_weights(problem.mixing)
    return measurement(turned(averaged(trained), np.tensordot(v, after, 1))[1], STILL)


# Local steps.
FEDERATED = Domain(
    (
        Whole("n_clients", 2, 10),
        Choice("network", ("complete",)),
        *client_parameters(least_features=2),
        Whole("local_steps", 2, 6),
        Real("stiffness", 0.0, 1.0, "()", reach=(1e-6, 0.3), is_log=True),
        DRAW,
    ),
    (BETWEEN,),
    Quantifier.IN_THE_LIMIT,
    f"Federated averaging of all clients. {CLIENTS} The step size is stiffness / (6 x E), x the largest eigenvalue of "
    "a client's matrix X_i and E the number of local steps. D_i = X_i - mean. The model is at relative rest: a round "
    "multiplies it by a rotation.",
    limit="of small steps, stiffness to 0",
)


def federated_claimed(at: Point) -> np.ndarray:
    """The leading order of O under federated averaging, (c, c)."""
    p = problem_at(at)
    return local_steps_turning(p.covariances, p.feature_dim, p.step_size, p.local_steps)


def federated_off(at: Point) -> float:
    """How far O can be from it."""
    p = problem_at(at)
    mean = turned(averaged(rest_at(at)), p.start[0])[0]
    return local_steps_remainder(p.covariances, p.step_size, p.local_steps, mean, p.start[0])


SIZES = {"dim": 3, "feature_dim": 2, "gap": 0.5, "difference": 0.5}


LEAST = 0.01  # of the largest eigenvalue: below, a mode of nearly no rate could not be told from one of none
HESSIAN = Domain(
    (Whole("dim", 2, 9), Whole("feature_dim", 1, 6), Real("last", -2.0, 1.0, "[)"), DRAW),
    (
        Condition("feature_dim at most dim", r"c \le d", lambda p: p["feature_dim"] <= p["dim"]),
        Condition("c positive eigenvalues", r"\theta_c > 0", lambda p: _levels(p)[int(p["feature_dim"]) - 1] > LEAST),
    ),
    assumes="The covariance has eigenvalues evenly spaced from 1 down to `last`, in random directions; so has the "
    "direction in which the model is moved away from the optimum.",
)


def _levels(at: Point) -> np.ndarray:
    return np.linspace(1.0, float(at["last"]), int(at["dim"]))


def _modes_at(at: Point) -> tuple[np.ndarray, Curvature, np.ndarray]:
    """The covariance, the modes of the Hessian there, and a direction in the space of the model."""
    dim, rng = int(at["dim"]), np.random.default_rng(int(at["draw"]))
    vectors = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    covariance = (vectors * _levels(at)) @ vectors.T
    shape = curvature((covariance + covariance.T) / 2, int(at["feature_dim"]))
    return covariance, shape, rng.normal(size=shape.optimum.shape)


def curved_by_modes(at: Point) -> np.ndarray:
    """The sum of rates times squared modes, and the sum of squared modes."""
    _, shape, direction = _modes_at(at)
    modes = shape.to_modes(direction)
    return np.array([(shape.rates * modes**2).sum(), (modes**2).sum()])


def curved_by_differences(at: Point, _: Effort) -> Sample:
    """The second derivative of the loss, exact for a polynomial of degree four, and the squared length."""
    covariance, shape, direction = _modes_at(at)

    def loss(step: float) -> float:
        w = shape.optimum + step * direction
        return float(-np.trace(w @ covariance @ w.T) + np.sum((w.T @ w) ** 2) / 2)

    second = (16 * (loss(1) + loss(-1)) - loss(2) - loss(-2) - 30 * loss(0)) / 12
    size = float(np.sum(direction**2))
    return Sample(np.array([[second, size]]), 1e-12 * (1 + size) ** 2)


CLAIM = Claim(
    id="thm-rotation",
    title="When trained models rest and when they turn",
    items=("network-rotation",),
    source=Source("ledger", PROOF),
    statements=(
        Statement(
            "rotation.hessian-modes",
            "corrected",
            "Small changes of a linear encoder are tilts, stretches and rotations of the embedding. In this basis "
            "the loss has a diagonal Hessian at its optimum. Its entries are 2 (theta_a - theta_b) for tilts, 2 "
            "(theta_a + theta_b) for stretches and 0 for rotations, where theta are the covariance's eigenvalues.",
            OnDomain(
                HESSIAN,
                Then("=", curved_by_modes, curved_by_differences),
                "The second-order part of the loss is written out in the eigenvectors of the covariance.",
                Evidence.NUMERIC,
                points=(24, 400),
            ),
        ),
        Statement(
            "rotation.one-way-rest",
            "expected",
            "Training on one-way links converges: the models come to rest.",
            ForAll(
                lambda context: one_way(),
                comes_to_rest,
                "On one-way networks X_eff has an antisymmetric part. The models turn while their Gram matrix W^T "
                "W stands still.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.SIMULATED),
            instead=("rotation.one-way-gram", "rotation.one-way-rate-limit"),
        ),
        Statement(
            "rotation.one-way-gram",
            "corrected",
            "On one-way links the models keep turning once all else has settled. Every round multiplies all "
            "clients' models by the same rotation, and W^T W stays the same.",
            OnDomain(
                one_way_domain((0.05, 0.9), Whole("rounds", 1, 300)),
                Then("=", rotated, after_rounds),
                "Training is simulated from relative rest, where all but the rotation has settled.",
                Evidence.NUMERIC,
                points=(4, 200),
                corners=(2, 32),
            ),
            replaces=("rotation.one-way-simulated",),
        ),
        Statement(
            "rotation.one-way-rate-limit",
            "corrected",
            "On one-way links a round turns the models, in the plane of eigenvectors a and b of X_v, by 2 eta "
            "sqrt(theta_a theta_b) (X_eff - X_eff^T)_ab/(theta_a + theta_b). theta are the eigenvalues. The angle "
            "is of second order in the step size, and the remainder of third order.",
            OnDomain(
                one_way_domain((3e-4, 0.2), limit="of small steps, stiffness to 0"),
                Then("=", one_way_claimed, turning_at_rest, remainder=one_way_off),
                "The rotation is the antisymmetric part of a round's change of the averaged model; constants in "
                f"{EXPANSION}.",
                Evidence.NUMERIC,
                points=(6, 300),
                corners=(2, 64),
                named=[SIZES | {"n_clients": 4, "network": ONE_WAY, "stiffness": 3e-4, "draw": 2}],
            ),
            replaces=("rotation.one-way-rate", "rotation.one-way-order"),
            latex=r"\Omega_{ab} = 2\eta\,\frac{\sqrt{\theta_a\theta_b}}{\theta_a+\theta_b}\,"
            r"(X_{\mathrm{eff}} - X_{\mathrm{eff}}^\top)_{ab} + O(\eta^3)",
        ),
        Statement(
            "rotation.reversible-mixing",
            "corrected",
            "With one local step a round and reversible mixing no model turns. The mixing matrix M need not be "
            "symmetric.",
            OnDomain(
                REVERSIBLE_REST,
                Then("=", no_rotation, rotation_of_a_round),
                "Reversible means v_i M_ij = v_j M_ji. The losses do not change under a rotation of the embedding.",
                Evidence.NUMERIC,
                points=(6, 300),
                corners=(3, 64),
            ),
        ),
        Statement(
            "rotation.local-steps-rate",
            "corrected",
            "With E > 1 local steps even a server's model turns. A round turns it by 4/3 E (E^2 - 1) eta^3 "
            "sqrt(theta_a theta_b) (theta_a - theta_b)/(theta_a + theta_b) times the clients' mean of (D_i^2)_ab, "
            "up to a remainder of fourth order. a and b number eigenvectors of the mean matrix, and theta are its "
            "eigenvalues.",
            OnDomain(
                FEDERATED,
                Then("=", federated_claimed, turning_at_rest, remainder=federated_off),
                f"The rotation is the antisymmetric part of a round's change of the model; constants in {EXPANSION}.",
                Evidence.NUMERIC,
                points=(6, 300),
                corners=(2, 64),
                named=[
                    SIZES | {"n_clients": 4, "network": "complete", "local_steps": e, "stiffness": 1e-6, "draw": 1}
                    for e in (2, 3)
                ],
            ),
            replaces=("rotation.two-local-steps",),
            latex=r"\Omega_{ab} = \tfrac43E(E^2-1)\,\eta^3\sqrt{\theta_a\theta_b}\,"
            r"\frac{\theta_a-\theta_b}{\theta_a+\theta_b}\,\tfrac1N\sum_i(D_i^2)_{ab} + O(\eta^4)",
        ),
    ),
)
