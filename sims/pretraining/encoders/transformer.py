"""Parts shared by the vision transformer and its decoder: one block, and fixed positions of patches on a grid."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Float32

from sims.pretraining.encoders.products import product

_XAVIER = nnx.initializers.xavier_uniform()


class Dense(nnx.Linear):
    """A linear layer on tokens. All of a batch are rows of one matrix, which a CPU differentiates twice as fast."""

    def __call__(self, tokens: Float[Array, "*n inputs"]) -> Float[Array, "*n outputs"]:
        assert self.bias is not None
        rows = product(tokens.reshape(-1, tokens.shape[-1]), self.kernel[...]) + self.bias[None]
        return rows.reshape(*tokens.shape[:-1], -1)


class LayerNorm(nnx.LayerNorm):
    """Each token to mean 0 and variance 1, then a learnt scale and shift; means are products, fast on a CPU."""

    def __call__(self, tokens: Float[Array, "*n width"]) -> Float[Array, "*n width"]:
        assert self.scale is not None
        assert self.bias is not None
        width = tokens.shape[-1]
        rows = tokens.reshape(-1, width)
        mean = jnp.full((width, 1), 1 / width, tokens.dtype)
        centred = rows - rows @ mean
        # The variance from centred entries is exact far from 0.
        normal = centred * jax.lax.rsqrt(centred**2 @ mean + self.epsilon)
        # So that the derivatives of scale and shift are products too.
        ones = jnp.ones((len(rows), 1), tokens.dtype)
        return (normal * (ones @ self.scale[None]) + ones @ self.bias[None]).reshape(tokens.shape)


def dense(inputs: int, outputs: int, rngs: nnx.Rngs) -> Dense:
    """A linear layer as in MAE: uniform Glorot weights, no bias at first.

    Source: he2022, Appendix A.1.
    """
    return Dense(inputs, outputs, param_dtype=jnp.float32, kernel_init=_XAVIER, rngs=rngs)


def layer_norm(width: int, rngs: nnx.Rngs) -> LayerNorm:
    """A layer norm of tokens of this width."""
    return LayerNorm(width, param_dtype=jnp.float32, rngs=rngs)


class Block(nnx.Module):
    """Self-attention, then a two-layer perceptron with GELU, both on normalised tokens and added to what came in.

    Source: dosovitskiy2021, Section 3.1, Eqs. (2) and (3).
    """

    def __init__(self, width: int, heads: int, mlp_ratio: int, rngs: nnx.Rngs) -> None:
        self.heads = heads
        self.norm_attention = layer_norm(width, rngs)
        self.qkv = dense(width, 3 * width, rngs)
        self.out = dense(width, width, rngs)
        self.norm_mlp = layer_norm(width, rngs)
        self.expand = dense(width, mlp_ratio * width, rngs)
        self.contract = dense(mlp_ratio * width, width, rngs)

    def __call__(self, tokens: Float[Array, "n tokens width"]) -> Float[Array, "n tokens width"]:
        tokens = tokens + self.out(self._attention(self.norm_attention(tokens)))
        # Computed again for the gradient rather than kept: memory costs more time than the error function.
        return tokens + self.contract(jax.checkpoint(_gelu)(self.expand(self.norm_mlp(tokens))))

    def _attention(self, tokens: Float[Array, "n tokens width"]) -> Float[Array, "n tokens width"]:
        n, size, width = tokens.shape
        # Heads before tokens: on a CPU products of whole matrices are up to 1.4 times as fast as those with the heads
        # between, `jax.nn.dot_product_attention` among them.
        parts = jnp.transpose(self.qkv(tokens).reshape(n, size, 3, self.heads, -1), (2, 0, 3, 1, 4))
        q, k, v = parts[0], parts[1], parts[2]
        scores = (q * (width // self.heads) ** -0.5) @ jnp.swapaxes(k, -1, -2)
        return jnp.swapaxes(jax.nn.softmax(scores, axis=-1) @ v, 1, 2).reshape(n, size, width)


def _gelu(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """x times the normal distribution function at x."""
    return 0.5 * x * (1 + jax.lax.erf(x * 0.5**0.5))


@lru_cache(maxsize=32)
def grid_positions(rows: int, columns: int, width: int) -> Float32[np.ndarray, "patches width"]:
    """Fixed embeddings of the patches, row by row: a quarter of the width each for sine and cosine of column and row.

    Angles are the place times 10000^(-j / (width / 4)).
    Source: he2022, Section 3 and released code (`util/pos_embed.py`).
    Errors: ValueError for a width that four does not divide.
    """
    if width % 4:
        raise ValueError(f"Positions on a grid need a width that 4 divides; got width={width}. Use a multiple of 4.")
    frequencies = 10000.0 ** (-np.arange(width // 4) / (width / 4))
    row, column = np.divmod(np.arange(rows * columns), columns)
    angles = [place[:, np.newaxis] * frequencies for place in (column, row)]
    positions = np.concatenate([wave(angle) for angle in angles for wave in (np.sin, np.cos)], axis=1)
    positions = positions.astype(np.float32)
    positions.flags.writeable = False  # one array for all who ask
    return positions
