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
# # Augmentation noise and sigma*
#
# **The question.** Two ways of training learn features of images without labels. *CL* (contrastive learning) makes two copies of each
# image, called views, and adds random noise to both. *MIM* (masked image modelling) makes two copies of each image and sets some pixels
# of each to 0; a mask says which pixels stay. How much noise may CL add before it loses more than MIM?
#
# Notebook 01 explains the words. The ones that we need here are these:
#
# - A **signal direction** is a pixel that tells the kinds of images of one client apart.
# - The **deficit** is the part of a signal direction that the trained model loses: 0 is nothing, 1 is all. We speak of its mean over
#   the signal directions and over random draws of the images.
# - **$\sigma$** is the standard deviation of the noise that CL adds. The paper takes $\sigma = 1$.
# - **$\mu$** is the standard deviation of the noise that the pixels have anyway. The paper takes $\mu = d^{-1/5}$, where $d$ is the
#   number of pixels.
# - One **draw** is one pair of views of an image, or one pair of masks.
#
# The two masks of a pair are drawn independently of each other. A pixel stays in the first copy with probability $1 - p = 25\%$, and in
# the second one with probability $p = 75\%$.

# %%
import matplotlib.pyplot as plt
import numpy as np

import dssl

N, DIM, IMAGES = 4, 64, 1024
setting = dssl.Setting(n_clients=N, dim=DIM, samples_per_client=IMAGES)

# %% [markdown]
# ## The critical noise
#
# We give both ways of training the same number of draws for each image. There is a noise at which both have the same deficit. It is
# called the *critical noise* $\sigma^*$. Below it CL loses less, above it MIM does. A formula gives it. (The formula is *second-order*:
# it leaves out small terms, which vanish faster than the deficit as the number of images grows.)

# %%
star = dssl.sigma_star(setting)
print(f"sigma* = {star:.4f} for {N} clients and {DIM} pixels; the paper's sigma is 1")
print()
print("pixels      sigma*    mu        sigma*/mu")
for dim in (16, 64, 1000, 10_000, 1_000_000):
    value, mu = dssl.sigma_star(dssl.Setting(n_clients=N, dim=dim)), dim**-0.2
    print(f"{dim:<10}  {value:.4f}    {mu:.4f}    {value / mu:.4f}")

# %% [markdown]
# The more pixels, the smaller is the critical noise. In multiples of the pixel noise $\mu$ it grows a little, and tends to a constant.
# The constant depends on the number of clients:

# %%
for n in (2, 4, 6, 20):
    limit = dssl.compute("sigma_star", n_clients=n, dim=np.inf)["value"]
    print(f"{n:2} clients: sigma*/mu tends to {limit:.4f}")

# %% [markdown]
# The next picture shows which way of training loses less, for each noise and number of pixels. The black line is the critical noise.

# %%
figure, axes = plt.subplots(figsize=(6.5, 4), layout="constrained")
dssl.plot.phase_diagram(
    setting,
    "augmentation_std",
    "dim",
    np.geomspace(0.2, 3, 25),
    [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
    ax=axes,
)
axes.axvline(1, color="black", ls=":")
_ = axes.annotate(
    "the paper's noise", (1.04, 6000), fontsize=9, bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1.5}
)

# %% [markdown]
# At the paper's noise $\sigma = 1$, MIM loses less for all numbers of pixels in the picture. This does not mean that masks are better
# than noise. It means that a noise of 1 is more than the critical noise. With less noise, CL loses less.
#
# ## Simulations
#
# Do simulations agree? A simulation draws images, trains on them and measures the deficit, without the formula. We let CL add 0.4, 0.7,
# 1, 1.4 and 2 times the critical noise. Each mark is a mean of simulations, and its bar reaches two standard errors up and down. MIM
# adds no noise, so that one simulation of MIM serves for all noises.

# %%
trials = 80
noises = star * np.array([0.4, 0.7, 1.0, 1.4, 2.0])
figure, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
axes.axhline(dssl.deficit(setting, objective="mim", draws=1), color="#0072B2", ls="--", label="MIM, formula")
axes.axvline(star, color="black", ls=":", label="critical noise")


dssl.plot.curve(
    setting,
    "deficit",
    vs="augmentation_std",
    values=[noises[1]],
    show="simulated",
    objective="mim",
    draws=1,
    trials=trials,
    seed=3,
    ax=axes,
)
mim_marks = axes.containers[-1]
dssl.plot.curve(
    setting,
    "deficit",
    vs="augmentation_std",
    values=np.geomspace(noises[0], noises[-1], 60),
    objective="cl",
    draws=1,
    ax=axes,
)
dssl.plot.curve(
    setting,
    "deficit",
    vs="augmentation_std",
    values=noises,
    show="simulated",
    objective="cl",
    draws=1,
    trials=4 * trials,
    seed=3,
    ax=axes,
)
cl_marks = axes.containers[-1]

# %% [markdown]
# The same in numbers, read from the marks and bars of the picture:


# %%
def read(marks_and_bars):
    """The simulated means, and their standard errors: a bar is four of them long."""
    marks, _, (bars,) = marks_and_bars
    low, high = np.array(bars.get_segments())[:, :, 1].T
    return marks.get_ydata(), (high - low) / 4


(mim_mean,), (mim_error,) = read(mim_marks)
for noise, cl_mean, cl_error in zip(noises, *read(cl_marks), strict=True):
    noisy = setting.replace(augmentation_std=noise)
    formula = dssl.deficit(noisy, objective="cl", draws=1) / dssl.deficit(noisy, objective="mim", draws=1)
    ratio = cl_mean / mim_mean
    ratio_error = ratio * np.hypot(cl_error / cl_mean, mim_error / mim_mean)
    print(
        f"noise {noise / star:.1f} sigma*: deficit of CL / deficit of MIM, simulated {ratio:.3f} ± {ratio_error:.3f}, by formula {formula:.3f}"
    )

# %% [markdown]
# (The number after ± is the standard error.) At the critical noise the two deficits are equal, up to chance. Below it CL loses less, above
# it MIM does. At the other noises the formulas differ from the simulations by a few per cent at most.
#
# ## More draws
#
# So far, both took one draw for each image. What if CL takes $K$ draws, and MIM takes all possible pairs of masks? The noise of CL then
# averages out, the more the larger $K$ is. Here is the ratio of the deficits at the paper's noise $\sigma = 1$, by the formulas:

# %%
base = dssl.deficit(setting, objective="mim", draws="expected")
for k in (1, 4, 16, 64, 256, "expected"):
    ratio = dssl.deficit(setting, objective="cl", draws=k) / base
    print(f"K = {k:<8}  deficit of CL / deficit of MIM = {ratio:.3f}   excess of CL: {ratio - 1:.3f}")

# %% [markdown]
# The excess of CL falls like $1/K$: four times the draws leave a quarter of it. The word `expected` stands for all possible views. Then
# the ratio is exactly 1, because both ways of training find the same model. (CL and MIM then minimise losses with the same matrix, up to a
# factor.)
#
# ## The answer
#
# For 4 clients and 64 pixels, CL may add noise of standard deviation up to 0.815, if both take equally many draws for each image. For many
# pixels, it may add about 2.3 times the noise that the pixels have anyway. The paper takes a noise of 1. In our examples this is more
# than the critical noise, so MIM loses less there. If both average over all their draws, neither loses more.
