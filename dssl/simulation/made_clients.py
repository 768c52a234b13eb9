"""Synthetic clients for runs without covariances of the user's own: the [data] table of a configuration."""

import pathlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Literal, get_type_hints

import numpy as np
from jaxtyping import Float

from dssl.simulation.linear import Config
from dssl.user_files.csv_and_npz import checked_covariances, read_arrays
from runtime.parse import parse, shown
from runtime.usage import UsageError, unknown
from sims.linear import heterogeneity, spiked
from sims.linear.spiked import SpikedClients
from sims.linear.trajectory import Shortcut

MOST_ENTRIES = 100_000_000  # of all covariances: 0.8 GB
Covariances = Float[np.ndarray, "clients dim dim"]


@dataclass(frozen=True, kw_only=True)
class Data:
    """Made clients: `commuting` are the paper's diagonal matrices; `exchangeable`, random ones that differ by `level`
    in [0, 1]; `label_skew`, mixtures of class matrices with Dirichlet(`concentration`) shares; `spiked`, random ones on
    `n_signal` coordinates and multiples of the identity beyond, `n_kinds` kinds of them in turn.
    """

    n_clients: int
    dim: int
    kind: Literal["commuting", "exchangeable", "label_skew", "spiked"] = "exchangeable"
    level: float = 0.1
    concentration: float = 1.0
    n_signal: int | None = None
    n_kinds: int | None = None

    def __post_init__(self) -> None:
        used = {"level": ("exchangeable", "spiked"), "concentration": ("label_skew",)}
        used |= dict.fromkeys(("n_signal", "n_kinds"), ("spiked",))
        for entry in fields(self):
            if self.kind not in used.get(entry.name, (self.kind,)) and getattr(self, entry.name) != entry.default:
                raise UsageError(f"{entry.name} has no effect on clients of kind {self.kind}. Leave it out of [data].")
        if self.kind == "spiked" and (self.n_signal is None or self.n_kinds is None):
            raise UsageError("Clients of kind spiked need n_signal and n_kinds. Add them to [data].")


@dataclass(frozen=True)
class Clients:
    """The clients' second moments as they are trained: of spiked clients in the dimensions that training needs."""

    covariances: Covariances
    spiked: SpikedClients | None = None

    @property
    def dim(self) -> int:
        """The dimensions that the data have."""
        return self.covariances.shape[1] if self.spiked is None else self.spiked.dim

    @property
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """The dimensions that are left out, if any."""
        if self.spiked is None or self.covariances.shape[1] == self.dim:
            return ()
        because = "Beyond the signal each client's matrix is a multiple of the identity, so noise keeps its directions."
        return (Shortcut("dimensions", self.covariances.shape[1], self.dim, because),)

    def fitted(self, config: Config) -> Config:
        """The configuration for these clients. Errors: UsageError for options that need all dimensions."""
        if self.spiked is None:
            return config
        if config.gradient_noise > 0:
            raise UsageError("Gradient noise reaches all dimensions of spiked clients. Leave gradient_noise out.")
        most = self.spiked.n_signal
        if config.n_signal is not None and config.n_signal > most:
            raise UsageError(
                f"The sensitivity is over signal coordinates, {most} here; got n_signal={config.n_signal}."
            )
        return replace(config, n_signal=config.n_signal or min(len(self.covariances), most))

    def start(self, config: Config) -> Covariances | None:
        """The start of spiked clients that begin at a random model; None for any other."""
        if self.spiked is None or config.init == "optimum":
            return None
        return self.spiked.start(config.seed, config.feature_dim)


def clients_of(path: pathlib.Path | None, data: Mapping[str, Any], feature_dim: int, seed: int) -> Clients:
    """The clients of a file, or those made as `data` says.

    Errors: UsageError for neither or both, and for anything that does not fit.
    """
    if path is not None:
        if data:
            raise UsageError("Covariances come from a file or from [data], not both. Drop --covariances or [data].")
        return Clients(checked_covariances(read_arrays(path, ("covariances",))["covariances"], path))
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
    size = d.dim if d.n_signal is None else min(d.dim, d.n_signal + feature_dim)
    if d.n_clients < 2 or d.dim < 1 or d.n_clients * size**2 > MOST_ENTRIES:
        what = "dim" if d.n_signal is None else "(n_signal + feature_dim)"
        raise UsageError(
            f"Made clients are at least two, and n_clients {what}^2 at most {MOST_ENTRIES:g}; got "
            f"n_clients={shown(d.n_clients)}, {what}={shown(size)}. Change them."
        )
    try:
        if d.kind == "spiked":
            assert d.n_signal is not None, "its class makes sure"
            assert d.n_kinds is not None
            found = spiked.made(seed, d.n_clients, d.dim, d.n_signal, d.n_kinds, feature_dim, d.level)
            return Clients(found.in_fewer(feature_dim), found)
        if d.kind == "commuting":
            return Clients(heterogeneity.commuting(d.n_clients, d.dim))
        if d.kind == "label_skew":
            return Clients(heterogeneity.label_skew(seed, d.n_clients, d.dim, feature_dim, d.concentration))
        return Clients(heterogeneity.exchangeable(seed, d.n_clients, d.dim, feature_dim, d.level))
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
