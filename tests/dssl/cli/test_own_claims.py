"""`dssl verify --claims`: claims of another project, their record beside them, and what is no claim."""

import json
import pathlib

import pytest

from tests.command import answered

CLAIM = """
import sympy as sp

from ledger.checks.kinds import Identity
from ledger.statement import Claim, Statement
from theory.formula import Source

from {beside} import ROOT

CLAIM = Claim("{id}", "A root", (), Source("ledger", "our own"), (
    Statement("{key}", "expected", "The root of 4 is 2.", Identity(lambda: ROOT, lambda: sp.sqrt(4), "It is.")),
))
"""


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    beside = f"_beside_{abs(hash(tmp_path))}"  # a module is imported once for all tests
    for name, key in (("one_root", "root.one"), ("other_root", "root.other")):
        text = CLAIM.format(id=name.replace("_", "-"), key=key, beside=beside)
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / f"{beside}.py").write_text("ROOT = 2\n", encoding="utf-8")
    return tmp_path


def test_claims_of_a_folder_are_recorded_and_compared(folder, capsys):
    code, _, err = answered(capsys, "verify", "--claims", ".")
    assert (code, err) == (
        2,
        "verdicts.json is not there, so nothing is on record. Write it: dssl verify --claims . --accept.\n",
    )
    code, _, err = answered(capsys, "verify", "--claims", ".", "--accept")
    assert code == 0, err
    record = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    assert [row["key"] for row in record["verdicts"]] == ["root.one", "root.other"]
    code, _, err = answered(capsys, "verify", "--claims", ".")
    assert code == 0
    assert "All 2 verdicts are the recorded ones." in err
    assert "constants" not in err
    (beside,) = folder.glob("_beside*.py")
    beside.write_text("ROOT = 3\n", encoding="utf-8")
    code, _, err = answered(capsys, "verify", "--claims", ".")
    assert code == 1
    assert "2 verdicts moved" in err
    assert "dssl verify --claims . --accept" in " ".join(err.split())


def test_what_is_no_claim_is_one_sentence(folder, capsys):
    pathlib.Path("wrong.py").write_text("1 / 0\n", encoding="utf-8")
    pathlib.Path("empty.py").write_text("CLAIM = 1\n", encoding="utf-8")
    pathlib.Path("table.txt").write_text("CLAIM = 1\n", encoding="utf-8")
    pathlib.Path("renamed.py").write_text(pathlib.Path("one_root.py").read_text(encoding="utf-8"), encoding="utf-8")
    pathlib.Path("twice").mkdir()
    (beside,) = folder.glob("_beside*.py")
    for path in (beside, *folder.glob("o*_root.py")):
        text = path.read_text(encoding="utf-8").replace("root.other", "root.one")
        (pathlib.Path("twice") / path.name).write_text(text, encoding="utf-8")
    for asked, said in (
        (("nowhere",), "There is no nowhere."),
        (("table.txt",), "table.txt holds no claims."),
        (("wrong.py",), "cannot be imported (ZeroDivisionError: division by zero)"),
        (("empty.py",), "needs a CLAIM, a ledger.statement.Claim; got int."),
        (("renamed.py",), "must have the id 'renamed'; got 'one-root'."),
        (("twice",), "root.one is in one-root and in other-root; a key comes once."),
        (("one_root.py", "--claim", "root.one"), "--claim and --reword are for the claims of the paper"),
        (("one_root.py", "--recorded", "gone.json"), "gone.json is not there"),
    ):
        code, out, err = answered(capsys, "verify", "--claims", *asked)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert said in err
