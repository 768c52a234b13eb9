"""The proof map in a browser: a click opens an item's words, what falls is marked, and it fits a phone."""

import json
import pathlib
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FloatRect, Page, expect

PHONE = {"width": 400, "height": 800}


@pytest.fixture
def address(site: pathlib.Path) -> str:
    return (site / "proof_map.html").as_uri()


def node(page: Page, key: str):
    return page.locator(f'.pm-node[data-key="{key}"]')


def data(page: Page) -> dict:
    return json.loads(page.locator("#pm-data").text_content() or "")


def test_a_click_opens_the_words_of_an_item_with_links_to_cards_that_exist(
    page: Page, address: str, site: pathlib.Path
) -> None:
    page.goto(address)
    node(page, "eq-17").click()
    panel = page.locator("#pm-panel")
    expect(panel).to_be_visible()
    for words in ("Eq (17)", "fails", "A proof breaks first here", "What is true instead", "Used by"):
        expect(panel).to_contain_text(words)
    cards = panel.locator("a[href*='claims/']").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert any("#claim-" in href for href in cards)
    for href in cards:
        path, _, anchor = href.partition("#")
        assert f'id="{anchor}"' in (site / path).read_text(encoding="utf-8"), href
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_every_item_of_a_part_is_drawn_with_the_sign_of_its_verdict(page: Page, address: str) -> None:
    page.goto(address)
    found = data(page)
    page.select_option("#pm-view", label=f"everything ({len(found['nodes'])} items)")
    drawn = page.locator(".pm-node[data-key]").evaluate_all(
        "nodes => nodes.map(n => [n.dataset.key, n.querySelector('.pm-sign').textContent.trim(), n.classList.value])"
    )
    signs = {n["key"]: (n["sign"], n["status"].lower().replace("_", "-")) for n in found["nodes"]}
    assert {key: sign for key, sign, _ in drawn} == {key: sign for key, (sign, _) in signs.items()}
    assert all(signs[key][1] in classes.split() for key, _, classes in drawn)


def test_items_of_a_layer_do_not_overlap_and_lines_go_down(page: Page, address: str) -> None:
    page.goto(address)
    for i in range(len(data(page)["views"])):
        page.select_option("#pm-view", index=i)
        boxes = page.locator("#pm-box .pm-node rect").evaluate_all(
            "all => all.map(r => r.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom])"
        )
        pairs = [(a, b) for j, a in enumerate(boxes) for b in boxes[j + 1 :]]
        assert not [1 for a, b in pairs if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]
        paths = page.locator("#pm-box .pm-edge").evaluate_all("lines => lines.map(l => l.getAttribute('d'))")
        ends = [[float(n) for n in re.findall(r"-?[\d.]+", path)] for path in paths]
        assert all(numbers[1] < numbers[-1] for numbers in ends)


def views(page: Page) -> Iterator[tuple[FloatRect, FloatRect]]:
    """The box of the map and the drawing in it, for each part that can be shown."""
    for i in range(len(data(page)["views"])):
        page.select_option("#pm-view", index=i)
        box, drawn = (page.locator(s).bounding_box() for s in ("#pm-box", "#pm-box svg"))
        assert box
        assert drawn
        yield box, drawn


def test_every_part_is_as_wide_as_its_box_on_a_desktop_and_its_names_are_legible(page: Page, address: str) -> None:
    page.goto(address)
    for box, drawn in views(page):
        assert box["x"] <= drawn["x"]
        assert drawn["x"] + drawn["width"] <= box["x"] + box["width"]
        assert "pm-far" not in (page.locator("#pm-box svg").get_attribute("class") or "")


def test_on_paper_the_map_is_whole_and_its_controls_are_gone(page: Page, address: str) -> None:
    page.goto(address)
    page.set_viewport_size({"width": 658, "height": 1000})
    page.emulate_media(media="print")
    drawn, box = page.locator("#pm-box svg").bounding_box(), page.locator("#pm-box").bounding_box()
    assert drawn
    assert box
    assert drawn["width"] > 500
    assert drawn["x"] + drawn["width"] <= 658
    assert box["height"] >= drawn["height"] > drawn["width"]
    expect(page.locator(".pm-bar")).to_be_hidden()


def test_what_falls_with_an_item_is_lit_and_the_rest_fades(page: Page, address: str) -> None:
    page.goto(address)
    node(page, "eq-18").hover()
    expect(node(page, "theorem-4.2")).to_have_class(re.compile(r"\bpm-on\b"))
    expect(node(page, "eq-17")).to_have_class(re.compile(r"\bpm-on\b"))
    expect(node(page, "eq-13")).not_to_have_class(re.compile(r"\bpm-on\b"))
    assert page.locator(".pm-edge.pm-down").count() > page.locator(".pm-edge.pm-up").count() > 0
    page.mouse.move(1, 1)
    assert page.locator(".pm-lit").count() == 0


def test_an_item_that_falls_has_its_mark_and_a_first_break_says_so(page: Page, address: str) -> None:
    page.goto(address)
    nodes = {n["key"]: n for n in data(page)["nodes"]}
    for key in ("eq-17", "eq-18", "eq-8", "eq-21", "theorem-4.6"):
        assert node(page, key).locator(".pm-crack").count() == nodes[key]["falls"], key
        assert node(page, key).locator(".pm-here").count() == nodes[key]["first"], key
    assert node(page, "eq-17").locator(".pm-here").count() == 1
    assert node(page, "eq-21").locator(".pm-crack").count() == 1


def test_one_theorem_can_be_shown_alone(page: Page, address: str) -> None:
    page.goto(address)
    page.select_option("#pm-view", index=1)
    expect(node(page, "theorem-4.2")).to_have_count(1)
    expect(node(page, "eq-45")).to_have_count(0)


def test_the_panel_shows_only_what_rests_on_an_item(page: Page, address: str) -> None:
    page.goto(address)
    node(page, "eq-87").click()
    page.get_by_role("button", name="Show only what rests on it").click()
    shown = page.locator(".pm-node[data-key]").evaluate_all("nodes => nodes.map(n => n.dataset.key)")
    assert set(shown) == {"eq-87", "theorem-4.6"}


def test_a_verdict_can_be_faded(page: Page, address: str) -> None:
    page.goto(address)
    button = page.locator(".pm-filter.holds")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(node(page, "eq-8")).to_have_class(re.compile(r"\bpm-off\b"))
    expect(node(page, "eq-17")).not_to_have_class(re.compile(r"\bpm-off\b"))
    button.click()
    expect(page.locator(".pm-off")).to_have_count(0)


def test_an_address_with_an_item_opens_it_and_a_click_changes_the_address(page: Page, address: str) -> None:
    page.goto(f"{address}#item-lemma-a-11")
    expect(page.locator("#pm-panel")).to_contain_text("Lemma A.11")
    expect(node(page, "lemma-A.11")).to_be_in_viewport()
    page.locator("#pm-panel").get_by_role("link", name="Eq (46)").first.click()
    expect(page.locator("#pm-panel")).to_contain_text("Eq (46)")
    expect(page).to_have_url(re.compile("#item-eq-46$"))


def test_an_item_outside_the_part_shown_is_found(page: Page, address: str) -> None:
    page.goto(f"{address}#item-table-2")
    expect(page.locator("#pm-panel")).to_contain_text("Table 2")
    expect(node(page, "table-2")).to_have_class(re.compile(r"\bpm-chosen\b"))


@pytest.mark.parametrize("way", ["address", "link"])
def test_the_item_asked_for_is_in_sight_on_a_small_desktop(page: Page, address: str, way: str) -> None:
    page.goto(f"{address}#item-theorem-4-6" if way == "address" else address)
    if way == "link":
        page.locator("#main-results").get_by_role("link", name="Theorem 4.6", exact=True).first.click()
    expect(node(page, "theorem-4.6")).to_have_class(re.compile(r"\bpm-chosen\b"))
    page.wait_for_timeout(200)  # the page scrolls once more when it is loaded
    drawn = node(page, "theorem-4.6").locator("rect").bounding_box()
    assert drawn
    assert drawn["y"] >= 0
    assert drawn["y"] + drawn["height"] <= page.evaluate("innerHeight")


def test_what_rests_on_an_item_outside_the_view_is_named(page: Page, address: str) -> None:
    page.goto(address)
    node(page, "theorem-4.4").hover()
    expect(page.locator("#pm-hint")).to_contain_text("1 item (Section 5 is not in this view) rests on it")


def test_a_slip_has_its_own_mark_and_nothing_falls_from_it(page: Page, address: str) -> None:
    page.goto(address)
    slip = node(page, "eq-1")
    expect(slip).to_have_class(re.compile(r"\bpm-slip\b"))
    assert slip.locator(".pm-mended").text_content() == "a slip"
    assert node(page, "eq-25").locator(".pm-crack").count() == next(
        n["falls"] for n in data(page)["nodes"] if n["key"] == "eq-25"
    )


def test_from_far_off_only_results_and_first_breaks_keep_their_names(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Whole map").click()
    expect(page.locator("#pm-box svg")).to_have_class(re.compile(r"\bpm-far\b"))
    expect(node(page, "eq-46").locator("text").first).to_be_hidden()
    for key in ("theorem-4.4", "eq-17"):
        name = node(page, key).locator("text").first
        expect(name).to_be_visible()
        assert name.evaluate("text => text.getBoundingClientRect().height") >= 10


def test_the_map_has_no_empty_room_below_a_low_drawing(page: Page, address: str) -> None:
    page.goto(address)
    for box, drawn in views(page):
        assert box["height"] <= max(drawn["height"] + 30, 262)


def test_on_a_phone_nothing_lies_over_the_controls(page: Page, address: str) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto(address)
    page.mouse.wheel(0, 3000)
    page.mouse.wheel(0, -1500)
    expect(page.locator(".back-to-top")).to_be_hidden()


def test_a_card_leads_to_its_item_on_the_map(page: Page, site: pathlib.Path) -> None:
    page.goto((site / "claims" / "thm-federated-no-less-robust.html").as_uri())
    page.get_by_role("link", name="Theorem 4.6 on the proof map").click()
    expect(page.locator("#pm-panel")).to_contain_text("Theorem 4.6")


def test_the_keyboard_opens_an_item(page: Page, address: str) -> None:
    page.goto(address)
    node(page, "eq-24").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pm-panel")).to_contain_text("Eq (24)")


@pytest.mark.parametrize(("key", "height"), [("eq-33", 800), ("theorem-4.6", 800), ("eq-33", 480)])
def test_the_map_fits_a_phone_and_a_tapped_item_stays_in_sight(page: Page, address: str, key: str, height: int) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": height})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tapped = node(page, key)
    tapped.click()
    panel = page.locator("#pm-panel").bounding_box()
    box = tapped.locator("rect").bounding_box()
    assert panel
    assert box
    assert box["y"] + box["height"] <= panel["y"]
    assert panel["x"] + panel["width"] <= PHONE["width"]


def test_without_scripts_the_words_are_there(page: Page, address: str) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = context.new_page()
    plain.goto(f"{address}#item-eq-17")
    expect(plain.locator("#item-eq-17")).to_be_in_viewport()
    expect(plain.locator("#item-eq-17")).to_contain_text("A proof breaks first here")
    expect(plain.locator("#pm-map")).to_be_hidden()
    assert (plain.locator("noscript").bounding_box() or {"height": 0})["height"] > 0
    context.close()
