"""Every annotated shape is checked at run time, and JAX may not silently broadcast ranks."""

from collections.abc import Iterator

import pytest
from jaxtyping import install_import_hook

with install_import_hook(["theory", "sims"], "beartype.beartype"):
    import sims  # noqa: F401
    import theory  # noqa: F401

import jax


@pytest.fixture(autouse=True)
def _strict_ranks() -> Iterator[None]:
    with jax.numpy_rank_promotion("raise"):
        yield
