"""Section 5: what the alignment term does to the drift of linear encoders, where training can be followed to its rest.

Clients have Gaussian embeddings, so that the term is its closed form and nothing is sampled. A client's model differs
from the mean model off the represented subspace (it is tilted: it represents other directions) and within it (the same
directions, turned and scaled). Only the first changes what is represented.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
import sympy as sp

from ledger.checks.kinds import Bound, Finding, ForAll, Identity, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear import objective
from sims.linear.mar_training import population_mar, split_by_subspace
from sims.linear.resting_clients import projector
from theory.alignment_term.mar_drift import alignment_bias, shrunk_lengths
from theory.formula import Source
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector

CLIENTS, DIM, FEATURES, BANDWIDTH, STEP, ROUNDS = 6, 6, 2, 2.0, 4e-3, 1500
LEADING = (3.0, 2.2)
MASK_RATIO = 0.75
Views = Literal["plain", "masked"]
BECAUSE_FORCE = (
    "The force on client i is B_i W S_i. B_i vanishes when clients are alike, and the mean S maps the rows of W to "
    "themselves: off the rows two small factors meet."
)
BECAUSE_BIAS = (
    "The forces of the clients do not cancel: their mean off the rows is of second order in the differences and has no "
    "factor of the step size, where plain training drifts in proportion to it."
)
BECAUSE_SPREAD = "The average of |A| embeddings has 1/|A| of the spread, and the term pulls embeddings towards it."


class Rest(NamedTuple):
    """Trained models: mean squared differences off and in the represented subspace, and the averaged model."""

    tilt: float
    in_rows: float
    subspace_error: float
    squared_length: float

    @property
    def consensus(self) -> float:
        """Consensus error before mixing, from the plain mean: its two parts are orthogonal."""
        return self.tilt + self.in_rows


def moments(seed: int, scale: float, views: Views = "plain") -> tuple[np.ndarray, np.ndarray]:
    """The matrices of the clients' losses, and the second moments of what they embed; clients differ by `scale`.

    plain: contrast, both are E x x^T. masked: x keeps a coordinate with probability 1 - p; coordinates are correlated.
    """
    rng = np.random.default_rng(seed)
    off = rng.standard_normal((CLIENTS, DIM, DIM))
    off = scale * (off + off.transpose(0, 2, 1)) / 2
    # Less their mean: the clients' own parts cancel, and the averaged objective is the same at every `scale`.
    data = np.diag([*LEADING, *[0.6] * (DIM - FEATURES)]) + off - off.mean(axis=0)
    if views == "plain":
        return data, data
    turn = np.linalg.qr(rng.standard_normal((DIM, DIM)))[0]
    data, p = turn @ data @ turn.T, MASK_RATIO
    # In units in which the loss keeps its eigenvalues.
    return data, ((1 - p) * data + p * data * np.eye(DIM)) / p


@cache
def trained(
    seed: int,
    weight: float,
    *,
    scale: float = 0.1,
    network: str = "ring",
    views: Views = "plain",
    reading: Literal["pooled", "averaged"] = "pooled",
    step: float = STEP,
) -> Rest:
    """Adapt then combine from the joint optimum, uniform weights, one local step, until nothing moves."""
    matrices, embedded = moments(seed, scale, views)
    optimum = objective.optimum(matrices.mean(axis=0), FEATURES)
    run = population_mar(
        np.broadcast_to(optimum, (CLIENTS, FEATURES, DIM)),
        matrices,
        embedded,
        mixing_matrix(topology(network, CLIENTS)),
        step_size=step,
        rounds=ROUNDS,
        weight=weight,
        bandwidth=BANDWIDTH,
        reading=reading,
    )
    target = top_projector(matrices.mean(axis=0), FEATURES)
    error = float(np.linalg.norm(projector(run.output) - target))
    return Rest(*split_by_subspace(run.pre_mix, target), error, float(np.sum(run.output**2)))


def settings(context: Context) -> Iterable[tuple[int, float]]:
    """Seeds of the clients and weights of the term, the paper's largest first."""
    return [(seed, weight) for weight in (0.1, 1.0, 10.0) for seed in range(context.trials(2, 20))]


def falls(quantity: str):
    """Is the quantity lower with the term than without? Spoiled, lower by a tenth."""

    def predicate(setting: tuple[int, float], spoil: float) -> tuple[bool, Mapping[str, Any]]:
        seed, weight = setting
        without, with_term = (getattr(trained(seed, w), quantity) for w in (0.0, weight))
        return with_term < without * spoil, {
            "clients": f"{CLIENTS} on a ring, seed {seed}",
            "weight": weight,
            "without": without,
            "with_term": with_term,
        }

    return predicate


def force_off_rows() -> sp.Expr:
    """d/d eps at 0 of the force off the row of W = (w, 0), two clients diag(p, q) +- eps D, any symmetric D."""
    p, q, w, s = sp.symbols("p q w s", positive=True)
    d11, d12, d22, epsilon = sp.symbols("d_11 d_12 d_22 epsilon", real=True)

    def mean_kernel(variance: sp.Expr) -> sp.Expr:
        return (1 + variance / s**2) ** sp.Rational(-1, 2) / (s**2 + variance)

    moment = sp.diag(p, q) + epsilon * sp.Matrix([[d11, d12], [d12, d22]])
    model = sp.Matrix([[w, 0]])
    local, other = ((model * m * model.T)[0] for m in (moment, moment.subs(epsilon, -epsilon)))
    attracted = mean_kernel(2 * local) + mean_kernel(local + other)  # each of the two with weight 1/2, times 2
    force = (attracted - 2 * mean_kernel(2 * local)) * model * moment
    return sp.diff(force[1], epsilon).subs(epsilon, 0)


def effect_on_tilt(seeds: range, scale: float, views: Views) -> float:
    """The relative change of the tilt under the term, root mean square over clients drawn from the seeds."""
    changes = [
        trained(seed, 10.0, scale=scale, views=views).tilt / trained(seed, 0.0, scale=scale, views=views).tilt - 1
        for seed in seeds
    ]
    return float(np.sqrt(np.mean(np.square(changes))))


def halving(views: Views, ratio: float):
    """The effect on tilt at half the differences between clients over that at the whole."""

    def findings(context: Context) -> list[Finding]:
        seeds = range(context.trials(2, 16))
        whole, half = (effect_on_tilt(seeds, scale, views) for scale in (0.02, 0.01))
        return [Finding({"views": views, "clients_drawn": len(seeds), "effect": whole}, ratio, half / whole)]

    return findings


def small_effect(context: Context) -> list[Finding]:
    """The relative change of the consensus error under the paper's largest weight, against a thousandth."""
    findings = []
    for seed, weight in settings(context):
        if weight <= 0.1:
            change = abs(trained(seed, weight).consensus / trained(seed, 0.0).consensus - 1)
            findings.append(Finding({"seed": seed, "weight": weight}, 1e-3, change))
    return findings


def biases(context: Context) -> list[Finding]:
    """On the complete network, one local step: plain training has no drift, so what is seen is the term's."""
    findings = []
    for seed in range(context.trials(2, 6)):
        matrices, embedded = moments(seed, 0.02)
        mixing = mixing_matrix(topology("complete", CLIENTS))
        claimed = alignment_bias(matrices, embedded, mixing, FEATURES, 1.0, BANDWIDTH)
        for step in (STEP, 2 * STEP):
            found = trained(seed, 1.0, scale=0.02, network="complete", step=step).subspace_error
            findings.append(Finding({"seed": seed, "step_size": step}, claimed, found))
    return findings


def lengths(context: Context) -> list[Finding]:
    """Squared length of identical clients' averaged model, three averaged slot by slot, against its closed form."""
    findings = []
    for weight in (0.1, 1.0, 10.0):
        claimed = float(shrunk_lengths(np.array(LEADING), 3.0, weight, BANDWIDTH).sum())
        found = trained(0, weight, scale=0.0, reading="averaged").squared_length
        findings.append(Finding({"weight": weight, "clients_averaged": 3}, claimed, found))
    return findings


POOLED = "linear, ring, neighbours' embeddings as sets"
CLAIM = Claim(
    id="sec-mar-drift",
    title="The alignment term and the drift of linear encoders",
    items=("section-5", "section-5-training"),
    source=Source("chen2026", "Section 5, Algorithm 2"),
    statements=(
        Statement(
            "mar-drift.tilt",
            "printed",
            "With the alignment term local encoders represent directions closer to one another: they are tilted less.",
            ForAll(settings, falls("tilt"), BECAUSE_FORCE, Evidence.SEARCHED),
            reading=POOLED,
            instead=("mar-drift.force-off-rows", "mar-drift.tilt-effect-contrast"),
        ),
        Statement(
            "mar-drift.in-subspace",
            "printed",
            "With the alignment term local and global representations are more consistent: models differ less in "
            "the subspace.",
            ForAll(
                settings,
                falls("in_rows"),
                "The force acts along the rows of W, and draws embeddings together.",
                Evidence.SEARCHED,
            ),
            reading=POOLED,
        ),
        Statement(
            "mar-drift.averaged-model",
            "expected",
            "With the alignment term the averaged model represents the subspace of the joint optimum more closely"
            " than without.",
            ForAll(settings, falls("subspace_error"), BECAUSE_BIAS, Evidence.SEARCHED),
            reading=POOLED,
            instead=("mar-drift.federated-bias",),
        ),
        Statement(
            "mar-drift.force-off-rows",
            "corrected",
            "Off the rows of W the force of the alignment term has no first order in the differences between clients.",
            Identity(lambda: sp.Integer(0), force_off_rows, BECAUSE_FORCE),
            reading="two clients in two dimensions, embeddings as sets",
        ),
        Statement(
            "mar-drift.tilt-effect-contrast",
            "corrected",
            "The alignment term's effect on the tilt, relative to the tilt, halves with the differences between "
            "clients.",
            Prediction(halving("plain", 0.5), BECAUSE_FORCE, rtol=0.1, evidence=Evidence.NUMERIC),
            reading=POOLED + ", contrast",
            spoil=0.8,
        ),
        Statement(
            "mar-drift.tilt-effect-masked",
            "corrected",
            "With masks on correlated coordinates the alignment term's effect on the tilt, relative to it, stays "
            "as the differences halve.",
            Prediction(
                halving("masked", 1.0),
                "The second moment of masked data has another diagonal and takes W off its rows: one factor is small.",
                rtol=0.1,
                evidence=Evidence.NUMERIC,
            ),
            reading=POOLED + ", masked views",
            spoil=0.8,
        ),
        Statement(
            "mar-drift.consensus-small-weight",
            "corrected",
            "An alignment term with a weight of at most 0.1, as in the paper, changes the consensus error by less"
            " than a thousandth.",
            Bound(small_effect, "Clients differ by 0.1 where eigenvalues are about 1.", evidence=Evidence.SAMPLED),
            reading=POOLED,
        ),
        Statement(
            "mar-drift.federated-bias",
            "corrected",
            "Federated training, which is exact without the alignment term, ends off its optimum by gamma times a"
            " closed form.",
            Prediction(biases, BECAUSE_BIAS, rtol=0.03, evidence=Evidence.NUMERIC),
            reading="linear, all clients, one local step, first order in gamma",
        ),
        Statement(
            "mar-drift.slotwise-lengths",
            "corrected",
            "With embeddings averaged slot by slot identical clients shrink: squared lengths x turn into x (1 - "
            "gamma b / 2), b the force.",
            Prediction(lengths, BECAUSE_SPREAD, rtol=1e-6, evidence=Evidence.NUMERIC),
            reading="linear, ring, averaged slot by slot as typed",
        ),
    ),
)
