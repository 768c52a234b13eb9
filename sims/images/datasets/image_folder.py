"""A folder of PNG and JPEG images, one sub-folder a class."""

import pathlib
import warnings

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from sims.images.datasets.files import reading
from sims.images.datasets.labelled_images import LabelledImages, labelled
from sims.images.datasets.scaling import check_side, refuse_many, square

FORMATS = ("PNG", "JPEG")
SUFFIXES = (".png", ".jpg", ".jpeg")
# One image of ImageNet has 0.2 million pixels; a bomb has billions.
MOST_PIXELS = 2**26
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")  # eight bits a channel: the others would be cut, not converted
SPLITS = {"train": ("train",), "val": ("val", "valid"), "test": ("test",)}


def load(folder: pathlib.Path, split: str = "train", side: int | None = None) -> LabelledImages:
    """All images in colour, by class and by name in code-point order, so that every machine gives the same order.

    With `side`, each is cut to its central square and scaled to `side` x `side`. A split is a sub-folder of its name;
    a folder without one is training data. A PNG with sound sums and too few rows is filled up with black by Pillow.
    Errors: ValueError, naming the file, for a damaged image, images of several sizes without `side`, an empty class,
    or more than `MOST_BYTES` in all.
    """
    if side is not None:
        check_side(side)
    root = _split_folder(folder, split)
    with reading(root, "folder", "Name a folder with one sub-folder a class."):
        classes = sorted((p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")), key=lambda p: p.name)
        files = [sorted(p for p in c.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()) for c in classes]
    empty = [c.name for c, inside in zip(classes, files, strict=True) if not inside]
    if not classes or empty:
        shown = f"{len(empty)} without, first {empty[0]!r}" if empty else "no sub-folder"
        raise ValueError(f"Sub-folders with {', '.join(SUFFIXES)} images were wanted in {root}; got {shown}.")
    paths = [path for inside in files for path in inside]
    if side is not None:
        refuse_many(len(paths), side, side, 3)  # the first one could already be too large
    first = _read(paths[0], side)
    refuse_many(len(paths), *first.shape)
    images = np.empty((len(paths), *first.shape), np.uint8)
    for position, path in enumerate(paths):
        image = _read(path, side)
        if image.shape != first.shape:
            raise ValueError(
                f"Images of one size were wanted; {paths[0].name} is {first.shape[:2]}, {path} is {image.shape[:2]}. "
                "Cut and scale them with --side (in Python, `side`)."
            )
        images[position] = image
    labels = np.repeat(np.arange(len(classes)), [len(inside) for inside in files])
    return labelled(root, images, labels, tuple(c.name for c in classes))


def _split_folder(folder: pathlib.Path, split: str) -> pathlib.Path:
    if split not in SPLITS:
        raise ValueError(f"The split must be one of {', '.join(SPLITS)}; got split={split!r}.")
    for name in SPLITS[split]:
        if (folder / name).is_dir():
            return folder / name
    if split != "train":
        raise ValueError(
            f"{folder} has no sub-folder {SPLITS[split][0]!r}. Hold images out of training "
            "with --test-per-class (in Python, `hold_out`)."
        )
    return folder


def _read(path: pathlib.Path, side: int | None) -> UInt8[np.ndarray, "height width 3"]:
    with reading(path, "PNG or JPEG image"), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path, formats=FORMATS) as image:
            image.verify()  # the sums of a PNG, which decoding does not look at; it leaves the file used up
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels, at most {MOST_PIXELS} are read")
            if image.mode not in MODES:
                raise ValueError(f"eight bits a channel were wanted, its mode is {image.mode}")
            # A palette may carry transparency, which only RGBA keeps apart from the colour.
            colour = (image.convert("RGBA") if image.mode == "P" else image).convert("RGB")
            return np.asarray(colour if side is None else square(colour, side))
