"""`Setting`: one setting of the paper's data model, or a whole array of them."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from runtime.parse import shown
from runtime.usage import UsageError, unknown

# A plain number, or an array of numbers (a list will do).
Numbers = Any
_WHOLE = ("n_clients", "dim", "feature_dim", "samples_per_client")
_MODEL = ("tau", "mu", "mask_ratio", "rare_fraction", "augmentation_std")


@dataclass(frozen=True, eq=False, repr=False)
class Setting:
    """How many clients, pixels and samples there are, and how large noise and offsets are.

    Each field is a number or an array; arrays broadcast against each other as in NumPy, so that one `Setting` can hold
    a curve or a grid. Fields that are left out follow the paper: `feature_dim` is `n_clients`, `tau` is dim^(1/5) and
    `mu` is dim^(-1/5). The number of samples is `samples_per_client`, or dim^beta rounded up; quantities that need no
    samples take a setting without them. `dim` may be float("inf") for `sigma_star`, which has a limit there.

    Units: counts; `tau`, `mu` and `augmentation_std` in the unit of the class means, which is 1.
    Source: chen2026, Section 3.2.
    Errors: UsageError for fields outside the model, arrays that do not broadcast, and samples that are given twice.

    >>> import dssl
    >>> dssl.Setting(n_clients=4, dim=[100, 1000], beta=1.2)
    Setting(n_clients=4, dim=[100, 1000], beta=1.2)
    """

    n_clients: Numbers
    dim: Numbers
    feature_dim: Numbers = None
    samples_per_client: Numbers = None
    beta: Numbers = None
    tau: Numbers = None
    mu: Numbers = None
    mask_ratio: Numbers = 0.75
    augmentation_std: Numbers = 1.0
    rare_fraction: Numbers = 0.0

    def __post_init__(self) -> None:
        if self.samples_per_client is not None and self.beta is not None:
            raise UsageError(
                f"Give samples_per_client, or beta for dim^beta of them; got {shown(self.samples_per_client)} and "
                f"{shown(self.beta)}. Keep one."
            )
        for name in ("n_clients", "dim"):
            if getattr(self, name) is None:
                raise UsageError(f"A setting needs {name}, one number or an array; got {name}=None. Give it.")
        for name, value in self._given():
            object.__setattr__(self, name, _numbers(name, value))
        _ = self.shape
        for point in self.points():
            _check(point)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape that all fields broadcast to: () for one setting."""
        return broadcast_shape({name: value for name, value in self._given()})

    def points(self) -> Iterator[dict[str, Any]]:
        """Each setting as plain numbers by field, in the order of a flattened array; fields left out are left out."""
        arrays = [(name, np.broadcast_to(value, self.shape).ravel()) for name, value in self._given()]
        for i in range(int(np.prod(self.shape))):
            yield {name: values[i].item() for name, values in arrays}

    def replace(self, **fields: Numbers) -> "Setting":
        """This setting with other values of some fields; `samples_per_client` and `beta` stand in each other's place.

        Errors: UsageError for a field that a setting does not have, and as for a new setting.

        >>> import dssl
        >>> dssl.Setting(n_clients=4, dim=100, beta=1.2).replace(samples_per_client=500)
        Setting(n_clients=4, dim=100, samples_per_client=500)
        """
        for name in fields:
            if name not in FIELDS:
                raise unknown("field of a setting", name, FIELDS, f"It has {', '.join(FIELDS)}.")
        for name, other in (("samples_per_client", "beta"), ("beta", "samples_per_client")):
            if fields.get(name) is not None:
                fields.setdefault(other, None)
        return dataclasses.replace(self, **fields)

    def __repr__(self) -> str:
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        shown_fields = [
            f"{name}={np.asarray(value).tolist()!r}" if np.ndim(value) else f"{name}={value!r}"
            for name, value in self._given()
            if np.ndim(value) or value != defaults[name]
        ]
        return f"Setting({', '.join(shown_fields)})"

    def _given(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in FIELDS if getattr(self, name) is not None]


FIELDS = tuple(field.name for field in dataclasses.fields(Setting))


def broadcast_shape(arrays: dict[str, Any]) -> tuple[int, ...]:
    """The shape that named arrays broadcast to. Errors: UsageError where they do not."""
    try:
        return np.broadcast_shapes(*(np.shape(value) for value in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in arrays.items() if np.ndim(value))
        raise UsageError(
            f"Arrays of one setting must have shapes that broadcast; got {shapes}. Reshape one, such as x[:, None]."
        ) from None


def _numbers(name: str, value: Any) -> Any:
    """A plain number, or a read-only array of numbers. Errors: UsageError for anything else."""
    kind = "whole numbers" if name in _WHOLE else "numbers"
    try:
        array = np.asarray(value)
        good = array.dtype.kind in "iuf" and array.size > 0
        endless = (array == np.inf) & (name == "dim")
        good = good and bool((np.isfinite(array) | endless).all())
    except (TypeError, ValueError):
        good, array, endless = False, np.zeros(0), False
    if good and name in _WHOLE:
        good = bool((array == np.floor(array)).all() and ((np.abs(array) < 2**62) | endless).all())
    if not good:
        wanted = f"{kind}, or inf" if name == "dim" else f"finite {kind}"
        raise UsageError(f"{name} takes {wanted}, one or an array; got {name}={shown(value)}. Change it.")
    if np.any(endless) and not np.all(endless):
        raise UsageError(
            f"{name} is finite, or inf at all points, where units may differ; got both. Split the setting."
        )
    is_whole = name in _WHOLE and not np.any(endless)
    array = array.astype(np.int64 if is_whole else np.float64)
    if not array.ndim:
        return array.item() if is_whole or not isinstance(value, int) else value
    array.flags.writeable = False
    return array


def _check(point: dict[str, Any]) -> None:
    """Errors: UsageError, in one sentence, for a point outside the model."""
    from theory.setting import Setting as Checked

    given = {name: point[name] for name in ("feature_dim", "samples_per_client", *_MODEL) if name in point}
    # An infinite dimension is larger than all that has to fit into it.
    dim = max(point["n_clients"], given.get("feature_dim", 2)) if point["dim"] == math.inf else point["dim"]
    try:
        Checked.paper(dim, n_clients=point["n_clients"], **{"samples_per_client": 1, **given})
    except ValueError as error:
        raise UsageError(str(error)) from None
