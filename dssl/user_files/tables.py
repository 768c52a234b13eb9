"""A table of samples: which column says whose sample a row is, which how many samples it stands for, and the rest.

A table is a file (CSV or parquet) or a pandas.DataFrame. A `Reader` says what stands in its cells; what is true of the
content is checked here, once for all of them.
"""

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float

from dssl.user_files.csv_and_npz import Where, read_rows
from runtime.extras import missing
from runtime.usage import UsageError

SUFFIXES = (".csv", ".tsv", ".parquet")
CLIENT = "client"  # the column's name if none is given
WEIGHTS = ("weight", "weights", "sample_weight", "sample_weights")
_INDEX = ("index", "level_0")  # names that pandas gives to the numbers of rows
_FEWEST = 5  # rows: below, numbers in order say nothing
LARGEST = 200_000_000  # entries of samples or second moments: 1.6 GB
_REMEDY = "Give a table with a column client (or name another by --client-column), and one column for each coordinate."


@dataclass(frozen=True)
class Choice:
    """The columns of a table that are no coordinates, by name, or by number from 1 in a file without a header.

    `client` says whose sample a row is: the column `client`, if not given. `weight` says how many equal samples a row
    stands for: one, if not given.
    """

    client: str | None = None
    weight: str | None = None


class Reader(Protocol):
    """A table as it came. Columns are counted from 0. Without a `header`, they have no names."""

    where: Where
    header: list[str] | None
    n_columns: int
    n_rows: int

    def row(self, k: int) -> object:
        """What row k is called in messages."""
        ...

    def numbers(self, column: int) -> Float[np.ndarray, " rows"]:
        """The numbers in a column; NaN for a cell that holds none. Errors: UsageError where no cell can."""
        ...

    def words(self, column: int) -> list[str]:
        """The cells of a column as text; empty for a cell that holds nothing."""
        ...


@dataclass(frozen=True)
class Samples:
    """Samples of clients: `owners` numbers the client of each row, and `names` names the clients if words do."""

    rows: Float[np.ndarray, "samples dim"]
    owners: Float[np.ndarray, " samples"]
    names: tuple[str, ...] | None


def read(path: pathlib.Path, choice: Choice) -> Reader:
    """The table in a file. Errors: UsageError for a file that cannot be read, and where parquet lacks its packages."""
    return _of_parquet(path) if path.suffix.lower() == ".parquet" else _File(path, choice)


def samples(table: Reader, choice: Choice) -> Samples:
    """The samples of a table.

    Clients are numbered 0, 1, 2, ..., or named by words; then they stand in the order of the alphabet.

    Errors: UsageError naming the row for a cell that is no finite number; for columns that are missing or contradict
    the choice, for a column that counts rows, and for weights that are no counts.
    """
    at, weight_at = _chosen(table, choice)
    names = [f"{k + 1}" for k in range(table.n_columns)] if table.header is None else table.header
    if not table.n_rows:
        raise UsageError(f"{table.where} holds no samples at all.")
    owners, clients = _owners(table, at, names[at])
    left = [k for k in range(table.n_columns) if k not in (at, weight_at)]
    rows = np.empty((table.n_rows, len(left)))
    for k, column in enumerate(left):
        rows[:, k] = table.numbers(column)
    for row, k in np.argwhere(~np.isfinite(rows)):
        raise bad_cell(table, int(row), left[k], names[left[k]])
    for k, column in enumerate(left):
        _refuse_counts(table, rows[:, k], owners, names[column], column)
    if weight_at is not None:
        counts = _counts(table, weight_at, names[weight_at], len(left))
        rows, owners = np.repeat(rows, counts, axis=0), np.repeat(owners, counts)
    return Samples(rows, owners, clients)


def bad_cell(table: Reader, row: int, column: int, name: str) -> UsageError:
    """The error for a cell that holds no finite number."""
    cell = table.words(column)[row][:30]
    return UsageError(
        f"Row {table.row(row)} of {table.where} has {cell!r} in column {name}; a finite number was wanted."
    )


def _chosen(table: Reader, choice: Choice) -> tuple[int, int | None]:
    """Where the clients and the weights stand, the choice being no contradiction to the table."""
    where = table.where
    if table.header is None:
        if choice.client is None:
            raise UsageError(
                f"{where} needs one column named client in its first row, which holds numbers. Add such a row, or say "
                "which column it is, counted from 1, such as --client-column 1."
            )
        found = [_numbered(table, choice.client, "--client-column")]
        found += [] if choice.weight is None else [_numbered(table, choice.weight, "--weight-column")]
    else:
        found = [_named(table, table.header, choice.client or CLIENT, _REMEDY)]
        found += [] if choice.weight is None else [_named(table, table.header, choice.weight, "Name one of these.")]
        _refuse_unchosen(table.header, found, choice, where)
    if len(set(found)) < len(found):
        raise UsageError(f"--client-column and --weight-column name one column of {where}. Name two.")
    return found[0], found[1] if len(found) > 1 else None


def _refuse_unchosen(header: list[str], found: Sequence[int], choice: Choice, where: Where) -> None:
    """Errors: UsageError for a column that by its name is no coordinate, and was not chosen."""
    for k, name in enumerate(header):
        if k in found:
            continue
        if name.lower() == CLIENT:
            raise UsageError(
                f"{where} has a column {name}, and --client-column names {choice.client}. Drop one of them."
            )
        if name.lower() in WEIGHTS:
            raise UsageError(
                f"{where} has a column {name}, which was not asked for. Drop it, or, if it says how many samples a row "
                f"stands for, add --weight-column {name}."
            )


def _numbered(table: Reader, column: str, option: str) -> int:
    if not (column.isascii() and column.isdecimal() and 1 <= int(column) <= table.n_columns):
        raise UsageError(
            f"{table.where} has no header, so {option} is the number of a column, from 1 to {table.n_columns}; got "
            f"{column}."
        )
    return int(column) - 1


def _named(table: Reader, header: list[str], column: str, remedy: str) -> int:
    found = [k for k, name in enumerate(header) if name.lower() == column.lower()]
    if len(found) != 1:
        raise UsageError(
            f"{table.where} needs one column named {column} (case does not matter); it has "
            f"{', '.join(header)[:60]!r}. {remedy}"
        )
    return found[0]


def _owners(table: Reader, at: int, name: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    numbers, words = table.numbers(at), None
    unknown = ~np.isfinite(numbers)
    if not unknown.any():
        return numbers, None
    words, first = table.words(at), int(np.flatnonzero(unknown)[0])
    if not words[first] or np.isinf(numbers).any():
        raise bad_cell(table, first, at, name)
    if not unknown.all():
        raise UsageError(
            f"Row {table.row(first)} of {table.where} has {words[first][:30]!r} in column {name}, and other rows have "
            "numbers there. Clients are numbered 0, 1, 2, ..., or all are named by words."
        )
    for row, word in enumerate(words):
        if not word:
            raise bad_cell(table, row, at, name)
    clients, owners = np.unique(words, return_inverse=True)
    return owners.astype(float), tuple(clients.tolist())


def _counts(table: Reader, at: int, name: str, dim: int) -> np.ndarray:
    counts = table.numbers(at)
    bad = ~np.isfinite(counts) | (counts < 1) | (counts != np.round(counts))
    for row in np.flatnonzero(bad):
        raise UsageError(
            f"Row {table.row(int(row))} of {table.where} has {table.words(at)[row][:30]!r} in column {name}; a weight "
            "is the number of equal samples that the row stands for, whole and from 1. For other weights, give "
            "second_moments with sizes instead."
        )
    if counts.sum() * dim > LARGEST:
        raise UsageError(
            f"The weights in {table.where} stand for {counts.sum():.4g} samples of {dim} numbers; at most "
            f"{LARGEST:.2g} numbers are held. Give second_moments with sizes instead."
        )
    return counts.astype(int)


def _refuse_counts(table: Reader, values: np.ndarray, owners: np.ndarray, name: str, column: int) -> None:
    """Errors: UsageError for a column that only counts the rows, of the table or of each client."""
    is_unnamed = table.header is not None and (not name or name.lower().startswith("unnamed:"))
    is_index = (is_unnamed or name.lower() in _INDEX) and bool((values == np.round(values)).all())
    is_count = values[0] in (0, 1) and (
        _counts_up(values) or all(_counts_up(values[owners == owner]) for owner in np.unique(owners))
    )
    if is_index or is_count:
        shown = f"Column {column + 1} of {table.where}" + (f", {name}," if name and table.header else "")
        raise UsageError(
            f"{shown} counts rows, as the index that pandas writes beside a table, and is no coordinate. Drop it; "
            "pandas leaves it out by to_csv(..., index=False)."
        )


def _counts_up(values: np.ndarray) -> bool:
    return len(values) >= _FEWEST and bool((np.diff(values) == 1).all())


class _File:
    """A file of cells divided by commas, semicolons, tabs, bars or blanks.

    The first row is a header where no cell of it is a number, or one is the chosen name of the column of clients.

    Errors: UsageError for a row of another length, and for a header that only counts columns.
    """

    def __init__(self, path: pathlib.Path, choice: Choice) -> None:
        rows = read_rows(path, "Give a .csv file, one sample a row.")
        if not rows:
            raise UsageError(f"{path} holds no rows. {_REMEDY}")
        first = rows[0][1]
        wanted = {name.lower() for name in (CLIENT, choice.client) if name and not name.isdecimal()}
        is_header = bool(wanted & {cell.lower() for cell in first}) or all(number(cell) is None for cell in first)
        if not is_header and len(rows) > 1 and first == [str(k) for k in range(len(first))] and len(first) > 1:
            raise UsageError(
                f"The first row of {path} counts the columns, {','.join(first)[:30]}, as the names that pandas gives "
                "them. Name the columns, or drop the row (in pandas: to_csv(..., header=False))."
            )
        self.where: Where = path
        self.header: list[str] | None = first if is_header else None
        self.n_columns = len(first)
        self._rows = rows[1:] if is_header else rows
        self.n_rows = len(self._rows)
        for number_of_row, cells in self._rows:
            if len(cells) != len(first):
                raise UsageError(
                    f"Row {number_of_row} of {path} has {len(cells)} cells and the first row {len(first)}; all clients "
                    "need the same dimensions, and a decimal comma needs ; between cells. Mend the row."
                )

    def row(self, k: int) -> object:
        return self._rows[k][0]

    def numbers(self, column: int) -> Float[np.ndarray, " rows"]:
        cells = (number(cells[column]) for _, cells in self._rows)
        return np.array([np.nan if value is None else value for value in cells])

    def words(self, column: int) -> list[str]:
        return [cells[column] for _, cells in self._rows]


class Frame:
    """A pandas.DataFrame; pandas itself is imported for columns of words only."""

    def __init__(self, frame: Any, where: Where) -> None:
        self.where: Where = where
        self.header: list[str] | None = [str(name) for name in frame.columns]
        self.n_columns, self.n_rows = frame.shape[1], frame.shape[0]
        self._frame = frame

    def row(self, k: int) -> object:
        """The label of the row."""
        return self._frame.index[k]

    def numbers(self, column: int) -> Float[np.ndarray, " rows"]:
        """A column as floats. Errors: UsageError for dates and other types that are no numbers."""
        held = self._frame.iloc[:, column]
        if held.dtype.kind == "O":  # words, or numbers among other things
            import pandas

            held = pandas.Series(pandas.to_numeric(held.astype(object), errors="coerce"))
        if held.dtype.kind not in "biuf":
            raise UsageError(
                f"Column {held.name} of {self.where} has entries of type {held.dtype}; numbers were wanted."
            )
        return held.to_numpy(dtype=float, na_value=np.nan)

    def words(self, column: int) -> list[str]:
        """Cells as text; empty for None and NaN."""
        held = self._frame.iloc[:, column]
        return ["" if gone else str(cell).strip() for cell, gone in zip(held.tolist(), held.isna(), strict=True)]


def _of_parquet(path: pathlib.Path) -> Frame:
    try:
        import pandas
    except ImportError:
        raise missing(f"Reading {path}", "pandas") from None
    try:
        return Frame(pandas.read_parquet(path), path)
    except ImportError:
        raise missing(f"Reading {path}", "pyarrow") from None
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these kinds
        raise UsageError(
            f"{path} cannot be read as a table ({' '.join(str(error).split())}). Give a .parquet file."
        ) from None


def number(cell: str) -> float | None:
    """The finite number in a cell, with a decimal point or comma; None for anything else."""
    try:
        value = float(cell.replace(",", ".")) if cell.isascii() and cell.count(",") <= 1 and "_" not in cell else np.nan
    except ValueError:  # as "1.234,5", which has two points then
        return None
    return value if np.isfinite(value) else None
