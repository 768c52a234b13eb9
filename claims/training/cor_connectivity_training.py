"""Corollary 4.5 for trained models: does every link make what decentralised training reaches more robust?

A link can raise how far the models stand apart and how far their average is off, under uniform averaging and under
Metropolis weights. With steps along the Laplacian of one fixed length it raises the former for no network, and lowers
X_eff - X_v in the Loewner order; the subspace that the average represents can still move further off.
"""

from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, OWN_WEIGHTS, SYMMETRIC, mixing_at, network_parameters
from ledger.reading import Reading, read_as
from ledger.statement import Claim, Context, Evidence, Instead, Kind, Statement
from ledger.training.link_on_domain import (
    LACKS_A_LINK,
    LINK,
    OF_ONE_LENGTH,
    at_one_curvature,
    lowered_by_link,
    lowering,
    mixings_at,
    of_the_modes,
    ratio_of_gains,
    trained_ratio,
)
from ledger.training.settled_training import settled_check
from ledger.training.small_steps import (
    APART,
    CLIENTS,
    FEATURES,
    SMALL_STEPS,
    a_gap,
    client_parameters,
    limit_over_placements,
    matrices_at,
    mean_consensus,
    one,
    steps_at,
    trained_domain,
)
from sims.linear.added_links import (
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
from sims.linear.resting_clients import at_rest, mixing_of
from theory.data.moments import alignment_matrix
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology
from theory.readings import Mask, Objective
from theory.setting import Setting
from theory.training.consensus import client_variance, consensus_exchangeable
from theory.training.consensus_curvature import LinearTraining

ROUNDED = 1e-12  # absolute: of a difference of entries between 0 and 1
BECAUSE_LINK = (
    "A new link takes weight from other links. It can make the smallest eigenvalue worse, and the clients' "
    "weights less even."
)
NUMERIC = Evidence.NUMERIC
RULES: tuple[Rule, ...] = ("uniform", "metropolis")


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


HARMFUL_FAMILY = {"uniform": "cor45-trained.paired-leaves", "metropolis": "cor45-trained.linked-hubs"}
HARMFUL = {"uniform": (0.1, (5, 6)), "metropolis": (0.14, (4, 5, 6))}


def harmful_share(rule: Rule) -> OnDomain:
    """The share of all links that can be added to connected networks of N clients that raise the consensus error."""
    least, sizes = HARMFUL[rule]

    def measured(at: Point, effort: Effort) -> Sample:
        raised = [
            expected_consensus(dense, rule) > expected_consensus(sparse, rule) * (1 + TOLERANCE)
            for sparse, dense in added_links()
            if len(sparse) == at["n_clients"]
        ]
        return Sample(np.atleast_1d(np.mean(raised)))

    return OnDomain(
        Domain((Choice("n_clients", sizes),), assumes="Every connected network of that many clients is gone through."),
        Then(">=", lambda at: least, measured),
        BECAUSE_LINK,
        NUMERIC,
        points=(0, 0),
        corners=(len(sizes), len(sizes)),
    )


def hub_factor(at: Point) -> float:
    """Squared gains of two hubs with m leaves each other's: (m - 1) leaf modes at m/2, over those without the link."""
    m = int(at["leaves"])
    return (m - 1) * m**2 / 4 / ((m - 1) ** 3 / 4 + 1 / m**2 + 1 / (m + 2) ** 2)


def linked_hubs(at: Point, effort: Effort) -> Sample:
    """The mean squared gain with the two hubs linked, over that without."""
    graph = nx.complete_bipartite_graph(2, int(at["leaves"]))
    return ratio_with_links(graph, [(0, 1)], "metropolis")


def pairs_factor(at: Point) -> float:
    """Squared gains of a hub with k linked pairs, over those of the star with as many leaves.

    Pairs have k - 1 modes of gain 2 besides that of hub and leaves, a star's leaves 2k - 1 of gain 1.
    """
    k = int(at["pairs"])
    n = 2 * k + 1
    paired, star = 4 * (k - 1) + ((n - 3) / (4 * n - 3)) ** 2, n - 2 + ((n - 2) / (3 * n - 2)) ** 2
    return paired / star


def paired_leaves(at: Point, effort: Effort) -> Sample:
    """The mean squared gain of a star whose leaves are linked in pairs, over that of the star."""
    k = int(at["pairs"])
    return ratio_with_links(nx.star_graph(2 * k), [(2 * i + 1, 2 * i + 2) for i in range(k)], "uniform")


def ratio_with_links(graph: nx.Graph, links: list[tuple[int, int]], rule: Rule) -> Sample:
    """The mean squared gain with these links, over that without."""
    linked = graph.copy()
    linked.add_edges_from(links)
    after, before = (mean_squared_gain(mixing_of(g, rule)) for g in (linked, graph))
    return one((after / before, ROUNDED * 1e3))


def mean_squared_gain(mixing: np.ndarray) -> float:
    """|(I - J) Z|_F^2/(N - 1), from (I - M + 1 v^T)^-1 - I: no eigenvalue is taken."""
    n = len(mixing)
    response = np.linalg.inv(np.eye(n) - mixing + perron_weights(mixing)) - np.eye(n)
    return float(np.sum((response - response.mean(axis=0)) ** 2)) / (n - 1)


def barbell_over_torus(at: Point) -> float:
    """A lower bound: the cliques' own mode, with the torus's modes in full."""
    side = int(at["side"])
    half = side**2 // 2
    angles = np.cos(2 * np.pi * np.arange(side) / side)
    gaps = (0.4 * (2 - angles[:, None] - angles[None, :])).ravel()[1:]
    return (half * (half + 1) / 2 - 1) ** 2 / float(np.sum((1 / gaps - 1) ** 2))


def barbell_measured(at: Point, effort: Effort) -> Sample:
    """The mean squared gain of the barbell over that of the torus."""
    side = int(at["side"])
    barbell, torus = (
        mean_squared_gain(mixing_matrix(topology(name, side**2), "metropolis"))
        for name in ("barbell", f"torus:{side}x{side}")
    )
    return Sample(np.atleast_1d(barbell / torus), ROUNDED * barbell)


def expected(at: Point) -> float:
    """zeta^2 E^2 times the mean squared gain: zeta^2 of the gradients at the common optimum."""
    mixing, x, steps = mixing_at(at), matrices_at(at), steps_at(at)
    problem = LinearTraining(mixing, x, int(at["feature_dim"]), 1.0)
    return consensus_exchangeable(mixing, client_variance(problem.gradient(problem.start)), 1.0, steps)


def trained_expectation(at: Point, effort: Effort) -> Sample:
    """The consensus error over the squared step, mean over all placements, small steps."""
    return one(limit_over_placements(mean_consensus, mixing_at(at), matrices_at(at), at, 2))


def links(largest: int) -> Callable[[Context], tuple[Link, ...]]:
    """Every link that a connected network of three to `largest` clients lacks, whatever the tier."""
    return lambda context: added_links(largest)


def every_link(
    key: str,
    text: str,
    check: ForAll,
    reading: Reading,
    instead: Instead,
    kind: Kind,
    replaces: tuple[str, ...] = (),
) -> Statement:
    """What every added link does: printed where it is about the sensitivity, expected by us where it is about more."""
    return Statement(key, kind, text, check, reading=reading, spoil=0.01, instead=instead, replaces=replaces)


MIXING = {"uniform": parts.UNIFORM, "metropolis": parts.METROPOLIS, "laplacian": parts.LAPLACIAN}
CONSENSUS = "Every added link lowers the consensus error, or leaves it as it is."
ERROR = "Every added link lowers the squared subspace error of the averaged model, or leaves it as it is."
# What the subspace error follows, where it does not follow the links.
BY_SUM_OF_WEIGHTS = "functionals.weights-model-error"
BY_SPECTRUM = "functionals.squared-modes-model-error"
SERVER_LEAST = "thm46-trained.placements-first-order"
ERROR_BY_RULE: tuple[tuple[Rule, str, Instead], ...] = (
    ("uniform", BECAUSE_LINK, (BY_SUM_OF_WEIGHTS,)),
    ("metropolis", BECAUSE_LINK, (BY_SPECTRUM, SERVER_LEAST)),
    (
        "laplacian",
        "A link lowers X_eff - X_v in the Loewner order (the order of quadratic forms). But how far a matrix "
        "tilts a subspace does not follow this order.",
        ("cor45-trained.laplacian-drift", BY_SPECTRUM),
    ),
)
# A network that lacks one link: its Laplacian has the eigenvalue 12 eleven times or so, and 0 only up to rounding.
ONE_LINK_SHORT = {
    **{"n_clients": 12, "network": "random", "link": 1, "share": 1.0, "dim": 2, "feature_dim": 1},
    **{"local_steps": 1, "level": 1.0, "draw": 696},
}
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
                read_as(parts.TRAINING, MIXING[rule], parts.OVER_PLACEMENTS),
                (f"cor45-trained.harmful-links-{rule}", HARMFUL_FAMILY[rule]),
                "expected",
            )
            for rule in RULES
        ),
        *(
            every_link(
                f"cor45-trained.error-{rule}",
                ERROR,
                ForAll(links(4), never_raises(trained_error, rule), because, NUMERIC),
                read_as(parts.TRAINING, MIXING[rule], parts.OVER_PLACEMENTS),
                instead,
                "expected",
            )
            for rule, because, instead in ERROR_BY_RULE
        ),
        every_link(
            "cor45-trained.population-complementary",
            "With the paper's clients every added link lowers the sensitivity of the trained, averaged model, "
            "or leaves it as it is.",
            ForAll(links(4), never_raises(hidden_diagonal_sensitivity, "uniform"), BECAUSE_LINK, NUMERIC),
            read_as(parts.COMPLEMENTARY, parts.POPULATION, parts.TRAINING),
            "not known",
            "printed",
        ),
        every_link(
            "cor45-trained.population-independent",
            "With the paper's clients and c = N every added link lowers the sensitivity of the trained, "
            "averaged model.",
            ForAll(
                links(4),
                strictly_lowers(shared_axes_sensitivity, "uniform"),
                "Clients that share eigenvectors do not tilt the averaged model, so its sensitivity is 0 on every "
                "network.",
                NUMERIC,
            ),
            read_as(parts.INDEPENDENT, parts.POPULATION, parts.TRAINING),
            ("shared.represented-whole",),
            "printed",
            ("shared.added-link-sensitivity",),
        ),
        *(
            Statement(
                f"cor45-trained.harmful-links-{rule}",
                "corrected",
                f"Of all links that can be added to connected networks of {min(HARMFUL[rule][1])} to "
                f"{max(HARMFUL[rule][1])} clients, at least {HARMFUL[rule][0]:.0%} raise the consensus error under "
                f"{MIXING[rule].words}.",
                harmful_share(rule),
                reading=read_as(parts.SMALL_STEPS, parts.OVER_PLACEMENTS),
                spoil=1.05,
            )
            for rule in RULES
        ),
        Statement(
            "cor45-trained.linked-hubs",
            "corrected",
            "Take two hubs, each linked to the same m clients. With Metropolis weights a link between the hubs "
            "multiplies the consensus error by (m - 1) m^2/4 over (m - 1)^3/4 + 1/m^2 + 1/(m + 2)^2. This factor "
            "is above 1.",
            OnDomain(
                Domain((Whole("leaves", 2, 100),)),
                Then("=", hub_factor, linked_hubs),
                "With the link every leaf gives the hubs less weight. So m - 1 modes among the leaves fade more "
                "slowly.",
                NUMERIC,
            ),
            reading=read_as(parts.SMALL_STEPS, parts.OVER_PLACEMENTS),
        ),
        Statement(
            "cor45-trained.paired-leaves",
            "corrected",
            "Take a star with 2k leaves, and link its leaves in pairs. Under uniform averaging this multiplies "
            "the consensus error by 4 (k - 1) + (2 (k - 1)/(8k + 1))^2 over 2k - 1 + ((2k - 1)/(6k + 1))^2. The "
            "factor is above 1 and tends to 2, so at least one of these k links raises the consensus error.",
            OnDomain(
                Domain((Whole("pairs", 2, 60),)),
                Then("=", pairs_factor, paired_leaves),
                "A linked pair of leaves gives itself more weight than the hub.",
                NUMERIC,
            ),
            reading=read_as(parts.SMALL_STEPS, parts.OVER_PLACEMENTS),
        ),
        Statement(
            "cor45-trained.barbell-torus-bound",
            "corrected",
            "Take two fully linked groups of h = k^2/2 clients, joined by one link. With Metropolis weights their "
            "consensus error is at least (h (h + 1)/2 - 1)^2/S times that of the k x k torus. S is the torus's "
            "sum of (lambda/(1 - lambda))^2. For 16 clients the factor is 127, although clients of the two groups "
            "have more neighbours.",
            OnDomain(
                Domain(
                    (Whole("side", 4, 16),),
                    (Condition("side even", r"k\ \text{even}", lambda at: at["side"] % 2 == 0),),
                ),
                Then(">=", barbell_over_torus, barbell_measured),
                "The one link between the groups decides: the mode that tells the groups apart has a gap of at "
                "most 2/(h (h + 1)).",
                NUMERIC,
                points=(2, 10),
                corners=(1, 2),
            ),
            reading=read_as(parts.SMALL_STEPS, parts.OVER_PLACEMENTS),
            replaces=("cor45-trained.barbell-torus",),
            spoil=1.25,
        ),
        Statement(
            "cor45-trained.laplacian-quadratics",
            "corrected",
            "Let the clients' losses be quadratics of one curvature h, and eta h <= 1. With steps of one length "
            "along the Laplacian, no added link raises the consensus error at rest, averaged over all placements. "
            "That is so for every number of local steps.",
            OnDomain(
                Domain(
                    (
                        *(*network_parameters(10), *LINK, Whole("local_steps", 1, 6)),
                        *(Real("curvature", 0.0, 1.0, "(]", reach=(1e-4, 1.0), is_log=True), DRAW),
                    ),
                    (LACKS_A_LINK,),
                    assumes=f"{OF_ONE_LENGTH} curvature is eta h.",
                ),
                Then(
                    "<=",
                    lambda at: of_the_modes(mixings_at(at)[0], at),
                    lambda at, effort: Sample(
                        np.atleast_1d(found := at_one_curvature(mixings_at(at)[1], at)), 1e-9 * found
                    ),
                ),
                "A link raises the Laplacian's eigenvalues or keeps them (Weyl), so it lowers those of M = I - "
                "eps L or keeps them. A mode's gain grows with its eigenvalue of M in [0, 1]. For h near 0 this "
                "is the first order of any loss.",
                NUMERIC,
                points=(6, 300),
                corners=(0, 64),
                named=[
                    {"n_clients": 10, "network": "ring", "link": 1, "share": 0.1, "local_steps": 2}
                    | {"curvature": 0.01, "draw": 1}
                ],
            ),
            replaces=("cor45-trained.laplacian-first-order",),
        ),
        Statement(
            "cor45-trained.laplacian-drift",
            "corrected",
            "With steps of one length eps along the Laplacian, a link between a and b lowers X_eff by exactly eta "
            "2E/(eps N (1 + R)) Y^2. R is the resistance between a and b. Y = sum_i u_i D_i, where u is the "
            "potential of a unit current from a to b, and D_i = X_i - mean. So no link raises X_eff in the "
            "Loewner order.",
            OnDomain(
                Domain(
                    (*network_parameters(12), *LINK, *client_parameters()),
                    (FEATURES, LACKS_A_LINK),
                    assumes=f"{CLIENTS} {OF_ONE_LENGTH}",
                ),
                Then("=", lowering, lowered_by_link),
                "A link changes the inverse of the Laplacian by a matrix of rank one (Sherman and Morrison).",
                NUMERIC,
                points=(10, 300),
                corners=(0, 64),
                named=[ONE_LINK_SHORT],
            ),
        ),
        Statement(
            "cor45-trained.laplacian-at-rest",
            "corrected",
            "With steps of one length eps along the Laplacian, an added link multiplies the consensus error by a "
            "factor of at most 1: the sum of (1/(eps mu) - 1)^2 after, over this sum before. The sums run over "
            "the Laplacian's positive eigenvalues mu.",
            OnDomain(
                Domain(
                    (*network_parameters(5), *LINK, *client_parameters(local_steps=3)),
                    (FEATURES, LACKS_A_LINK, a_gap()),
                    Quantifier.IN_THE_LIMIT,
                    f"{CLIENTS} {OF_ONE_LENGTH} The consensus error is averaged over all placements.",
                    limit=SMALL_STEPS,
                ),
                Then("=", ratio_of_gains, trained_ratio),
                "Computed for models at rest, over all placements of the same clients.",
                NUMERIC,
                points=(3, 60),
                corners=(0, 16),
            ),
        ),
        Statement(
            "cor45-trained.mean-squared-gain",
            "corrected",
            "Averaged over all placements the consensus error is zeta^2 times the squared step size, E^2 and the "
            "mean squared gain lambda/(1 - lambda) of the network's modes. So every eigenvalue of the network "
            "counts.",
            OnDomain(
                trained_domain(5, rules=(*SYMMETRIC, OWN_WEIGHTS), local_steps=3, further=(APART,)),
                Then("=", expected, trained_expectation),
                "Here zeta^2 is the mean squared distance of the clients' gradients from their mean, at the "
                "common optimum.",
                NUMERIC,
                points=(3, 60),
                corners=(0, 16),
            ),
        ),
        Statement(
            "cor45-trained.simulated",
            "corrected",
            "Simulated training, under uniform averaging and under Metropolis weights, ends at the models at rest "
            "that we compute.",
            settled_check(
                ("uniform", "metropolis"),
                (
                    "In each simulated round the clients take their steps and then average. They start at the common "
                    "optimum."
                ),
                local_steps=1,
            ),
        ),
    ),
)
