"""The article holds no result of its own: every number in its prose is a slot, and every slot can be filled."""

import pathlib
import re

import pytest

from dssl.documents.site import explanation, sources
from figures import draw
from runtime.usage import UsageError
from tests.mutants import record as mutants

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs/site/explanation"
SOURCES = sorted(FOLDER.glob("*.md"))
RECORDS = sources.records()

# What may stand in prose without being a slot. (1) Slots themselves, and lines that compute for them.
SLOT = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# (2) Mathematics between dollars: of whole numbers below 1000, so that no measured number is written there.
MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
LARGEST, DECIMAL = 999, re.compile(r"\d[.,]\d")
# (3) Places in the paper by their numbers: "Theorem 4.4", "Eqs (8) to (15) and (39)", "Appendix A.5", "Line 10".
PLACE = re.compile(
    r"\b(?:Theorem|Corollary|Definition|Assumption|Section|Table|Algorithm|Appendix|Line|line|Eq)s?\s+"
    r"(?:\(\d+\)|A?\.?\d+(?:\.\d+)*|A\.\d+)(?:(?:,|\s+to|\s+and)*\s+(?:\(\d+\)|\d+(?:\.\d+)*))*"
)
# (4) How the paper is cited, and names that have a number in them.
NAMES = re.compile(r"ICLR 2026|arXiv 2607\.02447|ResNet-18|CIFAR-100?")
# (5) The numbers of headings and of lists, and of a part of the article.
STRUCTURE = re.compile(r"^#+ \d+ |^\d+\. |\bparts? \d+(?:\s+and\s+\d+)?\s+(?:above|below)", re.MULTILINE)
# (6) Names of other pages.
TARGET = re.compile(r"\]\([^)]*\)")
# Large numbers in words would be numbers typed by hand, too.
WORDS = re.compile(r"\b(?:eleven|twelve|\w+teen|twenty|\w+ty-\w+|dozens?|hundreds?|thousands?|millions?|percent)\b")
ALLOWED = (SLOT, MATHEMATICS, PLACE, NAMES, STRUCTURE, TARGET)


def prose(text: str) -> str:
    for pattern in ALLOWED:
        text = pattern.sub(" ", text)
    return text


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return explanation.filled(ROOT, RECORDS)[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_no_number_is_typed_into_the_prose(path):
    text = prose(path.read_text(encoding="utf-8"))
    assert re.findall(r".{0,30}\d.{0,30}", text) == []
    assert WORDS.findall(text) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_mathematics_holds_no_measured_number(path):
    for found in MATHEMATICS.findall(SLOT.sub(" ", path.read_text(encoding="utf-8"))):
        assert not DECIMAL.search(found), found
        assert all(int(n) <= LARGEST for n in re.findall(r"\d+", found)), found


def test_words_in_slots_hold_no_number_either():
    slots = [slot for path in SOURCES for slot in SLOT.findall(path.read_text(encoding="utf-8"))]
    texts = [text for slot in slots for text in re.findall(r'"((?:[^"\\]|\\.)*)"', slot)]
    shown = [text for text in texts if " " in text]  # names of things have no space
    assert shown
    assert [words for words in shown if re.search(r"\d", prose(words))] == []


@pytest.mark.parametrize(
    "typed",
    ["It is 3.1 times larger.", "In 12 of 20 cases", "Theorem 4.4 holds in 6 readings", "a gain of 5%", "Eq (3) has 4"],
)
def test_typed_numbers_are_seen(typed):
    assert re.search(r"\d", prose(typed))


@pytest.mark.parametrize(
    "allowed",
    [
        "Theorems 4.2 to 4.4",
        "Eqs (25), (26), (34), (35) and (47) to (50)",
        "By Eqs (27) to (30), every",
        "## 4 Contrast",
        "where $r_k \\ge 2/N$",
        "{{ count() }} and [the proof](../proofs/a1.md)",
        "Appendix A.5 computes",
        "(ICLR 2026, arXiv 2607.02447)",
        "parts 5 and 6 below, and part 2 above",
    ],
)
def test_structural_numbers_are_let_through(allowed):
    assert not re.search(r"\d", prose(allowed))


def test_every_slot_can_be_filled(pages):
    assert set(pages) == {"index.md", "article.md"}
    assert not re.search(r"\{\{|\{%", "".join(pages.values()))


def test_every_section_is_in_the_article_in_its_order(pages):
    headings = [re.findall(r"^## .*", p.read_text(encoding="utf-8"), re.MULTILINE) for p in SOURCES[:-1]]
    assert re.findall(r"^## .*", pages["article.md"], re.MULTILINE) == [h for of in headings for h in of]


def test_every_figure_has_words_for_those_who_do_not_see_it(pages):
    alternatives = re.findall(r"```\{figure\} \S+\n:alt: (.*)", pages["article.md"])
    assert len(alternatives) == pages["article.md"].count("```{figure}") >= 4
    assert [a for a in alternatives if len(a.split()) < 12 or re.search(r"\d", a)] == []


def test_every_caption_names_its_claims_as_links():
    found = explanation.captions()
    assert sorted(found) == draw.names()
    assert [name for name, text in found.items() if not re.search(r"Claims: \[`[\w-]+`\]\(#claim-[\w-]+\)", text)] == []


def test_a_verdict_that_changed_is_refused():
    key = "coordinates.sensitivity-as-robustness"
    assert RECORDS.rows[key]["status"] == "VIOLATED"
    changed = {**RECORDS.rows, key: {**RECORDS.rows[key], "status": "HOLDS"}}
    with pytest.raises(UsageError, match=rf"02_setting\.md: The page says that {key} is VIOLATED"):
        explanation.filled(ROOT, RECORDS.__class__(**{**vars(RECORDS), "rows": changed}))


def test_deliberate_errors_are_counted_as_their_page_counts_them():
    ends = [mutants.end(m) for m in mutants.read()]
    assert explanation.mutants(ROOT) == {
        "made": len(ends),
        "noticed": ends.count(mutants.NOTICED),
        "no_value": ends.count(mutants.UNCHANGED),
        "no_statement": ends.count(mutants.INSIDE),
    }


def test_without_a_record_of_errors_or_sections_one_sentence_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match=r"record\.csv cannot be read .* Restore it from git"):
        explanation.mutants(tmp_path)
    with pytest.raises(UsageError, match="holds no sections of the article"):
        explanation.filled(tmp_path, RECORDS)


def test_trials_of_the_bounds_are_added_up():
    found = explanation.bounds_trials()
    assert 0 <= found["crossed"] <= found["trials"]
    assert 0 <= found["largest_share"] < found["allowed"] < 1
    assert 0 < found["void"] < found["bounds"]
