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
# # From Dirichlet labels to dissimilarity
#
# **The question.** Experiments say how different clients are by a number called the *concentration* $\alpha$. Theory says it by another
# number, the *dissimilarity* $\zeta^2$. Can one be computed from the other?
#
# ## What you need to know
#
# - Each client has its own mix of classes, the *shares*: for example 70% shoes and 30% bags. In experiments shares are drawn at random, from
#   a Dirichlet distribution. The smaller its concentration $\alpha$, the more the shares differ. For large $\alpha$ all clients have
#   nearly the same shares.
# - In training, a client's *gradient* says how it would like to change the model. The dissimilarity $\zeta^2$ is the mean squared distance of the clients'
#   gradients from the gradient of all images together. It decides how far apart models end (notebook 05).
# - The *heterogeneity* $h$ lies between them. It is the variance of the clients' shares, divided by the variance that they have when every client
#   holds one class only. So $h$ is 0 if all clients are alike, and 1 if each has a single class.
# - The model is linear: a matrix $W$ that turns an image into a few features. Then an image matters only through the products of its
#   pixels, two by two. For each class $c$, the matrix $S_c$ holds their means.

# %%
import matplotlib.pyplot as plt
import numpy as np

import dssl

# In our pictures orange is CL and blue is MIM; all else has other colours.
plt.rcParams["axes.prop_cycle"] = plt.cycler(
    color=["#009E73", "#882255", "#7F7F7F", "black", "#CC79A7", "#999933", "#AA4499"]
)

FEATURES, N, TRIALS = 5, 20, 200
images = dssl.example_images(block=4)
classes = [images.pixels[images.labels == c] for c in range(len(images.class_names))]
S = np.array([x.T @ x / len(x) for x in classes])
p = np.array([len(x) for x in classes]) / len(images.labels)
print(
    f"{len(images.labels)} images of {len(classes)} classes, {images.pixels.shape[1]} numbers each: {', '.join(images.class_names)}"
)

# %% [markdown]
# These are small pictures of clothes (Fashion-MNIST), with means over squares of 4 by 4 pixels. As a model we take the best one for all
# images together: it keeps the five directions in which they vary most.

# %%
values, vectors = np.linalg.eigh(np.einsum("c,cij->ij", p, S))
W = np.sqrt(values[-FEATURES:])[:, None] * vectors[:, -FEATURES:].T

# %% [markdown]
# ## Two ways to draw shares
#
# - `hsu2019`: each **client** draws its shares, as usual in the literature.
# - `released`: each **class** draws how it is spread over clients. Then everything is balanced, so that all clients and all classes have the
#   same size. This is what the code does that was released with the paper.
#
# We draw both, and compare with formulas for $h$. The function `dssl.dirichlet_dissimilarity` has them. If each client draws its shares,
# $h = 1/(1+\alpha)$. If each class draws, with $C$ classes, $h$ is near $1/(1+\alpha C)$; the function has a more exact formula.
#
# The formula for the dissimilarity is $\zeta^2 = h\,Z$ with $Z = 4\,(\sum_c p_c \|W S_c\|^2 - \|W \sum_c p_c S_c\|^2)$, where $p_c$ is
# the share of class $c$ in all images. $Z$ is $\zeta^2$ when each client has one class only.

# %%
ALPHAS = np.array([0.16, 0.3, 1.0, 3.0, 10.0, 100.0])


def drawn_shares(convention, alpha, rng):
    """The shares (clients, classes) of N clients."""
    if convention == "hsu2019":
        return rng.dirichlet(alpha * p, size=N)
    shares = rng.dirichlet(np.full(N, alpha), size=len(p)).T
    for _ in range(200):  # balance clients and classes in turn
        shares = shares / shares.sum(axis=0)
        shares = shares / shares.sum(axis=1, keepdims=True)
    return shares


def heterogeneity(shares):
    """Mean squared distance of the shares from p, as a part of what it is with one class for each client."""
    return np.mean(np.sum((shares - p) ** 2, axis=1)) / (1 - np.sum(p**2))


def formula(convention, alpha):
    return dssl.dirichlet_dissimilarity(concentration=alpha, convention=convention, n_clients=N, n_classes=len(p))[
        "heterogeneity"
    ]


def dissimilarity(shares):
    """zeta^2: the gradient of a client at W is -2 W X + 2 W W^T W, and only X = sum of shares times S differs."""
    return 4 * np.mean(np.sum(np.einsum("nc,cfj->nfj", shares - p, W @ S) ** 2, axis=(1, 2)))


# zeta^2 when each client has one class only
MOST = 4 * (np.sum(p * np.sum((W @ S) ** 2, axis=(1, 2))) - np.sum(np.einsum("c,cfj->fj", p, W @ S) ** 2))
rng = np.random.default_rng(0)
seen = {}
for convention in ("hsu2019", "released"):
    for alpha in ALPHAS:
        pairs = np.array(
            [
                (heterogeneity(s), dissimilarity(s))
                for s in (drawn_shares(convention, alpha, rng) for _ in range(TRIALS))
            ]
        )
        seen[convention, alpha] = pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(TRIALS)
        (h, zeta2), (h_error, zeta2_error) = seen[convention, alpha]
        claimed = formula(convention, alpha)
        print(
            f"{convention:9} alpha {alpha:6g}:  h drawn {h:.4f} ± {h_error:.4f}, formula {claimed:.4f}   "
            f"zeta^2 drawn {zeta2:.4f} ± {zeta2_error:.4f}, formula {claimed * MOST:.4f}"
        )

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
fine = np.geomspace(ALPHAS[0], ALPHAS[-1], 60)
for (convention, words), mark in zip(
    {"hsu2019": "each client draws", "released": "each class draws, balanced"}.items(), "os", strict=True
):
    lines = np.array([formula(convention, alpha) for alpha in fine])
    for k, (panel, scale) in enumerate(zip(panels, (1, MOST), strict=True)):
        (line,) = panel.loglog(fine, lines * scale, label=f"{words}: formula")
        means, errors = np.array(
            [(seen[convention, alpha][0][k], 2 * seen[convention, alpha][1][k]) for alpha in ALPHAS]
        ).T
        panel.errorbar(ALPHAS, means, errors, fmt=mark, color=line.get_color(), capsize=2, label=f"{words}: drawn")
        panel.set_xlabel(r"concentration $\alpha$")
panels[0].set_ylabel("heterogeneity $h$")
panels[1].set_ylabel(r"dissimilarity $\zeta^2$")
_ = panels[0].legend(fontsize=8)

# %% [markdown]
# The dissimilarity is $h$ times a constant. The constant depends on the classes and on the model, and not on how shares are drawn. (It is
# $\zeta^2$ when each client has one class only.) So the way from $\alpha$ to $\zeta^2$ is short: compute $h$, and multiply.
#
# But the same $\alpha$ means different things in the two ways:

# %%
ratio = formula("hsu2019", 1.0) / formula("released", 1.0)
print(f"at alpha = 1, {N} clients, {len(p)} classes: h is {ratio:.1f} times as large if each client draws its shares")

# %% [markdown]
# ## Few images
#
# A client with few images is different from others by chance alone, even if all clients have the same shares. We let each client draw $n$
# images, and measure $\zeta^2$ around the mean of the clients.
# The formula is $(1 - 1/N)\,(h\,Z + V/n)$. Here $h$ is the heterogeneity of the shares for so many images, $h + (1 - h)/n$ with the $h$ from above, and $V$ is how much the
# gradients of single images of one class vary. The factor $1 - 1/N$ is there because the mean of the $N$ clients follows each client: it takes up the part
# $1/N$ of that client's own chance difference.

# %%
SIZES = np.array([10, 30, 100, 300, 1000])
projected = images.pixels @ W.T
mean_square = np.array(
    [
        np.mean(np.sum(projected[images.labels == c] ** 2, axis=1) * np.sum(classes[c] ** 2, axis=1))
        for c in range(len(p))
    ]
)
WITHIN = 4 * np.sum(
    p * (mean_square - np.sum((W @ S) ** 2, axis=(1, 2)))
)  # zeta^2 of clients with one image of a known class each


def drawn_images(alpha, n, rng):
    """zeta^2 of N clients with n images each, drawn with repetition."""
    moments = []
    for shares in rng.dirichlet(alpha * p, size=N):
        counts = rng.multinomial(n, shares)
        x = np.concatenate([x[rng.integers(len(x), size=count)] for x, count in zip(classes, counts, strict=True)])
        moments.append(x.T @ x / n)
    off = W @ (np.array(moments) - np.mean(moments, axis=0))
    return 4 * np.mean(np.sum(off**2, axis=(1, 2)))


few = {}
for alpha in (0.3, 1e5):
    for n in SIZES:
        h = dssl.dirichlet_dissimilarity(concentration=alpha, samples_per_client=int(n))["heterogeneity"]
        claimed = (1 - 1 / N) * (h * MOST + WITHIN / n)
        drawn = np.array([drawn_images(alpha, n, np.random.default_rng(seed)) for seed in range(40)])
        few[alpha, n] = drawn.mean(), drawn.std(ddof=1) / np.sqrt(40), claimed
        print(
            f"alpha {alpha:8g}, {n:5} images: zeta^2 drawn {drawn.mean():.4f} ± {few[alpha, n][1]:.4f}, formula {claimed:.4f}"
        )

# %%
figure, axes = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
for alpha, mark, words in ((0.3, "o", "different shares"), (1e5, "s", "equal shares")):
    mean, error, claimed = np.array([few[alpha, n] for n in SIZES]).T
    (line,) = axes.loglog(SIZES, claimed, label=rf"{words} ($\alpha$ = {alpha:g}), formula")
    axes.errorbar(SIZES, mean, 2 * error, fmt=mark, color=line.get_color(), capsize=2, label=f"{words}, drawn")
axes.set_xlabel("images of a client")
axes.set_ylabel(r"dissimilarity $\zeta^2$")
_ = axes.legend(fontsize=8)

# %% [markdown]
# (Bars are two standard errors; some are shorter than their marks.) At $\alpha$ = 0.3 all five drawn values lie a little below the formula. They are not five independent
# trials: the same 40 seeds draw the shares for each number of images, so chance moves all five together. With equal shares, $\zeta^2$ falls like $1/n$ and is never 0. So an experiment whose shares are equal is not an
# experiment with equal clients, unless clients have many images.
#
# ## Masks
#
# So far the loss was that of contrastive learning with unlimited views. With complementary masks (notebook 02) the loss does not see the
# diagonal of the matrices $S_c$. The heterogeneity stays, for it depends on the shares alone. What changes is how far apart the matrices of the classes are.
# Here this is, for the matrices themselves (without $W$, so it is not the constant $Z$ from above), as a share of the squared size of the mean matrix:

# %%
one_class = {}
for name, matrices in (("all products", S), ("without diagonal", S - np.eye(S.shape[1]) * S)):
    mean = np.einsum("c,cij->ij", p, matrices)
    one_class[name] = (np.sum(p * np.sum(matrices**2, axis=(1, 2))) - np.sum(mean**2)) / np.sum(mean**2)
    print(f"{name:17} differences of clients with one class each: {one_class[name]:.3f} of the squared mean")

# %% [markdown]
# The two shares are nearly equal: for these images, leaving out the diagonal hardly changes how different classes are, relative to their mean.
#
# ## What backs this up
#
# The *reading* says which of the paper's possible meanings a statement is about; "any" means that it does not depend on one.

# %%
for key in (
    "dirichlet.cited-heterogeneity",
    "dirichlet.released-as-cited",
    "dirichlet.released-heterogeneity",
    "dirichlet.gradient-dissimilarity",
    "dirichlet.sampled-labels",
):
    statement = dssl.ledger().search(key)[0]
    print(f"{statement.status:9} {key}: {statement.text}")
    print(f"          reading: {statement.reading}")

# %% [markdown]
# ## The answer
#
# Yes, for linear models. If each client draws its shares, the heterogeneity is $h = 1/(1+\alpha)$, and $\zeta^2$ is $h$ times a constant that the
# classes and the model decide. In the code released with the paper, $h$ is much smaller for the same $\alpha$; a formula gives it, too. Few
# images for each client add a part that falls like one over their number. All this is for linear models; we have not tried neural networks here.
