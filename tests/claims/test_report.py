"""The report is one whole page: it parses, needs nothing else, and Chromium shows it."""

import html.parser
import re
import shutil
import subprocess

import pytest

from claims import verdicts
from claims.catalogue import catalogue
from claims.report import build, math

VOID = {"meta", "img", "br", "link", "input", "hr", "mspace"}


class WellFormed(html.parser.HTMLParser):
    """Fails on a tag that is closed but not open, or left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids.update(v for k, v in attrs if k == "id" and v)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    return build(verdicts.recorded())


def test_the_page_is_well_formed_and_has_a_card_for_every_claim(page):
    parser = WellFormed()
    parser.feed(page)
    assert not parser.open
    assert set(catalogue()) <= parser.ids


def test_a_page_with_a_tag_left_open_is_caught(page):
    parser = WellFormed()
    with pytest.raises(AssertionError):
        parser.feed(page.replace("</article>", "", 1))


def test_the_page_loads_nothing(page):
    assert not re.findall(r"<(?:script|link)\b", page)
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', page))
    assert "url(" not in page


def test_every_formula_becomes_mathml(page):
    for claim in catalogue().values():
        for s in claim.statements:
            if s.latex:
                assert math(s.latex) in page
    assert not re.search(r"<m[io]>\\[a-zA-Z]", page), "a LaTeX command was not understood"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed; the parse test still ran")
def test_chromium_shows_every_card(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    more = f"--disable-component-update --disable-sync --user-data-dir={tmp_path / 'profile'} --dump-dom"
    shown = subprocess.run(
        ["chromium", *flags.split(), *more.split(), path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert shown.count('<article class="card"') == len(catalogue())
    assert "<math" in shown
