"""The proven bounds of 1 - r_k as statements with a domain: every setting of the data model where the bound speaks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.statement import Evidence
from sims.samplers.montecarlo import sample_representability
from theory.deficits.finite_sample import Side, deficit_bound
from theory.domain import Choice, Condition, Domain, Parameter, Point, Quantifier, Real, Value, Whole
from theory.formula import OutOfDomainError
from theory.readings import Objective, Reading, Scope
from theory.setting import Setting

FAILURE = 0.05
BY_INCLUSION = "Measured with as many features as clients, where 1 - r_k is largest"
OWN, OTHER = "own", "other"
MODEL = (
    "Data are drawn from the paper's data model without rare classes; k is any one coordinate of the signal, fixed "
    "before the data are drawn."
)


def bound_domain(objective: Objective, scope: str, side: Side) -> Domain:
    """Every setting without rare classes where the proven bound lies in (0, 1); `scope` is "fl" or "local"."""
    own: tuple[Parameter, ...] = (
        (Real("mask_ratio", 0.0, 1.0, "()"),)
        if objective is Objective.MIM
        else (Real("augmentation_std", 0.0, np.inf, "[)", reach=(0.1, 2.0), is_log=True),)
    )
    local: tuple[Parameter, ...] = () if scope == "fl" else (Choice("coordinate", (OWN, OTHER)),)
    exactly = side == "lower"  # from below it is proven for c = N
    return Domain(
        (
            Whole("n_clients", 2, 12),
            Whole("dim", 3, 4096),
            *(() if exactly else (Whole("feature_dim", 2, 24),)),
            Whole("samples_per_client", 8, 10**6),
            Real("tau", 0.0, np.inf, "()", reach=(0.5, 6.0), is_log=True),
            Real("mu", 0.0, np.inf, "[)", reach=(0.02, 1.0), is_log=True),
            *own,
            *local,
        ),
        (
            Condition("n_clients below dim", "N < d", lambda p: p["n_clients"] < p["dim"])
            if exactly
            else Condition(
                "feature_dim from n_clients to dim - 1",
                r"N \le c < d",
                lambda p: p["n_clients"] <= p["feature_dim"] < p["dim"],
            ),
            Condition(
                "samples enough for the bound to lie strictly between 0 and 1",
                r"0 < \text{bound} < 1",
                lambda p: bound_at(objective, scope, side, p) is not None,
            ),
        ),
        Quantifier.WITH_PROBABILITY,
        f"{MODEL} {'As many features as clients' if exactly else BY_INCLUSION}.",
        probability=1 - FAILURE,
    )


def bound_holds(objective: Objective, draws: int | str, scope: str, side: Side) -> Then:
    """1 - r_k stays on its side of the bound; one coordinate of each data set is looked at.

    It is measured with c = N features. With more of them it is never larger, for the leading N eigenvectors are among
    the leading c, and telling the others apart would take hours where the noise has no gaps.
    """

    def claimed(at: Point) -> float:
        bound = bound_at(objective, scope, side, at)
        return np.nan if bound is None else bound

    def measured(at: Point, effort: Effort) -> Sample:
        sample = sample_representability(
            effort.seed,
            replace(setting(at), feature_dim=int(at["n_clients"])),
            objective=objective,
            scope="fl" if scope == "fl" else "local",
            reading=Reading(draws=draws),
            trials=effort.trials,
        )
        first, n = {None: (0, sample.r.shape[1]), OWN: (0, 1), OTHER: (1, sample.r.shape[1] - 1)}[at.get("coordinate")]
        # Each data set shows one coordinate: those of one data set are not independent.
        columns = first + np.arange(effort.trials) % n
        return Sample(1 - sample.r[np.arange(effort.trials), columns], sample.truncation)

    return Then("<=" if side == "upper" else ">=", claimed, measured)


def bound_check(
    objective: Objective, draws: int | str, scope: str, side: Side, because: str, sizes: Sequence[tuple[int, int, int]]
) -> OnDomain:
    """The check of one bound; (N, d, n_i) of `sizes` are measured in the paper's scaling beside the random points."""
    coordinates: list[dict[str, Value]] = [{}] if scope == "fl" else [{"coordinate": c} for c in (OWN, OTHER)]
    named = [
        paper(*size, objective) | ({} if side == "lower" else {"feature_dim": size[0]}) | coordinate
        for size in sizes
        for coordinate in coordinates
    ]
    return OnDomain(
        bound_domain(objective, scope, side),
        bound_holds(objective, draws, scope, side),
        because,
        Evidence.SAMPLED,
        points=(8, 32),
        corners=(4, 16),
        trials=(400, 1600),
        named=named,
    )


def bound_at(objective: Objective, scope: str, side: Side, at: Point) -> float | None:
    """The bound at a point; None where it says nothing."""
    which = Scope.FL if scope == "fl" else Scope.LOCAL_OWN if at["coordinate"] == OWN else Scope.LOCAL_OTHER
    try:
        return deficit_bound(setting(at), objective, which, FAILURE, side).value
    except OutOfDomainError:
        return None


def paper(n_clients: int, dim: int, samples_per_client: int, objective: Objective) -> dict[str, Value]:
    """A point with the paper's tau = d^(1/5), mu = d^(-1/5), p = 3/4 and sigma = 1, and c = N."""
    s = Setting.paper(dim, n_clients=n_clients, samples_per_client=samples_per_client)
    own = {"mask_ratio": 0.75} if objective is Objective.MIM else {"augmentation_std": 1.0}
    sizes = {"n_clients": n_clients, "dim": dim, "samples_per_client": samples_per_client}
    return {**sizes, "tau": float(s.tau), "mu": float(s.mu), **own}


def setting(at: Point) -> Setting:
    """The setting of a point; what the objective does not use stays as in the paper."""
    plain = Setting(
        n_clients=int(at["n_clients"]),
        dim=int(at["dim"]),
        feature_dim=int(at.get("feature_dim", at["n_clients"])),
        samples_per_client=int(at["samples_per_client"]),
        tau=float(at["tau"]),
        mu=float(at["mu"]),
    )
    used = {name: float(at[name]) for name in ("mask_ratio", "augmentation_std") if name in at}
    return replace(plain, **used)
