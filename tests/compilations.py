"""How often JAX has compiled a function, which its public types do not tell."""

from typing import Any


def compilations(function: Any) -> int:
    """The number of programs that are kept of a jitted function."""
    return function._cache_size()
