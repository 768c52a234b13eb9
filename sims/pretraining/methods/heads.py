"""Projectors and predictors: small perceptrons on features, for training only."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from sims.pretraining.encoders.functional import bound, initial
from sims.pretraining.methods import PyTree

Norm = Literal["layer", "batch"]
_WIDEST = 2**16  # two layers of this width already have 16 GiB of weights between them


@dataclass(frozen=True)
class Head:
    """Linear layers of these sizes, each but the last normalised and cut at zero; `normalises_output` the last too.

    norm: "layer" treats every image by itself. "batch" takes mean and variance of the batch at hand, so that images
    depend on each other; nothing is kept between batches, as no head is used after training.
    Errors: ValueError for no layer, a size outside 1..65536, another norm, or batch statistics of fewer than two
    images.
    """

    sizes: tuple[int, ...]
    norm: str = "layer"
    normalises_output: bool = False

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 1 or max(self.sizes) > _WIDEST:
            raise ValueError(f"A head has one layer or more, of sizes from 1 to {_WIDEST}; got sizes={self.sizes}.")
        if self.norm not in get_args(Norm):
            raise ValueError(f"The norm is one of {', '.join(get_args(Norm))}; got norm={self.norm!r}.")

    def init(self, key: Key[Array, ""], feature_dim: int) -> PyTree:
        """Random parameters for features of this size."""
        return initial(key, _Head, self, feature_dim)

    def __call__(self, params: PyTree, features: Float[Array, "n feature"]) -> Float[Array, "n embedding"]:
        """The embeddings of features."""
        if self.norm == "batch" and len(features) < 2:
            raise ValueError(f'Batch statistics need at least two images; got {len(features)}. Use norm="layer".')
        return bound(params, _Head, self, features.shape[1])(features)


class _Head(nnx.Module):
    def __init__(self, head: Head, feature_dim: int, rngs: nnx.Rngs) -> None:
        self.settings = head
        widths = (feature_dim, *head.sizes)
        for i, (inputs, outputs) in enumerate(pairwise(widths)):
            is_last = i == len(head.sizes) - 1
            is_normalised = not is_last or head.normalises_output
            # A bias would be lost in batch statistics; and a last norm has no scale, as cosines follow.
            layer = nnx.Linear(inputs, outputs, use_bias=not is_normalised, param_dtype=jnp.float32, rngs=rngs)
            setattr(self, f"layer{i}", layer)
            if is_normalised:
                setattr(self, f"norm{i}", _norm(outputs, head.norm, not is_last, rngs))

    def __call__(self, x: Float[Array, "n feature"]) -> Float[Array, "n embedding"]:
        last = len(self.settings.sizes) - 1
        for i in range(last):
            x = nnx.relu(getattr(self, f"norm{i}")(getattr(self, f"layer{i}")(x)))
        x = getattr(self, f"layer{last}")(x)
        return getattr(self, f"norm{last}")(x) if self.settings.normalises_output else x


def _norm(width: int, norm: str, is_scaled: bool, rngs: nnx.Rngs) -> nnx.LayerNorm:
    """Over features, or with batch statistics: the same norm over the other axis."""
    axis = 0 if norm == "batch" else -1
    return nnx.LayerNorm(
        width,
        reduction_axes=axis,
        feature_axes=-1,
        epsilon=1e-5,
        use_bias=is_scaled,
        use_scale=is_scaled,
        use_fast_variance=False,
        param_dtype=jnp.float32,
        rngs=rngs,
    )
