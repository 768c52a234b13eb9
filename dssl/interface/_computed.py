"""What the drawings of `plot.py` show: values of a field and what a formula, a bound or a simulation gives at them."""

import inspect
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from dssl.interface.settings import FIELDS, Setting
from dssl.interface.values import BeyondWarning
from runtime.parse import shown
from runtime.usage import UsageError, unknown

Values = Float[np.ndarray, " points"]
_SIMULATED = {"scope": "fl", "mask": "independent", "selection": "psd", "draws": None}
# Contrast has no masks, and masking is not augmented.
_WITHOUT = {"cl": "mask_ratio", "mim": "augmentation_std"}
_POINTS = 40
_FEWEST_PIXELS = 16


def values_of(setting: Setting, vs: str, values: Any = None) -> np.ndarray:
    """The values of a field, ascending and each once. Errors: UsageError as `plot.curve`."""
    if not isinstance(setting, Setting):
        raise UsageError(f"A dssl.Setting was wanted; got {shown(setting)}. Make one: dssl.Setting(...).")
    if setting.shape:
        raise UsageError(f"A drawing varies its fields itself, so it wants one setting; got arrays of {setting.shape}.")
    if vs not in FIELDS:
        raise unknown("field of a setting", str(vs), FIELDS, f"It has {', '.join(FIELDS)}.")
    given = _usual(setting, vs) if values is None else np.unique(np.asarray(values))
    if not given.size:
        raise UsageError(f"values has no value of {vs}. Give some, or leave it out.")
    return given


def along(setting: Setting, vs: str, values: Any = None) -> tuple[Values, Setting]:
    """The values of a field, ascending, and the setting with all of them. Errors: UsageError as `plot.curve`."""
    given = values_of(setting, vs, values)
    points = setting.replace(**{vs: given})
    return np.asarray(getattr(points, vs), dtype=float), points


def quantity(name: str) -> Callable[..., Any]:
    """The function of a quantity of the data model. Errors: UsageError for another name."""
    from dssl.interface import quantities

    functions = {n: f for n, f in vars(quantities).items() if inspect.isfunction(f) and not n.startswith("of_")}
    of_settings = [n for n, f in functions.items() if "setting" in inspect.signature(f).parameters]
    if name in functions and name not in of_settings:
        raise UsageError(f"{name} has no setting to vary. What can be drawn is {', '.join(of_settings)}.")
    if name not in of_settings:
        raise unknown("quantity of a setting", str(name), of_settings, f"There are {', '.join(of_settings)}.")
    return functions[name]


def known_keys(keys: Mapping[str, Any], names: Collection[str], of: str) -> None:
    """Nothing, where every key is one of these names. Errors: UsageError otherwise."""
    for key in keys:
        if key not in names:
            raise unknown(f"key of {of}", key, names, f"It takes {', '.join(names)}.")


def formula(name: str, points: Setting, keys: Mapping[str, Any], stacklevel: int = 3) -> Float[np.ndarray, "..."]:
    """A quantity at every point, NaN where it has none; a warning says why, at the caller `stacklevel` calls up.

    Errors: UsageError where it has none anywhere, for a missing key, and as the quantity.
    """
    function = quantity(name)
    needed = [n for n, p in inspect.signature(function).parameters.items() if p.default is p.empty and n != "setting"]
    for key in needed:
        if key not in keys:
            raise UsageError(f"{name} needs {key}, which was not given; add {key}=...")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = np.asarray(function(points, **keys), dtype=float)
    if found.shape != points.shape:
        raise UsageError(f"{name} does not depend on what varies here. Vary a field that it takes.")
    if not np.isfinite(found).any():
        raise UsageError(f"{name} says nothing at any of these values. {_reason(said, name)}")
    for warning in said:
        if warning.category is not BeyondWarning:  # the curve shows it
            warnings.warn(str(warning.message), stacklevel=stacklevel)
    return found


def bound(points: Setting, keys: Mapping[str, Any]) -> Values:
    """The proven bound of the deficit. Errors: UsageError for masks and draws that it is not for, and as `formula`."""
    own = inspect.signature(quantity("deficit_bound")).parameters
    proven = {"mask": ("independent",), "selection": ("psd",)}
    proven["draws"] = (None, 1) if keys.get("objective") == "cl" else (None, "expected")  # type: ignore[assignment]
    for key, value in keys.items():
        if key not in own and value not in proven[key]:
            raise UsageError(
                "The bound is proved for one pair of views a sample (cl) and for independent masks averaged over all "
                f"draws (mim); got {key}={value!r}. Leave {key} out, or the bound."
            )
    return formula("deficit_bound", points, {k: v for k, v in keys.items() if k in own}, stacklevel=4)


def simulated(points: Setting, keys: Mapping[str, Any], trials: int, seed: int) -> tuple[Values, Values]:
    """The mean deficit of simulated data sets and its standard error. Errors: UsageError as `_simulated.deficits`."""
    from dssl.interface import _simulated

    if "objective" not in keys:
        raise UsageError('A simulation needs objective, which was not given; add objective="cl" or "mim".')
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed is a whole number from 0; got seed={seed!r}. Change it.")
    given = _SIMULATED | {k: v for k, v in keys.items() if k in _SIMULATED}
    return _simulated.deficits(points, _simulated.drawn(keys["objective"], trials=trials, **given), seed)


def deficits(setting: Setting, fields: Mapping[str, np.ndarray], objective: str, keys: Mapping[str, Any]) -> np.ndarray:
    """The deficit over fields that broadcast, with size 1 along those that it does not depend on: a point takes time.

    Errors: as `formula`.
    """
    setting.replace(**fields)  # refuses fields that do not fit each other
    needed = {name: values for name, values in fields.items() if name != _WITHOUT[objective]}
    return formula("deficit", setting.replace(**needed), {"objective": objective, **keys}, stacklevel=4)


def ratio(over: Float[np.ndarray, "..."], under: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """One over the other, NaN where that is not a positive number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = over / under
    return np.where(np.isfinite(found) & (found > 0), found, np.nan)


def units(name: str, points: Setting, keys: Mapping[str, Any]) -> str:
    """The unit of a quantity, as the calculator says it; "" where it says none."""
    from dssl.calculator.compute import compute, query_of

    fields = query_of(name).__dataclass_fields__
    for point in points.points():
        given = {k: v for k, v in (point | dict(keys)).items() if k in fields and v is not None}
        if said := compute(name, given, is_text=False)["units"]:
            return said
    return ""


def _reason(said: Any, name: str) -> str:
    text = str(said[-1].message) if said else ""
    return text.partition(" points. ")[2] or text.removeprefix(f"{name} is NaN. ") or "Change the setting."


def _usual(setting: Setting, vs: str) -> np.ndarray:
    """A range to look at: around the setting's own value in equal factors, shares and exponents in equal steps."""
    point = next(setting.points())
    dim, clients = point["dim"], point["n_clients"]
    if dim == np.inf and vs not in ("mask_ratio", "beta", "rare_fraction"):
        raise UsageError(f"With dim=inf there is no usual range of {vs}. Give values=[...], or a finite dim.")
    if vs == "mask_ratio":
        return np.linspace(0.04, 0.96, _POINTS)
    if vs == "beta":
        return np.linspace(0.5, 2.5, _POINTS)
    if vs == "rare_fraction":
        return np.geomspace(0.001, 0.5, _POINTS)
    least, most = {
        "n_clients": (2, min(dim // 2, 100)),
        "dim": (max(4 * clients, _FEWEST_PIXELS), max(100 * dim, 10_000)),
        "feature_dim": (clients, max(dim // 2, clients)),
        "samples_per_client": (max(dim // 4, 2), 100 * dim),
        "tau": (dim**0.2 / 10, dim**0.2 * 10),
        "mu": (dim**-0.2 / 10, dim**-0.2 * 10),
        "augmentation_std": (0.1, 10.0),
    }[vs]
    around = np.geomspace(least, most, _POINTS)
    return around if isinstance(least, float) else np.unique(np.round(around).astype(int))
