"""What is claimed: formulas, symbolic first and jitted second. No randomness, no files, no clock.

Verification is in float64: without it round-off (1e-7) would hide deficits of 1e-6.
"""

import jax

jax.config.update("jax_enable_x64", True)
