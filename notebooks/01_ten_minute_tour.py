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
# # A ten-minute tour
#
# **The question.** Many clients, such as hospitals, hold images without labels. Each client has its own kinds of images. Together they
# train one model. The paper compares two ways of training. It says that one of them, MIM, is more robust against the differences
# between clients than the other one, CL. Is that so?
#
# This tour answers for one example. It shows the four things that the project offers for such a question: an example, a formula, a
# simulation, and a record of what became of each sentence of the paper.
#
# ## Words
#
# - An **image** is a list of $d$ numbers, its pixels.
# - A **model** turns an image into a few *features*. Here each feature is a weighted sum of the pixels.
# - **CL** (contrastive learning) makes two copies of each image, called *views*, and adds random noise to each. It learns features
#   that have nearly the same value for both views.
# - **MIM** (masked image modelling) draws two *masks* for each image. A mask is a list of pixels; the other pixels are set to 0. MIM
#   learns features that have nearly the same value for both masked copies.
# - A **signal direction** is a pixel that tells the kinds of images of one client apart. With $N$ clients there are $N$ of them.
# - The **representability** $r_k$ of the $k$-th signal direction says how much of it the model keeps: all for $r_k = 1$, nothing for
#   $r_k = 0$.
# - The **deficit** $1 - r_k$ is the part that the model loses.
# - The **sensitivity** is the largest $r_k$ minus the smallest. The paper calls a way of training more robust if its sensitivity is
#   smaller.

# %%
import matplotlib.pyplot as plt
import numpy as np

import dssl

# %% [markdown]
# ## An example
#
# The images are made up, as in the paper's theory. Client $i$ has two kinds of images. Pixel $i$ is 1 in the one kind and $-1$ in the
# other kind. In the pixels of the other clients, an image has random offsets, which are 0 or $-\tau$. On top of that, every pixel has
# random noise of standard deviation $\mu$.
#
# We take 4 clients. Each has 4,000 images of 64 pixels.

# %%
setting = dssl.Setting(n_clients=4, dim=64, samples_per_client=4000)
setting

# %% [markdown]
# All other numbers have the paper's values, such as $\tau = d^{1/5}$ and $\mu = d^{-1/5}$. You may give other values, for example
# `dssl.Setting(n_clients=4, dim=64, samples_per_client=4000, mu=0.1)`.
#
# ## What is claimed
#
# The paper speaks of the sensitivity. We look at the deficits first, because we have formulas for them. They limit the sensitivity,
# which is never larger than the largest deficit.
#
# How much does CL lose? A formula gives the mean deficit. The function `dssl.compute` says where the formula comes from, which values
# it assumed, and how to write it in LaTeX. (In the source below, `ledger` is this project and `chen2026` is the paper.)

# %%
known = dssl.compute("deficit", objective="cl", n_clients=4, dim=64, samples_per_client=4000)
print("mean deficit of CL:", f"{known['value']:.3e}")
print("source:", known["source"])
print("assumed:", known["assumed"])
print("LaTeX:", known["latex"][:110], "...")

# %% [markdown]
# The formula is called *second-order*: it leaves out small terms, which vanish faster than the deficit as the number of images grows.
# So it may be slightly wrong. There is also an upper *bound*. It is larger, but it is proved: for any one signal direction, the deficit
# stays below the bound in at least 95% of all random draws of the images.
#
# The assumed value `draws = 1` matters. Here CL takes one pair of views of each image. For MIM, we take all possible pairs of masks.
# The two masks of a pair are drawn independently of each other; a pixel is in the first one with probability 25%, and in the second one
# with probability 75%.
#
# ## What happens
#
# A simulation draws images, finds the best model for them, and measures its deficit. It does not use the formula. Each mark below is
# the mean of 300 simulations. Its bar reaches two standard errors up and down; most bars are smaller than the mark.

# %%
figure, axes = plt.subplots(figsize=(7, 4.6), layout="constrained")
for objective in ("cl", "mim"):
    dssl.plot.curve(
        setting,
        "deficit",
        vs="samples_per_client",
        values=[4000, 8000, 16_000, 32_000],
        show=("closed", "bound", "simulated"),
        objective=objective,
        trials=300,
        seed=1,
        ax=axes,
    )

# %% [markdown]
# The marks lie on the lines of the formulas, and below the bounds. `dssl.check` makes such a comparison in numbers: it
# takes one statement of our record, here the statement that the formula gives the mean deficit, and simulates it at one point.

# %%
point = {"n_clients": 4, "dim": 64, "samples_per_client": 4000, "tau": 64**0.2, "mu": 64**-0.2}
checks = {
    "cl": dssl.check("thm43-bounds.fl-mean", augmentation_std=1.0, **point),
    "mim": dssl.check("thm42-bounds.mean-masks-averaged", mask_ratio=0.75, **point),
}
for objective, found in checks.items():
    bound = dssl.deficit_bound(setting, objective=objective, delta=0.05)
    print(
        f"{objective:3}  formula {found['claimed']:.3e}   simulated {found['measured']:.3e} ± {found['standard_error']:.1e}   "
        f"bound {bound:.3e}"
    )
print(f"deficit of CL / deficit of MIM, by the formulas: {checks['cl']['claimed'] / checks['mim']['claimed']:.2f}")

# %% [markdown]
# (The number after ± is the standard error.) In this example MIM loses about five times less than CL.
#
# ## A choice that decides
#
# The result above rests on choices that the paper leaves open. We call each way to settle them a *reading*. One choice is how the two
# masks of an image are drawn. Here are three readings:
#
# - **independent**: the two masks are drawn independently of each other, as above;
# - **complementary**: the second mask lists exactly the pixels that the first one lacks, as in Section 3.2 of the paper;
# - **printed**: no masks are drawn; instead we use the formula that the paper prints as Eq (17).
#
# To see the difference most clearly, we take unlimited images. Then chance plays no role.

# %%
masks = ("independent", "complementary", "printed")
kept = {mask: dssl.representability(setting, objective="mim", mask=mask) for mask in masks}
figure, panels = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
for panel, mask in zip(panels, masks, strict=True):
    panel.bar(np.arange(1, 5), kept[mask], color="#0072B2")
    panel.set_title(f"MIM, {mask}")
    panel.set_xlabel("signal direction k")
panels[0].set_ylabel("representability $r_k$")
panels[0].set_ylim(0, 1.05)
for mask, r in kept.items():
    print(f"{mask:14} r = {np.round(r, 3)}   sensitivity = {r.max() - r.min():.3f}")

# %% [markdown]
# With complementary masks, the model keeps only a quarter of each signal direction. (With three or more clients it keeps $1/N$.) The
# reason: no pixel is in both masks, so the loss never compares a pixel with itself. What is left supports one feature only, which mixes
# all four directions.
#
# Yet the sensitivity is 0, because all four directions are kept equally badly. By the paper's measure this model is perfectly robust.
#
# ## What became of the claim
#
# Theorem 4.4 of the paper says that the sensitivity of CL is larger than that of MIM. The project checked this sentence under many
# readings. Each check ended with a *verdict*. `HOLDS` means that the sentence is true under this reading, as far as we can tell.
# `VIOLATED` means that it fails, and `ILL_FORMED` that it has no definite meaning.

# %%
theorem = dssl.ledger().where(claim="thm-mim-more-robust", kind="printed")
print(theorem.counts()["printed"])
for key in ("thm44.independent-averaged", "thm44.complementary-averaged"):
    statement = theorem.search(key)[0]
    print(f"{statement.status:9} {statement.reading}")

# %% [markdown]
# The two lines are the two readings that this tour has shown. ("Averaged" means that all possible pairs of masks are taken;
# "augmentation" is the noise that CL adds to make views.) In a notebook, `dssl.claim("Theorem 4.4")` shows all readings with their
# reasons and counterexamples.
#
# ## The answer
#
# In our example, MIM loses about five times less than CL if the masks are independent and all pairs of masks are used. With
# complementary masks MIM keeps only a quarter of each signal direction, and the theorem fails. So whether MIM is more robust depends on
# choices that the paper leaves open.
#
# Where to go on: notebook 02 follows the masks. Notebook 03 asks how much noise CL may add. Notebook 04 asks how good the formulas and
# the bounds are.
