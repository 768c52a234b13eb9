"""Fashion-MNIST: the embedded 500 images a class, or all 70,000 from a folder of IDX files.

Source: xiao2017. MIT licence, kept in `LICENSE-fashion-mnist.txt` beside the images.
"""

import pathlib
from typing import Literal

from sims.images.datasets import idx
from sims.images.datasets.files import listed
from sims.images.datasets.labelled_images import LabelledImages, labelled
from sims.images.datasets.npz import read_npz

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
REMEDY = "Restore it from the repository, or build it again with `python -m sims.images.datasets.build_subset`."


def load(path: pathlib.Path = SUBSET) -> LabelledImages:
    """The embedded subset: 500 training images of each class, in the order of the training set.

    Errors: ValueError, naming the file, when it is missing, damaged or holds something else. Pickles are refused.
    """
    held = read_npz(path, REMEDY)
    if not {"images", "labels"} <= held.keys():
        raise ValueError(f"images and labels were wanted; {path} holds {listed(held)}. {REMEDY}")
    return labelled(path, held["images"], held["labels"], CLASS_NAMES)


def load_full(folder: pathlib.Path = DEBIAN_FOLDER, split: Literal["train", "t10k"] = "train") -> LabelledImages:
    """All 60,000 training images, or the 10,000 test images, from the IDX files in `folder`.

    Errors: ValueError as `read_idx`, or when the images are not 28 x 28.
    """
    data = idx.load(folder, "test" if split == "t10k" else split, CLASS_NAMES)
    if data.images.shape[1:] != (SIDE, SIDE, 1):
        raise ValueError(
            f"{SIDE} x {SIDE} images were wanted; {folder} holds {data.images.shape[1]} x {data.images.shape[2]}. "
            "Name the folder of Fashion-MNIST."
        )
    return data
