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
# # What a network does
#
# **The question.** Clients, such as hospitals, train one model together. There is no server: each client averages its model with the
# models of its neighbours in a network. The paper says that this gets more robust with more links (Corollary 4.5). What do links really
# change? And which links should one add?
#
# ## What you need to know
#
# - A **model** turns an image into a few features. Here it is linear: a matrix $W$ with one row for each feature, so that each feature is
#   a weighted sum of pixels. What matters is which *directions* of images it keeps, that is, the space that its rows span.
# - A **client** knows its images through one matrix $X_i$, their second moments: for each pair of pixels, the mean product of their values.
#   (This is all that a linear model can see of images.)
# - A client's *gradient* says how it would like to change the model. The *dissimilarity* $\zeta^2$ is the mean squared distance of the clients'
#   gradients from their mean, at the best shared model. With equal clients it is 0. To first order in the step size, the disagreement below is proportional to it.
# - A **round** is one or more training steps of each client, and then one averaging. In the averaging, client $i$ takes the weighted mean
#   $\sum_j M_{ij} W_j$ of the models of itself and its neighbours. The matrix $M$ is called the *mixing matrix*. Different rules make
#   different weights of the same links. We use *Metropolis weights* unless we say otherwise. With them every client counts the same.
# - The **disagreement** of the models is their mean squared distance from their average. (The project also calls it consensus error.)
# - The **best shared model** keeps the directions in which the images of all clients together vary most.
#
# All clients here are made up: matrices of the same kind, with random differences. We train with exact gradients, so that chance enters
# only through these matrices.

# %%
import matplotlib.pyplot as plt
import numpy as np

import dssl

# In our pictures orange is CL and blue is MIM; all else has other colours.
plt.rcParams["axes.prop_cycle"] = plt.cycler(
    color=["#009E73", "#882255", "#7F7F7F", "black", "#CC79A7", "#999933", "#AA4499"]
)

N, DIM, FEATURES, STEP = 16, 10, 3, 0.01


def made_up_clients(n_clients, seed):
    """Second moments (clients, DIM, DIM): three strong directions, and random differences between clients."""
    noise = np.random.default_rng(seed).normal(size=(n_clients, DIM, DIM))
    noise = (noise + noise.transpose(0, 2, 1)) / 2
    shared = np.diag([3.0, 2.4, 2.0] + [0.6] * (DIM - 3))
    return shared + 0.1 * (noise - noise.mean(axis=0))


def best_directions(matrix):
    """The projector on the directions of the largest eigenvalues: what the best model for this matrix keeps."""
    vectors = np.linalg.eigh(matrix)[1][:, -FEATURES:]
    return vectors @ vectors.T


def kept_directions(model):
    """The projector on the directions that a model keeps."""
    return np.linalg.pinv(model) @ model


clients = made_up_clients(N, seed=7)

# %% [markdown]
# ## Seven networks
#
# Repeated averaging makes models alike. How fast? The eigenvalues of the mixing matrix say so. The first one is 1; it belongs to what all
# clients have in common. Every other eigenvalue $\lambda_2 \ge \lambda_3 \ge \dots$ belongs to one pattern of differences between
# clients, and one averaging multiplies this pattern by the eigenvalue. A pattern whose eigenvalue is near 1 hardly shrinks. The
# *spectral gap* is 1 minus the largest $|\lambda_l|$ with $l \ge 2$: it speaks of the slowest pattern alone.

# %%
NAMES = ["complete", "torus:4x4", "regular:4", "ring", "barbell", "star", "path"]
networks = {name: dssl.Network(name, N) for name in NAMES}
print(f"{'network':12}  links   lambda_2   spectral gap")
for name, network in networks.items():
    print(f"{name:12}  {network.n_links:5}   {network.lambda_2:8.4f}   {network.spectral_gap:12.4f}")

# %%
figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), width_ratios=(1, 1, 1.5), layout="constrained")
for panel, name in zip(panels, ("torus:4x4", "barbell"), strict=False):
    dssl.plot.network(networks[name], layout="circular", ax=panel)
    panel.set_title(f"{name}: {networks[name].n_links} links")
for mark, name in zip(
    "osPv^D*", ("complete", "torus:4x4", "regular:4", "ring", "barbell", "star", "path"), strict=True
):
    panels[2].plot(range(1, N + 1), networks[name].mixing_spectrum, marker=mark, ms=4, lw=0.8, label=name)
panels[2].set_xlabel("number of the eigenvalue, from the largest")
panels[2].set_ylabel("eigenvalue of the mixing matrix")
_ = panels[2].legend(fontsize=8, ncols=2, loc="lower left")

# %% [markdown]
# (The torus is a grid without borders: each client has four neighbours. In `regular:4` each client has four random neighbours. The
# barbell is two groups in which everybody is linked to everybody, joined by one link.)
#
# The barbell has many links, and yet nearly the smallest gap. One slow pattern is enough: the two groups agree inside, and not with each
# other.
#
# ## Does a network with more links agree better?
#
# We train on each network until nothing changes any more, and measure the disagreement. The function `dssl.train` also gives
# predictions that use the network and the matrices $X_i$, but no training. We compare three:
#
# - `curvature_resummed` uses all eigenvalues of the network, and the shape of the loss near its minimum (its curvature);
# - `first_order` uses all eigenvalues and the matrices, but leaves out the curvature: it takes the gradients to be the same wherever the models move. It is meant for
#   small steps;
# - `spectral_gap_bound` is an upper bound. It uses the spectral gap of the network only.

# %%
PREDICTIONS = ["curvature_resummed", "first_order", "spectral_gap_bound"]
trained = {}
for name in NAMES[1:]:  # on the complete network all models are equal after every averaging
    trained[name] = dssl.train(clients, networks[name], feature_dim=FEATURES, rounds=4000, step_size=STEP)
disagreement = {name: float(run.consensus_post_mix_final) for name, run in trained.items()}
predicted = {
    name: {p: float(run.consensus_post_mix_predicted.sel(prediction=p)) for p in PREDICTIONS}
    for name, run in trained.items()
}
print(f"{'network':12}  disagreement   predicted / simulated:  " + "".join(f"{p:>20}" for p in PREDICTIONS))
for name, measured in disagreement.items():
    ratios = "".join(f"{predicted[name][p] / measured:20.3f}" for p in PREDICTIONS)
    print(f"{name:12}  {measured:12.2e}   {'':24}{ratios}")
n_links = {name: networks[name].n_links for name in ("barbell", "torus:4x4")}
by_first_order = sorted(disagreement, key=lambda name: predicted[name]["first_order"])
print()
print(f"from least to most disagreement, simulated:   {', '.join(sorted(disagreement, key=disagreement.get))}")
print(f"from least to most disagreement, first_order: {', '.join(by_first_order)}")
print(
    f"The barbell has {n_links['barbell']} links and the torus {n_links['torus:4x4']}; the barbell has "
    f"{disagreement['barbell'] / disagreement['torus:4x4']:.0f} times the disagreement."
)

# %%
figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
order = sorted(disagreement, key=disagreement.get)
looks = {
    "spectral_gap_bound": ("_", "black", 16),
    "first_order": ("^", "#009E73", 7),
    "curvature_resummed": ("x", "#882255", 9),
}
for p, (mark, colour, size) in looks.items():
    axes.plot(order, [predicted[name][p] for name in order], mark, color=colour, ms=size, mfc="none", mew=1.5, label=p)
axes.plot(order, [disagreement[name] for name in order], "o", color="black", ms=4, label="simulated")
axes.set_yscale("log")
axes.set_ylabel("disagreement (squared weights)")
_ = axes.legend()

# %% [markdown]
# So the number of links does not tell how well clients agree. The first prediction does, on these networks: it agrees with the simulation to the digits shown. It needs all
# eigenvalues, the curvature, and the clients' matrices. Eigenvalues and matrices without the curvature are not enough at this step size: `first_order` is far too large on slow
# networks, by the factors in the table, and it puts some networks in another order. On slow networks the loss pulls the clients back before the network does. The bound holds here
# and is loose, by the factors in the last column.
#
# ## Why the bound is loose: who sits where
#
# The bound has to hold however the clients are placed on the network. Here is the ring with the same 16 clients in three placements. We
# take clients that differ along one matrix, by a cosine. Once neighbours are as alike as they can be, once the order is random, and once
# neighbours differ much.

# %%
difference = clients[0] - clients.mean(axis=0)
wave = np.cos(2 * np.pi * np.arange(N) / N)
placements = {
    "alike neighbours": wave,
    "random order": np.random.default_rng(3).permutation(wave),
    "unlike neighbours": np.cos(np.pi * np.arange(N)) * wave,
}
placed = {}
for name, sizes in placements.items():
    matrices = clients.mean(axis=0) + sizes[:, None, None] * difference
    run = dssl.train(matrices, networks["ring"], feature_dim=FEATURES, rounds=4000, step_size=STEP)
    first, bound = (float(run.consensus_post_mix_predicted.sel(prediction=p)) for p in PREDICTIONS[1:])
    placed[name] = float(run.consensus_post_mix_final), first, bound
    print(f"{name:18} simulated / bound {placed[name][0] / bound:.5f}   first order / bound {first / bound:.5f}")
averaged = networks["ring"].mixing_matrix @ placements["unlike neighbours"]
factor = averaged @ placements["unlike neighbours"] / np.sum(placements["unlike neighbours"] ** 2)
print(f"one averaging multiplies the differences of unlike neighbours by {factor:.2f}")

# %% [markdown]
# To first order the bound is reached when neighbours are alike: then the differences lie along the slowest pattern. When neighbours are
# unlike, the differences lie along patterns whose eigenvalue is small in size. One averaging multiplies them by the last number printed: it turns
# their sign and removes most of their size. So on this ring unlike neighbours are good for agreement.
#
# ## Whom does a network listen to?
#
# Training on a network minimises a weighted sum of the clients' losses. The weights come from the mixing matrix: they are the *training
# weights* `network.training_weights`. (For mathematicians: the left eigenvector of $M$ for the eigenvalue 1.) The paper's objective,
# Eq (1), has other weights, `network.objective_weights`. With Metropolis weights all three are the same: training weights, objective
# weights and equal weights. With *uniform* averaging, where a client takes the plain mean of its own model and its neighbours', they
# differ. On a star, the client in the middle, the hub, has more weight than the others:

# %%
star = dssl.Network("star", 8, mixing="uniform")
WEIGHTS = {"training": star.training_weights, "objective": star.objective_weights, "equal": np.full(8, 1 / 8)}
for name, weights in WEIGHTS.items():
    print(f"{name:10} weights: hub {weights[0]:.4f}, each other client {weights[1]:.4f}")

eight = made_up_clients(8, seed=1)
distance = {}
for step in (0.02, 0.01):
    run = dssl.train(eight, star, feature_dim=FEATURES, rounds=int(200 / step), step_size=step)
    model = np.einsum("i,ifd->fd", star.training_weights, run.model.values)
    for name, weights in WEIGHTS.items():
        wanted = best_directions(np.einsum("i,ide->de", weights, eight))
        distance[step, name] = np.linalg.norm(kept_directions(model) - wanted)
    print(f"step size {step}: distance of the averaged model from the best model for")
    print("    " + ", ".join(f"{name} weights {distance[step, name]:.2e}" for name in WEIGHTS))
print(
    f"training weights, the larger step over the smaller: {distance[0.02, 'training'] / distance[0.01, 'training']:.2f}"
)

# %% [markdown]
# The model ends near the best one for the training weights; halving the step about halves this distance. The distances from the other two stay.
# So a network with uniform averaging solves another task than the paper's Eq (1). With Metropolis weights it solves the one in which
# every client counts the same.
#
# ## Corollary 4.5: can a link make things worse?
#
# The corollary is about the *sensitivity*: some directions tell kinds of images apart, and the sensitivity says how unequally a model
# keeps them (0: all alike). It is about the ideal model for Eq (1), with uniform averaging. We take the paper's own made-up images, the
# masks of its Section 3.2 (complementary masks), and unlimited images. We try **every** connected network of four clients,
# and every link that can be added to it.

# %%
FOUR = dssl.Setting(n_clients=4, dim=64)
PAIRS = [(a, b) for a in range(4) for b in range(a + 1, 4)]


def network_of(links, mixing):
    """The network of four clients with these links; None if it is not connected."""
    try:
        return dssl.Network("edges:" + ",".join(f"{a}-{b}" for a, b in links), 4, mixing=mixing)
    except dssl.UsageError:
        return None


def sensitivity(network):
    """Largest minus smallest representability of the best model for Eq (1)."""
    r = dssl.representability(FOUR, objective="mim", mask="complementary", weights=network.objective_weights)
    return np.ptp(r)


def changes(measure, mixing):
    """For each connected network of four clients and each missing link: the network, the link, and the measure without and with it."""
    found = []
    for number in range(1, 2 ** len(PAIRS)):
        links = [pair for k, pair in enumerate(PAIRS) if number >> k & 1]
        network = network_of(links, mixing)
        if network is not None:
            for link in [pair for pair in PAIRS if pair not in links]:
                found.append((links, link, measure(network), measure(network_of([*links, link], mixing))))
    return found


added = changes(sensitivity, "uniform")
worse = [row for row in added if row[3] > row[2] + 1e-9]
from_zero = [row for row in worse if row[2] < 1e-9]
print(
    f"{len(added)} pairs of a connected network of four clients and a link that it lacks; in {len(worse)} the link raises the sensitivity."
)
print(f"From sensitivity 0: {len(from_zero)} of them, each on a ring. One of these:")
RING = [(0, 1), (0, 3), (1, 2), (2, 3)]
links_before, link, before, after = next(row for row in from_zero if row[0] == RING)
print(f"    links {links_before}, then also {link}: sensitivity {before:.4f} -> {after:.4f}")

# %%
figure, panels = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
for panel, links in zip(panels, (links_before, [*links_before, link]), strict=True):
    network = network_of(links, "uniform")
    dssl.plot.network(network, layout="circular", ax=panel)
    told = "\n".join(f"client {k}: {weight:.4f}" for k, weight in enumerate(network.objective_weights))
    panel.set_xlabel(f"weights in Eq (1)\n{told}", fontsize=8)
    panel.xaxis.label.set_visible(True)
    panel.set_title(f"{len(links)} links, sensitivity {sensitivity(network):.4f}")

# %% [markdown]
# On the ring all clients have the same weight, and so the model keeps all directions alike. The new link gives two clients more weight.
# Then two directions are kept better than the other two. So the corollary fails under this reading. What counts is not how many links
# there are, but whether the weights are equal.
#
# Does the same link also harm the agreement of trained models? We look at the disagreement, averaged over all ways to place given clients
# on the network. To first order in the step size, `network.predictions()` gives it up to a factor that does not depend on the network.
# We take Metropolis weights, where no client's weight changes.

# %%


def expected_disagreement(network):
    """Mean over placements, divided by step size^2 and by the clients' dissimilarity."""
    return network.predictions()["consensus_over_step2_zeta2"]


slower = {}
for mixing in ("metropolis", "uniform"):
    rows = changes(expected_disagreement, mixing)
    slower[mixing] = [row for row in rows if row[3] > row[2] + 1e-9]
    print(f"{mixing:11} {len(slower[mixing]):3} of {len(rows)} pairs: the link raises the disagreement")
links_before, link, before, after = next(row for row in slower["metropolis"] if row[0] == RING)
print(f"one with metropolis: links {links_before}, then also {link}: {before:.3f} -> {after:.3f}")

# %% [markdown]
# It is the same link again. The rule makes room for the new link by lowering the weights of old links; the printed numbers show that in sum this harms.
# With uniform averaging no link raises this number on a network of four clients; on a network of five clients one does, as the last line of the record below shows.
# The record has a rule for which no link does harm, `cor45-trained.laplacian-quadratics` below: all links have one fixed weight, a new one too, and old
# links keep theirs. It is shown for losses that are quadratics with one curvature, averaged over all placements.
#
# ## Which number of a network tells?
#
# We place 16 clients on many random networks, each time in another order. What is the disagreement, and which number of the network goes
# along with it? We compare the order of the networks: a rank correlation of 1 means that both put the networks in the same order, $-1$ that they
# put them in opposite orders.

# %%
FAMILIES = [
    "er_p:0.25",
    "er_p:0.4",
    "er_p:0.6",
    "ba:1",
    "ba:2",
    "small_world:4:0.1",
    "geometric:0.4",
    "regular:3",
    "regular:6",
]
many = [dssl.Network(name, N, seed=seed) for name in FAMILIES for seed in (1, 2, 3)]
many += [networks[name] for name in NAMES[1:]] + [dssl.Network("two_cliques:4", N), dssl.Network("circulant:1,2", N)]
numbers = {
    "links": np.array([network.n_links for network in many]),
    "spectral gap": np.array([network.spectral_gap for network in many]),
    "all eigenvalues": np.array([expected_disagreement(network) for network in many]),
}
shuffle = np.random.default_rng(0)
ends = np.array(
    [
        float(
            dssl.train(
                clients[shuffle.permutation(N)], network, feature_dim=FEATURES, rounds=3000, step_size=STEP
            ).consensus_post_mix_final
        )
        for network in many
    ]
)


def ranks(values):
    """The place of each value in ascending order; equal values share the mean of their places."""
    return np.array([np.sum(values < v) + (np.sum(values == v) - 1) / 2 for v in values])


correlation = {name: np.corrcoef(ranks(values), ranks(ends))[0, 1] for name, values in numbers.items()}
figure, panels = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True, layout="constrained")
for panel, (name, values) in zip(panels, numbers.items(), strict=True):
    panel.loglog(values, ends, "o", ms=4, mfc="none", color="black")
    for shown in ("star", "barbell", "path"):
        place = many.index(networks[shown])
        panel.plot(values[place], ends[place], "o", ms=6, color="#882255")
        panel.annotate(shown, (values[place], ends[place]), textcoords="offset points", xytext=(5, -9), fontsize=7)
    panel.set_xlabel({"all eigenvalues": "expected disagreement (formula)"}.get(name, name))
    panel.set_title(f"rank correlation {correlation[name]:.2f}")
    panel.margins(x=0.14)
    panel.minorticks_off()
panels[0].set_xticks([20, 40, 60], ["20", "40", "60"])
panels[1].set_xticks([0.02, 0.1, 0.5], ["0.02", "0.1", "0.5"])
panels[0].set_ylabel("simulated disagreement")
print(f"{len(many)} networks. Rank correlation with the simulated disagreement:")
for name, value in correlation.items():
    print(f"    {name:16} {value:+.2f}")

# %% [markdown]
# Networks with more links tend to agree better, but there are wide exceptions. The formula with all eigenvalues comes closest. (These are
# one set of clients and one choice of networks; a correlation is not a law.)
#
# ## Which links to add
#
# So we choose links by the expected disagreement. `network.best_links` does: it adds one link after the other, the best at each turn
# (*greedy*), and for small networks it also tries all sets. We take two groups of five clients, joined by one link, and train before and after.

# %%
ten = dssl.Network("barbell", 10)
choice = ten.best_links(2)
adjacency = np.array(ten.adjacency)
for a, b in choice.links:
    adjacency[a, b] = adjacency[b, a] = True
print(f"links to add: {choice.links}; expected disagreement {choice.now:.1f} -> {choice.reached:.1f}")
group = made_up_clients(10, seed=5)
gained = [
    float(dssl.train(group, network, feature_dim=FEATURES, rounds=6000, step_size=STEP).consensus_post_mix_final)
    for network in (ten, dssl.Network(adjacency))
]
print(f"simulated disagreement {gained[0]:.2e} -> {gained[1]:.2e}, divided by {gained[0] / gained[1]:.1f}")

# %% [markdown]
# The formula expects a larger gain than this training shows. Again the curvature matters: it limits the disagreement on slow networks, such as
# the one before the links were added.
#
# ## Links that go one way
#
# Some clients may hear others that do not hear them. Then uniform averaging gives clients unequal weights. *Push-sum* is another rule: each
# client sends shares of its model, together with a number that counts the shares, and divides by this number at the end. It weighs every
# client the same.

# %%
hears = np.roll(np.eye(8, dtype=int), 1, axis=1)  # a ring of arrows, ...
hears[0, 4] = hears[2, 6] = hears[5, 1] = 1  # ... and three more
wanted = best_directions(eight.mean(axis=0))
off = {}
for mixing in ("uniform", "push_sum"):
    network = dssl.Network(hears, mixing=mixing)
    run = dssl.train(eight, network, feature_dim=FEATURES, rounds=20_000, step_size=0.005)
    models = run.model.values
    mean = np.einsum("i,ifd->fd", run.training_weight.values, models)
    off[mixing] = np.linalg.norm(kept_directions(mean) - wanted)
    weights = np.round(run.training_weight.values, 3)
    print(f"{mixing:9} weights {weights}: distance from the best shared model {off[mixing]:.2e}")

# %% [markdown]
# ## What backs this up
#
# The project's record has these results as statements. The *reading* says which of the paper's possible meanings, or which rule of averaging, a
# statement is about; "any" means that it does not depend on one. The last line is an example, recorded, of five clients with uniform averaging
# that a link makes disagree more.

# %%
for key in (
    "cor45.population-complementary",
    "cor45-trained.consensus-metropolis",
    "cor45-trained.consensus-uniform",
    "cor45-trained.laplacian-quadratics",
    "weights.small-step-target",
    "weights.push-sum",
    "consensus.gap-bound-convex",
):
    statement = dssl.ledger().search(key)[0]
    print(f"{statement.status:9} {key}")
    print(f"          {statement.text}")
    print(f"          reading: {statement.reading}")
example = dssl.ledger().search("cor45-trained.consensus-uniform")[0].witness
print()
print(f"{example['network']}: {example['before']:.4f}; {example['with_link']}: {example['after']:.4f}")

# %% [markdown]
# ## The answer
#
# Links do two things. They decide how much each client counts, and they decide how far apart the clients' models stay. More links do not
# always help with either. In our examples: under the paper's Eq (1) with complementary masks, one more link on a ring of four clients makes the model
# less robust. In training, two groups joined by one link have more links than a torus, and agree much worse.
#
# Two pieces of advice follow for linear models with small steps. Use Metropolis weights, or push-sum where links go one way, so that all
# clients count the same. And choose links by the expected disagreement, which uses all eigenvalues: `network.best_links` does this. Notebook 06 asks whether a
# server would be better.
