"""Questions to one statement or one quantity: `check`, `falsify` and `compute`."""

from typing import Any

from runtime.usage import UsageError


def check(key: str, **point: int | float | str) -> dict[str, object]:
    """One statement at one point of its domain: what is claimed, what is measured, and whether it holds there.

    `key` is the statement's, as `dssl.ledger()` shows it; `point` gives each parameter of its domain a value. Gives
    {"at", "in_domain", "claimed", "measured", "standard_error", "resolution", "allowed", "holds", "reason"}; outside
    the domain nothing is measured. `holds` is None where the measurement cannot tell. `allowed` is how far beyond the
    claim the measurement may lie: round-off, a stated remainder, and for a mean five standard errors.

    Units and source: those of the statement. Errors: UsageError for an unknown key, or a point that does not fit.

    >>> import dssl
    >>> dssl.check("a3.averaging-self-weight", n_clients=5, network="ring", mixing="metropolis", draw=1)["holds"]
    True
    """
    from dssl.points.check import check as at_point

    return at_point(key, **point)


def falsify(key: str, seconds: float = 60.0, seed: int | None = None) -> dict[str, Any]:
    """Looks for a point of a statement's domain where it fails: corners, random points, then the worst it can find.

    Gives {"key", "date", "seconds", "tried", "coverage", "ratio", "worst_at", "witness", "check"}: how many points were
    tried, in which share of the cells of the domain, how near to failing the worst of them was, and where. `witness` is
    a point where the statement fails, made as simple as can be, or None: finding none proves nothing.

    `seconds`: time for the search; making a point simple comes on top. `seed`: None is the statement's own.
    Errors: UsageError for an unknown key, a statement without a domain, a time too short for one point, and a time or
    seed that is none.

    >>> import dssl
    >>> dssl.falsify("a3.averaging-self-weight", seconds=0.5)["witness"] is None
    True
    """
    from dssl.points.falsify import falsified, refuse_untried

    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e6:
        raise UsageError(f"seconds is a time above 0, such as 60; got seconds={seconds!r}.")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise UsageError(f"A seed is a whole number from 0; got seed={seed!r}.")
    return refuse_untried(falsified(key, float(seconds), seed))


def compute(name: str, **keys: Any) -> dict[str, Any]:
    """One quantity with all that is known of it, as `dssl compute NAME --json` prints it.

    Gives {"name", "value", "exact", "status", "units", "source", "latex", "reason", "assumed"}. Each quantity also has
    a function of its own, such as `dssl.deficit`, which takes settings and arrays.

    Errors: UsageError for an unknown name or key, a missing key, or a value that the quantity refuses.

    >>> import dssl
    >>> dssl.compute("exponent", quantity="deficit", beta=1.0)["value"]
    -0.8
    """
    from dssl.calculator.compute import compute as answer

    return answer(name, keys, is_text=False)
