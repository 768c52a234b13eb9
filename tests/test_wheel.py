"""A wheel works away from the checkout: its code, its records and the files that its code reads are all in it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What the interpreter adds to the import path on its own: neither the checkout nor an editable installation of it.
CLEAN = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}


def setup_names() -> tuple[str, ...]:
    """The top-level packages that `setup.py` puts into a wheel."""
    lines = (ROOT / "setup.py").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith("OURS = "))
    return tuple(line.partition("(")[2].rstrip(")").replace('"', "").split(", "))


def test_every_package_of_the_checkout_is_carried():
    not_carried = {"benchmarks", "notebooks", "tests", "docs", "results", "examples"}
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert set(setup_names()) == packages - not_carried


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    major = int(version("setuptools").split(".")[0])
    assert major >= 77, f"setuptools >= 77 builds the wheel; this is {major}. Run `make test`, which installs it."
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    # A copy, because building leaves a folder beside the code, and because an old one would be built in again.
    for name in setup_names():
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "results", source / "results", ignore=shutil.ignore_patterns("*.svg", "report.html"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", out, source], check=True, timeout=300)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An environment that holds the wheel alone; other packages come from that of the tests, after its own."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    libraries = pathlib.Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    command = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "-q", "--no-deps"]
    subprocess.run([*command, "--no-index", wheel], check=True, timeout=300)
    # A path alone in a .pth is added without reading the .pth files there, and so without an editable installation.
    (libraries / "tests.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")) + "\n")
    return folder


def run(environment: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
    outside = environment / "elsewhere"
    outside.mkdir(exist_ok=True)
    return subprocess.run(
        [environment / "bin" / arguments[0], *arguments[1:]],
        cwd=outside,
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_the_wheel_carries_what_its_code_reads(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = {p.relative_to(ROOT / "results") for p in (ROOT / "results").rglob("*.json*")}
    assert {f"runtime/results/{p.as_posix()}" for p in tracked} <= names
    read = ("*.toml", "*.bib", "*.txt", "*.npz", "*.j2")
    files = {p.relative_to(ROOT).as_posix() for top in setup_names() for kind in read for p in (ROOT / top).rglob(kind)}
    assert "claims/ledger.toml" in files
    assert files <= names
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == set(setup_names())
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_modules_that_run_are_those_of_the_wheel(environment):
    program = "import dssl, runtime.store as s; print(dssl.__file__); print(s.VERDICTS, s.VERDICTS.exists())"
    done = run(environment, "python", "-c", program)
    assert done.returncode == 0, done.stderr
    code, record = done.stdout.splitlines()
    assert code.startswith(str(environment))
    assert record.startswith(str(environment))
    assert record.endswith("True")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("compute", "sigma_star", "n_clients=4", "dim=64", "--json"), '"value": 0.815'),
        (("verify", "--claim", "def-representability", "--workers", "1"), "are the recorded ones"),
        (("show", "Theorem 4.4"), "thm44."),
    ],
)
def test_commands_run_from_the_wheel(environment, arguments, says):
    done = run(environment, "dssl", *arguments)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout + done.stderr


@pytest.mark.slow
def test_a_command_of_the_wheel_finds_the_record_it_compares_with(environment):
    """Seen to fail: with the record gone, the same command no longer says that all is as recorded."""
    (record,) = environment.rglob("runtime/results/verdicts.json")
    content = record.read_text(encoding="utf-8")
    moved = json.loads(content)
    for row in moved["verdicts"]:
        row["status"] = "INCONCLUSIVE"
    record.write_text(json.dumps(moved), encoding="utf-8")
    try:
        done = run(environment, "dssl", "verify", "--claim", "def-representability", "--workers", "1")
    finally:
        record.write_text(content, encoding="utf-8")
    assert done.returncode == 1
    assert "INCONCLUSIVE" in done.stderr
