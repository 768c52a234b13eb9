"""The explorer as it is written: what is compiled, which readings it lists, and that it loads nothing.

What its JavaScript computes is tested in `tests/in_browser/test_explorer.py`.
"""

import pathlib
import random
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import sympy as sp
from docutils import nodes

from claims import catalogue as claims
from claims.sensitivity.thm_critical_noise import normal_remainder
from dssl.documents.explorer import catalogue, javascript, page, theorem
from dssl.documents.explorer.remainders import (
    NORMAL_REMAINDER,
    REACH,
    REMAINDERS,
    SINGLE_DIRECTION,
    SINGLE_DIRECTION_REMAINDER,
)
from ledger import verdicts
from ledger.checks.on_domain import OnDomain
from ledger.checks.sampled_order import SampledOrder
from ledger.deficits.drawn_masks import single_direction_remainder
from ledger.deficits.mean_deficits import second_order_remainder
from theory.deficits.literal_masks import literal_allowance, literal_deficit
from theory.domain import Real, Whole
from theory.formula import Formula, Source
from theory.readings import EXPECTED, Objective, Scope
from theory.setting import Setting

ROOT = pathlib.Path(__file__).resolve().parents[3]
SYMBOL = sp.Symbol("dim")


class _Parts(HTMLParser):
    """What a page loads, and the ids of its parts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.loaded += [found["src"]] if "src" in found else []
        self.loaded += [found["href"]] if tag == "link" else []


@pytest.fixture(scope="module")
def written() -> str:
    """The page beside the site's cards."""
    return page.build("claims")


def test_a_formula_becomes_a_function_of_named_arguments() -> None:
    code = javascript.function((SYMBOL + 1) ** 2 / sp.sqrt(SYMBOL + 1) + SYMBOL**2)
    assert code == "({dim}) => {  return (dim*dim) + Math.pow(dim + 1, 3/2); }"


def test_what_occurs_twice_is_computed_once() -> None:
    tau = sp.Symbol("tau")
    code = javascript.function(sp.sin(SYMBOL * tau) + sp.cos(SYMBOL * tau))
    assert "const x_0 = dim*tau;" in code


def test_a_function_that_javascript_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="zeta"):
        javascript.function(sp.Function("zeta")(SYMBOL))  # type: ignore[arg-type]


def test_a_domain_is_said_with_the_letters_of_the_page() -> None:
    n, p = sp.Symbol("n_clients"), sp.Symbol("mask_ratio")
    relations = (n <= SYMBOL, n >= 2, n >= 2, sp.Abs(p) < 1, sp.Integer(1) < sp.Integer(2))
    formula = Formula("one", "One", SYMBOL, relations, "none", Source("ledger", "an example"))
    assert javascript.domain(formula) == [
        ("N ≤ d", "({dim, n_clients}) => n_clients <= dim"),
        ("N ≥ 2", "({n_clients}) => n_clients >= 2"),
        ("|p| < 1", "({mask_ratio}) => Math.abs(mask_ratio) < 1"),
    ]


def test_a_value_cannot_end_the_script_that_it_stands_in() -> None:
    assert "</" not in javascript.literal("</script>")


def test_every_argument_of_a_formula_has_a_law_and_a_letter() -> None:
    for formula in catalogue.formulas().values():
        symbols = formula.expr.free_symbols.union(*(relation.free_symbols for relation in formula.domain))
        assert {str(s) for s in symbols} <= catalogue.LAWS.keys(), formula.name


def test_sliders_start_within_their_law() -> None:
    for one in catalogue.SLIDERS:
        assert one.law.refused(one.start) == ""
        assert one.name in javascript.LETTERS
        assert isinstance(one.law, Whole | Real)


def test_every_printed_statement_of_the_theorem_is_a_row_and_no_other() -> None:
    printed = {s.key for s in claims()[theorem.CLAIM].statements if s.kind == "printed"}
    assert set(theorem.RULES) == printed


def test_every_answer_is_a_function_of_the_page() -> None:
    code = (page.TEMPLATES / "theorem.js.j2").read_text(encoding="utf-8")
    for rule in theorem.RULES.values():
        assert f"\n  {rule.answer}(" in code or f"\n  {rule.answer}: (" in code


def test_keys_that_the_page_names_are_statements_of_their_claims() -> None:
    of = {row["key"]: row["claim"] for row in verdicts.read().rows}
    assert {key: of.get(key) for key in page.NAMED} == page.NAMED


def test_addresses_are_the_anchors_that_the_site_makes_of_keys(written: str) -> None:
    links = {link for link in _Parts(written).links if link.startswith("claims/")}
    wanted = {f"claims/{theorem.CLAIM}.html#{nodes.make_id(key)}" for key in theorem.RULES}
    wanted |= {f"claims/{claim}.html#{nodes.make_id(key)}" for key, claim in page.NAMED.items()}
    assert links == {*wanted, "claims/index.html"}


def test_no_two_formulas_have_one_title(written: str) -> None:
    titles = [
        line.partition(". <span")[0] for line in written.splitlines() if line.startswith("  <td>") and "Unit:" in line
    ]
    assert len(titles) == len(set(titles)) == len(catalogue.formulas())


def test_without_cards_nothing_is_linked() -> None:
    assert _Parts(page.build()).links == []


def test_the_page_loads_nothing_and_names_each_part_once(written: str) -> None:
    parts = _Parts(written)
    assert parts.loaded == ["data:,"]
    assert len(parts.ids) == len(set(parts.ids))
    assert "@import" not in written
    assert "url(http" not in written
    assert "fetch(" not in written


def test_remainders_are_those_of_the_ledger() -> None:
    choose = random.Random("remainders")
    kinds = {"cl": (Objective.CL, 1), "averaged": (Objective.MIM, EXPECTED), "drawn": (Objective.MIM, 1)}
    names = ("n_clients", "dim", "samples_per_client", "mask_ratio", "augmentation_std", "tau", "mu")
    for _ in range(20):
        at = {name: catalogue.LAWS[name].at(choose.random()) for name in names}
        at["dim"] = max(at["dim"], at["n_clients"] + 1)  # type: ignore[type-var]
        s = Setting(feature_dim=at["n_clients"], **at)  # type: ignore[arg-type]
        reach = max(_value(REACH, at | {"shown": shown}) for shown in range(s.n_clients))
        for kind, (objective, draws) in kinds.items():
            wanted = second_order_remainder(s, objective, Scope.FL, draws)
            assert _value(REMAINDERS[kind], at | {"reach": reach}) == pytest.approx(wanted, rel=1e-9)
        masked = second_order_remainder(s, Objective.MIM, Scope.FL, EXPECTED)
        said = _value(NORMAL_REMAINDER, at | {"remainder": masked})
        assert said == pytest.approx(normal_remainder({**at, "objective": "mim"}), rel=1e-9)


def test_with_complementary_masks_the_deficit_and_its_remainder_are_those_of_the_ledger() -> None:
    choose, compared = random.Random("complementary"), 0
    names = ("n_clients", "dim", "samples_per_client", "mask_ratio", "tau", "mu")
    for _ in range(60):
        at = {name: catalogue.LAWS[name].at(choose.random()) for name in names}
        at["n_clients"] = max(at["n_clients"] // 4, 3)  # type: ignore[operator]
        at["dim"] = max(at["dim"], 50 * at["n_clients"])  # type: ignore[type-var]
        s = Setting(feature_dim=at["n_clients"], augmentation_std=1.0, **at)  # type: ignore[arg-type]
        wanted = single_direction_remainder(s, Scope.FL)
        assert _value(SINGLE_DIRECTION_REMAINDER, at) == pytest.approx(wanted, rel=1e-9)
        if wanted > 0.1 / s.n_clients or s.samples_per_client < 50:
            continue
        compared += 1
        allowed = wanted + literal_allowance(s)
        assert _value(SINGLE_DIRECTION, at) == pytest.approx(literal_deficit(s), abs=allowed)
    assert compared > 8


def test_settings_on_record_are_those_that_were_sampled() -> None:
    statements = {s.key: s for s in claims()[theorem.CLAIM].statements}
    sampled = {key: s.check.at for key, s in statements.items() if isinstance(s.check, SampledOrder)}
    names = {"n_clients": "clients", "augmentation_std": "sigma", "mask_ratio": "p"}
    found = {row.key: row.recorded for row in theorem.readings(verdicts.read(), None) if row.recorded}
    assert found.keys() == sampled.keys() & theorem.RULES.keys()
    assert len(found) > 3
    for key, recorded in found.items():
        wanted = sampled[key]
        assert {name: recorded[name] for name in recorded if name != "feature_dim"} == {
            name: wanted[names.get(name, name)] for name in recorded if name != "feature_dim"
        }, key


def test_how_far_a_statement_was_tested_is_what_its_domain_reaches() -> None:
    for key in page.BESIDE_BORDER:
        check = next(s.check for s in claims()[page.NAMED[key]].statements if s.key == key)
        assert isinstance(check, OnDomain)
        most = {one.name: one.corners()[-1] for one in check.given.parameters if isinstance(one, Whole)}
        assert theorem.reach(verdicts.read(), key) == f"tested up to N = {most['n_clients']}, d = {most['dim']:,}"
    with pytest.raises(KeyError, match=r"noise\.order-condition"):
        theorem.reach(verdicts.read(), "noise.order-condition")


def test_the_command_writes_one_file(tmp_path: pathlib.Path) -> None:
    done = _command("--out", str(tmp_path / "one.html"))
    assert done.returncode == 0
    assert (tmp_path / "one.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "Open" in done.stdout


def test_the_command_says_in_a_sentence_where_it_cannot_write(tmp_path: pathlib.Path) -> None:
    done = _command("--out", str(tmp_path / "none" / "one.html"))
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def _value(formula: Formula, at: dict) -> float:
    symbols = sorted(formula.expr.free_symbols, key=str)
    return float(sp.lambdify(symbols, formula.expr, "math")(*(at[str(s)] for s in symbols)))


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dssl.documents.explorer", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
