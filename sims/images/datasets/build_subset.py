"""Builds the embedded subset again, byte for byte: `python -m sims.images.datasets.build_subset FOLDER [OUT]`."""

import os
import pathlib
import sys
import tempfile
from typing import Any

import numpy as np

from sims.images.datasets.fashion_mnist import DEBIAN_FOLDER, SUBSET, load_full
from sims.images.datasets.labelled_images import LabelledImages, choose

PER_CLASS = 500
SEED = 2026


def subset(data: LabelledImages) -> dict[str, np.ndarray]:
    """What the archive holds: images, labels, and their positions in the training set."""
    positions = choose(data.labels, PER_CLASS, SEED)
    return {
        "images": data.images[positions][..., 0],
        "labels": data.labels[positions],
        "positions": positions.astype(np.uint16),
    }


def main(arguments: list[str]) -> None:
    """Writes the subset of the images in folder `arguments[0]` (Debian's) to `arguments[1]` (where it is embedded).

    Errors: ValueError as `load_full` and `choose`; OSError for a place that cannot be written.
    """
    folder = pathlib.Path(arguments[0]) if arguments else DEBIAN_FOLDER
    out = pathlib.Path(arguments[1]) if len(arguments) > 1 else SUBSET
    arrays: dict[str, Any] = {**subset(load_full(folder, "train"))}
    # In the same folder, so that putting it in place is one step, and a reader never meets half an archive.
    handle, temporary = tempfile.mkstemp(dir=out.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        np.savez_compressed(file, **arrays)
    os.chmod(temporary, 0o644)  # mkstemp gives 0600
    os.replace(temporary, out)


if __name__ == "__main__":
    main(sys.argv[1:])
