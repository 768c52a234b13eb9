"""What a notebook computes, for the tests of what its text says: its cells are run once for a module of tests."""

import pathlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import jupytext
import matplotlib
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "notebooks"


@pytest.fixture(scope="module")
def ran() -> Iterator[Callable[[str], SimpleNamespace]]:
    """Runs the notebook whose name begins so, and gives its variables."""
    import matplotlib.pyplot as plt

    before, done = matplotlib.get_backend(), {}
    plt.switch_backend("agg")

    def run(number: str) -> SimpleNamespace:
        if number not in done:
            (source,) = FOLDER.glob(f"{number}_*.py")
            variables: dict[str, object] = {"__name__": "notebook"}
            for cell in jupytext.read(source).cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, source.name, "exec"), variables)
            done[number] = SimpleNamespace(**variables)
        return done[number]

    yield run
    plt.close("all")
    plt.switch_backend(before)
