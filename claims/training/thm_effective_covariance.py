"""What the averaged model of a network represents at rest: the subspace of X_eff, not that of the averaged objective.

The paper compares objectives, as if training on a network ended at their optimum. With clients that differ it ends
beside it, by a drift of first order in the step size that local steps and a slow network enlarge.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, NETWORKS, ONE_WAY, mixing_at, network_parameters
from ledger.drawn.drawn_trainings import (
    BETWEEN,
    CLIENTS,
    RESTING,
    SLOW,
    STEP,
    averaged,
    client_parameters,
    clients_near,
    measurement,
    problem_at,
    rest_at,
    resting,
    resting_parameters,
    row_projector,
    solved_to,
    target_at,
)
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.resting_clients import projector
from sims.linear.trained_networks import Training
from theory.domain import Condition, Domain, Point, Real, Whole
from theory.formula import Source
from theory.networks.mixing import perron_weights
from theory.objectives.curvature import curvature, top_projector
from theory.symbols import eigenvalue, local_steps
from theory.training.consensus import LEDGER as CONSENSUS_PROOF
from theory.training.effective_covariance import (
    KAPPA,
    effective_covariance,
    local_projectors,
    represented_basis,
    training_mean,
)
from theory.training.small_steps import SmallSteps
from theory.training.subspace_drift import (
    deviation_bound,
    effective_subspace_bound,
    representability_bound,
    residual_bound,
    sensitivity_bound,
    subspace_drift_bound,
)

PROOF = "docs/proofs/effective_covariance.md"
NO_DRIFT = 1e-9  # of projectors, after thousands of rounds
ROUND_OFF = 1e-11
# Small steps and unlike clients; two clients for whom the bounds are tight at some draws.
SHARP = {"dim": 3, "feature_dim": 1, "gap": 0.5, "difference": 0.5, "stiffness": 1e-3}
RING = SHARP | {"n_clients": 4, "network": "ring", "mixing": "metropolis"}
PAIR = {"n_clients": 2, "network": "path", "mixing": "lazy", "dim": 2, "feature_dim": 1, "gap": 0.9, "difference": 0.5}


def symmetric_sum() -> tuple[sp.Expr, sp.Expr]:
    """Both ways to write what one network mode adds: from the deviation response and as kappa."""
    response = eigenvalue / (1 - eigenvalue)
    return KAPPA.expr, 2 * local_steps * response + local_steps - 1


def two_sides_of(size: sp.Symbol) -> sp.Expr:
    """kappa of the mode that sets the sides of a complete bipartite network apart, at as many local steps."""
    return KAPPA.expr.subs({eigenvalue: (1 - size) / (1 + size), local_steps: size})


def no_drift(training: Training, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Does the averaged model represent the optimum of the averaged objective?"""
    run = training.run(8000)
    assert run.converged, run.message
    found = float(np.linalg.norm(projector(np.asarray(run.mean_model)) - training.target))
    return found <= NO_DRIFT, {**training.at, "subspace_error_of_the_averaged_model": found}


def paths(context: Context) -> list[Training]:
    """Clients in line, equal weights, one local step; two of them, which are a server, in the full tier alone."""
    return [Training("path", n_clients=n, level=0.3) for n in range(context.trials(3, 2), 5)]


def small_steps(at: Point) -> SmallSteps:
    """The remainders of the first order at a point."""
    p = problem_at(at)
    return SmallSteps(p.mixing, p.covariances, p.feature_dim, p.step_size)


# X_eff of any mixing matrix, written out.
ANY_MIXING = Domain(
    (
        *network_parameters(8, least=2, networks=(*NETWORKS, ONE_WAY)),
        *client_parameters(),
        Whole("local_steps", 1, 8),
        Real("step_size", 0.0, np.inf, "()", reach=(1e-3, 1.0), is_log=True),
        DRAW,
    ),
    (BETWEEN,),
    assumes=f"Mixing is uniform averaging over whom a client hears, itself included. {CLIENTS}",
)


def x_eff(at: Point) -> np.ndarray:
    """X_eff by matrix algebra, (d, d)."""
    return effective_covariance(
        mixing_at(at, "uniform"), clients_near(at), float(at["step_size"]), int(at["local_steps"])
    )


def x_eff_summed(at: Point, effort: Effort) -> Sample:
    """X_eff client by client, with v and Z from powers of the mixing matrix, (1, d, d)."""
    mixing, x = mixing_at(at, "uniform"), clients_near(at)
    n, steps, step = len(x), int(at["local_steps"]), float(at["step_size"])
    doublings = 10 + 2 * n.bit_length()  # more would add up rounding
    power = mixing
    for _ in range(doublings):
        power = power @ power
    v = power[0]
    fading = mixing - power
    response, factor = fading.copy(), fading.copy()  # the sum of the first 2^k powers, and the power 2^k
    for _ in range(doublings):
        response, factor = response + factor @ response, factor @ factor
    mean = sum(v[i] * x[i] for i in range(n))
    total = np.array(mean)
    for i in range(n):
        total += step * (steps - 1) * v[i] * (x[i] - mean) @ (x[i] - mean)
        for j in range(n):
            total += 2 * step * steps * v[i] * response[i, j] * (x[j] - mean) @ (x[i] - mean)
    return measurement(total)


# Any model at all against X_eff.
ANY_MODEL = Domain(
    (*resting_parameters((1e-3, 0.9)), Real("tilt", 0.0, np.inf, "[)", reach=(1e-4, 0.3), is_log=True)),
    (
        BETWEEN,
        Condition(
            "the least eigenvalue of W W^T above eigenvalue feature_dim + 1 of X_eff",
            r"\lambda_{\min}(WW^\top) > \lambda_{c+1}(X_{\mathrm{eff}})",
            lambda at: bool(np.isfinite(distance_bound(at))),
        ),
    ),
    assumes=f"{CLIENTS} {STEP} Mixing is reversible. W is X_eff's optimum plus tilt times a random matrix of norm 1.",
)


def any_model(at: Point) -> np.ndarray:
    """The optimum for X_eff, moved by a random matrix of norm `tilt`, (c, d)."""
    s = small_steps(at)
    moved = np.random.default_rng((int(at["draw"]), 5)).normal(size=(s.feature_dim, s.covariances.shape[1]))
    return curvature(s.effective, s.feature_dim).optimum + float(at["tilt"]) * moved / np.linalg.norm(moved)


def distance_bound(at: Point) -> float:
    """The bound from |W (W^T W - X_eff)|; infinite where it says nothing."""
    w, effective = any_model(at), small_steps(at).effective
    return residual_bound(w, effective, float(np.linalg.norm(w @ (w.T @ w - effective))))


def distance_of_any_model(at: Point, effort: Effort) -> Sample:
    """|P(W) - P_eff|_F from singular vectors and eigenvectors."""
    s = small_steps(at)
    top = np.linalg.eigh(s.effective)[1][:, -s.feature_dim :]
    return measurement(np.linalg.norm(row_projector(any_model(at)) - top @ top.T), ROUND_OFF)


# The averaged model and the clients' own, at rest.
def effective_drift(at: Point) -> np.ndarray:
    """P_eff - P*, (d, d)."""
    s = small_steps(at)
    basis = represented_basis(s.effective, s.feature_dim)
    return basis @ basis.T - top_projector(training_mean(s.mixing, s.covariances), s.feature_dim)


def drift_at_rest(at: Point, effort: Effort) -> Sample:
    """P(W) - P* of the averaged model, (1, d, d)."""
    trained = rest_at(at)
    return measurement(row_projector(averaged(trained)) - target_at(at), solved_to(trained))


def drift_norm(at: Point, effort: Effort) -> Sample:
    """|P(W) - P*|_F of the averaged model."""
    found = drift_at_rest(at, effort)
    return measurement(np.linalg.norm(found.values), found.resolution * int(at["dim"]))


def off_effective(at: Point) -> float:
    """How far the averaged model's projector can be from X_eff's."""
    return small_steps(at).off_effective(averaged(rest_at(at)))


def own_tilts(at: Point) -> np.ndarray:
    """P_i - P* of every client as predicted, (N, d, d)."""
    s = small_steps(at)
    predicted = local_projectors(s.mixing, s.covariances, s.feature_dim, s.step_size)
    return predicted - top_projector(training_mean(s.mixing, s.covariances), s.feature_dim)


def own_tilts_at_rest(at: Point, effort: Effort) -> Sample:
    """P(W_i) - P* of every client at rest, (1, N, d, d)."""
    trained = rest_at(at)
    return measurement(np.stack([row_projector(w) for w in trained.models]) - target_at(at), solved_to(trained))


def first_order_bound(at: Point) -> float:
    """The bound of the drift to first order, from all modes of the network."""
    s = small_steps(at)
    return subspace_drift_bound(s.mixing, s.covariances, s.feature_dim, s.step_size)


def spread_bound(at: Point) -> float:
    """The bound of the drift from how far apart the clients' models stand; infinite where it says nothing."""
    trained = rest_at(at)
    return deviation_bound(trained.models, trained.problem.covariances, perron_weights(trained.problem.mixing))


SPREAD = Domain(
    resting_parameters((1e-2, 2.0), most=3.0),  # local steps are stable below 3
    (
        BETWEEN,
        SLOW,
        Condition(
            "a bound that is finite",
            r"\lambda_{\min}(WW^\top) > \theta_{c+1}",
            lambda at: bool(np.isfinite(spread_bound(at))),
        ),
    ),
    assumes=RESTING,
)


# X_eff's own subspace, at any step size.
ANY_STEP = Domain(
    (
        *network_parameters(12, least=2, rules=("uniform", "metropolis", "lazy", "laplacian", "data_size")),
        *client_parameters(),
        Whole("local_steps", 1, 8),
        Real("step_size", 0.0, np.inf, "()", reach=(1e-3, 10.0), is_log=True),
        DRAW,
    ),
    (
        BETWEEN,
        SLOW,
        Condition(
            "a step size at which X_eff - X_v cannot close the gap",
            r"\eta\,\|K\|\,\|\textstyle\sum v_iD_i^2\| < \mathrm{gap}",
            lambda at: bool(np.isfinite(subspace_bound(at))),
        ),
    ),
    assumes=CLIENTS,
)


def subspace_bound(at: Point) -> float:
    """Davis-Kahan and Weyl for X_eff against X_v; infinite where it says nothing."""
    return effective_subspace_bound(
        mixing_at(at), clients_near(at), int(at["feature_dim"]), float(at["step_size"]), int(at["local_steps"])
    )


def subspace_distance(at: Point, effort: Effort) -> Sample:
    """|P_eff - P*|_F, both by NumPy's eigenvectors."""
    mixing, x, c = mixing_at(at), clients_near(at), int(at["feature_dim"])
    effective = effective_covariance(mixing, x, float(at["step_size"]), int(at["local_steps"]))
    tops = [np.linalg.eigh(m)[1][:, -c:] for m in (effective, np.tensordot(perron_weights(mixing), x, 1))]
    return measurement(np.linalg.norm(tops[0] @ tops[0].T - tops[1] @ tops[1].T), ROUND_OFF)


# Two subspaces, whatever they come from.
TWO_SUBSPACES = Domain(
    (
        Whole("dim", 2, 64),
        Whole("feature_dim", 1, 32),
        Real("apart", 0.0, np.inf, "()", reach=(1e-3, 10.0), is_log=True),
        DRAW,
    ),
    (BETWEEN,),
    assumes="P and P* project on two subspaces of feature_dim dimensions: a random one, and one that a random matrix "
    "of size apart has moved.",
)


def two_subspaces(at: Point) -> tuple[np.ndarray, np.ndarray]:
    """P and P*, (d, d) each."""
    rng = np.random.default_rng(int(at["draw"]))
    rows = np.linalg.qr(rng.normal(size=(int(at["dim"]), int(at["feature_dim"]))))[0].T
    moved = rows + float(at["apart"]) * rng.normal(size=rows.shape) / np.sqrt(rows.size)
    return row_projector(moved), row_projector(rows)


def entry_bounds(at: Point) -> np.ndarray:
    """How far an r_k and the sensitivity can move, (2,)."""
    now, before = two_subspaces(at)
    error = float(np.linalg.norm(now - before))
    return np.array([representability_bound(error), sensitivity_bound(error)])


def entry_moves(at: Point, effort: Effort) -> Sample:
    """How far the r_k that moves most and the sensitivity moved, (1, 2)."""
    now, before = (np.diag(p) for p in two_subspaces(at))
    return measurement([np.abs(now - before).max(), abs(np.ptp(now) - np.ptp(before))], ROUND_OFF)


CLAIM = Claim(
    id="thm-effective-covariance",
    title="The averaged model of a network represents an effective covariance",
    items=("network-averaged-model",),
    source=Source(
        "chen2026", f"Section 3.1: training optimises Eq (1); against {PROOF}, 2-4, and {CONSENSUS_PROOF}, 2"
    ),
    statements=(
        Statement(
            "xeff.averaged-objective",
            "printed",
            "Training on a network, with equal weights and one local step, ends at the optimum of the averaged "
            "objective: the averaged model represents the leading eigenvectors of the clients' mean matrix.",
            ForAll(
                paths,
                no_drift,
                "The clients' models stay apart. Each client pulls with its own matrix from where its model "
                "stands, and these pulls do not cancel.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.TRAINING),
            instead=("xeff.remainder-bound", "xeff.order-in-step"),
        ),
        Statement(
            "xeff.mode-gain",
            "corrected",
            "Mode l of the network, with eigenvalue lam, enters X_eff with the factor kappa_l = 2 E lam/(1 - lam) "
            "+ E - 1 = E (1 + lam)/(1 - lam) - 1. A server has lam = 0, so kappa = E - 1.",
            Identity(
                lambda: sp.Matrix([symmetric_sum()[0], symmetric_sum()[0].subs(eigenvalue, 0)]),
                lambda: sp.Matrix([symmetric_sum()[1], local_steps - 1]),
                "Arithmetic of one mode.",
            ),
            latex=rf"\kappa_l = {KAPPA.latex}",
        ),
        Statement(
            "xeff.bipartite-networks",
            "corrected",
            "Take two sides of n clients, with all links between the sides, and E = n local steps. The mode "
            "between the sides has kappa = 0. A server has kappa = n - 1.",
            Identity(
                lambda: two_sides_of(sp.Symbol("n", positive=True, integer=True)),
                lambda: sp.Integer(0),
                "Under uniform averaging, with the client itself included, the mode between the sides has the "
                "eigenvalue (1 - n)/(1 + n).",
            ),
            replaces=("thm46-trained.bipartite-kappa",),
        ),
        Statement(
            "xeff.one-way-links",
            "corrected",
            "For any mixing matrix M and E local steps a round, X_eff = X_v + eta [2 E sum_ij v_i Z_ij D_j D_i + "
            "(E - 1) sum_i v_i D_i^2]. X_v is the mean of the clients' matrices X_i by their training weights "
            "v_i, D_i = X_i - X_v, and Z = (I - M + 1 v^T)^-1 - I.",
            OnDomain(
                ANY_MIXING,
                Then("=", x_eff, x_eff_summed, within=1e-9),
                "The double sum is written out, with v and Z computed from powers of the mixing matrix.",
                Evidence.NUMERIC,
                points=(6, 200),
                corners=(4, 64),
            ),
            latex=r"X_{\mathrm{eff}} = X_v + \eta\Big[2E\sum_{ij}v_iZ_{ij}D_jD_i + (E-1)\sum_i v_iD_i^2\Big]",
            spoil=0.99,
        ),
        Statement(
            "xeff.remainder-bound",
            "corrected",
            "The subspace of any model W differs from that of X_eff by at most sqrt2 |W (W^T W - X_eff)| over "
            "sqrt(a) (a - b). Here a is the least eigenvalue of W W^T, and b is eigenvalue number c + 1 of X_eff.",
            OnDomain(
                ANY_MODEL,
                Then("<=", distance_bound, distance_of_any_model),
                "The difference solves a Sylvester equation whose two spectra are a - b apart.",
                Evidence.NUMERIC,
                points=(8, 300),
                named=[dict(RING, tilt=1e-3, draw=32)],
            ),
            latex=r"X_{\mathrm{eff}} = X_v + \frac{\eta}{N}\sum_{l\ge2}\kappa_l\Delta_l^2,\quad"
            r"\Delta_l = \sum_i u_l(i)D_i",
            replaces=("xeff.averaged-model",),
            spoil=0.95,
        ),
        Statement(
            "xeff.order-in-step",
            "corrected",
            "The averaged model's projector differs from the target's as the projector of X_eff does, up to a "
            "remainder of second order in the step size.",
            resting(
                Then("=", effective_drift, drift_at_rest, remainder=off_effective),
                "The pull of each client, from where its model stands, is expanded in the step size. Each term "
                "that is left out is bounded.",
                named=tuple(
                    dict(SHARP, n_clients=n, network=g, mixing=m, draw=1)
                    for n, g, m in ((4, "ring", "metropolis"), (5, "star", "uniform"), (6, "path", "lazy"))
                ),
            ),
            replaces=("xeff.simulated-drift",),
        ),
        Statement(
            "xeff.local-models",
            "corrected",
            "Client i's own model represents the row space of W_eff (I + 2 eta sum_j Z_ij D_j), up to a remainder "
            "of second order in the step size. W_eff is the optimum for X_eff.",
            resting(
                Then(
                    "=",
                    own_tilts,
                    own_tilts_at_rest,
                    remainder=lambda at: small_steps(at).off_local(rest_at(at).models),
                ),
                "The clients' deviations are expanded to first order in the step size. The change by curvature is "
                "bounded.",
                named=tuple(
                    dict(SHARP, n_clients=n, network=g, mixing=m, draw=1)
                    for n, g, m in ((4, "ring", "metropolis"), (5, "star", "uniform"), (6, "path", "lazy"))
                ),
            ),
        ),
        Statement(
            "xeff.subspace-small-steps",
            "corrected",
            "The averaged model's subspace differs from the target by at most sqrt2 eta max|kappa| mean |D_i|_F^2 "
            "over the gap, up to a remainder of second order in the step size.",
            resting(
                Then(
                    "<=",
                    first_order_bound,
                    drift_norm,
                    remainder=lambda at: small_steps(at).beyond_first_order(averaged(rest_at(at))),
                ),
                "The proof uses a sharper form, with the parts of D_i inside and across the subspace.",
                named=tuple(dict(PAIR, stiffness=1e-3, draw=i) for i in (49, 51)),
            ),
            latex=r"\|P-P^*\|_F \le \sqrt2\,\eta\,\frac{\max_l|\kappa_l|}{\theta_c-\theta_{c+1}}\,"
            r"\sum_iv_i\|D_i\|_F^2 + O(\eta^2)",
            spoil=0.95,
        ),
        Statement(
            "xeff.subspace-any-step",
            "corrected",
            "The subspaces of X_eff and X_v differ by at most the bound of Davis and Kahan, with Weyl's "
            "inequality for the gap. That is so for every number of local steps, as long as X_eff - X_v cannot "
            "close the gap.",
            OnDomain(
                ANY_STEP,
                Then("<=", subspace_bound, subspace_distance),
                "The sine theorem, with Weyl's inequality for the gap.",
                Evidence.NUMERIC,
                points=(8, 300),
                named=[dict(PAIR, local_steps=1, step_size=1e-3, draw=114)],
            ),
            spoil=0.95,
        ),
        Statement(
            "xeff.models-any-step",
            "corrected",
            "The distance of the averaged model's subspace from the target has a bound that needs no small steps. "
            "It is a multiple of sum_i v_i (|e_i| |D_i| + 3 |W| |e_i|^2 + |e_i|^3), where e_i = W_i - W is the "
            "deviation of client i's model from the averaged model W.",
            OnDomain(
                SPREAD,
                Then("<=", spread_bound, drift_norm),
                "At rest the clients' gradients cancel. This bounds how far the averaged model is from a "
                "stationary point.",
                Evidence.NUMERIC,
                points=(6, 200),
                corners=(3, 64),
                named=[dict(PAIR, stiffness=1e-2, draw=114)],
            ),
            spoil=0.95,
        ),
        Statement(
            "xeff.entries-and-spread",
            "corrected",
            "Let P and P* project onto two subspaces. No r_k of the one differs from that of the other by more "
            "than |P - P*|_F/sqrt2. The sensitivities differ by at most twice that.",
            OnDomain(
                TWO_SUBSPACES,
                Then("<=", entry_bounds, entry_moves),
                "The eigenvalues of P - P* come in pairs of opposite sign.",
                Evidence.NUMERIC,
                points=(8, 500),
                named=[{"dim": 2, "feature_dim": 1, "apart": 0.1, "draw": i} for i in range(1, 9)],
            ),
            latex=r"|\delta r_k| \le \tfrac1{\sqrt2}\|P-P^*\|_F,\quad |\delta s| \le \sqrt2\,\|P-P^*\|_F",
            spoil=0.95,
        ),
    ),
)
