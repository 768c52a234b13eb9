"""`dssl advise` against training, on random problems: `python -m benchmarks.advise_on_random_problems`.

Each problem draws clients, a network, an objective and a way to train. `advise` gets the second moments and the links
and names the best option, or none. Then every option is trained in plain loops of NumPy that share no code with
`advise`, from a random start, and the winner is the one whose clients end nearest to the objective's optimum. Problems
that are done are kept in `results/advise_on_random_problems.json`: a run that was stopped goes on.
"""

import itertools
import pathlib
import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.record import record
from runtime import store

RECORD = store.RESULTS / "advise_on_random_problems.json"
SCHEMA = 1
FAMILIES = ("any network", "one big client", "star", "directed", "label skew", "outlier")
ObjectiveName = Literal["equal-clients", "equal-samples"]
RuleName = Literal["uniform", "metropolis", "push_sum"]
OBJECTIVES: tuple[ObjectiveName, ...] = ("equal-clients", "equal-samples")
TWO_WAY: tuple[RuleName, ...] = ("uniform", "metropolis")
ONE_WAY: tuple[RuleName, ...] = ("uniform", "push_sum")
OPTIONS = ("server", "server-sampled", "network", "alone")
STEPS = (1, 2, 5, 10)
GAP = 0.05  # least gap of the objective's eigenvalues over the largest: without one there is no wanted subspace
LONGEST = 4000.0  # gradient steps in which a deviation may take to fall e-fold: slower problems are drawn again
SETTLING = 10  # such times, at first; then as many rounds again until the distances stand still
STILL = 1e-3  # relative change of a distance by as many rounds again
MOST_STEPS = 60_000  # gradient steps after which nobody waits for rest any more
LOOKED_AT = 150  # such times over which a server that samples is averaged, over its trainings
CHAINS = 8
RIGHT, GIVEN = 0.98, 0.70


@dataclass(frozen=True)
class Options:
    """`problems` from `seed` on; `json` keeps the record, and `record` adds its summary to RESULTS.md."""

    problems: int = 312
    seed: int = 0
    json: pathlib.Path = store.HERE / RECORD.name
    record: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False


@dataclass(frozen=True)
class Problem:
    """Clients, who hears whom (a row hears the columns), and how they train."""

    family: str
    moments: np.ndarray
    sizes: np.ndarray
    heard: np.ndarray
    rule: RuleName
    objective: ObjectiveName
    feature_dim: int
    step_size: float
    local_steps: int
    n_sampled: int

    @property
    def shares(self) -> np.ndarray:
        """The objective's weights."""
        n = len(self.sizes)
        return np.full(n, 1 / n) if self.objective == "equal-clients" else self.sizes / self.sizes.sum()

    def gap(self) -> tuple[float, float]:
        """The gap after the features kept, and the largest eigenvalue, of the objective's matrix."""
        values = np.linalg.eigvalsh(np.tensordot(self.shares, self.moments, 1))[::-1]
        return float(values[self.feature_dim - 1] - values[self.feature_dim]), float(values[0])

    def memory(self) -> float:
        """Rounds in which a deviation of the server's model falls e-fold."""
        return 1 / (2 * self.step_size * self.local_steps * self.gap()[0])


def problem(seed: int) -> Problem:
    """The problem of a seed; families take turns."""
    rng = np.random.default_rng([seed, 20261124])
    while True:
        found = _drawn(rng, FAMILIES[seed % len(FAMILIES)])
        gap, largest = found.gap()
        if gap > GAP * largest and found.memory() * found.local_steps < LONGEST:
            return found


def _drawn(rng: np.random.Generator, family: str) -> Problem:
    n, dim = int(rng.integers(3, 13)), int(rng.integers(4, 13))
    c = int(rng.integers(1, min(4, dim - 1) + 1))
    sizes = rng.integers(50, 400, n).astype(float)
    moments = _label_skew(rng, n, dim) if family == "label skew" else _turned(rng, n, dim, c)
    if family == "one big client":
        sizes[rng.integers(n)] *= 10 ** rng.uniform(0.5, 2)
    if family == "outlier":
        moments[rng.integers(n)] *= 10 ** rng.uniform(0.5, 1.5)
    heard, rule = _network(rng, family, n)
    largest = max(np.linalg.eigvalsh(m)[-1] for m in moments)
    return Problem(
        family,
        moments,
        sizes,
        heard,
        rule,
        OBJECTIVES[int(rng.choice(2))],
        c,
        float(10 ** rng.uniform(-1, 0) / (6 * largest)),
        int(rng.choice(STEPS)),
        int(rng.integers(1, n)),
    )


def _turned(rng: np.random.Generator, n: int, dim: int, c: int) -> np.ndarray:
    """One covariance with c large directions, sent through a map of each client's own."""
    spread = np.concatenate([rng.uniform(1.5, 4, c), rng.uniform(0.1, 1, dim - c)])
    maps = np.eye(dim) + 10 ** rng.uniform(-2, -0.2) * rng.standard_normal((n, dim, dim))
    return maps @ np.diag(spread) @ np.swapaxes(maps, 1, 2)


def _label_skew(rng: np.random.Generator, n: int, dim: int) -> np.ndarray:
    """Classes with second moments of their own, of which clients hold Dirichlet shares."""
    classes = int(rng.integers(3, 8))
    centres = 1.5 * rng.standard_normal((classes, dim))
    within = 0.3 * rng.standard_normal((classes, dim, dim)) / np.sqrt(dim)
    each = np.einsum("ka,kb->kab", centres, centres) + np.einsum("kab,kcb->kac", within, within) + 0.05 * np.eye(dim)
    return np.tensordot(rng.dirichlet(np.full(classes, 10 ** rng.uniform(-1, 1)), n), each, 1)


def _network(rng: np.random.Generator, family: str, n: int) -> tuple[np.ndarray, RuleName]:
    heard = np.zeros((n, n), dtype=bool)
    if family == "star":
        heard[0, 1:] = heard[1:, 0] = True
        return heard, TWO_WAY[int(rng.choice(2))]
    order = rng.permutation(n)
    if family == "directed":  # a ring one way, and chords
        heard[order, np.roll(order, 1)] = True
        heard |= (rng.random((n, n)) < 0.2) & ~np.eye(n, dtype=bool)
        return heard, ONE_WAY[int(rng.choice(2))]
    heard[order[1:], order[:-1]] = True
    heard |= np.triu(rng.random((n, n)) < rng.uniform(0, 0.6), 1)
    return heard | heard.T, TWO_WAY[int(rng.choice(2))]


def measured(p: Problem, seed: int) -> dict[str, float]:
    """The distance of every option at the end of plain training from one random start; inf where that diverges."""
    rng = np.random.default_rng([seed, 7])
    n, dim = p.moments.shape[:2]
    target = np.tensordot(p.shares, p.moments, 1)
    wanted = np.linalg.eigh(target)[1][:, -p.feature_dim :]
    projector = wanted @ wanted.T
    start = 0.1 * np.sqrt(np.trace(target) / dim) * rng.standard_normal((p.feature_dim, dim)) / np.sqrt(dim)
    models = np.repeat(start[None], n, axis=0)
    block = int(SETTLING * p.memory()) + 200
    server, network, own = models[:1], models, models
    mix, channel, numerators = _weights(p), np.ones(n), models
    before, rounds = np.zeros(3), 0
    while True:
        rounds += 1
        server = np.tensordot(p.shares, _steps(p, np.repeat(server, n, axis=0), p.moments), 1)[None]
        if p.rule == "push_sum":
            moved = numerators + _steps(p, network, p.moments) - network
            numerators, channel = np.tensordot(mix, moved, 1), mix @ channel
            network = numerators / channel[:, None, None]
        else:
            network = np.tensordot(mix, _steps(p, network, p.moments), 1)
        own = _steps(p, own, p.moments)
        if rounds == block:
            now = np.array([_distance(models, projector) for models in (server, network, own)])
            ends = np.isfinite(now)
            if (np.abs(now - before)[ends] <= STILL * now[ends] + 1e-10).all() or block * p.local_steps > MOST_STEPS:
                break
            before, block = now, 2 * block
    return {
        "server": _distance(server, projector),
        "server-sampled": _sampled(p, start, projector, rng, rounds),
        "network": _distance(network, projector),
        "alone": _distance(own, projector),
    }


def _sampled(p: Problem, start: np.ndarray, projector: np.ndarray, rng: np.random.Generator, settling: int) -> float:
    models = np.repeat(start[None], CHAINS, axis=0)
    looked_at = int(LOOKED_AT * p.memory() / CHAINS) + 500
    every = max(1, int(p.memory() / 5))
    seen = []
    for k in range(settling + looked_at):
        after = np.zeros_like(models)
        drawn = rng.permuted(np.tile(np.arange(len(p.sizes)), (CHAINS, 1)), axis=1)[:, : p.n_sampled]
        total = p.shares[drawn].sum(axis=1)
        for column in drawn.T:
            after += (p.shares[column] / total)[:, None, None] * _steps(p, models, p.moments[column])
        models = after
        if k >= settling and k % every == 0:
            seen.append(_distance(models, projector))
    return float(np.mean(seen))


def _steps(p: Problem, models: np.ndarray, moments: np.ndarray) -> np.ndarray:
    for _ in range(p.local_steps):
        across = np.matmul(np.matmul(models, models.transpose(0, 2, 1)), models)
        models = models - 2 * p.step_size * (across - np.matmul(models, moments))
    return models


def _distance(models: np.ndarray, projector: np.ndarray) -> float:
    c, found = models.shape[1], []
    for w in models:
        if not np.isfinite(w).all():
            return np.inf
        own = w.T @ np.linalg.pinv(w @ w.T) @ w
        found.append(np.sum((own - projector) ** 2) / (2 * c))
    return float(np.mean(found))


def _weights(p: Problem) -> np.ndarray:
    """The mixing matrix by its definition, entry by entry."""
    n = len(p.sizes)
    mix = np.zeros((n, n))
    degree = p.heard.sum(axis=1)
    for i, j in itertools.product(range(n), repeat=2):
        if i != j and p.heard[i, j]:
            if p.rule == "metropolis":
                mix[i, j] = 1 / (1 + max(degree[i], degree[j]))
            elif p.rule == "uniform":
                mix[i, j] = 1 / (1 + degree[i])
            else:
                mix[i, j] = 1 / (1 + p.heard[:, j].sum())
    rest = mix.sum(axis=0) if p.rule == "push_sum" else mix.sum(axis=1)
    return mix + np.diag(1 - rest)


def advised(p: Problem) -> dict[str, Any]:
    """What `dssl advise` says of where to train."""
    from dssl.advice.advise import Plan, where_to_train
    from dssl.user_files.client_data import ClientData
    from theory.networks.mixing import mixing_matrix

    plan = Plan(p.feature_dim, p.step_size, p.local_steps, p.n_sampled, 1.0, 0.75, p.objective)
    mixing = mixing_matrix(p.heard, p.rule)
    return where_to_train(ClientData(p.moments, p.sizes, None), mixing, plan, 0, is_push_sum=p.rule == "push_sum")


def run_problem(seed: int) -> dict[str, Any]:
    """A row of the record: the problem, the distances said and measured, and who was named and who won."""
    from dssl.advice.options import Option, recommendation

    p = problem(seed)
    told = advised(p)
    seen = measured(p, seed)
    called = [pair for pair in told["comparisons"] if pair["nearer"] is not None]
    others = [Option(**option) for option in told["options"] if option["name"] != "server"]
    return {
        "family": p.family,
        "n_clients": len(p.sizes),
        "dim": p.moments.shape[1],
        "feature_dim": p.feature_dim,
        "rule": p.rule,
        "objective": p.objective,
        "step_size": _rounded(p.step_size, 5),
        "local_steps": p.local_steps,
        "n_sampled": p.n_sampled,
        "said": [_rounded(option["distance"], 5) for option in told["options"]],
        "uncertainty": [_rounded(option["uncertainty"], 2) for option in told["options"]],
        "measured": [_rounded(seen[name], 5) for name in OPTIONS],
        "recommendation": told["recommendation"],
        "winner": min(seen, key=lambda name: seen[name]),
        "recommendation_without_server": recommendation(others, p.objective)[0],
        "winner_without_server": min(OPTIONS[1:], key=lambda name: seen[name]),
        "pairs_called": len(called),
        "pairs_right": sum(pair["nearer"] == min(pair["options"], key=lambda name: seen[name]) for pair in called),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.{digits}g}")


def kept(path: pathlib.Path) -> dict[str, dict[str, Any]]:
    """The rows of a record by their seeds; none where there is no record. Errors: as `store.record`."""
    if not path.exists():
        return {}
    held = store.record(path, SCHEMA)
    return {seed: dict(zip(held["columns"], row, strict=True)) for seed, row in held["problems"].items()}


def _keep(path: pathlib.Path, rows: dict[str, dict[str, Any]]) -> None:
    """Writes the rows in the order of their seeds, without their names, which stand once at the top."""
    columns = list(next(iter(rows.values())))
    content = {seed: [rows[seed][name] for name in columns] for seed in sorted(rows, key=int)}
    store.write(path, store.rows({"schema": SCHEMA, "columns": columns, "problems": content}))


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of every family and of all: problems, how often a recommendation was given and was right, and of pairs.

    Once of all options, and once without the server that hears all clients, which wins almost always.
    """
    found = []
    for family, without in itertools.product((*FAMILIES, "all"), ("", "_without_server")):
        here = [row for row in rows if family in (row["family"], "all")]
        given = [row for row in here if row["recommendation" + without] is not None]
        found.append(
            {
                "family": family,
                "options": "three, without server" if without else "all four",
                "problems": len(here),
                "given": len(given),
                "right": sum(row["recommendation" + without] == row["winner" + without] for row in given),
                **{f"won by {name}": sum(row["winner" + without] == name for row in here) for name in OPTIONS},
            }
        )
    return found


def pairs(rows: list[dict[str, Any]]) -> str:
    """How many pairs of options were told apart, and how many of these rightly, in words."""
    called, right = (sum(row[name] for row in rows) for name in ("pairs_called", "pairs_right"))
    return f"Of {6 * len(rows)} pairs of options, {called} were told apart, {right} of them rightly."


def main(options: Options) -> int:
    """Runs the problems that the record lacks, then shows all; 1 if too few are answered, or answered rightly."""
    store.check_writable(options.json)
    done = kept(options.json)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    seeds = range(options.seed, options.seed + options.problems)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("problems", total=len(seeds))
        for seed in seeds:
            if str(seed) not in done:
                done[str(seed)] = store.jsonable(run_problem(seed))
                _keep(options.json, done)
            progress.advance(task)
    rows = [done[str(seed)] for seed in seeds]
    found = summary(rows)
    table = Table(*found[0], box=None)
    for row in found:
        table.add_row(*map(str, row.values()))
    Console().print(table)
    Console().print(pairs(rows))
    if options.record:
        record(
            "`python -m benchmarks.advise_on_random_problems`: is what `dssl advise` recommends the winner?",
            found,
            pairs(rows),
        )
    return int(any(t["given"] < GIVEN * t["problems"] or t["right"] < RIGHT * t["given"] for t in found[-2:]))


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
