"""Models that never rest: on one-way networks they turn together in the embedding, for ever and at a known rate.

The Gram matrix W^T W and the represented subspace stand still meanwhile, so that nothing about robustness turns.
Unequal weights alone do not do it: uniform averaging on an undirected network is reversible, and its models rest.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import networkx as nx
import numpy as np

from ledger.checks.kinds import Bound, Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.trained_networks import FEATURE_DIM, Training, clients_of
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.rule import Rule
from theory.training.effective_covariance import stiffness
from theory.training.rotation import relative_equilibrium, rotation_angles
from theory.training.stationary_models import stationary_models

PROOF = "docs/proofs/effective_covariance.md, 8"
ONE_WAY = ("directed_ring", "directed_exponential")
STIFF = 0.02  # step size against curvature and mixing time
ROUNDS = 400
STILL = 1e-13  # radians a round: round-off


def one_way(stiff: float, local_steps: int = 1, networks: tuple[str, ...] = ONE_WAY) -> list[Training]:
    """Trainings with one-way links, their step sizes of this stiffness."""
    found = []
    for network in networks:
        t = Training(network, "uniform", level=0.4, local_steps=local_steps)
        found.append(t.with_steps(stiff / stiffness(t.mixing, t.covariances, FEATURE_DIM, 1.0, local_steps)))
    return found


def turning(t: Training) -> float:
    """Radians that the models at relative rest turn in one round."""
    return float(rotation_angles(stationary_models(*t.problem).rotation)[0])


def simulated(t: Training) -> tuple[float, float]:
    """Radians a round over `ROUNDS` simulated rounds at relative rest, and the relative change of the Gram matrix."""
    v = perron_weights(t.mixing)
    before = np.einsum("i,icd->cd", v, t.rest)
    run = train(
        t.rest,
        t.covariances,
        t.mixing,
        TrainingOptions(step_size=t.step_size, local_steps=t.local_steps, rounds=ROUNDS, collapse=False),
    )
    after = np.asarray(run.mean_model)
    # Of all orthogonal maps, left right takes the mean model from before nearest to that after.
    left, _, right = np.linalg.svd(after @ before.T)
    moved = np.linalg.norm(after.T @ after - before.T @ before) / np.linalg.norm(before.T @ before)
    return float(rotation_angles(left @ right)[0]) / ROUNDS, float(moved)


def comes_to_rest(t: Training, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Do the models stand still once only a common rotation is left?"""
    angle, moved = simulated(t)
    return angle <= STILL, {**t.at, "radians_a_round": angle, "relative_change_of_gram_matrix": moved}


def rate_findings(context: Context) -> list[Finding]:
    """The relative error of the rate that X_eff predicts, at stiffness 0.005, over that at half the step."""
    findings = []
    for steps in (1, 5):
        for t in one_way(STIFF / 4, steps):
            errors = [
                turning(s) / float(relative_equilibrium(*s.problem).angles[0]) - 1
                for s in (t, t.with_steps(t.step_size / 2))
            ]
            findings.append(Finding(t.at, 2.0, errors[0] / errors[1]))
    return findings


def simulated_rate_findings(context: Context) -> list[Finding]:
    """Radians a round of the models at relative rest against those of simulated training, at stiffness 0.005."""
    return [Finding(t.at, turning(t), simulated(t)[0]) for steps in (1, 5) for t in one_way(STIFF / 4, steps)]


def gram_findings(context: Context) -> list[Finding]:
    """Change of the Gram matrix over the simulated rounds, against that of the models themselves."""
    findings = []
    for t in one_way(STIFF):
        angle, moved = simulated(t)
        # Models that turn by an angle change by about as much, relatively.
        findings.append(Finding(t.at, 1e-6 * angle * ROUNDS, moved))
    return findings


def order_findings(rate: float, steps: int, names: tuple[str, ...], rule: Rule) -> list[Finding]:
    """Turning at a step size over that at half of it."""
    findings = []
    for name in names:
        t = Training(name, rule, level=0.4, local_steps=steps)
        t = t.with_steps(STIFF / stiffness(t.mixing, t.covariances, FEATURE_DIM, 1.0, steps))
        findings.append(Finding(t.at, rate, turning(t) / turning(t.with_steps(t.step_size / 2))))
    return findings


def small_networks(context: Context) -> Iterator[nx.Graph]:
    """Every connected network of four clients, in the full tier also of five."""
    return networks.connected_networks(4, 4 if context.tier == "quick" else 5)


def reversible_rests(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Uniform averaging, one local step, steps up to stiffness 0.2. Spoiled: client 0 listens to one neighbour less."""
    n = graph.number_of_nodes()
    mixing = mixing_matrix(nx.to_numpy_array(graph, nodelist=range(n), dtype=np.dtype(bool)), "uniform")
    neighbour = min(graph.neighbors(0))
    mixing[0, 0] += (1 - spoil) * mixing[0, neighbour]
    mixing[0, neighbour] *= spoil
    x = clients_of("exchangeable", "", n, 0.4, 1)
    for stiff in (0.02, 0.2):
        step = stiff / stiffness(mixing, x, FEATURE_DIM, 1.0, 1)
        angle = float(rotation_angles(stationary_models(mixing, x, FEATURE_DIM, step).rotation)[0])
        if angle > STILL:
            return False, {"network": networks.name(graph), "step_size": step, "radians_a_round": angle}
    return True, {}


CLAIM = Claim(
    id="thm-rotation",
    title="When trained models rest and when they turn",
    items=("network-rotation",),
    source=Source("ledger", PROOF),
    statements=(
        Statement(
            "rotation.one-way-rest",
            "expected",
            "Training on a network converges: the models come to rest.",
            ForAll(
                lambda context: one_way(STIFF),
                comes_to_rest,
                "X_eff has a skew part on one-way networks; the models turn while their Gram matrix stands still.",
                Evidence.NUMERIC,
            ),
            reading="one-way links, simulated",
            instead=("rotation.one-way-gram", "rotation.one-way-rate-limit"),
        ),
        Statement(
            "rotation.one-way-gram",
            "corrected",
            "On one-way links the models turn rigidly: over 400 rounds W^T W changes by less than a millionth of "
            "what the models do.",
            Bound(gram_findings, "Simulated from relative rest.", evidence=Evidence.NUMERIC),
            reading="one-way links, simulated",
        ),
        Statement(
            "rotation.one-way-rate-limit",
            "corrected",
            "As steps become small the models turn at the rate of eta E (B - B^T), B = L R L^-1 from the "
            "left-invariant subspace of X_eff: the relative error of that rate is of first order in the step size.",
            Prediction(
                rate_findings,
                "It halves with the step on two one-way networks of eight clients, one and five local steps.",
                rtol=0.05,
                evidence=Evidence.NUMERIC,
            ),
            reading="one-way links, models at relative rest",
            spoil=0.8,
            replaces=("rotation.one-way-rate",),
            latex=r"Q^\top X_{\mathrm{eff}} = R\,Q^\top,\quad RP + PR^\top = 2I,\quad L^\top L = P^{-1},\quad "
            r"\Omega = LRL^{-1} - (LRL^{-1})^\top",
        ),
        Statement(
            "rotation.one-way-simulated",
            "corrected",
            "Simulated training turns at the rate of the models at relative rest that are solved for.",
            Prediction(
                simulated_rate_findings,
                "400 simulated rounds on two one-way networks of eight clients, one and five local steps.",
                rtol=1e-4,
                evidence=Evidence.NUMERIC,
            ),
            reading="one-way links, simulated",
        ),
        Statement(
            "rotation.one-way-order",
            "corrected",
            "The rate at which the models turn is of second order in the step size.",
            Prediction(
                lambda context: order_findings(4.0, 1, ONE_WAY, "uniform"),
                "It falls fourfold when the step is halved.",
                rtol=0.1,
                evidence=Evidence.NUMERIC,
            ),
            reading="one-way links",
            spoil=0.8,
        ),
        Statement(
            "rotation.reversible-mixing",
            "corrected",
            "Uniform averaging on an undirected network turns no model with one local step, though M is not symmetric.",
            ForAll(
                small_networks,
                reversible_rests,
                "v_i M_ij = v_j M_ji makes X_eff symmetric; every network of four clients (five in the full tier).",
                Evidence.NUMERIC,
            ),
            reading="reversible mixing",
        ),
        Statement(
            "rotation.two-local-steps",
            "corrected",
            "With two local steps models turn even on symmetric networks, federated averaging included, at third "
            "order.",
            Prediction(
                lambda context: order_findings(8.0, 2, ("ring", "complete"), "metropolis"),
                "The rate falls eightfold when the step is halved.",
                rtol=0.1,
                evidence=Evidence.NUMERIC,
            ),
            reading="several local steps",
            spoil=0.8,
        ),
    ),
)
