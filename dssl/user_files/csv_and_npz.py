"""Networks, mixing matrices and client covariances from a user's files, read without executing anything."""

import csv
import pathlib
import zipfile
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from runtime.usage import UsageError

SYMMETRY = 1e-8  # relative to the largest entry: what float32 sums leave
MOST_CLIENTS = 10_000


def read_links(path: pathlib.Path) -> list[tuple[int, int]]:
    """The links of a CSV file, a pair of client numbers from 0 a row; a header row and `#` lines are skipped.

    Errors: UsageError naming the row for anything else.
    """
    links: list[tuple[int, int]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"The network {path} cannot be read ({error}). Give a CSV file of links, a,b a row.") from None
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if len(cells) >= 2 and all(c.isascii() and c.isdecimal() and len(c) < 10 for c in cells[:2]):
            links.append((int(cells[0]), int(cells[1])))
        elif links or any(c.lstrip("+-.").replace(".", "").isdecimal() for c in cells[:2]):
            raise UsageError(
                f"Row {number} of {path} must be two client numbers from 0, such as 0,1; got {','.join(cells)[:60]!r}."
            )  # only words may stand above the first link: that row is the header
    if not links:
        raise UsageError(f"{path} holds no links. Give a CSV file with two client numbers from 0 a row, such as 0,1.")
    largest = max(max(link) for link in links)
    if largest >= MOST_CLIENTS:
        raise UsageError(
            f"{path} names client {largest}; networks here have at most {MOST_CLIENTS} clients, numbered from 0."
        )
    return links


def read_matrix(path: pathlib.Path) -> Float[np.ndarray, "clients clients"]:
    """A square real matrix from a .npy file, entries finite.

    Errors: UsageError for another format, shape or type, and for entries that are no numbers.
    """
    try:
        matrix = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is not a matrix saved by numpy.save ({error}). Give a .npy file.") from None
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise UsageError(f"{path} must hold a square matrix; got shape {getattr(matrix, 'shape', 'of an archive')}.")
    if matrix.dtype.kind not in "biuf":
        raise UsageError(f"{path} must hold real numbers; got entries of type {matrix.dtype}.")
    matrix = matrix.astype(np.float64)
    if not np.isfinite(matrix).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(matrix))[0])
        raise UsageError(f"{path} has {matrix[i, j]} at ({i}, {j}); every entry must be a finite number. Mend it.")
    return matrix


def read_arrays(path: pathlib.Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Those of the named arrays that a .npz archive holds, real and finite, as float64.

    Errors: UsageError when the file is no such archive, holds none of them, or one holds anything but finite numbers.
    """
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise UsageError(f"{path} holds one bare array; save by numpy.savez with a name: {', '.join(names)}.")
        with archive:
            held = list(archive.files)
            arrays = {name: archive[name] for name in names if name in held}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} is not an archive saved by numpy.savez ({error}). Give a .npz file.") from None
    if not arrays:
        raise UsageError(f"{path} must hold an array named {' or '.join(names)}; it holds {', '.join(held) or 'none'}.")
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise UsageError(f"{name} in {path} must hold real numbers; got entries of type {array.dtype}.")
        if not np.isfinite(array).all():
            where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            raise UsageError(f"{name} in {path} has {array[where]} at {where}; every entry must be finite. Mend it.")
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def checked_covariances(
    array: np.ndarray, path: pathlib.Path, name: str = "covariances"
) -> Float[np.ndarray, "clients dim dim"]:
    """One symmetric matrix a client; `name` is what the archive calls them.

    Errors: UsageError for another shape, or a matrix that is not symmetric.
    """
    if array.ndim != 3 or array.shape[1] != array.shape[2] or array.shape[0] < 2 or array.shape[1] < 1:
        raise UsageError(
            f"{name} in {path} must have shape (clients, dim, dim) with at least two clients; got {array.shape}."
        )
    asymmetry = np.abs(array - array.transpose(0, 2, 1)).max(axis=(1, 2))
    client = int(asymmetry.argmax())
    if asymmetry[client] > SYMMETRY * max(float(np.abs(array).max()), np.finfo(float).tiny):
        raise UsageError(
            f"The matrix of client {client} among {name} in {path} is not symmetric (entries differ by "
            f"{asymmetry[client]:.3g} from the transposed). Give (X + X^T) / 2."
        )
    return (array + array.transpose(0, 2, 1)) / 2


def adjacency_of(matrix: Float[np.ndarray, "clients clients"]) -> Bool[np.ndarray, "clients clients"]:
    """Who hears whom under a mixing matrix: its off-diagonal pattern."""
    heard = matrix != 0
    np.fill_diagonal(heard, False)
    return heard
