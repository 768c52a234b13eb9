"""Builds the notebooks that readers open from their percent-format sources, outputs included.

Run as `make notebooks`, or `python notebooks/build.py 03` for those whose names begin so.
"""

import pathlib
import sys

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = pathlib.Path(__file__).resolve().parent


def build(source: pathlib.Path) -> pathlib.Path:
    """Execute one source and write the notebook beside it, whole or not at all."""
    notebook = jupytext.read(source)
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"  # random ids would make every build a different file
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(HERE)}})
    client.record_timing = False
    client.coalesce_streams = True  # how a kernel cuts its output into pieces is chance
    client.execute()
    notebook.metadata.pop("jupytext", None)
    target = source.with_suffix(".ipynb")
    partial = target.with_suffix(".partial")
    nbformat.write(notebook, partial)
    partial.replace(target)
    return target


def main() -> None:
    """Build all notebooks, or those named on the command line."""
    wanted = tuple(sys.argv[1:]) or ("",)
    for source in sorted(HERE.glob("[0-9]*.py")):
        if source.name.startswith(wanted):
            print(build(source).name, flush=True)


if __name__ == "__main__":
    main()
