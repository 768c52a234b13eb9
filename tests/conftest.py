"""Every annotated shape is checked at run time, and JAX may not silently broadcast ranks."""

import os
import tempfile
from collections.abc import Iterator

# One thread a process, before numpy is loaded: the tests are the parallelism, and small matrices on many threads are
# slower by an order of magnitude.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# What this process or one that it starts has compiled is not compiled again. A folder for each worker: JAX writes its
# entries in place, so that another reader may find half of one.
_programs = tempfile.TemporaryDirectory(prefix="compiled-")
os.environ |= {"JAX_COMPILATION_CACHE_DIR": _programs.name, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}

import pytest  # noqa: E402
from jaxtyping import install_import_hook  # noqa: E402

with install_import_hook(["theory", "sims"], "beartype.beartype"):
    import sims  # noqa: F401
    import theory  # noqa: F401

import jax  # noqa: E402
from hypothesis import settings  # noqa: E402

from sims import memory  # noqa: E402

# The same examples everywhere: a red test is red for whoever runs it next.
settings.register_profile("same-everywhere", derandomize=True, deadline=None)
settings.load_profile("same-everywhere")


@pytest.fixture(autouse=True)
def _memory_is_given_back() -> Iterator[None]:
    yield
    memory.return_freed()  # commands that train keep what is freed, and a test calls them in its own process


@pytest.fixture(autouse=True, scope="module")
def _programs_are_dropped() -> Iterator[None]:
    """With those of all modules, which hardly share any, a worker would grow to gigabytes."""
    yield
    jax.clear_caches()


@pytest.fixture(autouse=True)
def _strict_ranks() -> Iterator[None]:
    with jax.numpy_rank_promotion("raise"):
        yield
