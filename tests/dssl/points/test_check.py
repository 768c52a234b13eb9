"""`dssl check` and `dssl.check`: one statement at given points, exit codes, and bad use in one sentence."""

import json
import math
import re

import pytest

import dssl as package
from dssl.points import check
from ledger.checks.on_domain import Outcome
from ledger.verdicts import recorded
from runtime.usage import UsageError
from tests.command import answered

KEY = "thm42-bounds.fl-upper"
EXACT = ("a3.averaging-self-weight", "--at", "n_clients=5", "network=ring", "mixing=metropolis", "draw=1")
POINT = {
    "n_clients": 4,
    "dim": 64,
    "feature_dim": 4,
    "samples_per_client": 2000,
    "tau": 2.0,
    "mu": 0.2,
    "mask_ratio": 0.75,
}
AT = ("--at", *(f"{k}={v}" for k, v in POINT.items()))


def test_a_point_inside_is_measured(capsys):
    code, out, _ = answered(capsys, "check", KEY, *AT, "--json")
    (found,) = json.loads(out)["points"]
    assert code == 0
    assert (found["in_domain"], found["holds"]) == (True, True)
    assert 0 < found["measured"] < found["claimed"]
    assert found["standard_error"] > 0


def test_python_and_the_command_agree(capsys):
    _, out, _ = answered(capsys, "check", KEY, *AT, "--json")
    assert package.check(KEY, **POINT) == json.loads(out)["points"][0]


def test_a_point_outside_is_not_measured_and_exits_3(capsys):
    code, out, _ = answered(capsys, "check", KEY, *AT[:-1], "mask_ratio=1", "--json")
    (found,) = json.loads(out)["points"]
    assert code == 3
    assert found["in_domain"] is False
    assert found["holds"] is found["measured"] is None
    assert "mask_ratio < 1" in found["reason"]


def test_what_is_allowed_beyond_the_claim_is_shown(capsys):
    _, out, _ = answered(capsys, "check", KEY, *AT, "--json")
    (found,) = json.loads(out)["points"]
    assert found["allowed"] == found["resolution"]  # a promise with a probability counts draws, and allows no noise
    assert "allowed beyond the claim" in answered(capsys, "check", *EXACT)[1]


def test_too_few_draws_are_unresolved_and_exit_4(capsys):
    assert answered(capsys, "check", KEY, *AT, "--trials", "20")[0] == 4


def test_where_the_statement_fails_the_exit_code_is_1(capsys, monkeypatch):
    from theory.deficits import finite_sample

    true = finite_sample.deficit_bound
    too_small = lambda *args: finite_sample.BoundValue(0.3 * (true(*args).value or math.nan))  # noqa: E731
    monkeypatch.setattr("ledger.deficits.finite_sample_bounds.deficit_bound", too_small)
    code, out, _ = answered(capsys, "check", KEY, *AT)
    assert code == 1
    assert "draws break it" in out


def test_drawn_points_are_those_of_the_domain_and_repeat_with_the_seed(capsys):
    first = [json.loads(answered(capsys, "check", KEY, "--draw", "3", "--seed", "5", "--json")[1]) for _ in range(2)]
    assert first[0] == first[1]
    assert all(p["in_domain"] for p in first[0]["points"])
    assert first[0]["fails"] == 0


def test_a_batch_is_measured_in_one_process_and_the_worst_code_wins(capsys, tmp_path):
    batch = tmp_path / "points.json"
    batch.write_text(json.dumps([POINT, POINT | {"mask_ratio": 1.5}]))
    code, out, _ = answered(capsys, "check", KEY, "--batch", str(batch), "--json")
    assert code == 3
    assert [p["in_domain"] for p in json.loads(out)["points"]] == [True, False]


def test_without_a_point_the_domain_is_shown_with_a_line_to_try(capsys):
    code, out, _ = answered(capsys, "check", KEY)
    assert code == 0
    assert "0 < mask_ratio < 1" in out
    assert re.search(r"\d+% meet the conditions. Of as many settings of the paper's scaling", " ".join(out.split()))
    assert f"Try: dssl check {KEY} --at n_clients=" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("thm42-bounds.fl-uper", *AT), "nearest are thm42-bounds.fl-upper"),
        (("eq8.trace", *AT), "has no domain"),
        ((KEY, "--at", "dim=3"), "n_clients is missing"),
        ((KEY, *AT, "gamma=1"), "no parameter of this statement 'gamma'; the nearest valid are"),
        ((KEY, "--at", "nclients=3"), "'nclients'; the nearest valid are n_clients"),
        (("Theorem 4.2", *AT), "One statement was wanted; got 'Theorem 4.2', which has several: thm42.decl-"),
        ((KEY, *AT, "dim=3"), "given twice"),
        ((KEY, "--at", "dim"), "name=value"),
        ((KEY, *AT[:-1], "mask_ratio=much"), "mask_ratio"),
        ((KEY, *AT, "--draw", "3"), "--at and --draw"),
        ((KEY, "--draw", "0"), "--draw 0"),
        ((KEY, *AT, "--trials", "1"), "--trials 1"),
        ((KEY, *AT, "--seed", "-1"), "--seed -1"),
        ((*EXACT, "--trials", "10"), "draws nothing; got --trials 10"),
        ((*EXACT, "--seed", "3"), "draws nothing at random; got --seed 3"),
        ((KEY, "--json"), "Without a point"),
        ((KEY, "--batch", "nowhere.json"), "cannot be read"),
    ],
)
def test_bad_use_is_one_sentence_and_exit_code_2(capsys, arguments, says):
    code, out, err = answered(capsys, "check", *arguments)
    assert code == 2
    assert says in " ".join(err.split())
    assert "Traceback" not in err
    assert out == ""


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"dim": 3}]', "[[]]"])
def test_a_batch_that_is_no_list_of_points_is_refused(text):
    with pytest.raises(UsageError, match=r"batch"):
        check.from_json(check.domain_of(check.statement_of(KEY)), text)


@pytest.mark.parametrize(("codes", "worst"), [((0, 0), 0), ((0, 3), 3), ((3, 4), 4), ((4, 1, 3), 1), ((), 0)])
def test_a_failure_counts_before_what_is_not_known(codes, worst):
    def tested(code):
        if code == 3:
            return check.Tested({}, None)
        holds = {0: True, 1: False, 4: None}[code]
        return check.Tested({}, Outcome({}, 1.0, 1.0, 0.0, 0.0, holds))

    assert check.exit_code([tested(c) for c in codes]) == worst


def test_every_statement_on_record_that_says_where_it_holds_can_be_checked():
    keys = [r["key"] for r in recorded() if r["given"]]
    assert keys
    for key in keys:
        statement = check.statement_of(key)
        assert check.drawn(statement, 1, 0)
