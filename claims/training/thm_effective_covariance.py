"""What the averaged model of a network represents at rest: the subspace of X_eff, not that of the averaged objective.

The paper compares objectives, as if training on a network ended at their optimum. With clients that differ it ends
beside it, by a drift of first order in the step size that local steps and a slow network enlarge.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import Bound, Finding, ForAll, Identity, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.trained_networks import DIM, FEATURE_DIM, NETWORKS, Training, grid, projector
from theory.formula import Source
from theory.networks.mixing import perron_weights
from theory.networks.rule import Rule
from theory.symbols import eigenvalue, local_steps
from theory.training.consensus import LEDGER as CONSENSUS_PROOF
from theory.training.consensus import deviation_response
from theory.training.effective_covariance import (
    KAPPA,
    effective_covariance,
    local_projectors,
    represented_basis,
    stiffness,
)
from theory.training.subspace_drift import (
    deviation_bound,
    effective_subspace_bound,
    remainder_bound,
    representability_bound,
    sensitivity_bound,
    subspace_drift,
    subspace_drift_bound,
)

PROOF = "docs/proofs/effective_covariance.md"
SMALL, SMALLER = 0.03, 0.01  # stiffness: step size against curvature and mixing time
LEVELS = (0.1, 0.3)
QUICK_NETWORKS = ("ring", "star", "barbell", "complete")
NO_DRIFT = 1e-9  # of projectors, after thousands of rounds


def at_stiffness(training: Training, stiff: float) -> Training:
    """The same with the step size that has this stiffness."""
    unit = stiffness(training.mixing, training.covariances, FEATURE_DIM, 1.0, training.local_steps)
    return training.with_steps(stiff / unit)


def trainings(context: Context, stiff: float) -> list[Training]:
    """Trainings that drift, step sizes of one stiffness; the quick tier has fewer networks and takes every third."""
    steps, networks = ((1, 5), QUICK_NETWORKS) if context.tier == "quick" else ((1, 2, 5), (*NETWORKS, "complete"))
    # One step of everyone, then a full average, is gradient descent on the mean: nothing drifts.
    # Step size 1 stands for none: `at_stiffness` sets it.
    drifting = (t for t in grid(LEVELS, (1.0,), steps, networks) if t.network != "complete" or t.local_steps > 1)
    # Of no common divisor with the numbers of choices: every choice is met.
    return [at_stiffness(t, stiff) for t in islice(drifting, 0, None, context.trials(3, 1))]


def predicted(t: Training) -> np.ndarray:
    """The projector on what X_eff represents."""
    basis = represented_basis(effective_covariance(t.mixing, t.covariances, t.step_size, t.local_steps), FEATURE_DIM)
    return basis @ basis.T


def drift(t: Training) -> float:
    """||P - P*|| of the averaged model at rest."""
    return float(np.linalg.norm(t.represented() - t.target))


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


def remainder_findings(context: Context) -> list[Finding]:
    """How far the averaged model's subspace is from X_eff's, and the bound from its residual, at any step size."""
    findings = []
    for stiff in (SMALLER, 0.1, 0.5):
        for t in trainings(context, stiff)[:: context.trials(3, 1)]:
            bound = remainder_bound(t.rest, *t.problem)
            if np.isfinite(bound):
                off = float(np.linalg.norm(predicted(t) - t.represented()))
                findings.append(Finding({**t.at, "stiffness": stiff}, bound, off, resolution=1e-10))
    return findings


def simulated_findings(context: Context) -> list[Finding]:
    """Drift of the averaged model as X_eff predicts it against that of simulated training from the optimum."""
    findings = []
    trainings: tuple[tuple[str, Rule], ...] = (("ring", "metropolis"), ("star", "uniform"), ("barbell", "metropolis"))
    for network, rule in trainings:
        t = at_stiffness(Training(network, rule, "homophily", 0.3), SMALL)
        run = t.run(context.trials(30_000, 100_000))
        measured = float(np.linalg.norm(projector(np.asarray(run.mean_model)) - t.target))
        findings.append(Finding(t.at, subspace_drift(*t.problem), measured))
    return findings


def halving_findings(context: Context) -> list[Finding]:
    """Error of the predicted projector at a step size over that at half of it."""
    findings = []
    for t in trainings(context, SMALLER):
        errors = [float(np.linalg.norm(predicted(s) - s.represented())) for s in (t, t.with_steps(t.step_size / 2))]
        findings.append(Finding(t.at, 4.0, errors[0] / errors[1]))
    return findings


def local_findings(context: Context) -> list[Finding]:
    """Worst client: error of its predicted projector over its distance from the target."""
    findings = []
    for t in trainings(context, SMALLER):
        own = np.stack([projector(w) for w in t.rest])
        errors = np.linalg.norm(local_projectors(*t.problem) - own, axis=(1, 2))
        findings.append(Finding(t.at, 0.05, float(np.max(errors / np.linalg.norm(own - t.target, axis=(1, 2))))))
    return findings


def one_way_findings(context: Context) -> list[Finding]:
    """X_eff on networks with one-way links, against the sums written out."""
    findings = []
    for steps in (1, 3):
        t = Training("directed_exponential", "uniform", level=0.3, local_steps=steps)
        v, z = perron_weights(t.mixing), deviation_response(t.mixing)
        target = sum(w * x for w, x in zip(v, t.covariances, strict=True))
        off, drifted = t.covariances - target, np.zeros((DIM, DIM))
        for i, own in enumerate(off):
            drifted += (steps - 1) * v[i] * own @ own
            for j, other in enumerate(off):
                drifted += 2 * steps * v[i] * z[i, j] * other @ own
        found = effective_covariance(t.mixing, t.covariances, t.step_size, steps)
        claimed = float(np.linalg.norm(t.step_size * drifted))
        findings.append(Finding(t.at, claimed, float(np.linalg.norm(found - target))))
    return findings


def first_order_bounds(context: Context) -> list[Finding]:
    """The first-order bound of the drift, and the drift at rest, at stiffness 0.01."""
    return [Finding(t.at, subspace_drift_bound(*t.problem), drift(t)) for t in trainings(context, SMALLER)]


def any_step_bounds(context: Context) -> list[Finding]:
    """X_eff's own subspace at step sizes up to far beyond the first order."""
    findings = []
    for stiff in (0.1, 0.5, 2.0):
        for t in trainings(context, stiff):
            bound = effective_subspace_bound(*t.problem)
            if np.isfinite(bound):
                findings.append(Finding(t.at, bound, subspace_drift(*t.problem)))
    return findings


def spread_bounds(context: Context) -> list[Finding]:
    """The averaged model, bounded by how far apart the clients stand; one local step."""
    findings = []
    for stiff in (0.05, 0.5, 2.0):
        for t in trainings(context, stiff):
            if t.local_steps == 1:
                findings.append(
                    Finding(t.at, deviation_bound(t.rest, t.covariances, perron_weights(t.mixing)), drift(t))
                )
    return findings


def entries_bounds(context: Context) -> list[Finding]:
    """How far any r_k, and the sensitivity, move."""
    findings = []
    for t in trainings(context, 0.5):
        now, wanted = np.diag(t.represented()), np.diag(t.target)
        error = float(np.linalg.norm(t.represented() - t.target))
        moved, sensitivity = float(np.abs(now - wanted).max()), abs(float(np.ptp(now) - np.ptp(wanted)))
        findings.append(Finding({**t.at, "moved": "r_k"}, representability_bound(error), moved))
        findings.append(Finding({**t.at, "moved": "s"}, sensitivity_bound(error), sensitivity))
    return findings


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
            "Training on a network ends at the optimum of the averaged objective: the averaged model represents its "
            "top eigenvectors.",
            ForAll(
                paths,
                no_drift,
                "Clients stand apart, each pulls with its own matrix, and the pulls do not average out.",
                Evidence.NUMERIC,
            ),
            reading="training, equal weights, one local step",
            instead=("xeff.remainder-bound", "xeff.order-in-step"),
        ),
        Statement(
            "xeff.mode-gain",
            "corrected",
            "Mode l of the network enters X_eff with kappa_l = 2 E lam/(1 - lam) + E - 1 = E (1 + lam)/(1 - lam) - 1; "
            "federated averaging has lam = 0, kappa = E - 1.",
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
            "Two sides of n clients each, all linked across, and E = n local steps: kappa = 0 between the sides, n - 1 "
            "for federated averaging.",
            Identity(
                lambda: two_sides_of(sp.Symbol("n", positive=True, integer=True)),
                lambda: sp.Integer(0),
                "lam = (1 - n)/(1 + n) for uniform averaging over closed neighbourhoods.",
            ),
            reading="complete bipartite networks",
            replaces=("thm46-trained.bipartite-kappa",),
        ),
        Statement(
            "xeff.one-way-links",
            "corrected",
            "For any mixing matrix X_eff = X_v + eta [2 E sum_ij v_i Z_ij D_j D_i + (E - 1) sum_i v_i D_i^2].",
            Prediction(
                one_way_findings,
                "One-way links, the double sum written out.",
                rtol=1e-10,
                evidence=Evidence.NUMERIC,
            ),
            reading="one-way links",
            latex=r"X_{\mathrm{eff}} = X_v + \eta\Big[2E\sum_{ij}v_iZ_{ij}D_jD_i + (E-1)\sum_i v_iD_i^2\Big]",
        ),
        Statement(
            "xeff.remainder-bound",
            "corrected",
            "If mixing is reversible, the averaged model W represents X_eff's subspace up to sqrt2 |W (W^T W - X_eff)| "
            "over sqrt(a) (a - b), while a > b: a is the least eigenvalue of W W^T, b eigenvalue c + 1 of X_eff.",
            Bound(
                remainder_findings,
                "Davis-Kahan, for any W. Models at rest at stiffness 0.01 to 0.5.",
                evidence=Evidence.NUMERIC,
            ),
            reading="averaged model",
            latex=r"X_{\mathrm{eff}} = X_v + \frac{\eta}{N}\sum_{l\ge2}\kappa_l\Delta_l^2,\quad"
            r"\Delta_l = \sum_i u_l(i)D_i",
            replaces=("xeff.averaged-model",),
        ),
        Statement(
            "xeff.simulated-drift",
            "corrected",
            "X_eff predicts the drift of the averaged model within 5% in three simulated trainings at stiffness 0.03.",
            Prediction(
                simulated_findings,
                "Training from the optimum; no percentage holds for all clients.",
                rtol=0.05,
                evidence=Evidence.NUMERIC,
            ),
            reading="eight clients on the ring, the star and the barbell, most like their neighbours",
        ),
        Statement(
            "xeff.order-in-step",
            "corrected",
            "What X_eff leaves out is of second order: it falls fourfold when the step size is halved.",
            Prediction(
                halving_findings,
                "Error of the projector at a step size over that at half of it.",
                rtol=0.1,
                evidence=Evidence.NUMERIC,
            ),
            reading="averaged model, order",
            spoil=0.8,
        ),
        Statement(
            "xeff.local-models",
            "corrected",
            "Client i's own model represents the rows of W_eff (I + 2 eta E sum_j Z_ij D_j), within 5% of its distance "
            "from the target at stiffness 0.01.",
            Bound(local_findings, "The worst client of every problem.", evidence=Evidence.NUMERIC),
            reading="local models, on the eight-client networks and clients of the check",
        ),
        Statement(
            "xeff.subspace-small-steps",
            "corrected",
            "To first order the averaged model's subspace is off by at most sqrt2 eta max|kappa| mean |D_i|_F^2 over "
            "the gap.",
            Bound(
                first_order_bounds,
                "The sharper form with the parts of D_i inside and across the subspace; models at rest.",
                evidence=Evidence.NUMERIC,
            ),
            reading="subspace bound, small steps",
            latex=r"\|P-P^*\|_F \le \sqrt2\,\eta\,\frac{\max_l|\kappa_l|}{\theta_c-\theta_{c+1}}\,"
            r"\frac1N\sum_i\|D_i\|_F^2",
        ),
        Statement(
            "xeff.subspace-any-step",
            "corrected",
            "If mixing is reversible, the subspaces of X_eff and X_v differ by at most what Davis-Kahan and Weyl give, "
            "while that is finite, at every step size.",
            Bound(any_step_bounds, "Stiffness 0.1 to 2.", evidence=Evidence.NUMERIC),
            reading="subspace bound, any step, X_eff",
        ),
        Statement(
            "xeff.models-any-step",
            "corrected",
            "If models rest after one local step a round, the averaged model's subspace is bounded by the "
            "clients' spread times how unlike they are, over the gap, while that is finite.",
            Bound(spread_bounds, "Models at rest, stiffness 0.05 to 2, one local step.", evidence=Evidence.NUMERIC),
            reading="subspace bound, any step, models",
        ),
        Statement(
            "xeff.entries-and-spread",
            "corrected",
            "No r_k moves by more than |P - P*|_F/sqrt2, and s by no more than twice that.",
            Bound(entries_bounds, "r_k and s of all coordinates, models at rest.", evidence=Evidence.NUMERIC),
            reading="representability and sensitivity",
            latex=r"|\delta r_k| \le \tfrac1{\sqrt2}\|P-P^*\|_F,\quad |\delta s| \le \sqrt2\,\|P-P^*\|_F",
        ),
    ),
)
