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
# CL adds Gaussian noise of standard deviation $\sigma$ to both views ($\sigma = 1$ in the paper); MIM draws masks. Give both the same
# number of draws a sample, and which one loses less of the signal depends on $\sigma$ alone, to second order: below $\sigma^*$ it is CL.

# %%
import matplotlib.pyplot as plt
import numpy as np

from sims.samplers.montecarlo import sample_representability
from theory.deficits.closed_forms import deficit
from theory.deficits.critical_noise import sigma_star
from theory.readings import EXPECTED, Objective, Reading, Scope
from theory.setting import Setting

N, DIM, SAMPLES = 4, 64, 1024

# %%
star = sigma_star(N, DIM, 0.75)
print(f"sigma* = {star:.4f} at N = {N}, d = {DIM}, p = 0.75; the paper's sigma is 1")
for n in (2, 4, 6, 20):
    print(f"N = {n:2}: sigma*/mu -> {sigma_star(n, np.inf, 0.75):.4f} as d grows")

# %% [markdown]
# In units of the pixel noise $\mu$ the threshold tends to a constant, and $\mu = d^{-1/5}$ falls: so at $\sigma = 1$ the paper's order holds for
# large $d$, not because masks are kinder than augmentations but because one unit of noise is too much.
#
# ## Measured


# %%
def setting(noise: float) -> Setting:
    return Setting.paper(DIM, n_clients=N, samples_per_client=SAMPLES, augmentation_std=noise)


trials = 80
masked = sample_representability(
    3, setting(1.0), objective=Objective.MIM, reading=Reading(draws=1), trials=trials
).deficit()
noises = star * np.array([0.4, 0.7, 1.0, 1.4, 2.0])
contrast = [
    sample_representability(
        3, setting(float(x)), objective=Objective.CL, reading=Reading(draws=1), trials=4 * trials
    ).deficit()
    for x in noises
]
curve = np.geomspace(noises[0], noises[-1], 60)

# %%
figure, axis = plt.subplots(figsize=(5.6, 3.4))
axis.loglog(curve, [deficit(setting(float(x)), Objective.CL, Scope.FL, 1) for x in curve], label="CL, second order")
axis.errorbar(
    noises, [e.mean for e in contrast], yerr=[2 * e.standard_error for e in contrast], fmt="C0o", label="CL, measured"
)
axis.axhline(deficit(setting(1.0), Objective.MIM, Scope.FL, 1), color="C1", label="MIM, second order")
axis.axhspan(
    masked.mean - 2 * masked.standard_error,
    masked.mean + 2 * masked.standard_error,
    color="C1",
    alpha=0.3,
    label="MIM, measured",
)
axis.axvline(star, color="black", ls="--", label="sigma*")
axis.set_xlabel("augmentation noise sigma")
axis.set_ylabel("mean deficit 1 - r")
axis.legend(fontsize=8)
figure.tight_layout()

# %% [markdown]
# ## More draws
#
# The asymmetry is one of draws: averaged over $K$ augmentations a sample, CL's excess falls like $1/K$. With both averaged exactly
# the two matrices are the same up to the factor $p(1-p)$, and the order is a tie.

# %%
base = deficit(setting(1.0), Objective.MIM, Scope.FL, EXPECTED)
for k in (1, 4, 16, 64, 256):
    ratio = deficit(setting(1.0), Objective.CL, Scope.FL, k) / base
    print(f"K = {k:3}: CL deficit / MIM deficit (masks averaged exactly) = {ratio:.3f}")

# %%
ratio_at_star = contrast[2].mean / masked.mean
relative_error = np.hypot(contrast[2].standard_error / contrast[2].mean, masked.standard_error / masked.mean)
print(f"CL / MIM at sigma*: {ratio_at_star:.3f} ± {ratio_at_star * relative_error:.3f}")
assert abs(ratio_at_star - 1) < 5 * relative_error + 0.05
assert contrast[0].mean < masked.mean < contrast[-1].mean
