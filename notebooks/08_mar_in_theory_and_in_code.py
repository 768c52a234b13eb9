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
# # MAR in theory and in code
#
# **The question.** The paper proposes *MAR*, an addition to masked image modelling (notebook 02): each client's loss gets an extra term that draws its features towards those of the other clients.
# What does this term measure, and does it do what it is meant to do?
#
# ## What you need to know
#
# - The **embeddings** of a batch of images are their features: one row of numbers for each image.
# - The term is called **A-MMD**, adaptive maximum mean discrepancy. It compares two batches of embeddings, the client's own and those that it
#   received. It should be 0, on average, if both come from the same distribution, and larger the more they differ. Similarity of two
#   embeddings is measured on a length scale, the *bandwidth*, which is taken from the data: the mean distance of two embeddings.
# - There are three versions: `unbiased`, the formula as it should read; `printed`, Eq (6) of the paper as it stands; and `released`, what
#   the code released with the paper computes.
# - With a server MAR is called **FedMAR**, with neighbours **DecMAR**.

# %%
import matplotlib.pyplot as plt
import numpy as np

import dssl

# In our pictures orange is CL and blue is MIM; all else has other colours.
plt.rcParams["axes.prop_cycle"] = plt.cycler(
    color=["#009E73", "#882255", "#7F7F7F", "black", "#CC79A7", "#999933", "#AA4499"]
)

VERSIONS = ("unbiased", "printed", "released")
BATCH, FEATURES, TRIALS = 16, 32, 200
rng = np.random.default_rng(0)

# %% [markdown]
# ## Two batches from one distribution
#
# We draw both batches from the same distribution, many times. A good measure is 0 on average.

# %%
same = {version: [] for version in VERSIONS}
for x, y in rng.normal(size=(TRIALS, 2, BATCH, FEATURES)):
    for version in VERSIONS:
        same[version].append(dssl.a_mmd(x, y, estimator=version))
null = {version: (np.mean(values), np.std(values, ddof=1) / np.sqrt(TRIALS)) for version, values in same.items()}
for version, (mean, error) in null.items():
    print(f"{version:9} mean {mean:+.4f} ± {error:.4f}")
OFFSET = 2 / (BATCH - 1)
print(f"2 / (batch - 1) = {OFFSET:.4f}")

# %% [markdown]
# The released version is far from 0. It also counts the similarity of each embedding to itself, which is 1. This adds exactly 2 / (batch - 1) to
# the formula, whatever the data are, if both use the same bandwidth. As they are, `released` and `unbiased` may take slightly different bandwidths from the data; so their
# difference is only near this number.
#
# Is the term larger if the batches differ? We move the second batch, by more and more:

# %%
MOVES = (0.0, 0.5, 1.0, 2.0)
moved = {version: [] for version in VERSIONS}
for move in MOVES:
    pairs = np.random.default_rng(1).normal(size=(TRIALS, 2, BATCH, FEATURES))
    pairs[:, 1, :, 0] += move
    for version in VERSIONS:
        moved[version].append(np.mean([dssl.a_mmd(x, y, estimator=version) for x, y in pairs]))
for version in VERSIONS:
    told = ", ".join(f"{value:+.4f}" for value in moved[version])
    print(f"{version:9} mean for moves by {', '.join(f'{move:g}' for move in MOVES)}: {told}")

# %% [markdown]
# In this example all three grow with the move.
#
# ## Another unit
#
# Multiply all embeddings by one number. Nothing of importance changes, and a measure that adapts to the data should not change.

# %%
SCALES = np.geomspace(0.1, 10, 9)
x, y = rng.normal(size=(2, BATCH, FEATURES))
y = 1.3 * y
by_scale = {version: np.array([dssl.a_mmd(s * x, s * y, estimator=version) for s in SCALES]) for version in VERSIONS}
apart = by_scale["released"][0] - by_scale["unbiased"][0]
print(f"released minus unbiased: {apart:.4f} at all scales; 2 / (batch - 1) = {OFFSET:.4f}")
figure, axes = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
for version, look in zip(VERSIONS, ("o-", "s--", "^:"), strict=True):
    axes.semilogx(SCALES, by_scale[version], look, label=version)
axes.set_xlabel("all embeddings multiplied by")
axes.set_ylabel("A-MMD")
_ = axes.legend()

# %% [markdown]
# In this example the printed version changes, and the other two do not. In Eq (6) a distance, not squared, is divided by a squared bandwidth; so the unit matters. The other two
# square the distance.
#
# ## Averaged embeddings
#
# FedMAR does not send each client's embeddings to the others. The server averages them, image by image: the first image of each client, the
# second image of each, and so on. These are unrelated images. Their average is an embedding of nothing, and lies near the middle. We compare the
# embeddings of a client with averages over other clients, where **all clients have the same distribution**:

# %%
COUNTS, WIDE = (1, 2, 5, 20, 100), 400
floors = {}
for count in COUNTS:
    values = []
    for _ in range(40):
        z = rng.normal(size=(count + 1, BATCH, WIDE))
        values.append(dssl.a_mmd(z[0], z[1:].mean(axis=0)))
    claimed = dssl.gaussian_mmd(feature_dim=WIDE, n_averaged=count)
    floors[count] = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values)), claimed
    print(f"average over {count:3} clients: {floors[count][0]:.4f} ± {floors[count][1]:.4f}, formula {claimed:.4f}")

# %%
figure, axes = plt.subplots(figsize=(5.5, 3), layout="constrained")
mean, error, claimed = np.array(list(floors.values())).T
axes.semilogx(COUNTS, claimed, "--", color="black", label="formula")
axes.errorbar(COUNTS, mean, 2 * error, fmt="o", capsize=3, label="simulated")
axes.set_xticks(COUNTS, [str(count) for count in COUNTS])
axes.minorticks_off()
axes.set_xlabel("clients that are averaged")
axes.set_ylabel("A-MMD of equal clients")
_ = axes.legend()

# %% [markdown]
# With averages the term does not vanish, even when all clients are equal. (Bars are two standard errors. The formula is for features that are
# independent and normally distributed.)
#
# ## The weight of the term
#
# The term has a weight, Eq (7). It falls each time that a client is selected, along half a cosine, until the client has been selected a certain
# number of times, the *horizon*. We take the number of selections that is expected in all: 100 rounds, 10 of 100 clients in each.

# %%
ROUNDS, CLIENTS, SELECTED = 100, 100, 10
HORIZON = ROUNDS * SELECTED // CLIENTS
counts = np.arange(0, 2 * HORIZON + 1)
weights = {
    clamp: np.array(
        [
            dssl.weight_schedule(gamma_max=0.1, gamma_min=0.001, selections=int(c), horizon=HORIZON, clamp=clamp)
            for c in counts
        ]
    )
    for clamp in (False, True)
}
selected = rng.binomial(ROUNDS, SELECTED / CLIENTS, size=100_000)
beyond = np.mean(selected > HORIZON)
print(f"share of clients that are selected more often than expected: {beyond:.0%}")
figure, axes = plt.subplots(figsize=(5.5, 3), layout="constrained")
axes.plot(counts, weights[False], "s--", label="Eq (7) as printed")
axes.plot(counts, weights[True], "o-", label="as in the released code")
axes.axvline(HORIZON, color="black", lw=0.8, ls=":")
axes.set_xlabel("times that a client was selected (dotted: horizon)")
axes.set_ylabel("weight")
_ = axes.legend()

# %% [markdown]
# Beyond the horizon the printed weight rises again. The share of clients printed above gets there. The released code keeps it at its least value.
#
# ## DecMAR as printed
#
# Line 10 of DecMAR averages the models with the index 0: those from *before* the local training. Does the training of all rounds then reach
# the result? We run this line on numbers in place of models: five clients on a ring, three rounds, and each local training adds 1 to a
# client's number. So after three rounds a sound algorithm gives 3.

# %%
M = dssl.Network("ring", 5, mixing="uniform").mixing_matrix
as_printed = corrected = np.zeros(5)
for _ in range(3):
    last = as_printed + 1  # what the local training makes of the models ...
    as_printed = M @ as_printed  # ... but line 10 averages those from before it
    corrected = M @ (corrected + 1)
print(
    f"as printed, the output is the mean of the last local training: {last.mean():.0f}; corrected: {corrected.mean():.0f}"
)

# %% [markdown]
# As printed, the training of all rounds but the last is lost. The record says this for linear encoders, and says also that the released code's
# decentralised training does not use the term at all:

# %%
for key in ("decmar.all-rounds-index-0", "decmar.output-alike-starts", "code.decentralised-loss"):
    statement = dssl.ledger().search(key)[0]
    print(f"{statement.status:9} {key}: {statement.text}")
    print(f"          reading: {statement.reading}")

# %% [markdown]
# ## What the term can change
#
# When clients have different images, their models differ in two ways. A model may *tilt*: it keeps other directions. Or it may keep the same
# directions, and only turn and scale its features. The paper's aim is that clients represent the same directions. `dssl.check` solves for
# linear models on a network, without the term and with it, and says how different the clients' models are. (It returns these two as `claimed`
# and `measured`: the statement checked claims that the number with the term is no larger than the one without.) Here each client receives its neighbours'
# embeddings as they are, without averaging. This is one network, a ring of six clients, one draw of their matrices, and the weight 1.

# %%
POINT = {"n_clients": 6, "network": "ring", "dim": 5, "feature_dim": 2, "bandwidth": 2.0, "weight": 1.0, "draw": 1}
SPREADS = (0.1, 0.05, 0.025)
KEYS = {"tilt": "mar-drift.tilt", "turns and scales": "mar-drift.in-subspace"}
change = {}
for name, key in KEYS.items():
    found = [dssl.check(key, spread=spread, **POINT) for spread in SPREADS]
    change[name] = np.array([each["measured"] / each["claimed"] - 1 for each in found])
    told = ", ".join(f"{value:+.1e} for {spread}" for spread, value in zip(SPREADS, change[name], strict=True))
    print(f"{name:16} relative change by the term, for three sizes of the clients' differences: {told}")

# %%
figure, axes = plt.subplots(figsize=(5.5, 3), layout="constrained")
for (name, values), look in zip(change.items(), ("o-", "s--"), strict=True):
    axes.loglog(SPREADS, -values, look, label=name)
axes.set_xticks(SPREADS, [f"{spread:g}" for spread in SPREADS])
axes.minorticks_off()
axes.set_xlabel("size of the clients' differences")
axes.set_ylabel("share that the term takes away")
_ = axes.legend()

# %% [markdown]
# In this one example the term takes away a share of the turns and scales that hardly depends on the clients' differences: it is printed above, and below one percent. Its effect
# on the tilt is far smaller still, and falls with the clients' differences. So here the term does little in all; what it does, it does mostly to features that
# already span nearly the same directions.
#
# ## What backs this up
#
# The *reading* says which of the paper's possible meanings a statement is about; "any" means that it does not depend on one.

# %%
for key in (
    "eq6.scale-printed-kernel",
    "eq6.scale-squared-distance",
    "code-term.value-offset",
    "fedmar.floor-limit",
    "eq7.falls-beyond-horizon",
    "mar-drift.tilt",
    "mar-drift.tilt-effect-contrast",
    "mar-drift.tilt-effect-masked",
):
    statement = dssl.ledger().search(key)[0]
    print(f"{statement.status:9} {key}: {statement.text}")
    print(f"          reading: {statement.reading}")

# %% [markdown]
# `mar-drift.tilt` is violated although the tilt shrank in the example above: the statement says that it never grows, and the record has a case
# where it does.
#
# ## The answer
#
# The term, as it should read, is 0 on average for two batches from one distribution, and grew with the move of one batch in our example. It does not
# depend on the unit. As printed it depends on the unit, and the released code adds a constant, at the same bandwidth. Averaging the embeddings over clients makes the term positive even for
# equal clients, on average in our example. For the linear models of our one example, the term hardly changes which directions they keep; it
# changes a little, by less than one percent at weight 1, how features lie within them. The record has more: without masks (`mar-drift.tilt-effect-contrast`) the term's share of
# the tilt falls as clients become alike; with masks on pixels that go together (`mar-drift.tilt-effect-masked`) it stays. What it does in neural networks is another
# question; notebook 09 shows that our experiments did not decide it.
