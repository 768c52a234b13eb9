"""The explorer in a browser: its JavaScript against Python, and what its controls do."""

import math
import pathlib
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from playwright.sync_api import Page, expect

from dssl.documents.explorer import catalogue, javascript
from dssl.documents.explorer import page as explorer
from ledger.deficits.mean_deficits import second_order_remainder
from theory.deficits.closed_forms import deficit, expected_sensitivity
from theory.deficits.critical_noise import sigma_star
from theory.deficits.literal_masks import literal_allowance, literal_deficit
from theory.formula import Formula
from theory.networks.mixing import mixing_matrix
from theory.networks.spectra import laplacian_spectrum
from theory.networks.topologies import topology
from theory.readings import EXPECTED, Objective, Scope
from theory.setting import Setting
from theory.training.consensus import consensus_exchangeable
from theory.training.consensus_bounds import consensus_gap_bound

FORMULAS = catalogue.formulas()
POINTS = 1000
WITHIN = 1e-12  # of the value
LOCAL_STEPS = 3


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The explorer as one file, as the command writes it."""
    written = tmp_path_factory.mktemp("explorer") / explorer.NAME
    written.write_text(explorer.build(), encoding="utf-8")
    return written


@pytest.fixture
def opened(page: Page, file: pathlib.Path) -> Page:
    """The explorer at its start."""
    page.goto(file.as_uri())
    return page


def test_every_formula_is_python_s_at_a_thousand_points_of_its_domain(opened: Page) -> None:
    for name, formula in FORMULAS.items():
        points = drawn(formula)
        found = opened.evaluate(f"points => points.map(FORMULAS[{name!r}].value)", points)
        assert len(found) == POINTS, name
        assert agree(found, expected(formula, points)), (
            f"{name} differs by {apart(found, expected(formula, points)):.2g}"
        )


def test_the_reference_of_these_tests_is_what_a_formula_says_itself() -> None:
    for formula in FORMULAS.values():
        points = drawn(formula)[:1]
        assert agree([formula.value(**point) for point in points], expected(formula, points)), formula.name


def test_a_domain_is_refused_where_python_refuses_it(opened: Page) -> None:
    for name, formula in FORMULAS.items():
        points = [any_point(formula, random.Random(f"{name} {k}")) for k in range(POINTS // 4)]
        found = opened.evaluate(
            f"points => points.map(at => FORMULAS[{name!r}].domain.every(relation => relation.holds(at)))", points
        )
        holds = inside(formula)
        assert found == [holds(point) for point in points], name


def test_an_error_of_one_constant_is_noticed(opened: Page) -> None:
    formula = FORMULAS["sigma_star_fl"]
    points, code = drawn(formula), javascript.function(formula.expr)
    assert code.count("- 1/2") == 1
    for spoiled in (code.replace("- 1/2", "- 0.50000001"), code.replace("1/2", "1/3"), code.replace("(mu*mu)", "mu")):
        found = opened.evaluate(f"points => points.map({spoiled})", points)
        assert not agree(found, expected(formula, points)), spoiled


@pytest.mark.parametrize("name", explorer.NETWORKS)
def test_networks_are_those_of_python_for_every_number_of_clients(opened: Page, name: str) -> None:
    known = 0
    for n in range(2, catalogue.MOST_CLIENTS + 1):
        found = opened.evaluate(f"n => network({name!r}, n, {LOCAL_STEPS})", n)
        try:
            adjacency = topology("complete" if name == "server" else name, n)
        except ValueError:
            assert found["why"], f"{name} of {n}"
            continue
        known += 1
        assert {frozenset(link) for link in found["links"]} == {frozenset(link) for link in np.argwhere(adjacency)}
        assert len(found["links"]) == adjacency.sum() / 2
        laplacian = sorted(opened.evaluate(f"n => NETWORKS[{name!r}].laplacian(n)", n))
        assert np.allclose(laplacian, laplacian_spectrum(adjacency)[1:], rtol=1e-11, atol=1e-12)
        mixing = mixing_matrix(adjacency, "laplacian")
        spectrum = np.linalg.eigvalsh(mixing)
        assert np.allclose([found["lambda_2"], found["lambda_min"]], [spectrum[-2], spectrum[0]], rtol=0, atol=1e-12)
        disagreement = consensus_exchangeable(mixing, 1.0, 1.0, LOCAL_STEPS)
        bound = consensus_gap_bound(mixing, 1.0, 1.0, LOCAL_STEPS)
        assert np.allclose([found["disagreement"], found["bound"]], [disagreement, bound], rtol=1e-9, atol=1e-20)
        assert found["connectivity"] == pytest.approx(1 + adjacency.sum() / n, rel=1e-14)
        assert found["isEven"] == (len(set(adjacency.sum(axis=1).tolist())) == 1)
    assert known > 4


def test_losses_are_those_of_dssl_and_unknown_ones_those_that_the_ledger_does_not_test(opened: Page) -> None:
    choose, known = random.Random("settings"), {"deficit": 0, "sensitivity": 0, "refused": 0}
    kinds = {"cl": (Objective.CL, None), "drawn": (Objective.MIM, None), "averaged": (Objective.MIM, EXPECTED)}
    names = ("n_clients", "dim", "samples_per_client", "mask_ratio", "augmentation_std", "draws")
    for _ in range(50):
        at = {name: catalogue.LAWS[name].at(choose.random()) for name in names}
        if at["dim"] <= at["n_clients"]:
            continue
        draws = int(at.pop("draws"))
        s = Setting.paper(**at)  # type: ignore[arg-type]
        for method, (objective, fixed) in kinds.items():
            drawn_pairs = fixed or draws
            found = opened.evaluate(f"at => deficitOf({method!r}, setting(at))", {**at, "draws": draws})
            value = deficit(s, objective, draws=drawn_pairs)
            remainder = second_order_remainder(s, objective, Scope.FL, drawn_pairs)
            assert (found["value"] is not None) == (value <= 0.1 and remainder <= 0.1), (method, at)
            if found["value"] is None:
                known["refused"] += 1
                continue
            assert found["value"] == pytest.approx(value, rel=1e-11)
            assert found["remainder"] == pytest.approx(remainder, rel=1e-9)
            known["deficit"] += 1
            spread = opened.evaluate(f"at => sensitivityOf({method!r}, setting(at))", {**at, "draws": draws})
            if spread["value"] is not None:
                known["sensitivity"] += 1
                assert spread["value"] == pytest.approx(
                    expected_sensitivity(s, objective, draws=drawn_pairs), rel=1e-11
                )
    assert min(known.values()) > 10, known


def test_a_slider_moves_its_number_the_answer_and_the_point(opened: Page) -> None:
    before = place(opened)
    opened.locator("#augmentation_std").focus()
    for _ in range(20):
        opened.keyboard.press("ArrowRight")
    noise = float(opened.locator("#augmentation_std-number").input_value())
    assert noise > 0.5
    s = Setting.paper(1000, n_clients=4, samples_per_client=1_000_000, augmentation_std=noise)
    assert number(opened, "#deficit-cl") == pytest.approx(deficit(s, Objective.CL, draws=1), rel=5e-3)
    assert place(opened)[0] > before[0]
    assert place(opened)[1] == before[1]
    assert opened.locator("#verdict").inner_text().startswith("MIM loses less")
    opened.locator("#mask_ratio").focus()
    opened.keyboard.press("ArrowLeft")
    assert place(opened)[1] > before[1]  # down the picture


def test_a_click_on_the_phase_diagram_moves_the_setting_there(opened: Page) -> None:
    box = opened.locator("#phase").bounding_box()
    assert box
    opened.locator("#phase").click(position={"x": 0.75 * box["width"], "y": 0.6 * box["height"]})
    x, y = place(opened)
    assert x == pytest.approx(0.75 * 560, abs=4)
    assert y == pytest.approx(0.6 * 380, abs=4)
    assert float(opened.locator("#augmentation_std-number").input_value()) > 1


def test_the_border_is_sigma_star(opened: Page) -> None:
    star = sigma_star(4, 1000, 0.75)
    assert f"σ* = {star:.3f}" in opened.locator("#border").inner_text()
    type_in(opened, "n_clients", "9")
    assert f"σ* = {sigma_star(9, 1000, 0.75):.3f}" in opened.locator("#border").inner_text()


def test_images_and_their_exponent_move_together(opened: Page) -> None:
    type_in(opened, "beta", "1.5")
    assert opened.locator("#samples_per_client-number").input_value() == str(math.ceil(1000**1.5))
    type_in(opened, "beta", "2")
    assert opened.locator("#samples_per_client-number").input_value() == "1000000"
    type_in(opened, "samples_per_client", "1000")
    assert opened.locator("#beta-number").input_value() == "1"
    type_in(opened, "dim", "100")
    assert opened.locator("#beta-number").input_value() == "1.5"


def test_outside_a_domain_the_page_says_so_and_draws_nothing(opened: Page) -> None:
    opened.select_option("#masks", "reconstruction")
    type_in(opened, "n_clients", "2")
    assert "the formula holds where N ≥ 3" in opened.locator("#why-mim").inner_text()
    assert opened.locator("#deficit-mim").inner_text() == "not known"
    assert opened.locator("#no-field").is_visible()
    assert opened.locator(".cl-field, .mim-field").count() == 0
    opened.select_option("#masks", "drawn")
    assert opened.locator(".cl-field, .mim-field").count() > 100
    type_in(opened, "samples_per_client", "10")
    assert (
        "few images" in opened.locator("#why-cl").inner_text()
        or "at most 0.1" in opened.locator("#why-cl").inner_text()
    )
    assert opened.locator("#curves path.line-drawn").count() == 0
    opened.select_option("#topology", "ring")
    assert "at least 3 clients" in opened.locator("#network-refused").inner_text()
    assert not opened.locator("#network-known").is_visible()


def test_a_number_beyond_a_slider_is_refused_in_a_sentence(opened: Page) -> None:
    type_in(opened, "n_clients", "1000")
    assert (
        "N is a whole number from 2 to 64 on this page; got 1000, set to 64." in opened.locator("#message").inner_text()
    )
    assert opened.locator("#n_clients-number").input_value() == "64"
    opened.select_option("#topology", "ring")
    assert opened.locator("#message").inner_text() == ""
    type_in(opened, "beta", "4")
    assert "β set to 3" in opened.locator("#message").inner_text()
    type_in(opened, "beta", "")
    assert "got no number, left at 3" in opened.locator("#message").inner_text()
    type_in(opened, "beta", "2")
    assert opened.locator("#message").inner_text() == ""


def test_the_address_keeps_the_setting(page: Page, file: pathlib.Path) -> None:
    page.goto(f"{file.as_uri()}#n_clients=6&augmentation_std=2&topology=star&up=dim")
    assert page.locator("#n_clients-number").input_value() == "6"
    assert page.locator("#topology").input_value() == "star"
    assert page.locator("#uneven").is_visible()
    type_in(page, "n_clients", "7")
    address = page.evaluate("location.href")
    assert "n_clients=7" in address
    assert "augmentation_std=2" in address
    page.goto("about:blank")
    page.goto(address)
    assert page.locator("#n_clients-number").input_value() == "7"
    page.get_by_role("button", name="Back to the start").click()
    assert "#" not in page.evaluate("location.href")


def test_an_address_that_asks_for_what_is_not_offered_is_told(page: Page, file: pathlib.Path) -> None:
    page.goto(f"{file.as_uri()}#n_clients=2.5&topology=moebius&dim=50")
    said = page.locator("#message").inner_text()
    assert "n_clients=2.5" in said
    assert "topology=moebius" in said
    assert "dim=50" not in said
    assert page.locator("#dim-number").input_value() == "50"


def test_readings_of_the_theorem_follow_the_sensitivities(opened: Page) -> None:
    assert answers(opened)["thm44.independent-averaged"] == "holds"
    assert answers(opened)["thm44.independent-one-draw"] == "fails"
    assert answers(opened)["thm44.both-averaged"] == "fails"
    assert answers(opened)["thm44.printed-mask"] == "holds"
    type_in(opened, "augmentation_std", "1")
    s = Setting.paper(1000, n_clients=4, samples_per_client=1_000_000)
    assert expected_sensitivity(s, Objective.CL, draws=1) > 1.5 * expected_sensitivity(s, Objective.MIM, draws=1)
    assert answers(opened)["thm44.independent-one-draw"] == "holds"
    type_in(opened, "samples_per_client", "1000")
    assert answers(opened)["thm44.independent-one-draw"] == "outside"
    assert answers(opened)["thm44.both-averaged"] == "outside"
    assert answers(opened)["thm44.printed-mask"] == "holds"
    assert answers(opened)["thm44.complementary-averaged"] == "no formula"


def test_with_complementary_masks_the_loss_is_that_of_dssl(opened: Page) -> None:
    opened.select_option("#masks", "complementary")
    for n, dim, samples in ((10, 1000, 10_000), (4, 1000, 1_000_000), (2, 1000, 10_000), (3, 100, 10_000)):
        type_in(opened, "n_clients", str(n))
        type_in(opened, "dim", str(dim))
        type_in(opened, "samples_per_client", str(samples))
        s = Setting.paper(dim, n_clients=n, samples_per_client=samples)
        assert number(opened, "#deficit-mim") == pytest.approx(literal_deficit(s), abs=literal_allowance(s) + 5e-4)
        assert opened.locator("#verdict").inner_text().startswith("CL loses less")
    assert "1 − 1/N" in opened.locator("#border").inner_text()
    assert opened.locator("#complementary-keys").is_visible()
    type_in(opened, "n_clients", "10")
    type_in(opened, "samples_per_client", "3000")  # the remainder is above a tenth of the kept part
    assert opened.locator("#deficit-mim").inner_text() == "not known"
    assert "may be off by" in opened.locator("#why-mim").inner_text()


def test_the_answer_is_also_given_for_the_other_ways_to_train(opened: Page) -> None:
    said = opened.locator("#ways").inner_text()
    s = Setting.paper(1000, n_clients=4, samples_per_client=1_000_000, augmentation_std=0.5)
    ratio = deficit(s, Objective.CL, draws=1) / deficit(s, Objective.MIM, draws=EXPECTED)
    assert f"with all pairs of masks MIM loses less (CL {ratio:.2f} times as much)" in said
    assert "with complementary masks CL loses less" in said
    assert "with Eq (3) it is not known (the formula is for deficits of at most 0.1" in said
    assert deficit(s, Objective.CL, draws=EXPECTED) == pytest.approx(
        deficit(s, Objective.MIM, draws=EXPECTED), rel=1e-12
    )
    assert "lose the same to second order" in said
    opened.select_option("#masks", "averaged")
    said = opened.locator("#ways").inner_text()
    assert "with 1 pair of masks of each image CL loses less" in said
    assert "with all pairs of masks" not in said.partition("Otherwise")[2].partition("Where MIM")[0]


def test_the_ratio_of_losses_has_the_remainder_of_both(opened: Page) -> None:
    type_in(opened, "samples_per_client", "10000")
    s = Setting.paper(1000, n_clients=4, samples_per_client=10_000, augmentation_std=0.5)
    both = second_order_remainder(s, Objective.CL, Scope.FL, 1) + second_order_remainder(s, Objective.MIM, Scope.FL, 1)
    assert f"(the formulas' own remainder: {100 * both:.2g}%)" in opened.locator("#verdict").inner_text()
    assert (
        "the formula of the sensitivity may be off by"
        in opened.locator('[id="thm44.independent-one-draw"]').inner_text()
    )
    opened.select_option("#masks", "reconstruction")
    type_in(opened, "samples_per_client", "100000000")
    assert "how exact is not known" in opened.locator("#verdict").inner_text()


def test_statements_beside_the_border_are_about_the_reader_s_side_of_it(opened: Page) -> None:
    assert opened.locator("#keys-below").is_visible()
    assert not opened.locator("#keys-above").is_visible()
    type_in(opened, "augmentation_std", "1")
    assert opened.locator("#keys-above").is_visible()
    assert not opened.locator("#keys-below").is_visible()


def test_a_record_from_the_other_side_of_the_border_is_said_to_be_so(opened: Page) -> None:
    row = opened.locator('[id="thm44.independent-one-draw"]')
    assert "at N = 3, c = 3, d = 96, n = 800, σ = 1, p = 3/4" in row.inner_text()
    times = 1 / sigma_star(3, 96, 0.75), 0.5 / sigma_star(4, 1000, 0.75)
    assert f"there σ is {times[0]:.2f} times σ*, at your setting {times[1]:.3f} times" in row.inner_text()
    type_in(opened, "augmentation_std", "1")
    assert "other side" not in row.inner_text()


def test_an_empty_plot_says_from_how_many_images_a_formula_holds(opened: Page) -> None:
    opened.select_option("#measure", "sensitivity")
    assert opened.locator("#curves .empty").count() == 0
    type_in(opened, "samples_per_client", "1000")
    said = " ".join(opened.locator("#curves .empty").all_text_contents())
    assert "No formula holds at N = 4, d = 1,000, n = 1,000." in said
    enough = int(said.partition("n about ")[2].split()[0].replace(",", ""))
    kinds = {"cl": Objective.CL, "averaged": Objective.MIM}
    for samples, holds in ((0.8 * enough, False), (1.2 * enough, True)):
        at = {"samples_per_client": round(samples)}
        found = [opened.evaluate(f"at => sensitivityOf({kind!r}, setting(at)).value", at) for kind in kinds]
        assert any(one is not None for one in found) == holds


def test_what_a_network_means_for_the_answer_stands_under_the_menu(opened: Page) -> None:
    note = opened.locator("#topology-note")
    assert note.inner_text() == ""
    opened.select_option("#topology", "star")
    assert "equal weights" in note.inner_text()
    opened.select_option("#topology", "hypercube")
    assert note.inner_text() == ""
    type_in(opened, "n_clients", "10")
    assert note.inner_text() == opened.locator("#network-refused").inner_text()
    assert "power of two" in note.inner_text()


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("up", ["mask_ratio", "samples_per_client", "dim", "n_clients"])
def test_the_name_of_a_region_lies_within_it(opened: Page, up: str, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 800})
    opened.select_option("#up", up)
    beneath = """() => [...document.querySelectorAll('#phase .region')].map(name => {
        const box = name.getBBox(), own = name.textContent.startsWith('CL') ? 'cl-field' : 'mim-field';
        const under = [...document.querySelectorAll('#phase rect[fill-opacity], #phase rect[fill]')].filter(cell => {
            const b = cell.getBBox();
            return b.x < box.x + box.width && b.x + b.width > box.x && b.y < box.y + box.height
                && b.y + b.height > box.y;
        });
        return [name.textContent, under.length, under.filter(cell => !cell.classList.contains(own)).length];
    })"""
    found = opened.evaluate(beneath)
    assert len(found) == 2
    assert all(under > 10 and foreign == 0 for _, under, foreign in found), found


def test_on_a_phone_the_answer_stands_at_the_foot_until_it_is_in_view(opened: Page) -> None:
    foot = opened.locator("#foot")
    assert not foot.is_visible()
    opened.set_viewport_size({"width": 400, "height": 800})
    opened.evaluate("scrollTo(0, 0)")
    foot.wait_for(state="visible")
    box = foot.bounding_box()
    assert box
    assert box["y"] + box["height"] == pytest.approx(800, abs=1)
    assert foot.inner_text().rstrip(".") in opened.locator("#verdict").inner_text()
    foot.click()
    foot.wait_for(state="hidden")
    assert opened.locator("#verdict").bounding_box()["y"] < 800  # type: ignore[index]


def test_the_ring_of_a_chosen_field_is_not_cut(opened: Page) -> None:
    opened.locator("#n_clients-number").focus()
    opened.keyboard.press("ArrowUp")
    ring = "getComputedStyle(document.activeElement)"
    width, offset = (opened.evaluate(f"parseFloat({ring}.{name})") for name in ("outlineWidth", "outlineOffset"))
    assert width >= 2
    assert width + offset <= 0


def test_the_side_bar_of_the_site_leads_to_the_explorer(page: Page, site: pathlib.Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.locator(".sidebar-tree").get_by_role("link", name="Explorer", exact=True).click()
    page.get_by_role("link", name="explorer", exact=True).click()
    page.get_by_role("link", name="every claim, with its verdict").click()
    expect(page).to_have_url(re.compile(r"claims/index\.html$"))
    expect(page.locator("h1")).to_have_count(1)


def test_all_formulas_are_listed_with_their_values(opened: Page) -> None:
    opened.locator("#formulas > summary").click()
    assert opened.locator("#formulas tbody tr").count() == len(FORMULAS)
    value = opened.locator('#formulas tr[data-name="sigma_star_fl"] .value').inner_text()
    assert float(value) == pytest.approx(sigma_star(4, 1000, 0.75), rel=2e-3)
    empty = opened.evaluate("[...document.querySelectorAll('#formulas .value')].filter(v => !v.textContent).length")
    assert empty == 0


@pytest.mark.parametrize("width", [320, 400, 800, 1280])
def test_the_page_is_no_wider_than_its_window(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 800})
    opened.locator("#formulas > summary").click()
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_the_site_leads_to_the_explorer_and_the_explorer_to_the_cards(page: Page, site: pathlib.Path) -> None:
    page.goto((site / "how_to" / "explore_a_setting.html").as_uri())
    page.get_by_role("link", name="explorer", exact=True).click()
    expect(page.locator("#verdict")).to_contain_text("loses less")
    page.locator("#readings").get_by_role("link", name="thm44.both-averaged").click()
    expect(page.locator(":target")).to_contain_text("thm44.both-averaged")


def test_every_control_has_a_name(opened: Page) -> None:
    unnamed = (
        "[...document.querySelectorAll('input, select')].filter(c => !c.labels.length && !c.ariaLabel).map(c => c.id)"
    )
    assert opened.evaluate(unnamed) == []


def any_point(formula: Formula, choose: random.Random) -> dict[str, Any]:
    """A random value of every symbol of the formula and its domain, by the law of the catalogue."""
    symbols = formula.expr.free_symbols.union(*(relation.free_symbols for relation in formula.domain))
    return {name: catalogue.LAWS[name].at(choose.random()) for name in sorted(map(str, symbols))}


def inside(formula: Formula) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a point lies in the formula's domain, by sympy's own translation to Python."""
    tests = [
        (sorted(map(str, relation.free_symbols)), sp.lambdify(sorted(relation.free_symbols, key=str), relation, "math"))  # type: ignore[arg-type]
        for relation in formula.domain
    ]
    return lambda at: all(test(*(at[name] for name in names)) for names, test in tests)


def drawn(formula: Formula) -> list[dict[str, Any]]:
    """A thousand random points of the formula's domain, the same in every run."""
    choose, holds = random.Random(formula.name), inside(formula)
    points: list[dict[str, Any]] = []
    while len(points) < POINTS:
        point = any_point(formula, choose)
        points += [point] if holds(point) else []
    return points


def expected(formula: Formula, points: list[dict[str, Any]]) -> list[float]:
    """The values with 50 digits, rounded once: from the same expression, but not by the printer that is tested."""
    value = sp.lambdify(sorted(formula.expr.free_symbols, key=str), formula.expr, "mpmath")
    with mpmath.workdps(50):
        return [float(value(*(mpmath.mpf(point[name]) for name in formula.arguments))) for point in points]


def apart(found: list[float], wanted: list[float]) -> float:
    """The largest difference, relative to the value wanted."""
    return max(abs(a - b) / abs(b) if b else abs(a) for a, b in zip(found, wanted, strict=True))


def agree(found: list[float], wanted: list[float]) -> bool:
    """Whether all are finite numbers, and equal to 1e-12 of the value wanted."""
    return all(math.isfinite(one) for one in found) and apart(found, wanted) <= WITHIN


def place(page: Page) -> tuple[float, float]:
    """Where the reader's point stands in the phase diagram."""
    x, y = (page.locator("#point").get_attribute(name) for name in ("cx", "cy"))
    return float(x or "nan"), float(y or "nan")


def number(page: Page, selector: str) -> float:
    """A number as the page writes it."""
    text = page.locator(selector).inner_text()
    mantissa, _, power = text.partition(" × 10")
    exponents = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    return float(mantissa.replace(",", "")) * 10.0 ** int(power.translate(exponents) or 0)


def type_in(page: Page, name: str, value: str) -> None:
    """A number typed into its field."""
    page.locator(f"#{name}-number").fill(value)
    page.locator(f"#{name}-number").press("Tab")


def answers(page: Page) -> dict[str, str]:
    """What the page says of each reading, by its key."""
    return page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#readings tbody tr')].map(r => [r.id, r.dataset.found]))"
    )
