# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Networks: what connectivity does and does not
#
# Corollary 4.5 of the paper says that decentralised training becomes more robust as the average connectivity $|\bar A|$ rises. Connectivity
# does something, but not that. This notebook asks a network four questions. Whom does it listen to? How far apart do its clients stand? Which
# number of the graph tells? And which links would help?
#
# All training here is of linear encoders, $f_i(W) = -\mathrm{tr}(W X_i W^\top) + \frac12\|W^\top W\|_F^2$, by exact gradients. Client $i$
# sees its data only through the matrix $X_i$.

# %%
from itertools import permutations

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
from scipy.stats import spearmanr

from figures.style import styled
from sims.linear.heterogeneity import alternating, exchangeable, homophily
from sims.linear.metrics import consensus_error, subspace_error, weighted_mean
from sims.linear.objective import optimum
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.data.moments import alignment_matrix
from theory.networks import graph_functionals as functional
from theory.networks.certificate import certificate
from theory.networks.edge_choice import best_links, greedy_links, missing_links, with_links
from theory.networks.mixing import mixing_matrix, objective_weights_of, perron_weights
from theory.networks.small_networks import connected_networks
from theory.networks.spectra import closed_form_spectrum, mixing_spectrum
from theory.networks.topologies import from_networkx, topology
from theory.objectives.curvature import top_projector
from theory.objectives.representability import representability
from theory.readings import Mask, Objective
from theory.setting import Setting
from theory.training.consensus import client_variance, consensus_exchangeable, consensus_first_order, consensus_identity
from theory.training.consensus_bounds import consensus_gap_bound
from theory.training.consensus_curvature import LinearTraining, resummed, steady_states
from theory.training.published_bounds import published_bounds

# %matplotlib inline

N, DIM, FEATURE_DIM, STEP = 16, 10, 3, 0.01


def at_optimum(covariances: np.ndarray) -> np.ndarray:
    """Every client at the optimum of the plain mean."""
    return np.repeat(optimum(covariances.mean(axis=0), FEATURE_DIM)[None], len(covariances), axis=0)


# %% [markdown]
# ## A network is a matrix
#
# A round is some local steps, then mixing: $W_i \leftarrow \sum_j M_{ij} W_j$. The network enters through $M$ alone. Its eigenvalues
# $1 = \lambda_1 > \lambda_2 \geq \dots$ say how fast differences die out: a pattern of disagreement along mode $l$ shrinks by $\lambda_l$
# a round. Here are eight networks of 16 clients, with Metropolis weights.

# %%
NETWORKS = {
    "complete": "complete",
    "hypercube": "hypercube",
    "torus": "torus:4x4",
    "random regular": "regular:4",
    "ring": "ring",
    "two cliques, one bridge": "barbell",
    "star": "star",
    "path": "path",
}
adjacency = {name: topology(spec, N) for name, spec in NETWORKS.items()}
mixing = {name: mixing_matrix(a, "metropolis") for name, a in adjacency.items()}

print(f"{'network':24}{'|A-bar|':>8}{'lambda_2':>10}{'lambda_N':>10}{'gap':>8}")
for name in NETWORKS:
    c = certificate(mixing[name], adjacency[name])
    assert c.is_valid
    assert c.is_doubly_stochastic
    print(f"{name:24}{c.average_connectivity:8.2f}{c.lambda_2:10.4f}{c.min_eigenvalue:10.4f}{c.gap:8.4f}")

closed = closed_form_spectrum("ring", N, "mixing")
assert closed is not None
assert np.allclose(sorted(map(float, closed)), np.sort(mixing_spectrum(mixing["ring"])), atol=1e-12)
print(
    "\nThe ring's eigenvalues, exactly:", ", ".join(map(str, sorted(set(closed), key=float, reverse=True)[:4])), "..."
)

# %%
with styled():
    figure, axis = plt.subplots(figsize=(6, 3))
    for k, name in enumerate(("complete", "torus", "ring", "two cliques, one bridge", "star", "path")):
        axis.plot(range(1, N + 1), mixing_spectrum(mixing[name]), marker="osv^D*"[k], ms=4, lw=0.8, label=name)
    axis.set_xlabel("mode l")
    axis.set_ylabel("eigenvalue of the mixing matrix")
    axis.legend(ncol=2)
    figure.tight_layout()
    plt.show()

# %% [markdown]
# The barbell (two cliques, one bridge) has the second largest $|\bar A|$ and nearly the smallest gap. One slow mode is enough: the cliques
# agree inside and not with each other.
#
# Assumption A.3 asks only that rows sum to 1. That is not enough. Two clients who swap their models obey it and never agree:

# %%
swap = certificate(np.array([[0.0, 1.0], [1.0, 0.0]]))
assert swap.is_row_stochastic
assert not swap.is_valid
print(swap.repair)

# %% [markdown]
# ## Whom a network listens to
#
# The objective, Eq (1) with one common $W$, weighs client $k$ by $\pi_k$, the column mean of $M$. Training weighs it by $v_k$, the left Perron
# vector: $v^\top M = v^\top$. On a regular network both are $1/N$. On a star with uniform averaging they differ, from each other and from $1/N$.

# %%
star = mixing_matrix(topology("star", 8), "uniform")
pi, v = objective_weights_of(star), perron_weights(star)
print(f"weight of the hub:  objective {pi[0]:.4f}   training {v[0]:.4f}   equal {1 / 8:.4f}")
print(f"weight of a leaf:   objective {pi[1]:.4f}   training {v[1]:.4f}   equal {1 / 8:.4f}")

x = exchangeable(1, 8, DIM, FEATURE_DIM, 0.3)
for step in (0.02, 0.01):
    run = train(at_optimum(x), x, star, TrainingOptions(step_size=step, rounds=int(200 / step), collapse=False))
    assert run.converged
    off = {
        label: float(subspace_error(run.mean_model, top_projector(np.einsum("i,ijk->jk", w, x), FEATURE_DIM)))
        for label, w in (("training", v), ("objective", pi), ("equal", np.full(8, 1 / 8)))
    }
    print(
        f"step {step}: the averaged model is off the optimum for",
        ", ".join(f"{k} weights by {e:.4f}" for k, e in off.items()),
    )
    assert off["training"] < off["objective"] / 4 < off["equal"] / 4
    if step == 0.02:
        coarse = off
assert 1.5 < coarse["training"] / off["training"] < 2.5  # vanishes with the step
assert abs(coarse["equal"] / off["equal"] - 1) < 0.05  # does not

# %% [markdown]
# Trained models sit at the optimum for $v$, up to a distance that halves with the step size. The distances to the other two stay. So with
# uniform averaging an irregular network answers a *different question*. Metropolis weights do not: there $v = \pi = 1/N$ on every network.
#
# ## Corollary 4.5, searched for a witness
#
# Take every connected network of three to six clients, and every link that can be added. Does the link ever raise the sensitivity
# $s = \max r_k - \min r_k$ of the objective? We use the paper's data model with complementary masks, as Section 3.2 describes them, in
# the population: no sampling at all.

# %%
pairs = []
for graph in connected_networks(3, 6):
    for link in nx.non_edges(graph):
        denser = graph.copy()
        denser.add_edge(*link)
        pairs.append((graph, denser))


def links_of(graph: nx.Graph) -> str:
    return " ".join(f"{a}-{b}" for a, b in sorted(graph.edges))


def sensitivity(graph: nx.Graph) -> float:
    """s of the minimiser of Eq (1) on this network."""
    s = Setting.paper(64, n_clients=len(graph), samples_per_client=1000)
    weights = list(objective_weights_of(mixing_matrix(from_networkx(graph), "uniform")))
    r, _ = representability(
        alignment_matrix(s, Objective.MIM, Mask.COMPLEMENTARY, weights=weights), s.feature_dim, len(graph)
    )
    return float(np.ptp(r))


change = [(sensitivity(sparse), sensitivity(dense), sparse, dense) for sparse, dense in pairs]
worse = [row for row in change if row[1] > row[0] + 1e-9]
print(
    f"{len(worse)} of {len(pairs)} links raise s; none of them in a network of", min(len(row[2]) for row in worse) - 1
)
flat = next(row for row in worse if row[0] < 1e-9)
for row, what in ((worse[0], "first found"), (flat, "first from s = 0")):
    print(f"{what}:  {links_of(row[2])}  ->  {links_of(row[3])}   s {row[0]:.4f} -> {row[1]:.4f}")
assert worse
assert len(worse[0][2]) == 4
assert nx.is_isomorphic(flat[2], nx.cycle_graph(4))

# %%
with styled():
    figure, axes = plt.subplots(1, 4, figsize=(8.6, 2.3))
    for axis, graph in zip(axes, (worse[0][2], worse[0][3], flat[2], flat[3]), strict=True):
        w = objective_weights_of(mixing_matrix(from_networkx(graph), "uniform"))
        nx.draw_networkx(
            graph,
            nx.circular_layout(sorted(graph)),
            ax=axis,
            labels={k: f"{w[k]:.2f}" for k in graph},
            node_size=750,
            node_color="#9ecae1",
            font_size=8,
        )
        average = np.mean([degree + 1 for _, degree in graph.degree])
        axis.set_title(rf"$|\bar A|$ = {average:.2f},  s = {sensitivity(graph):.4f}")
        axis.margins(0.25)
        axis.axis("off")
    figure.tight_layout()
    plt.show()

# %% [markdown]
# Left pair and right pair: one link more, larger $|\bar A|$, larger $s$. The number on a client is its weight $\pi_k$. The link makes weights
# unequal, and a client with another weight gets another $r_k$. On a 4-cycle all weights are equal and $s = 0$; the chord breaks that.
#
# ## The same chord in training
#
# Now the dynamics, with Metropolis weights, so that nobody's weight changes. Which links make a network *slower*? We watch $\lambda_2$ and
# two numbers of the whole spectrum, $S_1 = \sum_{l\geq2} \frac{\lambda_l}{1-\lambda_l}$ and $S_2 = \sum_{l\geq2} \big(\frac{\lambda_l}{1-\lambda_l}\big)^2$.

# %%
RULES = {
    "uniform": {},
    "metropolis": {},
    "laplacian": {"step": 0.1},
}  # 0.1: below 1/(2 x largest degree) for six clients
WATCHED = {
    "S1": functional.mode_sum,
    "S2": functional.squared_mode_sum,
    "lambda_2": lambda m: 1 - functional.mixing_gap(m),
    "sum v^2": functional.training_concentration,
}
print(f"share of {len(pairs)} added links that make it worse\n{'':12}" + "".join(f"{what:>10}" for what in WATCHED))
harmful = {}
for rule, options in RULES.items():
    m = [tuple(mixing_matrix(from_networkx(g), rule, **options) for g in pair) for pair in pairs]
    for what, f in WATCHED.items():
        rises = np.array([f(dense) > f(sparse) + 1e-9 for sparse, dense in m])
        harmful[rule, what] = rises
    print(f"{rule:12}" + "".join(f"{harmful[rule, what].mean():10.1%}" for what in WATCHED))

assert not any(harmful["laplacian", what].any() for what in WATCHED)
for rule in ("uniform", "metropolis"):
    assert harmful[rule, "S2"].any()
    assert harmful[rule, "lambda_2"].any()

# %% [markdown]
# A link never hurts if the weights of the other links stay as they are: $M = I - \epsilon L$ with one fixed $\epsilon$ (this is a theorem, and
# no link of the search breaks it). Uniform and Metropolis averaging shrink old weights to make room for the new one. There a link can hurt,
# and the smallest case is again the chord of the 4-cycle. Train on both, with four different clients in every one of the 24 placements:

# %%
first = pairs[int(np.flatnonzero(harmful["metropolis", "S2"])[0])]
assert nx.is_isomorphic(first[0], nx.cycle_graph(4))
four = exchangeable(2, 4, DIM, FEATURE_DIM, 0.3)
means = []
for graph in first:
    m = mixing_matrix(from_networkx(graph), "metropolis")
    errors = [
        client_variance(steady_states(m, four[list(order)], FEATURE_DIM, STEP)) for order in permutations(range(4))
    ]
    run = train(at_optimum(four), four, m, TrainingOptions(step_size=STEP, rounds=4000))
    assert abs(run.consensus_post_mix[-1] / errors[0] - 1) < 1e-6  # `steady_states` is where training ends
    means.append(np.mean(errors))
    print(f"{links_of(graph):24} consensus error, mean over placements: {means[-1]:.3e}")
assert means[1] > means[0]

# %% [markdown]
# ## How far apart clients stand
#
# The consensus error is $\frac1N\sum_i\|W_i-\bar W\|_F^2$. Theory predicts it in tiers, each simpler and coarser than the one before:
#
# 1. the **identity**: from the gradients recorded at rest, exact;
# 2. **curvature resummed**: no simulation; full spectrum of $M$, curvature of the loss;
# 3. **first order** in the step size: full spectrum, no curvature;
# 4. the **gap bound**: the second eigenvalue and the gradient dissimilarity $\zeta^2$, nothing else;
# 5. **published bounds**: the gap squared, with a constant (the least of those that `theory/training/published_bounds.py` could read).

# %%
x = exchangeable(7, N, DIM, FEATURE_DIM, 0.3)
table = {}
for name, m in mixing.items():
    if name == "complete":  # agrees exactly after every mixing
        continue
    problem = LinearTraining(m, x, FEATURE_DIM, STEP)
    run = train(problem.start, x, m, TrainingOptions(step_size=STEP, rounds=4000))
    assert run.converged
    measured = float(consensus_error(run.post_mix))
    gradients = problem.gradient(problem.start)
    zeta2 = client_variance(gradients)
    published = published_bounds(m, zeta2, STEP)
    table[name] = {
        "simulated": measured,
        "identity": consensus_identity(m, problem.gradient(run.post_mix), STEP),
        "resummed": resummed(m, x, FEATURE_DIM, STEP).value,
        "first order": consensus_first_order(m, gradients, STEP),
        "gap bound": consensus_gap_bound(m, zeta2, STEP),
        "published": min(b.value for b in published.values() if b.is_bound),
    }

print(
    f"{'predicted over simulated':26}"
    + "".join(f"{tier:>13}" for tier in ("identity", "resummed", "first order", "gap bound", "published"))
)
for name, row in table.items():
    print(
        f"{name:26}"
        + "".join(f"{value / row['simulated']:13.4f}" for tier, value in row.items() if tier != "simulated")
    )
    assert abs(row["identity"] / row["simulated"] - 1) < 1e-6
    assert abs(row["resummed"] / row["simulated"] - 1) < 0.02
    assert row["simulated"] < row["gap bound"] < row["published"] / 6

# %%
with styled():
    figure, axis = plt.subplots(figsize=(7, 3.2))
    order = sorted(table, key=lambda name: table[name]["simulated"])
    looks = {
        "published": ("_", "#7F7F7F", 12),
        "gap bound": ("_", "#000000", 12),
        "first order": ("^", "#009E73", 6),
        "resummed": ("x", "#D55E00", 8),
        "simulated": ("o", "#0072B2", 5),
    }
    for tier, (marker, colour, size) in looks.items():
        axis.plot(
            order, [table[name][tier] for name in order], marker, color=colour, ms=size, mfc="none", mew=1.5, label=tier
        )
    axis.set_yscale("log")
    axis.set_ylabel("consensus error")
    axis.tick_params(axis="x", rotation=20)
    axis.legend(ncol=3)
    figure.tight_layout()
    plt.show()

# %%
barbell, torus = "two cliques, one bridge", "torus"
ratio = table[barbell]["simulated"] / table[torus]["simulated"]
sizes = {name: functional.average_connectivity(adjacency[name]) for name in (barbell, torus)}
print(
    f"barbell: |A-bar| = {sizes[barbell]:.2f}; torus: |A-bar| = {sizes[torus]:.2f}; yet the barbell's consensus error is {ratio:.0f} times larger"
)
assert sizes[barbell] > sizes[torus]
assert ratio > 10

# %% [markdown]
# The resummed prediction is as good as a simulation. The first order is above it on slow networks, where curvature pulls clients back before the
# network does. Bounds hold and are loose, for two reasons: one eigenvalue stands for a whole spectrum, and the published constants add a factor of
# six or more on every network here.
#
# Is the gap bound too careful, then? No: it is what the worst *placement* costs. Put clients along the ring's slowest mode and to first order
# it is attained. Put them along the fastest, neighbours as unlike as can be, and hardly anything is left. Placed at random, the mean is
# $\eta^2\zeta^2 S_2/(N-1)$.

# %%
ring = mixing["ring"]
print(f"{'on the ring':22}{'simulated':>11}{'first order':>13}{'gap bound':>11}   in units of step^2 zeta^2")
attained = {}
for label, covariances in (
    ("alike neighbours", homophily(3, adjacency["ring"], DIM, FEATURE_DIM, 0.3)),
    ("random placement", x),
    ("unlike neighbours", alternating(3, adjacency["ring"], DIM, FEATURE_DIM, 0.3)),
):
    problem = LinearTraining(ring, covariances, FEATURE_DIM, STEP)
    run = train(problem.start, covariances, ring, TrainingOptions(step_size=STEP, rounds=4000))
    gradients = problem.gradient(problem.start)
    zeta2 = client_variance(gradients)
    unit = STEP**2 * zeta2
    row = (
        np.array(
            [
                consensus_error(run.post_mix),
                consensus_first_order(ring, gradients, STEP),
                consensus_gap_bound(ring, zeta2, STEP),
            ]
        )
        / unit
    )
    attained[label] = row
    print(f"{label:22}{row[0]:11.3f}{row[1]:13.3f}{row[2]:11.3f}")
mean = consensus_exchangeable(ring, zeta2, STEP) / (STEP**2 * zeta2)
print(
    f"{'mean of placements':22}{'':11}{mean:13.2f}{'':11}   S2/(N-1) = {functional.squared_mode_sum(ring) / (N - 1):.2f}"
)
assert abs(attained["alike neighbours"][1] / attained["alike neighbours"][2] - 1) < 1e-9
assert attained["unlike neighbours"][0] < attained["random placement"][0] < attained["alike neighbours"][0]
assert abs(mean / (functional.squared_mode_sum(ring) / (N - 1)) - 1) < 1e-12

# %% [markdown]
# ## Which number tells
#
# Three things can be asked of a network: the consensus error; the drift of the averaged model from the optimum that the network aims at; and, with
# uniform averaging, how far that aim itself is off. We train on many networks of 16 clients, one set of clients placed at random on
# each, and rank.

# %%
random_families = (
    "er_p:0.25",
    "er_p:0.4",
    "er_p:0.6",
    "ba:1",
    "ba:2",
    "ba:4",
    "small_world:4:0.1",
    "small_world:4:0.5",
    "geometric:0.4",
    "geometric:0.6",
    "regular:3",
    "regular:6",
)
graphs = [topology(name, N, seed=seed) for name in random_families for seed in range(4)]
graphs += [
    topology(name, N)
    for name in (
        "ring",
        "path",
        "star",
        "hypercube",
        "torus:4x4",
        "barbell",
        "two_cliques:2",
        "two_cliques:4",
        "circulant:1,2",
        "exponential",
    )
]
shuffle = np.random.default_rng(0)
measured = {"consensus error, Metropolis": [], "drift of the mean, Metropolis": [], "wrong aim, uniform": []}
numbers = {"|A-bar|": [], "gap": [], "S1": [], "S2": [], "sum v^2, uniform": []}
for a in graphs:
    placed = x[shuffle.permutation(N)]
    wanted = top_projector(placed.mean(axis=0), FEATURE_DIM)
    m, u = mixing_matrix(a, "metropolis"), mixing_matrix(a, "uniform")
    models, unequal = (steady_states(k, placed, FEATURE_DIM, STEP) for k in (m, u))
    measured["consensus error, Metropolis"].append(client_variance(models))
    measured["drift of the mean, Metropolis"].append(float(subspace_error(models.mean(axis=0), wanted)))
    measured["wrong aim, uniform"].append(float(subspace_error(weighted_mean(unequal, perron_weights(u)), wanted)))
    numbers["|A-bar|"].append(functional.average_connectivity(a))
    numbers["gap"].append(functional.spectral_gap(m))
    numbers["S1"].append(functional.mode_sum(m))
    numbers["S2"].append(functional.squared_mode_sum(m))
    numbers["sum v^2, uniform"].append(functional.training_concentration(u))

print(f"rank correlation over {len(graphs)} networks (chance alone: ±{2 / np.sqrt(len(graphs) - 1):.2f})")
print(f"{'':32}" + "".join(f"{name:>18}" for name in numbers))
rank = {}
for what, values in measured.items():
    rank[what] = {name: float(spearmanr(values, k).statistic) for name, k in numbers.items()}
    print(f"{what:32}" + "".join(f"{r:18.2f}" for r in rank[what].values()))

# %%
with styled():
    figure, axes = plt.subplots(1, 4, figsize=(9.6, 2.6))
    panels = (("|A-bar|", 0), ("S2", 0), ("S1", 1), ("sum v^2, uniform", 2))
    for axis, (number, which) in zip(axes, panels, strict=True):
        what = list(measured)[which]
        axis.semilogy(numbers[number], measured[what], "o", ms=3.5, mfc="none", color="#0072B2")
        if number in ("S1", "S2"):
            axis.set_xscale("log")
        axis.set_xlabel(number.replace("|A-bar|", r"$|\bar A|$"))
        axis.set_ylabel(what)
        axis.set_title(f"rank correlation {rank[what][number]:.2f}")
        axis.minorticks_off()
    figure.tight_layout()
    plt.show()

# %%
agree, drift, aim = rank.values()
assert agree["S2"] > 0.9
assert agree["S2"] > abs(agree["|A-bar|"]) + 0.1
assert drift["S1"] > abs(drift["|A-bar|"])
assert aim["sum v^2, uniform"] > max(abs(aim["|A-bar|"]), abs(aim["gap"]))

# %% [markdown]
# Read it so. $S_2$ tells the consensus error. $S_1$, hardly better than $S_2$ here, tells the drift of the averaged model. $\sum v_i^2$ tells
# how far uniform averaging aims beside the mark. $|\bar A|$ goes along with the first two, because denser networks tend to be faster, and
# is beaten each time. This is one set of clients; a correlation is no law. The laws are the exact statements above.
#
# ## Which links to add
#
# So choose links by the number that matters. Greedily, one at a time, or by trying all sets:

# %%
ten = topology("barbell", 10)


def slowness(a: np.ndarray) -> float:
    return functional.squared_mode_sum(mixing_matrix(a, "metropolis"))


greedy, (best, least) = greedy_links(ten, slowness, 2), best_links(ten, slowness, 2)
y = exchangeable(5, 10, DIM, FEATURE_DIM, 0.3)
after = with_links(ten, tuple(link for link, _ in greedy))
print(
    f"two cliques of five, S2 = {slowness(ten):.1f}; greedy adds",
    ", then ".join(f"{a}-{b}" for (a, b), _ in greedy),
    f"-> {greedy[-1][1]:.1f}; the best two give {least:.1f}",
)
before_after = []
for a in (ten, after):
    run = train(at_optimum(y), y, mixing_matrix(a, "metropolis"), TrainingOptions(step_size=STEP, rounds=6000))
    assert run.converged
    before_after.append(run.consensus_post_mix[-1])
print(f"simulated consensus error {before_after[0]:.2e} -> {before_after[1]:.2e}")
assert before_after[1] < before_after[0] / 2
assert greedy[-1][1] >= least - 1e-9

# %%
excess = []
for graph in connected_networks(6, 6):
    a = from_networkx(graph)
    if len(missing_links(a)) < 2:
        continue
    chosen, (_, least) = greedy_links(a, slowness, 2), best_links(a, slowness, 2)
    reached = chosen[-1][1] if chosen else slowness(a)
    excess.append((reached / least if least > 1e-12 else 1.0, links_of(graph)))
share = np.mean([ratio < 1 + 1e-9 for ratio, _ in excess])
print(f"two links for each of {len(excess)} networks of six clients: greedy finds the best pair in {share:.0%} of them")
print(f"worst: {max(excess)[0]:.2f} times the least S2, on {max(excess)[1]}")
assert 0.5 < share < 1

# %% [markdown]
# Greedy is usually right and not always. For small networks `dssl topology NAME` compares the two.
#
# ## Links that go one way
#
# On a directed network every client can still average what it hears. Then $v$ is whatever the directions make of it. Push-sum sends mass instead of
# averages, carries its own weight along and divides by it: the target is the plain mean on any strongly connected network.

# %%
one_way = nx.compose(nx.cycle_graph(8, create_using=nx.DiGraph), nx.gnp_random_graph(8, 0.15, seed=4, directed=True))
a = from_networkx(one_way)
row, column = mixing_matrix(a, "uniform"), mixing_matrix(a, "push_sum")
z = exchangeable(6, 8, DIM, FEATURE_DIM, 0.3)
wanted = top_projector(z.mean(axis=0), FEATURE_DIM)
print("training weights of plain averaging:", perron_weights(row).round(3))
off = {}
for label, m, options in (("averaging", row, {}), ("push-sum", column, {"push_sum": True})):
    run = train(at_optimum(z), z, m, TrainingOptions(step_size=0.005, rounds=30_000, collapse=False, **options))
    assert run.converged
    assert not run.diverged
    off[label] = float(subspace_error(run.mean_model, wanted))
    print(f"{label:10} averaged model off the plain optimum by {off[label]:.2e}")
assert off["push-sum"] < off["averaging"] / 20

# %% [markdown]
# ## What connectivity does, and what it does not
#
# - It does not enter the objective at all, except through the weights $\pi$. Irregularity costs; connectivity is free.
# - It does not enter the target of training either, except through $v$. Metropolis weights or push-sum make it the plain mean.
# - It does set how far clients stand apart, through the whole spectrum of $M$. $|\bar A|$ is a poor summary of that, and the gap bounds it.
# - A link helps for certain only if the other links keep their weights.
#
# Notebook 06 holds this against federated averaging. `dssl topology` and `dssl advise` do the same for your own network.
