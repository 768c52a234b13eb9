"""FedU2: embeddings are pushed to be uniform on the sphere, and the server's step works against no client's update.

Kept of the published method: the flexible uniform regulariser as its paper has it, unbalanced optimal transport from
the embeddings of a batch to points uniform on the sphere, on top of a self-supervised loss (SimSiam's); the efficient
unified aggregator, which combines the clients' updates, each in units of its own length, with the weights of least norm
over the simplex, so that the combined update agrees with each of them at least to the same degree.

Simplified: the transport is entropic and found by Sinkhorn's scaling (the released code, commit 5c44407, takes sliced
Wasserstein distances in tangent spaces in its place). The original's step of the server is an absolute rate; here it is
the clients' mean update length, so that clients who agree are followed exactly. There the least norm is searched for
twenty steps from the data weights (and for two clients is theirs); here it is found to round-off. The rotation task of
the original's scripts is left out. Without a server models are mixed as ever.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from sims.losses.transport import transport_cost
from sims.pretraining.directions import unit
from sims.pretraining.methods import Context, Images, Params, PyTree
from sims.pretraining.methods.simsiam import SimSiam, siamese_loss

_LEAST_ENTROPY = 0.05  # squared distances on the sphere go up to 4, and e^(-4 / 0.05) is all that float32 holds
_PROJECTIONS = 1000


@dataclass(frozen=True)
class FedU2(SimSiam):
    """SimSiam's loss plus `uniformity_weight` times `uniformity`, with `least_norm_update` at the server.

    `entropy` and `relaxation` are those of the transport, with squared distances on the unit sphere as its cost; the
    weight and both are choices made here.
    Source: liao2024, released code and abstract. Errors: ValueError for settings out of range.
    """

    uniformity_weight: float = 0.1
    entropy: float = 0.1
    relaxation: float = 1.0
    server_step: float = 1.0
    revision: ClassVar[int] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        positive = (self.server_step, self.relaxation)
        if not (0 <= self.uniformity_weight < float("inf") and all(0 < x < float("inf") for x in positive)):
            raise ValueError(
                "A uniformity_weight of at least 0, a positive server_step and a positive relaxation were wanted, all "
                f"finite; got {self.uniformity_weight}, {self.server_step} and {self.relaxation}."
            )
        if not _LEAST_ENTROPY <= self.entropy < float("inf"):
            raise ValueError(
                f"Transport in float32 needs a finite entropy of {_LEAST_ENTROPY} or more; got {self.entropy}."
            )

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """SimSiam's loss of two views, and how far the embeddings of each are from uniform."""
        key_views, key_draws = jax.random.split(key)
        outputs = self.outputs(params, self.two_views(images, key_views))
        draws = jax.random.normal(key_draws, outputs.embeddings.shape[1:], jnp.float32)
        uniform = [uniformity(one, draws, self.entropy, self.relaxation) for one in outputs.embeddings]
        return siamese_loss(outputs) + self.uniformity_weight * (uniform[0] + uniform[1]) / 2

    def combine(self, before: Params, trained: Params, weights: Float[Array, " some"]) -> Params:
        """The model before, moved by `least_norm_update`; data weights decide its length alone."""
        return least_norm_update(before, trained, weights, self.server_step)


def uniformity(
    embeddings: Float[Array, "n dim"], draws: Float[Array, "m dim"], entropy: float, relaxation: float
) -> Float[Array, ""]:
    """The price of moving the directions of `embeddings` to those of `draws`; with Gaussian draws these are uniform.

    For as many draws as there are directions it is least when the embeddings are uniform: the price is convex in both
    distributions, and turning both alike changes nothing.
    Source: liao2024 (flexible uniform regulariser); chizat2018. Units: squared distances on the unit sphere.
    """
    cost = 2 - 2 * unit(embeddings) @ unit(draws).T
    shares = [jnp.full(len(x), 1 / len(x), embeddings.dtype) for x in (embeddings, draws)]
    return transport_cost(cost, shares[0], shares[1], entropy, relaxation)


def least_norm_update(
    before: Params, trained: Params, weights: Float[Array, " some"], server_step: float = 1.0
) -> Params:
    """The model before plus the clients' mean update length times their unit updates' combination of least norm.

    That combination d has an inner product of at least |d|^2 with every unit update. A client that did not move at all
    stops the server. Source: liao2024 (efficient unified aggregator), released code; desideri2012 for the least norm.
    """
    updates = jax.tree.map(lambda new, old: new - old[None], trained, before)
    flat = [leaf.reshape(len(weights), -1) for leaf in jax.tree.leaves(updates)]
    gram = sum((jnp.matmul(leaf, leaf.T, precision="highest") for leaf in flat), jnp.zeros((len(weights),) * 2))
    lengths = jnp.sqrt(jnp.diagonal(gram))
    inverse = jnp.where(lengths > 0, 1 / jnp.where(lengths > 0, lengths, 1), 0)
    shares = least_norm_weights(gram * inverse[:, None] * inverse[None, :])
    scale = server_step * jnp.sum(weights * lengths) / jnp.sum(weights)
    moves = scale * shares * inverse
    return jax.tree.map(lambda old, leaf: old + jnp.tensordot(moves.astype(leaf.dtype), leaf, axes=1), before, updates)


def least_norm_weights(gram: Float[Array, "n n"]) -> Float[Array, " n"]:
    """The weights w >= 0 of sum 1 with the least w^T G w: those of the shortest vector in a convex hull.

    By accelerated projected gradient steps, started afresh whenever momentum leads uphill.
    Source: desideri2012 for the problem. Units: dimensionless.
    """
    g = gram.astype(jnp.float64)
    bound = jnp.max(jnp.sum(jnp.abs(g), axis=1))  # of the largest eigenvalue
    rate = jnp.where(bound > 0, 1 / jnp.where(bound > 0, bound, 1), 0)

    def step(_, state):
        old, point, inertia = state
        new = optax.projections.projection_simplex(point - rate * (g @ point))
        is_uphill = jnp.vdot(point - new, new - old) > 0
        more = jnp.where(is_uphill, 1.0, (1 + jnp.sqrt(1 + 4 * inertia**2)) / 2)
        ahead = jnp.where(is_uphill, 0.0, (inertia - 1) / more)
        return new, new + ahead * (new - old), more

    start = jnp.full(len(g), 1 / len(g), g.dtype)
    return jax.lax.fori_loop(0, _PROJECTIONS, step, (start, start, jnp.ones((), g.dtype)))[0]
