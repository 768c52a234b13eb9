"""Sweeps of trainings: seeds x heterogeneity x step sizes x networks, compiled once, stored in parts, resumable.

A part is one (seed, level, step): all networks train on its covariances. Parts go over cores or fill an accelerator, as
`sims.placement` decides; nothing depends on how many go together.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sims import placement
from sims.linear import heterogeneity, metrics, objective
from sims.linear.sweep_store import SweepStore
from sims.linear.training import LinearUpdate
from sims.linear.trajectory import Recorded, Recorder, preserved_weights
from sims.rounds import engine
from theory.networks.mixing import mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology

PyTree = Any


@dataclass(frozen=True)
class Sweep:
    """What is swept. `steps` are shares of the largest step size that is known to be safe for a part's covariances.

    `family`: exchangeable covariances with levels in [0, 1], or label_skew with levels as Dirichlet concentrations.
    """

    topologies: tuple[str, ...]
    levels: tuple[float, ...]
    n_seeds: int
    n_clients: int = 20
    dim: int = 128
    feature_dim: int = 20
    rounds: int = 1000
    n_records: int = 20
    mixing: Rule = "metropolis"
    local_steps: int = 1
    steps: tuple[float, ...] = (0.5,)
    family: Literal["exchangeable", "label_skew"] = "exchangeable"

    def __post_init__(self) -> None:
        if not self.topologies or not self.levels or not self.steps or self.n_seeds < 1:
            raise ValueError(
                f"A sweep has a network, a level, a step and a seed at least; got {len(self.topologies)} networks, "
                f"{len(self.levels)} levels, {len(self.steps)} steps and n_seeds={self.n_seeds}."
            )
        if not 1 <= self.n_records <= self.rounds or self.rounds % self.n_records:
            raise ValueError(f"n_records divides rounds={self.rounds} evenly; got n_records={self.n_records}.")
        if not all(step > 0 for step in self.steps):
            raise ValueError(f"Steps are positive shares of the safe step size; got steps={self.steps}.")

    @property
    def client_steps(self) -> int:
        """How many gradient steps the whole takes, over all clients."""
        runs = len(self.parts()) * len(self.topologies)
        return runs * self.rounds * self.local_steps * self.n_clients

    def parts(self) -> list["Part"]:
        """Every (seed, level, step)."""
        sizes = (self.n_seeds, len(self.levels), len(self.steps))
        return [Part(*numbers) for numbers in itertools.product(*map(range, sizes))]


class Part(NamedTuple):
    """One seed, the number of one level and that of one step."""

    seed: int
    level: int
    step: int = 0

    @property
    def name(self) -> str:
        """Its name in the store."""
        return f"seed{self.seed:05d}-level{self.level:03d}-step{self.step:03d}"


def run_sweep(
    sweep: Sweep,
    store: SweepStore,
    progress: Callable[[int, int], None] | None = None,
    parts_at_once: int | None = None,
) -> None:
    """Trains every part that the store lacks. `progress(done, all)` is called after each batch of parts; what it raises
    (an interrupt, say) stops the sweep, and a later call goes on from there.
    """
    parts = sweep.parts()
    missing = [part for part in parts if not store.has(part.name)]
    size = placement.n_devices() * max(1, (parts_at_once or placement.n_devices()) // placement.n_devices())
    train = trainer(sweep)
    if progress is not None:
        progress(len(parts) - len(missing), len(parts))
    for first in range(0, len(missing), size):
        batch = missing[first : first + size]
        for part, arrays in zip(batch, train(batch, size), strict=True):
            store.put(part.name, arrays)
        if progress is not None:
            progress(len(parts) - len(missing) + first + len(batch), len(parts))


def trainer(sweep: Sweep) -> Callable[[list[Part], int], Iterator[dict[str, np.ndarray]]]:
    """What trains a batch of parts, padded to `size` so that one compilation serves all batches.

    Arrays of a part, by network (first axis): consensus_pre_mix, consensus_post_mix, mean_model_subspace_error (over
    records), local_subspace_error_squared (of the models before the last mixing), diverged.
    """
    networks = [mixing_matrix(topology(name, sweep.n_clients), sweep.mixing) for name in sweep.topologies]
    matrices = jnp.asarray(np.stack(networks))
    weights = np.stack([preserved_weights(m[None]) for m in networks])
    compiled = jax.jit(placement.over_problems(partial(_one_part, sweep, matrices, jnp.asarray(weights))))

    def train(batch: list[Part], size: int) -> Iterator[dict[str, np.ndarray]]:
        padded = batch + batch[-1:] * (size - len(batch))
        x = np.stack([covariances(sweep, part) for part in padded])
        safe = np.array([objective.stable_step_size(one) for one in x])
        steps = safe * np.array([sweep.steps[part.step] for part in padded])
        starts = np.stack(
            [objective.random_start(p.seed, one, sweep.feature_dim) for p, one in zip(padded, x, strict=True)]
        )
        records, last, is_finite = compiled(jnp.asarray(starts), jnp.asarray(x), jnp.asarray(steps))
        for i in range(len(batch)):
            yield _measured(jax.tree.map(lambda a, i=i: np.asarray(a[i]), (records, last, is_finite)), x[i], weights)

    return train


def covariances(sweep: Sweep, part: Part) -> Float[np.ndarray, "clients dim dim"]:
    """The covariances of a part."""
    family = {"exchangeable": heterogeneity.exchangeable, "label_skew": heterogeneity.label_skew}[sweep.family]
    return family(part.seed, sweep.n_clients, sweep.dim, sweep.feature_dim, sweep.levels[part.level])


def labelled(sweep: Sweep, store: SweepStore) -> dict[str, np.ndarray]:
    """Everything in the store, over (seed, level, step, topology, ...): NaN (False for flags) where a part is missing.

    `finished` (seed, level, step) says which are there.
    """
    shape = (sweep.n_seeds, len(sweep.levels), len(sweep.steps))
    out: dict[str, np.ndarray] = {"finished": np.zeros(shape, bool)}
    for part in sweep.parts():
        if not store.has(part.name):
            continue
        out["finished"][part] = True
        for name, values in store.get(part.name).items():
            empty = False if values.dtype == bool else np.nan
            out.setdefault(name, np.full((*shape, *values.shape), empty, values.dtype))[part] = values
    return out


def spec(sweep: Sweep) -> dict[str, Any]:
    """What a store is told of the sweep."""
    return asdict(sweep)


def _one_part(
    sweep: Sweep, matrices: Array, weights: Array, start: Array, covariances: Array, step: Array
) -> tuple[Recorded, Array, Array]:
    """Records, last models before mixing, and whether all is finite, for every network on one part's covariances."""
    lengths = jnp.full(sweep.n_records, sweep.rounds // sweep.n_records)
    plan = engine.Plan()
    begin = engine.start(start, sweep.n_clients)

    def on_network(matrix: Array, mean_weights: Array) -> tuple[Recorded, Array, Array]:
        data = {"covariances": covariances, "step_size": step, "gradient_noise": 0.0, "mean_weights": mean_weights}
        state, views, records = engine.chunk(
            LinearUpdate(sweep.local_steps),
            Recorder(plan.order, plan.push_sum),
            plan,
            begin,
            engine.unseen(begin, plan),
            data,
            matrix[None],
            jnp.asarray(0.0),
            jax.random.key(0),
            lengths,
        )
        return records, views.pre_mix, state.is_finite

    return placement.in_turn(on_network)(matrices, weights)


def _measured(
    found: tuple[Recorded, np.ndarray, np.ndarray], x: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    records, last, is_finite = found
    feature_dim = last.shape[-2]
    errors, local = [], []
    for mean_models, models, v in zip(records.mean_model, last, weights, strict=True):
        target = metrics.top_projector(np.einsum("n,nab->ab", v, x), feature_dim)
        errors.append(np.asarray(metrics.subspace_error(mean_models, target)))
        local.append(float(metrics.local_subspace_error_squared(models, target)))
    return {
        "consensus_pre_mix": np.asarray(records.consensus_pre_mix),
        "consensus_post_mix": np.asarray(records.consensus_post_mix),
        "mean_model_subspace_error": np.stack(errors),
        "local_subspace_error_squared": np.array(local),
        "diverged": ~is_finite,
    }
