"""Each recorded verdict can be told in words: nothing of it is lost, nothing is left as a program names it."""

import re

import pytest

from ledger import in_words, verdicts
from ledger.status import KINDS, Evidence, Status

ROWS = verdicts.recorded()
PLAIN = {"status": "HOLDS", "evidence": "PROVED", "reason": "Because.", "tightness": None, "margin": None}


@pytest.mark.parametrize("status", list(Status))
def test_every_status_says_what_it_means(status):
    assert in_words.verdict({"status": status}).startswith(f"{status}: ")
    assert len(in_words.verdict({"status": status})) > 30


def test_every_kind_and_every_evidence_has_words():
    assert set(in_words.KIND_WORDS) == set(KINDS)
    assert all(in_words.evidence({**PLAIN, "evidence": e}).endswith(".") for e in Evidence)


def test_what_was_tried_is_told_with_the_evidence_and_not_twice():
    row = {**PLAIN, "evidence": "SEARCHED", "reason": "Both directions. (40 points searched.)"}
    assert in_words.reason(row) == "Both directions."
    assert "Cases tried: 40." in in_words.evidence(row)
    assert "no proof" in in_words.evidence(row)
    assert "no proof" not in in_words.evidence({**row, "status": "VIOLATED"})
    assert sum("searched.)" in r["reason"] for r in ROWS) > 40
    assert not [r["key"] for r in ROWS if "searched.)" in in_words.reason(r)]
    on_domain = [r for r in ROWS if r["given"]]
    assert len(on_domain) > 250
    for r in on_domain:
        assert f"Points of the domain that were tried: {r['scale']['points']}." in in_words.evidence(r)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1 / 3, "0.333333"),
        (4, "4"),
        (True, "yes"),
        (None, "none"),
        ("-0.214285714286", "-0.214286"),
        ("2*mask_ratio*tau**2*(1 - mask_ratio)", "2*p*tau^2*(1 - p)"),
        ("Matrix([[3, 0], [0, 2]])", "[[3, 0], [0, 2]]"),
        ("oo", "infinity"),
        ([1.0, 2.5], "[1, 2.5]"),
        (list(range(25)), "[0, 1, 2, 3, 4, ... (25 in all)]"),
        ({"dim": "4", "error_cl": 0.5}, "d = 4; error cl = 0.5"),
        ({"a_b": {"rho": 1.0}}, "a b (rho = 1)"),
    ],
)
def test_a_value_is_short_and_readable(value, said):
    assert in_words.value(value) == said


def test_no_name_of_a_witness_is_a_programs():
    names = {name for r in ROWS for name, _ in in_words.witness(r)}
    assert not [name for name in names if "_" in name]
    assert dict(in_words.witness({"witness": {"n_clients": 3, "at": {}}})) == {"number of clients N": "3"}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("chen2026, Theorem 4.4", "the paper, Theorem 4.4"),
        ("chen2026code, `main.py`; chen2026, A.3.1", "the code released with the paper, `main.py`; the paper, A.3.1"),
        (
            "ledger, limit; corrects chen2026, A",
            "not in the paper, derived in this project: limit; corrects the paper, A",
        ),
        ("takezawa2026, Lemma 4, with kong2021", "Takezawa 2026, Lemma 4, with Kong 2021"),
        ("", "not on record"),
    ],
)
def test_a_source_is_called_as_people_call_it(source, said):
    assert in_words.place(source) == said


def test_no_source_keeps_the_name_of_a_bibliography_entry():
    assert not [r["source"] for r in ROWS if re.search(r"[a-z]\d{4}", in_words.place(r["source"]))]
