"""CIFAR-10 and CIFAR-100, in the python (pickled) and the binary release; CIFAR-100 with its fine classes.

Source: krizhevsky2009; the layouts are described on https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import pathlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from sims.images.datasets.files import opened, reading, refuse_large
from sims.images.datasets.labelled_images import LabelledImages, labelled
from sims.images.datasets.pickles import read_pickle

SIDE, CHANNELS = 32, 3
IMAGE_BYTES = SIDE * SIDE * CHANNELS


@dataclass(frozen=True)
class Release:
    """Where the parts of one data set are."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    n_train: int
    n_test: int
    labels: str  # key in the pickles
    label_bytes: int  # before each image of the binary release; the last one counts
    names: tuple[str, str]  # file and key in the python release
    binary_names: str

    def parts(self, split: str) -> tuple[tuple[str, ...], int]:
        """The files of a split and the images in each.

        Errors: ValueError for another split than train and test.
        """
        if split not in ("train", "test"):
            raise ValueError(f'CIFAR has "train" and "test"; got split={split!r}. Take one of the two.')
        files, n_images = (self.train, self.n_train) if split == "train" else (self.test, self.n_test)
        return files, n_images // len(files)


CIFAR10 = Release(
    train=tuple(f"data_batch_{i}" for i in range(1, 6)),
    test=("test_batch",),
    n_train=50_000,
    n_test=10_000,
    labels="labels",
    label_bytes=1,
    names=("batches.meta", "label_names"),
    binary_names="batches.meta.txt",
)
CIFAR100 = Release(
    train=("train",),
    test=("test",),
    n_train=50_000,
    n_test=10_000,
    labels="fine_labels",
    label_bytes=2,
    names=("meta", "fine_label_names"),
    binary_names="fine_label_names.txt",
)


def found(folder: pathlib.Path) -> Release | None:
    """The release whose class names, python or binary, lie in the folder."""
    for release in (CIFAR10, CIFAR100):
        if (folder / release.names[0]).is_file() or (folder / release.binary_names).is_file():
            return release
    return None


def load(folder: pathlib.Path, release: Release, split: str = "train") -> LabelledImages:
    """One split, in the order of the files; the python release is taken where its class names are there.

    Errors: ValueError, naming the file, when one is missing, damaged, or not of the size of the release.
    """
    files, n_images = release.parts(split)
    if (folder / release.names[0]).is_file():
        names = _names(folder / release.names[0], release.names[1])
        parts = [_pickled(folder / name, release.labels, n_images) for name in files]
    else:
        path = folder / release.binary_names
        with reading(path, "list of class names"), opened(path) as file:
            refuse_large(path.stat().st_size)
            names = tuple(line.strip() for line in file.read().decode().splitlines() if line.strip())
        parts = [_binary(folder / f"{name}.bin", release.label_bytes, n_images) for name in files]
    rows = np.concatenate([images for images, _ in parts])
    # Each row holds the red plane, then green, then blue.
    images = np.ascontiguousarray(rows.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1))
    return labelled(folder, images, np.concatenate([labels for _, labels in parts]), names)


def _names(path: pathlib.Path, key: str) -> tuple[str, ...]:
    names = read_pickle(path).get(key)
    if not isinstance(names, list) or not names or not all(isinstance(name, str | bytes) for name in names):
        raise ValueError(f"A list of class names {key!r} was wanted; {path} has none. Fetch it again.")
    return tuple(name.decode("latin1") if isinstance(name, bytes) else name for name in names)


def _pickled(path: pathlib.Path, key: str, n_images: int) -> tuple[np.ndarray, np.ndarray]:
    held = read_pickle(path)
    images, labels = held.get("data"), whole_numbers(held.get(key))
    right = isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.shape == (n_images, IMAGE_BYTES)
    if not right or labels is None or len(labels) != n_images:
        shown = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else "no data"
        raise ValueError(
            f"uint8 data ({n_images}, {IMAGE_BYTES}) and as many {key} were wanted; {path} holds {shown} "
            f"and {'no' if labels is None else len(labels)} labels. Fetch it again."
        )
    return np.asarray(images), labels


def _binary(path: pathlib.Path, label_bytes: int, n_images: int) -> tuple[np.ndarray, np.ndarray]:
    record = label_bytes + IMAGE_BYTES
    with reading(path, "CIFAR file"), opened(path) as file:
        content = file.read(n_images * record + 1)
        if len(content) != n_images * record:
            has = "fewer" if len(content) < n_images * record else "more"
            raise ValueError(f"{n_images} records of {record} bytes were wanted, it has {has}")
    records = np.frombuffer(content, np.uint8).reshape(n_images, record)
    return records[:, label_bytes:], records[:, label_bytes - 1].astype(np.int64)


def whole_numbers(value: Any) -> np.ndarray | None:
    """A list or array of whole numbers as an array, or None for anything else, or numbers beyond int64."""
    if isinstance(value, np.ndarray):
        whole = value.ndim == 1 and value.dtype.kind in "iu" and (value <= np.iinfo(np.int64).max).all()
        return np.asarray(value, np.int64) if whole else None
    if not isinstance(value, list) or not all(type(n) is int and 0 <= n < 2**31 for n in value):
        return None
    return np.array(value, np.int64)
