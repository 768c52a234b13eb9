"""Fine-tuning: supervised training of a pre-trained encoder with a linear head."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Integer, UInt8

from sims.pretraining.encoders import Encoder, PyTree


@dataclass(frozen=True)
class FineTuning:
    """AdamW with a rate that rises for a tenth of the steps and falls as a cosine; only matrices decay, not biases.

    Source: he2022, A.1 (end-to-end fine-tuning), less its augmentations and layer-wise decay of the rate; epochs and
    batch as in chen2026, Table 3. Units: the highest rate is base_rate x batch / 256.
    Errors: ValueError for less than one epoch or image, a rate that is not positive, or a negative decay.
    """

    epochs: int = 50
    batch: int = 256
    base_rate: float = 1e-3
    weight_decay: float = 0.05

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1:
            raise ValueError(f"At least one epoch and image were wanted; got {self}. Raise both to 1.")
        if not (np.isfinite([self.base_rate, self.weight_decay]).all() and self.base_rate > 0 <= self.weight_decay):
            raise ValueError(f"A positive rate and a decay of at least 0 were wanted; got {self}. Start from 1e-3, 0.")


def fine_tuned(
    encoder: Encoder,
    params: PyTree,
    images: UInt8[np.ndarray, "n height width channels"],
    labels: Integer[np.ndarray, " n"],
    n_classes: int,
    seed: int,
    how: FineTuning,
) -> tuple[PyTree, float]:
    """{"encoder": ..., "head": {"kernel", "bias"}} after training, and the loss on the last batch.

    The head starts at zero. An incomplete last batch of an epoch is left out; fewer images than a batch are one batch.
    """
    model = {
        "encoder": params,
        "head": {
            "kernel": jnp.zeros((encoder.feature_dim, n_classes), jnp.float32),
            "bias": jnp.zeros((n_classes,), jnp.float32),
        },
    }
    batch = min(how.batch, len(images))
    per_epoch = len(images) // batch
    steps = how.epochs * per_epoch
    schedule = optax.warmup_cosine_decay_schedule(0.0, how.base_rate * batch / 256, steps // 10, steps)
    # In the middle of each step, so that neither the first nor the last has rate zero.
    rates = np.asarray(schedule(np.arange(steps) + 0.5), np.float32)
    rng = np.random.default_rng([seed, 1])
    order = np.stack([rng.permutation(len(images))[: per_epoch * batch] for _ in range(how.epochs)])
    state, loss = _optimiser(how.weight_decay).init(model), jnp.float32(0)
    # A Python loop, not a scan: on a CPU convolutions inside a scan fall to a naive kernel.
    for chosen, rate in zip(order.reshape(steps, batch), rates, strict=True):
        drawn = images[chosen], labels[chosen].astype(np.int32)
        model, state, loss = _step(encoder, how.weight_decay, model, state, *drawn, rate)
    return model, float(loss)


def _optimiser(weight_decay: float) -> optax.GradientTransformation:
    matrices = partial(jax.tree.map, lambda leaf: leaf.ndim > 1)
    return optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(weight_decay, matrices))


@partial(jax.jit, static_argnames=("encoder", "weight_decay"))
def _step(
    encoder: Encoder, weight_decay: float, model: PyTree, state: PyTree, images: Array, labels: Array, rate: Array
) -> tuple[PyTree, PyTree, Array]:
    def loss(model: PyTree) -> Array:
        found = encoder.features(model["encoder"], images.astype(jnp.float32) / 255)
        scores = found @ model["head"]["kernel"] + model["head"]["bias"][None, :]
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(scores, labels))

    value, slope = jax.value_and_grad(loss)(model)
    # The rate is traced: training of any length shares one compilation.
    updates, state = _optimiser(weight_decay).update(slope, state, model)
    return optax.apply_updates(model, jax.tree.map(lambda u: -rate * u, updates)), state, value
