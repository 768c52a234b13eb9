"""Every notebook runs from its source without a warning, and the built one holds the same cells and has outputs."""

import ast
import pathlib

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9]*.py"))
LONGEST_RUN = 90  # seconds for one cell; a notebook that takes longer in all is too long for a reader


IMPORTS = {"dssl", "numpy", "matplotlib"}
OWN_INPUTS = {"10": {"pandas", "networkx"}}  # what users bring their own data and networks in


def code_cells(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert SOURCES


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_a_notebook_runs_from_its_source(source):
    notebook = jupytext.read(source)
    first = nbformat.v4.new_code_cell("import warnings; warnings.simplefilter('error')")
    notebook.cells.insert(0, first)
    NotebookClient(
        notebook, timeout=LONGEST_RUN, kernel_name="python3", resources={"metadata": {"path": str(FOLDER.parent)}}
    ).execute()


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_the_built_notebook_is_built_from_the_source(source):
    built = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert code_cells(built) == code_cells(jupytext.read(source))
    assert any(cell.get("outputs") for cell in built.cells if cell.cell_type == "code")


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_a_notebook_imports_nothing_but_the_public_interface_and_asserts_nothing(source):
    nodes = [n for cell in code_cells(jupytext.read(source)) for n in ast.walk(ast.parse(cell))]
    modules = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    modules |= {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)}
    inner = {name for name in modules if name.startswith("dssl.")}
    assert {name.split(".")[0] for name in modules} <= IMPORTS | OWN_INPUTS.get(source.name[:2], set())
    assert not inner
    assert not [n for n in nodes if isinstance(n, ast.Assert)]
