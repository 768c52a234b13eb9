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
# # What the mask reading changes
#
# The paper's MIM surrogate, Eq (4), aligns two masked views. How the masks are drawn decides which matrix the loss sees:
#
# | reading | matrix |
# |---|---|
# | independent masks | $p(1-p)\,\Sigma$ |
# | complementary, Section 3.2 literally | $p(1-p)\,(\Sigma - \mathrm{diag}\,\Sigma)$ |
# | exactly $pd$ entries hidden | the same, times $d/(d-1)$ |
# | Eq (17) as printed | $2p(1-p)\,\mathrm{diag}\,\Sigma$ |
#
# The first and the last share the eigenvectors of signal and noise; the middle two do not.

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

from sims.samplers.montecarlo import sample_representability
from theory.data.moments import alignment_matrix, symbolic_fl_block
from theory.objectives.representability import representability
from theory.readings import EXPECTED, Mask, Objective, Reading
from theory.setting import Setting

# %% [markdown]
# ## The average over clients, exactly
#
# By enumerating the labels and the offsets $q$, sympy gives the signal block of $\Sigma$. It is not diagonal, as the paper's (18)
# and (36) take it to be: the offsets push all coordinates the same way.

# %%
block = symbolic_fl_block(3)
block.applyfunc(sp.factor)

# %%
off_diagonal = block - sp.diag(*[block[i, i] for i in range(3)])
{sp.factor(value): count for value, count in off_diagonal.eigenvals().items()}

# %% [markdown]
# Without its diagonal the block has **one** positive eigenvalue and $N-1$ negative ones. $W^\top W$ is positive semi-definite, so it
# can use the one only: rank one, $r_k = 1/N$. Assumption A.5 (rank $W$ = $c$) cannot hold.

# %%
setting = Setting.paper(96, n_clients=6, samples_per_client=2000)
for mask in Mask:
    matrix = alignment_matrix(setting, Objective.MIM, mask)
    r, _ = representability(matrix, setting.feature_dim, setting.n_clients)
    spectrum = ", ".join(f"{value:.3f} x{count}" for value, count in matrix.spectrum())
    print(f"{mask.value:14} r = {np.round(r, 3)}   spectrum: {spectrum}")

# %% [markdown]
# ## One client alone
#
# Locally the client's own coordinate $i$ is uncorrelated with the others, so complementary masks lose it altogether:

# %%
local = alignment_matrix(setting, Objective.MIM, Mask.COMPLEMENTARY, scope="local", client=2)
r_local, _ = representability(local, setting.feature_dim, setting.n_clients)
np.round(r_local, 3)

# %% [markdown]
# ## Finite samples
#
# With data instead of expectations, the empty directions are filled by noise. The sensitivity $s$ over signal coordinates is then
# largest for complementary masks: the order that Theorem 4.4 claims is reversed.

# %%
trials = 60
sensitivities = {}
for label, objective, reading in (
    ("CL, one draw", Objective.CL, Reading(draws=1)),
    ("MIM, independent", Objective.MIM, Reading(draws=EXPECTED)),
    ("MIM, complementary", Objective.MIM, Reading(mask=Mask.COMPLEMENTARY, draws=EXPECTED)),
):
    sample = sample_representability(2, setting, objective=objective, reading=reading, trials=trials)
    sensitivities[label] = sample.sensitivity()
    print(
        f"{label:20} E s = {sensitivities[label].mean:.2e} ± {sensitivities[label].standard_error:.0e}   mean r = {sample.r.mean():.3f}"
    )

# %%
figure, axis = plt.subplots(figsize=(5, 2.6))
axis.barh(
    list(sensitivities),
    [e.mean for e in sensitivities.values()],
    xerr=[2 * e.standard_error for e in sensitivities.values()],
    capsize=3,
)
axis.set_xscale("log")
axis.set_xlabel("E s over the signal coordinates, 2 standard errors")
figure.tight_layout()

# %%
assert (
    sensitivities["MIM, independent"].mean
    < sensitivities["CL, one draw"].mean
    < sensitivities["MIM, complementary"].mean
)
