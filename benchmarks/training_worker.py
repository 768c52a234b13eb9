"""One way to train, timed on request: reads a JSON line with what to time, answers with seconds. Needs numpy alone.

`training_peers` starts one such process for each way of running and asks them in turn, so that a busy machine slows all
of them alike. PyTorch and FedJAX are no dependencies: what is not installed is answered as missing.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np

STEP = 1e-3


def problem(n: int, d: int, c: int) -> tuple[np.ndarray, np.ndarray]:
    """Covariances and one start for all clients, the same in every process."""
    rng = np.random.default_rng(0)
    g = rng.standard_normal((n, d, d)) / np.sqrt(d)
    return g @ g.transpose(0, 2, 1), np.repeat(0.1 * rng.standard_normal((1, c, d)), n, axis=0)


def mixing(n: int, network: str) -> np.ndarray:
    """Equal weights over a closed neighbourhood on a ring, or a server's mean."""
    if network == "server":
        return np.full((n, n), 1 / n)
    return sum(np.roll(np.eye(n), k, axis=1) for k in (-1, 0, 1)) / 3


def ours_collapsed(n: int, d: int, c: int, network: str, rounds: int) -> Callable[[], np.ndarray]:
    """`train` from arrays to arrays, which solves federated averaging with one step a round as one descent."""
    from sims.linear.training import train
    from sims.linear.training_options import TrainingOptions

    x, w = problem(n, d, c)
    m = mixing(n, network)

    def run() -> np.ndarray:
        return train(w, x, m, TrainingOptions(step_size=STEP, rounds=rounds, record_every=rounds)).post_mix

    return run


def ours_loop(n: int, d: int, c: int, network: str, rounds: int) -> Callable[[], np.ndarray]:
    """The engine alone, arrays already in place: what the peers' loops are compared with."""
    import jax
    import jax.numpy as jnp

    from sims import placement
    from sims.linear.training import LinearUpdate
    from sims.rounds import engine

    x, w = problem(n, d, c)
    data = placement.over_clients({"covariances": jnp.asarray(x), "step_size": STEP, "gradient_noise": 0.0}, n)
    start, update, m = placement.over_clients(jnp.asarray(w), n), LinearUpdate(), mixing(n, network)

    def run() -> np.ndarray:
        done = engine.run(update, start, m, rounds, data=data, record_every=rounds)
        return np.asarray(jax.block_until_ready(done.post_mix))

    return run


def torch_loop(n: int, d: int, c: int, network: str, rounds: int) -> Callable[[], np.ndarray]:
    """PyTorch as it is usually written: a loop over clients, loss, backward, step; then the mixing."""
    import torch

    x, w = (torch.from_numpy(a) for a in problem(n, d, c))
    m = torch.from_numpy(mixing(n, network))

    def run() -> np.ndarray:
        models = w.clone()
        for _ in range(rounds):
            trained = []
            for i in range(n):
                model = models[i].clone().requires_grad_(True)
                gram = model @ model.T
                loss = (gram * gram).sum() / 2 - ((model @ x[i]) * model).sum()
                loss.backward()
                with torch.no_grad():
                    trained.append(model - STEP * model.grad)
            models = torch.einsum("ij,jcd->icd", m, torch.stack(trained))
        return models.numpy()

    return run


def torch_bmm(n: int, d: int, c: int, network: str, rounds: int) -> Callable[[], np.ndarray]:
    """PyTorch with closed-form gradients of all clients in batched products, written by hand."""
    import torch

    x, w = (torch.from_numpy(a) for a in problem(n, d, c))
    m = torch.from_numpy(mixing(n, network))

    def run() -> np.ndarray:
        models = w
        for _ in range(rounds):
            slope = torch.bmm(torch.bmm(models, models.transpose(1, 2)), models) - torch.bmm(models, x)
            stepped = models - 2 * STEP * slope
            if network == "server":
                models = stepped.mean(0, keepdim=True).expand(n, c, d).contiguous()
            else:
                models = (m @ stepped.view(n, -1)).view(n, c, d)
        return models.numpy()

    return run


def fedjax_rounds(n: int, d: int, c: int, network: str, rounds: int) -> Callable[[], np.ndarray]:
    """FedJAX's federated averaging with one step a client a round; a client's one example is its covariance."""
    import jax
    import jax.numpy as jnp

    if not hasattr(jax, "tree_map"):  # FedJAX 0.0.17 calls it by the name it had
        jax.tree_map = jax.tree.map
    import fedjax

    if network != "server":
        raise ImportError("FedJAX has a server only")
    jax.config.update("jax_enable_x64", True)
    x, w = problem(n, d, c)

    def loss(params, batch, rng):
        gram = params @ params.T
        return jnp.sum(gram * gram) / 2 - jnp.sum((params @ batch["x"][0]) * params)

    algorithm = fedjax.algorithms.fed_avg.federated_averaging(
        jax.grad(loss),
        fedjax.optimizers.sgd(STEP),
        fedjax.optimizers.sgd(1.0),
        fedjax.ShuffleRepeatBatchHParams(batch_size=1, num_epochs=1),
    )
    clients = [(b"%d" % i, fedjax.ClientDataset({"x": x[i : i + 1]}), jax.random.PRNGKey(i)) for i in range(n)]

    def run() -> np.ndarray:
        state = algorithm.init(jnp.asarray(w[0]))
        for _ in range(rounds):
            state, _ = algorithm.apply(state, clients)
        return np.repeat(np.asarray(jax.block_until_ready(state.params))[None], n, axis=0)

    return run


def ceiling(size: int, repeats: int) -> Callable[[], np.ndarray]:
    """NumPy's product of two square matrices: what the machine can do."""
    a = np.random.default_rng(0).standard_normal((size, size))

    def run() -> np.ndarray:
        for _ in range(repeats):
            out = a @ a
        return out

    return run


WAYS = {
    "ours": ours_loop,
    "ours_collapsed": ours_collapsed,
    "torch_loop": torch_loop,
    "torch_bmm": torch_bmm,
    "fedjax": fedjax_rounds,
    "ceiling": ceiling,
}


def main() -> None:
    """Answers requests until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--virtual-devices", action="store_true")
    options = parser.parse_args()
    try:
        import torch

        torch.set_num_threads(options.cores)
    except ImportError:
        pass
    if options.virtual_devices:
        from sims import placement

        placement.use_cores(options.cores)
    prepared: dict[str, Callable[[], np.ndarray]] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if line not in prepared:
            try:
                prepared[line] = WAYS[request["way"]](**request["arguments"])
                prepared[line]()  # compiles
            except (ImportError, AttributeError) as error:  # not installed, or made for another JAX
                print(json.dumps({"missing": str(error)}), flush=True)
                continue
        wall, cpu = time.perf_counter(), time.process_time()
        result = prepared[line]()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps({"wall": wall, "cpu": cpu, "checksum": float(np.sum(result[0] ** 2))}), flush=True)


if __name__ == "__main__":
    main()
