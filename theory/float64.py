"""The one place of `theory` where JAX is imported and set up: whoever computes with its arrays imports this first.

Verification is in float64: without it round-off (1e-7) would hide deficits of 1e-6. A `Setting` is a pytree, its sizes
static and its reals traced.
"""

import jax

from theory.setting import Setting

jax.config.update("jax_enable_x64", True)
jax.tree_util.register_dataclass(
    Setting,
    data_fields=["tau", "mu", "mask_ratio", "augmentation_std", "rare_fraction"],
    meta_fields=["n_clients", "dim", "feature_dim", "samples_per_client"],
)
