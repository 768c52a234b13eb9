"""What `typings/` says of libraries without types is so: every name is there, and every parameter has that name."""

import ast
import importlib
import inspect
import pathlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg
import sklearn.decomposition
import sympy as sp

FOLDER = pathlib.Path(__file__).parents[1] / "typings"
STUBS = sorted(FOLDER.rglob("*.pyi"))
# Classes that give attributes to their instances alone.
INSTANCES = {
    scipy.optimize.OptimizeResult: scipy.optimize.minimize(lambda x: float(x @ x), np.ones(1)),
    scipy.sparse.coo_array: scipy.sparse.csr_array(np.eye(2)).tocoo(),
    scipy.sparse.csc_array: scipy.sparse.csr_array(np.eye(2)).tocsc(),
    scipy.sparse.csr_array: scipy.sparse.csr_array(np.eye(2)),
    scipy.sparse.sparray: scipy.sparse.csr_array(np.eye(2)),
    sklearn.decomposition.PCA: sklearn.decomposition.PCA(1).fit(np.eye(2)),
    sp.MatrixBase: sp.eye(2),
}


def untrue(stub: str, real: ModuleType) -> list[str]:
    """What a stub says that the module has not."""
    return sorted(set(_untrue(ast.parse(stub).body, real, real.__name__)))


def _untrue(body: list[ast.stmt], real: Any, name: str) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=said) | ast.ClassDef(name=said):
                pass
            case ast.AnnAssign(target=ast.Name(id=said)) | ast.Assign(targets=[ast.Name(id=said)]):
                pass
            case ast.ImportFrom(names=names):
                yield from (f"{name}.{a.asname}" for a in names if a.asname and not hasattr(real, a.asname))
                continue
            case _:
                continue
        if said.startswith("_") and not said.endswith("__"):
            continue  # the stub's own
        # Python iterates over what has these two.
        if said == "__iter__" and hasattr(real, "__getitem__") and hasattr(real, "__len__"):
            continue
        if not hasattr(real, said):
            yield f"{name}.{said}"
            continue
        its = getattr(real, said)
        if isinstance(node, ast.ClassDef):
            yield from _untrue(node.body, INSTANCES.get(its, its), f"{name}.{said}")
        elif isinstance(node, ast.FunctionDef) and (said in ("__init__", "__new__") or not said.endswith("__")):
            of = real if said.endswith("__") else its
            yield from (f"{name}.{said}({p})" for p in _unknown(node, of))


def _unknown(said: ast.FunctionDef, real: Any) -> list[str]:
    """Parameters, of those that a caller may name, that a function does not have."""
    try:
        known = inspect.signature(real if callable(real) else type(real)).parameters
    except (TypeError, ValueError):  # a property, or a function written in C
        return []
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values()):
        return []
    own = ("self", "cls")
    return [a.arg for a in (*said.args.args, *said.args.kwonlyargs) if a.arg not in own and a.arg not in known]


def said_wrongly(path: pathlib.Path) -> list[str]:
    parts = path.relative_to(FOLDER).with_suffix("").parts
    real = importlib.import_module(".".join(p for p in parts if p != "__init__"))
    return untrue(path.read_text(encoding="utf-8"), real)


@pytest.mark.parametrize(
    "path", [p for p in STUBS if p.parent.name != "umap"], ids=lambda path: str(path.relative_to(FOLDER))
)
def test_a_stub_says_nothing_that_is_not_so(path):
    assert said_wrongly(path) == []


@pytest.mark.slow  # to import it
@pytest.mark.filterwarnings("ignore::ImportWarning")  # it misses TensorFlow
def test_the_stub_of_umap_says_nothing_that_is_not_so():
    assert said_wrongly(FOLDER / "umap" / "__init__.pyi") == []


@pytest.mark.parametrize(
    ("stub", "found"),
    [
        ("def sqroot(arg: float) -> Expr: ...", ["sympy.sqroot"]),
        ("sin: int\nPi: Expr", ["sympy.Pi"]),
        ("class Expr:\n    def substitute(self) -> Expr: ...", ["sympy.Expr.substitute"]),
        ("class MatrixBase:\n    rows: int\n    columns: int", ["sympy.MatrixBase.columns"]),
        ("def limit(e: Expr, z: Symbol, at: float) -> Expr: ...", ["sympy.limit(at)"]),
        ("from sympy import nothing as nothing", ["sympy.nothing"]),
        ("_Number = float\ndef sqrt(arg: _Number) -> Expr: ...", []),
    ],
)
def test_what_is_not_so_is_found(stub, found):
    assert untrue(stub, sp) == found
