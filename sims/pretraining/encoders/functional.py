"""Flax nnx modules as pure functions: parameters are nested dicts of arrays; the rest of a module is cached."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Key

Params = dict[str, Any]
Module = TypeVar("Module", bound=nnx.Module)


def initial(key: Key[Array, ""], module: Callable[..., nnx.Module], *settings: Any) -> Params:
    """Random parameters of `module(*settings, rngs=...)`, as plain nested dicts."""
    return nnx.to_pure_dict(nnx.state(module(*settings, rngs=nnx.Rngs(key)), nnx.Param))


def bound(params: Params, module: Callable[..., Module], *settings: Any, statistics: Params | None = None) -> Module:
    """The module with these parameters, to be called; `settings` are hashable and those of its initialisation.

    Batch statistics are those given, or zeros, for a module that does not read them.
    """
    static, unread = _static_part(module, *settings)
    if statistics is None:
        statistics = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), unread)
    return nnx.merge(static, params, statistics)


@lru_cache(maxsize=256)
def _static_part(module: Callable[..., nnx.Module], *settings: Any) -> tuple[Any, Params]:
    abstract = nnx.eval_shape(lambda: module(*settings, rngs=nnx.Rngs(0)))
    return nnx.graphdef(abstract), nnx.to_pure_dict(nnx.state(abstract, nnx.BatchStat))
