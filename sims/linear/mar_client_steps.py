"""Local steps of Algorithms 1 and 2 for linear encoders: descent on a client's loss plus gamma times the A-MMD.

Messages ride with the models through the one mixing of the round engine. Averaged embeddings: a client sends u_i z_i
and u_i, and z-bar is the mixed first over the mixed second; with u_i = 1 / |D_i| that is the plain mean even where
models are averaged by data size. Pooled embeddings: it sends z_i in its own slot, so that mixing delivers the sets and
their weights.
Before the first message both are zero, and the loss is that of the encoder alone, as lines 10 to 12 have it.
"""

from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sims.losses.adaptive_mmd import Bandwidth, a_mmd, mixture_mmd
from sims.losses.mar_variants import Variant
from theory.alignment_term.gaussian_mmd import alignment_force
from theory.alignment_term.weight_schedule import ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT
from theory.objectives import linear_alignment

PyTree = Any


@dataclass(frozen=True)
class MarUpdate:
    """E steps on f_i + gamma A-MMD for every client; hashable by value.

    printed: Eq (6) as printed against the slot-by-slot average, gamma as printed. corrected: the unbiased estimate
    against the mixture of the senders' sets, gamma clamped. released: the released estimator against the average, where
    a client's embeddings are themselves an average over its steps; gamma clamped.
    `keeps_start`: line 10 of Algorithm 2 as typed mixes the models from *before* the local steps; the trained ones go
    to `local`.
    """

    local_steps: int
    variant: Variant = "corrected"
    bandwidth: Bandwidth = "mean"
    keeps_start: bool = False

    def __call__(self, params: PyTree, local: PyTree, data: PyTree, clients: Array | None, key: Array):
        numbers = jnp.arange(len(params["model"])) if clients is None else clients
        schedule = (ALIGNMENT_WEIGHT if self.variant == "printed" else CLAMPED_ALIGNMENT_WEIGHT).compiled
        weights = schedule(**data["schedule"], selections=local["selections"])

        def train(model: Array, heard: PyTree, weight: Array, number: Array):
            covariance, views = data["covariances"][number], data["views"][number]
            weight = jnp.where(self._has_heard(heard), weight, 0.0)

            def objective(w: Array, batch: Array) -> Array:
                return linear_alignment.loss(w, covariance) + weight * self._alignment(batch @ w.T, heard)

            def step(k: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
                w, total = carry
                batch = views[k % len(views)]
                return w - data["step_size"] * jax.grad(objective)(w, batch), total + batch @ w.T

            nothing = jnp.zeros((views.shape[1], model.shape[0]), model.dtype)
            trained, total = jax.lax.fori_loop(0, self.local_steps, step, (model, nothing))
            last = views[(self.local_steps - 1) % len(views)]
            sent = total / self.local_steps if self.variant == "released" else last @ trained.T
            return trained, self._message(sent, number, data)

        heard = {"embeddings": params["embeddings"], "shares": params["shares"]}
        trained, messages = jax.vmap(train)(params["model"], heard, weights, numbers)
        kept = {"selections": local["selections"] + 1}
        if self.keeps_start:
            return {"model": params["model"], **messages}, {**kept, "trained": trained}
        return {"model": trained, **messages}, kept

    def silence(self, n_clients: int, batch: int, feature_dim: int) -> dict[str, Float[Array, "..."]]:
        """The messages before the first round: zeros, of the shapes that this variant sends."""
        slots = (n_clients,) if self.variant == "corrected" else ()
        return {
            "embeddings": jnp.zeros((n_clients, *slots, batch, feature_dim)),
            "shares": jnp.zeros((n_clients, *slots)),
        }

    def _has_heard(self, heard: PyTree) -> Array:
        return jnp.sum(heard["shares"]) > 0

    def _alignment(self, z: Array, heard: PyTree) -> Array:
        shares = heard["shares"]
        safe = jnp.where(shares > 0, shares, 1.0)
        received = heard["embeddings"] / safe.reshape((*safe.shape, 1, 1))
        if self.variant == "corrected":
            return mixture_mmd(z, received, shares, self.bandwidth)
        return a_mmd(z, received, self.bandwidth, self.variant)

    def _message(self, sent: Array, number: Array, data: PyTree) -> dict[str, Array]:
        if self.variant == "corrected":
            own = jax.nn.one_hot(number, len(data["units"]), dtype=sent.dtype)
            return {"embeddings": own[:, None, None] * sent[None], "shares": own}
        return {"embeddings": data["units"][number] * sent, "shares": data["units"][number]}


@dataclass(frozen=True)
class PopulationMarUpdate:
    """E exact steps when client i's embeddings are Gaussian of covariance W_i S_i W_i^T: no sampling, fixed bandwidth.

    pooled: z-bar is the mixture of the senders'. averaged: it is their slot-by-slot average, whose covariance is
    sum_j M_ij^2 A_j. `data`: covariances X_i of the loss, second_moments S_i, step_size, weight, bandwidth.
    """

    local_steps: int
    reading: Literal["pooled", "averaged"] = "pooled"

    def __call__(self, params: PyTree, local: PyTree, data: PyTree, clients: Array | None, key: Array):
        numbers = jnp.arange(len(params["model"])) if clients is None else clients

        def train(model: Array, pool: Array, shares: Array, number: Array):
            covariance, moment = data["covariances"][number], data["second_moments"][number]
            weight = jnp.where(jnp.sum(shares) > 0, data["weight"], 0.0)
            received = pool / jnp.where(shares > 0, shares, 1.0)[:, None, None]
            if self.reading == "averaged":
                received, shares = jnp.einsum("j,jab->ab", shares**2, received)[None], jnp.ones(1)

            def step(_: Array, w: Array) -> Array:
                force = alignment_force(w @ moment @ w.T, received, shares, data["bandwidth"])
                return w - data["step_size"] * (linear_alignment.gradient(w, covariance) + weight * force @ w @ moment)

            trained = jax.lax.fori_loop(0, self.local_steps, step, model)
            own = jax.nn.one_hot(number, len(data["covariances"]), dtype=trained.dtype)
            return trained, own[:, None, None] * (trained @ moment @ trained.T)[None], own

        trained, pool, shares = jax.vmap(train)(params["model"], params["pool"], params["shares"], numbers)
        return {"model": trained, "pool": pool, "shares": shares}, local

    def silence(self, n_clients: int, feature_dim: int) -> dict[str, Float[Array, "..."]]:
        """The messages before the first round: zeros."""
        return {
            "pool": jnp.zeros((n_clients, n_clients, feature_dim, feature_dim)),
            "shares": jnp.zeros((n_clients, n_clients)),
        }
