"""The built site in a browser: the search finds a claim, and no page is wider than a phone."""

import pathlib

import pytest
from playwright.sync_api import Page

PHONE = {"width": 400, "height": 800}
PAGES = ("index", "claims/index", "claims/by_number", "commands/index", "how_to/get_advice", "glossary")


def test_search_finds_a_claim(page: Page, served: str) -> None:
    page.goto(f"{served}/search.html?q=augmentation+noise")
    page.wait_for_selector("#search-results ul.search li a")
    found = [link.get_attribute("href") or "" for link in page.locator("#search-results ul.search li a").all()]
    assert any("claims/" in href for href in found), found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_no_wider_than_a_phone(page: Page, site: pathlib.Path, name: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto((site / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
