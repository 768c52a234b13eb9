"""The report is one whole page: it parses, needs nothing else, and Chromium shows it."""

import html
import html.parser
import re
import shutil
import subprocess

import pytest

from claims import catalogue
from ledger import items, verdicts
from ledger.items import Item
from ledger.report.index import index, item_status
from ledger.report.page import LONG, build, math

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
    return build(verdicts.recorded(), catalogue())


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


def test_the_index_leads_to_every_item_once(page):
    parser = WellFormed()
    parser.feed(page)
    anchors = re.findall(r'<a class="chip \w+" href="#([^"]*)"', page)
    assert set(anchors) <= parser.ids
    answered = [item.key for item in items.load() if item.answered_by]
    assert sorted(a for a in anchors if a != "pending") == sorted(answered)
    assert len(anchors) == len(items.load())


def test_equations_stand_by_number():
    labels = [c.label for c in index(items.load(), verdicts.recorded(), {})["Equations"]]
    assert [label for label in labels if re.fullmatch(r"\(\d+\)", label)] == [f"({n})" for n in range(1, 90)]
    # What is said of a display in training stands right behind it, under its first number.
    assert labels[labels.index("(1)") + 1] == "(1) training"
    assert labels[labels.index("(25)") + 1] == "(25)-(33) training"


def row(key: str, status: str, statement: str = "printed") -> verdicts.Row:
    return {"key": key, "claim": "a", "text": "In (9) and (8).", "status": status, "statement": statement}


def test_an_item_has_the_status_of_the_statements_that_answer_it():
    item = Item("eq-9", "printed words", "A.6", ("a",))
    about = {"a.two": ("eq-9",), "a.true": ("eq-9",), "a.another": ("eq-8", "eq-9")}
    rows = [row("a.one", "HOLDS"), row("a.two", "VIOLATED"), row("a.true", "HOLDS", "corrected")]
    assert item_status(item, rows, about) == "VIOLATED"
    assert item_status(item, [*rows, row("a.another", "HOLDS")], about) == "MIXED"
    assert item_status(Item("theorem-4.2", "words", "p. 5", ("a",)), rows, about) == "MIXED"
    # Expected ones decide where nothing is printed, and corrected ones where there is nothing else.
    expected = [*rows[2:], row("a.ours", "INCONCLUSIVE", "expected")]
    assert item_status(item, expected, {}) == "INCONCLUSIVE"
    assert item_status(item, expected, about) == "HOLDS"  # it alone says that it is about (9)
    assert item_status(item, rows[2:], {}) == "HOLDS"
    assert item_status(Item("eq-9", "words", "A.6", pending="later"), rows, about) == "PENDING"


def test_each_claim_that_answers_an_item_has_its_say():
    """A claim that names the item counts with what it names; another one that names no item counts as a whole."""
    item = Item("eq-9", "printed words", "A.6", ("a", "b"))
    rows = [row("a.one", "HOLDS"), row("a.two", "HOLDS"), {**row("b.one", "VIOLATED"), "claim": "b"}]
    assert item_status(item, rows, {"a.one": ("eq-9",)}) == "MIXED"
    assert item_status(item, rows[:2], {"a.one": ("eq-9",)}) == "HOLDS"


def test_long_witnesses_are_folded_and_short_ones_are_not(page):
    folded = re.findall(r"<details><summary class=.label.>Witness</summary><dl>(.*?)</dl>", page)
    shown = re.findall(r"<details open><summary class=.label.>Witness</summary><dl>(.*?)</dl>", page)
    assert folded
    assert shown
    text = [len(html.unescape(re.sub(r"</?d[dt]>", "", s))) for s in shown]
    assert max(text) <= LONG


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
