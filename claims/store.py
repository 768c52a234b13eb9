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

import numpy as np
import sympy as sp

from claims.usage import UsageError

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"
VERDICTS = RESULTS / "verdicts.json"
CONSTANTS = RESULTS / "constants.json"


def jsonable(value: Any) -> Any:
    """`value` as strict JSON: arrays as lists, exact numbers and names as text, infinity as "inf", NaN as null."""
    if value is None or isinstance(value, bool | np.bool_):
        return None if value is None else bool(value)
    if isinstance(value, enum.Enum):
        return jsonable(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _real(float(value))
    if isinstance(value, sp.Basic | sp.MatrixBase):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [jsonable(v) for v in items]
    if hasattr(value, "shape"):  # a NumPy or JAX array
        return jsonable(np.asarray(value).tolist())
    return str(value)


def dumps(value: Any) -> str:
    """The text of a result file."""
    return json.dumps(jsonable(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def check_writable(path: pathlib.Path) -> None:
    """Nothing, when `path` may be written: known before the work, not after it.

    Errors: UsageError otherwise.
    """
    folder = path.absolute().parent
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


def _real(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
