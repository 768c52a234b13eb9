"""The documentation site: a page for every claim, an anchor for every statement, and nothing loaded from a network."""

import pathlib
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from markdown_it import MarkdownIt

import dssl
from dssl.calculator import compute
from dssl.documents.site import (
    cards,
    cells,
    copied,
    docstrings,
    formulas,
    markdown,
    proof_map,
    reference,
    sources,
    tables,
    tools,
)
from ledger import verdicts
from runtime.usage import UsageError

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECORD = verdicts.read()
RECORDS = sources.records()
CARDS = {claim: cards.card(claim, RECORDS) for claim in RECORD.claims}
MARKS = re.compile(r"^\((.+)\)=$", re.MULTILINE)
HELP = """usage: dssl walk [-h] [OPTIONS]

Walk in a straight line: `dssl walk --far`.

╭─ options ─────────────────────────────────────────────╮
│ -h, --help     show this help message and exit        │
│ --far          Walk far. (default: False)             │
│ --a-very-long-option PATH                             │
│                Where to go. (default: here)           │
╰───────────────────────────────────────────────────────╯
"""


def test_every_statement_has_an_anchor_on_the_page_of_its_claim():
    for claim, text in CARDS.items():
        keys = {r["key"] for r in RECORD.rows if r["claim"] == claim}
        assert set(MARKS.findall(text)) == {cards.label(claim), *keys}


def test_no_two_anchors_become_one_in_the_address_of_a_page():
    marks = [nodes.make_id(mark) for text in CARDS.values() for mark in MARKS.findall(text)]
    assert len(marks) == len(set(marks))


def test_every_claim_is_in_the_lists_by_room_and_by_number():
    by_room, by_number = tables.by_room(RECORDS), tables.by_number(RECORDS)
    answering = {claim for item in RECORDS.items for claim in item.answered_by}
    assert [claim for claim in CARDS if f"(#{cards.label(claim)})" not in by_room] == []
    assert [claim for claim in answering if f"(#{cards.label(claim)})" not in by_number] == []


def test_every_link_of_a_card_leads_to_an_anchor():
    known = {mark for text in CARDS.values() for mark in MARKS.findall(text)} | {"words-of-a-verdict"}
    for text in proof_map.pages(RECORDS).values():
        known |= set(re.findall(r"^:name: (\S+)$", text, re.MULTILINE))
    assert {m for text in CARDS.values() for m in re.findall(r"\]\(#([^)]+)\)", text)} <= known


def test_a_card_says_all_that_is_recorded_of_a_statement():
    said = CARDS["thm-mim-more-robust"]
    part = said[said.index("(thm44.both-averaged)=") :].split("\n(")[0]
    for words in ("✗ fails", "Reading", "Where it is said to hold", "Evidence", "Witness", "VIOLATED", "Reason"):
        assert words in part
    assert "(#eq17.outer-product-independent)" in part
    assert "dssl verify --claim thm44.both-averaged" in part


@pytest.mark.parametrize(
    "text", ["1. a | b", "- x_1 * y_2 * z", "W^T W <= ||P_i||_F, `x` and $5$", "a [b](c) {d} &amp; #e", "$$ = 3"]
)
def test_plain_text_is_shown_as_it_stands(text):
    tokens = MarkdownIt().parse(markdown.plain(text))
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(t.content for t in tokens[1].children or ()) == text


def test_code_may_hold_backticks():
    tokens = MarkdownIt().parse(markdown.code("a `b`"))
    assert [t.content for t in (tokens[1].children or ()) if t.type == "code_inline"] == ["a `b`"]


def test_every_formula_of_the_paper_becomes_mathml():
    assert [i.key for i in RECORDS.items if i.latex and formulas.mathml(i.latex, is_block=True) is None] == []


def test_a_formula_that_cannot_be_read_is_left_to_be_shown_as_latex():
    assert formulas.mathml("x_a_b") is None
    assert formulas.mathml(r"\nosuchcommand x") is None


def test_a_double_bar_of_any_size_is_one_sign():
    assert "\\" not in (formulas.mathml(r"\Big\| x \Big\|") or "\\")


def test_help_becomes_a_list_of_options():
    page = tools.command("walk", "go somewhere", HELP)
    assert "# `dssl walk`" in page
    assert "Walk in a straight line\\: `dssl walk --far`." in page
    assert "`--far`\n: Walk far. (default\\: False)" in page
    assert "`--a-very-long-option PATH`\n: Where to go. (default\\: here)" in page
    assert "│" not in page


def test_commands_are_read_from_the_overview():
    overview = "usage: dssl\n\ncommands:\n  walk  go somewhere\n\nfor maintainers:\n  tidy  clean up\n"
    assert tools.listed(overview) == {"commands": [("walk", "go somewhere")], "for maintainers": [("tidy", "clean up")]}


def test_an_overview_without_commands_is_one_sentence():
    with pytest.raises(UsageError, match="lists no commands"):
        tools.listed("usage: dssl")


@pytest.mark.parametrize("name", compute.names())
def test_the_page_of_a_quantity_explains_every_key(name):
    page = tools.quantity(name)
    assert [k.name for k in compute.keys(name) if f"| `{k.name}` |" not in page] == []


def test_every_name_of_the_package_is_in_one_group_of_the_reference():
    assert sorted(name for names in reference.grouped().values() for name in names) == sorted(dssl.__all__)


def test_a_docstring_is_prose_with_code_lists_and_examples():
    lines = [
        "The length |x|_F of `x`, as in `a_`",
        "or W*.",
        "- x: a matrix,",
        "  any.",
        "Source: A_1.",
        "",
        ">>> 1 * 2",
        "2",
    ]
    tree = publish_doctree("\n".join(docstrings.marked_up(lines)), settings_overrides={"report_level": 1})
    assert [type(part) for part in tree.children] == [
        nodes.paragraph,
        nodes.bullet_list,
        nodes.paragraph,
        nodes.doctest_block,
    ]
    assert tree.children[0].astext() == "The length |x|_F of x, as in a_\nor W*."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[`x`](../claims/training/thm_rotation.py)", "[`x`](#claim-thm-rotation)"),
        ("[the glossary](glossary.md)", "[the glossary](glossary.md)"),
        ("[arXiv](https://arxiv.org)", "[arXiv](https://arxiv.org)"),
        ("[`theory/terms.py`](../theory/terms.py)", "`theory/terms.py`"),
        ("[the readings](../theory/readings.py)", "the readings (`theory/readings.py`)"),
    ],
)
def test_links_lead_to_pages_of_the_site_or_become_names(text, shown):
    assert copied.linked(text, ROOT / "docs", ROOT) == shown


def test_a_folder_of_other_things_is_not_emptied(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other things"):
        sources.write(tmp_path)
    assert (tmp_path / "mine.txt").exists()


class _Addresses(HTMLParser):
    """The anchors of a page, where its links lead, and what it loads."""

    def __init__(self, page: pathlib.Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids.add(found.get("id", ""))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if "src" in found or (tag == "link" and "stylesheet" in found.get("rel", "")):
            self.loaded.append(found.get("src") or found["href"])


def test_a_picture_that_an_example_draws_is_put_beside_its_page(tmp_path):
    page = tmp_path / "checkout/docs/site/how_to/draw.md"
    page.parent.mkdir(parents=True)
    page.write_text("```console\n$ echo drawn > a.png\n```\n\n![A picture](a.png)\n", encoding="utf-8")
    copied.copy(tmp_path / "checkout", tmp_path / "out", runs_examples=True)
    assert (tmp_path / "out/how_to/a.png").read_text() == "drawn\n"
    assert "![A picture](a.png)" in (tmp_path / "out/how_to/draw.md").read_text()
    copied.copy(tmp_path / "checkout", tmp_path / "plain", runs_examples=False)
    assert "a.png)" not in (tmp_path / "plain/how_to/draw.md").read_text(), "the picture is not there"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[pathlib.Path, _Addresses]:
    """The whole site, built; the examples are left out, which `make docs` runs."""
    folder = tmp_path_factory.mktemp("site")
    written = sources.write(folder / "sources", runs_examples=False)
    assert not [p for p in written if p.suffix == ".md" and str(ROOT) in p.read_text(encoding="utf-8")]
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run([*command, "sources", "html"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return {page: _Addresses(page) for page in (folder / "html").rglob("*.html")}


@pytest.mark.slow
def test_the_site_has_every_page_and_every_link_resolves(site):
    names = {page.name for page in site}
    assert {f"{claim}.html" for claim in CARDS} <= names
    broken = []
    for page, found in site.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            anchors = site[target].ids if target in site else None
            if not target.exists() or (
                parts.fragment and anchors is not None and unquote(parts.fragment) not in anchors
            ):
                broken.append(f"{page.name}: {link}")
    assert broken == []


@pytest.mark.slow
def test_no_page_loads_anything_from_a_network(site):
    assert [a for found in site.values() for a in found.loaded if urlsplit(a).netloc] == []
    static = next(page.parent for page in site if page.name == "search.html") / "_static"
    styles = (p.read_text(encoding="utf-8") for p in static.rglob("*.css"))
    assert [m for text in styles for m in re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//[^)\s]*", text)] == []


def test_each_cell_of_a_wide_table_carries_the_name_of_its_column_and_narrow_tables_are_left_alone():
    def table(*names: str) -> str:
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(f"<tr>{''.join(f'<td>{row}{k}</td>' for k in range(len(names)))}</tr>" for row in "ab")
        return f'<table class="docutils"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    wide, narrow = table("<p>key</p>", "unit &amp; range", "x"), table("key", "unit")
    found = cells.labelled(f"<p>before</p>{wide}<p>after</p>{narrow}")
    assert found.endswith(f"<p>after</p>{narrow}")
    assert re.findall(r'<td data-label="(.*?)">(..)', found) == [
        (name, f"{row}{k}") for row in "ab" for k, name in enumerate(("key", "unit &amp; range", "x"))
    ]
    assert '<table class="wide docutils">' in found


def test_a_card_says_in_a_sentence_where_its_claim_stands():
    assert not [claim for claim, text in CARDS.items() if "stands in not" in text]
    assert "` is not in the paper, derived in this project" in CARDS["ref-simulated-training"]
    assert "` stands in the paper, Theorem 4.4" in CARDS["thm-mim-more-robust"]
