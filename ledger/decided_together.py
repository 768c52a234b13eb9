"""All statements about trained encoders together: which are decided when their number is allowed for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.stats

from ledger.checks.trained_order import TrainedAlike, TrainedOrder, columns
from ledger.statement import Claim, Context, Statement, Status

LEVEL = 0.05


@dataclass(frozen=True)
class Decided:
    """A statement with its verdict alone, the level at which that is just decided, and the same among all of them.

    p_among_all: the lowest false discovery rate at which it is still counted as decided.
    """

    claim: str
    statement: Statement
    status: Status
    p_value: float
    p_among_all: float

    @property
    def is_alone(self) -> bool:
        """Whether its own 95% interval decides it."""
        return self.status is not Status.INCONCLUSIVE

    @property
    def is_among_all(self) -> bool:
        """Whether it is also decided where 5% of all that are so counted may be wrong, in expectation."""
        return self.is_alone and self.p_among_all < LEVEL


def decided_together(claims: Mapping[str, Claim]) -> list[Decided]:
    """Every comparison of these claims in a recorded experiment, claim by claim, once.

    Left out are those of a training with itself, and those that were seen before they were stated: of all that could
    have been seen these alone were written down, and the certain ones would carry others with them.

    One interval in twenty misses, so that of many statements some are decided by chance. The false discovery rate, the
    expected share of wrong ones among those decided, is held below 5% here, whatever ties the statements to each other
    (many are about the same trainings). It is so for numbers of seeds that were fixed in advance; where seeds were
    added to see more, a little more is decided by chance. Source: benjamini2001, Theorem 1.3.
    """
    found: list[tuple[str, Statement, Status, float]] = []
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
                found.append((name, statement, check.run(Context()).status, p_value))
    among_all = scipy.stats.false_discovery_control(np.array([p for *_, p in found]), method="by")
    return [Decided(*row, float(p)) for row, p in zip(found, among_all, strict=True)]


def in_words(claims: Mapping[str, Claim]) -> str:
    """How many there are, and how many are decided alone and together, in a sentence."""
    rows = decided_together(claims)
    alone, together = sum(row.is_alone for row in rows), sum(row.is_among_all for row in rows)
    return (
        f"We made {len(rows)} comparisons of trained encoders, such as a server against a network. Each comes with a "
        f"95% confidence interval over repeated trainings. Taken one by one, the intervals decide {alone} comparisons. "
        "So many comparisons at once produce some false ones by chance; with a correction for that (method of "
        f"Benjamini and Yekutieli, false discovery rate {LEVEL:.0%}), {together} remain decided. "
        "Both counts suppose that the number of repetitions was fixed in advance. For some experiments we added "
        "repetitions later, so a few more may be decided by chance than these rates say."
    )
