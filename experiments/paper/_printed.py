"""Numbers that the paper prints in its tables, as claims check them and as our own tables show them beside ours."""

from decimal import Decimal
from typing import NamedTuple


class PrintedAccuracy(NamedTuple):
    """One accuracy without IID data: who, on what, how skewed; and the IID accuracy and gap printed with it."""

    method: str
    backbone: str
    dataset: str
    skew: str
    iid: str
    accuracy: str
    gap: str

    @property
    def recomputed(self) -> Decimal:
        """The gap as the difference of the two accuracies, exactly, in percentage points."""
        return Decimal(self.iid) - Decimal(self.accuracy)


def _row(method: str, backbone: str, *columns: str) -> list[PrintedAccuracy]:
    cells = []
    for dataset, column in zip(("CIFAR-10", "CIFAR-100", "ImageNet"), columns, strict=True):
        iid, label, label_gap, feature, feature_gap = column.split()
        cells.append(PrintedAccuracy(method, backbone, dataset, "label", iid, label, label_gap))
        cells.append(PrintedAccuracy(method, backbone, dataset, "feature", iid, feature, feature_gap))
    return cells


# Source: chen2026, Table 1. Each column: IID accuracy, then accuracy and gap for label and for feature skew (percent).
TABLE_1 = [
    *_row(
        "SimSiam", "CNN", "86.03 84.33 1.70 84.62 1.41", "58.91 57.80 1.11 57.81 1.10", "46.74 46.10 0.64 46.41 0.33"
    ),
    *_row("MAE", "CNN", "87.28 86.97 0.31 86.17 1.11", "57.86 57.77 0.09 57.20 0.66", "45.88 45.87 0.01 45.80 0.08"),
    *_row(
        "SimSiam", "ViT", "72.32 69.50 2.82 70.66 1.66", "48.60 43.49 5.11 43.07 5.53", "61.97 59.86 2.11 59.13 2.84"
    ),
    *_row("MAE", "ViT", "69.90 68.20 1.70 69.32 0.58", "50.04 48.95 1.09 49.60 0.44", "62.69 62.25 0.44 62.51 0.18"),
]

# Source: chen2026, Table 8: accuracy in percent at fixed weights of the alignment term.
TABLE_8 = {"1": Decimal("51.50"), "1e-1": Decimal("54.09"), "1e-2": Decimal("54.39"), "1e-3": Decimal("53.55")}
