"""The convolutions of the ResNet in two equal forms, the backend's own and products of matrices, and max pooling."""

import math
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Key

from sims.pretraining.encoders.products import product

Convolution = Literal["native", "im2col"]
CONVOLUTIONS = get_args(Convolution)


class Conv(nnx.Module):
    """An odd square kernel without bias, zeros around the image, every `stride`-th place of the result.

    Source: he2016, Section 3.4 (weights as He et al. 2015, by the number of outputs).
    """

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int, convolution: Convolution, rngs: nnx.Rngs
    ) -> None:
        self.stride, self.convolution = stride, convolution
        self.kernel = nnx.Param(_he(rngs.params(), (size, size, inputs, outputs)))

    def __call__(self, maps: Float[Array, "n h w inputs"]) -> Float[Array, "n h2 w2 outputs"]:
        form = native if self.convolution == "native" else im2col
        return form(maps, self.kernel[...], self.stride)


def _he(key: Key[Array, ""], shape: tuple[int, int, int, int]) -> Float[Array, "size size inputs outputs"]:
    # `variance_scaling` draws the same numbers in this shape; for a row of them there is a third as much to compile.
    std = np.sqrt(np.float32(2 / (shape[0] * shape[1] * shape[3])))
    return (jax.random.normal(key, (math.prod(shape),), jnp.float32) * std).reshape(shape)


def native(
    maps: Float[Array, "n h w inputs"], kernel: Float[Array, "size size inputs outputs"], stride: int
) -> Float[Array, "n h2 w2 outputs"]:
    """The backend's own; on a CPU a naive kernel inside of scan, map and loops."""
    edge = (kernel.shape[0] - 1) // 2
    return jax.lax.conv_general_dilated(
        maps, kernel, (stride, stride), [(edge, edge)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def im2col(
    maps: Float[Array, "n h w inputs"], kernel: Float[Array, "size size inputs outputs"], stride: int
) -> Float[Array, "n h2 w2 outputs"]:
    """The matrix of all shifts of the image times the kernel: on a CPU as fast in loops as outside.

    An image with no more places than the kernel has taps is multiplied by the whole linear map instead, which then has
    no more entries than the shifts: most of those would be of the zeros around it.
    """
    size, _, inputs, outputs = kernel.shape
    n, height, width, _ = maps.shape
    edge = (size - 1) // 2
    rows, columns = -(-height // stride), -(-width // stride)
    if height * width <= size * size:
        taps = _taps((height, width), (rows, columns), size, stride)
        whole = jnp.einsum("pqt,tio->piqo", taps, kernel.reshape(size * size, inputs, outputs))
        whole = whole.reshape(height * width * inputs, -1)
        return product(maps.reshape(n, -1), whole).reshape(n, rows, columns, outputs)
    padded = jnp.pad(maps, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    shifts = [
        jax.lax.slice(
            padded,
            (0, i, j, 0),
            (n, i + (rows - 1) * stride + 1, j + (columns - 1) * stride + 1, inputs),
            (1, stride, stride, 1),
        )
        for i in range(size)
        for j in range(size)
    ]
    matrix = jnp.concatenate(shifts, axis=3).reshape(n * rows * columns, -1)
    return product(matrix, kernel.reshape(-1, outputs)).reshape(n, rows, columns, outputs)


def max_pool(maps: Float[Array, "n h w channels"]) -> Float[Array, "n h2 w2 channels"]:
    """The maximum over 3 x 3 places, every second place of the result.

    One axis after the other, by shifts: the backend's own is naive on a CPU. Where several places have the maximum,
    they share its gradient.
    Source: he2016, Table 1 (the layer before the first block).
    """
    for axis in (1, 2):
        padding = [(0, 0)] * maps.ndim
        padding[axis] = (1, 1)
        last = 2 * (-(-maps.shape[axis] // 2) - 1)  # where in the padded maps the last window begins
        padded = jnp.pad(maps, padding, constant_values=-jnp.inf)
        first, second, third = (jax.lax.slice_in_dim(padded, i, last + i + 1, 2, axis) for i in range(3))
        maps = jnp.maximum(jnp.maximum(first, second), third)
    return maps


def _taps(
    places: tuple[int, int], results: tuple[int, int], size: int, stride: int
) -> Float[np.ndarray, "places results taps"]:
    """1 where a result sees a place through a tap of the kernel, else 0."""
    seen = [np.zeros((p, r, size), np.float32) for p, r in zip(places, results, strict=True)]
    for along in seen:
        for result in range(along.shape[1]):
            for tap in range(size):
                if 0 <= (place := result * stride + tap - (size - 1) // 2) < along.shape[0]:
                    along[place, result, tap] = 1
    return np.einsum("yYi,xXj->yxYXij", *seen).reshape(places[0] * places[1], results[0] * results[1], size * size)
