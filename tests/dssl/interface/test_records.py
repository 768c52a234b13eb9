"""`dssl.ledger()` and `dssl.claim(...)`: the record for programs, without deciding or importing anything heavy."""

import copy
import doctest
import math
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError
from html.parser import HTMLParser

import pytest

from dssl.interface import records
from dssl.interface.records import ClaimCard, Ledger, Statement
from ledger import attack_record, items, lookup, verdicts
from ledger.report.index import SIGNS
from runtime import store
from runtime.usage import UsageError

ROWS = {r["key"]: r for r in verdicts.recorded()}
LEDGER = records.ledger()
INDEX = lookup.Index(verdicts.read(), items.load())
FAILS = "eq16.transformed-view"
LISTED = ("complementary masks", "A.6.2")  # too many to show in full
QUERIES = ("Theorem 4.4", "4.4", "thm-critical-noise", FAILS, "Table 5", "complementary masks", "A.6.2", "thm44")


def keys(statements) -> list[str]:
    return [s.key for s in statements]


class Words(HTMLParser):
    """The text of a page, and every tag that was opened and not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.open, self.tags = "", [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_every_row_of_the_record_is_a_statement():
    attacks = attack_record.recorded()
    assert keys(LEDGER) == list(ROWS)
    for s in LEDGER:
        row = ROWS[s.key]
        assert (s.text, s.reading, s.kind) == (row["text"], row["reading"], row["statement"])
        assert (s.status, s.evidence, s.reason, s.claim) == tuple(
            row[name] for name in ("status", "evidence", "reason", "claim")
        )
        assert s.where == (row["given"] or "")
        assert (s.margin, s.witness) == (row["margin"], row["witness"])
        assert s.tightness == (math.inf if row["tightness"] == "inf" else row["tightness"])
        assert s.true_instead == (tuple(row["instead"] or ()) if not isinstance(row["instead"], str) else ())
        assert s.is_instead_unknown == (row["instead"] == "not known")
        attack = attacks.get(s.key)
        assert (s.attacks is None) == (attack is None)
        assert attack is None or s.attacks == {n: attack.get(n) for n in records._ATTACK}


def test_a_place_is_in_words():
    assert LEDGER.search("thm44.both-averaged")[0].place == "the paper, Theorem 4.4, A.6.4"


def test_the_items_of_a_statement_are_those_that_find_it():
    for item in INDEX.items:
        found = lookup.Index.find(INDEX, item.key)
        if found.items == (item,):
            assert set(keys(s for s in LEDGER if item.key in s.items)) == {r["key"] for r in found.rows}, item.key


def test_a_ledger_is_an_immutable_sequence():
    assert isinstance(LEDGER[0], Statement)
    assert LEDGER[-1].key == list(ROWS)[-1]
    part = LEDGER[2:8:2]
    assert isinstance(part, Ledger)
    assert keys(part) == list(ROWS)[2:8:2]
    assert keys(part[1:]) == list(ROWS)[4:8:2]
    assert LEDGER[3] in LEDGER
    assert LEDGER.index(LEDGER[3]) == 3
    assert records.ledger() == LEDGER
    assert hash(LEDGER) == hash(records.ledger())
    with pytest.raises(IndexError):
        LEDGER[len(LEDGER)]
    with pytest.raises(TypeError):
        LEDGER[0] = LEDGER[1]  # type: ignore
    with pytest.raises(FrozenInstanceError):
        LEDGER[0].status = "HOLDS"  # type: ignore


def test_statements_can_be_copied_and_sent_to_other_processes():
    assert pickle.loads(pickle.dumps(LEDGER[0])) == LEDGER[0]
    assert copy.deepcopy(LEDGER) == LEDGER


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_finds_what_dssl_show_finds(query):
    assert keys(LEDGER.search(query)) == [r["key"] for r in INDEX.find(query).rows]


def test_a_search_among_a_part_finds_only_of_that_part():
    failing = LEDGER.where(status="violated")
    found = failing.search("Theorem 4.4")
    assert 0 < len(found) < len(LEDGER.search("Theorem 4.4"))
    assert {s.status for s in found} == {"VIOLATED"}
    assert len(LEDGER[:0].search("Theorem 4.4")) == 0


@pytest.mark.parametrize(
    ("given", "field", "wanted"),
    [
        ({"status": "violated"}, "status", {"VIOLATED"}),
        ({"status": " ill-formed "}, "status", {"ILL_FORMED"}),
        ({"status": ["Holds", "ILL formed"]}, "status", {"HOLDS", "ILL_FORMED"}),
        ({"kind": "Expected"}, "kind", {"expected"}),
        ({"evidence": "proved"}, "evidence", {"PROVED"}),
        ({"claim": "thm_mim_more_robust.py"}, "claim", {"thm-mim-more-robust"}),
        ({"claim": "THM-critical-noise"}, "claim", {"thm-critical-noise"}),
    ],
)
def test_where_keeps_exactly_the_statements_with_a_property(given, field, wanted):
    assert keys(LEDGER.where(**given)) == [s.key for s in LEDGER if getattr(s, field) in wanted]
    assert len(LEDGER.where(**given)) > 0


def test_properties_are_joined_by_and():
    found = LEDGER.where(status="holds", kind="printed", evidence=["proved", "enumerated"])
    assert keys(found) == [
        k
        for k, r in ROWS.items()
        if (r["status"], r["statement"]) == ("HOLDS", "printed") and r["evidence"] in ("PROVED", "ENUMERATED")
    ]
    assert LEDGER.where() == LEDGER
    assert len(LEDGER.where(status="out of domain")) == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"status": "violatd"}, "There is no status 'violatd'; the nearest valid are VIOLATED"),
        ({"kind": "printd"}, "There is no kind of statement 'printd'; the nearest valid are printed"),
        ({"evidence": "prove"}, "There is no kind of evidence 'prove'; the nearest valid are PROVED"),
        ({"claim": "thm-mim-mor-robust"}, "There is no claim 'thm-mim-mor-robust'; the nearest valid are thm-mim-more"),
        ({"status": 3}, "A status is a text such as 'HOLDS'; got 3"),
        ({"status": ["holds", None]}, "A status is a text such as 'HOLDS'; got None"),
    ],
)
def test_an_unknown_property_is_refused_with_the_nearest(given, says):
    with pytest.raises(UsageError) as refused:
        LEDGER.where(**given)
    assert str(refused.value).startswith(says)
    assert len(str(refused.value).splitlines()) == 1


def test_counts_are_those_of_the_record():
    assert LEDGER.counts() == verdicts.counts(ROWS.values())
    assert LEDGER[:0].counts() == {"printed": {}, "corrected": {}, "expected": {}}


def test_a_table_has_a_row_for_each_statement_and_a_column_for_each_field():
    table = LEDGER.to_pandas()
    assert list(table["key"]) == list(ROWS)
    assert list(table.columns) == list(Statement.__dataclass_fields__)
    assert table.groupby("status").size().to_dict() == {
        status: sum(r["status"] == status for r in ROWS.values()) for status in table["status"].unique()
    }
    assert table.loc[table["key"] == FAILS, "true_instead"].item() == tuple(ROWS[FAILS]["instead"])


def test_a_table_without_pandas_is_refused_with_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r'^A table .* pandas, .* Type pip install "dssl-ledger\[tables\]"\.$'):
        LEDGER.to_pandas()


def test_a_ledger_as_text_is_short_and_says_what_it_leaves_out():
    lines = repr(LEDGER).splitlines()
    assert max(map(len, lines)) <= 110
    assert lines[0].startswith(f"{len(ROWS)} statements. printed: ")
    listed = [line.split()[2].rstrip(":") for line in lines if line[2:3] in SIGNS.values()]
    assert listed == list(ROWS)[:10]
    assert lines[-1].startswith(f"... and {len(ROWS) - 10} more.")
    assert repr(LEDGER[:0]) == "No statement."
    assert "more" not in repr(LEDGER[:10])


def test_a_statement_as_text_is_one_line():
    for s in LEDGER:
        assert s.key in repr(s)
        assert s.status in repr(s)
        assert len(repr(s).splitlines()) == 1


def test_a_ledger_as_html_is_a_table_with_verdicts_in_signs_and_words():
    part = LEDGER[:60]
    page = Words(part._repr_html_())
    assert page.open == []
    assert page.tags.count("tr") == 51  # the head and the first 50
    for s in part[:50]:
        assert s.key in page.text
        assert s.text in page.text
    assert f"{SIGNS['VIOLATED']} VIOLATED" in page.text
    assert "... and 10 more." in page.text


@pytest.fixture
def strange(tmp_path):
    """A record with one statement full of what HTML would take for its own."""
    text, reading = "a <b>1</b> & \"c\" < 2 <script>alert('x')</script>", "<i>reading</i>"
    row = {**ROWS[FAILS], "text": text, "reading": reading, "reason": "<u>", "witness": {"<k>": "<v>"}, "instead": None}
    path = tmp_path / "verdicts.json"
    path.write_text(verdicts.text([row], {row["claim"]: {**verdicts.read().claims[row["claim"]], "title": "<title>"}}))
    return path, text, reading


def test_html_is_escaped(strange):
    path, text, reading = strange
    for shown in (records.ledger(path), records.claim(FAILS, path), records.claim("<script>alert", path)):
        html = shown._repr_html_()
        assert not {"script", "u", "k", "v", "title"} & set(Words(html).tags)
        assert text in Words(html).text
        assert reading in Words(html).text


def test_a_claim_has_what_the_paper_prints_its_statements_and_what_is_true_instead():
    found = records.claim("Theorem 4.4")
    assert isinstance(found, ClaimCard)
    assert keys(found.items) == ["theorem-4.4"]
    assert found.claims == ("thm-mim-more-robust", *found.claims[1:])
    assert keys(found.statements) == [r["key"] for r in INDEX.find("Theorem 4.4").rows]
    named = {k for s in found.statements for k in s.true_instead}
    assert set(keys(found.corrected)) == named
    assert len(found.corrected) == len(named) > 3


@pytest.mark.parametrize("query", QUERIES)
def test_a_claim_as_text_fits_about_one_screen_and_says_whether_it_holds(query):
    found, text = records.claim(query), " ".join(repr(records.claim(query)).split())
    lines = repr(found).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 60
    if query in LISTED and query != "A.6.2":
        assert f"... and {len(found.statements) - 20} more." in text
    if query not in ("Theorem 4.4", "4.4", "Table 5"):
        return
    for item in found.items:
        assert " ".join(item.answer.split()) in text
    shown = [s for s in found.statements if f"({s.key})" in text and s.kind != "corrected"]
    assert len(shown) >= 8
    for s in shown:
        assert f"{SIGNS[s.status]} {s.status} {' '.join(s.reading.split())} ({s.key})" in text
        assert " ".join(s.text.split()) in text


def test_a_statement_as_text_says_verdict_reason_and_what_is_true_instead():
    (s,) = records.claim(FAILS).statements
    text = " ".join(repr(records.claim(FAILS)).split())
    assert f"{SIGNS[s.status]} {s.status}" in text
    assert " ".join(s.reason.split(" (")[0].split()) in text
    assert all(k in text for k in s.true_instead)
    assert all(" ".join(c.text.split()) in text for c in records.claim(FAILS).corrected)


def test_the_witness_of_a_failure_is_in_the_text_of_its_claim():
    assert "witness: point: X = diag(3, 2, 1), c = 1; rank W: 1" in " ".join(repr(records.claim(FAILS)).split())


def test_text_wraps_at_the_terminals_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, repr(records.claim("Theorem 4.4")).splitlines())) <= 60


@pytest.mark.parametrize("query", QUERIES)
def test_a_claim_as_html_has_every_statement(query):
    found = records.claim(query)
    page = Words(found._repr_html_())
    assert page.open == []
    assert all(item.answer in page.text for item in found.items if found._found.how == "item")
    for s in (*found.statements[:50], *(found.corrected if query == "Theorem 4.4" else ())):
        assert s.key in page.text
        assert s.text in page.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("Theorem 4.5", "the nearest are Corollary 4.5"),
        ("thm-mim-mor-robust", "thm-mim-more-robust"),
        ("complementery masks", "complementary"),
        ("", "got nothing"),
        (4.4, 'A question such as "Theorem 4.4" is a text; got 4.4'),
    ],
)
def test_what_nobody_knows_is_refused_with_the_nearest_names(query, says):
    for ask in (LEDGER.search, records.claim):
        with pytest.raises(UsageError) as refused:
            ask(query)
        assert says in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1


def test_a_missing_or_damaged_record_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"There is no record .*nope\.json"):
        records.ledger(tmp_path / "nope.json")
    damaged = tmp_path / "verdicts.json"
    damaged.write_text('{"schema": 7, "verdicts": [{}]}')
    with pytest.raises(UsageError, match="is no record of verdicts"):
        records.claim("Theorem 4.4", str(damaged))


def test_an_older_record_is_read_as_far_as_it_goes(tmp_path):
    old = tmp_path / "verdicts.json"
    rows = [{k: v for k, v in r.items() if k not in ("instead", "source")} for r in ROWS.values()]
    old.write_text(store.dumps({"schema": 2, "counts": {}, "verdicts": rows}))
    found = records.ledger(old)
    assert keys(found) == list(ROWS)
    assert {s.place for s in found} == {"not on record"}
    assert FAILS in repr(records.claim(FAILS, old))


def test_nothing_is_printed_and_no_mathematics_is_imported():
    code = (
        "import sys, time\nbegun = time.process_time()\nfrom dssl.interface import records\n"
        "ledger = records.ledger()\nfound = records.claim('Theorem 4.4')\nrepr(ledger), ledger._repr_html_()\n"
        "repr(found), found._repr_html_()\n"
        "print(time.process_time() - begun, *sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    spent, *loaded = done.stderr.split()
    assert "ledger" in loaded
    heavy = {"jax", "jaxlib", "sympy", "numpy", "scipy", "pandas", "matplotlib", "theory", "sims", "claims"}
    assert not heavy & set(loaded)
    assert float(spent) < 1.0  # seconds of CPU time; it is about 0.2


def test_the_examples_are_true():
    failed, tried = doctest.testmod(records)
    assert failed == 0
    assert tried >= 6
