"""The record of attacks: read, renewed, shown."""

import json

import pytest

from ledger import attack_record
from runtime.usage import UsageError
from tests.command import answered

ROW = {"key": "thm42-bounds.fl-upper", "date": "2026-01-02", "tried": 1234, "coverage": 0.97, "ratio": 0.84}


def test_a_renewed_record_keeps_the_other_statements_and_forgets_those_that_are_gone(tmp_path):
    path = tmp_path / "attacks.json"
    assert attack_record.recorded(path) == {}
    attack_record.renew(
        [ROW, ROW | {"key": "gone.now"}, ROW | {"key": "other.one"}], {ROW["key"], "gone.now", "other.one"}, path
    )
    attack_record.renew([ROW | {"tried": 9, "witness": None}], {ROW["key"], "other.one"}, path)
    found = attack_record.recorded(path)
    assert found.keys() == {ROW["key"], "other.one"}
    assert found[ROW["key"]] == ROW | {"tried": 9}


def test_an_attack_without_time_for_a_point_takes_no_place_on_record(tmp_path):
    path = tmp_path / "attacks.json"
    attack_record.renew([ROW], {ROW["key"]}, path)
    attack_record.renew([ROW | {"tried": 0, "ratio": None}], {ROW["key"]}, path)
    assert attack_record.recorded(path) == {ROW["key"]: ROW}


def test_one_statement_without_time_for_a_point_is_refused_and_among_many_it_is_said(capsys, monkeypatch, tmp_path):
    untried = ROW | {"tried": 0, "coverage": 0.0, "ratio": None, "seconds": 1.0, "witness": None, "check": None}
    monkeypatch.setattr("dssl.points.falsify.falsified", lambda *_: untried)
    code, _, err = answered(capsys, "falsify", ROW["key"], "--budget", "1s")
    assert (code, "too short for a single point" in err) == (2, True)
    monkeypatch.setattr("dssl.points.falsify.many", lambda *_: [untried])
    code, out, _ = answered(capsys, "falsify", "--all", "--budget", "1s", "--jobs", str(tmp_path))
    assert (code, f"not tried  {ROW['key']}" in out) == (0, True)


def test_several_statements_are_attacked_and_put_on_record_and_refuted_ones_are_not(capsys, monkeypatch, tmp_path):
    keys, refuted = [ROW["key"], "thm42-bounds.fl-lower"], "thm44.both-averaged"
    rows = [ROW | {"key": key, "seconds": 1.0, "witness": None, "check": None} for key in keys]
    asked = []
    monkeypatch.setattr("dssl.points.falsify.many", lambda keys, *_: (asked.append(keys), rows)[1])
    path = tmp_path / "attacks.json"
    code, out, _ = answered(capsys, "falsify", *keys, "--jobs", str(tmp_path), "--record", str(path))
    assert (code, asked, "0 of 2" in out) == (0, [keys], True)
    assert attack_record.recorded(path).keys() == set(keys)
    code, _, err = answered(capsys, "falsify", ROW["key"], refuted, "--record", str(path))
    assert (code, f"leave out {refuted}." in err) == (2, True)
    for wrong, said in ((["--jobs", "j"], "several"), (["--sample", "2"], "--all"), ([ROW["key"]], "given once")):
        code, _, err = answered(capsys, "falsify", ROW["key"], *wrong)
        assert (code, said in err) == (2, True)


@pytest.mark.parametrize("text", ["[]", '{"schema": 7, "attacks": []}', "{"])
def test_what_is_no_record_is_refused(tmp_path, text):
    path = tmp_path / "attacks.json"
    path.write_text(text)
    with pytest.raises(UsageError):
        attack_record.recorded(path)


def test_a_statement_is_shown_with_the_attack_it_survived(capsys, monkeypatch):
    monkeypatch.setattr(attack_record, "recorded", lambda: {ROW["key"]: ROW})
    _, out, _ = answered(capsys, "show", ROW["key"])
    assert "none of 1,234 points on 2026-01-02, in 97% of the cells" in " ".join(out.split())
    _, out, _ = answered(capsys, "show", ROW["key"], "--json")
    assert json.loads(out)["statements"][0]["attacks"] == {n: ROW[n] for n in ("date", "tried", "coverage", "ratio")}
