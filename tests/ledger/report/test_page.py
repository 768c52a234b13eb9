"""The report is one whole page: it parses, needs nothing else, and Chromium shows it."""

import html.parser
import re

import pytest

from claims import catalogue
from ledger import items, lookup, verdicts
from ledger.items import Item
from ledger.report.index import grouped, item_status, label
from ledger.report.page import build, math

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
    assert re.findall(r"<(?:script|link)\b[^>]*>", page) == ["<script>"]
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', page))
    assert "url(" not in page


def test_every_formula_becomes_mathml(page):
    for claim in catalogue().values():
        for s in claim.statements:
            if s.latex:
                assert math(s.latex) in page
    assert not re.search(r"<m[io]>\\[a-zA-Z]", page), "a LaTeX command was not understood"


def test_every_item_has_a_card_and_the_index_leads_to_it(page):
    parser = WellFormed()
    parser.feed(page)
    anchors = re.findall(r'<a class="chip \w+" href="#([^"]*)"', page)
    assert set(anchors) <= parser.ids
    assert sorted(anchors) == sorted(item.key for item in items.load())


def test_every_statement_has_its_details_once_and_every_link_leads_somewhere(page):
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert {r["key"] for r in verdicts.recorded()} <= set(ids)
    assert set(re.findall(r'<details id="([^"]*)"', page)) == {r["key"] for r in verdicts.recorded()}
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)


def test_a_statement_is_in_the_table_of_each_item_that_it_answers(page):
    record = verdicts.read()
    found = lookup.Index(record, items.load())
    for item in items.load():
        card = page.partition(f'<article class="card" id="{item.key}">')[2].partition("</article>")[0]
        keys = re.findall(r'data-key="([^"]*)"', card)
        assert set(keys) >= {r["key"] for r in found.of_item(item)}
        assert len(keys) == len(set(keys))


def test_the_table_of_a_theorem_says_reading_verdict_evidence_and_tightness(page):
    card = page.partition('<article class="card" id="theorem-4.4">')[2].partition("</article>")[0]
    row = card.partition('data-key="thm44.independent-averaged"')[2].partition("</tr>")[0]
    for part in ("masks averaged; one augmentation a sample", "✓", "holds", "sampled", 'aria-label="tightness 0.173"'):
        assert part in row
    assert card.count("At each dimension d, CL has a larger sensitivity than MIM.</th>") == 1


def test_items_stand_by_number():
    groups = {heading: [label(i.key) for i in found] for heading, found in grouped(items.load()).items()}
    equations = groups["Equations"]
    assert [e for e in equations if re.fullmatch(r"\(\d+\)", e)] == [f"({n})" for n in range(1, 90)]
    # What is said of a display in training stands right behind it, under its first number.
    assert equations[equations.index("(1)") + 1] == "(1), in training"
    assert equations[equations.index("(25)") + 1] == "(25)-(33), in training"
    theorems = groups["Theorems, definitions, assumptions"]
    assert theorems[:4] == ["Definition 4.1", "Theorem 4.2", "Theorem 4.3", "Theorem 4.4"]
    assert theorems.index("Remark A.2") < theorems.index("Remark A.10") < theorems.index("Lemma A.11")


def row(key: str, status: str, statement: str = "printed") -> verdicts.Row:
    return {"key": key, "claim": "a", "text": "In (9) and (8).", "status": status, "statement": statement}


def status(item: Item, rows: list[verdicts.Row], about: dict[str, tuple[str, ...]]) -> str:
    """Of an item, by rows that say what they are about."""
    said = [{**r, "about": about.get(r["key"], ())} for r in rows]
    return item_status(lookup.Index(verdicts.Record(said), [item]).of_item(item))


def test_an_item_has_the_status_of_the_statements_that_answer_it():
    item = Item("eq-9", "printed words", "A.6", ("a",))
    about = {"a.two": ("eq-9",), "a.true": ("eq-9",), "a.another": ("eq-8", "eq-9")}
    rows = [row("a.one", "HOLDS"), row("a.two", "VIOLATED"), row("a.true", "HOLDS", "corrected")]
    assert status(item, rows, about) == "VIOLATED"
    assert status(item, [*rows, row("a.another", "HOLDS")], about) == "MIXED"
    assert status(Item("theorem-4.2", "words", "p. 5", ("a",)), rows, about) == "MIXED"
    # Expected ones decide where nothing is printed, and corrected ones where there is nothing else.
    expected = [*rows[2:], row("a.ours", "INCONCLUSIVE", "expected")]
    assert status(item, expected, {}) == "INCONCLUSIVE"
    assert status(item, expected, about) == "HOLDS"  # it alone says that it is about (9)
    assert status(item, rows[2:], {}) == "HOLDS"
    assert status(Item("eq-9", "words", "A.6", pending="later"), rows, about) == "PENDING"


def test_each_claim_that_answers_an_item_has_its_say():
    """A claim that names the item counts with what it names; another one that names no item counts as a whole."""
    item = Item("eq-9", "printed words", "A.6", ("a", "b"))
    rows = [row("a.one", "HOLDS"), row("a.two", "HOLDS"), {**row("b.one", "VIOLATED"), "claim": "b"}]
    assert status(item, rows, {"a.one": ("eq-9",)}) == "MIXED"
    assert status(item, rows[:2], {"a.one": ("eq-9",)}) == "HOLDS"
