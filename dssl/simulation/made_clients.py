"""Synthetic clients for runs without covariances of the user's own: the [data] table of a configuration."""

import pathlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_type_hints

import numpy as np
from jaxtyping import Float

from dssl.user_files.csv_and_npz import checked_covariances, read_arrays
from runtime.parse import parse, shown
from runtime.usage import UsageError, unknown
from sims.linear import heterogeneity

MOST_ENTRIES = 100_000_000  # of all covariances: 0.8 GB
Covariances = Float[np.ndarray, "clients dim dim"]


@dataclass(frozen=True, kw_only=True)
class Data:
    """Made clients: `commuting` are the paper's diagonal matrices; `exchangeable`, random ones that differ by `level`
    in [0, 1]; `label_skew`, mixtures of class matrices with Dirichlet(`concentration`) shares.
    """

    n_clients: int
    dim: int
    kind: Literal["commuting", "exchangeable", "label_skew"] = "exchangeable"
    level: float = 0.1
    concentration: float = 1.0


def covariances_of(path: pathlib.Path | None, data: Mapping[str, Any], feature_dim: int, seed: int) -> Covariances:
    """The covariances of a file, or of clients made as `data` says.

    Errors: UsageError for neither or both, and for anything that does not fit.
    """
    if path is not None:
        if data:
            raise UsageError("Covariances come from a file or from [data], not both. Drop --covariances or [data].")
        return checked_covariances(read_arrays(path, ("covariances",))["covariances"], path)
    if not data:
        raise UsageError("Clients were wanted: give --covariances X.npz, or a table [data] with n_clients and dim.")
    hints = get_type_hints(Data)
    for key in data:
        if key not in hints:
            raise unknown("key of [data]", key, list(hints), f"It takes {', '.join(hints)}.")
    for entry in fields(Data):
        if entry.default is MISSING and entry.name not in data:
            raise UsageError(f"[data] needs {entry.name}, which is missing; add {entry.name} = ...")
    d = Data(**{key: parse(key, value, hints[key], is_text=False) for key, value in data.items()})
    if d.n_clients < 2 or d.dim < 1 or d.n_clients * d.dim**2 > MOST_ENTRIES:
        raise UsageError(
            f"Made clients are at least two, and n_clients dim^2 at most {MOST_ENTRIES:g}; got "
            f"n_clients={shown(d.n_clients)}, dim={shown(d.dim)}. Change them."
        )
    try:
        if d.kind == "commuting":
            return heterogeneity.commuting(d.n_clients, d.dim)
        if d.kind == "label_skew":
            return heterogeneity.label_skew(seed, d.n_clients, d.dim, feature_dim, d.concentration)
        return heterogeneity.exchangeable(seed, d.n_clients, d.dim, feature_dim, d.level)
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
