"""Table 2: FedMAR against federated baselines, the printed numbers against the sentences about them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.formula import Source


class Row(NamedTuple):
    """A method, its backbone, parameters in millions, GFLOPs, and three accuracies in percent."""

    method: str
    backbone: str
    parameters: Decimal
    gflops: Decimal
    accuracy: Mapping[str, Decimal]


DATASETS = ("CIFAR-10", "CIFAR-100", "ImageNet")


def _row(method: str, backbone: str, numbers: str) -> Row:
    parameters, gflops, *accuracies = (Decimal(x) for x in numbers.split())
    return Row(method, backbone, parameters, gflops, dict(zip(DATASETS, accuracies, strict=True)))


# Source: chen2026, Table 2.
BASELINES = (
    _row("FedU", "ResNet-18", "38.47 7.40 72.02 38.44 65.10"),
    _row("FedEMA", "ResNet-18", "38.47 7.40 70.73 40.78 65.24"),
    _row("Orchestra", "ResNet-18", "11.84 7.31 88.87 70.11 65.02"),
    _row("FeatARC", "ResNet-18", "11.70 1.83 89.60 64.11 68.17"),
    _row("LDAWA", "ResNet-18", "15.39 1.83 89.95 68.96 51.43"),
    _row("FedU2", "ResNet-18", "15.39 1.83 82.39 55.49 45.27"),
)
MAR_RESNET = _row("FedMAR", "ResNet-18", "22.50 3.64 92.70 70.82 65.36")
MAR_VIT = _row("FedMAR", "Tiny-ViT", "11.60 0.88 90.03 71.28 75.99")

Comparison = tuple[Row, Row, str]


def against(ours: Row, others: tuple[Row, ...], columns: tuple[str, ...]) -> list[Comparison]:
    """One row with each of the others, on each of these datasets."""
    return [(ours, other, column) for other in others for column in columns]


def is_higher(point: Comparison, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the first row has the higher accuracy on the dataset."""
    ours, other, column = point
    mine, theirs = ours.accuracy[column], other.accuracy[column]
    details = {"column": column, ours.backbone: str(mine), f"{other.method} {other.backbone}": str(theirs)}
    return mine * Decimal(str(spoil)) > theirs, details


def is_cheaper(column: str) -> Callable[[Row, float], tuple[bool, Mapping[str, Any]]]:
    """Whether FedMAR on Tiny-ViT has the lower number in this column of costs."""

    def predicate(other: Row, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        mine, theirs = getattr(MAR_VIT, column), getattr(other, column)
        return mine < theirs * Decimal(str(spoil)), {"against": other.method, column: [str(mine), str(theirs)]}

    return predicate


def sizes_differ(rows: tuple[Row, ...], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is the largest count of parameters more than three times the least? Spoiled, more than thirty times."""
    counts = sorted(row.parameters for row in rows)
    factor = Decimal(3) if spoil == 1 else Decimal(30)
    return counts[-1] > factor * counts[0], {"millions_of_parameters": [str(n) for n in counts]}


def one_is_above(column: str, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is FeatARC alone above FedMAR on ResNet-18, by the said number of points (times `spoil`)?"""
    gaps = {row.method: row.accuracy[column] - MAR_RESNET.accuracy[column] for row in BASELINES}
    above = {method: gap for method, gap in gaps.items() if gap > 0}
    return above == {"FeatARC": Decimal("2.81") * Decimal(str(spoil))}, {k: str(v) for k, v in above.items()}


TEXT = "the printed numbers"
CLAIM = Claim(
    id="tab-federated-baselines",
    title="Table 2: FedMAR against federated self-supervised baselines",
    items=("table-2",),
    source=Source("chen2026", "Table 2, Section 6.2"),
    statements=(
        Statement(
            "tab2.resnet-on-cifar",
            "printed",
            "FedMAR on ResNet-18 is more accurate than every baseline on CIFAR-10 and CIFAR-100.",
            ForAll(
                lambda context: against(MAR_RESNET, BASELINES, DATASETS[:2]),
                is_higher,
                "Means of three trials, no spread is printed.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
        ),
        Statement(
            "tab2.featarc-on-imagenet",
            "corrected",
            "On ImageNet one of the six baselines, FeatARC, is more accurate than FedMAR on ResNet-18, by 2.81 points.",
            ForAll(
                lambda context: (DATASETS[2],),
                one_is_above,
                "The paper calls the two comparable there.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
        ),
        Statement(
            "tab2.vit-on-all",
            "printed",
            "FedMAR on Tiny-ViT is superior to the baselines on all three benchmarks.",
            ForAll(
                lambda context: against(MAR_VIT, BASELINES, DATASETS),
                is_higher,
                "It leads against all six baselines, on CIFAR-10 by 0.08 points.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
        ),
        Statement(
            "tab2.resnet-over-vit-on-cifar-10",
            "corrected",
            "On CIFAR-10 FedMAR on ResNet-18 is more accurate than FedMAR on Tiny-ViT.",
            ForAll(
                lambda context: against(MAR_RESNET, (MAR_VIT,), DATASETS[:1]),
                is_higher,
                "It leads by 2.67 points. Which backbone is better depends on the data set.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
        ),
        Statement(
            "tab2.vit-computation",
            "printed",
            "The Tiny-ViT run costs less computation than every convolutional one.",
            ForAll(
                lambda context: (*BASELINES, MAR_RESNET),
                is_cheaper("gflops"),
                "The printed GFLOPs are compared.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
            spoil=0.1,
        ),
        Statement(
            "tab2.resnet-parameters",
            "corrected",
            "The rows with the backbone ResNet-18 differ in parameters by more than a factor of three.",
            ForAll(
                lambda context: ((*BASELINES, MAR_RESNET),),
                sizes_differ,
                "The rows print 11.70 to 38.47 million parameters for one backbone. The methods have further "
                "parts of their own.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
        ),
    ),
)
