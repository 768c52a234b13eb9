"""The article in a browser: its pictures show, it fits a phone, and on paper it is as long as a conference paper."""

import pathlib
import re

import pytest
from playwright.sync_api import Page

PHONE = {"width": 400, "height": 800}
LONGEST = 16  # sheets of A4, with the list of statements behind the article; fonts differ between machines
MARGIN = dict.fromkeys(("top", "bottom", "left", "right"), "18mm")


@pytest.fixture
def article(page: Page, site: pathlib.Path) -> Page:
    page.goto((site / "explanation/article.html").as_uri())
    return page


def test_every_picture_shows_and_has_words_beside_it(article: Page):
    pictures = article.locator("article figure img")
    assert pictures.count() >= 4
    assert article.locator("article figure figcaption").count() == pictures.count()
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("p => p.decode().then(() => p.naturalWidth)") > 100
        assert len((picture.get_attribute("alt") or "").split()) > 10


def test_every_formula_is_mathml(article: Page):
    assert article.locator("article math").count() > 50
    assert article.locator("article code.latex").count() == 0


def test_the_article_is_no_wider_than_a_phone(article: Page):
    article.set_viewport_size(PHONE)  # type: ignore[arg-type]
    # The theme scrolls what is too wide inside the page, so that the document itself never is.
    assert article.locator(".content").evaluate("page => page.scrollWidth") <= PHONE["width"]


def test_on_paper_it_is_as_long_as_a_conference_paper(article: Page):
    printed = article.pdf(format="A4", margin=MARGIN)  # type: ignore[arg-type]
    assert 8 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= LONGEST
