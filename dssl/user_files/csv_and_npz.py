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


def read_links(path: pathlib.Path) -> list[tuple[int, int]]:
    """The links of a CSV file, a pair of client numbers from 0 a row; a header row and `#` lines are skipped.

    Errors: UsageError naming the row for anything else.
    """
    links: list[tuple[int, int]] = []
    for number, cells in _rows(path, "Give a CSV file of links, a,b a row."):
        if any(cells[2:]):
            raise UsageError(
                f"Row {number} of {path} has more than two columns, {','.join(cells)[:60]!r}; links have no weights "
                "here. Keep the two client numbers, or save a mixing matrix as .npy."
            )
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


def _rows(path: pathlib.Path, remedy: str) -> list[tuple[int, list[str]]]:
    """Numbered rows of cells, comments and empty rows left out; `;` or tabs divide cells where the first row has them.

    Errors: UsageError, with the remedy, for a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = text.splitlines()
        first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
        mark = ";" if ";" in first else "\t" if "\t" in first else ","
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read ({error}). {remedy}") from None
    return [(k, row) for k, row in enumerate(rows, start=1) if any(row) and not row[0].startswith("#")]


def read_table(
    path: pathlib.Path, owner: str
) -> tuple[Float[np.ndarray, "samples dim"], Float[np.ndarray, " samples"]]:
    """Samples of a CSV file with a header, one a row, and the column `owner` apart.

    Cells are divided by commas, `;` or tabs, as the header is; beside `;` or tabs, numbers may have a decimal comma.

    Errors: UsageError naming the row for a cell that is no finite number, a row of another length, and a column of
    weights; and for a file without the column.
    """
    remedy = f"Give a CSV file with a header, a column {owner}, and one column a coordinate."
    rows = _rows(path, remedy)
    if not rows:
        raise UsageError(f"{path} holds no rows. {remedy}")
    header = [cell.lower() for cell in rows[0][1]]
    at = owner_column(header, owner, path, "in its first row", remedy)
    table = np.empty((len(rows) - 1, len(header)))
    for k, (number, cells) in enumerate(rows[1:]):
        if len(cells) != len(header):
            raise UsageError(
                f"Row {number} of {path} has {len(cells)} cells and the header {len(header)}; all clients need the "
                "same dimensions, and a decimal comma needs ; between cells. Mend the row."
            )
        for j, cell in enumerate(cells):
            value = _number(cell)
            if value is None:
                raise bad_cell(number, cell, header[j], path)
            table[k, j] = value
    return np.delete(table, at, axis=1), table[:, at]


def owner_column(header: Sequence[str], owner: str, where: Where, place: str, remedy: str) -> int:
    """Where the column `owner` stands in a header of small letters; `place` says where the header is.

    Errors: UsageError unless there is one such column, and for a column of weights.
    """
    if header.count(owner) != 1:
        shown = ", ".join(header)[:60]
        raise UsageError(f"{where} needs one column named {owner} {place}; it has {shown!r}. {remedy}")
    for name in header:
        if name in ("weight", "weights", "sample_weight"):
            raise UsageError(f"{where} has a column {name}; all samples of a client count the same here. Leave it out.")
    return header.index(owner)


def bad_cell(row: object, cell: str, column: str, where: Where) -> UsageError:
    """The error for a cell of a table that holds no finite number."""
    return UsageError(f"Row {row} of {where} has {cell[:30]!r} in column {column}; a finite number was wanted.")


def _number(cell: str) -> float | None:
    """The finite number in a cell, with a decimal point or comma; None for anything else."""
    try:
        value = float(cell.replace(",", ".")) if cell.isascii() and cell.count(",") <= 1 and "_" not in cell else np.nan
    except ValueError:  # as "1.234,5", which has two points then
        return None
    return value if np.isfinite(value) else None


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
        if "pickle" in str(error):
            raise UsageError(
                f"{path} holds no plain arrays of numbers, as numpy.savez saves them: it is text, or of clients of "
                "unlike shapes. Put the samples of all clients into one array (samples, dim), beside client, the owner "
                "of each row."
            ) from None
        raise UsageError(f"{path} is not an archive saved by numpy.savez ({error}). Give a .npz file.") from None
    return checked_arrays(arrays, names, held, path)


def checked_arrays(
    arrays: Mapping[str, np.ndarray], names: Sequence[str], held: Sequence[str], where: Where
) -> dict[str, np.ndarray]:
    """The arrays as float64. `names` are those that were asked for, `held` all names that were there.

    Errors: UsageError where there is no array, or one holds anything but finite real numbers.
    """
    if not arrays:
        raise UsageError(
            f"{where} must hold an array named {' or '.join(names)}; it holds {', '.join(held) or 'none'}."
        )
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise UsageError(f"{name} in {where} must hold real numbers; got entries of type {array.dtype}.")
        if not np.isfinite(array).all():
            at = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            raise UsageError(f"{name} in {where} has {array[at]} at {at}; every entry must be finite. Mend it.")
    return {name: array.astype(np.float64) for name, array in arrays.items()}


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
