"""`PART_OF`: the part of a reading for each choice that `theory/readings.py` enumerates and a statement names."""

from collections.abc import Mapping
from enum import StrEnum

from ledger import parts
from ledger.reading import Part
from theory.readings import Coordinates, Loss, Mask, Offsets, Rare, Selection

PART_OF: Mapping[StrEnum, Part] = {
    Mask.COMPLEMENTARY: parts.COMPLEMENTARY,
    Mask.INDEPENDENT: parts.INDEPENDENT,
    Mask.FIXED_COUNT: parts.FIXED_COUNT,
    Mask.PRINTED: parts.PRINTED_MASK,
    Offsets.PER_SAMPLE: parts.PER_SAMPLE,
    Offsets.PER_CLASS: parts.PER_CLASS,
    Rare.ABSENT: parts.RARE_ABSENT,
    Rare.INSIDE: parts.RARE_INSIDE,
    Rare.OUTSIDE: parts.RARE_OUTSIDE,
    Coordinates.SIGNAL: parts.SIGNAL,
    Coordinates.LEADING: parts.LEADING,
    Selection.PSD: parts.PSD,
    Selection.MODULUS: parts.MODULUS,
    Loss.RECONSTRUCTION: parts.RECONSTRUCTION,
}
