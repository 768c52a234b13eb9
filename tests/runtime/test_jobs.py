"""Jobs are done once, by one process each; whatever was killed is done again, and nothing else."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime import jobs
from runtime.usage import UsageError

HERE = pathlib.Path(__file__).parent
SPECS = [{"n": n} for n in range(6)]
# Each job writes its number to a list, waits, and gives its square; run in a process of its own, which may be killed.
SCRIPT = """
import pathlib, sys, time
from concurrent.futures import ThreadPoolExecutor
from runtime import jobs

def work(spec):
    with open(sys.argv[2], "a") as begun:
        begun.write(f"{spec['n']}\\n")
    time.sleep(float(sys.argv[3]))
    return spec["n"] ** 2

folder = jobs.Folder(pathlib.Path(sys.argv[1]), {"for": "a test"})
with ThreadPoolExecutor(1) as executor:
    for done in jobs.run(work, [{"n": n} for n in range(6)], folder, executor):
        print(done.result, flush=True)
"""


def squares(folder, specs=SPECS, work=lambda spec: spec["n"] ** 2):
    with ThreadPoolExecutor(2) as executor:
        return sorted(done.result for done in jobs.run(work, specs, folder, executor) if not done.error)


def test_equal_jobs_have_one_name_and_other_jobs_another():
    assert jobs.name({"a": 1, "b": [2.5, "x"]}) == jobs.name({"b": (2.5, "x"), "a": 1})
    assert jobs.name({"a": 1}) != jobs.name({"a": 2})


def test_a_job_is_done_once_however_often_it_is_asked_for(tmp_path):
    folder, asked = jobs.Folder(tmp_path, {}), []

    def work(spec):
        asked.append(spec["n"])
        return spec["n"] ** 2

    assert squares(folder, SPECS * 2, work) == squares(folder, SPECS, work) == [n**2 for n in range(6)]
    assert sorted(asked) == list(range(6))


def test_a_failed_job_is_told_and_tried_again(tmp_path):
    folder = jobs.Folder(tmp_path, {})

    def broken(spec):
        return 1 // (spec["n"] - 3)

    with ThreadPoolExecutor(2) as executor:
        failed = [d for d in jobs.run(broken, SPECS, folder, executor) if d.error]
    assert [d.spec for d in failed] == [{"n": 3}]
    assert "ZeroDivisionError" in failed[0].error
    assert folder.status(SPECS).failed == 1
    assert len(squares(folder)) == 6
    assert folder.status(SPECS).failed == 0


def test_a_damaged_result_is_made_again(tmp_path):
    folder = jobs.Folder(tmp_path, {})
    squares(folder)
    (tmp_path / f"{jobs.name(SPECS[2])}.json").write_text("{")
    assert folder.status(SPECS).done == 5
    assert squares(folder) == [n**2 for n in range(6)]


def test_a_folder_of_other_jobs_is_refused(tmp_path):
    jobs.Folder(tmp_path, {"for": "one thing"})
    with pytest.raises(UsageError, match="empty folder"):
        jobs.Folder(tmp_path, {"for": "another"})


def start(tmp_path, seconds):
    arguments = [sys.executable, "-c", SCRIPT, str(tmp_path / "jobs"), str(tmp_path / "begun"), str(seconds)]
    return subprocess.Popen(arguments, cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True)


def begun(tmp_path):
    path = tmp_path / "begun"
    return path.read_text().split() if path.exists() else []


def wait_until(is_so):
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_after_a_kill_only_the_job_that_was_under_way_is_begun_again(tmp_path):
    process = start(tmp_path, 0.3)
    wait_until(lambda: len(begun(tmp_path)) == 3)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert start(tmp_path, 0).communicate()[0].split() == ["0", "1", "4", "9", "16", "25"]
    # The third was under way, and nothing of it was kept.
    assert begun(tmp_path) == ["0", "1", "2", "2", "3", "4", "5"]


def test_two_commands_share_the_jobs_and_do_none_twice(tmp_path):
    both = [start(tmp_path, 0.05) for _ in range(2)]
    told = [line for process in both for line in process.communicate()[0].split()]
    assert sorted(begun(tmp_path)) == [str(n) for n in range(6)]
    assert {int(line) for line in told} == {n**2 for n in range(6)}


def test_a_job_under_way_elsewhere_is_counted_and_left_alone(tmp_path):
    process = start(tmp_path, 5)
    wait_until(lambda: begun(tmp_path))
    folder = jobs.Folder(tmp_path / "jobs", {"for": "a test"})
    assert folder.status(SPECS) == jobs.Status(6, 0, 0, 1, None)
    assert squares(folder) == [1, 4, 9, 16, 25]
    left = folder.status(SPECS)
    process.kill()
    process.communicate()
    assert (left.done, left.under_way) == (5, 1)
    assert left.seconds_left is not None
    assert folder.status(SPECS).under_way == 0
