"""Data of clients for `dssl advise`: samples or embeddings, or only second moments, so that no sample leaves them.

They are read from a file, or handed in from Python. `where` names the file, or what was handed in, in error messages.
"""

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.sparse.linalg import eigsh

from dssl.user_files.csv_and_npz import (
    Where,
    checked_arrays,
    checked_covariances,
    names_held,
    read_arrays,
)
from dssl.user_files.tables import LARGEST, SUFFIXES, WEIGHTS, Choice, Reader, read, samples
from runtime.usage import UsageError
from sims.linear.objective import stable_step_size

NAMES = ("samples", "embeddings", "client", "second_moments", "covariances", "sizes", "means")
FEWEST = 2  # samples of a client: below, nothing can be said of its variance
DENSE = 200  # dimensions: up to here all eigenvalues of a client are quick


@dataclass(frozen=True)
class ClientData:
    """Second moments of every client, its number of samples and its mean where known, and the samples where given.

    `unused` names what else the archive holds, `names` the clients where words do. Clients are counted from 0.
    """

    moments: Float[np.ndarray, "clients dim dim"]
    sizes: Float[np.ndarray, " clients"] | None
    samples: tuple[Float[np.ndarray, "_ dim"], ...] | None
    means: Float[np.ndarray, "clients dim"] | None = None
    unused: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None

    def who(self, client: int, *, begins: bool = False) -> str:
        """How sentences call a client: by its name, or its number; `begins` for the first words of a sentence."""
        return _who(client, self.names, begins)

    @property
    def n_clients(self) -> int:
        """N, how many clients there are data of."""
        return len(self.moments)

    @property
    def dim(self) -> int:
        """d, the number of coordinates of a sample."""
        return self.moments.shape[1]

    @cached_property
    def stable_step_size(self) -> float:
        """The largest step that provably cannot diverge, whatever the network."""
        if self.dim <= DENSE:
            return stable_step_size(self.moments)
        # All eigenvalues of every client take minutes; the Lanczos value lies below the largest by far less than 0.1%.
        # A fixed start: by default it is random, and with it the last digits of the answer.
        start = np.ones(self.dim)
        largest = max(float(eigsh(m, k=1, v0=start, return_eigenvectors=False)[0]) for m in self.moments)
        return 0.999 * stable_step_size(np.array([[[largest]]]))


def read_clients(path: pathlib.Path, choice: Choice = Choice()) -> ClientData:  # noqa: B008  # frozen
    """Clients from a .npz archive: `samples` or `embeddings` of shape (clients, samples, dim), or (samples, dim) beside
    `client`, the owner of every row; or `second_moments` (clients, dim, dim), if known beside `sizes` (clients,) and
    `means` (clients, dim). From a .csv, .tsv or .parquet file: one sample a row, with a column `client`, or the columns
    that were chosen.

    Errors: UsageError naming what is missing or does not fit, for a client without samples, and for a choice of columns
    where there are none.
    """
    if path.suffix.lower() in SUFFIXES:
        return of_table(read(path, choice), choice)
    refuse_choice(choice, path)
    return _of_arrays(read_arrays(path, NAMES, words=("client",)), names_held(path), path)


def of_table(table: Reader, choice: Choice) -> ClientData:
    """Clients from a table of samples. Errors: UsageError as `samples` of `tables`, and as `of_clients`."""
    found = samples(table, choice)
    return of_clients(_by_owner(found.rows, found.owners, table.where), table.where, found.names)


def refuse_choice(choice: Choice, where: Where) -> None:
    """Nothing. Errors: UsageError for a choice of columns, made for data that have none."""
    for option, column in (("--client-column", choice.client), ("--weight-column", choice.weight)):
        if column is not None:
            raise UsageError(f"{option} {column} is for tables, and {where} holds arrays. Leave it out.")


def of_arrays(arrays: Mapping[str, np.ndarray], where: Where) -> ClientData:
    """Clients from arrays by the names that a .npz archive has for them.

    Errors: UsageError as `read_clients`.
    """
    known = {name: np.asarray(arrays[name]) for name in NAMES if name in arrays}
    return _of_arrays(checked_arrays(known, NAMES, list(arrays), where, words=("client",)), list(arrays), where)


def centred(data: ClientData) -> ClientData:
    """The same clients, each less its own mean. Errors: UsageError where means are not known, or nothing is left."""
    if data.means is None:
        raise UsageError("--center needs the mean of every client, and second moments alone do not tell it. Add means.")
    moments = data.moments - data.means[:, :, None] * data.means[:, None, :]
    if data.samples is not None:
        samples = tuple(x - mean for x, mean in zip(data.samples, data.means, strict=True))
        moments = np.stack([x.T @ x / len(x) for x in samples])
        data = replace(data, samples=samples)
    for client, (before, after) in enumerate(zip(data.moments, moments, strict=True)):
        if not np.trace(after) > 1e-13 * np.trace(before):
            raise UsageError(f"Nothing is left of {data.who(client)} when its mean is taken off. Drop it.")
    return replace(data, moments=moments, means=np.zeros_like(data.means))


def _of_arrays(held: Mapping[str, np.ndarray], names: Sequence[str], where: Where) -> ClientData:
    unused = tuple(name for name in names if name not in NAMES)
    for name in unused:
        if name.lower() in WEIGHTS:
            raise UsageError(
                f"{where} holds {name}; all samples of a client count the same here. Leave it out, and choose how "
                "clients count by --objective."
            )
    return replace(_of_used(held, unused, where), unused=unused)


def _of_used(held: Mapping[str, np.ndarray], unused: tuple[str, ...], where: Where) -> ClientData:
    for first, second in (("samples", "embeddings"), ("second_moments", "covariances")):
        if first in held and second in held:
            raise UsageError(f"{where} holds both {first} and {second}, two names for one thing. Keep one of them.")
    rows = held.get("samples", held.get("embeddings"))
    if rows is not None:
        for name in ("second_moments", "covariances", "sizes", "means"):
            if name in held:
                raise UsageError(
                    f"{where} holds samples and {name}, which samples already tell. Keep one of them, for they might "
                    "disagree."
                )
        return of_samples(rows, held.get("client"), where)
    name = "second_moments" if "second_moments" in held else "covariances"
    moments = held.get(name)
    if moments is None:
        raise UsageError(
            f"{where} must hold samples, embeddings or second_moments; it holds {', '.join([*held, *unused])} only."
        )
    if "client" in held:
        raise UsageError(f"{where} holds {name} and client, which names the owners of samples. Leave client out.")
    moments = checked_covariances(moments, where, name)
    _check_size(moments.shape[0], moments.shape[1], where)
    for client, matrix in enumerate(moments):
        least = float(np.linalg.eigvalsh(matrix)[0])
        if least < -1e-8 * max(float(np.abs(matrix).max()), np.finfo(float).tiny):
            raise UsageError(
                f"A second moment has no negative eigenvalue; client {client} in {where} has {least:.4g}. Send "
                "E[x x^T]."
            )
    sizes = held.get("sizes")
    if sizes is not None and (sizes.shape != (len(moments),) or not (sizes >= FEWEST).all()):
        raise UsageError(
            f"sizes in {where} needs a number of samples from {FEWEST} for each of {len(moments)} clients; got "
            f"{np.array2string(sizes.ravel()[:5], precision=4)}."
        )
    return _with_signal(ClientData(moments, sizes, None, _checked_means(held.get("means"), moments, where)), where)


def _checked_means(means: np.ndarray | None, moments: np.ndarray, where: Where) -> np.ndarray | None:
    if means is None:
        return None
    if means.shape != moments.shape[:2]:
        raise UsageError(f"means in {where} must have shape {moments.shape[:2]}, (clients, dim); got {means.shape}.")
    for client, (moment, mean) in enumerate(zip(moments, means, strict=True)):
        least = float(np.linalg.eigvalsh(moment - np.outer(mean, mean))[0])
        if least < -1e-8 * float(np.abs(moment).max()):
            raise UsageError(
                f"The mean of client {client} in {where} is longer than its second moment E[x x^T] allows. Give the "
                "mean and the second moment, not the covariance, of the same samples."
            )
    return means


def _check_size(n_clients: int, dim: int, where: Where) -> None:
    if dim < 2:
        raise UsageError(f"Samples need two dimensions or more, so that an encoder can choose; {where} has {dim}.")
    if n_clients * dim**2 > LARGEST:
        raise UsageError(
            f"Second moments of {n_clients} clients in {dim} dimensions have {n_clients * dim**2:.2g} entries; at most "
            f"{LARGEST:.2g} are held. Project the embeddings in {where} on fewer dimensions first."
        )


def _with_signal(data: ClientData, where: Where) -> ClientData:
    empty = np.flatnonzero(~data.moments.any(axis=(1, 2)))
    if empty.size:
        raise UsageError(f"{data.who(int(empty[0]), begins=True)} in {where} holds nothing but zeros. Drop it.")
    with np.errstate(over="ignore"):
        if not np.isfinite(np.sum(data.moments**2)):
            raise UsageError(
                f"The numbers in {where} are too large to be squared twice. Divide them by a common scale."
            )
    return data


def of_samples(rows: np.ndarray, owners: np.ndarray | None, where: Where) -> ClientData:
    """Clients from samples (clients, samples, dim), or from (samples, dim) beside the owner of every row.

    Errors: UsageError for other shapes, and as `of_clients`.
    """
    names = None
    if rows.ndim == 3 and owners is None:
        samples = tuple(rows)
    elif rows.ndim == 2 and owners is not None and owners.shape == rows.shape[:1]:
        if owners.dtype.kind in "UO":
            words, owners = np.unique(owners.astype(str), return_inverse=True)
            names = tuple(words.tolist())
        samples = _by_owner(rows, owners, where)
    else:
        raise UsageError(
            f"Samples in {where} must have shape (clients, samples, dim), or (samples, dim) beside an array client "
            f"with one number or name a row; got {rows.shape}"
            + ("." if owners is None else f" beside client {owners.shape}.")
        )
    return of_clients(samples, where, names)


def of_clients(samples: tuple[np.ndarray, ...], where: Where, names: tuple[str, ...] | None = None) -> ClientData:
    """Clients from the samples (samples, dim) of each, and their names where words name them.

    Errors: UsageError for fewer than two clients, a client with fewer than two samples, and too few or too many
    dimensions.
    """
    if len(samples) < 2:
        raise UsageError(f"Two clients or more were wanted; {where} has {len(samples)}.")
    for number, x in enumerate(samples):
        if len(x) < FEWEST:
            other = ", and number the others without a gap" if names is None else ""
            raise UsageError(
                f"{_who(number, names, True)} in {where} has {len(x)} samples; each needs {FEWEST} or more. Leave "
                f"it out{other}."
            )
    _check_size(len(samples), samples[0].shape[-1], where)
    with np.errstate(over="ignore", invalid="ignore"):
        moments = np.stack([x.T @ x / len(x) for x in samples])
    sizes, means = np.array([float(len(x)) for x in samples]), np.stack([x.mean(axis=0) for x in samples])
    return _with_signal(ClientData(moments, sizes, samples, means, names=names), where)


def _who(client: int, names: tuple[str, ...] | None, begins: bool) -> str:
    return f"{'C' if begins else 'c'}lient {client if names is None else names[client]}"


def _by_owner(rows: np.ndarray, owners: np.ndarray, where: Where) -> tuple[np.ndarray, ...]:
    if not owners.size:
        raise UsageError(f"{where} holds no samples at all.")
    whole = np.isin(owners, np.arange(len(rows)))  # more clients than rows would leave one without any
    if not whole.all():
        raise UsageError(
            f"client in {where} must number the clients 0, 1, 2, ... without a gap; got {owners[~whole][0]:g} among "
            f"{len(rows)} rows."
        )
    numbers = owners.astype(int)
    order = np.argsort(numbers, kind="stable")
    return tuple(np.split(rows[order], np.cumsum(np.bincount(numbers))[:-1]))
