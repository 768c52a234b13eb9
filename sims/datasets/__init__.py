"""Labelled images: what a loader returns, and the sentence it says when a file cannot be read."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8


@dataclass(frozen=True)
class LabelledImages:
    """Grey images with their classes, in the order of the file.

    Units: pixels in 0..255, labels count from 0.
    Errors: ValueError when the two differ in length or a label has no name.
    """

    images: UInt8[np.ndarray, "n height width"]
    labels: UInt8[np.ndarray, " n"]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise ValueError(
                f"Each image needs one label; got {len(self.images)} images and {len(self.labels)} labels. "
                "Take both files from one release."
            )
        if len(self.labels) and int(self.labels.max()) >= len(self.class_names):
            raise ValueError(
                f"Labels must lie below {len(self.class_names)}, the number of classes; got {int(self.labels.max())}. "
                "Restore the label file."
            )

    @property
    def n_classes(self) -> int:
        return len(self.class_names)


def pixels(data: LabelledImages, block: int = 1) -> Float64[np.ndarray, "n dim"]:
    """Images as rows, each pixel the mean over a `block` x `block` square.

    Units: 1 is the whole pixel range, so entries lie in [0, 1].
    Errors: ValueError when `block` does not divide the image.
    """
    n, height, width = data.images.shape
    if block < 1 or height % block or width % block:
        raise ValueError(f"The block must divide a {height} x {width} image; got block={block}. Use 1 or 2.")
    tiles = data.images.reshape(n, height // block, block, width // block, block)
    return tiles.mean(axis=(2, 4), dtype=np.float64).reshape(n, -1) / 255.0
