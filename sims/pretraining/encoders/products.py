"""A product of rows and a kernel whose gradient a CPU computes in the faster order."""

import jax
from jaxtyping import Array, Float


def product(rows: Float[Array, "n inputs"], kernel: Float[Array, "inputs outputs"]) -> Float[Array, "n outputs"]:
    """`rows @ kernel`.

    The kernel's gradient, a product over the first axes of two tall matrices, takes a CPU half the time with the
    narrower one on the left. So a kernel that narrows is turned, behind a barrier: XLA would turn it back.
    """
    inputs, outputs = kernel.shape
    return rows @ (jax.lax.optimization_barrier(kernel.T).T if inputs > outputs else kernel)
