"""`dssl show`: a verdict can be read, in any terminal, without loading any mathematics."""

import json
import os
import re
import subprocess
import sys

import pytest

from dssl.cli import show
from ledger import items, verdicts
from runtime import store
from tests.command import dssl

ROWS = {r["key"]: r for r in verdicts.recorded()}
FAILS = "eq16.transformed-view"
LABELS = (
    "statement",
    "reading",
    "kind",
    "place",
    "verdict",
    "reason",
    "evidence",
    "numbers",
    "witness",
    "true instead",
    "reproduce",
)
QUERIES = (
    *("Theorem 4.4", "thm-critical-noise", FAILS, "Table 5", "complementary masks", "A.6.2", "sec-released-code"),
    *("Theorem 4.4 --full", "sec-released-code --full"),
)


def shown(capsys, *arguments: str) -> str:
    assert dssl("show", *arguments) == 0
    return capsys.readouterr().out


def unwrapped(text: str) -> str:
    """The words without line ends: what is not cut is all there."""
    return "".join(text.split())


def test_a_statement_is_shown_with_all_that_is_known_about_it(capsys):
    row = ROWS[FAILS]
    text = shown(capsys, FAILS)
    for label in LABELS:
        assert f"  {label} " in text
    wanted = [row["text"], "printed in the paper", row["status"], row["reason"], "without rounding", "[[3, 0, 0]"]
    wanted += [f"dssl verify --claim {FAILS}", row["claim"], *(ROWS[k]["text"] for k in row["instead"])]
    for part in wanted:
        assert unwrapped(part) in unwrapped(text), part


def test_where_it_is_not_known_what_is_true_instead_that_is_said(capsys):
    key = next(k for k, r in ROWS.items() if r["instead"] == "not known")
    assert "It is not known what is true instead." in shown(capsys, key)
    assert "true instead" not in shown(capsys, next(k for k, r in ROWS.items() if r["instead"] is None))


def test_a_claim_is_shown_with_its_title_the_papers_items_and_printed_statements_first(capsys):
    text = shown(capsys, "def-representability", "--full")
    assert "The representability vector" in text
    assert "Definition 4.1" in text
    assert unwrapped("squared lengths of the axes projected") in unwrapped(text)
    keys = [line.split()[0] for line in text.splitlines() if line.startswith("def41.")]
    assert [ROWS[k]["statement"] for k in keys] == ["printed", "printed", "printed", "corrected"]


def test_an_item_is_shown_with_what_it_uses_and_what_uses_it(capsys):
    said = unwrapped(shown(capsys, "Eq 17", "--full"))
    assert unwrapped("Uses Eq (9). Used by Eq (18), concentration-step. Takes only notation from Eq (16).") in said
    both = unwrapped(shown(capsys, "Theorem 4.6", "--full"))
    assert unwrapped("Eq (87), Eq (89).") in both
    assert unwrapped("Asks about Theorem 4.6.") in both
    assert "What that uses" not in shown(capsys, "Section 3.2", "--full")


ANSWERED = ["Theorem 4.2", "Theorem 4.4", "Theorem 4.6", "Corollary 4.5", "Section 5", "Table 5", "Table 6", "Eq 17"]


@pytest.mark.parametrize("query", [*ANSWERED, "A.6.2", "thm-mim-more-robust", "eq-gradient-of-alignment-loss"])
def test_an_answer_fits_about_one_screen_and_full_says_more(query, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = shown(capsys, query)
    assert len(text.splitlines()) <= 50
    assert "--full" in text
    assert len(shown(capsys, query, "--full")) > len(text)


@pytest.mark.parametrize("query", ANSWERED)
def test_an_answer_says_whether_it_holds_under_which_readings_and_what_is_true_instead(query, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text, found = unwrapped(shown(capsys, query)), shown_json(capsys, query)
    for item in found["items"]:
        assert unwrapped(f"{item['answer']} {item['count']}") in text
    said = [s for s in found["statements"] if f"({s['key']})" in text and s["kind"] != "corrected"]
    assert len(said) >= min(3, len([s for s in found["statements"] if s["kind"] != "corrected"]))
    for s in said:
        assert unwrapped(f"{s['status']} {'any reading' if s['reading'] == 'any' else s['reading']}") in text
    asked = {s["key"] for s in found["statements"] if s["kind"] != "corrected"}
    assert ("Trueinstead:-" in text) == bool(set(found["instead"]) - asked)


@pytest.mark.parametrize("item", [i for i in items.load() if i.mends], ids=lambda item: item.key)
def test_what_would_mend_an_item_comes_first_of_what_is_true_instead(item, capsys):
    assert dssl("show", item.key) == 0
    said = capsys.readouterr().out.split("True instead:")[1]
    assert re.search(r"\((\S+\.\S+)\)", said)[1] == item.mends[0]  # type: ignore[index]


def test_what_there_is_no_room_for_is_counted(capsys):
    text = shown(capsys, "Theorem 4.4")
    found = shown_json(capsys, "Theorem 4.4")["statements"]
    asked = [s["key"] for s in found if s["kind"] != "corrected"]
    left = [key for key in asked if f"({key})" not in text]
    assert f"... and {len(left)} more (" in text
    assert 0 < len(left) < len(asked)


@pytest.mark.parametrize("arguments", [("Theorem 4.4",), ("Theorem 4.4", "--full"), ("--all",)], ids=" ".join)
def test_a_reader_who_leaves_gets_no_complaint(arguments):
    """As `dssl show ... | head -1` is when `head` is quick: nobody reads the pipe any more."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "dssl", "show", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 141  # what a shell makes of a broken pipe; 1 would be an error of ours


def test_several_arguments_are_one_question(capsys):
    assert shown(capsys, "Theorem", "4.4") == shown(capsys, "Theorem 4.4")


def test_many_statements_found_by_words_are_listed_with_how_many_more_there_are(capsys):
    text = shown(capsys, "sensitivity")
    lines = [line for line in text.splitlines() if line.split() and line.split()[0] in ROWS]
    assert len(lines) == 20
    assert f"and {len(shown_json(capsys, 'sensitivity')['statements']) - 20} more" in text


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("width", [60, 80, 33])
def test_text_wraps_at_the_terminals_width_and_nothing_is_cut(query, width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    words = query.split(" --")
    arguments = [words[0], *(f"--{option}" for option in words[1:])]
    narrow = shown(capsys, *arguments)
    assert max(len(line) for line in narrow.splitlines()) <= width
    assert "…" not in narrow
    monkeypatch.setenv("COLUMNS", "100")
    assert unwrapped(narrow) == unwrapped(shown(capsys, *arguments))


def test_a_statement_with_a_domain_says_where_it_holds(capsys):
    text = unwrapped(shown(capsys, "thm42-bounds.fl-upper"))
    assert unwrapped(f"where {ROWS['thm42-bounds.fl-upper']['given']}") in text
    assert "where" not in [line[2:14].strip() for line in shown(capsys, FAILS).splitlines()]


def test_what_stands_beside_a_label_stays_beside_it(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    head, *rest = shown(capsys, FAILS).splitlines()
    assert head == f"{FAILS}  VIOLATED"
    assert len(rest) > 12
    assert all(line.startswith(" " * 16) or line[2:14].strip() in LABELS for line in rest)


def test_all_lists_every_statement(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    text = shown(capsys, "--all")
    assert {line.split()[0] for line in text.splitlines() if line and line.split()[0] in ROWS} == set(ROWS)
    assert max(len(line) for line in text.splitlines()) <= 60
    every = json.loads(shown(capsys, "--all", "--json"))
    assert [s["key"] for s in every] == list(ROWS)
    for s in every:
        assert tuple(s) == (*show.FIELDS, "attacks")
        row = ROWS[s["key"]]
        assert s["kind"] == row["statement"]
        assert all(s[name] == row[name] for name in s if name not in ("kind", "attacks"))


def shown_json(capsys, *arguments: str):
    return json.loads(shown(capsys, *arguments, "--json"))


def test_json_has_what_the_text_has(capsys):
    found = shown_json(capsys, "Eq 17")
    assert found["query"] == "Eq 17"
    assert [i["key"] for i in found["items"]] == ["eq-17"]
    links = {"uses", "repeats", "notation", "examines"}
    assert set(found["items"][0]) == {"key", "where", "printed", "outcome", "answer", "count", *links}
    assert (found["items"][0]["uses"], found["items"][0]["notation"]) == (["eq-9"], ["eq-16"])
    assert found["items"][0]["outcome"] == "fails"
    assert [set(c) for c in found["claims"]] == [{"id", "title", "source", "items", "question"}]
    assert found["statements"]
    named = {k for s in found["statements"] if isinstance(s["instead"], list) for k in s["instead"]}
    assert set(found["instead"]) == named


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Theorem 4.5",), "Corollary 4.5"),
        (("thm-mim-mor-robust",), "thm-mim-more-robust"),
        (("complementery", "masks"), "complementary"),
        ((), "Theorem 4.4"),
        (("--all", "Eq 17"), "--all"),
        (("--all", "--full"), "--full"),
        (("Eq 17", "--recorded", "nope.json"), "nope.json"),
    ],
)
def test_a_mistake_gets_one_sentence_and_exit_code_2(arguments, says, capsys):
    assert dssl("show", *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err
    assert len(told.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "Eq 17"),
        ("verify",),
        ("verify", "--claim", "eq-stationary-gram"),
        ("verify", "--reword"),
        ("report", "--out", "report.html"),
        ("readme", "--path", "README.md"),
        ("constants", "--check"),
    ],
    ids=" ".join,
)
def test_a_missing_record_is_named_with_how_to_get_it_and_never_to_be_accepted_anew(
    arguments, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("as it was")
    assert dssl(*arguments, "--recorded", "nope.json") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "nope.json" in told.err
    assert "git checkout" in told.err
    assert "--accept" not in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "as it was"


def test_showing_imports_no_mathematics_and_no_claim():
    code = (
        "import sys\nfrom dssl.cli.main import main\n"
        "try:\n    main(['show', 'Theorem', '4.4'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "thm44.both-averaged" in done.stdout
    loaded = set(done.stderr.split())
    assert "ledger" in loaded
    assert not loaded & {
        "jax",
        "jaxlib",
        "sympy",
        "numpy",
        "scipy",
        "theory",
        "sims",
        "claims",
        "experiments",
        "typeguard",
    }


def test_an_older_record_is_shown_as_far_as_it_goes(capsys, tmp_path):
    old = tmp_path / "verdicts.json"
    rows = [{k: v for k, v in r.items() if k not in ("instead", "source")} for r in ROWS.values()]
    old.write_text(store.dumps({"schema": 2, "counts": {}, "verdicts": rows}))
    for query in (FAILS, "def-representability", "Theorem 4.4"):
        assert "not on record" in shown(capsys, query, "--full", "--recorded", str(old))
        assert shown(capsys, query, "--recorded", str(old))


def without_round_off(text: str) -> str:
    """The text without margins such as -5e-15, of which only round-off is left: it differs between machines."""
    return re.sub(r"margin -?[\d.]+e-1\d", "margin 0", text)


def test_verify_prints_the_same_for_a_claim_a_number_and_a_key_and_decides_no_more(capsys):
    for query in (("def41.entries-sum",), ("Definition", "4.1"), ("def-representability",)):
        assert dssl("verify", "--claim", *query, "--workers", "1") == 0
        told = capsys.readouterr()
        assert without_round_off(told.out) == without_round_off(shown(capsys, *query, "--full"))
    assert dssl("verify", "--claim", "def41.entries-sum", "--workers", "1", "--json", "-") == 0
    assert [r["key"] for r in json.loads(capsys.readouterr().out)["verdicts"]] == ["def41.entries-sum"]


def test_accepting_one_key_keeps_the_other_statements_of_its_claim(capsys, tmp_path):
    record = tmp_path / "verdicts.json"
    rows = [r for r in ROWS.values() if r["claim"] == "def-representability"]
    wrong = [{**r, "status": "INCONCLUSIVE"} for r in rows]
    record.write_text(verdicts.text(wrong, verdicts.read().claims))
    options = ("--recorded", str(record), "--workers", "1")
    assert dssl("verify", "--claim", "def41.entries-sum", *options) == 1
    assert "1 verdict moved" in capsys.readouterr().err
    assert dssl("verify", "--claim", "def41.entries-sum", *options, "--accept") == 0
    found = {r["key"]: r["status"] for r in verdicts.recorded(record)}
    assert found == {r["key"]: "HOLDS" if r["key"] == "def41.entries-sum" else "INCONCLUSIVE" for r in rows}


def test_what_is_not_on_record_yet_is_found_in_the_code(capsys, tmp_path):
    record = tmp_path / "verdicts.json"
    kept = [r for r in ROWS.values() if r["key"] == "def41.any-basis"]
    record.write_text(verdicts.text(kept, {}))
    options = ("--recorded", str(record), "--workers", "1")
    for query, n in (("def41.entries-sum", 1), ("def-representability", 3)):
        assert dssl("verify", "--claim", query, *options) == 1
        told = capsys.readouterr()
        assert "def41.entries-sum  HOLDS" in told.out
        assert told.err.count("- absent") == n


def test_rewording_decides_nothing(capsys, tmp_path, monkeypatch):
    from ledger import workers

    monkeypatch.setattr(workers, "decide", lambda *_: pytest.fail("a statement was decided"))
    record = tmp_path / "verdicts.json"
    other = {"text": "Other words.", "reading": "another", "source": "nowhere", "instead": None, "status": "PENDING"}
    rows = [{**r, **other} for r in ROWS.values()]
    rows[0]["key"] = "gone.from-the-code"
    record.write_text(verdicts.text(rows, {}))
    assert dssl("verify", "--reword", "--recorded", str(record)) == 0
    told = capsys.readouterr().err
    assert "gone.from-the-code" in told
    assert next(iter(ROWS)) in told
    found = verdicts.read(record)
    assert found.rows == [{**r, "status": "PENDING"} for r in list(ROWS.values())[1:]]
    assert found.claims == verdicts.read().claims
    assert dssl("verify", "--reword", "--accept", "--recorded", str(record)) == 2
