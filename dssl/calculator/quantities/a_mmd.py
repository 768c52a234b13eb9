"""The adaptive MMD between two batches of embeddings."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dssl.calculator.quantities import Answer
from runtime.parse import shown
from sims.losses.adaptive_mmd import Estimator
from sims.losses.adaptive_mmd import a_mmd as evaluate

TITLE = "Adaptive MMD of a local and a global batch of embeddings, Eq (6): unbiased, printed or released"

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Query:
    """`x` (local) and `y` (global): paths of .npy files, (batch, feature) or (batch, token, feature), or lists of rows.

    `bandwidth`: mean, median or a number. unbiased is Eq (6) with the squared distance; printed has the distance not
    squared; released is what the released code computes.
    """

    x: Rows | str
    y: Rows | str
    bandwidth: float | Literal["mean", "median"] = "mean"
    estimator: Estimator = "unbiased"


def answer(query: Query) -> Answer:
    """One number. Errors: ValueError for a file that is none, and as `sims.losses.adaptive_mmd.a_mmd`."""
    x, y = (_loaded(name, getattr(query, name)) for name in ("x", "y"))
    return Answer(
        value=float(evaluate(x, y, query.bandwidth, query.estimator)),
        units="dimensionless",
        source="chen2026, Eq (6)" if query.estimator == "printed" else "ledger, from chen2026, Eq (6)",
    )


def _loaded(key: str, given: Rows | str) -> np.ndarray:
    if not isinstance(given, str):
        if len({len(row) for row in given}) > 1:
            raise ValueError(f"Rows of {key} must have one length; got {sorted({len(row) for row in given})}.")
        return np.asarray(given, dtype=float)
    if not given.endswith(".npy"):
        raise ValueError(f"{key} must be the path of a .npy file or a list of rows; got {key}={shown(given)}.")
    try:
        array = np.load(given, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(
            f"{key}={shown(given)} cannot be read as an array ({error}). Save one with numpy.save."
        ) from None
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{key} must hold real numbers; got {array.dtype}. Convert it to float.")
    return array
