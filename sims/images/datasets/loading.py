"""`load`: a data set by name, folder or file; the format is told from what is found there."""

import os
import pathlib
from functools import cache
from typing import Literal

from sims.images.datasets import cifar, fashion_mnist, idx, image_folder, mini_imagenet
from sims.images.datasets.files import shortened
from sims.images.datasets.labelled_images import LabelledImages
from sims.images.datasets.scaling import scaled

EMBEDDED, FULL = "fashion-mnist", "fashion-mnist-full"
# What the archives of CIFAR unpack to.
UNPACKED = ("cifar-10-batches-py", "cifar-100-python", "cifar-10-batches-bin", "cifar-100-binary")


def load(
    source: str | pathlib.Path = EMBEDDED,
    split: Literal["train", "val", "test"] = "train",
    side: int | None = None,
) -> LabelledImages:
    """Images from `fashion-mnist` (embedded), `fashion-mnist-full` (Debian's package), a folder, or a file.

    A folder holds IDX files, CIFAR-10 or -100 (or the folder they unpack to), Mini-ImageNet, or one sub-folder a
    class; a file is Mini-ImageNet's. The embedded images are read once and cannot be written into. With `side` images
    are cut to their central square and scaled to `side` x `side`.
    Errors: ValueError, naming the file, when it is missing, damaged or hostile; nothing in it is executed.
    """
    data = _load(source, split, side)
    return data if side is None else scaled(data, side)


@cache
def _embedded() -> LabelledImages:
    # Every training of a table asks for them, and all are given the same.
    data = fashion_mnist.load()
    data.images.flags.writeable = data.labels.flags.writeable = False
    return data


def _load(source: str | pathlib.Path, split: str, side: int | None) -> LabelledImages:
    if source == EMBEDDED:
        if split != "train":
            raise ValueError(
                f"The embedded images are training images; got split={split!r}. Hold some out with --test-per-class "
                f"(in Python, `hold_out`), or take {FULL!r}."
            )
        return _embedded()
    if source == FULL:
        return idx.load(fashion_mnist.DEBIAN_FOLDER, split, fashion_mnist.CLASS_NAMES)
    path = pathlib.Path(source)
    # An empty name would be the current folder, and one that is too long is an error.
    if source == "" or not os.path.exists(path):
        raise ValueError(
            f"{EMBEDDED!r}, {FULL!r}, a folder or a file was wanted; got {shortened(str(source), 300)!r}, which is not "
            "there. Name one that is."
        )
    if not path.is_dir():
        if split != "train":
            raise ValueError(
                f"{path} is one file, without splits; got split={split!r}. Hold images out with --test-per-class (in "
                "Python, `hold_out`), or name the folder of all splits."
            )
        return mini_imagenet.load(path)
    if idx.found(path, split):
        return idx.load(path, split)
    for place in (path, *(path / name for name in UNPACKED)):
        if release := cifar.found(place):
            return cifar.load(place, release, split)
    if file := mini_imagenet.found(path, split):
        return mini_imagenet.load(file)
    return image_folder.load(path, split, side)
