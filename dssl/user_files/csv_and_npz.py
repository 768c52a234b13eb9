"""Networks, mixing matrices and client covariances from a user's files, read without executing anything.

What is true of the content, whether it came from a file or from Python, is checked apart from the reading: `where` is
the file, or the name of what was handed in.
"""

import csv
import pathlib
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from runtime.usage import UsageError

Where = pathlib.Path | str
SYMMETRY = 1e-8  # relative to the largest entry: what float32 sums leave
MOST_CLIENTS = 10_000


def read_links(path: pathlib.Path) -> list[tuple[int, int]] | list[tuple[str, str]]:
    """The links of a CSV file, a pair of clients a row: numbers from 0, or names that are words. `#` lines are skipped.

    A row of words above numbers is a header; above names it is one if neither word stands in another row (as a link it
    would be cut off from all others).

    Errors: UsageError naming the row for anything else.
    """
    rows = read_rows(path, "Give a CSV file of links, a,b a row.")
    if rows and len(rows[0][1]) > 2 and not rows[0][1][0]:
        raise UsageError(
            f"The first column of {path} has no name, as the index that pandas writes beside a table. Drop it; pandas "
            "leaves it out by to_csv(..., index=False)."
        )
    for number, cells in rows:
        if any(cells[2:]):
            raise UsageError(
                f"Row {number} of {path} has more than two columns, {','.join(cells)[:60]!r}; links have no weights "
                "here. Keep the two clients, or save a mixing matrix as .npy."
            )
    if rows and not any(_is_numeric(cell) for _, cells in rows for cell in cells[:2]):
        return _links_of_names(rows, path)
    return _links_of_numbers(rows, path)


def _is_numeric(cell: str) -> bool:
    return cell.lstrip("+-.").replace(".", "").isdecimal()


def _links_of_numbers(rows: Sequence[tuple[int, list[str]]], path: pathlib.Path) -> list[tuple[int, int]]:
    links: list[tuple[int, int]] = []
    for number, cells in rows:
        if len(cells) >= 2 and all(c.isascii() and c.isdecimal() and len(c) < 10 for c in cells[:2]):
            links.append((int(cells[0]), int(cells[1])))
        elif links or any(map(_is_numeric, cells[:2])):
            raise UsageError(
                f"Row {number} of {path} must be two client numbers from 0, such as 0,1; got {','.join(cells)[:60]!r}."
            )  # only words may stand above the first link: that row is the header
    if not links:
        raise UsageError(f"{path} holds no links. Give a CSV file with two clients a row, such as 0,1.")
    largest = max(max(link) for link in links)
    if largest >= MOST_CLIENTS:
        raise UsageError(
            f"{path} names client {largest}; networks here have at most {MOST_CLIENTS} clients, numbered from 0."
        )
    return links


def _links_of_names(rows: Sequence[tuple[int, list[str]]], path: pathlib.Path) -> list[tuple[str, str]]:
    for number, cells in rows:
        if len(cells) < 2 or not all(cells[:2]):
            raise UsageError(f"Row {number} of {path} must name two clients; got {','.join(cells)[:60]!r}.")
    links = [(cells[0], cells[1]) for _, cells in rows]
    if not set(links[0]) & {name for link in links[1:] for name in link}:
        links = links[1:]
    if not links:
        raise UsageError(f"{path} holds no links. Give a CSV file with two clients a row, such as 0,1.")
    return links


def read_rows(path: pathlib.Path, remedy: str) -> list[tuple[int, list[str]]]:
    """Numbered rows of cells, comments and empty rows left out.

    The first of `;`, a tab, `|` and `,` that stands in the first row divides cells; where none does, blanks do.

    Errors: UsageError, with the remedy, for a file that cannot be read.
    """
    try:
        lines = [line.strip(" ") for line in path.read_text(encoding="utf-8-sig").splitlines()]
        first = next((line for line in lines if line and not line.startswith("#")), "")
        mark = next((mark for mark in ";\t|," if mark in first), " ")
        cells = csv.reader(lines, delimiter=mark, skipinitialspace=mark == " ")
        rows = [[cell.strip() for cell in row] for row in cells]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read ({error}). {remedy}") from None
    return [(k, row) for k, row in enumerate(rows, start=1) if any(row) and not row[0].startswith("#")]


def read_matrix(path: pathlib.Path) -> Float[np.ndarray, "clients clients"]:
    """A square real matrix from a .npy file, entries finite.

    Errors: UsageError for another format, shape or type, and for entries that are no numbers.
    """
    try:
        matrix = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is not a matrix saved by numpy.save ({error}). Give a .npy file.") from None
    return checked_matrix(matrix, path)


def checked_matrix(matrix: object, where: Where) -> Float[np.ndarray, "clients clients"]:
    """A square real matrix as float64, a copy.

    Errors: UsageError for another shape or type, and for entries that are no finite numbers.
    """
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise UsageError(f"{where} must hold a square matrix; got shape {getattr(matrix, 'shape', 'of an archive')}.")
    if matrix.dtype.kind not in "biuf":
        raise UsageError(f"{where} must hold real numbers; got entries of type {matrix.dtype}.")
    matrix = matrix.astype(np.float64)
    if not np.isfinite(matrix).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(matrix))[0])
        raise UsageError(f"{where} has {matrix[i, j]} at ({i}, {j}); every entry must be a finite number. Mend it.")
    return matrix


def read_arrays(path: pathlib.Path, names: Sequence[str], *, words: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Those of the named arrays that a .npz archive holds, real and finite, as float64; `words` as `checked_arrays`.

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
        if "pickle" in str(error):
            raise UsageError(
                f"{path} holds no plain arrays of numbers, as numpy.savez saves them: it is text, or of clients of "
                "unlike shapes. Put the samples of all clients into one array (samples, dim), beside client, the owner "
                "of each row."
            ) from None
        raise UsageError(f"{path} is not an archive saved by numpy.savez ({error}). Give a .npz file.") from None
    return checked_arrays(arrays, names, held, path, words=words)


def checked_arrays(
    arrays: Mapping[str, np.ndarray],
    names: Sequence[str],
    held: Sequence[str],
    where: Where,
    *,
    words: Sequence[str] = (),
) -> dict[str, np.ndarray]:
    """The arrays as float64. `names` are those that were asked for, `held` all names that were there.

    Those of the names `words` may hold words, and then are left as they are.

    Errors: UsageError where there is no array, or one holds anything but finite real numbers.
    """
    if not arrays:
        raise UsageError(
            f"{where} must hold an array named {' or '.join(names)}; it holds {', '.join(held) or 'none'}."
        )
    for name, array in arrays.items():
        if name in words and array.dtype.kind in "UO":
            continue
        if array.dtype.kind not in "biuf":
            raise UsageError(f"{name} in {where} must hold real numbers; got entries of type {array.dtype}.")
        if not np.isfinite(array).all():
            at = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            raise UsageError(f"{name} in {where} has {array[at]} at {at}; every entry must be finite. Mend it.")
    return {name: array if array.dtype.kind in "UO" else array.astype(np.float64) for name, array in arrays.items()}


def names_held(path: pathlib.Path) -> list[str]:
    """The names of the arrays in an archive that `read_arrays` has read."""
    with np.load(path, allow_pickle=False) as archive:
        return list(archive.files)


def checked_covariances(
    array: np.ndarray, where: Where, name: str = "covariances"
) -> Float[np.ndarray, "clients dim dim"]:
    """One symmetric matrix a client; `name` is what the archive calls them.

    Errors: UsageError for another shape, or a matrix that is not symmetric.
    """
    if array.ndim != 3 or array.shape[1] != array.shape[2] or array.shape[0] < 2 or array.shape[1] < 1:
        raise UsageError(
            f"{name} in {where} must have shape (clients, dim, dim) with at least two clients; got {array.shape}."
        )
    asymmetry = np.abs(array - array.transpose(0, 2, 1)).max(axis=(1, 2))
    client = int(asymmetry.argmax())
    if asymmetry[client] > SYMMETRY * max(float(np.abs(array).max()), np.finfo(float).tiny):
        raise UsageError(
            f"The matrix of client {client} among {name} in {where} is not symmetric (entries differ by "
            f"{asymmetry[client]:.3g} from the transposed). Give (X + X^T) / 2."
        )
    return (array + array.transpose(0, 2, 1)) / 2


def is_adjacency(matrix: Float[np.ndarray, "clients clients"]) -> bool:
    """Whether a matrix says who hears whom: zeros and ones with an empty diagonal. Any other gives weights."""
    return bool(np.isin(matrix, (0.0, 1.0)).all() and not matrix.diagonal().any())


def adjacency_of(matrix: Float[np.ndarray, "clients clients"]) -> Bool[np.ndarray, "clients clients"]:
    """Who hears whom under a mixing matrix: its off-diagonal pattern."""
    heard = matrix != 0
    np.fill_diagonal(heard, False)
    return heard
