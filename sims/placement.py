"""Batching of work, decided in this one place: spread over cores on a CPU, all at once on an accelerator.

Measured on a CPU: problems one after the other (`lax.map`) beat `vmap` two to one, since a whole problem stays in
cache, and one virtual device a core beats threads inside a product. On an accelerator a batch fills the machine.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, SingleDeviceSharding

PyTree = Any
# With fewer numbers in all models together, talking between devices costs more than sharing the work gives.
LEAST_TO_SHARE = 1 << 15
_USABLE = 0.9  # of an accelerator's memory: the rest is lost between its pieces


def use_cores(n_cores: int) -> None:
    """Make one virtual device a core; call it before anything is computed.

    Errors: ValueError when JAX has started with another number of devices.
    """
    try:
        jax.config.update("jax_num_cpu_devices", n_cores)
    except RuntimeError:
        if n_devices() != n_cores:
            raise ValueError(
                f"{n_cores} devices were wanted, but JAX runs on {n_devices()} already. Call use_cores first."
            ) from None


def is_accelerated() -> bool:
    """Whether work runs on something other than a CPU."""
    return jax.default_backend() != "cpu"


def n_devices() -> int:
    """How many devices share the work."""
    return len(jax.devices())


def fitting(n_works: int, bytes_each: Callable[[], int], bytes_held: int) -> int:
    """How many of `n_works` equal works this kind of device holds at once beside `bytes_held`; at least one.

    Told by the device's memory and the compiled program alone, not by what is free just now: how work is cut decides
    the order of sums, which is to be the same when training goes on after a break. All, where a device does not tell
    its memory, as CPUs do not; `bytes_each` is then not asked.
    """
    memory = _memory()
    if memory is None:
        return n_works
    room = _USABLE * memory - bytes_held
    return max(1, min(n_works, int(room // max(1, bytes_each()))))


def over_clients(tree: PyTree, n_clients: int) -> PyTree:
    """`tree` with every array that leads with the clients spread over the devices, when they divide evenly.

    Results do not change: only where products are computed does, and mixing then gathers the models.
    """
    if not can_share(n_clients):
        return tree
    mesh = _mesh()

    def placed(leaf: Any) -> Any:
        leads = np.ndim(leaf) > 0 and np.shape(leaf)[0] == n_clients
        return jax.device_put(leaf, NamedSharding(mesh, PartitionSpec("work") if leads else PartitionSpec()))

    return jax.tree.map(placed, tree)


def beside(tree: PyTree, data: PyTree) -> PyTree:
    """`tree` on the device that `data` was put on, if it was on one: what is computed from both is there as well.

    A compiled function that is given its own results, put on a device, where it was first given arrays that may be
    anywhere is compiled again.
    """
    put = [leaf.sharding for leaf in jax.tree.leaves(data) if getattr(leaf, "committed", False)]
    # Data that a caller has spread say nothing of where a number belongs.
    return jax.device_put(tree, put[0]) if put and isinstance(put[0], SingleDeviceSharding) else tree


def can_share(n_clients: int) -> bool:
    """Whether there are several devices and they divide the clients evenly."""
    return n_devices() > 1 and n_clients % n_devices() == 0


def is_worth_sharing(params: PyTree, n_clients: int) -> bool:
    """Whether rounds are faster with clients on all devices: measured on two cores, see `benchmarks/RESULTS.md`."""
    return can_share(n_clients) and sum(np.size(leaf) for leaf in jax.tree.leaves(params)) >= LEAST_TO_SHARE


def in_parts(one: Callable[..., PyTree], is_cut: PyTree, comes_cut: PyTree) -> Callable[..., PyTree]:
    """`one` on every device's own clients; both trees say with True which arguments and results lead with clients.

    Inside, `mix_parts` and `mean_of_parts` talk to the others. Told what crosses, two cores take a third less time a
    round than when the compiler decides.
    """

    def specs(tree: PyTree) -> PyTree:
        return jax.tree.map(lambda leads: PartitionSpec("work") if leads else PartitionSpec(), tree)

    return jax.shard_map(one, mesh=_mesh(), in_specs=specs(is_cut), out_specs=specs(comes_cut), check_vma=False)


def mix_parts(leaf: jax.Array, mixing: jax.Array) -> jax.Array:
    """This device's rows of mixing @ leaf, all clients' models, of which it has its own."""
    own = jax.lax.dynamic_slice_in_dim(mixing, jax.lax.axis_index("work") * leaf.shape[0], leaf.shape[0], axis=1)
    return jax.lax.psum_scatter(jax.numpy.tensordot(own, leaf, axes=1), "work", tiled=True)


def mean_of_parts(leaf: jax.Array, weights: jax.Array) -> jax.Array:
    """The weighted sum over all clients' models, of which this device has its own."""
    own = jax.lax.dynamic_slice_in_dim(weights, jax.lax.axis_index("work") * leaf.shape[0], leaf.shape[0])
    return jax.lax.psum(jax.numpy.tensordot(own, leaf, axes=1), "work")


def over_problems(one: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """`one` over the leading axis of all its arguments: in turn on each core, or all at once on an accelerator.

    On several devices their number must divide that of the problems.
    """
    every = in_turn(one)
    if n_devices() == 1:
        return every
    spread = PartitionSpec("work")
    # No device talks to another: each problem is its own, so there is nothing for the check of replication to find.
    return jax.shard_map(every, mesh=_mesh(), in_specs=spread, out_specs=spread, check_vma=False)


def in_turn(one: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """`one` over the leading axis of all its arguments on one device: in turn on a CPU core, else all at once."""
    if is_accelerated():
        return jax.vmap(one)
    return lambda *args: jax.lax.map(lambda a: one(*a), args)


def _memory() -> int | None:
    """Bytes that a device may use, where it tells."""
    return (jax.devices()[0].memory_stats() or {}).get("bytes_limit")


def _mesh() -> Mesh:
    return Mesh(np.array(jax.devices()), ("work",))
