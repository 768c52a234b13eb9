"""`train`: linear clients trained over a network, as an xarray dataset that also holds every prediction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dssl.interface.networks import Network, argument, network_of, refusals
from dssl.simulation import in_words
from runtime.extras import missing
from runtime.usage import UsageError

if TYPE_CHECKING:
    import xarray

    from dssl.simulation.linear import Config
    from sims.linear.trajectory import Trajectory
    from theory.training.predictions import Case

_WHERE = "dssl.train"
_TENTH = "a tenth of the largest step that provably cannot diverge"
SERIES = tuple(name for name, words in in_words.QUANTITIES.items() if words.axis)
PREDICTED = (
    "consensus_pre_mix",
    "consensus_post_mix",
    "mean_model_subspace_error",
    "mean_local_subspace_error_squared",
    "late_mean_model_subspace_error_squared",
)
PREDICTIONS = tuple(name for name in in_words.PREDICTIONS if name != "all")


def train(
    covariances: Any,
    network: Any,
    *,
    feature_dim: int,
    rounds: int,
    step_size: float | None = None,
    local_steps: int = 1,
    participation: int | float | None = None,
    init: Literal["optimum", "random"] = "optimum",
    order: Literal["atc", "cta"] = "atc",
    gradient_noise: float = 0.0,
    link_failure: float = 0.0,
    n_signal: int | None = None,
    seed: int = 0,
) -> "xarray.Dataset":
    """Linear clients after so many rounds of local steps and one averaging, measured, and beside every prediction.

    `covariances` has the clients' second moments, (clients, dim, dim). `network` is a `dssl.Network`, or anything that
    one is made of. Without `step_size` it is a tenth of the largest step that provably cannot diverge.
    `participation` is the number of clients that train in a round, drawn afresh each round, or a share of them with a
    point (0.5; 1.0 is all); None is all. Training begins at the optimum of the covariances' weighted mean, or at one
    random model. In order "atc" (adapt, then combine) a round is local steps and then the averaging; in "cta" the
    averaging comes first. `gradient_noise` is the standard deviation of normal noise on every entry of a gradient,
    `link_failure` the probability that a link fails in a round. The sensitivity is over the first `n_signal`
    coordinates, as many as clients if not given. `seed` draws everything that is random, also a network named by a
    word.

    What comes back is an xarray.Dataset. Over `round`, at about a hundred rounds, of which the first are 1, 2, 4, 8 and
    so on: consensus_pre_mix, consensus_post_mix, mean_model_subspace_error. At the end: the numbers of `dssl simulate
    linear`, each as `<name>_final`, the predictions for it as `<name>_predicted` over `prediction`, NaN where a
    prediction says nothing (the variable's attributes hold the reasons), and every client's `model` after the last
    averaging (client, feature, coordinate), beside its `training_weight`. Attributes of the dataset: message,
    converged, diverged, step_size, where it came from, shortcuts (the exact ones that training took), and the other
    options. A run that diverged has NaN for its final numbers.

    Source: chen2026, Algorithms 1 and 2 on the losses (2) and (4), with exact gradients; predictions: ledger,
    docs/proofs. Units: in the attributes of each variable.
    Errors: UsageError for arrays, networks and options that do not fit each other, and without xarray.

    >>> import dssl
    >>> import numpy as np
    >>> covariances = np.stack([np.diag([4.0 + client, 2.0, 1.0]) for client in range(4)])
    >>> covariances[0, 0, 1] = covariances[0, 1, 0] = 0.5
    >>> run = dssl.train(covariances, "ring", feature_dim=1, rounds=3000)
    >>> run.attrs["message"]
    'What the models do up to rotation has settled, to a share of 1e-6.'
    >>> ratio = run.consensus_post_mix_final / run.consensus_post_mix_predicted.sel(prediction="fixed_point")
    >>> round(float(ratio), 4)
    1.0
    """
    try:
        import xarray  # noqa: F401  # before the work, not after it
    except ImportError:
        raise missing("The dataset of dssl.train", "xarray") from None
    with refusals():
        matrices = _checked(covariances)
        net = network_of(network, len(matrices), "the covariances", seed=argument("seed", seed, int))
        config = _config(
            feature_dim=feature_dim,
            rounds=rounds,
            step_size=_safe_step(matrices) / 10 if step_size is None else step_size,
            local_steps=local_steps,
            participation="full" if participation is None else participation,
            init=init,
            order=order,
            gradient_noise=gradient_noise,
            link_failure=link_failure,
            n_signal=n_signal,
            seed=seed,
            push_sum=net.mixing == "push_sum",
        )
        from dssl.simulation.linear import trained

        run, case, result = trained(config, matrices, net.mixing_matrix)
        return _dataset(net, config, run, case, {**result, "step_size_is_given": step_size is not None})


def _checked(covariances: Any) -> np.ndarray:
    from dssl.user_files.csv_and_npz import checked_arrays, checked_covariances

    try:
        array = np.asarray(covariances)
    except ValueError:
        raise UsageError(
            f"covariances in {_WHERE} must be one array (clients, dim, dim); got clients of unlike shapes."
        ) from None
    held = checked_arrays({"covariances": array}, ("covariances",), ("covariances",), _WHERE)
    return checked_covariances(held["covariances"], _WHERE)


def _safe_step(covariances: np.ndarray) -> float:
    from sims.linear.objective import stable_step_size

    largest = stable_step_size(covariances)
    if not np.isfinite(largest):
        raise UsageError(f"covariances in {_WHERE} are all zero, so that no step is too large. Give a step_size.")
    return largest


def _config(**options: Any) -> "Config":
    from dssl.simulation.linear import config_of

    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in options.items()}
    return config_of(plain, _WHERE)


def _dataset(
    net: Network, config: "Config", run: "Trajectory", case: "Case", result: Mapping[str, Any]
) -> "xarray.Dataset":
    import xarray

    features, dim = run.post_mix.shape[1:]
    names = all(isinstance(label, str) for label in net.labels) or all(isinstance(label, int) for label in net.labels)
    coordinates = {
        "round": run.rounds,
        "client": list(net.labels) if names else np.arange(net.n_clients),
        "feature": np.arange(features),
        "coordinate": np.arange(dim),
        "prediction": list(PREDICTIONS),
    }
    variables: dict[str, Any] = {name: _series(name, run, case) for name in SERIES}
    for name, words in in_words.QUANTITIES.items():
        value = np.nan if result[name] is None else result[name]
        attributes = {"units": words.units, "long_name": f"{words.meaning}, at the end"}
        variables[f"{name}_final"] = ((), value, attributes)
    for name in PREDICTED:
        variables[f"{name}_predicted"] = _predicted(name, result)
    variables["model"] = (
        ("client", "feature", "coordinate"),
        np.asarray(run.post_mix),
        {
            "units": "square root of those of the covariances",
            "long_name": "model of each client, after the last averaging",
        },
    )
    variables["training_weight"] = (
        "client",
        np.asarray(result["training_weights"]),
        {"units": "1", "long_name": "weight of each client's loss in what training comes to minimise"},
    )
    return xarray.Dataset(variables, coordinates, _attributes(net, config, case, result))


def _series(name: str, run: "Trajectory", case: "Case") -> tuple[str, np.ndarray, dict[str, str]]:
    from sims.linear.metrics import subspace_error
    from theory.objectives.curvature import top_projector

    words = in_words.QUANTITIES[name]
    if name == "mean_model_subspace_error":
        values = subspace_error(run.mean_models, top_projector(case.target, case.feature_dim))
    else:
        values = getattr(run, name)
    return "round", np.asarray(values), {"units": words.units, "long_name": words.meaning}


def _predicted(name: str, result: Mapping[str, Any]) -> tuple[str, list[float], dict[str, str]]:
    """The predictions for a final number, NaN where there is none; the reasons, by prediction or for all of them."""
    found = result["predictions"].get(name, {})
    assert set(found) <= {*PREDICTIONS, "all"}
    values = [np.nan if found.get(tier) is None else found[tier] for tier in PREDICTIONS]
    words = in_words.QUANTITIES[name]
    reasons = {f"reason_{tier}": reason for tier, reason in result["reasons"].get(name, {}).items()}
    if "all" not in found and (others := [tier for tier in PREDICTIONS if tier not in found]):
        reasons["reason_others"] = f"About other numbers, or another kind of training: {', '.join(others)}."
    return (
        "prediction",
        values,
        {
            "units": words.units,
            "long_name": f"predicted {words.meaning}, at the end",
            **reasons,
        },
    )


def _attributes(net: Network, config: "Config", case: "Case", result: Mapping[str, Any]) -> dict[str, Any]:
    options = (
        "feature_dim",
        "rounds",
        "step_size",
        "local_steps",
        "participation",
        "init",
        "order",
        "gradient_noise",
        "link_failure",
        "seed",
    )
    step_from = "given" if result["step_size_is_given"] else _TENTH
    if config.push_sum and not result["step_size_is_given"]:
        step_from += " under other mixing rules; under push_sum nothing is proved"
    safe = result["stable_step_size"]
    case_shape = (*case.covariances.shape[:2], config.feature_dim)
    return {
        **{name: result[name] for name in ("message", "converged", "diverged")},
        **{name: getattr(config, name) for name in options},
        "step_size_from": step_from,
        **({} if safe is None else {"stable_step_size": safe}),
        "n_signal": config.n_signal or min(case.covariances.shape[:2]),
        "mixing": net.mixing,
        "shortcuts": " ".join(in_words.shortcuts(result["reductions"], case_shape, config.local_steps)),
    }
