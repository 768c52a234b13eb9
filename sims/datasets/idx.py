"""IDX files, plain or gzipped: the format of MNIST and Fashion-MNIST."""

import gzip
import math
import pathlib
import zlib

import numpy as np
from jaxtyping import UInt8

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
# A header is at most 4 + 4 * 255 bytes; nothing in these data sets has more than three axes.
MOST_AXES = 4


def read_idx(path: pathlib.Path) -> UInt8[np.ndarray, "..."]:
    """The array of unsigned bytes in an IDX file, gzipped or not (told by its first bytes, not by its name).

    Errors: ValueError, naming the file, when it is missing, damaged, truncated, too long, or of another type.
    """
    content = _content(path)
    if len(content) < 4 or content[:2] != b"\0\0":
        raise ValueError(f"{path} is not an IDX file: it starts with {content[:4].hex() or 'nothing'}, wanted 0000....")
    kind, n_axes = content[2], content[3]
    if kind != UNSIGNED_BYTE or not 1 <= n_axes <= MOST_AXES:
        raise ValueError(
            f"An IDX file of unsigned bytes (type 08) with 1 to {MOST_AXES} axes was wanted; "
            f"{path} has type {kind:02x} and {n_axes} axes. Name an image or a label file."
        )
    start = 4 + 4 * n_axes
    if len(content) < start:
        raise ValueError(f"{path} is truncated: its header needs {start} bytes, it has {len(content)}. Fetch it again.")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", n_axes, 4))
    wanted, got = math.prod(shape), len(content) - start
    if wanted != got:
        shown = " x ".join(map(str, shape))
        said = "truncated" if got < wanted else "too long"
        raise ValueError(f"{path} is {said}: {shown} entries need {wanted} bytes, it has {got}. Fetch it again.")
    return np.frombuffer(content, np.uint8, wanted, start).reshape(shape).copy()


def _content(path: pathlib.Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}). Name a folder that holds the IDX files.") from None
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is a damaged gzip file ({error}). Fetch it again.") from None
