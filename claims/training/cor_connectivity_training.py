"""Corollary 4.5 for trained models: does every link make what decentralised training reaches more robust?

A link can raise how far the models stand apart and how far their average is off, under uniform averaging and under
Metropolis weights. With steps along the Laplacian of one fixed length it raises the former for no network, and lowers
X_eff - X_v in the Loewner order; the subspace that the average represents can still move further off.
"""

from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from ledger.checks.kinds import Bound, Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Instead, Kind, Statement
from sims.linear.added_links import (
    STEP_SIZE,
    TOLERANCE,
    Link,
    Quantity,
    added_links,
    expected_consensus,
    mixing,
    never_raises,
    trained_consensus,
    trained_error,
)
from sims.linear.heterogeneity import commuting
from sims.linear.resting_clients import at_rest, clients, placements, simulated
from theory.data.moments import alignment_matrix
from theory.formula import Source
from theory.networks import small_networks
from theory.networks.mixing import mixing_matrix
from theory.networks.rule import Rule
from theory.networks.topologies import topology
from theory.readings import Mask, Objective
from theory.setting import Setting
from theory.training.consensus import client_variance, consensus_exchangeable
from theory.training.subspace_drift import drift_form

ROUNDED = 1e-12  # absolute: of a difference of entries between 0 and 1
BECAUSE_LINK = "A link takes weight from others; the smallest eigenvalue, and how evenly clients count, can get worse."
EVERY_LINK = "Every link that can be added to any of the 141 connected networks of three to six clients."


def hidden_diagonal_sensitivity(graph: nx.Graph, rule: Rule) -> float:
    """s of the averaged model at rest on the paper's clients, complementary masks: one eigenvalue is positive."""
    s = Setting.paper(1024, n_clients=graph.number_of_nodes())
    x = np.stack(
        [
            alignment_matrix(s, Objective.MIM, Mask.COMPLEMENTARY, scope="local", client=i).corner
            for i in range(s.n_clients)
        ]
    )
    step_size = 0.02 / float(np.abs(np.linalg.eigvalsh(x)).max())
    return float(np.ptp(at_rest(mixing(graph, rule), x, step_size, feature_dim=1).representability))


def shared_axes_sensitivity(graph: nx.Graph, rule: Rule) -> float:
    """s of the averaged model at rest on the paper's clients with a diagonal second moment, c = N."""
    n = graph.number_of_nodes()
    x = commuting(n, n + 2)
    # The matrices are diagonal: their largest entry is the largest eigenvalue, and sets the scale of a step.
    return float(np.ptp(at_rest(mixing(graph, rule), x, 0.02 / x.max(), feature_dim=n).representability[:n]))


def strictly_lowers(quantity: Quantity, rule: Rule) -> Callable[[Link, float], tuple[bool, Mapping[str, Any]]]:
    """Whether an added link lowers the quantity, by more than solving for rest can be off."""

    def predicate(link: Link, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        _, details = never_raises(quantity, rule)(link, spoil)
        before, after = details["before"], details["after"]
        # Relative to the larger, and beyond the rounding of a quantity of order 1.
        noise = TOLERANCE * max(abs(before), abs(after)) + ROUNDED
        return bool(after < spoil * before - noise), details

    return predicate


def drift_falls(link: Link, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """X_eff - X_v falls in the Loewner order, whatever the clients: so does the form that makes it of them."""
    sparse, dense = (drift_form(mixing(graph, "laplacian")) for graph in link)
    largest = float(np.linalg.eigvalsh(dense - spoil * sparse)[-1])
    return largest <= TOLERANCE, {
        "network": small_networks.name(link[0]),
        "with_link": small_networks.name(link[1]),
        "by": largest,
    }


def harmful_share(rule: Rule) -> Callable[[Context], list[Finding]]:
    """The share of all added links that raise the expected consensus error, against a tenth."""

    def findings(context: Context) -> list[Finding]:
        raised = [
            expected_consensus(dense, rule) > expected_consensus(sparse, rule) * (1 + TOLERANCE)
            for sparse, dense in added_links()
        ]
        return [Finding({"mixing": rule, "links": len(raised), "harmful": sum(raised)}, 0.1, sum(raised) / len(raised))]

    return findings


def named_pair(context: Context) -> list[Finding]:
    """Consensus error of the barbell over that of the torus, the same sixteen clients placed at random on both."""
    x, findings = clients(16), []
    for rule in ("uniform", "metropolis"):
        sums = {}
        for name in ("barbell", "torus:4x4"):
            m = mixing_matrix(topology(name, 16), rule)
            orders = [np.random.default_rng(i).permutation(16) for i in range(context.trials(4, 40))]
            sums[name] = np.mean([at_rest(m, x[order], 0.005).consensus for order in orders])
        findings.append(
            Finding({"mixing": rule, **_connectivities()}, 10.0, float(sums["barbell"] / sums["torus:4x4"]))
        )
    return findings


def _connectivities() -> dict[str, float]:
    return {name: float(topology(name, 16).sum(axis=1).mean() + 1) for name in ("barbell", "torus:4x4")}


def full_spectrum(context: Context) -> list[Finding]:
    """Consensus error of nearly alike clients over all placements: every eigenvalue of the network counts."""
    findings = []
    for graph in small_networks.connected_networks(4, 4 if context.tier == "quick" else 5):
        if nx.density(graph) == 1:  # all rules are federated averaging there, and nothing is apart
            continue
        for rule in ("uniform", "metropolis", "laplacian"):
            m, x, eta = mixing(graph, rule), clients(graph.number_of_nodes(), level=0.02), 2e-4
            start = at_rest(m, x, eta).problem
            zeta = client_variance(start.gradient(start.start))
            measured = float(np.mean([at_rest(m, placed, eta).consensus for placed in placements(x)]))
            at = {"network": small_networks.name(graph), "mixing": rule}
            findings.append(Finding(at, consensus_exchangeable(m, zeta, eta), measured))
    return findings


def by_rounds(context: Context) -> list[Finding]:
    """The ring of four and its chord under Metropolis weights: consensus error at rest, and after as many rounds."""
    findings, ring = [], nx.cycle_graph(4)
    chord = ring.copy()
    chord.add_edge(0, 2)
    for graph in (ring, chord):
        problem = (mixing(graph, "metropolis"), clients(4), STEP_SIZE)
        claimed = at_rest(*problem).consensus
        findings.append(
            Finding({"network": small_networks.name(graph)}, claimed, simulated(*problem, rounds=9000).consensus)
        )
    return findings


def links(largest: int) -> Callable[[Context], tuple[Link, ...]]:
    """Every link that a connected network of three to `largest` clients lacks, whatever the tier."""
    return lambda context: added_links(largest)


def every_link(
    key: str,
    text: str,
    check: ForAll,
    reading: str,
    instead: Instead,
    kind: Kind,
    replaces: tuple[str, ...] = (),
) -> Statement:
    """What every added link does: printed where it is about the sensitivity, expected by us where it is about more."""
    return Statement(key, kind, text, check, reading=reading, spoil=0.01, instead=instead, replaces=replaces)


CONSENSUS = "Every added link lowers the models' distance from one another or keeps it."
ERROR = "Every added link lowers the averaged model's squared subspace error or keeps it."
# What the subspace error follows, where it does not follow the links.
BY_SUM_OF_WEIGHTS = "functionals.weights-model-error"
BY_SPECTRUM = "functionals.squared-modes-model-error"
SERVER_LEAST = "thm46-trained.placements-first-order"
ERROR_BY_RULE: tuple[tuple[Rule, str, Instead], ...] = (
    ("uniform", BECAUSE_LINK, (BY_SUM_OF_WEIGHTS,)),
    ("metropolis", BECAUSE_LINK, (BY_SPECTRUM, SERVER_LEAST)),
    (
        "laplacian",
        "X_eff - X_v falls in the Loewner order, but how far a matrix tilts a subspace does not follow it.",
        ("cor45-trained.laplacian-drift", BY_SPECTRUM),
    ),
)
NUMERIC = Evidence.NUMERIC
CLAIM = Claim(
    id="cor-connectivity-training",
    title="Average connectivity and the models that decentralised training reaches",
    items=("corollary-4.5-training",),
    source=Source("chen2026", "Corollary 4.5, Sections 3.1 and 4.3"),
    statements=(
        *(
            every_link(
                f"cor45-trained.consensus-{rule}",
                CONSENSUS,
                ForAll(links(6), never_raises(expected_consensus, rule, trained_consensus), BECAUSE_LINK, NUMERIC),
                f"{rule} averaging, mean over placements of the clients",
                (f"cor45-trained.harmful-links-{rule}",),
                "expected",
            )
            for rule in ("uniform", "metropolis")
        ),
        *(
            every_link(
                f"cor45-trained.error-{rule}",
                ERROR,
                ForAll(links(4), never_raises(trained_error, rule), because, NUMERIC),
                f"{rule} averaging, mean over placements of the clients",
                instead,
                "expected",
            )
            for rule, because, instead in ERROR_BY_RULE
        ),
        every_link(
            "cor45-trained.population-complementary",
            "Every added link lowers the sensitivity of the trained, averaged model or keeps it.",
            ForAll(links(4), never_raises(hidden_diagonal_sensitivity, "uniform"), BECAUSE_LINK, NUMERIC),
            "the paper's clients, complementary masks, population",
            "not known",
            "printed",
        ),
        every_link(
            "cor45-trained.population-independent",
            "Every added link lowers the sensitivity of the trained, averaged model.",
            ForAll(
                links(4),
                strictly_lowers(shared_axes_sensitivity, "uniform"),
                "Clients that share eigenvectors tilt nothing: s = 0 on every network.",
                NUMERIC,
            ),
            "the paper's clients, independent masks, population, c = N",
            ("shared.represented-whole",),
            "printed",
            ("shared.added-link-sensitivity",),
        ),
        *(
            Statement(
                f"cor45-trained.harmful-links-{rule}",
                "corrected",
                f"More than a tenth of all added links raise the expected consensus error under {rule} averaging.",
                Bound(harmful_share(rule), EVERY_LINK, upper=False, evidence=NUMERIC),
                reading=f"{rule} averaging, every network of three to six clients",
            )
            for rule in ("uniform", "metropolis")
        ),
        Statement(
            "cor45-trained.barbell-torus",
            "corrected",
            "Two cliques of eight joined by a link have over ten times the consensus error of the 4 x 4 torus, "
            "and more neighbours a client.",
            Bound(named_pair, "The one link between the cliques decides.", upper=False, evidence=NUMERIC),
            reading="sixteen clients",
        ),
        Statement(
            "cor45-trained.laplacian-first-order",
            "corrected",
            "With Laplacian steps of one fixed length an added link never raises the expected consensus error.",
            ForAll(links(6), never_raises(expected_consensus, "laplacian"), EVERY_LINK, NUMERIC),
            reading="steps of 1/N along the Laplacian, mean over placements, first order",
            spoil=0.01,
        ),
        Statement(
            "cor45-trained.laplacian-drift",
            "corrected",
            "With Laplacian steps of one fixed length an added link never raises X_eff - X_v, for any clients.",
            ForAll(links(6), drift_falls, EVERY_LINK, NUMERIC),
            reading="steps of 1/N along the Laplacian, Loewner order",
            spoil=0.01,
        ),
        Statement(
            "cor45-trained.laplacian-at-rest",
            "corrected",
            "With Laplacian steps of one fixed length an added link never raises trained models' consensus error.",
            ForAll(
                lambda context: added_links(4 if context.tier == "quick" else 5),
                never_raises(trained_consensus, "laplacian"),
                "Models at rest, all placements of the same clients.",
                NUMERIC,
            ),
            reading="steps of 1/N along the Laplacian, models at rest",
            spoil=0.01,
        ),
        Statement(
            "cor45-trained.mean-squared-gain",
            "corrected",
            "Over all placements the consensus error is zeta^2 times the mean squared gain of the modes.",
            Prediction(full_spectrum, "Nearly alike clients, every network and rule.", rtol=0.03, evidence=NUMERIC),
            reading="first order, models at rest",
        ),
        Statement(
            "cor45-trained.simulated",
            "corrected",
            "Simulated training on the ring of four, and on that ring with a chord, ends where the models at rest are.",
            Prediction(by_rounds, "Adapt, then combine, from the common optimum.", rtol=1e-6, evidence=NUMERIC),
            reading="simulated rounds",
        ),
    ),
)
