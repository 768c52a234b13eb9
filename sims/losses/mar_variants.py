"""Which form of the MAR loss is meant: as the paper prints it, as it has to read, or as the released code has it."""

from typing import Literal, get_args

Variant = Literal["printed", "corrected", "released"]
VARIANTS = get_args(Variant)
