"""Closed forms of the squared MMD of Eq (6): Gaussian embeddings, a Gaussian kernel of fixed bandwidth.

The kernel is exp(-|a - b|^2 / (2 bandwidth^2)), squared distance over squared bandwidth.
"""

import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, Float
from scipy import integrate

from theory.float64 import jax
from theory.formula import Formula, OutOfDomainError, Source
from theory.symbols import feature_dim

Arrays = Array | np.ndarray
Scalar = float | Float[Array, ""]

n_averaged = sp.Symbol("n_averaged", integer=True, positive=True)  # |C|: clients whose embeddings are averaged
bandwidth = sp.Symbol("bandwidth", positive=True)  # sigma of the Gaussian kernel
std_local, std_global = sp.symbols("std_local std_global", positive=True)


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

MEAN_DISTANCE = Formula(
    name="mean_distance",
    title="Mean distance of two independent draws of N(0, std_local^2 I), which the adaptive bandwidth estimates",
    expr=2 * std_local * sp.gamma((feature_dim + 1) / sp.Integer(2)) / sp.gamma(feature_dim / sp.Integer(2)),
    domain=(),
    units="the unit of the embeddings",
    source=Source("ledger", "mean of a chi variable"),
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


def kernel_mean(
    mean: Float[Arrays, " feature"], covariance: Float[Arrays, "feature feature"], bandwidth: Scalar
) -> Float[Array, ""]:
    """E k(a, b) when a - b is N(mean, covariance): |I + C/s^2|^(-1/2) exp(-m^T (s^2 I + C)^(-1) m / 2).

    Source: ledger, a Gaussian integral. Units: dimensionless, in (0, 1].
    """
    m, c = jnp.asarray(mean), jnp.asarray(covariance)
    widened = bandwidth**2 * jnp.eye(len(c)) + c
    log_determinant = jnp.linalg.slogdet(widened / bandwidth**2)[1]
    return jnp.exp(-log_determinant / 2 - m @ jnp.linalg.solve(widened, m) / 2)


def gaussian_mmd(
    mean_local: Float[Arrays, " feature"],
    covariance_local: Float[Arrays, "feature feature"],
    mean_global: Float[Arrays, " feature"],
    covariance_global: Float[Arrays, "feature feature"],
    bandwidth: Scalar,
) -> Float[Array, ""]:
    """The squared MMD of two Gaussians with any means and covariances.

    Source: ledger; chen2026, Eq (6) in the mean. Units: dimensionless, in [0, 2].
    """
    none = jnp.zeros(len(mean_local))
    local = kernel_mean(none, 2 * jnp.asarray(covariance_local), bandwidth)
    other = kernel_mean(none, 2 * jnp.asarray(covariance_global), bandwidth)
    difference = jnp.asarray(mean_local) - jnp.asarray(mean_global)
    total = jnp.asarray(covariance_local) + jnp.asarray(covariance_global)
    return local + other - 2 * kernel_mean(difference, total, bandwidth)


def mixture_mmd(
    covariance: Float[Arrays, "feature feature"],
    pool: Float[Arrays, "clients feature feature"],
    weights: Float[Arrays, " clients"],
    bandwidth: Scalar,
) -> Float[Array, ""]:
    """The squared MMD of N(0, covariance) and the mixture of N(0, pool_j) with the given weights: z-bar as pooled sets.

    Source: ledger. Units: dimensionless, in [0, 2].
    """
    a, pools, w = jnp.asarray(covariance), jnp.asarray(pool), jnp.asarray(weights)

    def similarity(total: Float[Array, "*batch feature feature"]) -> Float[Array, "*batch"]:
        return jnp.exp(-jnp.linalg.slogdet(jnp.eye(len(a))[(None,) * (total.ndim - 2)] + total / bandwidth**2)[1] / 2)

    within_pool = w @ similarity(pools[:, None] + pools[None, :]) @ w
    return similarity(2 * a) + within_pool - 2 * w @ similarity(a[None] + pools)


@jax.jit
def alignment_force(
    covariance: Float[Arrays, "feature feature"],
    pool: Float[Arrays, "clients feature feature"],
    weights: Float[Arrays, " clients"],
    bandwidth: Scalar,
) -> Float[Array, "feature feature"]:
    """The symmetric matrix B for which the gradient of `mixture_mmd` at the model W is B W S, S the client's moment.

    B = 2 sum_j w_j K(A + A_j) - 2 K(2A) with K(C) = |I + C/s^2|^(-1/2) (s^2 I + C)^(-1) and A = W S W^T. It vanishes
    when all clients have one A. At a W whose rows span eigenvectors of the mean S, B W S therefore lies in the row
    space of W up to second order in the differences between clients: MAR turns and scales embeddings, and tilts no
    subspace.

    Source: ledger. Units: those of embeddings to the power -2.
    """
    a, pools, w = jnp.asarray(covariance), jnp.asarray(pool), jnp.asarray(weights)
    totals = jnp.concatenate([a[None] + pools, 2 * a[None]])
    # Positive definite: one Cholesky factor gives determinant and inverse, and compiles faster than two LU.
    root = jnp.linalg.cholesky(jnp.eye(len(a))[None] + totals / bandwidth**2)
    similarity = jnp.exp(-jnp.sum(jnp.log(jnp.diagonal(root, axis1=-2, axis2=-1)), axis=-1))
    half = jax.scipy.linalg.solve_triangular(root, jnp.broadcast_to(jnp.eye(len(a)), root.shape), lower=True)
    inverse = jnp.swapaxes(half, -1, -2) @ half / bandwidth**2
    signs = jnp.concatenate([w, -jnp.ones(1)])  # the pool attracts, the local embeddings repel each other
    return 2 * jnp.einsum("j,j,jab->ab", signs, similarity, inverse)


def mean_distance(covariance: Float[Arrays, "feature feature"]) -> float:
    """E|z - z'| of two independent draws of a Gaussian with that covariance.

    E sqrt(Q) = (1 / sqrt(4 pi)) times the integral of (1 - E e^(-tQ)) t^(-3/2) over t > 0, with Q = |z - z'|^2.

    Source: ledger. Units: the unit of the embeddings.
    Errors: OutOfDomainError when the covariance is zero or not positive semi-definite.
    """
    variances = 2 * np.linalg.eigvalsh(np.asarray(covariance, dtype=float))
    largest = float(variances.max())
    if not largest > 0 or variances.min() < -1e-12 * largest:
        raise OutOfDomainError(
            f"A variance above zero and none below it was wanted; got eigenvalues from {variances.min() / 2:.6g} "
            f"to {largest / 2:.6g}. Give a covariance matrix."
        )
    shares = np.maximum(variances, 0.0) / largest

    def integrand(u: float) -> float:  # t = u^2, so that the integrand is finite at 0
        return -np.expm1(-np.sum(np.log1p(2 * u * u * shares)) / 2) / (u * u) if u > 0 else float(shares.sum())

    near, _ = integrate.quad(integrand, 0.0, 1.0, epsabs=0, epsrel=1e-12)
    far, _ = integrate.quad(lambda s: integrand(1 / s) / s**2 if s > 0 else 1.0, 0.0, 1.0, epsabs=0, epsrel=1e-12)
    return float(np.sqrt(largest / np.pi) * (near + far))
