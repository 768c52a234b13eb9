"""The recipes of CONTRIBUTING.md work: all of them are carried out in a copy of the checkout."""

import pathlib
import re
import shutil
import subprocess

import pytest

from dssl.documents.examples import carried_out

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]


def title(recipe: str) -> str:
    return recipe.partition("\n")[0]


def test_every_kind_of_thing_has_a_recipe():
    wanted = {"claim", "network", "loss", "method of pre-training", "dataset", "figure", "quantity to the calculator"}
    assert {title(recipe).removeprefix("Add a ") for recipe in RECIPES} == wanted


@pytest.mark.parametrize("recipe", RECIPES, ids=title)
def test_a_recipe_writes_a_file_that_is_not_there_and_ends_in_a_command(recipe):
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", recipe, re.MULTILINE | re.DOTALL)
    assert blocks[-1][0] == "console"
    paths = [body.partition("\n")[0].removeprefix("# ") for language, body in blocks if language == "python"]
    assert paths
    assert all((ROOT / path).parent.is_dir() and not (ROOT / path).exists() for path in paths)


def test_every_make_target_that_is_named_exists():
    named = set(re.findall(r"`make (\w+)", TEXT + (ROOT / "README.md").read_text(encoding="utf-8")))
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"check", "test", "audit"} <= named <= targets


@pytest.mark.slow
def test_all_recipes_work_in_a_copy_of_the_checkout(tmp_path):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).is_file(), listed.splitlines()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    outputs = carried_out(TEXT, tmp_path, tmp_path)
    assert "ref-three-axes" in (tmp_path / "results" / "verdicts.json").read_text(encoding="utf-8")
    assert "1 passed" in outputs
    assert "(200, 8, 8, 1)" in outputs
    assert (tmp_path / "results" / "figures" / "ring_gap.png").exists()
