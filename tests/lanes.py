"""Which tests run when: the lanes `check`, `test` and `audit`, and the rooms that a change touches.

`tests/lanes.json` lists the test functions that are not quick, with the seconds of CPU time that they took together
and the lane that follows from it; a function that is not listed is in `check`. `make lanes` measures and writes it.

- `check` answers while one works: functions whose cases are quick.
- `test` adds what a fresh checkout needs to be trusted.
- `audit` has the rest: powers of all checks, slow twins, whole trainings.
"""

import json
import pathlib
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping

LANES = ("check", "test", "audit")
ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests" / "lanes.json"
# Seconds of CPU time for all functions of a lane together. On two cores `make check` has three minutes, of which the
# checker of types and the collection of tests take two thirds; `make test` has ten with the installation.
BUDGETS = {"check": 50.0, "test": 360.0}
# By what they are, whatever they take: power of all checks, whole notebooks, pages in a browser, a wheel in an
# environment of its own.
ALWAYS_AUDIT = ("tests/ledger/test_power.py", "tests/notebooks/", "tests/in_browser/", "tests/test_wheel.py")
ONE_CASE = 1.0  # seconds of CPU time: a function with a slower case is not quick, however few its cases
SHARED = ("conftest.py", "pyproject.toml", "constraints.txt")  # whoever changes these runs all of `test`


def function_of(node: str) -> str:
    """The test function of a node: its id without the parameters."""
    return node.split("[", 1)[0]


def recorded() -> dict[str, str]:
    """The lane of every listed function."""
    return {function: lane for function, (lane, _) in json.loads(RECORD.read_text(encoding="utf-8")).items()}


def lane_of(node: str, listed: Mapping[str, str]) -> str:
    """The lane of a node: by what it is, by what was measured, or `check`."""
    return "audit" if node.startswith(ALWAYS_AUDIT) else listed.get(function_of(node), "check")


def is_wanted(node: str, wanted: Iterable[str], listed: Mapping[str, str], rooms: set[str] | None) -> bool:
    """Whether a node runs where these lanes were asked for, and lane `test` of the rooms that changed."""
    lane = lane_of(node, listed)
    return lane in wanted or (lane == "test" and is_in(node, rooms))


def assigned(seconds: Mapping[str, float]) -> dict[str, tuple[str, float]]:
    """The lane and the seconds of every function that is not in `check`, from the seconds of each node.

    Functions go into the first lane whose budget still holds them, the cheapest first.
    """
    cases: dict[str, list[float]] = defaultdict(list)
    for node, spent in seconds.items():
        cases[function_of(node)].append(spent)
    left, listed = dict(BUDGETS), {}
    for function, spent in sorted(cases.items(), key=lambda item: (sum(item[1]), item[0])):
        total = sum(spent)
        lane = next(
            (name for name in LANES[:-1] if total <= left[name] and (name != "check" or max(spent) < ONE_CASE)), "audit"
        )
        if lane in left:
            left[lane] -= total
        if lane != "check":
            listed[function] = (lane, round(total, 1))
    return dict(sorted(listed.items()))


def changed_rooms(base: str = "origin/main") -> set[str] | None:
    """The folders below `tests/` of the rooms that differ from `base`, also uncommitted; None where all may differ.

    Without that branch it is the last commit that counts.
    """
    known = subprocess.run(["git", "rev-parse", "-q", "--verify", base], cwd=ROOT, capture_output=True).returncode == 0
    against = ["git", "merge-base", base, "HEAD"] if known else ["git", "rev-parse", "HEAD~1"]
    start = subprocess.run(against, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    if not start:
        return None
    asked = (["git", "diff", "--name-only", start], ["git", "ls-files", "--others", "--exclude-standard"])
    files = [
        name
        for command in asked
        for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    ]
    return rooms_of(files)


def rooms_of(files: Iterable[str]) -> set[str] | None:
    """The folders below `tests/` that mirror the folders of these files; None where one of them concerns all."""
    rooms = set()
    for name in files:
        path = pathlib.PurePosixPath(name)
        if path.name in SHARED:
            return None
        if path.suffix in (".py", ".toml", ".j2", ".json", ".npz"):
            parts = path.parent.parts
            rooms.add("/".join(parts if parts[:1] == ("tests",) else ("tests", *parts)))
    return rooms


def is_in(node: str, rooms: set[str] | None) -> bool:
    """Whether a test lies in one of the rooms, or in a room inside one.

    Of a whole package only the tests directly in its folder count: those of all its rooms would take minutes.
    """
    folder = node.partition("::")[0].rpartition("/")[0]
    return rooms is None or any(
        folder == room or (room.count("/") > 1 and folder.startswith(f"{room}/")) for room in rooms
    )


def main(paths: list[str]) -> None:
    """Writes the record from files of seconds by node, as `--seconds-to` leaves them."""
    seconds: dict[str, float] = {}
    for path in paths:
        seconds |= json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    listed = assigned(seconds)
    lines = [f" {json.dumps(function)}: {json.dumps(list(lane))}" for function, lane in listed.items()]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    cost: dict[str, float] = dict.fromkeys(LANES, 0.0)
    for node, spent in seconds.items():
        cost[listed.get(function_of(node), ("check", 0.0))[0]] += spent
    print(", ".join(f"{lane}: {spent:.0f} s of CPU time" for lane, spent in cost.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
