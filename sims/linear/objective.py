"""What training a linear encoder needs besides its loss: the optimum, a start, a safe step size, moments and views.

The loss and its gradient are in `theory.objectives.linear_alignment`.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Arrays = Array | np.ndarray
_START = 0.1  # the spectral norm of a random start, relative to the root of the largest of the clients' matrices


def optimum(covariance: Float[Arrays, "dim dim"], feature_dim: int) -> Float[np.ndarray, "feature dim"]:
    """A minimiser W* of the loss: rows sqrt(lambda_k) v_k of the largest positive eigenvalues, largest first.

    Eigenvalues that are not positive leave zero rows. It is defined up to rotation from the left.
    Source: eckart1936, with W^T W positive semi-definite.
    Errors: ValueError unless 1 <= feature_dim <= dim.
    """
    x = np.asarray(covariance)
    if not 1 <= feature_dim <= len(x):
        raise ValueError(f"feature_dim lies between 1 and dim={len(x)}; got feature_dim={feature_dim}.")
    values, vectors = np.linalg.eigh((x + x.T) / 2)
    largest = np.argsort(values)[::-1][:feature_dim]
    return np.sqrt(np.maximum(values[largest], 0.0))[:, None] * vectors[:, largest].T


def random_start(
    seed: int, covariances: Float[Arrays, "clients dim dim"], feature_dim: int
) -> Float[np.ndarray, "clients feature dim"]:
    """One random encoder for all clients, with ||W||_2^2 a hundredth of the largest ||X_i||_2."""
    x = np.asarray(covariances)
    w = np.random.default_rng(seed).standard_normal((feature_dim, x.shape[-1]))
    return common_start(w, x)


def common_start(
    model: Float[np.ndarray, "feature dim"], covariances: Float[Arrays, "clients dim dim"]
) -> Float[np.ndarray, "clients feature dim"]:
    """This model for all clients, scaled to ||W||_2^2 of a hundredth of the largest ||X_i||_2."""
    scaled = model * (_START * np.sqrt(spectral_norms(covariances).max()) / np.linalg.norm(model, 2))
    return np.broadcast_to(scaled, (len(covariances), *model.shape)).copy()


def stable_step_size(covariances: Float[Arrays, "clients dim dim"]) -> float:
    """1 / (6 max_i ||X_i||_2): with it ||W||_2^2 <= max_i ||X_i||_2 never breaks, whatever averages the models.

    One step takes ||W||_2 = s to at most s (1 - 2 eta s^2) + 2 eta s lambda, lambda = max_i ||X_i||_2: both s and
    s (1 - 2 eta s^2) rise on [0, sqrt(lambda)] while eta lambda <= 1/6, and the sum is sqrt(lambda) at its end. Mixing
    is a mean, and a ball is convex. Push-sum divides by weights of its own and can leave the ball: this says nothing of
    it. One client alone is stable at its optimum up to 1 / (2 lambda), so larger steps may do, but nothing promises it.
    Source: ledger. Units: 1 / those of X.
    """
    largest = float(spectral_norms(np.asarray(covariances)).max())
    return np.inf if largest == 0 else 1 / (6 * largest)


def spectral_norms(covariances: Float[Arrays, "*batch dim dim"]) -> Float[np.ndarray, "*batch"]:
    """||X||_2 of every symmetric matrix."""
    return np.abs(np.linalg.eigvalsh(np.asarray(covariances))).max(axis=-1)


def contrastive_moments(
    first: Float[Arrays, "*batch samples dim"], second: Float[Arrays, "*batch samples dim"]
) -> Float[Array, "*batch dim dim"]:
    """The symmetric part of the mean of a b^T over samples with views a and b: the X of the alignment losses.

    Source: chen2026, (15) and (42).
    """
    cross = jnp.einsum("...nd,...ne->...de", first, second) / first.shape[-2]
    return (cross + jnp.swapaxes(cross, -1, -2)) / 2


def masked_moments(
    samples: Float[Arrays, "*batch samples dim"], mask_ratio: float, *, complementary: bool = True
) -> Float[Array, "*batch dim dim"]:
    """X of masked modelling with masks averaged exactly: p(1-p) times the second moment, less its diagonal when m' = m.

    Source: chen2026, (17) with its masks as drawn (ledger); `sims.samplers.literal` has the other readings.
    """
    moment = contrastive_moments(samples, samples)
    if complementary:
        moment = moment - moment * jnp.eye(moment.shape[-1])
    return mask_ratio * (1 - mask_ratio) * moment


def augmented_views(
    key: Array, samples: Float[Arrays, "*batch samples dim"], augmentation_std: float
) -> tuple[Float[Array, "*batch samples dim"], Float[Array, "*batch samples dim"]]:
    """Two noisy copies of every sample. Source: chen2026, Section 3.2 (g(x) = x + xi)."""
    noise = augmentation_std * jax.random.normal(key, (2, *samples.shape))
    return noise[0] + samples, noise[1] + samples


def masked_views(
    key: Array, samples: Float[Arrays, "*batch samples dim"], mask_ratio: float
) -> tuple[Float[Array, "*batch samples dim"], Float[Array, "*batch samples dim"]]:
    """The kept and the hidden part of every sample. Source: chen2026, Section 3.2."""
    kept = jax.random.bernoulli(key, 1 - mask_ratio, samples.shape)
    return jnp.where(kept, samples, 0.0), jnp.where(kept, 0.0, samples)
