"""One way to pre-train, timed on request: reads a JSON line with what to time, answers with seconds. Needs numpy alone.

`pretraining_peers` starts one such process for each set of devices and asks them in turn. PyTorch is no dependency:
what is not installed is answered as missing.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SIDE = 28
RETURNS_FREED = "RETURNS_FREED"  # in the environment of a process that is to leave freed memory to the C library
# What a round answers; and what is known before it, the same for every round.
Prepared = tuple[Callable[[], dict[str, float]], dict[str, float]]


def images_and_clients(n_clients: int, n_images: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Random images in the shape of Fashion-MNIST, and whose they are; the same in every process."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n_clients * n_images, SIDE, SIDE, 1), dtype=np.uint8)
    return images, list(np.arange(n_clients * n_images).reshape(n_clients, n_images))


def build(method: str, encoder: str) -> Any:
    """Our method in the laptop preset of the encoder."""
    from sims.pretraining.encoders import presets
    from sims.pretraining.methods.mae import Mae
    from sims.pretraining.methods.simsiam import SimSiam

    chosen: Any = presets.encoder(encoder, "laptop")
    return Mae(chosen, mask_ratio=0.75) if method == "mae" else SimSiam(chosen)


def ours(form: str, method: str, encoder: str, n_clients: int, n_images: int, descent: dict[str, Any]) -> Prepared:
    """The engine in one form, the data and the start in place, as `sims.pretraining.training.pretrain` calls it."""
    import jax

    from runtime import memory
    from sims.images.partitions import Partition
    from sims.pretraining import training
    from sims.pretraining.client_training import ClientTraining
    from sims.pretraining.descent import Descent
    from sims.rounds import engine

    if RETURNS_FREED not in os.environ:
        memory.keep_freed()  # as `dssl` does
    images, clients = images_and_clients(n_clients, n_images)
    partition = Partition(tuple(clients), np.full((n_clients, 1), n_images))
    chosen, how = build(method, encoder), Descent(**descent)
    if form == "collapsed" and not training.can_collapse(chosen, how):
        raise ValueError(f"{chosen} cannot collapse under {how}.")
    steps = how.steps or how.epochs * max(1, n_images // how.batch_size)
    update = ClientTraining(chosen, how, form, steps if form == "vmap" else 1)  # pyright: ignore[reportArgumentType]
    key_model, key_rounds = jax.random.split(jax.random.key(0))
    data = training.hold(images, partition, 1)
    start, kept = training.start(update, key_model, images, data)
    weights = np.broadcast_to(partition.weights, (n_clients, n_clients))

    def run() -> dict[str, float]:
        done = engine.run(update, start, weights, 1, data=data, local=kept, key=key_rounds)
        pairs = zip(jax.tree.leaves(jax.block_until_ready(done.post_mix)), jax.tree.leaves(start), strict=True)
        moved = math.sqrt(sum(float(np.sum((np.asarray(a) - np.asarray(b)) ** 2)) for a, b in pairs))
        loss = float(np.mean(np.asarray(done.state.local.loss)))
        return {"steps": n_clients * steps, "moved": moved, "loss": loss}

    return run, {"parameters": sum(leaf[0].size for leaf in jax.tree.leaves(start))}


def step_flops(method: str, encoder: str, batch_size: int) -> int:
    """Operations in the matrix products of one batch's loss and gradient."""
    from dataclasses import replace

    import jax
    import jax.numpy as jnp

    chosen = build(method, encoder)
    if hasattr(chosen.encoder, "convolution"):  # counted as products; either form does the same
        chosen = replace(chosen, encoder=replace(chosen.encoder, convolution="im2col"))
    key, batch = jax.random.key(0), jnp.zeros((batch_size, SIDE, SIDE, 1), jnp.float32)
    params = jax.eval_shape(lambda: chosen.init(key, batch.shape[1:]))
    # Neither method looks at what others sent.
    loss: Any = lambda params: chosen.loss(params, {}, batch, None, key)  # noqa: E731
    return product_flops(jax.make_jaxpr(jax.grad(loss))(params).jaxpr)


def product_flops(jaxpr: Any) -> int:
    """Two for each multiplication of matrices in a jaxpr and what it calls; products with one vector are left out.

    Errors: ValueError for convolutions, and for products in loops of unknown length or in branches.
    """
    total = 0
    for equation in jaxpr.eqns:
        name, inner = equation.primitive.name, 0
        if name == "conv_general_dilated":
            raise ValueError("A convolution is not counted; write it as a product (im2col).")
        if name == "dot_general":
            (contracted, _), (batch, _) = equation.params["dimension_numbers"]
            left, right = (operand.aval.shape for operand in equation.invars)
            depth, copies = (math.prod(left[i] for i in axes) for axes in (contracted, batch))
            rows, columns = (math.prod(shape) // (depth * copies) for shape in (left, right))
            total += 2 * copies * rows * depth * columns if min(rows, depth, columns) > 1 else 0
        for value in equation.params.values():
            for one in value if isinstance(value, tuple | list) else (value,):
                called = getattr(one, "jaxpr", one)
                inner += product_flops(called) if hasattr(called, "eqns") else 0
        if inner and name in ("while", "cond"):
            raise ValueError(f"How often products in a {name} are computed is not known.")
        total += inner * (equation.params["length"] if name == "scan" else 1)
    return total


def torch_clients(
    method: str,
    encoder: str,
    n_clients: int,
    n_images: int,
    descent: dict[str, Any],
    sizes: dict[str, Any],
    threads: int,
    channels_last: bool = False,
) -> Prepared:
    """PyTorch, one client after the other, with so many threads in each operation."""
    import torch  # pyright: ignore[reportMissingImports]

    from benchmarks import pretraining_torch

    images, clients = images_and_clients(n_clients, n_images)
    sequence, facts = pretraining_torch.prepared(
        images, clients, method=method, sizes=sizes, descent=descent, channels_last=channels_last
    )

    def run() -> dict[str, float]:
        torch.set_num_threads(threads)
        return sequence()

    return run, facts


def ceiling(size: int, repeats: int) -> Prepared:
    """NumPy's product of two square float32 matrices: what the machine can do."""
    a = np.random.default_rng(0).standard_normal((size, size), np.float32)

    def run() -> dict[str, float]:
        for _ in range(repeats):
            np.matmul(a, a)
        return {}

    return run, {"flops": 2 * size**3 * repeats}


WAYS: dict[str, Callable[..., Prepared]] = {"ours": ours, "torch": torch_clients, "ceiling": ceiling}


def main() -> None:
    """Answers requests until standard input ends; every way runs once, compiling, before it is timed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--virtual-devices", action="store_true")
    options = parser.parse_args()
    if options.virtual_devices:
        from sims import placement

        placement.use_cores(options.cores)
    ready: dict[str, Prepared] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if line not in ready:
            try:
                ready[line] = WAYS[request["way"]](**request["arguments"])
            except ImportError as error:
                print(json.dumps({"missing": str(error)}), flush=True)
                continue
            ready[line][0]()
        run, facts = ready[line]
        wall, cpu = time.perf_counter(), time.process_time()
        answer = run()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps({"wall": wall, "cpu": cpu, **facts, **answer}), flush=True)


if __name__ == "__main__":
    main()
