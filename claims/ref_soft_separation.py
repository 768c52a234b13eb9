"""What SSD is reported to do (fang2025), trained on Fashion-MNIST: uniformity of features and accuracy, by parts."""

from claims.core import Claim, Statement
from claims.reproduce.ssd import PLAIN, spread_of
from claims.trained_orders import Column, alike, ends_above, ordered
from theory.formula import Source

EXPERIMENT = "ssd"
POINT = 1.0  # less than that is "nothing" in accuracy: reported gains of both together are half a point
BECAUSE_SPREAD = "Minus the log mean of exp(-2 |u - v|^2) over pairs of features of images held out."
BECAUSE_PROBE = "Linear probe of the first minus of the second."


def uniformity(words: str) -> Column:
    """Of features, larger for features spread further."""
    return lambda results: spread_of(results, words)


def more_uniform(first: str, second: str) -> Statement:
    """An order of uniformities."""
    text = f"Features under {first} are more uniform than under {second}."
    return ordered(EXPERIMENT, uniformity(second), uniformity(first), text, BECAUSE_SPREAD, unit="")


def more_accurate(first: str, second: str) -> Statement:
    """An order of accuracies."""
    return ends_above(EXPERIMENT, second, first, f"Training under {first} ends above {second}.", BECAUSE_PROBE)


CLAIM = Claim(
    id="ref-soft-separation",
    title="Soft separation and distillation (SSD), part by part",
    items=("ssd-parts",),
    source=Source("fang2025", "Section 5"),
    statements=(
        more_uniform("both", PLAIN),
        more_accurate("both", PLAIN),
        alike(
            *(EXPERIMENT, "distillation alone", PLAIN),
            f"Distillation alone does nothing: it ends within {POINT:g} point of {PLAIN}.",
            *(BECAUSE_PROBE, POINT),
        ),
        *(more_uniform("hard separation", other) for other in (PLAIN, "both")),
        more_accurate("both", "hard separation"),
    ),
)
