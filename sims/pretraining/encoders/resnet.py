"""Residual networks of 3 x 3 convolutions in the layout of ResNet-18, normalised by groups of channels or by batch."""

from dataclasses import dataclass
from typing import Literal, get_args

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from sims.pretraining.encoders import ImageShape, PyTree
from sims.pretraining.encoders.convolution import CONVOLUTIONS, Conv, Convolution, max_pool
from sims.pretraining.encoders.functional import bound, initial

Norm = Literal["group", "batch"]
Stem = Literal["small", "large"]
N_STAGES = 4


@dataclass(frozen=True)
class ResNet:
    """Four stages of `blocks` residual blocks, each stage with twice the channels and half the side of the one before.

    The small stem is one 3 x 3 convolution; the large one is 7 x 7 with stride 2, then a maximum over 3 x 3 with
    stride 2. Groups keep images independent of each other. With norm="batch" maps and features use the statistics of
    the images given, as in training, until `with_statistics` has fixed them; fixed ones are for evaluation alone, and
    are no part of what is trained, mixed or sent. Both forms of `convolution` give the same maps.

    Source: he2016, Section 3 and Table 1 (18 layers); wu2018 for groups; ioffe2015 for batches; chen2026, released
    code, `baseline_models.py`: the small stem for images of 32 pixels, the large one for 224, which all runs have.
    Errors: ValueError for sizes below one, groups that leave fewer than two channels each or do not divide them, or an
    unknown option.
    """

    channels: int = 16
    blocks: int = 2
    groups: int = 4
    norm: Norm = "group"
    stem: Stem = "small"
    convolution: Convolution = "native"

    def __post_init__(self) -> None:
        if min(self.channels, self.blocks, self.groups) < 1:
            raise ValueError(
                f"Channels, blocks and groups are at least 1; got {(self.channels, self.blocks, self.groups)}."
            )
        if self.channels % self.groups or self.channels < 2 * self.groups:
            raise ValueError(
                "Groups of at least two channels that divide them were wanted (one alone would be normalised away); "
                f"got channels={self.channels}, groups={self.groups}. Lower groups."
            )
        options = ((self.norm, get_args(Norm)), (self.stem, get_args(Stem)), (self.convolution, CONVOLUTIONS))
        for value, allowed in options:
            if value not in allowed:
                raise ValueError(f"One of {', '.join(allowed)} was wanted; got {value!r}.")

    @property
    def feature_dim(self) -> int:
        """How many numbers describe an image: the channels of the last stage, eight times `channels`."""
        return 2 ** (N_STAGES - 1) * self.channels

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> PyTree:
        """He's normal weights, and normalisations that start at scale one and shift zero."""
        return initial(key, _ResNet, self, image_shape[2])

    def maps(self, params: PyTree, images: Float[Array, "n height width channels"]) -> Float[Array, "n h w feature"]:
        """What the last block gives at each of its places, before any mean over them."""
        statistics = params.get("statistics")
        weights = {name: value for name, value in params.items() if name != "statistics"}
        network = bound(weights, _ResNet, self, images.shape[3], statistics=statistics)
        return network(images, statistics is not None)

    def features(self, params: PyTree, images: Float[Array, "n height width channels"]) -> Float[Array, "n feature"]:
        """The mean of the maps over their places."""
        return jnp.mean(self.maps(params, images), axis=(1, 2))

    def with_statistics(self, params: PyTree, images: Float[Array, "n height width channels"]) -> PyTree:
        """Parameters for evaluation: the mean and variance of each layer's inputs on these images, fixed from now on.

        Errors: ValueError where there is nothing to fix, with norm="group".
        """
        if self.norm != "batch":
            raise ValueError(f'Statistics are for norm="batch"; got norm={self.norm!r}, which needs none.')
        weights = {name: value for name, value in params.items() if name != "statistics"}
        network = bound(weights, _ResNet, self, images.shape[3])
        network(images, False)
        return {**weights, "statistics": nnx.to_pure_dict(nnx.state(network, nnx.BatchStat))}


class _ResNet(nnx.Module):
    def __init__(self, encoder: ResNet, image_channels: int, rngs: nnx.Rngs) -> None:
        self.encoder = encoder
        size, stride = (3, 1) if encoder.stem == "small" else (7, 2)
        inputs = encoder.channels
        self.conv = Conv(image_channels, inputs, size, stride, encoder.convolution, rngs)
        self.norm = _Norm(encoder, inputs, rngs)
        for name, outputs, stride in _layout(encoder):
            setattr(self, name, _Block(encoder, inputs, outputs, stride, rngs))
            inputs = outputs

    def __call__(
        self, images: Float[Array, "n height width channels"], has_statistics: bool
    ) -> Float[Array, "n h w feature"]:
        maps = nnx.relu(self.norm(self.conv(images), has_statistics))
        if self.encoder.stem == "large":
            maps = max_pool(maps)
        for name, _, _ in _layout(self.encoder):
            maps = getattr(self, name)(maps, has_statistics)
        return maps


class _Block(nnx.Module):
    """Two convolutions, added to what came in, or to its 1 x 1 convolution where the shape changes."""

    def __init__(self, encoder: ResNet, inputs: int, outputs: int, stride: int, rngs: nnx.Rngs) -> None:
        form = encoder.convolution
        self.conv1, self.norm1 = Conv(inputs, outputs, 3, stride, form, rngs), _Norm(encoder, outputs, rngs)
        self.conv2, self.norm2 = Conv(outputs, outputs, 3, 1, form, rngs), _Norm(encoder, outputs, rngs)
        self.has_shortcut = stride > 1 or inputs != outputs
        if self.has_shortcut:
            self.shortcut = Conv(inputs, outputs, 1, stride, form, rngs)
            self.shortcut_norm = _Norm(encoder, outputs, rngs)

    def __call__(self, maps: Float[Array, "n h w inputs"], has_statistics: bool) -> Float[Array, "n h2 w2 outputs"]:
        inner = nnx.relu(self.norm1(self.conv1(maps), has_statistics))
        inner = self.norm2(self.conv2(inner), has_statistics)
        if self.has_shortcut:
            maps = self.shortcut_norm(self.shortcut(maps), has_statistics)
        return nnx.relu(inner + maps)


class _Norm(nnx.Module):
    """Normalisation by groups or by batch, each with a scale and a shift per channel."""

    def __init__(self, encoder: ResNet, channels: int, rngs: nnx.Rngs) -> None:
        if encoder.norm == "batch":
            # Momentum 0: what is stored after a call is the statistic of that call.
            self.norm = nnx.BatchNorm(
                channels, momentum=0.0, use_fast_variance=False, param_dtype=jnp.float32, rngs=rngs
            )
        else:
            self.norm = nnx.GroupNorm(
                channels, encoder.groups, use_fast_variance=False, param_dtype=jnp.float32, rngs=rngs
            )

    def __call__(self, maps: Float[Array, "n h w channels"], has_statistics: bool) -> Float[Array, "n h w channels"]:
        if isinstance(self.norm, nnx.BatchNorm):
            return self.norm(maps, use_running_average=has_statistics)
        return by_groups(maps, self.norm)


def by_groups(maps: Float[Array, "n h w channels"], norm: nnx.GroupNorm) -> Float[Array, "n h w channels"]:
    """What `norm` gives, channel by channel first: on a CPU faster than its reduction over three axes at once."""
    assert norm.scale is not None, "flax leaves it out on request only"
    assert norm.bias is not None, "flax leaves it out on request only"
    n, _, _, channels = maps.shape

    def group_mean(of_channels: Float[Array, "n channels"]) -> Float[Array, "n 1 1 channels"]:
        groups = of_channels.reshape(n, norm.num_groups, -1)
        means = jnp.mean(groups, axis=2, keepdims=True)
        return jnp.broadcast_to(means, groups.shape).reshape(n, 1, 1, channels)

    centred = maps - group_mean(jnp.mean(maps, axis=(1, 2)))
    variance = group_mean(jnp.mean(centred**2, axis=(1, 2)))
    scale, shift = (p[...].reshape(1, 1, 1, channels) for p in (norm.scale, norm.bias))
    return centred * (jax.lax.rsqrt(variance + norm.epsilon) * scale) + shift


def _layout(encoder: ResNet) -> list[tuple[str, int, int]]:
    """The residual blocks in order: name, channels out, stride."""
    return [
        (f"stage{stage}_block{i}", 2**stage * encoder.channels, 2 if stage and not i else 1)
        for stage in range(N_STAGES)
        for i in range(encoder.blocks)
    ]
