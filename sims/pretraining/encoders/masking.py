"""Random masks over patches, and the loss of predicting what they hide."""

from math import floor

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key


def random_masking(
    key: Key[Array, ""], n: int, n_patches: int, mask_ratio: float
) -> tuple[Int[Array, "n kept"], Int[Array, "n hidden"]]:
    """For each of n images, the patches that it keeps and those that are hidden; every set of kept ones alike.

    As many are kept as fit into (1 - mask_ratio) n_patches. Source: he2022, Section 3 and released code.
    Errors: ValueError when nothing would be kept or nothing hidden.
    """
    return masking_by(jax.random.uniform(key, (n, n_patches), jnp.float32), mask_ratio)


def masking_by(
    scores: Float[Array, "n patches"], mask_ratio: float
) -> tuple[Int[Array, "n kept"], Int[Array, "n hidden"]]:
    """`random_masking` with the patches of the highest scores kept. Errors: ValueError as there."""
    check_mask_ratio(mask_ratio)
    n_patches = scores.shape[1]
    n_kept = floor(n_patches * (1 - mask_ratio) + 1e-9)  # 10 patches at 0.9 are 0.99999... kept ones
    if not 1 <= n_kept < n_patches:
        raise ValueError(
            f"A mask hides some of the patches and keeps some; got mask_ratio={mask_ratio} for {n_patches} patches, "
            f"which keeps {n_kept}."
        )
    # The order of independent uniforms, from top_k: a sort takes seconds to compile.
    order = jax.lax.top_k(scores, n_patches)[1]
    return order[:, :n_kept], order[:, n_kept:]


def check_mask_ratio(mask_ratio: float) -> None:
    """Nothing, for a share that a mask can hide. Errors: ValueError otherwise."""
    if not 0 < mask_ratio < 1:
        raise ValueError(f"A mask hides a share of the patches between 0 and 1; got mask_ratio={mask_ratio}.")


def masked_reconstruction_loss(
    predicted: Float[Array, "n patches patch_dim"],
    patches: Float[Array, "n patches patch_dim"],
    hidden: Int[Array, "n hidden"],
    normalise: bool = True,
) -> Float[Array, ""]:
    """Mean squared error over the hidden patches alone.

    `normalise` takes each patch to mean 0 and variance 1 first (plus 1e-6, so a patch of one colour becomes 0); as in
    the released code the variance is over patch_dim - 1. Source: he2022, Section 3 and Table 1d.
    Errors: ValueError for normalising patches of one number.
    """
    if normalise and patches.shape[-1] < 2:
        raise ValueError("Patches of one number have no variance to divide by; got patch_dim=1. Use normalise=False.")
    places = hidden[:, :, None]
    target, guess = (jnp.take_along_axis(x, places, axis=1) for x in (patches, predicted))
    if normalise:
        centred = target - jnp.mean(target, axis=-1, keepdims=True)
        target = centred / jnp.sqrt(jnp.var(target, axis=-1, keepdims=True, ddof=1) + 1e-6)
    return jnp.mean((guess - target) ** 2)
