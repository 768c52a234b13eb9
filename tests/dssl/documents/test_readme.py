"""README.md and docs/verdicts.md say what the records say, and the examples print what stands there."""

import pathlib
import re

import pytest

from claims import catalogue
from dssl.cli.main import main
from dssl.documents import readme
from dssl.documents.examples import commands, with_outputs
from ledger import verdicts
from ledger.report import verdict_page
from ledger.status import KINDS, Evidence, Status
from runtime import store
from runtime.usage import UsageError

ROOT = pathlib.Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ("README.md", "ARTIFACT.md", "CONTRIBUTING.md", "docs/verdicts.md")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
# Another processor's linear algebra moves the last digits of sums, and a little more of trained models.
SAME_NUMBER = 1e-2
ROUND_OFF = 1e-9
MADE = (".venv/", "build/")  # what a command makes is not there in a fresh checkout


def alike(found: str, expected: str) -> bool:
    """Whether two texts agree but for spaces and the last digits of numbers."""
    words = [NUMBER.sub("#", text).split() for text in (found, expected)]
    numbers = [[float(n) for n in NUMBER.findall(text)] for text in (found, expected)]
    return words[0] == words[1] and numbers[0] == pytest.approx(numbers[1], rel=SAME_NUMBER, abs=ROUND_OFF)


def test_alike_forgives_round_off_and_nothing_else():
    assert alike("a 1.0000001  b", "a 1 b")
    assert alike("[0.0, 9e-65]", "[0.0, 0.0]")
    assert not alike("a 1.1 b", "a 1 b")
    assert not alike("a 1 b", "a 1 c")
    assert not alike("a 1", "a 1 2")


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    return readme.blocks(verdicts.recorded(), catalogue())


@pytest.mark.parametrize("name", ["tally", "picture", "findings", "encoders", "times", "training-times"])
def test_the_readme_says_what_the_records_say(name, blocks):
    begin, end = readme.markers(name)
    assert README.partition(begin)[2].partition(end)[0].strip() == blocks[name], "run `dssl readme`"


def test_the_page_of_verdicts_shows_the_record():
    claims = catalogue()
    page = verdict_page.page(verdicts.recorded(), claims, readme.files(claims))
    assert (ROOT / readme.VERDICTS_PAGE).read_text(encoding="utf-8") == page, "run `dssl readme`"


def test_every_status_and_kind_of_evidence_is_explained():
    page = (ROOT / readme.VERDICTS_PAGE).read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| (\w+) \| [A-Z].*\.? \|$", page, re.MULTILINE))
    assert explained >= {*Status, *Evidence, *KINDS}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    local = [link for link in LINK.findall(text) if "://" not in link]
    missing = [link for link in local if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES[:-1])
def test_every_file_that_is_named_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    words = {word for span in re.findall(r"`([^`\n]+)`", text) for word in span.split()}
    named = {word for word in words if re.fullmatch(r"(?:[\w.-]+/)+[\w.-]*", word) and not word.startswith(MADE)}
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_readings_are_named_in_words(page):
    """Verdicts were once listed under R1 to R9, which nobody could remember."""
    assert not re.findall(r"\bR[1-9]b?\b", (ROOT / page).read_text(encoding="utf-8").replace("by_r", ""))


def test_each_heading_that_the_contents_name_is_there():
    headings = {h.lower().replace(" ", "-") for h in re.findall(r"^## (.+)$", README, re.MULTILINE)}
    named = set(re.findall(r"\]\(#([\w-]+)\)", README))
    assert named <= headings
    assert headings <= named


def quick() -> str:
    """The README with the one example that takes a second."""
    return next(b for b in re.findall(r"^```console\n.*?^```$", README, re.M | re.S) if "compute deficit_bound" in b)


def test_an_example_prints_what_stands_there():
    assert alike(with_outputs(quick()), quick()), "run `dssl readme`"


def test_an_example_that_prints_something_else_is_noticed():
    assert not alike(with_outputs(quick()), quick().replace("0.0004", "0.0005"))


@pytest.mark.slow
def test_every_example_prints_what_stands_there():
    assert len(re.findall(r"^### ", README, re.MULTILINE)) == 6
    assert alike(with_outputs(README), README), "run `dssl readme`"


def test_an_example_without_its_output_is_filled_in_and_files_are_written(tmp_path):
    text = (
        "Text.\n```toml\n# run.toml\nsize = 3\n```\n```console\n$ cat run.toml\nold\n$ true\n$ echo two; echo 2\n```\n"
    )
    expected = text.replace("old\n", "size = 3\n").replace("echo 2\n", "echo 2\ntwo\n2\n")
    assert with_outputs(text) == expected
    assert commands("$ one\nout\n$ two\n") == ["one", "two"]


def test_an_example_that_fails_is_named_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    text = README.replace("$ python clients.py", "$ false")
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ran = []
    monkeypatch.setattr("dssl.documents.examples.in_a_shell", lambda *_: lambda command, _: fail_at_false(command, ran))
    with pytest.raises(SystemExit) as end:
        main(["readme"])
    assert end.value.code == 2
    assert "`false`" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == text
    assert not (tmp_path / "docs" / "verdicts.md").exists()


def fail_at_false(command: str, ran: list[str]) -> str:
    ran.append(command)
    if command == "false":
        raise UsageError("The example `false` ended with exit code 1.")
    return ""


def test_a_command_that_fails_in_a_pipe_is_noticed():
    with pytest.raises(UsageError, match="exit code 3"):
        with_outputs("```console\n$ (echo one; exit 3) | tail -n 1\n```\n")


def test_a_readme_without_markers_is_refused():
    with pytest.raises(UsageError, match="no markers for tally"):
        readme.with_blocks("# Title\n", {"tally": "text"})


def test_outside_the_folder_of_a_readme_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["readme", "--recorded", str(store.VERDICTS)])
    assert end.value.code == 2
    assert "README.md" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
