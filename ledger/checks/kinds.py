"""The kinds of check. Each decides one statement, and all but `Printed` can be spoiled: made to fail on purpose.

`context.spoil` is 1 for the statement itself. An identity is spoiled by adding spoil - 1 to the claimed side, a bound
or a predicted value by multiplying it; a search is spoiled by the predicate, which receives the factor.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from ledger.statement import Context, Evidence, Status, Verdict

# A violation needs a difference of five standard errors: over some hundred sampled findings three would be a false
# alarm in about one run in four for true statements, and five in one of ten thousand. A pass needs three standard
# errors to be less than what is claimed or allowed, so that noise alone cannot hide a failure of that size.
STANDARD_ERRORS_TO_VIOLATE = 5.0
STANDARD_ERRORS_TO_HOLD = 3.0
NOTHING = 1e-9  # below this in size a number is round-off, or might be


@dataclass(frozen=True)
class Identity:
    """The claimed expression or matrix equals the derived one, decided by sympy.

    `claimed` and `derived` are thunks (sympy is slow to build) returning an Expr or a Matrix of one shape.
    """

    claimed: Callable[[], Any]
    derived: Callable[[], Any]
    because: str

    def run(self, context: Context) -> Verdict:
        """VIOLATED at the first entry that differs, else INCONCLUSIVE if sympy cannot decide one, else HOLDS."""
        # In a list an expression becomes a 1 x 1 matrix, and a matrix stays as it is.
        claimed, derived = sp.Matrix([self.claimed()]), sp.Matrix([self.derived()])
        if claimed.shape != derived.shape:
            return Verdict(
                Status.VIOLATED,
                Evidence.PROVED,
                f"The two sides have different shapes. {self.because}",
                witness={"claimed_shape": list(claimed.shape), "derived_shape": list(derived.shape)},
            )
        # By way of its digits: 0.9 is 9/10 here, not the binary fraction nearest to it.
        shift, is_proved = sp.Rational(str(context.spoil)) - 1, True
        for where, (left, right) in enumerate(zip(list(claimed), list(derived), strict=True)):
            difference = sp.sympify(left + shift - right)
            point = _point_of_difference(difference)
            if point is None:
                is_proved = is_proved and _is_zero(difference)
                continue
            return Verdict(
                Status.VIOLATED,
                Evidence.PROVED,
                self.because,
                witness={
                    "entry": list(divmod(where, claimed.cols)),
                    "claimed": str(left + shift),
                    "derived": str(right),
                    "at": {str(symbol): str(value) for symbol, value in point.items()},
                    "difference_there": str(sp.N(difference.subs(point), 12)),
                },
            )
        if not is_proved:
            return Verdict(
                Status.INCONCLUSIVE,
                Evidence.NUMERIC,
                f"The sides agree to 30 digits where tried, but sympy does not prove it. {self.because}",
            )
        return Verdict(Status.HOLDS, Evidence.PROVED, self.because)


def _point_of_difference(difference: sp.Expr) -> dict[sp.Symbol, sp.Expr] | None:
    """A rational point where `difference` is a number well away from 0, or None.

    Asked first: one such point settles that two sides differ, where simplifying their difference can take hours.
    """
    symbols = sorted(difference.free_symbols, key=str)
    for start in (3, 11):
        values: list[sp.Expr] = [
            sp.Integer(start + i) if x.is_integer else sp.Rational(start + i, 7 + i) for i, x in enumerate(symbols)
        ]
        point = dict(zip(symbols, values, strict=True))
        number = sp.N(difference.xreplace(point), 50)
        if number.is_number and number.is_finite and abs(number) > sp.Float("1e-30"):
            return point
    return None


def _is_zero(difference: sp.Expr) -> bool:
    """Whether sympy proves `difference` to be 0, by the cheapest step that does."""
    steps = (lambda e: e, sp.expand, lambda e: sp.cancel(sp.together(e)), sp.simplify)
    return any(step(difference) == 0 for step in steps)


@dataclass(frozen=True)
class Finding:
    """What a numeric check found at one grid point: what was claimed, what was measured, how well it is known.

    `standard_error` is 0 for a deterministic measurement; `resolution` bounds its round-off and truncation.
    """

    at: Mapping[str, Any]
    claimed: float
    measured: float
    standard_error: float = 0.0
    resolution: float = 0.0


@dataclass(frozen=True)
class Bound:
    """measured <= claimed in every finding (`upper`), or measured >= claimed. What is measured is a worst case.

    `evidence` says how the findings were got. Spoiled, an upper bound is multiplied by `spoil`, a lower one divided.
    """

    findings: Callable[[Context], Sequence[Finding]]
    because: str
    upper: bool = True
    evidence: Evidence = Evidence.SAMPLED

    def run(self, context: Context) -> Verdict:
        """VIOLATED if any finding passes its bound by more than its resolution; the one furthest past is the witness.

        `tightness` is the largest share that a finding takes of its bound, `margin` the least that one leaves.
        """
        factor = context.spoil if self.upper else 1 / context.spoil
        findings = [replace(f, claimed=factor * f.claimed) for f in self.findings(context)]
        ratios = [_ratio(f, self.upper) for f in findings]
        if not findings or any(np.isnan(r) for r in ratios):
            return Verdict(Status.INCONCLUSIVE, self.evidence, f"A finding came back without a number. {self.because}")
        tightness = float(max(ratios))
        sign = 1 if self.upper else -1
        margin = float(min(sign * (f.claimed - f.measured) for f in findings))
        past = [sign * (f.measured - f.claimed) - f.resolution for f in findings]
        worst = int(np.argmax(past))
        status = Status.VIOLATED if past[worst] > 0 else Status.HOLDS
        witness = _witness(findings[worst]) if past[worst] > 0 else None
        return Verdict(status, self.evidence, self.because, tightness, margin, witness, scale_of(findings))


@dataclass(frozen=True)
class Prediction:
    """measured equals claimed within `rtol`, statistically resolved.

    Holds when every |measured - claimed| is within `rtol` claimed plus five standard errors and the resolution, and
    three standard errors are themselves within `rtol` (else INCONCLUSIVE: the check had no power). Violated when one
    differs by more. Spoiled by a factor further from 1 than the tolerance and the noise together, it must fail.
    """

    findings: Callable[[Context], Sequence[Finding]]
    because: str
    rtol: float
    evidence: Evidence = Evidence.SAMPLED

    def run(self, context: Context) -> Verdict:
        """The verdict that the class describes; `tightness` is measured over claimed of the finding furthest out."""
        findings = list(self.findings(context))
        worst, worst_excess, unresolved = None, -np.inf, []
        for finding in findings:
            claimed = finding.claimed * context.spoil
            allowed = self.rtol * abs(claimed) + finding.resolution
            gap = abs(finding.measured - claimed)
            if not np.isfinite(gap):
                return Verdict(Status.INCONCLUSIVE, self.evidence, f"No number at {dict(finding.at)}. {self.because}")
            if STANDARD_ERRORS_TO_HOLD * finding.standard_error > max(allowed, np.finfo(float).tiny):
                unresolved.append(finding)
            excess = gap - allowed - STANDARD_ERRORS_TO_VIOLATE * finding.standard_error
            if excess > worst_excess:
                worst, worst_excess = finding, excess
        assert worst is not None, "a prediction needs at least one finding"
        tightness = float(worst.measured / worst.claimed) if worst.claimed else None
        sizes = scale_of(findings)
        if worst_excess > 0:
            return Verdict(
                Status.VIOLATED, self.evidence, self.because, tightness, witness=_witness(worst), scale=sizes
            )
        if unresolved:
            return Verdict(
                Status.INCONCLUSIVE,
                self.evidence,
                f"{len(unresolved)} of {len(findings)} are noisier than the tolerance {self.rtol}. {self.because}",
                tightness,
                scale=sizes,
            )
        return Verdict(Status.HOLDS, self.evidence, self.because, tightness, scale=sizes)


@dataclass(frozen=True)
class ForAll:
    """`predicate(point, spoil)` holds at every point searched; it returns (holds, details).

    The first failing point, in the order given (smallest first), is the witness. `evidence` says what passing is worth:
    ENUMERATED where the points are all there are and each is decided without rounding.
    """

    points: Callable[[Context], Iterable[Any]]
    predicate: Callable[[Any, float], tuple[bool, Mapping[str, Any]]]
    because: str
    evidence: Evidence = Evidence.SEARCHED

    def run(self, context: Context) -> Verdict:
        """VIOLATED at the first point that fails, INCONCLUSIVE without any point, else HOLDS with their number."""
        found: list[Mapping[str, Any]] = []
        for point in self.points(context):
            holds, details = self.predicate(point, context.spoil)
            found.append(details)
            if not holds:
                return Verdict(Status.VIOLATED, self.evidence, self.because, witness=dict(details), scale=scale(found))
        if not found:
            return Verdict(Status.INCONCLUSIVE, self.evidence, f"No point was searched. {self.because}")
        reason = f"{self.because} ({len(found)} points searched.)"
        return Verdict(Status.HOLDS, self.evidence, reason, scale=scale(found))


@dataclass(frozen=True)
class Empty:
    """The statement says nothing (`VACUOUS`) or cannot be parsed as a statement (`ILL_FORMED`).

    `demonstration` computes the fact that makes it so and must be true; otherwise the verdict is INCONCLUSIVE. Spoiled,
    the demonstration is given the factor and must come out false.
    """

    status: Status
    because: str
    demonstration: Callable[[float], bool]
    evidence: Evidence = Evidence.PROVED

    def run(self, context: Context) -> Verdict:
        """`status` where the demonstration comes out true, INCONCLUSIVE where it does not."""
        if self.demonstration(context.spoil):
            return Verdict(self.status, self.evidence, self.because)
        return Verdict(Status.INCONCLUSIVE, self.evidence, f"The demonstration fails. {self.because}")


@dataclass(frozen=True)
class Printed:
    """A slip of the pen (a missing argmin, a wrong index): nothing to compute, the text is the evidence."""

    status: Status
    because: str
    witness: Mapping[str, Any] | None = None

    def run(self, context: Context) -> Verdict:
        """`status` at every tier and factor: nothing is computed that could be spoiled."""
        return Verdict(self.status, Evidence.READING, self.because, witness=self.witness)


def scale(found: Iterable[Mapping[str, Any]], least: float = NOTHING) -> dict[str, float]:
    """How many points there are, and by name the geometric mean of each number's size, lists of numbers included.

    Sizes up to `least` are left out.

    Recorded and compared, it shows a formula that became larger or smaller where the verdict alone does not move.
    """
    sizes: dict[str, list[float]] = {}
    points = 0
    for details in found:
        points += 1
        for name, value in details.items():
            if not isinstance(value, str | bool | Mapping) and value is not None:
                sizes.setdefault(name, []).extend(_sizes(value, least))
    return {"points": points} | {name: math.exp(statistics.fmean(logs)) for name, logs in sizes.items() if logs}


def scale_of(findings: Iterable[Finding]) -> dict[str, float]:
    """The scale of what was claimed and of what was measured."""
    return scale({"claimed": f.claimed, "measured": f.measured} for f in findings)


def _sizes(value: Any, least: float) -> list[float]:
    """The logarithms of the sizes of one number, or of a list of them; nothing for what holds anything else."""
    try:
        numbers = np.abs(np.asarray(value, dtype=np.float64)).ravel()
    except (TypeError, ValueError):
        return []
    return np.log(numbers[np.isfinite(numbers) & (numbers > least)]).tolist()


def _ratio(finding: Finding, upper: bool) -> float:
    """The share that the smaller side is of the larger; where that is not positive, 0 in order and inf not.

    In order means within the resolution: two zeros, one of them rounded to -1e-16, are in order.
    """
    smaller, larger = (finding.measured, finding.claimed) if upper else (finding.claimed, finding.measured)
    if np.isnan(smaller) or np.isnan(larger):
        return np.nan
    if larger <= 0:
        return 0.0 if smaller <= larger + finding.resolution else np.inf
    return smaller / larger


def _witness(finding: Finding) -> dict[str, Any]:
    return {
        **dict(finding.at),
        "claimed": finding.claimed,
        "measured": finding.measured,
        "standard_error": finding.standard_error,
    }
