"""Fashion-MNIST: the embedded 500 images a class, or all 70,000 from a folder of IDX files.

Source: xiao2017. MIT licence, kept in `LICENSE-fashion-mnist.txt` beside the images.
"""

import pathlib
import zipfile
import zlib
from typing import Literal

import numpy as np

from sims.datasets import LabelledImages
from sims.datasets.idx import read_idx

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SIDE = 28
SUBSET = pathlib.Path(__file__).resolve().parent / "fashion_mnist_subset.npz"
DEBIAN_FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")  # where Debian's dataset-fashion-mnist puts them


def load(path: pathlib.Path = SUBSET) -> LabelledImages:
    """The embedded subset: 500 training images of each class, in the order of the training set.

    Errors: ValueError, naming the file, when it is missing, damaged or holds something else. Pickles are refused.
    """
    try:
        # Opened here because np.load leaves the file open when the archive is damaged.
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is not a readable archive of images and labels ({error}). "
            "Restore it from the repository, or build it again with `python -m sims.datasets.build_subset`."
        ) from None
    if images.dtype != np.uint8 or images.ndim != 3 or labels.dtype != np.uint8 or labels.ndim != 1:
        raise ValueError(
            f"uint8 images (n, height, width) and uint8 labels (n,) were wanted; {path} holds {images.dtype} "
            f"{images.shape} and {labels.dtype} {labels.shape}. Restore it from the repository."
        )
    return LabelledImages(images, labels, CLASS_NAMES)


def load_full(folder: pathlib.Path = DEBIAN_FOLDER, split: Literal["train", "t10k"] = "train") -> LabelledImages:
    """All 60,000 training images, or the 10,000 test images, from the IDX files in `folder`.

    Errors: ValueError as `read_idx`, or when the images are not 28 x 28.
    """
    images, labels = (
        _plain_or_gzipped(folder, f"{split}-{what}") for what in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or labels.ndim != 1:
        raise ValueError(
            f"{SIDE} x {SIDE} images and one label each were wanted; {folder} holds {images.shape} and {labels.shape}. "
            "Name the folder of Fashion-MNIST."
        )
    return LabelledImages(images, labels, CLASS_NAMES)


def _plain_or_gzipped(folder: pathlib.Path, name: str) -> np.ndarray:
    plain = folder / name
    return read_idx(plain if plain.exists() else folder / f"{name}.gz")
