"""Algorithms 1 and 2 (FedMAR, DecMAR) for linear encoders, as printed, as corrected, and as the released code runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from sims.linear import metrics
from sims.linear.mar_client_steps import MarUpdate, PopulationMarUpdate
from sims.linear.training import check
from sims.linear.training_options import check_steps
from sims.losses.adaptive_mmd import Bandwidth
from sims.losses.mar_variants import VARIANTS, Variant
from sims.rounds import engine
from theory.networks.mixing import mixing_matrix

Arrays = Array | np.ndarray
Models = Float[Arrays, "clients feature dim"]
Views = Float[Arrays, "clients batches batch dim"]


@dataclass(frozen=True, kw_only=True)
class MarOptions:
    """The inputs of Algorithms 1 and 2. `horizon` None is the number of rounds a client is expected to take part in.

    The released code takes the whole part of that number. `bandwidth` is that of the A-MMD.
    """

    step_size: float
    rounds: int
    local_steps: int = 1
    weight_max: float = 0.1
    weight_min: float = 0.001
    horizon: float | None = None
    variant: Variant = "corrected"
    bandwidth: Bandwidth = "mean"
    seed: int = 0

    def __post_init__(self) -> None:
        check_steps(self.step_size, self.local_steps)
        if self.variant not in VARIANTS:
            raise ValueError(f"The variant is one of {', '.join(VARIANTS)}; got {self.variant!r}.")
        if not 0 <= self.weight_min <= self.weight_max < np.inf:
            raise ValueError(
                f"Weights run from weight_max down to weight_min >= 0; got {self.weight_max} and {self.weight_min}."
            )
        if self.horizon is not None and not self.horizon > 0:
            raise ValueError(f"The horizon is positive; got horizon={self.horizon}.")


@dataclass(frozen=True)
class MarRun:
    """A run: the output model, all models of the last round before and after mixing, and consensus of every round.

    As printed, Algorithm 2 mixes models that were never trained: its `post_mix` are those, `pre_mix` the trained ones.
    """

    output: Float[np.ndarray, "feature dim"]
    pre_mix: Float[np.ndarray, "clients feature dim"]
    post_mix: Float[np.ndarray, "clients feature dim"]
    consensus_pre_mix: Float[np.ndarray, " rounds"]
    consensus_post_mix: Float[np.ndarray, " rounds"]
    diverged: bool


def fed_mar(
    initial: Float[Arrays, "feature dim"],
    covariances: Float[Arrays, "clients dim dim"],
    views: Views,
    options: MarOptions,
    *,
    participation: int | None = None,
    sizes: Sequence[int] | np.ndarray | None = None,
) -> MarRun:
    """Algorithm 1. `views` are what is embedded, in batches that the local steps take in turn; sizes default to equal.

    released: models are averaged by data size (embeddings are not), z-bar is an average over steps and clients, gamma
    is clamped at floor(C T / N) selections. printed: uniform averages, Eq (6) as printed, gamma free to rise again.
    Source: chen2026, Algorithm 1; `main.py` of the released code. Errors: ValueError for arrays that do not fit.
    """
    x, v, n_samples = _checked(covariances, views, sizes)
    n = len(x)
    share = (participation or n) / n
    weights = n_samples / n_samples.sum() if options.variant == "released" else np.full(n, 1 / n)
    update = MarUpdate(options.local_steps, options.variant, options.bandwidth)
    run = _run(
        update,
        np.broadcast_to(np.asarray(initial), (n, *np.shape(initial))),
        _data(x, v, n_samples, options, share),
        np.tile(weights, (n, 1)),
        options,
        participation=participation,
    )
    return _result(run, np.asarray(run.state.params["model"])[0])


def dec_mar(
    initial: Models,
    covariances: Float[Arrays, "clients dim dim"],
    views: Views,
    adjacency: Bool[np.ndarray, "clients clients"],
    options: MarOptions,
    *,
    sizes: Sequence[int] | np.ndarray | None = None,
) -> MarRun:
    """Algorithm 2 on any network. The output is the plain mean of the trained models of the last round.

    printed: line 10 mixes W_{j,0}^{t-1}, so all rounds but the last are lost; W_{j,0}^{-1}, which no input provides, is
    read as the initial model. corrected: W_{j,E}^{t-1}, pooled embeddings, clamped gamma.
    released: trains, then averages by data size; the decentralised call passes no gamma, so that MAR never acts; the
    output is the data-weighted mean of the models *after* mixing.
    Source: chen2026, Algorithm 2; `main.py` of the released code. Errors: ValueError for arrays that do not fit.
    """
    x, v, n_samples = _checked(covariances, views, sizes)
    is_released = options.variant == "released"
    mixing = mixing_matrix(
        adjacency, "data_size" if is_released else "uniform", sizes=n_samples if is_released else None
    )
    update = MarUpdate(options.local_steps, options.variant, options.bandwidth, options.variant == "printed")
    data = _data(x, v, n_samples, options, 1.0)
    if is_released:
        data["schedule"] |= {"weight_max": 0.0, "weight_min": 0.0}
    order: engine.Order = "adapt_then_combine" if is_released else "combine_then_adapt"
    run = _run(update, np.asarray(initial), data, mixing, options, order=order)
    if is_released:
        return _result(run, np.average(np.asarray(run.state.params["model"]), axis=0, weights=n_samples))
    trained = run.state.local["trained"] if update.keeps_start else run.pre_mix["model"]
    return _result(run, np.asarray(trained).mean(axis=0), np.asarray(trained))


def population_mar(
    initial: Models,
    covariances: Float[Arrays, "clients dim dim"],
    second_moments: Float[Arrays, "clients dim dim"],
    mixing: Float[np.ndarray, "clients clients"],
    *,
    step_size: float,
    rounds: int,
    weight: float,
    bandwidth: float,
    local_steps: int = 1,
    reading: Literal["pooled", "averaged"] = "pooled",
) -> MarRun:
    """DecMAR, adapt then combine, on Gaussian embeddings in closed form: what MAR does when nothing is sampled.

    Source: ledger; chen2026, Algorithm 2 as corrected. Errors: ValueError for arrays that do not fit.
    """
    models, x = check(initial, covariances)
    moments = check(initial, second_moments)[1]
    update = PopulationMarUpdate(check_steps(step_size, local_steps), reading)
    data = {
        "covariances": jnp.asarray(x),
        "second_moments": jnp.asarray(moments),
        "step_size": step_size,
        "weight": weight,
        "bandwidth": bandwidth,
    }
    params = {"model": jnp.asarray(models), **update.silence(len(x), models.shape[1])}
    run = engine.run(update, params, mixing, rounds, data=data, record=_record, record_every=1)
    return _result(run, np.asarray(run.post_mix["model"]).mean(axis=0))


def split_by_subspace(
    models: Float[Arrays, "clients feature dim"], projector: Float[Arrays, "dim dim"]
) -> tuple[float, float]:
    """Consensus error off and on a subspace: (mean ||dW_i (I - P)||^2, mean ||dW_i P||^2), dW_i off the plain mean.

    The first tilts the represented subspace of a client, the second only turns and scales its embeddings.
    Source: ledger. Units: those of a squared model.
    """
    w, p = np.asarray(models), np.asarray(projector)
    off = w - w.mean(axis=0)
    within = off @ p
    return float(np.sum((off - within) ** 2) / len(w)), float(np.sum(within**2) / len(w))


def _run(
    update: MarUpdate,
    models: np.ndarray,
    data: dict[str, Any],
    mixing: np.ndarray,
    options: MarOptions,
    **more: Any,
) -> engine.Run:
    start, _ = check(models, data["covariances"])
    n, feature_dim, _ = start.shape
    params = {"model": jnp.asarray(start), **update.silence(n, data["views"].shape[2], feature_dim)}
    local: dict[str, Any] = {"selections": jnp.zeros(n)}
    if update.keeps_start:
        local["trained"] = jnp.asarray(start)
    return engine.run(
        update,
        params,
        mixing,
        options.rounds,
        data=data,
        local=local,
        key=jax.random.key(options.seed),
        record=_record,
        record_every=1,
        **more,
    )


def _record(views: engine.Views, data: Any) -> tuple[Array, Array]:
    return metrics.consensus_error(views.pre_mix["model"]), metrics.consensus_error(views.post_mix["model"])


def _result(run: engine.Run, output: np.ndarray, pre_mix: np.ndarray | None = None) -> MarRun:
    trained = np.asarray(run.pre_mix["model"]) if pre_mix is None else pre_mix
    before, after = run.records
    return MarRun(output, trained, np.asarray(run.post_mix["model"]), before, after, run.diverged)


def _data(x: np.ndarray, views: np.ndarray, sizes: np.ndarray, options: MarOptions, share: float) -> dict[str, Any]:
    is_released = options.variant == "released"
    expected = share * options.rounds
    horizon = options.horizon or (max(1, int(expected + 1e-9)) if is_released else expected)
    return {
        "covariances": jnp.asarray(x),
        "views": jnp.asarray(views),
        "units": jnp.asarray(1 / sizes if is_released else np.ones(len(x))),
        "step_size": options.step_size,
        "schedule": {"weight_max": options.weight_max, "weight_min": options.weight_min, "horizon": horizon},
    }


def _checked(covariances: Any, views: Any, sizes: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, v = np.asarray(covariances, dtype=float), np.asarray(views, dtype=float)
    if v.ndim != 4 or v.shape[0] != x.shape[0] or v.shape[3] != x.shape[-1] or 0 in v.shape or v.shape[2] < 2:
        raise ValueError(
            f"Views are (clients, batches, batch of at least 2, dim), for covariances {x.shape}; got shape {v.shape}."
        )
    if not np.isfinite(v).all():
        raise ValueError(f"Views are finite; got {int((~np.isfinite(v)).sum())} entries that are not.")
    n_samples = np.ones(len(x)) if sizes is None else np.asarray(sizes, dtype=float)
    if n_samples.shape != (len(x),) or not (n_samples > 0).all() or not np.isfinite(n_samples).all():
        raise ValueError(f"A positive size for each of {len(x)} clients was wanted; got {n_samples.tolist()}.")
    return x, v, n_samples
