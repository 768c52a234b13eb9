"""The MAR term in closed form: its weight over rounds, the adaptive MMD of Gaussians, and what it sends."""

import sympy as sp

from theory.formula import Formula, Source
from theory.symbols import feature_dim

weight_max, weight_min = sp.symbols("weight_max weight_min", nonnegative=True)  # gamma_max, gamma_min
selections, horizon = sp.symbols("selections horizon", positive=True)  # omega, Omega
batch, tokens, width, parameters = sp.symbols("batch tokens width parameters", integer=True, positive=True)
n_averaged = sp.Symbol("n_averaged", integer=True, positive=True)  # |C|: clients whose embeddings are averaged
bandwidth = sp.Symbol("bandwidth", positive=True)  # sigma of the Gaussian kernel
std_local, std_global = sp.symbols("std_local std_global", positive=True)

BYTES_PER_FLOAT32 = 4

ALIGNMENT_WEIGHT = Formula(
    name="alignment_weight",
    title="Weight of the alignment term after a number of selections",
    expr=weight_min + (weight_max - weight_min) * (1 + sp.cos(sp.pi * selections / horizon)) / 2,
    domain=(selections <= horizon,),
    units="the unit of the loss",
    source=Source("chen2026", "Eq (7)"),
)

EMBEDDING_BYTES = Formula(
    name="embedding_bytes",
    title="Bytes of the visible-token embeddings of one batch, in float32",
    expr=BYTES_PER_FLOAT32 * tokens * width * batch,
    domain=(),
    units="bytes",
    source=Source("chen2026", "A.5"),
)

MODEL_BYTES = Formula(
    name="model_bytes",
    title="Bytes of a model's parameters, in float32",
    expr=sp.Integer(BYTES_PER_FLOAT32) * parameters,
    domain=(),
    units="bytes",
    source=Source("chen2026", "A.5"),
)


def _gaussian_similarity(total_variance: sp.Expr) -> sp.Expr:
    """E exp(-|u|^2 / (2 bandwidth^2)) for u ~ N(0, total_variance I) in `feature_dim` dimensions."""
    return (1 + total_variance / bandwidth**2) ** (-feature_dim / sp.Integer(2))


GAUSSIAN_MMD = Formula(
    name="gaussian_mmd",
    title="Squared MMD of N(0, std_local^2 I) and N(0, std_global^2 I) under a Gaussian kernel of fixed bandwidth",
    expr=_gaussian_similarity(2 * std_local**2)
    + _gaussian_similarity(2 * std_global**2)
    - 2 * _gaussian_similarity(std_local**2 + std_global**2),
    domain=(),
    units="dimensionless, in [0, 2]",
    source=Source("ledger", "Gaussian integrals"),
)

# In many dimensions squared distances concentrate: 2 v within the local batch (v its variance summed over coordinates),
# 2 v / K within the averaged one, v (1 + 1/K) across; the bandwidth's square is 2 v.
AVERAGED_EMBEDDING_FLOOR = Formula(
    name="averaged_embedding_floor",
    title="Squared MMD between local embeddings and their average over clients with one and the same distribution",
    expr=(sp.exp(-sp.Rational(1, 4)) - sp.exp(-1 / (4 * n_averaged))) ** 2,
    domain=(),
    units="dimensionless; the limit of many feature dimensions",
    source=Source("ledger", "concentration of distances"),
)
