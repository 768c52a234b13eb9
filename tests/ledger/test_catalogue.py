"""Every claim file holds a claim that is whole, sourced and on record."""

import dataclasses
import json
import random
import re
from collections import Counter

import pytest

from claims import HERE, catalogue, retired
from ledger import parts, verdicts
from ledger.checks.trained_order import TrainedAlike, TrainedOrder
from ledger.decide import decide, seed_of
from ledger.items import load
from ledger.reading import read_as
from ledger.statement import Statement
from runtime import store
from runtime.usage import UsageError

CATALOGUE = catalogue()
STATEMENTS = [s for claim in CATALOGUE.values() for s in claim.statements]
# One claim of each kind of check that draws or searches, and quick.
REWORDED = ("def-representability", "eq-adaptive-mmd", "ref-descent", "sec-concentration-step")
KEYS = set(re.findall(r"^@\w+\{(\w+),", (HERE / "references.bib").read_text(encoding="utf-8"), re.MULTILINE))
ITEMS = {item.key: item for item in load()}


def said(s: Statement) -> tuple[str, str]:
    """What tells statements apart: the sentence and the reading."""
    return s.text, str(s.reading)


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda c: c.id)
def test_a_claim_has_statements_a_known_source_and_an_item_that_names_it(claim):
    assert claim.statements
    assert claim.source.key in KEYS
    assert any(claim.id in item.answered_by for item in ITEMS.values()), "no ledger item is answered by this claim"


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda c: c.id)
def test_statements_of_a_claim_are_worded_apart(claim):
    assert len({said(s) for s in claim.statements}) == len(claim.statements)


def test_a_statement_stands_alone():
    """It names its subject, and neither it nor its reading needs a key of numbered readings."""
    leaning = re.compile(r"(It|They|There|That|This|These|So|And|Both hold|The same|Its)\b")
    assert not [s.key for s in STATEMENTS if leaning.match(s.text)]
    assert not [s.key for s in STATEMENTS if re.search(r"\bR[1-9]b?\b", f"{s.reading} {s.text}")]


def test_nothing_is_said_twice():
    assert not [words for words, n in Counter(map(said, STATEMENTS)).items() if n > 1]


def test_keys_are_unique_seeded_apart_and_never_retired_ones():
    keys = [s.key for s in STATEMENTS]
    assert len(set(keys)) == len(keys), [k for k, n in Counter(keys).items() if n > 1]
    assert len({seed_of(s) for s in STATEMENTS}) == len(keys)
    assert not set(keys) & retired()


def test_a_stem_belongs_to_one_claim():
    claims = {}
    for claim in CATALOGUE.values():
        for s in claim.statements:
            claims.setdefault(s.key.split(".")[0], set()).add(claim.id)
    assert all(len(found) == 1 for found in claims.values())


@pytest.mark.parametrize("key", ["", "word", "Thm44.upper", "thm44.", ".words", "thm44.two words", "a." + "x" * 39])
def test_a_key_of_another_form_is_refused(key):
    with pytest.raises(ValueError, match="A key is a stem"):
        Statement(key, "printed", "Words.", STATEMENTS[0].check)


def test_what_is_replaced_is_retired_and_what_is_retired_is_not_said_anymore():
    replaced = {old for s in STATEMENTS for old in s.replaces}
    assert replaced <= retired()


def test_a_recorded_key_that_no_statement_has_anymore_is_retired():
    known = {s.key for s in STATEMENTS} | retired()
    assert {r["key"] for r in verdicts.recorded()} <= known


def test_where_a_printed_statement_fails_it_says_what_is_true_instead_or_that_it_is_not_known():
    fails = {r["key"] for r in verdicts.recorded() if r["status"] in ("VIOLATED", "VACUOUS", "ILL_FORMED")}
    silent = [s.key for s in STATEMENTS if s.kind == "printed" and s.key in fails and not s.instead]
    assert not silent
    # An expected statement that fails may say it too; nothing else does.
    assert not [s.key for s in STATEMENTS if s.instead and (s.kind == "corrected" or s.key not in fails)]


def test_what_is_printed_has_a_source_that_prints_it():
    """Only what we show ourselves is credited to the ledger."""
    ours = [claim for claim in CATALOGUE.values() if claim.source.key == "ledger"]
    assert ours
    assert not [s.key for claim in ours for s in claim.statements if s.kind == "printed"]


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda c: c.id)
def test_statements_are_about_items_that_their_claim_answers(claim):
    for s in claim.statements:
        assert set(s.about) <= set(claim.items), s.key
    # With one item there is nothing to tell apart.
    assert len(claim.items) > 1 or not any(s.about for s in claim.statements)


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda c: c.id)
def test_the_record_says_of_a_statement_what_the_claim_says(claim):
    rows = {r["key"]: r for r in verdicts.recorded()}
    for s in claim.statements:
        assert (rows[s.key]["statement"], rows[s.key]["reading"], rows[s.key]["text"]) == (
            s.kind,
            str(s.reading),
            s.text,
        )


def test_what_is_said_to_be_true_instead_holds():
    holds = {r["key"] for r in verdicts.recorded() if r["status"] == "HOLDS"}
    for s in STATEMENTS:
        if s.instead != "not known":
            assert set(s.instead) <= holds, s.key


def test_other_words_change_no_seed_and_no_verdict():
    """Statements whose words are shuffled and replaced keep their keys, seeds, draws and all that is recorded."""
    rng = random.Random(0)

    def reworded(s: Statement) -> Statement:
        words = [w[::-1] for w in s.text.split()]
        rng.shuffle(words)
        return dataclasses.replace(s, text=" ".join(words), reading=read_as(*rng.sample(parts.EVERY, 1)))

    for name in REWORDED:
        claim = CATALOGUE[name]
        for s in claim.statements:
            was, found = (verdicts.row(decide(claim, one)) for one in (s, reworded(s)))
            assert {**found, "text": was["text"], "reading": was["reading"]} == was
            assert verdicts.moves([was], [found]) == []


def test_the_record_has_every_statement_and_no_other():
    assert {verdicts.key(r) for r in verdicts.recorded()} == {s.key for s in STATEMENTS}, "run `dssl verify --accept`"


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda c: c.id)
def test_the_record_has_the_words_of_the_code(claim):
    record = verdicts.read()
    assert record.claims[claim.id] == verdicts.about(claim), "run `dssl verify --reword`"
    rows = {r["key"]: r for r in record.rows}
    for s in claim.statements:
        said = verdicts.words(s, claim)
        assert {name: rows[s.key][name] for name in said} == said, "run `dssl verify --reword`"


def test_the_record_has_every_claim_and_no_other():
    assert set(verdicts.read().claims) == set(CATALOGUE), "run `dssl verify --reword`"


def test_the_record_gives_the_reasons_of_the_code():
    because = {s.key: s.check.because for c in CATALOGUE.values() for s in c.statements}
    stale = [r["key"] for r in verdicts.recorded() if because[r["key"]] not in r["reason"]]
    assert stale == [], "run `dssl verify --accept`"


def test_the_record_says_of_trained_encoders_what_their_tables_say():
    trained = [
        (c, s) for c in CATALOGUE.values() for s in c.statements if isinstance(s.check, TrainedOrder | TrainedAlike)
    ]
    recorded = {r["key"]: r for r in verdicts.recorded()}
    assert len(trained) > 100
    for claim, s in trained:
        found = verdicts.kept(verdicts.row(decide(claim, s, "quick")))
        assert recorded[s.key] == found, "a training was replaced: run `dssl verify --accept`"


def test_the_record_is_written_in_one_order():
    record = verdicts.read()
    turned = [dict(reversed(r.items())) for r in record.rows]
    assert verdicts.text(turned, record.claims) == verdicts.text(record.rows, record.claims)


def test_a_record_of_the_second_version_is_read_without_sources(tmp_path):
    rows = [{k: v for k, v in r.items() if k not in ("instead", "source", "about")} for r in verdicts.recorded()]
    old = tmp_path / "verdicts.json"
    old.write_text(store.dumps({"schema": 2, "counts": {}, "verdicts": rows}))
    found = verdicts.read(old)
    assert found.claims == {}
    assert found.rows == [{**r, "instead": None, "source": "", "about": []} for r in verdicts.recorded()]


def test_a_record_of_the_third_version_is_read_without_items(tmp_path):
    record = verdicts.read()
    rows = [{k: v for k, v in r.items() if k != "about"} for r in record.rows]
    old = tmp_path / "verdicts.json"
    old.write_text(store.dumps({"schema": 3, "counts": {}, "claims": record.claims, "verdicts": rows}))
    assert verdicts.read(old) == verdicts.Record([{**r, "about": []} for r in record.rows], record.claims)


def test_the_record_leaves_out_what_is_implied_and_reads_it_back():
    stored = json.loads(store.VERDICTS.read_text(encoding="utf-8"))["verdicts"]
    read = verdicts.recorded()
    assert all(r["source"] for r in read)
    assert not any(r.get("about") == [] or r.get("instead", ()) is None for r in stored)
    of_claim = {s.key: str(c.source) for c in CATALOGUE.values() for s in c.statements}
    assert {r["key"]: r["source"] for r in read} == of_claim


def test_a_record_of_the_first_version_is_read_by_the_words_of_its_statements(tmp_path):
    later = ("key", "instead", "source", "about")
    rows = [{k: v for k, v in r.items() if k not in later} for r in verdicts.recorded()]
    rows[0]["text"] += " Reworded since."
    old = tmp_path / "verdicts.json"
    old.write_text(store.dumps({"counts": {}, "verdicts": rows}))
    found = verdicts.recorded(old, CATALOGUE.values)
    assert [r["key"] for r in found[1:]] == [r["key"] for r in verdicts.recorded()[1:]]
    assert found[0]["key"] not in {s.key for s in STATEMENTS}


def test_a_record_of_a_later_version_is_refused_in_one_sentence(tmp_path):
    newer = tmp_path / "verdicts.json"
    newer.write_text(store.dumps({"schema": verdicts.SCHEMA + 1, "verdicts": []}))
    with pytest.raises(UsageError, match="Update the program"):
        verdicts.recorded(newer)


def test_every_corrected_statement_holds():
    wrong = [r["text"] for r in verdicts.recorded() if r["statement"] == "corrected" and r["status"] != "HOLDS"]
    assert not wrong


def test_a_refuted_statement_has_a_witness_in_the_record():
    assert all(r["witness"] for r in verdicts.recorded() if r["status"] == "VIOLATED")


def test_the_record_is_written_the_way_this_code_writes_it():
    record = verdicts.read()
    assert store.VERDICTS.read_text(encoding="utf-8") == verdicts.text(record.rows, record.claims)
