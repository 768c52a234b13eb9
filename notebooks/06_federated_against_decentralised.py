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
# # Server or neighbours
#
# **The question.** Clients can train one model together in two ways. In *federated learning* (FL) a server averages the models of all
# clients. In *decentralised learning* (DecL) each client averages its model with those of its neighbours in a network. The paper says
# that a server is never less robust (Theorem 4.6). Is a server always the better choice?
#
# ## What you need to know
#
# - Models are linear here: a model is a matrix $W$ that keeps a few directions of images. Client $i$ sees its images through one matrix
#   $X_i$, their second moments.
# - A **round** is $E$ training steps of each client, the *local steps*, and then one averaging. The *step size* says how far one step goes.
# - The **best shared model** keeps the directions in which the images of all clients together vary most, each client counting the same. We
#   measure how far the averaged model ends from it: by the distance of the kept directions, $\|P - P^*\|_F$. Here $P$ is the matrix that
#   projects on the kept directions, and $P^*$ on the best ones; 0 is the best shared model. (Notebook 10 has the square of this distance,
#   divided by twice the number of features, so that the largest value is 1.)
# - A server is a network, too: the complete one, in which everybody averages with everybody. So `dssl.Network("complete", n)` is the server.
#
# Notebook 05 explains networks. We use Metropolis weights, with which every client counts the same, on the server and on all networks.

# %%
import matplotlib.pyplot as plt
import numpy as np

import dssl

DIM, FEATURES = 6, 2


def made_up_clients(n_clients, seed, dim=DIM):
    """Second moments (clients, dim, dim): two strong directions, and random differences between clients."""
    noise = np.random.default_rng(seed).normal(size=(n_clients, dim, dim))
    noise = (noise + noise.transpose(0, 2, 1)) / 2
    shared = np.diag([2.4, 2.0] + [0.6] * (dim - 2))
    return shared + 0.15 * (noise - noise.mean(axis=0))


def end(covariances, network, **options):
    """Distance of the averaged model from the best shared one at the end of training, and the training itself."""
    run = dssl.train(covariances, network, feature_dim=FEATURES, **options)
    return float(run.mean_model_subspace_error_final), run


# %% [markdown]
# ## First reading: the ideal models
#
# Theorem 4.6 is about ideal models. The paper's objective, Eq (1), is a weighted sum of the clients' losses, and the network enters only
# through the weights. With the paper's made-up images and the masks of its Section 3.2, we compute the *sensitivity* of the ideal model. It
# says how unequally the model keeps the directions that tell kinds of images apart; smaller is more robust.

# %%
SETTING = dssl.Setting(n_clients=8, dim=64)
ideal = {}
for name in ("complete", "ring", "hypercube", "path", "star", "barbell"):
    network = dssl.Network(name, 8, mixing="uniform")
    r = dssl.representability(SETTING, objective="mim", mask="complementary", weights=network.objective_weights)
    ideal[name] = np.ptp(network.objective_weights), np.ptp(r)
    label = f"{name} (the server)" if name == "complete" else name
    print(f"{label:22} largest - smallest weight {ideal[name][0]:.4f}   sensitivity {ideal[name][1]:.4f}")

# %% [markdown]
# Here the theorem holds: the server has sensitivity 0, and nothing is below 0. But the ring and the hypercube have 0, too. What counts is that
# all weights are equal. They are equal on every network in which all clients have the same number of neighbours.
#
# ## Second reading: trained models
#
# Now we train. Take four clients of two kinds, A and B, on a ring, so that every client's neighbours are of the other kind. Each round
# has two local steps. We compare with the server, for four step sizes.

# %%
kind_a, kind_b = made_up_clients(2, seed=0)
alternating = np.array([kind_a, kind_b, kind_a, kind_b])
STEPS = np.array([0.0025, 0.005, 0.01, 0.02])
off = {name: [] for name in ("complete", "ring")}
for step in STEPS:
    for name in off:
        off[name].append(
            end(alternating, dssl.Network(name, 4), rounds=int(100 / step), step_size=step, local_steps=2)[0]
        )
slope = {name: np.polyfit(np.log(STEPS), np.log(values), 1)[0] for name, values in off.items()}
print("step size   server      ring        server / ring")
for step, fl, dec in zip(STEPS, off["complete"], off["ring"], strict=True):
    print(f"{step:9.4f}   {fl:.2e}    {dec:.2e}    {fl / dec:8.0f}")
print(f"power of the step size: server {slope['complete']:.2f}, ring {slope['ring']:.2f}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), width_ratios=(1, 1.7), layout="constrained")
dssl.plot.network(dssl.Network("ring", 4), layout="circular", ax=left)
left.set_title("0, 2: kind A; 1, 3: kind B")
right.loglog(STEPS, off["complete"], "-o", color="#882255", label="server")
right.loglog(STEPS, off["ring"], "--s", color="black", label="ring")
right.set_xticks(STEPS, [f"{step:g}" for step in STEPS])
right.minorticks_off()
right.set_xlabel("step size")
right.set_ylabel("distance from the best shared model")
_ = right.legend()

# %% [markdown]
# At these step sizes the ring's averaged model ends far nearer to the best shared model than the server's. Why? Between two averagings, the models of A and of B
# move apart. On this ring an averaging gives each client more of the other kind's model than of its own: it swaps the two points of view. What the
# steps did apart then cancels, to first order in the step size. It does so for the two local steps that we took. At the server nothing
# cancels.
#
# A number for each pattern of differences says this in general. It is called kappa ($\kappa_l$ for the pattern that belongs to the
# eigenvalue $\lambda_l$ of the mixing matrix). A pattern pulls the model away from the best one in proportion to the size of kappa, whatever
# its sign. At the server kappa is $E - 1$ for all patterns. On a network it is $E\,\frac{1+\lambda_l}{1-\lambda_l} - 1$. With two or more
# local steps its size is below the server's for exactly those patterns whose $\lambda_l$ is negative. With one local step the server's is 0,
# and a network's is 0 only for patterns with $\lambda_l = 0$.

# %%
for steps in (1, 2, 3):
    values = dssl.kappa(dssl.Network("ring", 4), local_steps=steps)
    print(
        f"E = {steps}: kappa on the ring {np.round(values, 3)}, sizes {np.round(np.abs(values), 3)}; at the server {steps - 1}"
    )
one_step = {name: end(alternating, dssl.Network(name, 4), rounds=10_000, step_size=0.01)[0] for name in off}
print(
    f"one local step, step size 0.01: server {one_step['complete']:.0e}, ring {one_step['ring']:.1e} from the best shared model"
)

# %% [markdown]
# The last value on the ring belongs to the pattern A, B, A, B. For two local steps it is 0. For one local step it is negative: it is smaller
# than the server's 0, but its size is larger. With one local step the server does exactly what a single client with all images would do. Its
# distance is 0, up to rounding, and the ring's is not.
#
# ## How often does this happen?
#
# Placements like that are rare. We put three clients of kind A and three of kind B on three networks of six clients, in all 20 ways, and
# train with $E = 3$.

# %%
SIX = {
    "two sides": dssl.Network("edges:0-3,0-4,0-5,1-3,1-4,1-5,2-3,2-4,2-5", 6),
    "ring": dssl.Network("ring", 6),
    "path": dssl.Network("path", 6),
}
OPTIONS = {"rounds": 6000, "step_size": 0.003, "local_steps": 3}
placements = [k for k in range(2**6) if k.bit_count() == 3]
level = end(np.array([kind_a] * 3 + [kind_b] * 3), dssl.Network("complete", 6), **OPTIONS)[0]
ends = {}
print(f"server: {level:.2e}, however the clients are placed")
for name, network in SIX.items():
    ends[name] = np.array(
        [end(np.array([kind_a if k >> i & 1 else kind_b for i in range(6)]), network, **OPTIONS)[0] for k in placements]
    )
    nearer = np.sum(ends[name] < level)
    print(f"{name:10} mean {ends[name].mean():.2e}; nearer than the server in {nearer} of {len(placements)} placements")

# %%
figure, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
for row, values in enumerate(ends.values()):
    heights = row + np.linspace(-0.15, 0.15, len(values))
    for chosen, fill, label in ((values >= level, "none", None), (values < level, "black", "nearer than the server")):
        axes.plot(values[chosen], heights[chosen], "o", ms=5, mfc=fill, color="black", label=None if row else label)
    axes.plot(values.mean(), row, "|", ms=22, mew=2, color="black")
    for height in heights[values < level]:
        number = placements[int(np.flatnonzero(heights == height)[0])]
        kinds = "".join("A" if number >> i & 1 else "B" for i in range(6))
        axes.annotate(
            kinds,
            (values[heights == height][0], height),
            textcoords="offset points",
            xytext=(7, 4 if height > row else -9),
            fontsize=7,
        )
axes.axvline(level, color="#882255", label="server")
axes.set_yticks(range(3), list(ends))
axes.set_ylim(-0.5, 2.4)
axes.set_xscale("log")
axes.set_xlabel("distance from the best shared model (each mark a placement, bars: means)")
_ = axes.legend()

# %% [markdown]
# ("Two sides": everybody on one side is linked to everybody on the other side. The letters are the kinds of clients 0 to 5.) In some
# placements "two sides" and the ring are nearer; the path is nearer in none. On average over the placements the server is
# nearer than each of the three. To first order in the step size this is a theorem: averaged over all placements, no network of this
# sort has a smaller squared distance than the server, if its mixing matrix is symmetric with trace 1 or more.
#
# ## Third reading: a server that does not wait for all
#
# So far all clients took part in each round. Servers rarely wait for all. When 2 of 20 clients are drawn at random in each round, the server's
# model never comes to rest: it follows those drawn. How far is a client's model from the best shared one, in squared distance? At the
# server every client has the server's model; we take its mean over the later rounds. On a network each has its own. The two do not do the same work: on a network all clients train
# in each round, at the server only those drawn.

# %%
CLIENTS, SAMPLED = 20, 2
twenty = made_up_clients(CLIENTS, seed=5, dim=8)
SIZES = np.array([0.0004, 0.001, 0.004, 0.01])
NETWORKS = {"ring": dssl.Network("ring", CLIENTS), "regular:4": dssl.Network("regular:4", CLIENTS)}
SEEDS = range(6)
squares = {name: [] for name in ("server", "error", *NETWORKS)}
for step in SIZES:
    for name, network in NETWORKS.items():
        run = end(twenty, network, rounds=int(40 / step), step_size=step)[1]
        squares[name].append(float(run.mean_local_subspace_error_squared_final))
    late = []
    for seed in SEEDS:
        run = end(twenty, "complete", rounds=int(10 / step), step_size=step, participation=SAMPLED, seed=seed)[1]
        late.append(float(run.late_mean_model_subspace_error_squared_final))
    squares["server"].append(np.mean(late))
    squares["error"].append(np.std(late, ddof=1) / np.sqrt(len(late)))
print("squared distance of a client's model")
print(f"step size   server, {SAMPLED} of {CLIENTS}          ring        regular:4")
for k, step in enumerate(SIZES):
    print(
        f"{step:9.4f}   {squares['server'][k]:.2e} ± {squares['error'][k]:.0e}     {squares['ring'][k]:.2e}    {squares['regular:4'][k]:.2e}"
    )
print()
print("power of the step size, from each row to the next")
power = {name: np.diff(np.log(squares[name])) / np.diff(np.log(SIZES)) for name in ("server", *NETWORKS)}
for name, powers in power.items():
    print(f"{name:10} {powers.round(2)}")
apart = (np.array(squares["ring"]) - squares["server"]) / squares["error"]
print(f"ring minus server, in standard errors of the server's value: {apart.round(1)}")
print(
    f"clients that train in a round: {CLIENTS} on a network, {SAMPLED} at the server, {CLIENTS / SAMPLED:.0f} times as many"
)

# %%
figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
axes.errorbar(
    SIZES,
    squares["server"],
    2 * np.array(squares["error"]),
    fmt="-o",
    capsize=3,
    color="#882255",
    label=f"server, {SAMPLED} of {CLIENTS} clients",
)
axes.plot(SIZES, squares["ring"], "--s", color="black", label="ring")
axes.plot(SIZES, squares["regular:4"], "-.^", color="#009E73", label="four random neighbours")
axes.set_xscale("log")
axes.set_yscale("log")
axes.set_xticks(SIZES, [f"{step:g}" for step in SIZES])
axes.minorticks_off()
axes.set_xlabel("step size")
axes.set_ylabel("squared distance from\nthe best shared model")
_ = axes.legend()

# %% [markdown]
# (Bars are two standard errors over six seeds; some are hardly longer than their marks.) The server's squared distance shrinks about like the
# step size itself, power 1. With four random neighbours for each client the power is near 2 over the whole table. On the ring it is not: it is
# well below 2 at large steps, and comes nearer to 2 as the step falls. So with steps small enough a network is nearer here. The ring is nearer at the
# smallest step shown. At 0.001 ring and server differ by less than the error, and at the two larger steps the server is nearer. With four
# random neighbours the network is nearer at all step sizes shown. A network does more work for this: the last printed line says how much.
#
# ## Fourth reading: the paper's own images
#
# The paper's proofs are about its own made-up images. There all clients' matrices have their large eigenvalues in the same directions, the signal
# directions. We train on the exact matrices of client images, with five local steps, from a random start.

# %%
N, PIXELS = 8, 40
TAU, MU = PIXELS**0.2, PIXELS**-0.2


def second_moments(client):
    """Those of the paper's images with unlimited images: 1 for the client's own pixel, offsets in the others, and pixel noise."""
    block = TAU**2 / 4 * (np.eye(N) + np.ones((N, N)))
    block[client, :] = block[:, client] = 0
    block[client, client] = 1
    matrix = MU**2 * np.eye(PIXELS)
    matrix[:N, :N] += block
    return matrix


papers = np.array([second_moments(client) for client in range(N)])
spread = {}
for name in ("complete", "ring", "barbell", "star"):
    run = dssl.train(papers, dssl.Network(name, N), feature_dim=N, rounds=2000, local_steps=5, init="random")
    spread[name] = float(run.sensitivity_final)
    print(f"{name:9} sensitivity of the trained model: {spread[name]:.0e}")

# %% [markdown]
# All sensitivities are 0, up to rounding. On these images with unlimited numbers, Theorem 4.6 says that 0 is at least 0. What is left is
# chance: with few images, the matrices differ from these.

# %%
DATA_SETS, IMAGES = 10, 400


def drawn(rng):
    """Second moments of so many drawn images of each client."""
    x = np.zeros((N, IMAGES, PIXELS))
    x[:, :, :N] = -TAU * rng.integers(2, size=(N, IMAGES, N))
    x[np.arange(N), :, np.arange(N)] = np.tile([1.0, -1.0], IMAGES // 2)
    x += MU * rng.normal(size=x.shape)
    return np.einsum("nsd,nse->nde", x, x) / IMAGES


CASES = {
    "server": dssl.Network("complete", N),
    "ring": dssl.Network("ring", N),
    "star, equal weights": dssl.Network("star", N),
    "star, uniform averaging": dssl.Network("star", N, mixing="uniform"),
}
sampled = {name: [] for name in CASES}
for seed in range(DATA_SETS):
    matrices = drawn(np.random.default_rng(seed))
    for name, network in CASES.items():
        run = dssl.train(matrices, network, feature_dim=N, rounds=2000)
        mean = np.einsum("i,ifd->fd", run.training_weight.values, run.model.values)
        sampled[name].append(np.diag(np.linalg.pinv(mean) @ mean)[:N])
lost = {name: 1 - np.mean(r, axis=1) for name, r in sampled.items()}
sensitivities = {name: np.ptp(r, axis=1) for name, r in sampled.items()}
for name in CASES:
    smaller = np.sum(sensitivities[name] < sensitivities["server"])
    print(
        f"{name:24} part of the signal lost {lost[name].mean():.2e} ± {lost[name].std(ddof=1) / np.sqrt(DATA_SETS):.0e}   "
        f"sensitivity {sensitivities[name].mean():.2e}, smaller than the server's in {smaller} of {DATA_SETS} data sets"
    )
print("largest difference of a sensitivity from the server's on the same data set, as a share of the server's mean")
furthest = {
    name: np.abs(s - sensitivities["server"]).max() / sensitivities["server"].mean()
    for name, s in sensitivities.items()
}
for name in list(CASES)[1:]:
    print(f"    {name:24} {furthest[name]:.1%}")

# %% [markdown]
# The ring and the server lose the same, to the digits shown. In some data sets the ring has the smaller sensitivity, but the difference is small:
# the last lines show its largest size. The star with uniform averaging loses more, because the client in the middle counts too much. With equal
# weights it loses no more, to the digits shown. So in these examples, too, unequal weights are what costs, not missing links.
#
# ## What backs this up
#
# The *reading* says which of the paper's possible meanings a statement is about; "any" means that it does not depend on one.

# %%
for key in (
    "thm46.complementary-population",
    "thm46.equal-weights",
    "thm46-trained.one-step-distance",
    "thm46-trained.two-step-distance",
    "thm46-trained.bipartite-ratio",
    "thm46-trained.placements-first-order",
    "thm46-trained.sampled-clients-distance",
):
    statement = dssl.ledger().search(key)[0]
    print(f"{statement.status:9} {key}: {statement.text}")
    print(f"          reading: {statement.reading}")

# %% [markdown]
# ## The answer
#
# Not always. For the paper's ideal models, a server is never less robust, but every network with equal weights is just as robust. For trained
# linear models it depends. If all clients take part and each takes one step before an averaging, the server finds the best
# shared model. With more local steps a server drifts off, on average over placements less than a network, but not in every
# placement. And a server that draws a few clients each round can be worse than a network when steps are small, but then more clients train
# in each round on the network.
#
# All this is for linear models with small steps, trained with exact gradients. `dssl.advise` compares the two for your own clients; notebook 10 shows how.
