"""Numbers for the slots of a page, from formulas and records, and the ways to write them."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from dssl.calculator import compute as calculator
from runtime import store
from runtime.usage import UsageError
from theory.data.moments import alignment_matrix
from theory.readings import Mask, Objective
from theory.setting import Setting

_LARGEST_DENOMINATOR = 1000  # entries of a worked example are fractions of small numbers
_ROUND_OFF = Fraction(1, 10**9)


def compute(quantity: str, **arguments: Any) -> Any:
    """A value of the calculator. Errors: UsageError as the calculator has them, or where it gives no value."""
    found = calculator.compute(quantity, {name: str(value) for name, value in arguments.items()})
    if found["value"] is None:
        raise UsageError(f"{quantity} has no value for {arguments}: {found.get('reason')}.")
    return found["value"]


def record(name: str) -> Any:
    """A record of results, such as "figures/witnesses". Errors: UsageError where there is none."""
    found = store.read(store.RESULTS / f"{name}.json")
    if found is None:
        raise UsageError(f"There is no record {name!r}.")
    return found


def constant(name: str) -> float:
    """A derived constant of the theory, by its name in `results/constants.json`. Errors: UsageError if unknown."""
    found = {row["name"]: row["value"] for row in record("constants")["constants"]}
    if name not in found:
        raise UsageError(f"There is no constant {name!r} on record.")
    return float(found[name])


def matrix(objective: str, **options: Any) -> str:
    """The alignment matrix on the signal, without pixel noise and without the factor p(1-p) of masks, as LaTeX.

    `options`: n_clients, tau, mask, scope ("fl" or "local"), client (from 0).
    """
    lines = r" \\ ".join(" & ".join(map(_fraction, row)) for row in _entries(objective, **options))
    return rf"\begin{{pmatrix}} {lines} \end{{pmatrix}}"


def eigenvalues(objective: str, **options: Any) -> str:
    """The eigenvalues of the same matrix, descending, as LaTeX."""
    values = np.linalg.eigvalsh(np.array(_entries(objective, **options)))[::-1]
    return ",\\; ".join(_fraction(float(value)) for value in values)


def _entries(
    objective: str, *, n_clients: int, tau: float, mask: str = "independent", scope: str = "fl", client: int = 0
) -> list[list[float]]:
    kind = Objective(objective)
    setting = Setting.paper(n_clients + 1, n_clients=n_clients, tau=tau, mu=0.0)
    found = alignment_matrix(setting, kind, Mask(mask), scope="local" if scope == "local" else "fl", client=client)
    factor = setting.mask_ratio * (1 - setting.mask_ratio) if kind is Objective.MIM else 1.0
    return (found.corner[:n_clients, :n_clients] / factor).tolist()


def _fraction(value: float) -> str:
    found = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    if abs(found - Fraction(value)) > _ROUND_OFF:
        raise UsageError(f"{value} is no fraction of small numbers. Choose another example.")
    sign, top, bottom = "-" if found < 0 else "", abs(found.numerator), found.denominator
    return f"{sign}{top}" if bottom == 1 else rf"{sign}\tfrac{{{top}}}{{{bottom}}}"


def ratios(rows: Iterable[Mapping[str, float]], above: str, below: str) -> list[float]:
    """One entry over another, for each row of a record."""
    return [row[above] / row[below] for row in rows]


def off(value: float) -> float:
    """How far a ratio is from 1."""
    return abs(value - 1)


def fixed(value: float, places: int) -> str:
    """The number with so many decimal places: 0.815."""
    return f"{value:,.{places}f}"


def digits(value: float, n: int) -> str:
    """The number with so many significant digits, and never with an exponent: 1,000 or 0.00023."""
    rounded = Decimal(f"{value:.{n - 1}e}")
    exponent = rounded.as_tuple().exponent
    return f"{rounded:,.{max(0, -int(exponent))}f}"


def percent(value: float, places: int = 0) -> str:
    """A share as a percentage: 97.3%."""
    return f"{value:.{places}%}"


def whole(value: float) -> str:
    """A count, with commas between thousands. Errors: ValueError for a number that is not whole."""
    if value != int(value):
        raise ValueError(f"A count was wanted; got {value}.")
    return f"{int(value):,}"


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "compute": compute,
    "constant": constant,
    "record": record,
    "matrix": matrix,
    "eigenvalues": eigenvalues,
    "ratios": ratios,
}
FILTERS: Mapping[str, Callable[..., Any]] = {
    "fixed": fixed,
    "digits": digits,
    "percent": percent,
    "whole": whole,
    "off": off,
}
