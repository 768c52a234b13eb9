"""IDX files, plain or gzipped: the format of MNIST and Fashion-MNIST."""

import gzip
import math
import pathlib
import zlib
from typing import IO

import numpy as np
from jaxtyping import UInt8

from sims.images.datasets.files import MOST_BYTES, opened
from sims.images.datasets.labelled_images import LabelledImages, labelled

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
# A header is at most 4 + 4 * 255 bytes; nothing in these data sets has more than three axes.
MOST_AXES = 4
PREFIX = {"train": "train", "test": "t10k"}


def read_idx(path: pathlib.Path) -> UInt8[np.ndarray, "..."]:
    """The array of unsigned bytes in an IDX file, gzipped or not (told by its first bytes, not by its name).

    No more is unzipped than the header announces, and one byte.
    Errors: ValueError, naming the file, when it is missing, damaged, truncated, too long, or of another type.
    """
    try:
        with opened(path) as raw:
            if raw.peek(2)[:2] != GZIP_MAGIC:
                return _array(path, raw)
            with gzip.GzipFile(fileobj=raw) as unzipped:
                return _array(path, unzipped)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is a damaged gzip file ({error}). Fetch it again.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}). Name a folder that holds the IDX files.") from None


def _array(path: pathlib.Path, file: IO[bytes] | gzip.GzipFile) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise ValueError(f"{path} is not an IDX file: it starts with {magic.hex() or 'nothing'}, wanted 0000....")
    kind, n_axes = magic[2], magic[3]
    if kind != UNSIGNED_BYTE or not 1 <= n_axes <= MOST_AXES:
        raise ValueError(
            f"An IDX file of unsigned bytes (type 08) with 1 to {MOST_AXES} axes was wanted; "
            f"{path} has type {kind:02x} and {n_axes} axes. Name an image or a label file."
        )
    sizes = file.read(4 * n_axes)
    if len(sizes) < 4 * n_axes:
        raise ValueError(
            f"{path} is truncated: its header needs {4 * n_axes} bytes more, it has {len(sizes)}. Fetch it again."
        )
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    shown, wanted = " x ".join(map(str, shape)), math.prod(shape)
    if wanted > MOST_BYTES:
        raise ValueError(f"{path} announces {shown} entries; at most {MOST_BYTES} are read. Fetch it again.")
    content = file.read(wanted + 1)  # the one byte more makes gzip check its sum, and shows what is too long
    if len(content) != wanted:
        said = "truncated" if len(content) < wanted else "too long"
        has = len(content) if len(content) < wanted else "more"
        raise ValueError(f"{path} is {said}: {shown} entries need {wanted} bytes, it has {has}. Fetch it again.")
    return np.frombuffer(content, np.uint8).reshape(shape).copy()


def found(folder: pathlib.Path, split: str) -> bool:
    """Whether the folder holds the images of this split as an IDX file."""
    return split in PREFIX and plain_or_gzipped(folder, f"{PREFIX[split]}-images-idx3-ubyte").is_file()


def load(folder: pathlib.Path, split: str = "train", class_names: tuple[str, ...] | None = None) -> LabelledImages:
    """Images and labels of one split from a folder with MNIST's file names; classes are numbered unless named.

    Errors: ValueError as `read_idx`, for an unknown split, or for files that do not belong together.
    """
    if split not in PREFIX:
        raise ValueError(f'IDX folders have "train" and "test"; got split={split!r}. Take one of the two.')
    images, labels = (
        read_idx(plain_or_gzipped(folder, f"{PREFIX[split]}-{what}"))
        for what in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    numbered = tuple(str(c) for c in range(int(labels.max()) + 1)) if labels.size else ()
    return labelled(folder, images, labels, class_names or numbered)


def plain_or_gzipped(folder: pathlib.Path, name: str) -> pathlib.Path:
    """The plain file where there is one, else its gzipped form."""
    plain = folder / name
    return plain if plain.exists() else folder / f"{name}.gz"
