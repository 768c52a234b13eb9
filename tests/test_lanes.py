"""Every test is in one lane; lanes are told from what was measured, and rooms from what has changed."""

import json
import pathlib
import subprocess
import sys

import pytest

from tests import lanes

LISTED = lanes.recorded()
COLLECT = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]


def collected(*arguments: str) -> set[str]:
    done = subprocess.run([*COLLECT, *arguments], cwd=lanes.ROOT, capture_output=True, text=True, check=True)
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_no_test_is_dropped_and_none_is_in_two_lanes():
    every = collected()
    by_lane = [collected("--lane", lane) for lane in lanes.LANES]
    assert every == set().union(*by_lane)
    assert len(every) == sum(map(len, by_lane))
    assert all(by_lane)
    assert {lanes.function_of(node) for node in every} >= set(LISTED), "run `make lanes`: listed tests are gone"


def test_lanes_count_every_test_that_was_collected(counted, request):
    if request.config.getoption("keyword") or request.config.args != request.config.getini("testpaths"):
        pytest.skip("only some tests were asked for")
    assert set(counted) == set(lanes.LANES)


def test_the_cheapest_functions_come_first_and_a_slow_case_is_never_quick():
    half = lanes.BUDGETS["check"] / 2
    seconds = {
        "a.py::cheap[0]": 0.1,
        "a.py::cheap[1]": 0.2,
        "a.py::one_slow_case": lanes.ONE_CASE,
        **{f"a.py::many[{i}]": half / 100 for i in range(100)},
        **{f"a.py::too_many[{i}]": 1.5 * half / 200 for i in range(200)},
        "a.py::hours": lanes.BUDGETS["test"] + 1,
    }
    found = lanes.assigned(seconds)
    assert {function: lane for function, (lane, _) in found.items()} == {
        "a.py::one_slow_case": "test",
        "a.py::too_many": "test",
        "a.py::hours": "audit",
    }


def test_the_record_is_written_the_way_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(lanes, "RECORD", tmp_path / "lanes.json")
    seconds = tmp_path / "gw0.json"
    seconds.write_text(json.dumps({"a.py::slow": 5.0, "a.py::quick": 0.1}))
    lanes.main([str(seconds)])
    assert lanes.recorded(tmp_path / "lanes.json") == {"a.py::slow": "test"}


@pytest.mark.parametrize(
    ("files", "node", "is_in"),
    [
        (["theory/networks/mixing.py"], "tests/theory/networks/test_mixing.py", True),
        (["theory/networks/mixing.py"], "tests/theory/training/test_consensus.py", False),
        (["tests/theory/training/test_consensus.py"], "tests/theory/training/test_consensus.py", True),
        (["sims/pretraining/descent.py"], "tests/sims/pretraining/methods/test_mae.py", True),
        (["README.md"], "tests/theory/training/test_consensus.py", False),
        (["README.md", "tests/conftest.py"], "tests/theory/training/test_consensus.py", True),
    ],
)
def test_a_room_is_tested_where_its_files_changed(files, node, is_in):
    assert lanes.is_in(node, lanes.rooms_of(files)) is is_in


def test_without_a_branch_to_compare_with_the_last_commit_counts(tmp_path, monkeypatch):
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(lanes, "ROOT", tmp_path)
    git("init", "-q")
    for name in ("first", "second"):
        pathlib.Path(tmp_path, name).mkdir()
        pathlib.Path(tmp_path, name, "a.py").write_text("")
        git("add", "-A")
        git("commit", "-qm", name)
    assert lanes.changed_rooms() == {"tests/second"}
