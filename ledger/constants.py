"""Every derived constant, computed from the formulas of `theory`: exact form, 30 digits, source, proof by Arb.

Where a formula has conditions, the constant also keeps by how much each of them is met at its point.

Nothing is typed but the points at which formulas are evaluated. At d = 4^5 and d = 10^5 the paper's tau = d^(1/5) and
mu = d^(-1/5) are rational, so that the exact forms stay readable.
"""

import importlib
import itertools
import pathlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import mpmath
import sympy as sp
from sympy.core.relational import Relational

import theory
from runtime import store
from runtime.usage import UsageError
from theory.data.population_spectra import Level, RareSite, spectrum
from theory.deficits.closed_forms import deficit_formula, sensitivity_formula
from theory.deficits.concentration import Block, squared_orders
from theory.deficits.critical_noise import sigma_star_formula, sigma_star_limit_formula, spectrum_unevenness
from theory.deficits.exponents import Quantity, exponent
from theory.deficits.proportional_limit import deficit_limit_formula
from theory.deficits.rare_recovery import rare_recovery_formula, rare_window_formula
from theory.formula import Formula, OutOfDomainError, rational
from theory.intervals import certified_digits, enclosure
from theory.networks.spectra import closed_form_spectrum
from theory.readings import Mask, Objective, Scope
from theory.scaling import NGrowth
from theory.symbols import beta, n_clients
from theory.training.consensus_bounds import GAP_BOUND
from theory.training.effective_covariance import KAPPA

SCHEMA = 2  # 1: no margins, and the point repeated in each exact form
REMEDY = "Restore it from git, or name another one with --recorded."
N_DIGITS = 30
RANGE_COUNTS = (2, 3, 4, 6, 20)


def _ring_point() -> dict[str, Any]:
    """Six clients on a ring, uniform averaging: every number exact and derived from its spectrum."""
    n = 6
    others = _other_eigenvalues("ring", n)
    squares = [value**2 for value in others]
    return {
        "n_clients": sp.Integer(n),
        "n_sampled": sp.Integer(2),
        "mode": sp.Integer(1),
        "eigenvalue": others[0],
        "lambda_2": others[0],
        "lambda_min": others[-1],
        "consensus_rate": 1 - max(squares),
        "noise_spectrum": sum(square / (1 - square) for square in squares) / n,
        "weight_ratio": sp.Integer(1),
        "step_size": sp.Rational(1, 100),
        "local_steps": sp.Integer(5),
        "curvature": sp.Integer(2),
        "dissimilarity": sp.Integer(1),
        "gradient_norm": sp.Integer(1),
        "noise_variance": sp.Integer(1),
    }


def _other_eigenvalues(network: str, n: int) -> list[sp.Expr]:
    """Exact eigenvalues l >= 2 of uniform averaging, descending."""
    values = closed_form_spectrum(network, n, "mixing")
    assert values is not None, f"the spectrum of {network} has a closed form"
    return sorted(values, key=lambda value: -sp.N(value, N_DIGITS))[1:]


POINTS: Mapping[str, Mapping[str, Any]] = {
    "N=3, d=4^5, n=d": {
        "n_clients": sp.Integer(3),
        "dim": sp.Integer(4**5),
        "feature_dim": sp.Integer(3),
        "samples_per_client": sp.Integer(4**5),
        "draws": sp.Integer(1),
        "tau": sp.Integer(4),
        "mu": sp.Rational(1, 4),
        "mask_ratio": sp.Rational(3, 4),
        "augmentation_std": sp.Integer(1),
        "rare_fraction": sp.Rational(1, 2),
        "gamma": sp.Rational(4**5 - 3, 3 * 4**5),
        "beta": sp.Integer(1),
    },
    "N=2, d=10^5, n=d^(6/5)": {
        "n_clients": sp.Integer(2),
        "dim": sp.Integer(10**5),
        "feature_dim": sp.Integer(2),
        "samples_per_client": sp.Integer(10**6),
        "draws": sp.Integer(4),
        "tau": sp.Integer(10),
        "mu": sp.Rational(1, 10),
        "mask_ratio": sp.Rational(3, 5),
        "augmentation_std": sp.Rational(4, 5),
        "rare_fraction": sp.Rational(1, 10),
        "gamma": sp.Rational(10**5 - 2, 2 * 10**6),
        "beta": sp.Rational(6, 5),
    },
    # The masked-alignment training of the paper: Section 5 and A.5.
    "MAR": {
        "weight_max": sp.Rational(1, 10),
        "weight_min": sp.Rational(1, 1000),
        "selections": sp.Integer(5),
        "horizon": sp.Integer(10),
        "tokens": sp.Integer(49),
        "token_dim": sp.Integer(768),
        "batch": sp.Integer(256),
        "parameters": sp.Integer(86_000_000),
        "n_averaged": sp.Integer(256),
        "feature_dim": sp.Integer(768),
        "bandwidth": sp.Integer(1),
        "std_local": sp.Integer(1),
        "std_global": sp.Rational(1, 2),
    },
    # Decentralised training in the paper: 20 clients share the 60,000 images and 100 classes of Mini-ImageNet.
    "Dirichlet": {
        "n_clients": sp.Integer(20),
        "n_classes": sp.Integer(100),
        "samples_per_client": sp.Integer(3000),
        "concentration": sp.Rational(1, 10),
        "heterogeneity": sp.Rational(10, 11),
    },
    "ring of 6": _ring_point(),
}
# Networks of eight whose exact spectra are known, under uniform averaging.
NAMED_NETWORKS = ("ring", "star", "hypercube", "complete")
N_NAMED = 8
# The paper's own bounds as printed: claims about them are verdicts, not constants derived here.
# Masks as printed in (17) tilt nothing; contrast has no masks, its members coincide by name.
_MASKS_WITH_DEFICITS = (Mask.INDEPENDENT, Mask.COMPLEMENTARY, Mask.FIXED_COUNT)
_MARGIN_DIGITS = 12
_PRINTED_MODULES = ("theory.deficits.printed_sensitivity",)


@dataclass(frozen=True)
class Constant:
    """One number: its exact form, its first 30 digits, where it comes from, and whether Arb proves the digits.

    `margins`: for each condition of its formula, the left side less the right side at the point, with commas between.
    """

    name: str
    exact: str
    value: str
    is_certified: bool
    source: str
    margins: str = ""


def constants() -> list[Constant]:
    """All of them, sorted by name."""
    parts = (_from_formulas, _traces, _orders, _unevenness, _networks, _exponents, _normal_ranges)
    found = [constant for part in parts for constant in part()]
    return sorted(found, key=lambda c: c.name)


def module_formulas() -> Iterator[Formula]:
    """Every formula that a module of `theory` holds as a constant."""
    for module in pkgutil.walk_packages(theory.__path__, "theory."):
        if module.name not in _PRINTED_MODULES:
            for name, value in vars(importlib.import_module(module.name)).items():
                if not name.startswith("_"):
                    yield from _inside(value)


def family_formulas() -> Iterator[Formula]:
    """Every member of the families that `theory` builds by reading; a reading without a formula has no member."""
    scopes = tuple(Scope)
    objectives = tuple(Objective)
    for objective, scope in itertools.product(objectives, scopes):
        for is_expected, mask in itertools.product((True, False), _MASKS_WITH_DEFICITS):
            for family in (deficit_formula, sensitivity_formula):
                yield from _member(
                    lambda f=family, o=objective, s=scope, e=is_expected, m=mask: f(o, s, is_expected=e, mask=m)
                )
        yield from _member(lambda o=objective, s=scope: deficit_limit_formula(o, s))
    for scope in scopes:
        yield sigma_star_formula(scope)
        yield sigma_star_limit_formula(scope)
    for objective, site in itertools.product(objectives, ("fl", "local")):
        yield rare_recovery_formula(objective, site)
        yield from (rare_window_formula(objective, growth, site) for growth in ("fixed", "paper"))
    yield from (level.eigenvalue for levels in _spectra().values() for level in levels)


def _spectra() -> dict[str, tuple[Level, ...]]:
    """The eigenvalues of every kind of population's alignment matrix, by the name of the kind."""
    found = {}
    for objective, site, mask, rare in itertools.product(Objective, ("fl", "local"), Mask, RareSite):
        if site == "local" or rare is not RareSite.OWN:
            levels = spectrum(objective, mask, site, rare)
            found[levels[0].eigenvalue.name.rpartition("_")[0]] = levels
    return found


def _from_formulas() -> Iterator[Constant]:
    formulas = {f.name: f for f in itertools.chain(module_formulas(), family_formulas())}
    for formula, (where, values) in itertools.product(formulas.values(), POINTS.items()):
        if not set(formula.arguments) <= set(values) or (not formula.arguments and where != next(iter(POINTS))):
            continue
        try:
            digits = formula.digits(N_DIGITS, **values)
        except OutOfDomainError:
            continue
        symbols = {s: values[str(s)] for s in formula.expr.free_symbols}
        yield Constant(
            name=f"{formula.name} at {where}",
            exact=f"{formula.expr}",
            value=digits,
            is_certified=_is_certified(formula.expr, symbols, digits),
            source=str(formula.source),
            margins=_margins(formula, values),
        )


def _margins(formula: Formula, values: Mapping[str, Any]) -> str:
    """By how much each condition of the formula is met; conditions on what the point does not say are left out."""
    relations = [r for r in formula.domain if isinstance(r, Relational)]
    at = {s: rational(values[str(s)]) for r in relations for s in r.free_symbols if str(s) in values}
    gaps = [(cast(sp.Expr, r.lhs) - cast(sp.Expr, r.rhs)).xreplace(at) for r in relations]
    return ", ".join(f"{float(gap):.{_MARGIN_DIGITS}g}" for gap in gaps if not gap.free_symbols)


def _traces() -> Iterator[Constant]:
    """Eigenvalues times how often they occur, summed: the trace of each population's alignment matrix."""
    where, values = next(iter(POINTS.items()))
    source = "ledger, theory.data.population_spectra"
    for of, levels in _spectra().items():
        terms = [level.eigenvalue.expr * level.multiplicity for level in levels]
        exact = sum((term.subs({s: values[str(s)] for s in term.free_symbols}) for term in terms), sp.Integer(0))
        yield _exactly(f"trace of {of} at {where}", exact, source)


def _orders() -> Iterator[Constant]:
    """The terms that the sample sizes of the paper's concentration step are counted from, at the first point."""
    where, values = next(iter(POINTS.items()))
    source = "ledger, theory.deficits.concentration"
    blocks = (block for block in Block if block is not Block.ALL)
    for objective, block, scope, is_expected in itertools.product(
        Objective, blocks, (Scope.FL, Scope.LOCAL_OTHER), (True, False)
    ):
        masks = "expected" if is_expected else "drawn"
        for i, term in enumerate(squared_orders(objective, block, scope, is_expected=is_expected), 1):
            name = f"squared_order_{objective.value}_{block.value}_{scope.value}_{masks} term {i} at {where}"
            yield _exactly(name, term.subs({s: values[str(s)] for s in term.free_symbols}), source)


def _unevenness() -> Iterator[Constant]:
    source = "ledger, theory.deficits.critical_noise: limit of E/A"
    for scope, n in itertools.product((Scope.FL, Scope.LOCAL_OTHER), range(2, 9)):
        exact = sp.cancel(spectrum_unevenness(scope)).subs(n_clients, n)
        yield _exactly(f"spectrum_unevenness_{scope.value} at N={n}", exact, source)


def _networks() -> Iterator[Constant]:
    """Slowest eigenvalue, what it adds to X_eff, and the squared gain of the gap bound."""
    for network in NAMED_NETWORKS:
        at, others = f"{network} of {N_NAMED}", _other_eigenvalues(network, N_NAMED)
        slowest, last = others[0], others[-1]
        yield _exactly(f"mixing lambda_2 at {at}", slowest, "ledger, theory.networks.topologies: closed-form spectra")
        for steps in (1, 5):
            exact = KAPPA.exact(eigenvalue=slowest, local_steps=steps)
            yield _exactly(f"kappa_2 at {at}, E={steps}", exact, str(KAPPA.source))
        gain = sp.Max(slowest / (1 - slowest), -last)
        yield _exactly(f"gap bound's squared gain at {at}", gain**2, str(GAP_BOUND.source))


def _exponents() -> Iterator[Constant]:
    source = "ledger, theory.deficits.exponents"
    for quantity, objective, scope, growth in itertools.product(Quantity, Objective, Scope, NGrowth):
        try:
            line = sp.expand(exponent(quantity, objective, scope, n_growth=growth))
        except OutOfDomainError:
            continue
        if quantity is Quantity.MAE_DEFICIT and objective is Objective.CL:
            continue  # Eq (3) has no contrastive side
        for power in (0, 1):
            name = f"exponent_{quantity.value}_{objective.value}_{scope.value}_{growth.value}: beta^{power}"
            yield _exactly(name, line.coeff(beta, power), source)


def _exactly(name: str, exact: sp.Expr, source: str) -> Constant:
    digits = str(sp.N(exact, N_DIGITS))
    return Constant(name, str(exact), digits, _is_certified(exact, {}, digits), source)


def _is_certified(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr], digits: str) -> bool:
    """Arb's interval is narrow enough, and the digits shown are its own to one unit in the last."""
    try:
        ball = enclosure(expr, values)
    except ValueError:
        return False
    shown = sp.Rational(digits)
    if not ball.mid():
        return shown == 0 and not ball.rad()
    error = enclosure(expr - shown, values)
    return certified_digits(ball, N_DIGITS) and bool(abs(error) <= abs(ball) / 10 ** (N_DIGITS - 1))


def _inside(value: Any) -> Iterator[Formula]:
    if isinstance(value, Formula):
        yield value
    elif isinstance(value, Mapping):
        yield from (f for v in value.values() for f in _inside(v))
    elif isinstance(value, list | tuple):
        yield from (f for v in value for f in _inside(v))


def _member(build: Callable[[], Formula]) -> Iterator[Formula]:
    try:
        yield build()
    except OutOfDomainError:
        return


@dataclass(frozen=True)
class Moved:
    """One constant that is not the recorded one; None where it is on one side only."""

    name: str
    recorded: str | None
    found: str | None
    source: str


_FIELDS = {"name", "value", "is_certified", "source"}


def document(found: Iterable[Constant]) -> dict[str, Any]:
    """What `results/constants.json` holds."""
    return {"schema": SCHEMA, "points": POINTS, "constants": [_fields(c) for c in found]}


def _fields(constant: Constant) -> dict[str, Any]:
    """The fields of one constant; those that say nothing are left out."""
    return {name: value for name, value in vars(constant).items() if name != "margins" or value}


def recorded(path: pathlib.Path = store.CONSTANTS) -> list[dict[str, Any]]:
    """The constants on record; a list without a schema is an older record, and is read too.

    Errors: UsageError in one sentence where there is no record, or one that cannot be read.
    """
    content = store.read(path, REMEDY)
    if content is None:
        raise store.missing(path, store.CONSTANTS)
    if isinstance(content, dict):
        store.check_schema(path, content, SCHEMA)
        content = content.get("constants")
    if not isinstance(content, list) or not all(isinstance(c, dict) and c.keys() >= _FIELDS for c in content):
        raise UsageError(f"{path} is no record of constants. {REMEDY}")
    return content


def moved(recorded: Sequence[Mapping[str, Any]], found: Iterable[Constant]) -> list[Moved]:
    """Every constant whose digits, proof of them, or conditions are not on record as they are now."""
    old = {c["name"]: c for c in recorded}
    # A record of schema 1 has no margins, so that there is nothing to compare them with.
    has_margins = any("margins" in c for c in recorded)
    new = {c.name: vars(c) if has_margins else {**vars(c), "margins": ""} for c in found}
    result = []
    for name in sorted(old.keys() | new.keys()):
        before = _shown(old.get(name))
        after = _shown(new.get(name))
        if before != after:
            result.append(Moved(name, before, after, new.get(name, old.get(name, {}))["source"]))
    return result


def _shown(constant: Mapping[str, Any] | None) -> str | None:
    if constant is None:
        return None
    shown = constant["value"] + ("" if constant["is_certified"] else " (not certified)")
    return shown + (f" (conditions met by {margins})" if (margins := constant.get("margins")) else "")


def _normal_ranges() -> Iterator[Constant]:
    """R_N, the mean range of N standard normals, which turns a deficit into a sensitivity."""
    for count in RANGE_COUNTS:
        with mpmath.workdps(N_DIGITS + 20):
            # Symmetric in t, and below 1e-60 beyond 18 standard deviations.
            half = mpmath.quad(
                lambda t, n=count: 1 - mpmath.ncdf(t) ** n - mpmath.ncdf(-t) ** n, mpmath.linspace(0, 18, 37)
            )
            value = str(mpmath.nstr(2 * half, N_DIGITS))
        yield Constant(
            name=f"expected_normal_range at N={count}",
            exact=f"Integral(1 - Phi(t)**{count} - (1 - Phi(t))**{count}, (t, -oo, oo))",
            value=value,
            is_certified=False,
            source="ledger, the integral of P(min < t < max)",
        )
