"""The command line: exit codes, one clear sentence for a mistake, and a record that survives being killed."""

import json
import signal
import subprocess
import sys
import time

import pytest

from dssl.documents.readme import markers
from ledger import verdicts
from ledger.constants import Constant, Moved
from ledger.verdicts import moves
from runtime import store
from tests.command import dssl

QUICK_CLAIM = "eq-stationary-gram"
FEW = [Constant(f"made_up at N={n}", "1", "1.0", True, "ledger") for n in (2, 3)]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dssl", *arguments]


def test_a_verdict_that_stands_exits_0_and_one_that_moved_exits_1_with_a_diff(tmp_path, capsys):
    record, found = tmp_path / "verdicts.json", tmp_path / "found.json"
    options = ("verify", "--claim", QUICK_CLAIM, "--recorded", str(record), "--workers", "1")
    record.write_text(store.dumps({"verdicts": []}))
    assert dssl(*options, "--json", str(found)) == 1
    assert "absent" in capsys.readouterr().err
    assert dssl(*options, "--accept") == 0
    before = record.read_bytes()
    assert dssl(*options) == 0
    assert record.read_bytes() == before
    content = json.loads(before)
    content["verdicts"][0]["status"] = "INCONCLUSIVE"
    record.write_text(json.dumps(content))
    capsys.readouterr()
    assert dssl(*options, "--json", str(found)) == 1
    assert "- INCONCLUSIVE" in capsys.readouterr().err
    written = json.loads(found.read_text())
    assert set(written["verdicts"][0]) >= {
        "claim", "reading", "statement", "status", "evidence", "tightness", "witness", "reason"
    }  # fmt: skip
    assert len(written["moved"]) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "--claim", "eq-stationary-gran"), QUICK_CLAIM),
        (("verify", "--claim", QUICK_CLAIM, "--workers", "0"), "--workers 0"),
        (("verify", "--claim", QUICK_CLAIM, "--json", "no/such/folder/x.json"), "no/such/folder"),
        (("compute", "sigma_sta"), "sigma_star"),
        (("compute",), "--list"),
        (("compute", "sigma_star", "n_client=3"), "n_clients"),
        (("compute", "sigma_star", "n_clients"), "key=value"),
        (("compute", "sigma_star", "n_clients=3", "n_clients=4"), "twice"),
        (("compute", "--batch", "no_such_file.json"), "no_such_file.json"),
        (("constants", "--check", "--accept"), "--check"),
        (("figures", "phase_diagran"), "phase_diagram"),
    ],
)
def test_a_mistake_gets_one_sentence_and_exit_code_2(arguments, says, capsys):
    assert dssl(*arguments) == 2
    message = capsys.readouterr().err
    assert says in message
    assert "Traceback" not in message
    assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pretrain", "--rounds", "many", "--out", "x"), "--rounds takes a whole number; got 'many'"),
        (("pretrain", "--preset", "desktop", "--out", "x"), "--preset is one of ci, laptop, paper; got 'desktop'"),
    ],
)
def test_what_may_be_left_out_is_parsed_as_if_it_must_be_given(arguments, says, capsys):
    assert dssl(*arguments) == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert says in told
    assert "None" not in told


@pytest.mark.parametrize("content", ["{", "[]", '{"verdicts": [1]}', '{"verdicts": [{"claim": "x"}]}'])
@pytest.mark.parametrize("use", ["verify", "report", "readme"])
def test_a_damaged_record_is_named_and_nothing_is_written(content, use, tmp_path, capsys):
    record, out = tmp_path / "record.json", tmp_path / "out"
    record.write_text(content)
    extra = {"verify": ("--claim", QUICK_CLAIM, "--json"), "report": ("--out",), "readme": ("--path",)}[use]
    if use == "readme":
        out.write_text("".join("".join(markers(name)) for name in ("tally", "picture", "findings", "encoders")))
        (tmp_path / "docs").mkdir()
    before = out.read_text() if out.exists() else None
    assert dssl(use, "--recorded", str(record), *extra, str(out)) == 2
    assert "record.json" in capsys.readouterr().err
    assert (out.read_text() if out.exists() else None) == before


def test_damaged_constants_are_named_before_any_is_derived(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ledger.constants.constants", lambda: pytest.fail("derived before the record was looked at"))
    record = tmp_path / "constants.json"
    record.write_text('[{"name": 1}]')
    assert dssl("constants", "--check", "--recorded", str(record)) == 2
    assert "constants.json" in capsys.readouterr().err


def test_an_unknown_tier_exits_2(capsys):
    assert dssl("verify", "--tier", "slow") == 2


def test_nothing_is_written_when_a_check_breaks(tmp_path, monkeypatch, capsys):
    from dssl.cli import verify
    from ledger.workers import Outcome

    record = tmp_path / "verdicts.json"
    monkeypatch.setattr(verify, "run", lambda *_, **__: iter([Outcome(QUICK_CLAIM, error="ZeroDivisionError")]))
    assert dssl("verify", "--claim", QUICK_CLAIM, "--recorded", str(record), "--accept") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert not record.exists()


@pytest.mark.parametrize("moved", [(), (Moved("made_up at N=2", "1.25", "1.26", "ledger"),)])
def test_a_moved_constant_is_told_and_fails(monkeypatch, capsys, moved):
    """Of no claim decided, so that nothing but the constants can fail."""
    from dssl.cli import verify
    from ledger.workers import CONSTANTS, Outcome

    asked = []

    def run(*_, constants, **__):
        asked.append(constants)
        return iter([Outcome(CONSTANTS, n_constants=7, moved=moved)])

    monkeypatch.setattr(verify, "run", run)
    monkeypatch.setattr(verify.verdicts, "moves", lambda *_, **__: [])
    assert dssl("verify") == int(bool(moved))
    said = capsys.readouterr().err
    assert asked == [store.CONSTANTS]
    assert ("made_up at N=2" in said and "1.26" in said and "1 of 7" in said) if moved else "All 7 derived" in said


def test_constants_are_computed_beside_the_claims(monkeypatch):
    from ledger import constants, workers

    damaged = [{**vars(c), "value": "0"} if i == 0 else vars(c) for i, c in enumerate(FEW)]
    monkeypatch.setattr(constants, "constants", lambda: FEW)
    monkeypatch.setattr(constants, "recorded", lambda path: damaged)
    found = workers.compute_constants(store.CONSTANTS)
    assert (found.n_constants, [m.name for m in found.moved], found.error) == (2, [FEW[0].name], "")


def test_a_damaged_record_of_constants_is_one_sentence_before_any_is_computed(tmp_path, monkeypatch):
    from ledger import constants, workers
    from runtime.usage import UsageError

    monkeypatch.setattr(constants, "constants", lambda: pytest.fail("computed before the record was looked at"))
    for text in (None, "[]x", '[{"name": 1}]'):
        record = tmp_path / "constants.json"
        if text is not None:
            record.write_text(text)
        with pytest.raises(UsageError, match=r"constants\.json"):
            workers.compute_constants(record)


@pytest.mark.parametrize("after", [0.3, 1.5])
def test_killed_at_any_moment_the_record_is_intact(tmp_path, after):
    record = tmp_path / "verdicts.json"
    old = store.dumps({"verdicts": []})
    record.write_text(old)
    process = subprocess.Popen(
        command("verify", "--claim", QUICK_CLAIM, "--recorded", str(record), "--accept"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    text = record.read_text()
    assert text == old or len(json.loads(text)["verdicts"]) > 0


def test_an_interrupted_run_exits_130_and_records_nothing(tmp_path, monkeypatch, capsys):
    from dssl.cli import verify

    def interrupted(*_, **__):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(verify, "run", interrupted)
    record = tmp_path / "verdicts.json"
    assert dssl("verify", "--claim", QUICK_CLAIM, "--recorded", str(record), "--accept") == 130
    assert not record.exists()


def row(status: str, text: str = "t", evidence: str = "PROVED") -> verdicts.Row:
    return {"key": f"c.{text}", "claim": "c", "reading": "any", "statement": "printed", "text": text, "status": status,
            "evidence": evidence, "reason": "because"}  # fmt: skip


def test_a_verdict_moves_with_its_status_its_evidence_its_arrival_and_its_loss():
    assert not moves([row("HOLDS")], [row("HOLDS")])
    assert moves([row("HOLDS")], [row("VIOLATED")])
    assert moves([row("HOLDS")], [row("HOLDS", evidence="SAMPLED")])
    assert [m.recorded for m in moves([], [row("HOLDS")])] == ["absent"]
    assert [m.found for m in moves([row("HOLDS")], [])] == ["absent"]
    assert not moves([row("HOLDS")], [], claims=["another"])


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ({"tightness": 0.5}, {"tightness": 0.5 / 1.3}, "tightness 0.5"),
        ({"tightness": 0.5}, {"tightness": 0.5005}, ""),
        ({"tightness": 1e-4}, {"tightness": 9e-4}, ""),  # of a bound that is nearly 0 only round-off may be left
        ({"margin": 1e-5}, {"margin": 1.3e-5}, "margin 1e-05"),
        ({"margin": -4e-16}, {"margin": 2e-16}, ""),
        ({"tightness": 0.5}, {"tightness": None}, "tightness 0.5"),
        ({"scale": {"points": 30}}, {"scale": {"points": 29}}, "scale.points 30"),
        ({"witness": {"n": [3, 0.25]}}, {"witness": {"n": [3, 0.3]}}, "witness.n[1] 0.25"),
        ({"witness": {"n": [3, 0.25]}}, {"witness": {"n": [3, 0.25, 1]}}, "witness.n [3, 0.25]"),
        ({"witness": {"network": "ring"}}, {"witness": {"network": "star"}}, "witness.network ring"),
        ({"witness": {"network": "ring"}}, {"witness": {"network": "ring", "n": 3}}, "witness {'network': 'ring'}"),
    ],
)
def test_in_one_tier_a_verdict_moves_with_its_numbers(before, after, seen):
    none = dict.fromkeys(("tightness", "margin", "scale", "witness"))
    old, new = [row("HOLDS") | none | before], [row("HOLDS") | none | after]
    assert not moves(old, new)  # two tiers have different numbers
    assert [m.recorded for m in moves(old, new, numbers=True)] == ([f"HOLDS (PROVED), {seen}"] if seen else [])


def test_numbers_of_the_full_tier_are_not_recorded(tmp_path, capsys):
    record = tmp_path / "verdicts.json"
    assert dssl("verify", "--claim", QUICK_CLAIM, "--tier", "full", "--accept", "--recorded", str(record)) == 2
    assert "quick tier" in capsys.readouterr().err
    assert not record.exists()


def test_accepting_one_claim_keeps_the_others():
    kept = verdicts.merged([{**row("HOLDS"), "claim": "other"}, row("VIOLATED")], [row("HOLDS")], ["c"])
    assert [(r["claim"], r["status"]) for r in kept] == [("c", "HOLDS"), ("other", "HOLDS")]
