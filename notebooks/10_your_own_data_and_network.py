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
# **The question.** You have clients of your own, such as hospitals, each with samples that may not leave it, and lines between some of
# them. Should they train one model with a server, with their neighbours, or each alone? And which new lines would help?
#
# ## What you need to know
#
# - `dssl.advise` answers for *linear* models: a model keeps a few directions of the samples, its *features*. It does not say which model is
#   most accurate, and a neural network may behave differently.
# - It compares four *options*: a server that averages the models of all clients (`server`), a server that draws some clients in each round
#   (`server-sampled`), averaging with neighbours (`network`), and no averaging (`alone`).
# - The measure is the distance from the *best shared model*: the one that keeps the directions in which the samples of all clients together
#   vary most. 0 is the best shared model; 1 is as far as can be.
# - Samples are lists of numbers. For images, these can be pixels, or better the features of an encoder that you have already.
#
# ## What to bring
#
# Samples come as a pandas table with a column `client`, as a list of arrays, or as a file. A network comes as a networkx graph, as a table of
# links, or as a file. Here we make up both, in place of yours: six hospitals with unequal numbers of samples. All of them vary in three
# shared directions, and each one varies in one direction of its own.

# %%
import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd

import dssl

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
# We ask for three features, and for five training steps between two averagings (`local_steps`). With `simulate=True` the options are also
# trained, so that we can see whether the predictions come true.

# %%
network = dssl.Network(graph)
QUESTION = {"feature_dim": 3, "local_steps": 5}
advice = dssl.advise(data, network, **QUESTION, simulate=True, rounds=3000)
print(f"recommendation: {advice.recommendation}")
print(advice.reason)
advice.to_pandas()[["distance", "uncertainty", "simulated", "is_settled"]]

# %% [markdown]
# (`distance` is predicted before anything is trained; `simulated` is what training reached, and `is_settled` says whether it had come to rest.)
# The distance of the options is that of the clients' own models, on average.

# %%
shown = advice.to_pandas()
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.errorbar(
    shown["distance"], shown.index, xerr=shown["uncertainty"], fmt="o", capsize=3, ms=9, mfc="none", label="predicted"
)
axes.plot(shown["simulated"], shown.index, "x", color="#D55E00", label="simulated")
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
step_size = advice.details["clients"]["step_size"]


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
better = graph.copy()
better.add_edges_from(proposed)
dssl.plot.network(dssl.Network(better), layout="circular", ax=left)
left.set_title("with the proposed links")
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
# Then each hospital sends its *second moments*: for each pair of the nine numbers, the mean of their product. No sample leaves, and the
# predictions are the same.

# %%
private = dssl.advise({"second_moments": moments, "sizes": data.groupby("client").size()}, network, **QUESTION)
for option, other in zip(advice.options, private.options, strict=True):
    print(f"{option.name:15} from samples {option.distance:.6e}   from second moments {other.distance:.6e}")
print(f"recommendation: {private.recommendation}")

# %% [markdown]
# One thing does need more than second moments: whether contrastive learning (CL) or masked image modelling (MIM) keeps more. From
# samples, the advice uses the fourth moments. From second moments alone, it assumes that samples are normally distributed.

# %%
for name, told in (("from samples", advice), ("from second moments", private)):
    order = told.details["contrast_or_masks"]["value"]
    print(f"{name:20} part lost: CL {order['deficit_contrast']:.5f}, MIM {order['deficit_masks']:.5f}")
print(advice.details["contrast_or_masks"]["rests_on"])

# %% [markdown]
# ## What backs this up
#
# The predictions rest on statements of the record. These are the most important ones:

# %%
for key in (
    "consensus.simulated-at-rest",
    "thm46-trained.sampling-server-error",
    "thm46-trained.placements-first-order",
    "weights.small-step-target",
):
    statement = dssl.ledger().search(key)[0]
    print(f"{statement.status:9} {key}: {statement.text}")

# %% [markdown]
# ## The answer
#
# For these made-up hospitals the table above says it: the recommended option has the smallest distance, and training reached what was
# predicted. For your own, replace the two cells that make `data` and `graph`. Read the column `uncertainty` with the distances; if the best two
# options are too close to tell apart, the recommendation is `None`. The advice is for linear models. For neural networks it is
# a first guess, not a promise.
