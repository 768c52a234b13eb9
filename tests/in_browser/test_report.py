"""The report in a browser: search, filters, addresses of statements, a phone's width, print, and use by keyboard."""

import pathlib
import re

import pytest
from playwright.sync_api import Page, expect

from claims import catalogue
from ledger import items, verdicts
from ledger.report.page import build

ROWS = verdicts.recorded()
KEY = "thm44.both-averaged"
PHONE = {"width": 400, "height": 800}
A4 = {"width": 718, "height": 1000}  # an A4 page within its margins, at 96 pixels an inch


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """The report as a file, which is opened without any server."""
    path: pathlib.Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(build(ROWS, catalogue()), encoding="utf-8")
    return path.as_uri()


def shown(page: Page) -> set[str]:
    """The keys of the statements in the tables, but for those that a filter hides."""
    return set(page.locator("tbody.reading:not([hidden])").evaluate_all("all => all.map(one => one.dataset.key)"))


def test_the_first_screen_has_answers(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name="Does it hold?")).to_be_in_viewport()
    expect(page.get_by_role("searchbox")).to_be_in_viewport()
    expect(page.locator(".answers tbody tr").nth(1)).to_be_in_viewport()
    assert shown(page) == {r["key"] for r in ROWS}


def test_every_item_has_its_card_and_formulas_are_shown(page: Page, address: str) -> None:
    page.goto(address)
    assert page.locator("article.card").count() == len(items.load())
    assert page.locator("math").count() > 0


@pytest.mark.parametrize(("control", "field"), [("Verdict", "status"), ("Evidence", "evidence"), ("Kind", "statement")])
def test_a_filter_shows_the_statements_that_fit_and_no_others(page: Page, address: str, control, field) -> None:
    page.goto(address)
    for value in sorted({r[field] for r in ROWS}):
        page.get_by_label(control).select_option(value)
        wanted = {r["key"] for r in ROWS if r[field] == value}
        assert shown(page) == wanted
        expect(page.locator("#found")).to_have_text(re.compile(rf"^{len(wanted)} statements? "))


def test_filters_and_search_narrow_each_other(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Search").fill("complementary masks")
    found = shown(page)
    assert {"thm44.complementary-averaged", "thm42.fl-complementary"} <= found
    assert KEY not in found
    page.get_by_label("Verdict").select_option("VIOLATED")
    assert shown(page) == {r["key"] for r in ROWS if r["key"] in found and r["status"] == "VIOLATED"}
    expect(page.locator("#answers")).to_be_hidden()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#answers")).to_be_visible()
    assert shown(page) == {r["key"] for r in ROWS}


def test_search_finds_an_item_by_its_number_and_whole_short_words(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Search").fill("Theorem 4.6")
    expect(page.locator("#theorem-4\\.6")).to_be_visible()
    expect(page.locator("#theorem-4\\.2")).to_be_hidden()
    page.get_by_label("Search").fill("eq (17)")
    expect(page.locator("#eq-17")).to_be_visible()
    # "cl" is no part of "client": a short word must stand alone.
    page.get_by_label("Search").fill("cl")
    texts = page.locator("tbody.reading:not([hidden])").all_text_contents()
    assert 0 < len(texts) < len(ROWS) / 2


def test_what_is_found_among_our_own_statements_is_unfolded_and_folded_again(page: Page, address: str) -> None:
    page.goto(address)
    own = page.locator("#theorem-4\\.4 details.own")
    assert own.get_attribute("open") is None
    page.get_by_label("Kind").select_option("corrected")
    assert own.get_attribute("open") is not None
    expect(own.locator("tbody.reading").first).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(own.locator("tbody.reading").first).to_be_hidden()


def test_nothing_found_is_said_and_a_mark_of_a_pattern_is_a_plain_character(page: Page, address: str) -> None:
    page.goto(address)
    for words in ("nosuchword", "(((", "[a-"):
        page.get_by_label("Search").fill(words)
        expect(page.locator("#found")).to_have_text(re.compile("fit"))
    page.get_by_label("Search").fill("nosuchword")
    expect(page.locator("#found")).to_have_text(re.compile("No statement fits"))


@pytest.mark.parametrize("key", [KEY, "noise.order-above-critical"])  # one of the paper's, one of ours
def test_an_address_opens_the_details_of_a_statement(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}#{key}")
    details = page.locator(f"[id='{key}']")
    assert details.get_attribute("open") is not None
    expect(details.locator("summary")).to_be_in_viewport()
    expect(details.get_by_text(f"dssl verify --claim {key}")).to_be_visible()
    assert page.locator("tbody.reading details[open]").count() == 1


def test_an_address_is_followed_although_a_filter_hides_its_statement(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Verdict").select_option("HOLDS")
    page.evaluate(f"location.hash = '{KEY}'")
    expect(page.locator(f"[id='{KEY}'] summary")).to_be_in_viewport()
    expect(page.get_by_label("Verdict")).to_have_value("")


def test_the_keyboard_alone_opens_details_and_their_address_is_in_the_bar(page: Page, address: str) -> None:
    page.goto(address)
    summary = page.locator(f"[id='{KEY}'] summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(f"[id='{KEY}']").get_attribute("open") is not None
    assert page.evaluate("location.hash") == f"#{KEY}"
    page.keyboard.press("Enter")
    assert page.locator(f"[id='{KEY}']").get_attribute("open") is None
    page.get_by_label("Search").focus()
    stops = []
    for _ in range(5):
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        page.keyboard.press("Tab")
    assert stops == ["words", "verdict", "evidence", "kind", "Show all"]


@pytest.mark.parametrize("hash_", ["", f"#{KEY}", "#tab5.mar-below-mae"])
def test_the_report_is_no_wider_than_a_phone(page: Page, address: str, hash_: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(address + hash_)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    row = page.locator(f"tbody.reading[data-key='{KEY}']").first
    assert all(cell.bounding_box()["width"] > 100 for cell in row.locator("td[data-label]:visible").all())  # type: ignore[index]


def test_in_print_tables_stay_and_controls_and_folded_details_go(page: Page, address: str) -> None:
    page.set_viewport_size(A4)  # type: ignore[arg-type]
    page.goto(address)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"]
    expect(page.get_by_role("searchbox")).to_be_hidden()
    row = page.locator(f"#theorem-4\\.4 tbody.reading[data-key='{KEY}']")
    expect(row.locator(".pill")).to_have_text("✗\u00a0fails")
    expect(row.locator(".pill")).to_be_visible()
    expect(row.locator("summary")).to_be_hidden()
    expect(page.locator("#theorem-4\\.4 .answer")).to_be_visible()


def test_every_verdict_is_a_sign_and_a_word_beside_its_colour(page: Page, address: str) -> None:
    page.goto(address)
    pills = page.locator(".pill").evaluate_all("all => [...new Set(all.map(one => one.textContent))]")
    assert {"✓\u00a0holds", "✗\u00a0fails", "⇄\u00a0depends on the reading"} <= set(pills)
    assert all(re.fullmatch(r"[✓✗∅¶?±⇄…–]\u00a0[a-z -]+", pill) for pill in pills)


def test_without_scripts_the_tables_are_there_and_the_search_is_not(browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#find")).to_be_hidden()
    expect(page.locator("#theorem-4\\.4 tbody.reading").first).to_be_visible()
    context.close()


def test_the_site_has_the_report_and_its_first_page_leads_there(page: Page, site: pathlib.Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="The report").click()
    expect(page.get_by_role("heading", name="Does it hold?")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/report\.html$"))
