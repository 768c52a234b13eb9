"""Every claim file holds a claim that is whole, sourced and on record."""

import re

import pytest

from claims import store, verdicts
from claims.catalogue import HERE, catalogue, seed_of
from claims.ledger import load

CATALOGUE = catalogue()
KEYS = set(re.findall(r"^@\w+\{(\w+),", (HERE / "references.bib").read_text(encoding="utf-8"), re.MULTILINE))
ITEMS = {item.key: item for item in load()}


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda c: c.id)
def test_a_claim_has_statements_a_known_source_and_an_item_that_names_it(claim):
    assert claim.statements
    assert claim.source.key in KEYS
    assert any(claim.id in item.answered_by for item in ITEMS.values()), "no ledger item is answered by this claim"


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda c: c.id)
def test_statements_of_a_claim_are_distinct_and_seeded_apart(claim):
    assert len({(s.kind, s.reading, s.text) for s in claim.statements}) == len(claim.statements)
    assert len({seed_of(claim, s) for s in claim.statements}) == len(claim.statements)


def test_the_record_has_every_statement_and_no_other():
    stated = {(c.id, s.reading, s.kind, s.text) for c in CATALOGUE.values() for s in c.statements}
    assert {verdicts.key(r) for r in verdicts.recorded()} == stated, "run `dssl verify --accept`"


def test_every_corrected_statement_holds():
    wrong = [r["text"] for r in verdicts.recorded() if r["statement"] == "corrected" and r["status"] != "HOLDS"]
    assert not wrong


def test_a_refuted_statement_has_a_witness_in_the_record():
    assert all(r["witness"] for r in verdicts.recorded() if r["status"] == "VIOLATED")


def test_the_record_is_written_the_way_this_code_writes_it():
    rows = verdicts.recorded()
    assert store.VERDICTS.read_text(encoding="utf-8") == store.dumps(verdicts.document(rows))
