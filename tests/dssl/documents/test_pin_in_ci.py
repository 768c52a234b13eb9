"""The recipes that pin a result in another project, as the page has them: green, and red once a result moves."""

import json
import pathlib
import re
import shutil
from typing import Any

import pytest
import yaml

from dssl.documents.examples import carried_out, in_a_shell
from ledger import verdicts
from runtime import store
from runtime.usage import UsageError

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "site" / "how_to" / "pin_in_ci.md").read_text(encoding="utf-8")
WORKFLOW, HOOKS = (yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.M | re.S))
(JOB,) = WORKFLOW["jobs"].values()
STEPS: list[dict[str, Any]] = JOB["steps"]
RUN = [step["run"] for step in STEPS if "run" in step]
ENTRIES = [hook["entry"] for hook in HOOKS["repos"][0]["hooks"]]
OWN = "eq_my_noise"


def test_the_workflow_installs_the_checkout_of_the_commit_with_its_constraints():
    mine, theirs, python = (step for step in STEPS if "uses" in step)
    assert "with" not in mine
    folder = theirs["with"]["path"]
    assert {"repository", "ref"} <= set(theirs["with"])
    assert python["with"]["python-version"] >= "3.11"
    assert RUN[0] == f"pip install -c {folder}/constraints.txt ./{folder}"
    assert (ROOT / "constraints.txt").exists()
    assert all(entry in RUN for entry in ENTRIES)  # pre-commit runs what the workflow runs


class Project:
    """A scratch project with the files of the page, and its checks: one after the other, as CI runs them."""

    def __init__(self, folder: pathlib.Path, tools: pathlib.Path) -> None:
        self.folder, self.tools = folder, tools
        tools.mkdir()
        carried_out(TEXT, folder, ROOT)  # writes the claim, and its record
        self.expected = json.loads((folder / "sigma.json").read_text(encoding="utf-8"))["value"]

    def red(self, commands: list[str], ledger: pathlib.Path = ROOT) -> list[str]:
        """Those of the commands that fail, with dssl's code in `ledger`."""
        act, failed = in_a_shell(self.tools, ledger), []
        assert JOB["env"] == {"EXPECTED": "NUMBER"}
        for command in commands:
            try:
                act(f"export EXPECTED={self.expected!r}; {command}", self.folder)
            except UsageError:
                failed.append(command)
        return failed


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("bin") / "tools")


def named(*parts: str) -> list[str]:
    """The commands of the workflow that contain one of these."""
    found = [command for command in RUN if any(part in command for part in parts)]
    assert len(found) == len(parts)
    return found


def test_all_checks_are_green_as_they_stand(project):
    assert (project.folder / f"{OWN}.json").exists()
    assert project.red(RUN[1:]) == []
    assert project.red(ENTRIES) == []


def test_a_number_that_the_project_pins_turns_red_once_it_is_another(project, monkeypatch):
    check = named("EXPECTED")
    assert project.red(check) == []
    monkeypatch.setattr(project, "expected", project.expected + 1e-8)
    assert project.red(check) == check


def test_a_claim_of_the_projects_own_turns_red_once_it_says_something_else(project):
    path, check = project.folder / f"{OWN}.py", named("--claims")
    text = path.read_text(encoding="utf-8")
    assert text.count("sp.sqrt(1095) / 15") == 1
    path.write_text(text.replace("sp.sqrt(1095) / 15", "sp.sqrt(1096) / 15"), encoding="utf-8")
    try:
        assert project.red(check) == check
    finally:
        path.write_text(text, encoding="utf-8")


def test_a_formula_of_the_ledger_that_moves_turns_all_three_red(project, tmp_path):
    """dssl is a copy in which one factor is changed."""
    for name in ("theory", "sims", "runtime", "experiments", "ledger", "claims", "figures", "dssl", "results"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "theory" / "deficits" / "critical_noise.py"
    text = path.read_text(encoding="utf-8")
    factor = "(1 + spectrum_unevenness(scope)) / (2 * PI)"
    assert text.count(factor) == 1
    path.write_text(
        text.replace(factor, factor.replace("(2 *", "(2 * sp.Rational(1000001, 1000000) *")), encoding="utf-8"
    )
    compute = named("dssl compute")
    assert project.red(compute, tmp_path) == []  # computes anew, with the changed formula
    wanted = named("dssl constants", "EXPECTED", "--claims")
    try:
        assert project.red(wanted, tmp_path) == wanted
    finally:
        assert project.red(compute) == []


def test_a_statement_of_the_ledger_turns_red_once_its_verdict_is_not_the_recorded_one(project):
    (check,) = named("dssl verify --claim ")
    key = check.split()[-1]
    record = verdicts.read(store.VERDICTS)
    (row,) = [r for r in record.rows if r["key"] == key]
    other = "HOLDS" if row["status"] != "HOLDS" else "VIOLATED"
    rows = [{**r, "status": other, "reason": "another"} if r is row else r for r in record.rows]
    (project.folder / "moved.json").write_text(verdicts.text(rows, record.claims), encoding="utf-8")
    moved = f"{check} --recorded moved.json"
    assert project.red([moved]) == [moved]
