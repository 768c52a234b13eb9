"""One quantity of the calculator for a setting, a network or plain keys; arrays of numbers give arrays of values."""

import warnings
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import numpy as np

from dssl.interface.settings import Setting, broadcast_shape
from runtime.usage import UsageError

if TYPE_CHECKING:
    from dssl.interface.networks import Network


class BeyondWarning(UserWarning):
    """A formula is above what its quantity can be, and so says nothing."""


# The fields of a network's query that a `Network` stands for.
NETWORK_KEYS = ("topology", "n_clients", "mixing", "seed", "step", "sizes")


def of_setting(name: str, setting: Setting, **keys: Any) -> Any:
    """The quantity at each point of a setting. Errors: UsageError for a setting that the quantity cannot take."""
    from dssl.calculator.compute import query_of

    if not isinstance(setting, Setting):
        raise UsageError(f"{name} wants a dssl.Setting; got {type(setting).__name__}. Make one: dssl.Setting(...).")
    known = {field.name for field in fields(query_of(name))}
    if "rare_fraction" not in known and np.any(setting.rare_fraction):
        raise UsageError(f"{name} is for data without rare classes; got rare_fraction={setting.rare_fraction}.")
    given = {f.name: getattr(setting, f.name) for f in fields(setting) if f.name in known}
    if "gamma" in keys and keys["gamma"] is not None:
        given = {k: v for k, v in given.items() if k not in ("samples_per_client", "beta")}
    return of_keys(name, **given, **keys)


def of_network(name: str, network: Any, **keys: Any) -> Any:
    """The quantity of one network. Errors: UsageError for what is no network, and as the quantity."""
    from dssl.calculator.compute import compute
    from dssl.interface.networks import Network

    net = network if isinstance(network, Network) else Network(network)
    given = {k: v for k, v in keys.items() if v is not None}
    topology = "edges:0-1"  # only its type matters: `_of` hands in the network itself
    return _plain(compute(name, {**given, "topology": topology}, is_text=False, query=partial(_of, net)))


def _of(network: "Network", query: type[Any]) -> type[Any]:
    """The query's class with this network in place of a named one."""
    given = {
        "adjacency": lambda self: np.array(network.adjacency),
        "matrix_of_rule": lambda self: np.array(network.mixing_matrix),
    }
    return type(query.__name__, (query,), given)


def of_keys(name: str, **keys: Any) -> Any:
    """The quantity for plain keys; arrays where it takes one number broadcast against each other."""
    from dssl.calculator.compute import compute, most, query_of

    hints = get_type_hints(query_of(name))
    given = {k: _as_plain(v) for k, v in keys.items() if v is not None}
    arrays = {k: np.asarray(v) for k, v in given.items() if np.ndim(v) and _takes_one(hints[k])}
    largest = most(name)
    if not arrays:
        value = _plain(compute(name, given, is_text=False))
        if largest is not None and value > largest:
            warnings.warn(_beyond(name, largest, value), BeyondWarning, stacklevel=4)
        return value
    shape = broadcast_shape(arrays)
    flat = {k: np.broadcast_to(v, shape).ravel() for k, v in arrays.items()}
    found, reasons = np.full(int(np.prod(shape)), np.nan), []
    for i in range(found.size):
        answer = compute(name, {**given, **{k: v[i].item() for k, v in flat.items()}}, is_text=False)
        if answer["value"] is None:
            reasons.append(answer["reason"])
        elif isinstance(answer["value"], int | float):
            found[i] = answer["value"]
        else:
            raise UsageError(f"{name} is more than one number, so it takes plain numbers; got arrays of {shape}.")
    if reasons:
        warnings.warn(f"{name} is NaN at {len(reasons)} of {found.size} points. {reasons[0]}", stacklevel=5)
    if largest is not None and (found > largest).any():
        where = f"{int((found > largest).sum())} of {found.size} points"
        warnings.warn(_beyond(name, largest, float(np.nanmax(found)), where), BeyondWarning, stacklevel=4)
    return found.reshape(shape)


def _beyond(name: str, largest: float, value: float, where: str = "") -> str:
    at = f" at {where}, up to {value:.3g}" if where else f", {value:.3g}"
    return f"{name} is above {largest:g}{at}; it cannot be larger than {largest:g}, so the formula says nothing there."


def _plain(answer: Mapping[str, Any]) -> Any:
    """The value as Python has it: a number, an array for a list of numbers, a dict; NaN where a formula says nothing.

    Errors: OutOfDomainError where its derivation does not hold.
    """
    from theory.formula import OutOfDomainError

    value = answer["value"]
    if answer["status"] == "out_of_domain":
        raise OutOfDomainError(answer["reason"])
    if value is None:
        warnings.warn(f"{answer['name']} is NaN. {answer['reason']}", stacklevel=5)
        return float("nan")
    if isinstance(value, list) and all(isinstance(v, int | float) for v in value):
        return np.array(value)
    return value


def _takes_one(hint: Any) -> bool:
    """Whether a key takes one number, so that an array of them means many questions."""
    members = get_args(hint) or (hint,)
    return any(m in (int, float) for m in members) and not any(_is_sequence(m) for m in members)


def _is_sequence(member: Any) -> bool:
    return getattr(member, "__origin__", member) in (list, tuple)


def _as_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and not value.ndim:
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value
