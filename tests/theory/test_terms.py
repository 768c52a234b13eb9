"""Every letter and every word has one meaning, one name and a source that exists."""

import pathlib
import re
from dataclasses import replace

import pytest
import sympy as sp

from theory import symbols
from theory.formula import LATEX_NAMES
from theory.terms import repeated, terms

ROOT = pathlib.Path(__file__).resolve().parents[2]
LETTERS = sorted({str(s) for s in vars(symbols).values() if isinstance(s, sp.Symbol)} | set(LATEX_NAMES))
KEYS = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "claims" / "references.bib").read_text(encoding="utf-8"), re.M))


def test_no_two_terms_share_a_name_and_no_symbol_has_two_meanings():
    assert repeated(terms()) == []


def test_a_shared_name_and_a_shared_symbol_are_seen():
    first, *_ = (t for t in terms() if t.symbol)
    assert repeated([first, replace(first, name="another")]) == [first.symbol]
    assert repeated([first, replace(first, symbol="")]) == [first.name.casefold()]


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_of_the_formulas_is_explained(letter):
    assert [t.symbol for t in terms() if t.name == letter] == [LATEX_NAMES[letter]]


@pytest.mark.parametrize("term", terms(), ids=lambda t: t.name)
def test_every_term_has_a_meaning_and_a_source_that_exists(term):
    assert term.meaning.endswith((".", ".)"))
    assert term.source.key in KEYS
    if term.source.key == "ledger":
        assert (ROOT / term.source.locator.split(",")[0]).exists()
