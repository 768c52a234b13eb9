"""`LabelledImages`: what every loader returns, and how a part is held out for testing."""

import pathlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, Integer, UInt8

from sims.images.datasets.files import shortened


@dataclass(frozen=True)
class LabelledImages:
    """Images with their classes, in the order of the file; grey ones have one channel.

    Units: pixels in 0..255, labels count from 0.
    Errors: ValueError for other arrays than these, none at all, different lengths, a label without a name, or two
    classes of one name.
    """

    images: UInt8[np.ndarray, "n height width channels"]
    labels: Integer[np.ndarray, " n"]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        sound = images.dtype == np.uint8 and images.ndim == 4 and images.shape[-1] in (1, 3) and images.size > 0
        if not (sound and labels.ndim == 1 and labels.dtype.kind in "iu"):
            raise ValueError(
                f"uint8 images (n, height, width, 1 or 3) and whole labels (n,) were wanted; got {images.dtype} "
                f"{images.shape} and {labels.dtype} {labels.shape}. Restore them from their release."
            )
        if len(images) != len(labels):
            raise ValueError(
                f"Each image needs one label; got {len(images)} images and {len(labels)} labels. "
                "Take both files from one release."
            )
        wrong = labels[(labels < 0) | (labels >= len(self.class_names))]
        if len(wrong):
            raise ValueError(
                f"Labels must lie below {len(self.class_names)}, the number of classes, and not below 0; "
                f"got {int(wrong[0])}. Restore the label file."
            )
        twice = sorted(name for name, times in Counter(self.class_names).items() if times > 1)
        if twice:
            raise ValueError(
                f"Each class needs its own name; two are called {shortened(twice[0])!r}. Restore the names."
            )

    @property
    def n_classes(self) -> int:
        """How many classes have a name, with images here or without."""
        return len(self.class_names)

    def take(self, positions: Integer[np.ndarray, " m"]) -> "LabelledImages":
        """The images at these positions, in this order; the class names stay."""
        return LabelledImages(self.images[positions], self.labels[positions], self.class_names)


def pixels(data: LabelledImages, block: int = 1) -> Float64[np.ndarray, "n dim"]:
    """Images as rows, each pixel the mean over a `block` x `block` square; channels vary fastest.

    Units: 1 is the whole pixel range, so entries lie in [0, 1].
    Errors: ValueError when `block` does not divide the image.
    """
    n, height, width, channels = data.images.shape
    if block < 1 or height % block or width % block:
        raise ValueError(f"The block must divide a {height} x {width} image; got block={block}. Use 1 or 2.")
    tiles = data.images.reshape(n, height // block, block, width // block, block, channels)
    return tiles.mean(axis=(2, 4), dtype=np.float64).reshape(n, -1) / 255.0


def choose(
    labels: Integer[np.ndarray, " n"], per_class: int, seed: int, setting: str = "per_class"
) -> Int64[np.ndarray, " m"]:
    """Positions of `per_class` images of each class, ascending; each class draws from a stream of its own.

    `setting` is what the caller's user knows `per_class` as.
    Errors: ValueError when a class has fewer images.
    """
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if not 0 <= per_class <= len(members):
            raise ValueError(f"Class {label} has {len(members)} images; got per_class={per_class}. Lower {setting}.")
        stream = np.random.default_rng([seed, int(label)])
        chosen.append(stream.choice(members, per_class, replace=False))
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def hold_out(
    data: LabelledImages, per_class: int, seed: int, setting: str = "per_class"
) -> tuple[LabelledImages, LabelledImages]:
    """The rest, and `per_class` images of each class held out: a test set for data that come without one.

    `setting` as in `choose`. Errors: ValueError when a class has fewer images, or none would be left of it.
    """
    out = np.zeros(len(data.labels), dtype=bool)
    out[choose(data.labels, per_class, seed, setting)] = True
    labels, counts = np.unique(data.labels, return_counts=True)
    if counts.min() == per_class:
        raise ValueError(
            f"Of class {labels[counts.argmin()]} all {per_class} images would be held out and none be left to train "
            f"on; got per_class={per_class}. Lower {setting}."
        )
    return data.take(np.flatnonzero(~out)), data.take(np.flatnonzero(out))


def labelled(
    path: pathlib.Path, images: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...]
) -> LabelledImages:
    """What a file held, grey images given their channel.

    Errors: ValueError as `LabelledImages`, with the name of the file.
    """
    try:
        return LabelledImages(images[..., np.newaxis] if images.ndim == 3 else images, labels, class_names)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
