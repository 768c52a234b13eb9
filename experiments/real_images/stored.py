"""Where the record of the real images lies, for those who read it: `record` makes it, and imports much for that."""

import pathlib
from typing import Any

from runtime import store

NAME = "real_images.json"
SCHEMA = 2


def load(folder: pathlib.Path = store.RESULTS) -> dict[str, Any] | None:
    """The record in a folder, None where it was not made yet. Errors: UsageError for a damaged or newer one."""
    path = folder / NAME
    return store.record(path, SCHEMA) if path.exists() else None
