"""`Reading`: what a statement takes the paper to mean where the paper leaves a choice open, one part for each choice.

The parts themselves are in `ledger/parts.py`. Where a statement holds is no reading: its domain says that.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

__all__ = ["ANY", "JOINT", "Axis", "Part", "Reading", "read_as"]


class Axis(StrEnum):
    """A choice that the paper, or whichever source a claim names, leaves open. Parts are listed in this order."""

    MASKS = "how the two masked views are drawn"
    DRAWS = "what is averaged: data, or masks only"
    AUGMENTATIONS = "how many augmentations of a sample there are"
    OFFSETS = "how the offsets q of Section 3.2 are drawn"
    RARE = "where the rare class of a client points"
    COORDINATES = "over which coordinates something is said"
    VIEWS = "which views CL compares"
    LOSS = "which loss masked image modelling has"
    SELECTION = "which eigenvectors W may use"
    ORDERS = "what O() and Theta() mean"
    TARGET = "which model a network is said to have"
    MIXING = "which weights neighbours are averaged with"
    PLACEMENT = "which client sits where on the network"
    MEASURE = "what a word such as robust, distance or moment measures"
    KERNEL = "how the alignment term compares embeddings"
    EMBEDDINGS = "what the alignment term takes as embeddings"
    PRINT = "how a slip or a rounded number of the print is taken"
    EXPERIMENT = "whose experiment is meant"


JOINT = "; "  # between the words of two parts; no words have it
_ORDER = {axis: place for place, axis in enumerate(Axis)}


@dataclass(frozen=True)
class Part:
    """One way to settle one choice: in the `words` of the records, and in a sentence that says what it `means`."""

    axis: Axis
    words: str
    means: str


@dataclass(frozen=True)
class Reading:
    """Parts of different axes, in the order of the axes; `str()` joins their words, and is "any" without parts.

    Errors: ValueError for two parts of one axis, and for what is no part.
    """

    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        for part in self.parts:
            if not isinstance(part, Part):
                raise ValueError(
                    f"A reading is made of parts of ledger/parts.py; got {part!r}. Name one, or add it there."
                )
        ordered = tuple(sorted(self.parts, key=lambda part: _ORDER[part.axis]))
        for one, other in pairwise(ordered):
            if one.axis is other.axis:
                raise ValueError(
                    f"A reading settles each choice once; got {one.words!r} and {other.words!r} for one "
                    f"({one.axis}). Leave one out."
                )
        object.__setattr__(self, "parts", ordered)

    def __str__(self) -> str:
        return JOINT.join(part.words for part in self.parts) or "any"


ANY = Reading()


def read_as(*parts: Part) -> Reading:
    """The reading with these parts, in whatever order they are named. Errors: ValueError, see `Reading`."""
    return Reading(parts)
