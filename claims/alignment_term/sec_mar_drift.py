"""Section 5: what the alignment term does to the drift of linear encoders, where training can be followed to its rest.

Clients have Gaussian embeddings, so that the term is its closed form and nothing is sampled. A client's model differs
from the mean model off the represented subspace (it is tilted: it represents other directions) and within it (the same
directions, turned and scaled). Only the first changes what is represented.
"""

from collections.abc import Callable

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn import aligned_clients as clients
from ledger.drawn.drawn_networks import DRAW, mixing_at
from ledger.printed.found_witnesses import found
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.alignment_term.mar_drift import alignment_bias, consensus_share, shrunk_lengths
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source

BECAUSE_FORCE = (
    "The force on client i is B_i W S_i. B_i vanishes if clients are alike, and the mean of the S_i maps the row "
    "space of W into itself. So off the rows the force is a product of two small factors."
)
BECAUSE_BIAS = (
    "The alignment forces on the clients do not cancel. Their mean, off the rows of W, is of second order in the "
    "differences between clients, and has no factor of the step size. The drift of training without the term has "
    "such a factor."
)
BECAUSE_SPREAD = "The average of |A| embeddings has 1/|A| of their variance, and the term pulls embeddings towards it."
SMALL = 1e-3  # differences between clients that stand for the limit; halved twice, they show what is left of it

Quantity = Callable[[np.ndarray, np.ndarray], float]


def tilt(models: np.ndarray, projector: np.ndarray) -> float:
    """The mean squared deviation from the mean model off the represented subspace."""
    return float(np.sum(clients.deviations(models, projector)[0] ** 2) / len(models))


def in_rows(models: np.ndarray, projector: np.ndarray) -> float:
    """The mean squared deviation from the mean model within the represented subspace."""
    return float(np.sum(clients.deviations(models, projector)[1] ** 2) / len(models))


def subspace_error(models: np.ndarray, projector: np.ndarray) -> float:
    """|P - P*|_F of the averaged model, P* that of the joint optimum."""
    rows = np.linalg.svd(models.mean(axis=0), full_matrices=False)[2]
    return float(np.linalg.norm(rows.T @ rows - projector))


def falls(quantity: Quantity) -> Then:
    """The quantity at rest is lower with the term than without, or as large."""
    return Then(
        "<=",
        lambda at: quantity(*clients.rest_at(at, at["spread"], 0.0)),
        lambda at, effort: Sample(np.array([quantity(*clients.rest_at(at, at["spread"], at["weight"]))]), 1e-14),
    )


def effect_on_tilt(at: Point, spread: float, views: clients.Views) -> float:
    """How much the term changes the tilts of all clients together, as a share of these tilts."""
    without, with_term = (
        clients.deviations(*clients.rest_at(at, spread, weight, views))[0] for weight in (0.0, at["weight"])
    )
    return float(np.linalg.norm(with_term - without) / np.linalg.norm(without))


def as_differences_halve(views: clients.Views) -> Callable[[Point, Effort], Sample]:
    """The measurement: the effect at half the differences over that at the whole, as both tend to 0."""

    def measured(at: Point, effort: Effort) -> Sample:
        effects = [effect_on_tilt(at, SMALL / 2**i, views) for i in range(3)]
        first, second = effects[1] / effects[0], effects[2] / effects[1]
        # The ratio is linear in small differences: extrapolated, and off by less than the last step moved it.
        return Sample(np.array([2 * second - first]), abs(second - first) + 1e-4)

    return measured


def consensus_change(at: Point, effort: Effort) -> Sample:
    """The relative change of the consensus error under the term, for clients that hardly differ."""
    without, with_term = (
        sum(quantity(*clients.rest_at(at, SMALL, weight)) for quantity in (tilt, in_rows))
        for weight in (0.0, at["weight"])
    )
    return Sample(np.array([abs(with_term / without - 1)]), 1e-9)


def consensus_bound(at: Point) -> float:
    """(1 + 1.25 gamma kappa)^2 - 1; a quarter more covers the step size and rotations, which are of its order."""
    matrices, _ = clients.matrices_at(at, SMALL)
    values = np.linalg.eigvalsh(matrices.mean(axis=0))[-int(at["feature_dim"]) :]
    least = float(np.linalg.eigvalsh(mixing_at(at))[0])
    share = 1.25 * at["weight"] * consensus_share(values, float(at["bandwidth"]), least)
    return (1 + share) ** 2 - 1


def bias_claimed(at: Point) -> float:
    """The closed form, by unit of the weight."""
    n, c = int(at["n_clients"]), int(at["feature_dim"])
    matrices, moments = clients.matrices_at(at, at["spread"], at["views"])
    return alignment_bias(matrices, moments, np.full((n, n), 1 / n), c, 1.0, float(at["bandwidth"]))


def bias_measured(at: Point, effort: Effort) -> Sample:
    """The same from the equation of rest, differentiated in the weight."""
    matrices, moments = clients.matrices_at(at, at["spread"], at["views"])
    found = clients.bias_of_the_term(matrices, moments, int(at["feature_dim"]), float(at["bandwidth"]))
    return Sample(np.array([found]), 1e-14)


def eigenvalues(at: Point) -> np.ndarray:
    """The two represented eigenvalues of the clients, the larger first."""
    return np.array([at["largest"], at["ratio"] * at["largest"]])


def lengths_claimed(at: Point) -> np.ndarray:
    """Squared lengths of the two rows, the larger first."""
    found = shrunk_lengths(eigenvalues(at), float(at["n_averaged"]), float(at["weight"]), float(at["bandwidth"]))
    return np.sort(found)[::-1]


def lengths_measured(at: Point, effort: Effort) -> Sample:
    """The same from descent."""
    found = clients.alike_lengths(
        eigenvalues(at), int(at["n_averaged"]), float(at["weight"]), float(at["bandwidth"]), int(at["draw"])
    )
    return Sample(found[None], 1e-9 * float(at["largest"]))


DIFFERENT = clients.on_networks("Clients' matrices differ by `spread` where eigenvalues are about 1.")
LIMIT = {"quantifier": Quantifier.IN_THE_LIMIT, "limit": "of small differences between clients"}
ALMOST_ALIKE = clients.on_networks("", **LIMIT)
SMALL_WEIGHTS = clients.on_networks("", weight=(0.001, 0.1), **LIMIT)
FEDERATED = Domain(
    (
        Whole("n_clients", 2, 8),
        *clients.SIZES,
        Real("spread", 0.0, np.inf, "()", reach=(0.01, 0.3), is_log=True),
        Choice("views", ("plain", "masked")),
    ),
    (clients.FEWER_FEATURES,),
    assumes="Linear encoders at rest, all clients in every round, one local step of a size that tends to 0; to first "
    "order in the weight gamma. Clients' matrices differ by `spread`, their mean having its represented eigenvalues in "
    "[2, 3] and the others in [0.2, 0.8]; views are masked or not.",
)
ALIKE = Domain(
    (
        Whole("n_averaged", 1, 50),
        Real("largest", 0.0, np.inf, "()", reach=(0.5, 5.0), is_log=True),
        Real("ratio", 0.0, 1.0, "()", reach=(0.5, 0.9)),
        Real("bandwidth", 0.0, np.inf, "()", reach=(0.5, 5.0), is_log=True),
        Real("weight", 0.0, np.inf, "()", reach=(0.01, 10.0), is_log=True),
        DRAW,
    ),
    (
        Condition(
            "a weight of at most half the squared bandwidth, so that no row vanishes",
            r"\gamma \le s^2/2",
            lambda p: p["weight"] <= p["bandwidth"] ** 2 / 2,
        ),
    ),
    assumes="Linear encoders at rest, two features, all clients alike; their matrix has two leading eigenvalues, "
    "`largest` and `ratio` times it, above the others.",
)
CONTRAST = {"n_clients": 6, "network": "ring", "dim": 6, "feature_dim": 2, "bandwidth": 2.0, "draw": 1}


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


POOLED = "neighbours' embeddings as sets"
CLAIM = Claim(
    id="sec-mar-drift",
    title="The alignment term and the drift of linear encoders",
    items=("section-5", "section-5-training"),
    source=Source("chen2026", "Section 5, Algorithm 2"),
    statements=(
        Statement(
            "mar-drift.tilt",
            "printed",
            "With the alignment term the clients' encoders represent directions that are closer to one another: "
            "they are tilted less.",
            OnDomain(
                DIFFERENT,
                falls(tilt),
                BECAUSE_FORCE,
                Evidence.SEARCHED,
                named=found("mar-drift.tilt"),
            ),
            reading=read_as(parts.AS_SETS),
            instead=("mar-drift.force-off-rows", "mar-drift.tilt-effect-contrast"),
        ),
        Statement(
            "mar-drift.in-subspace",
            "printed",
            "With the alignment term local and global representations are more consistent: the models differ less "
            "within the represented subspace.",
            OnDomain(
                DIFFERENT,
                falls(in_rows),
                "The force acts along the rows of W and draws the clients' embeddings together.",
                Evidence.SEARCHED,
            ),
            reading=read_as(parts.AS_SETS),
        ),
        Statement(
            "mar-drift.averaged-model",
            "expected",
            "With the alignment term the averaged model represents the subspace of the joint optimum more closely"
            " than without.",
            OnDomain(
                DIFFERENT,
                falls(subspace_error),
                BECAUSE_BIAS,
                Evidence.SEARCHED,
                named=found("mar-drift.averaged-model"),
            ),
            reading=read_as(parts.AS_SETS),
            instead=("mar-drift.federated-bias",),
        ),
        Statement(
            "mar-drift.force-off-rows",
            "corrected",
            "For two clients in two dimensions, off the rows of W the force of the alignment term has no first "
            "order in the differences between clients.",
            Identity(lambda: sp.Integer(0), force_off_rows, BECAUSE_FORCE),
            reading=read_as(parts.AS_SETS),
        ),
        Statement(
            "mar-drift.tilt-effect-contrast",
            "corrected",
            "With CL, take the effect of the alignment term on the tilt, divided by the tilt. It halves if the "
            "differences between clients halve.",
            OnDomain(
                ALMOST_ALIKE,
                Then("=", lambda at: 0.5, as_differences_halve("plain")),
                BECAUSE_FORCE,
                Evidence.NUMERIC,
                points=(2, 100),
                corners=(1, 32),
                named=[CONTRAST | {"weight": 1.0}],
            ),
            reading=read_as(parts.AS_SETS),
        ),
        Statement(
            "mar-drift.tilt-effect-masked",
            "corrected",
            "With masks on correlated coordinates, take the effect of the alignment term on the tilt, divided by "
            "the tilt. It stays the same if the differences between clients halve.",
            OnDomain(
                ALMOST_ALIKE,
                Then("=", lambda at: 1.0, as_differences_halve("masked")),
                "The second moment of masked data has another diagonal, so it does not map the row space of W "
                "into itself. Off the rows only one factor of the force is small.",
                Evidence.NUMERIC,
                points=(2, 100),
                corners=(1, 32),
                named=[CONTRAST | {"weight": 1.0}],
            ),
            reading=read_as(parts.AS_SETS),
        ),
        Statement(
            "mar-drift.consensus-bound",
            "corrected",
            "With CL an alignment term of weight gamma changes the consensus error by a share of at most (1 + "
            "1.25 gamma k)^2 - 1, about 2.5 gamma k. k is of the order of 1/(s^2 + 2 x^2), with the bandwidth s "
            "and the represented eigenvalues x. At the paper's largest weight, 0.1, and x of 2 or more the share "
            "is below two percent.",
            OnDomain(
                SMALL_WEIGHTS,
                Then("<=", consensus_bound, consensus_change),
                "The force of the term on a client is a small multiple of the difference between the client's own "
                "force and that of its neighbours.",
                Evidence.NUMERIC,
                named=[
                    {"n_clients": n, "network": "complete", "dim": 2, "feature_dim": 1, "bandwidth": s, "draw": 2}
                    | {"weight": 0.1}
                    for n, s in ((6, 2.0), (3, 1.5))
                ],
            ),
            reading=read_as(parts.AS_SETS),
            spoil=0.5,
            replaces=("mar-drift.consensus-small-weight",),
        ),
        Statement(
            "mar-drift.federated-bias",
            "corrected",
            "Without the alignment term federated training ends at its optimum. With the term of weight gamma it "
            "ends at a distance of gamma times a closed form.",
            OnDomain(
                FEDERATED,
                Then("=", bias_claimed, bias_measured, within=1e-6),
                BECAUSE_BIAS,
                Evidence.NUMERIC,
                points=(3, 200),
                corners=(2, 64),
            ),
            reading=read_as(parts.AS_SETS),
        ),
        Statement(
            "mar-drift.slotwise-lengths",
            "corrected",
            "With embeddings averaged slot by slot, the models of identical clients shrink. Squared lengths x of "
            "their rows become x (1 - gamma b / 2), where b is the force.",
            OnDomain(
                ALIKE,
                Then("=", lengths_claimed, lengths_measured, within=1e-9),
                BECAUSE_SPREAD,
                Evidence.NUMERIC,
                points=(3, 100),
                corners=(2, 32),
            ),
            reading=read_as(parts.SLOTWISE),
        ),
    ),
)
