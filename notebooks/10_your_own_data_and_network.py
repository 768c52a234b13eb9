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
# `dssl advise --data clients.npz --topology links.csv` says where to train, server or network, and what to expect, before anything is
# trained. Here are the functions behind it, on made clients and on Fashion-MNIST, and training that checks them.

# %%
import itertools
import pathlib
import tempfile

import matplotlib.pyplot as plt
import numpy as np

from dssl.advice.advise import Plan, advise, default_feature_dim
from dssl.networks.report import load
from dssl.user_files.client_data import read_clients
from sims.images.datasets import fashion_mnist, pixels
from sims.images.partitions import dirichlet
from sims.linear import metrics
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import mixing_matrix
from theory.objectives.curvature import curvature, top_projector

holder = tempfile.TemporaryDirectory()
FOLDER = pathlib.Path(holder.name)

# %% [markdown]
# ## What to bring
#
# An archive of samples or embeddings: stacked as (clients, samples, dim), or as rows beside `client`, the owner of each row. Where
# samples must not leave a client, second moments are enough. And a table of links, two clients a row.

# %%
N, DIM, SAMPLES = 10, 12, 300
rng = np.random.default_rng(0)
stds = np.sqrt(np.r_[3.0, 2.5, 2.0, np.full(DIM - 3, 0.4)])
maps = np.eye(DIM) + 0.08 * rng.standard_normal((N, DIM, DIM))
samples = np.einsum("ncd,nsd->nsc", maps, rng.standard_normal((N, SAMPLES, DIM)) * stds)
np.savez(FOLDER / "made.npz", samples=samples)
(FOLDER / "links.csv").write_text("from,to\n" + "".join(f"{i},{i + 1}\n" for i in range(N - 1)))

RULE = "metropolis"


def asked(archive: str, network: str, feature_dim: int | None = None, local_steps: int = 1):
    """The advice, and what it was asked about."""
    data = read_clients(FOLDER / archive)
    plan = Plan(
        feature_dim=feature_dim or default_feature_dim(data),
        step_size=data.stable_step_size / 10,
        local_steps=local_steps,
        n_sampled=max(1, data.n_clients // 4),
        augmentation_std=1.0,
        mask_ratio=0.75,
    )
    adjacency = load(str(FOLDER / network), data.n_clients, RULE).adjacency
    result = advise(data, adjacency, lambda a: mixing_matrix(a, RULE), plan, budget=2, seed=0)
    return data, plan, adjacency, result


data, plan, adjacency, made = asked("made.npz", "links.csv")
print(f"features kept: {plan.feature_dim}")
for name, value in made["dissimilarity"]["value"].items():
    print(f"{name:30} {np.round(value, 3)}")
print(made["dissimilarity"]["sure"])

# %% [markdown]
# Training meets the first number. Part of it is sampling noise, which is known; the interval is for the distributions behind the
# samples. These clients are made, so the truth is at hand.

# %%
exact = np.einsum("ncd,d,ned->nce", maps, stds**2, maps)
w = curvature(exact.mean(axis=0), plan.feature_dim).optimum
truth = float(4 * np.mean(np.sum((w @ (exact - exact.mean(axis=0))) ** 2, axis=(1, 2))))
said = made["dissimilarity"]["value"]
print(f"truth {truth:.3f}, estimated {said['zeta_squared_of_distributions']:.3f}, 90% interval {said['interval_90']}")
assert said["zeta_squared"] > said["zeta_squared_of_distributions"]
assert said["interval_90"][0] < truth < said["interval_90"][1]  # nine draws in ten

# %% [markdown]
# ## Where to train
#
# Every option ends somewhere: the server that hears all clients, the server that hears a few of them each round, the network, and clients
# that train alone. `advise` says how far each ends from the best shared subspace, the one that is best when every client counts the same
# (or every sample, with `--objective equal-samples`). The unit is the mean over clients of ||P_i - P*||_F^2 / (2c): 0 is the wanted
# subspace, 1 is at right angles to it.

# %%


def compared_options(result: dict) -> None:
    for option in result["options"]:
        print(f"{option['name']:15} {option['distance']:.4g} +- {option['uncertainty']:.2g}")
    print(f"recommendation: {result['recommendation']}. {result['reason']}")


compared_options(made)
assert made["recommendation"] == "server"  # with one local step it descends on the objective itself

# %% [markdown]
# ## Does training do what was said?

# %%


def trained(data, plan: Plan, mixing: np.ndarray, rounds: int) -> dict[str, float]:
    """What training from the optimum of the mean reaches."""
    target = data.moments.mean(axis=0)
    start = np.repeat(curvature(target, plan.feature_dim).optimum[None], data.n_clients, axis=0)
    run = train(
        start,
        data.moments,
        mixing,
        TrainingOptions(step_size=plan.step_size, local_steps=plan.local_steps, rounds=rounds),
    )
    wanted = top_projector(target, plan.feature_dim)
    return {
        "consensus_pre_mix": float(run.consensus_pre_mix[-1]),
        "consensus_post_mix": float(run.consensus_post_mix[-1]),
        "mean_model_distance": float(metrics.subspace_error(run.post_mix.mean(axis=0), wanted)) ** 2 / (2 * plan.feature_dim),
    }


def compared(name: str, result: dict, reached: dict[str, float]) -> dict[str, float]:
    ratios = {key: value / result["decentralised"]["value"][key] for key, value in reached.items()}
    for key, ratio in ratios.items():
        print(f"{name}: {key:27} trained {reached[key]:.4g}, over predicted {ratio:.4f}")
    return ratios


mixing = mixing_matrix(adjacency, RULE)
made_ratios = compared("made clients", made, trained(data, plan, mixing, 4000))
print(made["decentralised"]["sure"])

# %% [markdown]
# ## Which links to add
#
# The path is the slowest network there is. Two links are proposed; trained again with them, the models agree as much better as was said.

# %%
before = made["decentralised"]["value"]["consensus_post_mix"]
better, claimed, gained = adjacency.copy(), [1.0], [1.0]
for entry in made["links_to_add"]["value"]:
    a, b = entry["link"]
    better[a, b] = better[b, a] = True
    reached = trained(data, plan, mixing_matrix(better, RULE), 4000)["consensus_post_mix"]
    claimed.append(entry["consensus_falls_to"])
    gained.append(reached / before)
    print(f"link {a}-{b}: consensus error falls to {claimed[-1]:.3f} of itself, trained {gained[-1]:.3f}")
figure, axis = plt.subplots(figsize=(5, 3.4))
axis.plot(claimed, "s--", label="predicted")
axis.plot(gained, "o", ms=10, mfc="none", label="trained")
axis.set_xticks(range(len(claimed)))
axis.set_xlabel("links added")
axis.set_ylabel("consensus error / that of the path")
axis.set_ylim(0, 1.05)
axis.legend()
figure.tight_layout()
assert all(x > y for x, y in itertools.pairwise(gained))

# %% [markdown]
# ## Fashion-MNIST clients
#
# Twelve clients share the embedded images by a Dirichlet draw. Their samples are rows of unequal number, each with its owner.

# %%
images = fashion_mnist.load()
points = pixels(images, block=4)
clients = 12
split = dirichlet(images.labels, clients, 0.5, seed=1, min_size=50)
rows = np.concatenate([points[held] for held in split.indices])
owner = np.repeat(np.arange(clients), [len(held) for held in split.indices])
np.savez(FOLDER / "fashion.npz", embeddings=rows, client=owner)
(FOLDER / "ring.csv").write_text("".join(f"{i},{(i + 1) % clients}\n" for i in range(clients)))
real, real_plan, ring, fashion = asked("fashion.npz", "ring.csv", feature_dim=5, local_steps=2)
compared_options(fashion)
for part in ("dissimilarity", "decentralised", "contrast_or_masks"):
    print(part)
    for name, value in fashion[part]["value"].items():
        print(f"    {name:35} {value if isinstance(value, str) else np.round(value, 5)}")
    print(f"    How sure: {fashion[part]['sure']}")
print("stand out:", fashion["under_connected"]["value"])

# %%
real_ratios = compared("Fashion-MNIST", fashion, trained(real, real_plan, mixing_matrix(ring, RULE), 4000))

# %% [markdown]
# Second moments alone give the same predictions, so no image has to leave a client.

# %%
np.savez(FOLDER / "moments.npz", second_moments=real.moments, sizes=real.sizes)
private = asked("moments.npz", "ring.csv", feature_dim=5, local_steps=2)[3]
for name, value in fashion["decentralised"]["value"].items():
    assert np.isclose(private["decentralised"]["value"][name], value, rtol=1e-6), name
order = [result["contrast_or_masks"]["value"]["more_robust"] for result in (fashion, private)]
print(f"more robust: {order[0]} by the samples, {order[1]} if they were normal")

# %%
for ratios in (made_ratios, real_ratios):
    assert abs(ratios["consensus_pre_mix"] - 1) < 0.02
    assert abs(ratios["consensus_post_mix"] - 1) < 0.02
    assert abs(ratios["mean_model_distance"] - 1) < 0.2  # a square, and 4000 rounds are not quite rest
for one, other in zip(claimed, gained, strict=True):
    assert abs(one - other) < 0.01
holder.cleanup()
