"""The store of a sweep: one file for every finished part, so that a sweep can be stopped and resumed.

Files are written whole or not at all. A part is named by its labels; what the sweep is stands in `sweep.json` beside
the parts, and a store is only ever continued by the same sweep.
"""

import io
import json
import os
import pathlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

SPEC = "sweep.json"


class SweepStore:
    """Finished parts in a folder. Errors: ValueError when the folder holds another sweep."""

    def __init__(self, folder: pathlib.Path | str, spec: Mapping[str, Any]) -> None:
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = json.loads(json.dumps(spec))
        path = self.folder / SPEC
        if not path.exists():
            _write(path, json.dumps(wanted, indent=1).encode())
        found = json.loads(path.read_text())
        if found != wanted:
            changed = sorted(k for k in {*found, *wanted} if found.get(k) != wanted.get(k))
            raise ValueError(f"{self.folder} holds a sweep with other {', '.join(changed)}. Use an empty folder.")

    def has(self, name: str) -> bool:
        """Whether that part is finished."""
        return (self.folder / f"{name}.npz").exists()

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keeps a finished part."""
        buffer = io.BytesIO()
        kept: dict[str, Any] = {k: np.asarray(v) for k, v in arrays.items()}
        np.savez(buffer, **kept)
        _write(self.folder / f"{name}.npz", buffer.getvalue())

    def get(self, name: str) -> dict[str, np.ndarray]:
        """A finished part. Errors: ValueError when there is none, or its file is damaged."""
        path = self.folder / f"{name}.npz"
        try:
            # From memory: a file that turns out not to be an archive would be left open.
            with np.load(io.BytesIO(path.read_bytes())) as file:
                return {k: file[k] for k in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is no finished part ({error}). Delete it and run the sweep again.") from None

    def names(self) -> Iterator[str]:
        """The finished parts, in order of name."""
        return (path.stem for path in sorted(self.folder.glob("*.npz")))


def _write(path: pathlib.Path, content: bytes) -> None:
    """`content` at `path` in one step: whoever reads, and whenever this process dies, finds all of it or none."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        pathlib.Path(temporary).unlink(missing_ok=True)
