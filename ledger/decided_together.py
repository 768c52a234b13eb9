"""Statements about trained encoders by family: which are decided when the number of comparisons is allowed for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import scipy.stats

from ledger.checks.trained_order import Family, TrainedAlike, TrainedOrder, columns
from ledger.statement import Claim, Context, Statement, Status

LEVEL = 0.05
FAMILIES: tuple[Family, ...] = get_args(Family)
QUESTIONS: Mapping[Family, str] = {
    "start": "Is a trained encoder more accurate than the same encoder before training?",
    "geometry": "Which of two ways of training leaves models closer to each other, by weights or by features?",
    "accuracy": "Which of two ways of training is more accurate, or loses less accuracy when clients differ more?",
}


@dataclass(frozen=True)
class Decided:
    """A statement with its verdict alone, the level at which that is just decided, and the same in its family.

    p_in_family: the lowest false discovery rate at which it is still counted as decided among those of its family.
    """

    claim: str
    statement: Statement
    family: Family
    status: Status
    p_value: float
    p_in_family: float

    @property
    def is_alone(self) -> bool:
        """Whether its own 95% interval decides it."""
        return self.status is not Status.INCONCLUSIVE

    @property
    def is_in_family(self) -> bool:
        """Whether it is also decided where 5% of all that are so counted may be wrong, in expectation."""
        return self.is_alone and self.p_in_family < LEVEL


def decided_together(claims: Mapping[str, Claim]) -> list[Decided]:
    """Every comparison of these claims in a recorded experiment, claim by claim, once.

    Left out are those of a training with itself, and those that were seen before they were stated: of all that could
    have been seen these alone were written down, and the certain ones would carry others with them. Each family is
    corrected by itself: that training helps at all is certain, and says nothing about which way of training is better.

    One interval in twenty misses, so that of many statements some are decided by chance. The false discovery rate, the
    expected share of wrong ones among those decided, is held below 5% in each family, whatever ties the statements to
    each other (many are about the same trainings). It is so for numbers of seeds that were fixed in advance; where
    seeds were added to see more, a little more is decided by chance. Source: benjamini2001, Theorem 1.3.
    """
    found: list[Decided] = []
    seen = set()
    for name, claim in sorted(claims.items()):
        for statement in claim.statements:
            check = statement.check
            if not isinstance(check, TrainedOrder | TrainedAlike):
                continue
            if isinstance(check, TrainedOrder) and check.is_seen:
                continue
            sides = columns(check.experiment, *check.sides)
            if sides is None or (p_value := check.p_value(*sides)) is None:
                continue
            # One comparison may be stated from either side, and of cells that several experiments share.
            limit = check.at_least if isinstance(check, TrainedOrder) else check.within
            same = frozenset(side.tobytes() for side in sides), type(check), limit
            if same not in seen:
                seen.add(same)
                status = check.run(Context()).status
                found.append(Decided(name, statement, check.family, status, p_value, 1.0))
    return [row for family in FAMILIES for row in _corrected([r for r in found if r.family == family])]


def _corrected(rows: Sequence[Decided]) -> list[Decided]:
    if not rows:
        return []
    adjusted = scipy.stats.false_discovery_control(np.array([row.p_value for row in rows]), method="by")
    return [replace(row, p_in_family=float(p)) for row, p in zip(rows, adjusted, strict=True)]


def in_words(claims: Mapping[str, Claim]) -> str:
    """How many there are in each family, and how many are decided alone and together: three paragraphs and a table."""
    rows = decided_together(claims)
    table = ["| question | comparisons | decided | still decided after correction |", "|---|---:|---:|---:|"]
    for family in FAMILIES:
        of = [row for row in rows if row.family == family]
        alone, together = sum(row.is_alone for row in of), sum(row.is_in_family for row in of)
        table.append(f"| {QUESTIONS[family]} | {len(of)} | {alone} | {together} |")
    orders = sum(row.is_in_family for row in rows if row.family == "accuracy")
    verdict = f"{orders} of the rankings by accuracy are decided."
    if not orders:
        verdict = "**None of the rankings by accuracy is decided.**"
    return "\n\n".join(
        (
            "An encoder by itself guesses nothing. To measure it, we train a linear classifier on its features: a rule "
            "that guesses the class of an image from weighted sums of them. (For this measurement only, we use the "
            "classes that Fashion-MNIST gives.) The *accuracy* of the encoder is the share of images whose class this "
            "classifier guesses right.",
            f"We made {len(rows)} comparisons of trained encoders, such as a server against a network. We repeated "
            "each training with other random numbers. From the spread we computed a 95% confidence interval: in 95% "
            "of such experiments it contains the true value. A tie is the value that speaks for neither side, such "
            "as a difference of 0. If the interval leaves out the tie, the comparison is decided. Among so many "
            "comparisons, some look decided by luck alone. The last column of the table uses a stricter rule, "
            f"separately for each question: of the comparisons that it calls decided, at most {LEVEL:.0%} are so by "
            "luck, on average. (This is the false discovery rate, by the method of Benjamini and Yekutieli.)",
            "\n".join(table),
            "The paper ranks ways of training: MIM against CL, more links against fewer, a server against a "
            "network, and training with alignment against training without it. (Alignment adds a "
            "penalty to each client's loss. The penalty grows when the clients' features differ.) Comparisons of "
            "accuracy are counted under the third question. Those of the distance between models are counted under the "
            f"second. {verdict} Some of our trainings had a fault that we found later. "
            "We count the rankings that rest on them as undecided, and `dssl show` names the fault. The 95% and the "
            f"{LEVEL:.0%} above are exact if the number of repetitions is fixed in advance. For some experiments we "
            "added repetitions later. So luck may decide a few more comparisons than that.",
        )
    )
