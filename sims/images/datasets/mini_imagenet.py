"""Mini-ImageNet in the three layouts of pickles and npz archives that the few-shot literature uses.

`image_data` with `class_dict` (name to positions), `data` with `labels` and `catname2label`, and `features` with
`targets`. The splits of these files have different classes, so labels are numbered anew within a split, and a
class without a name bears that of its file: equal numbers in two files are two classes.
Source: vinyals2016.
"""

import pathlib
from typing import Any

import numpy as np

from sims.images.datasets.cifar import whole_numbers
from sims.images.datasets.files import listed, opened
from sims.images.datasets.labelled_images import LabelledImages, labelled
from sims.images.datasets.npz import read_npz
from sims.images.datasets.pickles import read_pickle

FILES = {
    "train": (
        "mini-imagenet-cache-train.pkl",
        "miniImageNet_category_split_train_phase_train.pickle",
        "few-shot-train.npz",
    ),
    "val": ("mini-imagenet-cache-val.pkl", "miniImageNet_category_split_val.pickle", "few-shot-val.npz"),
    "test": ("mini-imagenet-cache-test.pkl", "miniImageNet_category_split_test.pickle", "few-shot-test.npz"),
}
IMAGES = ("image_data", "images", "data", "features")
LABELS = ("labels", "targets")
ZIP_MAGIC = b"PK"


def found(folder: pathlib.Path, split: str) -> pathlib.Path | None:
    """The file of this split that lies in the folder under one of its usual names."""
    return next((folder / name for name in FILES.get(split, ()) if (folder / name).is_file()), None)


def load(path: pathlib.Path) -> LabelledImages:
    """The images of one file, pickle or npz, told by its first bytes.

    Errors: ValueError, naming the file, when it is damaged, or images or labels are missing or do not fit.
    """
    try:
        with opened(path) as file:
            zipped = file.read(2) == ZIP_MAGIC
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}). Name a Mini-ImageNet file.") from None
    held = read_npz(path) if zipped else read_pickle(path)
    images = next((held[key] for key in IMAGES if isinstance(held.get(key), np.ndarray)), None)
    if images is None:
        raise ValueError(f"An array {' or '.join(IMAGES)} was wanted; {path} holds {listed(held)}. Fetch it again.")
    if "class_dict" in held:
        labels, names = _from_positions(path, held["class_dict"], len(images) if images.ndim else 0)
    else:
        labels, names = _from_labels(path, held)
    return labelled(path, np.asarray(images), labels, names)


def _from_positions(path: pathlib.Path, positions: Any, n_images: int) -> tuple[np.ndarray, tuple[str, ...]]:
    held = positions if isinstance(positions, dict) else {}
    members = {
        _text(name): whole_numbers(value) for name, value in sorted(held.items(), key=lambda item: _text(item[0]))
    }
    labels = np.full(n_images, -1)
    times = np.zeros(n_images, np.int64)
    for label, inside in enumerate(members.values()):
        if inside is None or (len(inside) and not 0 <= inside.min() <= inside.max() < n_images):
            raise ValueError(f"Positions in 0..{n_images - 1} were wanted for each class of {path}. Fetch it again.")
        labels[inside] = label
        np.add.at(times, inside, 1)
    if (times != 1).any():
        raise ValueError(
            f"Each of {n_images} images needs one class; {path} gives {int((times == 0).sum())} none "
            f"and {int((times > 1).sum())} several. Fetch it again."
        )
    return labels, tuple(members)


def _from_labels(path: pathlib.Path, held: dict[str, Any]) -> tuple[np.ndarray, tuple[str, ...]]:
    given = next((found for key in LABELS if (found := whole_numbers(held.get(key))) is not None), None)
    if given is None:
        raise ValueError(
            f"Whole numbers {' or '.join(LABELS)}, below 2**63, were wanted; {path} has none. Fetch it again."
        )
    present, labels = np.unique(given, return_inverse=True)
    known = held.get("catname2label")
    names = {n: _text(name) for name, n in known.items() if isinstance(n, int)} if isinstance(known, dict) else {}
    return labels, tuple(names.get(int(n), f"{n} of {path.name}") for n in present)


def _text(name: Any) -> str:
    return name.decode("latin1") if isinstance(name, bytes) else str(name)
