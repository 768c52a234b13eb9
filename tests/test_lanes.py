"""Every test is in one lane; lanes are told from what was measured, and rooms from what has changed."""

import json
import pathlib
import subprocess
import sys
from collections import Counter

import pytest

from tests import lanes

LISTED = lanes.recorded()
NOT_ALL = "only some tests were asked for"


def is_whole(config: pytest.Config) -> bool:
    return not config.getoption("keyword") and config.args == config.getini("testpaths")


def test_every_test_is_in_one_lane(collected):
    """Asked for one lane after another, each test runs once: none is dropped, and none runs twice."""
    runs = Counter(node for lane in lanes.LANES for node in collected if lanes.is_wanted(node, [lane], LISTED, set()))
    assert runs == Counter(dict.fromkeys(collected, 1))


def test_lanes_count_every_test_and_list_no_other(collected, request):
    if not is_whole(request.config):
        pytest.skip(NOT_ALL)
    assert set(Counter(lanes.lane_of(node, LISTED) for node in collected)) == set(lanes.LANES)
    assert {lanes.function_of(node) for node in collected} >= set(LISTED), "run `make lanes`: listed tests are gone"


def test_the_option_runs_a_lane_and_leaves_out_the_others(tmp_path):
    """In a process of its own: a list that has one function of this file in `test`, and all others in `check`."""
    here, slow = "tests/test_lanes.py", "test_a_room_is_tested_where_its_files_changed"
    (tmp_path / "lanes.json").write_text(json.dumps({f"{here}::{slow}": ["test", 1.0]}))
    code = (
        "import pathlib, sys, pytest; from tests import lanes; lanes.RECORD = pathlib.Path(sys.argv[1]);"
        "sys.exit(pytest.main(sys.argv[2:]))"
    )
    found = {}
    for lane in lanes.LANES[:2]:
        asked = ("--collect-only", "-p", "no:cacheprovider", "--lane", lane, here)
        command = [sys.executable, "-c", code, str(tmp_path / "lanes.json"), *asked]
        done = subprocess.run(command, cwd=lanes.ROOT, capture_output=True, text=True, check=True)
        found[lane] = {lanes.function_of(line) for line in done.stdout.splitlines() if line.startswith(here)}
    assert found["test"] == {f"{here}::{slow}"}
    assert f"{here}::test_every_test_is_in_one_lane" in found["check"] - found["test"]


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
    assert lanes.recorded() == {"a.py::slow": "test"}


@pytest.mark.parametrize(
    ("files", "node", "is_in"),
    [
        (["theory/networks/mixing.py"], "tests/theory/networks/test_mixing.py", True),
        (["theory/networks/mixing.py"], "tests/theory/training/test_consensus.py", False),
        (["tests/theory/training/test_consensus.py"], "tests/theory/training/test_consensus.py", True),
        (["sims/pretraining/descent.py"], "tests/sims/pretraining/methods/test_mae.py", True),
        (["sims/class_shares.py"], "tests/sims/test_class_shares.py", True),
        (["sims/class_shares.py"], "tests/sims/pretraining/test_training.py", False),
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
