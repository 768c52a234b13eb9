"""Files of results: written whole or not at all, strict JSON, the same bytes for the same results."""

import enum
import glob
import json
import math
import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

from runtime.usage import UsageError

_HERE = pathlib.Path(__file__).resolve().parent
_INSTALLED = _HERE / "results"
# A wheel carries the records inside this package; in a checkout they lie beside it.
RESULTS = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent / "results"
VERDICTS = RESULTS / "verdicts.json"
CONSTANTS = RESULTS / "constants.json"
# Records are read from beside the package. Commands write into the current directory: in a checkout the two are one.
HERE = pathlib.Path("results")
ROW = 300  # characters of a list of rows that still fits on one line


def jsonable(value: Any) -> Any:
    """`value` as strict JSON: arrays as lists, exact numbers and names as text, infinity as "inf", NaN as null."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return jsonable(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _real(float(value))
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [jsonable(v) for v in items]
    return _of_a_library(value)


def _of_a_library(value: Any) -> Any:
    """A number or an array of NumPy or JAX by its Python value, whatever sympy makes as text.

    The libraries are imported here: what is written without them does not wait for them.
    """
    import numpy as np
    import sympy as sp

    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating):
        return _real(float(value))
    if isinstance(value, sp.Basic | sp.MatrixBase) or not hasattr(value, "shape"):
        return str(value)
    return jsonable(np.asarray(value).tolist())


def dumps(value: Any) -> str:
    """The text of a result file."""
    return json.dumps(jsonable(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def line(value: Any) -> str:
    """`value` as strict JSON on one line, without spaces."""
    return json.dumps(jsonable(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def rows(value: Any) -> str:
    """The text of a result file with one row a line: what holds no list or object, or is short, is one line."""
    return _rows(jsonable(value), 0) + "\n"


def _rows(value: Any, depth: int) -> str:
    text = line(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if len(text) <= ROW or not any(isinstance(one, dict | list) for one in inner):
        return text
    begin, end = "{}" if isinstance(value, dict) else "[]"
    names = [f"{line(name)}:" for name in value] if isinstance(value, dict) else [""] * len(value)
    space = " " * (depth + 1)
    lines = [f"{space}{name}{_rows(one, depth + 1)}" for name, one in zip(names, inner, strict=True)]
    return "\n".join([begin, ",\n".join(lines), f"{' ' * depth}{end}"])


def shortened(value: Any, digits: int) -> Any:
    """The value with so many significant digits in each of its floats, those of mappings and lists included."""
    if isinstance(value, Mapping):
        return {name: shortened(v, digits) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(v, digits) for v in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def check_schema(path: pathlib.Path, content: Mapping[str, Any], newest: int) -> int:
    """The schema of a record; 0 for one that was written before schemas were. Errors: UsageError for a newer one."""
    schema = content.get("schema", 0)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 0:
        raise UsageError(f"{path} should say its schema by a whole number; got {schema!r}. Restore it from git.")
    if schema > newest:
        raise UsageError(
            f"{path} is a record of schema {schema}, and this program reads schemas up to {newest}. Update the program."
        )
    return schema


def make_folder(path: pathlib.Path) -> None:
    """The folder, made where it is not there yet. Errors: UsageError when it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be made ({error.strerror}). Name a folder that is yours.") from None


def check_writable(path: pathlib.Path) -> None:
    """Nothing, when `path` may be written: known before the work, not after it.

    Errors: UsageError otherwise.
    """
    folder = path.absolute().parent
    if not folder.exists():
        raise UsageError(f"{path} cannot be written, for there is no folder {folder}. Make it, or name another file.")
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{path} cannot be written. Name a file in a folder that exists and is yours.")


def write(path: pathlib.Path, text: str) -> None:
    """Replaces `path` by `text` in one step: whoever reads it, and whenever this process dies, finds old or new, whole.

    Errors: UsageError when the folder is missing or may not be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}). Name a file in a folder that exists.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp gives 0600, which others could not read
        os.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}). Name a file, not a folder.") from None
    finally:
        pathlib.Path(temporary).unlink(missing_ok=True)


def record(path: pathlib.Path, newest: int, remedy: str = "Restore it from git.") -> dict[str, Any]:
    """A record that has to be there, of a schema up to `newest`.

    Errors: UsageError in one sentence where it is missing, no record, or newer.
    """
    content = read(path, remedy)
    if content is None:
        raise UsageError(f"There is no record {path}. {remedy}")
    if not isinstance(content, dict):
        raise UsageError(f"{path} is no record: an object with a schema was wanted. {remedy}")
    check_schema(path, content, newest)
    return content


def leftovers(path: pathlib.Path) -> list[pathlib.Path]:
    """What `write` left beside `path` when its process was killed."""
    return [*path.parent.glob(f".{glob.escape(path.name)}.*.tmp")]


def read(path: pathlib.Path, remedy: str = "Restore it from git, or delete it and record anew.") -> Any:
    """The content of a result file; None when it does not exist yet.

    Errors: UsageError, with a sentence on what to do, when it is not JSON.
    """
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise UsageError(f"{path} is not a result file (it is nested too deeply). {remedy}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} is not a result file ({error}). {remedy}") from None
    except ValueError:
        raise UsageError(f"{path} is not a result file (it holds a number of thousands of digits). {remedy}") from None


def missing(path: pathlib.Path, own: pathlib.Path, option: str = "--recorded") -> UsageError:
    """The error for a record that is not there; `own` is the project's record, `option` what names another one.

    Recording anew is no remedy: whoever has lost the record would then compare nothing.
    """
    if path == own:
        place = f"{RESULTS.name}/{own.relative_to(RESULTS)}"
        return UsageError(f"There is no record {path}; bring it back with `git checkout -- {place}`, or install again.")
    return UsageError(
        f"There is no record {path}; name a file that exists, bring this one back if git has it "
        f"(`git checkout -- {path}`), or leave {option} out to use the project's own."
    )


def _real(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
