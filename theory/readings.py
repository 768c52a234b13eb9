"""Readings: the choices that the paper leaves open and that change verdicts, one enumeration a choice.

Source: the paper's Sections 3.2, 4.1 and A.6.1; each member says which sentence it reads.
"""

from dataclasses import dataclass
from enum import StrEnum

EXPECTED = "expected"


class Objective(StrEnum):
    """Which pretext task: contrastive learning (Eq 2) or masked image modelling (Eqs 3 and 4)."""

    CL = "cl"
    MIM = "mim"


class Scope(StrEnum):
    """Whose representation, and which signal coordinate of it.

    `fl`: the average over clients. `local_own`: client i, coordinate i (variance 1 by the labels).
    `local_other`: client i, the mean over the coordinates k != i of the signal (variance tau^2/4 by q).
    """

    FL = "fl"
    LOCAL_OWN = "local_own"
    LOCAL_OTHER = "local_other"


class Mask(StrEnum):
    """How the two masked views are drawn. m is 1 where an entry is kept, with probability 1 - p.

    `independent`: x m and x (1-m'), m' another draw of m: the first view keeps an entry with probability 1 - p, the
    second with p, both with p(1-p), the factor of all its cross moments. `complementary`: x m and x (1-m), Section 3.2
    read literally: no entry is in both views, and two different ones are in one each with p(1-p).
    `fixed_count`: complementary, with exactly p d entries masked. `printed`: the right-hand side of Eq (17).
    """

    INDEPENDENT = "independent"
    COMPLEMENTARY = "complementary"
    FIXED_COUNT = "fixed_count"
    PRINTED = "printed"


class Rare(StrEnum):
    """Where the rare class h_i points: nowhere, to a signal coordinate, or to a coordinate outside the signal."""

    ABSENT = "absent"
    INSIDE = "inside"
    OUTSIDE = "outside"


class Coordinates(StrEnum):
    """Over which coordinates max - min is taken: the N signal coordinates, or the leading c (Theorem 4.4)."""

    SIGNAL = "signal"
    LEADING = "leading"


class Selection(StrEnum):
    """Which eigenvectors W may use: W^T W is positive semi-definite (what the loss allows), or largest modulus."""

    PSD = "psd"
    MODULUS = "modulus"


class Loss(StrEnum):
    """Masked image modelling by the alignment surrogate, Eq (4), or by the reconstruction loss, Eq (3)."""

    ALIGNMENT = "alignment"
    RECONSTRUCTION = "reconstruction"


class Offsets(StrEnum):
    """How q of Section 3.2 is drawn: anew for every sample, or once per class (the superscript read literally)."""

    PER_SAMPLE = "per_sample"
    PER_CLASS = "per_class"


@dataclass(frozen=True)
class Reading:
    """One way to read the paper. `draws`: "expected" (masks, augmentations averaged exactly) or K a sample."""

    mask: Mask = Mask.INDEPENDENT
    draws: int | str = EXPECTED
    offsets: Offsets = Offsets.PER_SAMPLE
    rare: Rare = Rare.ABSENT
    coordinates: Coordinates = Coordinates.SIGNAL
    selection: Selection = Selection.PSD
    loss: Loss = Loss.ALIGNMENT

    def __post_init__(self) -> None:
        if self.draws != EXPECTED and not (isinstance(self.draws, int) and self.draws >= 1):
            raise ValueError(
                f'draws must be "{EXPECTED}" or a whole number of draws a sample, at least 1; got {self.draws!r}.'
            )
