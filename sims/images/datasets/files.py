"""Reading of files that may be damaged or hostile: their size is bounded, and any fault is one sentence."""

import contextlib
import errno
import io
import pathlib
from collections.abc import Iterable, Iterator

# Mini-ImageNet's 60,000 images of 84 x 84 are 1.3e9 bytes. A larger claim is a damaged header or a bomb.
MOST_BYTES = 2**31
MOST_TOLD = 300  # characters of a fault, which may quote the file


@contextlib.contextmanager
def reading(path: pathlib.Path, kind: str, remedy: str = "Fetch it again.") -> Iterator[None]:
    """Whatever the block raises comes out as one ValueError that names the file, its fault and the remedy.

    Everything is caught on purpose: parsers fail in many ways on bytes that were made to break them.
    """
    try:
        yield
    except Exception as error:
        fault = getattr(error, "strerror", None) or str(error) or type(error).__name__
        # What a file made of a fault could otherwise steer the terminal that it is shown on.
        told = "".join(c if c.isprintable() else "?" for c in " ".join(fault.split()))
        raise ValueError(f"{path} is not a readable {kind} ({shortened(told, MOST_TOLD)}). {remedy}") from None


def opened(path: pathlib.Path) -> io.BufferedReader:
    """The file open for reading. Errors: OSError for anything but a file: a pipe would be waited for without end."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # the system has its own words for a folder
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return open(path, "rb")


def refuse_large(n_bytes: int) -> None:
    """Errors: ValueError when the content would take more than `MOST_BYTES`."""
    if n_bytes > MOST_BYTES:
        raise ValueError(f"its content takes {n_bytes} bytes, at most {MOST_BYTES} are read")


def shortened(text: str, most: int = 60) -> str:
    """A name from a file, fit for a sentence: such names can be of any length."""
    return text if len(text) <= most else text[: most - 3] + "..."


def listed(names: Iterable[str], most: int = 6) -> str:
    """The first few names in their order, each shortened, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return f"[{', '.join(repr(shortened(name)) for name in ordered[:most])}]{more}"
