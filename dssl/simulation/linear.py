"""One training of linear clients from a configuration, measured and compared with every prediction."""

import dataclasses
import pathlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_type_hints

import jax
import numpy as np
from jaxtyping import Float

from dssl.networks.report import require_agreement
from runtime.parse import parse, shown
from runtime.usage import UsageError, unknown
from sims.linear import metrics, objective
from sims.linear.training import Trajectory, train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.predictions import Case, predict

Mixing = Float[np.ndarray, "clients clients"]
Covariances = Float[np.ndarray, "clients dim dim"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What a run is. Lists and numbers as in TOML; `participation` is a number of clients, a share with a point
    (0.5; 1.0 is all), or "full".

    A network is named by `topology` and `mixing` (by default the complete network with metropolis weights, which are
    all equal there: federated averaging) unless a mixing matrix is given. `init`: all clients at the optimum of the
    training-weighted covariance, or at one random model. `n_signal`: how many leading coordinates the sensitivity is
    over, as many as clients if not given. `n_clients` only guards: it must be the number of clients that the data have.
    """

    feature_dim: int
    step_size: float
    rounds: int
    local_steps: int = 1
    participation: int | float | Literal["full"] = "full"
    init: Literal["optimum", "random"] = "optimum"
    topology: str = "complete"
    mixing: Rule = "metropolis"
    step: float | None = None
    sizes: tuple[float, ...] | None = None
    order: Literal["atc", "cta"] = "atc"
    gradient_noise: float = 0.0
    link_failure: float = 0.0
    push_sum: bool = False
    n_signal: int | None = None
    n_clients: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"seed is a whole number from 0 to 2^63 - 1; got seed={shown(self.seed)}. Change it.")

    def sampled(self, n_clients: int) -> int | None:
        """Clients a round, None for all. Errors: UsageError for a number that is no number of clients."""
        p = self.participation
        if p == "full" or (isinstance(p, float) and p == 1.0):
            return None
        count = round(p * n_clients) if isinstance(p, float) and 0 < p < 1 else p
        if not np.isfinite(count) or count != int(count) or not 1 <= count <= n_clients:
            raise UsageError(
                f"participation is a number of clients from 1 to {n_clients}, a share between 0 and 1 that comes to at "
                f'least one client, or "full"; got {p}. Change it.'
            )
        return None if count == n_clients else int(count)


def read_config(path: pathlib.Path) -> tuple[Config, Mapping[str, Any]]:
    """The configuration in a TOML file, and its table [data], empty if there is none.

    Errors: UsageError for a file that is not TOML, an unknown or missing key, or a value of the wrong kind.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"The configuration {path} cannot be read ({error}). Give a TOML file.") from None
    data = table.pop("data", {})
    if not isinstance(data, dict):
        raise UsageError(f"data in {path} is a table of keys, headed [data]; got {data!r}.")
    return config_of(table, str(path)), data


def config_of(table: Mapping[str, Any], where: str = "the configuration") -> Config:
    """A `Config` from a table of keys. Errors: UsageError as `read_config`."""
    hints = get_type_hints(Config)
    for key in table:
        if key not in hints:
            raise unknown(f"key of {where}", key, list(hints), f"It takes {', '.join(hints)}.")
    for entry in fields(Config):
        if entry.default is MISSING and entry.name not in table:
            raise UsageError(f"{where} needs {entry.name}, which is missing; add {entry.name} = ...")
    values: dict[str, Any] = {key: parse(key, value, hints[key], is_text=False) for key, value in table.items()}
    share = table.get("participation")
    # 1.0 is a share, that is all clients; 1 is one client. Read as a number it would lose its point.
    if isinstance(share, float):
        values["participation"] = share
    return Config(**values)


def network(config: Config, n_clients: int) -> Mixing:
    """The mixing matrix that the configuration names. Errors: ValueError as `topology` and `mixing_matrix`."""
    return mixing_matrix(
        topology(config.topology, n_clients, seed=config.seed), config.mixing, sizes=config.sizes, step=config.step
    )


def checked_mixing(mixing: Mixing, n_clients: int, *, push_sum: bool) -> Mixing:
    """The matrix, when it can mix these clients to agreement. Errors: UsageError with what to mend."""
    if mixing.shape != (n_clients, n_clients):
        raise UsageError(f"{n_clients} clients need a mixing matrix of that many rows; got shape {mixing.shape}.")
    require_agreement(mixing.T if push_sum else mixing)
    return mixing


def simulate(
    config: Config,
    covariances: Covariances,
    mixing: Mixing,
    progress: Callable[[Any, int, int], None] | None = None,
    start: Float[np.ndarray, "clients feature dim"] | None = None,
) -> dict[str, Any]:
    """Everything measured at the end of the run, every prediction, and simulated over predicted.

    `start`: in place of the random start of the configuration.

    Errors: ValueError for options that do not fit the clients. A run beyond stability comes back as `diverged`, its
    numbers None.
    """
    return trained(config, covariances, mixing, progress, start)[2]


def trained(
    config: Config,
    covariances: Covariances,
    mixing: Mixing,
    progress: Callable[[Any, int, int], None] | None = None,
    start: Float[np.ndarray, "clients feature dim"] | None = None,
) -> tuple[Trajectory, Case, dict[str, Any]]:
    """The run with its series and models, the case that predictions are for, and what `simulate` returns.

    Errors: as `simulate`.
    """
    n, dim = covariances.shape[:2]
    if config.n_clients not in (None, n):
        raise UsageError(f"The configuration is for n_clients = {config.n_clients}; the data have {n}. Mend one.")
    if not 1 <= config.feature_dim <= dim:
        raise UsageError(f"feature_dim lies between 1 and dim={dim}; got feature_dim={config.feature_dim}. Change it.")
    if config.n_signal is not None and not 1 <= config.n_signal <= dim:
        raise UsageError(f"n_signal lies between 1 and dim={dim}; got n_signal={config.n_signal}. Change it.")
    push_sum = config.push_sum or config.mixing == "push_sum"
    mixing = checked_mixing(mixing, n, push_sum=push_sum)
    sampled = config.sampled(n)
    if sampled is not None and np.ptp(mixing, axis=0).max() <= 1e-12 and np.ptp(mixing) > 1e-12:
        raise UsageError("A server that samples clients weighs them alike here; got unequal weights. Use equal rows.")
    case = Case(
        np.full((n, n), 1 / n) if push_sum else mixing,
        covariances,
        config.feature_dim,
        config.step_size,
        config.local_steps,
        config.rounds,
        sampled,
        config.gradient_noise,
        _outside(config, mixing, sampled, push_sum=push_sum),
        mixing if push_sum and _is_plain(config, sampled) else None,
        _outside_rounds(config),
    )
    if config.init == "optimum":
        initial = np.repeat(objective.optimum(case.target, config.feature_dim)[None], n, axis=0)
    elif start is None:
        initial = objective.random_start(config.seed, covariances, config.feature_dim)
    else:
        initial = start
    run = train(
        initial,
        covariances,
        mixing,
        TrainingOptions(
            step_size=config.step_size,
            local_steps=config.local_steps,
            rounds=config.rounds,
            order=config.order,
            gradient_noise=config.gradient_noise,
            participation=sampled,
            link_failure=config.link_failure,
            push_sum=push_sum,
            records_beginning=True,  # models settle in a few rounds, which a drawing would else leave out
            records_a_chunk=None if progress is None else 5,
        ),
        key=jax.random.key(config.seed),
        progress=progress,
    )
    measured = _measure(run, case, config)
    tiers = {} if run.diverged else predict(case, run.post_mix if run.converged else None)
    result = {
        **measured,
        "converged": run.converged,
        "diverged": run.diverged,
        "message": run.message,
        "predictions": {quantity: found.values for quantity, found in tiers.items()},
        "ratios": {quantity: found.ratios(measured[quantity]) for quantity, found in tiers.items()},
        "reasons": {quantity: found.reasons for quantity, found in tiers.items() if found.reasons},
        # Its proof needs mixing that averages models; push-sum's quotients leave the ball.
        "stable_step_size": None if push_sum else objective.stable_step_size(covariances),
        "training_weights": case.weights,
        "reductions": [dataclasses.asdict(shortcut) for shortcut in run.reductions],
    }
    return run, case, result


def _is_plain(config: Config, sampled: int | None) -> bool:
    return sampled is None and config.link_failure == 0 and config.gradient_noise == 0


def _outside(config: Config, mixing: Mixing, sampled: int | None, *, push_sum: bool) -> str:
    if push_sum:
        return (
            "Push-sum aims at the optimum of the plain mean; only effective_covariance covers it, for exact gradients."
        )
    if config.link_failure > 0:
        return "Failing links make every round another matrix; no prediction covers that."
    is_server = bool(np.ptp(mixing, axis=0).max() <= 1e-12)
    if sampled is not None and not is_server:
        return "Clients sampled on a network without a server: no prediction covers that."
    if sampled is not None and config.gradient_noise > 0:
        return "Sampled clients with noisy gradients: no prediction covers both."
    return ""


def _outside_rounds(config: Config) -> str:
    """Why the first order after a number of rounds does not cover this start or order, or nothing if it does."""
    if config.init != "optimum":
        return "The first order after so many rounds is from the optimum; training began elsewhere. Use init=optimum."
    if config.order != "atc":
        return "The first order after so many rounds is for order atc; training combined first. Use order=atc."
    return ""


def _measure(run: Trajectory, case: Case, config: Config) -> dict[str, float | None]:
    names = (
        "consensus_pre_mix",
        "consensus_post_mix",
        "mean_model_subspace_error",
        "plain_mean_model_subspace_error",
        "mean_local_subspace_error_squared",
        "mean_local_subspace_error_squared_pre_mix",
        "sensitivity",
        "late_mean_model_subspace_error_squared",
    )
    if run.diverged:
        return dict.fromkeys(names)
    wanted = top_projector(case.target, config.feature_dim)
    n_signal = config.n_signal or min(case.covariances.shape[:2])
    r = np.asarray(metrics.representability(run.mean_model))[:n_signal]
    values = (
        run.consensus_pre_mix[-1],
        run.consensus_post_mix[-1],
        metrics.subspace_error(run.mean_model, wanted),
        metrics.subspace_error(run.post_mix.mean(axis=0), wanted),
        metrics.local_subspace_error_squared(run.post_mix, wanted),
        metrics.local_subspace_error_squared(run.pre_mix, wanted),
        np.ptp(r),
        # The later half of the run: what a run that keeps fluctuating does on average.
        np.mean([metrics.subspace_error(w, wanted) ** 2 for w in run.mean_models[run.rounds > run.rounds[-1] / 2]]),
    )
    return {name: float(value) for name, value in zip(names, values, strict=True)}
