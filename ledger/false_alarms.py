"""How likely it is that a check with random draws calls a true statement VIOLATED, check by check and in all.

The chance is over fresh seeds. With the seeds of the record nothing is random: the same draws give the same verdict.
"""

import math
from collections.abc import Iterable, Mapping

import scipy.stats

from ledger.checks.image_order import ImageOrder
from ledger.checks.kinds import STANDARD_ERRORS_TO_VIOLATE, Prediction
from ledger.checks.on_domain import FALSE_ALARM, OnDomain
from ledger.checks.sampled_order import SampledOrder
from ledger.checks.trained_order import TrainedAlike, TrainedOrder
from ledger.statement import Claim, Evidence, Statement
from ledger.verdicts import Row
from theory.domain import Quantifier

MOST = 0.01  # of all checks together


def chance(statement: Statement, row: Row) -> float:
    """The chance that the statement, if true, comes out VIOLATED in the quick tier under fresh seeds.

    Each of the row's points is compared once. A mean may be off by five standard errors: by Student's t, whose tail is
    that of normal draws; heavier tails make it a little larger. A share of draws is tested at `FALSE_ALARM`. 0 for a
    check that draws nothing, or whose random numbers only choose the points that it tries: a true statement holds at
    every point. NaN for a check of a kind that does not say.
    """
    check = statement.check
    points = int((row["scale"] or {}).get("points", 1))
    if isinstance(check, OnDomain):
        if check.given.quantifier is Quantifier.WITH_PROBABILITY:
            return points * FALSE_ALARM
        sides = 2 if check.then.relation == "=" else 1
        is_random = check.evidence is Evidence.SAMPLED
        return points * sides * _tail(check.trials[0]) if is_random and check.trials[0] > 1 else 0.0
    if isinstance(check, Prediction):
        return 2 * points * _tail(None) if check.evidence is Evidence.SAMPLED else 0.0
    if isinstance(check, SampledOrder | ImageOrder):
        return _tail(None)
    if isinstance(check, TrainedOrder | TrainedAlike):
        return 0.0  # its trainings are on record; how often 95% intervals miss is said by `decided_together`
    return math.nan if row["evidence"] == Evidence.SAMPLED else 0.0


def chances(claims: Mapping[str, Claim], rows: Iterable[Row]) -> dict[str, float]:
    """The chance of each statement on record, by key."""
    statements = {s.key: s for claim in claims.values() for s in claim.statements}
    return {r["key"]: chance(statements[r["key"]], r) for r in rows if r["key"] in statements}


def _tail(trials: int | None) -> float:
    """One-sided: a mean of so many normal draws beyond five of its standard errors; None for very many."""
    law = scipy.stats.norm if trials is None else scipy.stats.t(trials - 1)
    return float(law.sf(STANDARD_ERRORS_TO_VIOLATE))
