"""Commands write into the current directory or where they are told, never beside the package; a missing record is 2."""

import pytest

from ledger import constants as derived
from ledger.constants import Constant
from runtime import store
from tests.command import dssl

ONE = Constant("one", "1", "1.0", True, "here")
# Margins are recorded if there are any.
RECORDED = {name: value for name, value in vars(ONE).items() if name != "margins"}


def beside() -> dict[str, int]:
    """Every file beside the package and when it was written."""
    root = store.RESULTS.parent
    return {str(path): path.stat().st_mtime_ns for path in [*store.RESULTS.rglob("*"), root / "README.md"]}


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A directory with a results folder, in which the command runs; what lies beside the package must not move."""
    (tmp_path / "results" / "figures").mkdir(parents=True)
    (tmp_path / "README.md").write_text("<!-- verdicts:begin (generated: `dssl readme`) --><!-- verdicts:end -->")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(derived, "constants", lambda: [ONE])
    before = beside()
    yield tmp_path
    assert beside() == before


def test_report_readme_figures_and_constants_write_here(elsewhere):
    assert dssl("report") == 0
    assert (elsewhere / "results" / "report.html").stat().st_size > 10_000
    (elsewhere / "docs").mkdir()
    (elsewhere / "README.md").write_text((store.RESULTS.parent / "README.md").read_text())
    assert dssl("readme", "--no-examples") == 0
    assert "| claim |" in (elsewhere / "docs" / "verdicts.md").read_text()
    assert dssl("figures", "scaling") == 0
    written = sorted(path.name for path in (elsewhere / "results" / "figures").iterdir())
    assert written == ["scaling.png", "scaling.svg", "scaling.txt"]
    assert dssl("constants", "--accept") == 0
    assert derived.recorded(elsewhere / "results" / "constants.json") == [RECORDED]
    assert dssl("constants", "--check") == 1  # the record that comes with dssl has more constants than one


def test_a_record_made_again_is_written_here_and_drawn(elsewhere):
    assert dssl("figures", "scaling", "--rederive", "--tier", "quick") == 0
    names = {path.name for path in (elsewhere / "results" / "figures").iterdir()}
    assert names == {"scaling.json", "scaling.png", "scaling.svg", "scaling.txt"}


@pytest.mark.parametrize("arguments", [("report",), ("constants", "--accept"), ("figures", "scaling")])
def test_without_a_folder_of_results_a_command_says_so(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(derived, "constants", lambda: pytest.fail("derived before the place was looked at"))
    monkeypatch.chdir(tmp_path)
    assert dssl(*arguments) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "there is no folder" in err
    assert not list(tmp_path.iterdir())


def test_without_a_readme_it_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dssl("readme") == 2
    assert "README.md cannot be read" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ("constants", "--check", "--recorded", "nope.json"),
        ("figures", "scaling", "--folder", "."),
        ("evaluate", "nope"),
    ],
)
def test_a_missing_record_is_2_and_nothing_is_to_be_accepted(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dssl(*arguments) == 2
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "--accept" not in out + err
    assert "moved" not in out + err


@pytest.mark.parametrize("content", ["[]x", '{"schema": 9, "constants": []}', '{"schema": 1}', '{"schema": "1"}'])
def test_a_record_of_constants_that_cannot_be_read_is_one_sentence(content, tmp_path, capsys):
    path = tmp_path / "constants.json"
    path.write_text(content)
    assert dssl("constants", "--check", "--recorded", str(path)) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "--accept" not in err


def test_constants_of_before_schemas_are_read_alike(tmp_path):
    (tmp_path / "old.json").write_text(store.dumps([RECORDED]))
    (tmp_path / "new.json").write_text(store.rows(derived.document([ONE])))
    assert derived.recorded(tmp_path / "old.json") == derived.recorded(tmp_path / "new.json") == [RECORDED]
