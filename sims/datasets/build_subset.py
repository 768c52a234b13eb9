"""Builds the embedded subset again, byte for byte: `python -m sims.datasets.build_subset FOLDER [OUT]`."""

import os
import pathlib
import sys
import tempfile

import numpy as np
from jaxtyping import Int64, UInt8

from sims.datasets import LabelledImages
from sims.datasets.fashion_mnist import DEBIAN_FOLDER, SUBSET, load_full

PER_CLASS = 500
SEED = 2026


def choose(labels: UInt8[np.ndarray, " n"], per_class: int = PER_CLASS, seed: int = SEED) -> Int64[np.ndarray, " m"]:
    """Positions of `per_class` images of each class, ascending; each class draws from a stream of its own.

    Errors: ValueError when a class has fewer images.
    """
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < per_class:
            raise ValueError(f"Class {label} has {len(members)} images; got per_class={per_class}. Lower per_class.")
        stream = np.random.default_rng([seed, int(label)])
        chosen.append(stream.choice(members, per_class, replace=False))
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def subset(data: LabelledImages) -> dict[str, np.ndarray]:
    """What the archive holds: images, labels, and their positions in the training set."""
    positions = choose(data.labels)
    return {
        "images": data.images[positions],
        "labels": data.labels[positions],
        "positions": positions.astype(np.uint16),
    }


def main(arguments: list[str]) -> None:
    folder = pathlib.Path(arguments[0]) if arguments else DEBIAN_FOLDER
    out = pathlib.Path(arguments[1]) if len(arguments) > 1 else SUBSET
    arrays = subset(load_full(folder, "train"))
    handle, temporary = tempfile.mkstemp(dir=out.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        np.savez_compressed(file, **arrays)
    os.chmod(temporary, 0o644)  # mkstemp gives 0600
    os.replace(temporary, out)


if __name__ == "__main__":
    main(sys.argv[1:])
