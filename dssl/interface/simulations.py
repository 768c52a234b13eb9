"""`simulated_deficit`: what a formula of the deficit predicts, measured on drawn data."""

from typing import Any, Literal, NamedTuple

from dssl.interface import _computed
from dssl.interface.settings import Numbers, Setting
from runtime.parse import shown
from runtime.usage import UsageError


class Simulated(NamedTuple):
    """The mean over `trials` drawn data sets, and how uncertain this mean is: what `simulated_deficit` gives.

    >>> import dssl
    >>> found = dssl.simulated_deficit(dssl.Setting(n_clients=3, dim=20, beta=1.2), objective="cl", trials=20)
    >>> found.standard_error < found.mean < 1
    True
    """

    mean: Any
    """A number, or an array in the shape of the setting."""
    standard_error: Any
    """Of the mean; same shape. In 95% of such simulations the true mean lies within two of them, roughly."""
    trials: int
    """Data sets drawn at each point of the setting."""


def simulated_deficit(
    setting: Setting,
    *,
    objective: Literal["cl", "mim"],
    draws: Numbers = None,
    mask: Literal["independent", "complementary", "fixed_count", "printed"] = "independent",
    scope: Literal["fl", "local_own", "local_other"] = "fl",
    selection: Literal["psd", "modulus"] = "psd",
    trials: int = 100,
    seed: int = 0,
) -> Simulated:
    """Mean deficit 1 - r_k over the scope, measured: data are drawn `trials` times, and each time the model is solved.

    Keys mean what they mean for `dssl.deficit`, which gives the formula of the same number. `seed` chooses the data:
    the same seed gives the same numbers.

    Units: dimensionless. Source: the data model of chen2026, Section 3.2; exact samplers of
    `sims/samplers/montecarlo.py`. Errors: UsageError for values that a key does not have, for a setting without
    samples, with rare classes or with dim=inf, and for simulations that would take more than a minute (with what fits).

    >>> import dssl
    >>> setting = dssl.Setting(n_clients=4, dim=100, samples_per_client=1000)
    >>> found = dssl.simulated_deficit(setting, objective="mim", trials=50)
    >>> abs(found.mean - dssl.deficit(setting, objective="mim")) < 5 * found.standard_error
    True
    """
    if not isinstance(setting, Setting):
        raise UsageError(f"simulated_deficit wants a dssl.Setting; got {shown(setting)}. Make one: dssl.Setting(...).")
    keys = {"objective": objective, "draws": draws, "mask": mask, "scope": scope, "selection": selection}
    mean, error = _computed.simulated(setting, keys, trials, seed)
    if not setting.shape:
        return Simulated(float(mean), float(error), trials)
    return Simulated(mean, error, trials)
