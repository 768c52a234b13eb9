"""Every method trains the same models in turn, as on a CPU, and in groups at once, as on an accelerator."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.pretraining import methods
from runtime.usage import UsageError
from sims.images import partitions
from sims.placement import beside
from sims.pretraining.client_training import ClientTraining
from sims.pretraining.descent import Descent
from sims.pretraining.encoders.presets import encoder
from sims.pretraining.methods import Method
from sims.pretraining.training import hold, start
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

N = 4
LABELS = np.repeat(np.arange(4), 12)
IMAGES = np.random.default_rng(0).integers(0, 256, (len(LABELS), 28, 28, 1)).astype(np.uint8)
SPLIT = partitions.dirichlet(LABELS, N, 0.5, 0)
RING = mixing_matrix(topology("ring", N))
# Plain steps: AdamW's first ones are signs of gradients, which round-off turns where they vanish.
DESCENT = Descent("sgd", 0.01, weight_decay=0.0, batch_size=6, steps=2, warm_up=0.0)
OPTIONS = {"orchestra": (("local_clusters", "4"),)}  # as few as a batch has images for


def made(name: str) -> Method:
    """In the encoder that is compiled soonest."""
    for kind in ("linear", "vit", "resnet"):
        try:
            return methods.build(
                name, encoder(kind, "ci"), OPTIONS.get(name, ()), horizon=3.0, most_heard=2, patch_size=7
            )
        except UsageError:
            continue
    raise AssertionError(f"{name} trains no encoder")


@pytest.mark.parametrize("name", methods.names())
def test_in_turn_and_in_groups_train_the_same_models(name):
    """Two rounds on a ring without mixing, so that the second hears what was sent and kept in the first."""
    method, data = made(name), hold(IMAGES, SPLIT, 3, mixing=RING)
    in_turn = ClientTraining(method, DESCENT, "loop")
    in_groups = ClientTraining(method, DESCENT, "vmap", most_steps=2, at_once=2)
    params, kept = beside(start(in_turn, jax.random.key(0), IMAGES, data), data)
    models = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (N, *leaf.shape[1:])), params)
    one = other = models, kept
    compiled = jax.jit(lambda models, kept, key: in_groups(models, kept, data, None, key))
    for number in range(2):
        key = jax.random.key(number)
        one, other = in_turn(*one, data, None, key), compiled(*other, key)
        for a, b in zip(jax.tree.leaves(other), jax.tree.leaves(one), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)
    moved = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), one[0], models)
    assert max(jax.tree.leaves(moved)) > 1e-4
