"""The committed glossary is the one that the code writes."""

import pathlib

from dssl.cli.glossary import Glossary
from ledger.report.glossary import page
from theory.terms import terms

COMMITTED = pathlib.Path(__file__).resolve().parents[3] / "docs" / "glossary.md"


def test_the_committed_glossary_is_up_to_date():
    assert COMMITTED.read_text(encoding="utf-8") == page(), "Run `python -m dssl glossary` and commit the page."


def test_every_term_has_one_row_of_five_cells():
    rows = [line for line in page().splitlines() if line.startswith("| ") and not line.startswith("| symbol")]
    assert len(rows) == len(terms())
    assert {line.replace(r"\|", "").count("|") for line in rows} == {6}


def test_the_command_writes_the_page_where_it_is_told(tmp_path, capsys):
    assert Glossary(tmp_path / "words.md").run() == 0
    assert (tmp_path / "words.md").read_text(encoding="utf-8") == page()
    assert "words.md" in capsys.readouterr().out
