"""Forty steps on sixteen images of stripes, for methods of all kinds."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest


class Overfit:
    """Losses of forty steps from the start, on the same sixteen images with the same key, and the model after."""

    def __init__(self, side: int) -> None:
        rng = np.random.default_rng(4)
        places = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"))
        waves, phases = rng.uniform(-0.2, 0.2, (16, 2)), rng.uniform(0, 2 * np.pi, 16)
        images = 0.5 + 0.5 * np.sin(np.tensordot(waves, places, 1) + phases[:, np.newaxis, np.newaxis])
        self.images = jnp.asarray(images[..., np.newaxis], jnp.float32)
        self.variance = float(jnp.var(self.images))

    def __call__(self, method, optimiser):
        @jax.jit
        def step(params, state):
            # One key: the same masks or views in each step.
            key = jax.random.key(2)
            loss, slope = jax.value_and_grad(lambda p: method.loss(p, {}, self.images, None, key))(params)
            updates, state = optimiser.update(slope, state, params)
            return optax.apply_updates(params, updates), state, loss

        params = jax.jit(method.init, static_argnums=1)(jax.random.key(1), self.images.shape[1:])
        state, losses = optimiser.init(params), []
        for _ in range(40):
            params, state, loss = step(params, state)
            losses.append(float(loss))
        return losses, params


@pytest.fixture
def overfit(request: pytest.FixtureRequest) -> Overfit:
    return Overfit(request.module.SHAPE[0])
