"""Archives of numpy arrays, read without pickle and with a bound on their unpacked size."""

import math
import pathlib
import zipfile

import numpy as np

from sims.images.datasets.files import opened, reading, refuse_large

PLAIN_KINDS = "biufU"


def read_npz(path: pathlib.Path, remedy: str = "Fetch it again.") -> dict[str, np.ndarray]:
    """The arrays of an npz archive by name: numbers and text only.

    Every header is checked against the size of its member before any array is made.
    Errors: ValueError, naming the file, when it is missing, damaged, too large, or holds pickled objects.
    """
    # Opened here because zipfile leaves the file open when the archive is damaged.
    with reading(path, "archive of images and labels", remedy), opened(path) as raw, zipfile.ZipFile(raw) as zipped:
        members = zipped.infolist()
        refuse_large(sum(member.file_size for member in members))
        return {member.filename.removesuffix(".npy"): _array(zipped, member) for member in members}


def _array(zipped: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with zipped.open(member) as file:
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(file)
        if dtype.kind not in PLAIN_KINDS:
            raise ValueError(f"{member.filename} holds pickled or structured objects ({dtype}), which are never read")
        # Negative sizes and overflowing ones differ from the size of the member, but for two negatives.
        if any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != member.file_size - file.tell():
            raise ValueError(f"{member.filename} announces {dtype} {shape} and has {member.file_size} bytes")
    with zipped.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
