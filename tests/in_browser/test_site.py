"""The built site in a browser: the search finds a claim, and no page is wider than a phone or a sheet."""

import itertools
import pathlib

import pytest
from playwright.sync_api import Page

PHONE = {"width": 400, "height": 800}
A4 = {"width": 658, "height": 1000}  # an A4 page within margins of 18 mm, at 96 pixels an inch
WIDE_TABLES = ("glossary", "verdicts", "claims/by_number", "quantities/deficit", "explanation/article")
PRINTED = ("glossary", "verdicts", "claims/by_number", "explanation/article", "how_to/dispute_a_verdict", "proof_map")


def test_search_finds_a_claim(page: Page, served: str) -> None:
    page.goto(f"{served}/search.html?q=augmentation+noise")
    page.wait_for_selector("#search-results ul.search li a")
    found = [link.get_attribute("href") or "" for link in page.locator("#search-results ul.search li a").all()]
    assert any("claims/" in href for href in found), found


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return page


# The theme hides what is too wide for the body, so that the document itself is never too wide: parts are measured.
def too_wide(page: Page) -> list[str]:
    """What on the page reaches beyond the window, or is cut in a box that does not scroll: its HTML, shortened."""
    return page.evaluate("""() => {
      const root = document.querySelector(".content") || document.body;
      const scrolls = (e) => e !== root && e !== document.body
        && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
      const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.clientWidth > 1;
      const isCut = (e) => getComputedStyle(e).overflowX === "hidden" && e.scrollWidth > e.clientWidth + 1;
      return [...root.querySelectorAll("*")]
        .filter((e) => seen(e) && ((e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e)) || isCut(e)))
        .concat(root.scrollWidth > innerWidth ? [root] : []) // words that no element holds
        .map((e) => e.outerHTML.slice(0, 80));
    }""")


def test_no_page_is_wider_than_a_phone(phone: Page, site: pathlib.Path) -> None:
    wide = {}
    for path in sorted(site.rglob("*.html")):
        phone.goto(path.as_uri())
        if found := too_wide(phone):
            wide[path.name] = found[:3]
    assert not wide


def test_a_page_that_is_too_wide_is_noticed(phone: Page, site: pathlib.Path) -> None:
    for broken in (
        '<table><tr><td style="min-width: 500px">wide</td></tr></table>',
        f"<p style='overflow-wrap: normal'>{'wide' * 60}</p>",
    ):
        phone.goto((site / "index.html").as_uri())
        assert not too_wide(phone)
        phone.evaluate("html => document.querySelector('article').insertAdjacentHTML('beforeend', html)", broken)
        assert too_wide(phone)


@pytest.mark.parametrize("name", WIDE_TABLES)
def test_on_a_phone_the_cells_of_a_wide_table_stand_below_each_other_with_their_names(
    phone: Page, site: pathlib.Path, name: str
) -> None:
    phone.goto((site / f"{name}.html").as_uri())
    for table in phone.locator("table.wide").all():
        cells = table.locator("tbody tr").first.locator("td").all()
        boxes = [box for cell in cells if (box := cell.bounding_box())]
        assert len(boxes) > 1
        assert all(above["y"] + above["height"] <= below["y"] + 1 for above, below in itertools.pairwise(boxes))
        before = "cell => getComputedStyle(cell, '::before').content"
        assert all((cell.get_attribute("data-label") or "?") in cell.evaluate(before) for cell in cells[1:])


@pytest.mark.parametrize("name", PRINTED)
def test_on_paper_nothing_is_cut(page: Page, site: pathlib.Path, name: str) -> None:
    page.set_viewport_size(A4)  # type: ignore[arg-type]
    page.emulate_media(media="print")
    page.goto((site / f"{name}.html").as_uri())
    beyond = "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML)"
    assert not page.locator("article :is(table, pre, img, svg, p, li, math)").evaluate_all(beyond)
    assert not page.locator("footer").is_visible()
