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
# MAR adds to each client's loss a squared MMD between its own embeddings and those it received. Three versions exist: the formula as
# it should read, the formula as printed in Eq (6), and what the released code computes. They are not one function.

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np

from sims.linear import metrics, objective
from sims.linear.mar_training import MarOptions, dec_mar, fed_mar, population_mar, split_by_subspace
from sims.losses.adaptive_mmd import a_mmd
from theory.alignment_term.gaussian_mmd import AVERAGED_EMBEDDING_FLOOR
from theory.alignment_term.weight_schedule import ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT, probability_beyond
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

ESTIMATORS = ("unbiased", "printed", "released")
rng = np.random.default_rng(0)

# %% [markdown]
# ## Two batches from one distribution
#
# An unbiased estimate is zero in the mean. The released one also sums each embedding's similarity to itself, which is 1, and so adds
# $1/(n-1) + 1/(m-1)$ whatever the data.

# %%
batch, features, trials = 16, 32, 200
pairs = rng.standard_normal((trials, 2, batch, features))
null = {e: np.array([float(a_mmd(x, y, estimator=e)) for x, y in pairs]) for e in ESTIMATORS}
for name, values in null.items():
    print(f"{name:9} mean {values.mean():+.4f} ± {values.std(ddof=1) / np.sqrt(trials):.4f}")
added = 2 / (batch - 1)
print(f"1/(n-1) + 1/(m-1) = {added:.4f}")

# %% [markdown]
# ## Scale
#
# The bandwidth adapts to the data, so the squared distance over the squared bandwidth has no unit: multiply all embeddings by ten and
# nothing changes. As printed the distance is *not* squared, over a squared bandwidth: now the unit matters.

# %%
scales = np.geomspace(0.1, 10, 9)
x, y = rng.standard_normal((2, batch, features))
y = 1.3 * y
by_scale = {e: np.array([float(a_mmd(s * x, s * y, estimator=e)) for s in scales]) for e in ESTIMATORS}
figure, axis = plt.subplots(figsize=(5, 3.4))
for name, mark in zip(ESTIMATORS, ("o-", "s--", "^:"), strict=True):
    axis.semilogx(scales, by_scale[name], mark, label=name)
axis.set_xlabel("embeddings multiplied by")
axis.set_ylabel("A-MMD")
axis.legend()
figure.tight_layout()

# %%
relative_range = {e: float(np.ptp(v) / np.abs(v).max()) for e, v in by_scale.items()}
assert max(relative_range["unbiased"], relative_range["released"]) < 1e-9
assert relative_range["printed"] > 0.5
assert abs(null["unbiased"].mean()) < 4 * null["unbiased"].std() / np.sqrt(trials)
assert null["released"].mean() > added / 2

# %% [markdown]
# ## Averaging embeddings slot by slot leaves a floor
#
# The algorithms send the *average* of the clients' embeddings, image by image. An average of unrelated images is not an embedding of
# anything: it lies near the mean. Between a client and the average over clients with the very same distribution the term stays above
# zero, and in many dimensions its value is known.

# %%
counts, wide = (1, 2, 5, 20, 100), 400
floors = {}
for k in counts:
    values = []
    for _ in range(40):
        z = rng.standard_normal((k + 1, batch, wide))
        values.append(float(a_mmd(z[0], z[1:].mean(axis=0))))
    floors[k] = (
        np.mean(values),
        np.std(values, ddof=1) / np.sqrt(len(values)),
        AVERAGED_EMBEDDING_FLOOR.value(n_averaged=k),
    )
    mean, error, claimed = floors[k]
    print(f"average over {k:3} clients: {mean:.4f} ± {error:.4f}, formula {claimed:.4f}")

# %%
for mean, error, claimed in floors.values():
    assert abs(mean - claimed) < 4 * error + 2 / wide  # the limit of many dimensions
assert floors[counts[0]][2] == 0 < floors[counts[1]][2] < floors[counts[-1]][2]

# %% [markdown]
# ## The weight over rounds
#
# Eq (7) lowers MAR's weight along half a cosine until a client was selected $\Omega$ times, the number expected. Selected more often, the
# printed weight *rises* again. The released code clamps it.

# %%
rounds, n_clients, participation = 100, 100, 10
horizon = rounds * participation / n_clients
count = np.arange(0, 2 * horizon + 1)
weights = {"weight_max": 0.1, "weight_min": 0.001, "horizon": horizon}
printed, clamped = (
    np.array([f.value(**weights, selections=c) for c in count]) for f in (ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT)
)
figure, axis = plt.subplots(figsize=(5, 3.4))
axis.plot(count, printed, "s--", label="printed")
axis.plot(count, clamped, "o-", label="clamped")
axis.axvline(horizon, color="black", lw=0.8)
axis.set_xlabel("times selected")
axis.set_ylabel("weight of MAR")
axis.legend()
figure.tight_layout()
beyond = probability_beyond(horizon, rounds=rounds, n_clients=n_clients, participation=participation)
print(f"{beyond:.0%} of the clients are selected more often than expected")

# %%
assert printed[-1] > 0.99 * weights["weight_max"] > clamped[-1]
assert np.all(np.diff(clamped) <= 0)
assert 0.3 < beyond < 0.5

# %% [markdown]
# ## FedMAR and DecMAR: printed, corrected, released
#
# Five linear clients, on a ring for DecMAR. Line 10 of DecMAR as typed mixes the models from *before* local training, so that all rounds but the
# last are lost. The released decentralised call hands over no weight: MAR never acts there.

# %%
N, BATCHES, DIM, FEATURES = 5, 2, 8, 3
scale = np.linspace(1.5, 0.3, DIM) * (1 + 0.2 * rng.standard_normal((N, 1, 1, DIM)))
views = rng.standard_normal((N, BATCHES, batch, DIM)) * scale
flat = views.reshape(N, -1, DIM)
X = flat.transpose(0, 2, 1) @ flat / flat.shape[1]
start = 0.5 * rng.standard_normal((FEATURES, DIM))
starts = np.broadcast_to(start, (N, FEATURES, DIM))
wanted = np.asarray(metrics.top_projector(X.mean(axis=0), FEATURES))
settings = {"step_size": 0.05, "rounds": 150, "local_steps": 3, "weight_max": 2.0, "weight_min": 0.5}


def error(w: np.ndarray) -> float:
    return float(metrics.subspace_error(w, wanted))


found, without = {}, {}
for variant in ESTIMATORS:
    name = "corrected" if variant == "unbiased" else variant
    options = MarOptions(**settings, variant=name)
    off = MarOptions(**(settings | {"weight_max": 0.0, "weight_min": 0.0}), variant=name)
    for options_of, table in ((options, found), (off, without)):
        table["FedMAR", name] = fed_mar(start, X, views, options_of).output
        table["DecMAR", name] = dec_mar(starts, X, views, topology("ring", N), options_of).output
for key, w in found.items():
    moved = np.linalg.norm(w - without[key]) / np.linalg.norm(w)
    print(f"{key[0]} {key[1]:9}  subspace error {error(w):.4f}, MAR moved the output by {moved:.1%}")
print(f"start      subspace error {error(start):.4f}")

# %%
assert np.array_equal(found["DecMAR", "released"], without["DecMAR", "released"])  # no weight, no MAR
assert error(found["DecMAR", "printed"]) > 3 * error(found["DecMAR", "corrected"])  # one local pass is left
assert np.linalg.norm(found["FedMAR", "corrected"] - without["FedMAR", "corrected"]) > 0

# %% [markdown]
# ## What MAR can and cannot change
#
# Drift has two parts: a client's model may *tilt*, so that it represents another subspace, or only turn and scale its embeddings within
# the same one. For Gaussian embeddings with exact expectations MAR acts on the second part. On the tilt it acts only beyond first order
# in the clients' differences.

# %%
n, d, c = 8, 10, 3
noise = np.random.default_rng(0).standard_normal((n, d, d))
noise = (noise + noise.transpose(0, 2, 1)) / 2
mixing = mixing_matrix(topology("ring", n))
change = {}
for level in (0.1, 0.05, 0.025):
    covariances = np.diag(np.r_[3.0, 2.4, 2.0, np.full(d - c, 0.6)]) + level * (noise - noise.mean(axis=0))
    at = np.broadcast_to(objective.optimum(covariances.mean(axis=0), c), (n, c, d))
    projector = np.asarray(metrics.top_projector(covariances.mean(axis=0), c))
    parts = {}
    for weight in (0.0, 10.0):
        run = population_mar(
            at, covariances, covariances, mixing, step_size=4e-3, rounds=2000, weight=weight, bandwidth=2.0
        )
        parts[weight] = np.array(split_by_subspace(run.pre_mix, projector))
    change[level] = parts[10.0] / parts[0.0] - 1
    tilt, within = change[level]
    print(f"differences {level:5}: MAR changes tilt by {tilt:+.2e} of itself, turns and scales by {within:+.2e}")

# %%
levels = list(change)
figure, axis = plt.subplots(figsize=(5, 3.4))
for place, (name, mark) in enumerate((("tilt", "o-"), ("turns and scales", "s--"))):
    axis.loglog(levels, [abs(change[level][place]) for level in levels], mark, label=name)
axis.set_xlabel("size of the clients' differences")
axis.set_ylabel("relative change by MAR")
axis.legend()
figure.tight_layout()
for coarse, halved in itertools.pairwise(levels):
    assert abs(change[halved][0]) < 0.6 * abs(change[coarse][0])  # vanishes with the differences
    assert abs(change[halved][1] / change[coarse][1] - 1) < 0.1  # does not
assert abs(change[levels[0]][0]) < 1e-3 < abs(change[levels[0]][1])
