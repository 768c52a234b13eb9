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
# # Your own data and network
#
# **The question.** You have clients of your own, such as hospitals, each with samples of its own, and lines between some of
# them. Should they train one model with a server, with their neighbours, or each alone? And which new lines would help?
#
# ## What you need to know
#
# - `dssl.advise` answers for *linear* models: a model keeps a few directions of the samples, its *features*. It does not say which model is
#   most accurate, and a neural network may behave differently.
# - It compares four *options*: a server that averages the models of all clients (`server`), a server that draws some clients in each round
#   (`server-sampled`), averaging with neighbours (`network`), and no averaging (`alone`).
# - The measure is the distance from the *best shared model*: the one that keeps the directions in which the samples of all clients together
#   vary most. 0 is the best shared model; 1 is as far as can be. (Notebook 06 has $\|P - P^*\|_F$. Here it is squared and divided by twice the
#   number of features.)
# - Samples are lists of numbers. For images, these can be pixels, or better the features of an encoder that you have already.
#
# ## What to bring
#
# Samples come as a pandas table with a column `client`, as a list of arrays, or as a file. A network comes as a networkx graph, as a table of
# links, or as a file. Here we make up both, in place of yours: six hospitals with unequal numbers of samples. All of them vary in three
# shared directions, and each one varies in one direction of its own. We put all samples in one table, because made-up samples harm nobody.
# Where samples may not leave a hospital, matrices take their place: see below.

# %%
import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd

import dssl

# In our pictures orange is CL and blue is MIM; all else has other colours.
plt.rcParams["axes.prop_cycle"] = plt.cycler(
    color=["#009E73", "#882255", "#7F7F7F", "black", "#CC79A7", "#999933", "#AA4499"]
)

HOSPITALS = ["Ash", "Birch", "Cedar", "Elm", "Fir", "Oak"]
DIM = 9
rng = np.random.default_rng(0)
tables = []
for k in range(len(HOSPITALS)):
    spread = np.full(DIM, 0.7)
    spread[:3] = 2.0, 1.8, 1.6
    spread[3 + k] = 1.4
    turned = np.linalg.qr(np.eye(DIM) + 0.06 * rng.normal(size=(DIM, DIM)))[
        0
    ]  # each hospital measures a little differently
    samples = (rng.normal(size=(300 + 100 * k, DIM)) * spread) @ turned
    tables.append(pd.DataFrame(samples, columns=[f"x{j}" for j in range(DIM)]).assign(client=k))
data = pd.concat(tables, ignore_index=True)
graph = nx.path_graph(6)
graph = nx.relabel_nodes(graph, dict(enumerate(HOSPITALS)))
data.groupby("client").size().rename("samples").to_frame().T

# %% [markdown]
# The client numbered $k$ in the table is the $k$-th node of the graph. The lines form a path: Ash to Birch, Birch to Cedar, and so on.
#
# ## The advice
#
# We ask for three features, and for five training steps between two averagings (`local_steps`). We leave the step size, and how many hospitals
# `server-sampled` draws, to the advice; the output says what it took. With `simulate=True` the options are also trained, so that we can see
# whether the predictions come true.

# %%
network = dssl.Network(graph)
QUESTION = {"feature_dim": 3, "local_steps": 5}
advice = dssl.advise(data, network, **QUESTION, simulate=True, rounds=3000)
step_size = advice.details["clients"]["step_size"]
print(f"step size {step_size:.2g}")
print("server-sampled:", next(option.rests_on for option in advice.options if option.name == "server-sampled"))
print(f"recommendation: {advice.recommendation}")
print(advice.reason)
advice.to_pandas()[["distance", "uncertainty", "simulated", "is_settled"]]

# %% [markdown]
# - `distance` is predicted, `simulated` is what training reached. It is the mean over the clients' own models. For `server-sampled`, the
#   prediction is itself a mean over other simulated trainings.
# - `uncertainty` says how exactly `distance` was *computed*, for exactly these samples. Three options are solved for, so that here only
#   rounding is left. For `server-sampled` it is half of a 99.8% interval, because the distance depends on which hospitals are drawn. It does
#   **not** say how much a distance would change with new samples of the same hospitals.
# - `is_settled` means for `server`, `network` and `alone` that the distance changed by no more than 2% in the last tenth of the training. A server
#   that draws clients never comes to rest (notebook 06). For `server-sampled` it means that the mean distance was steady: in the later half
#   of the training, the means of its two parts differ by no more than 20%.
#
# What do new samples change? The advice estimates how far the best shared model of these samples lies from that of unlimited samples, in
# the same unit:

# %%
by_sampling = advice.details["optimum_of_samples"]
print(f"best shared model of these samples, from that of unlimited samples: {by_sampling['value']['distance']:.2e}")
print(by_sampling["sure"])
distances = advice.to_pandas()["distance"]
for name in ("server-sampled", "network", "alone"):
    gap = distances[name] - distances["server"]
    print(f"{name:15} minus server: {gap:.2e}, {gap / by_sampling['value']['distance']:.1f} times that number")

# %% [markdown]
# So where a difference of two options is smaller than that number, these samples decide it, and new samples may decide otherwise. In the
# picture the bars are the uncertainty of the computation; those of three options are too short to be seen.

# %%
shown = advice.to_pandas()
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.errorbar(
    shown["distance"], shown.index, xerr=shown["uncertainty"], fmt="o", capsize=3, ms=9, mfc="none", label="predicted"
)
axes.plot(shown["simulated"], shown.index, "x", color="#882255", label="simulated")
axes.set_xscale("log")
axes.set_xlabel("distance from the best shared model")
axes.invert_yaxis()
_ = axes.legend()

# %% [markdown]
# ## How different are the clients?
#
# The *dissimilarity* $\zeta^2$ is the mean squared distance of the clients' gradients from their mean. (A gradient says how a client would
# like to change the model.) A part of it is chance: with few samples, even equal clients look different. `dssl.advise` tells the two
# apart.

# %%
about = advice.details["dissimilarity"]
for name, value in about["value"].items():
    print(f"{name:30} {np.round(value, 2)}")
print(about["sure"])

# %% [markdown]
# The first number is what training meets. The second is the part that chance alone would make. The third is the first minus the second: an
# estimate for unlimited samples, with an interval that contains the true value in 90% of such cases, about.
#
# ## Which line would help most?
#
# Suppose that there is no server. The advice then proposes new links, one after the other. We train on the old network and on the new
# ones, and compare how far the hospitals' models stay apart: their *disagreement*, the mean squared distance from their average.

# %%
moments = np.stack([x.T @ x / len(x) for _, x in data.groupby("client")[[f"x{j}" for j in range(DIM)]]], dtype=float)
proposed = [tuple(HOSPITALS[end] for end in entry["link"]) for entry in advice.details["links_to_add"]["value"]]
predicted = [1.0] + [entry["consensus_falls_to"] for entry in advice.details["links_to_add"]["value"]]


def disagreement(links):
    """What is left after training on the graph with these links as well."""
    denser = graph.copy()
    denser.add_edges_from(links)
    run = dssl.train(moments, denser, **QUESTION, rounds=3000, step_size=step_size)
    return float(run.consensus_post_mix_final)


trained = [disagreement(proposed[:count]) for count in range(len(proposed) + 1)]
for link, claimed, left in zip(["no link", *proposed], predicted, trained, strict=True):
    print(f"{link!s:20} predicted {claimed:.3f} of the disagreement, trained {left / trained[0]:.3f}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
at = nx.circular_layout(graph)
nx.draw_networkx(graph, at, ax=left, node_color="white", edgecolors="black", node_size=900, font_size=8)
nx.draw_networkx_edges(
    graph, at, edgelist=proposed, ax=left, edge_color="#882255", style="dashed", width=2, node_size=900
)
left.set_title("solid: old links, dashed: proposed ones")
left.margins(0.15)
left.axis("off")
right.plot(predicted, "s--", label="predicted")
right.plot(np.array(trained) / trained[0], "o", ms=10, mfc="none", label="trained")
right.set_xticks(range(len(predicted)))
right.set_ylim(0, 1.05)
right.set_xlabel("links added")
right.set_ylabel("disagreement / that of the path")
_ = right.legend()

# %% [markdown]
# ## If samples may not leave a hospital
#
# Then each hospital sends its number of samples and its *second moments*: for each pair of the nine numbers, the mean of their product. The
# predictions of the four options are the same, up to rounding. This is not a promise of privacy. Second moments reveal something of the samples, too: how much each number
# varies and which vary together, and for a hospital with very few samples nearly the samples themselves. Whether they may be
# sent is a question of its own.

# %%
private = dssl.advise({"second_moments": moments, "sizes": data.groupby("client").size()}, network, **QUESTION)
for option, other in zip(advice.options, private.options, strict=True):
    print(f"{option.name:15} from samples {option.distance:.6e}   from second moments {other.distance:.6e}")
print(f"recommendation: {private.recommendation}")

# %% [markdown]
# What speaks of new samples needs more than second moments: the number for new samples, the interval of the dissimilarity, and whether
# contrastive learning (CL) or masked image modelling (MIM) keeps more. (Notebooks 01 and 02 explain them.) Take the linear model that each learns from a limited number of samples. Of each
# direction that it should keep, it loses a part, $1 - r_k$; the *part lost* is the mean over the directions. A formula gives it for one noisy pair of
# each sample (CL) and for one pair of independent masks of each sample (MIM). From samples, the advice uses the fourth moments. From
# second moments alone, it assumes that samples are normally distributed.

# %%
for name, told in (("from samples", advice), ("from second moments", private)):
    order = told.details["contrast_or_masks"]["value"]
    print(f"{name:20} part lost: CL {order['deficit_contrast']:.5f}, MIM {order['deficit_masks']:.5f}")
print(
    f"masks hide {order['mask_ratio']:.0%}; noise of CL: standard deviation {order['augmentation_std']:g}; they lose the same at {order['noise_at_which_they_are_equal']:.2f}"
)
print(advice.details["contrast_or_masks"]["rests_on"])

# %% [markdown]
# Here CL loses less, because its noise is below the one at which both lose the same. With more noise the order turns round (notebook 03).

# %% [markdown]
# ## What backs this up
#
# The predictions rest on statements of the record. These are the most important ones. The *reading* says which of the paper's possible
# meanings a statement is about; "any" means that it does not depend on one.

# %%
for key in (
    "consensus.simulated-at-rest",
    "thm46-trained.sampling-server-error",
    "thm46-trained.placements-first-order",
    "weights.small-step-target",
):
    statement = dssl.ledger().search(key)[0]
    print(f"{statement.status:9} {key}: {statement.text}")
    print(f"          reading: {statement.reading}")

# %% [markdown]
# ## The answer
#
# For these made-up hospitals the table above says it: the recommended option has the smallest distance, and training reached what was
# predicted. For your own, replace the first cell of code. It makes `data` and `graph`, and also `HOSPITALS` (the names of the clients, in the
# order of their numbers) and `DIM` (how many numbers a sample has), which later cells use; your columns then are `x0`, `x1`, and so on. If
# the best two options are closer than their `uncertainty`, the recommendation is `None`. Compare differences also with the number
# printed for new samples. The advice is for linear models. For neural networks it is a first guess, not a promise.
