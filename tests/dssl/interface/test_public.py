"""What `import dssl` promises: its names and signatures, no import before it is needed, and examples that run."""

import doctest
import importlib
import inspect
import pathlib
import pkgutil
import subprocess
import sys

import pytest

import dssl
import dssl.interface

SIGNATURES = pathlib.Path(__file__).with_name("signatures.txt")
MODULES = sorted(m.name for m in pkgutil.iter_modules(dssl.interface.__path__, "dssl.interface."))


def signatures() -> str:
    """Each public name with its parameters, one a line; methods below their class."""
    lines = []
    for name in sorted(dssl.__all__):
        value = getattr(dssl, name)
        if inspect.ismodule(value):
            lines += [f"{name}.{inner}{_parameters(f)}" for inner, f in _public(value)]
        elif isinstance(value, type) and issubclass(value, Exception):
            lines.append(f"{name}: {value.__mro__[1].__name__}")
        elif isinstance(value, type):
            lines.append(f"{name}{_parameters(value)}")
            lines += [f"{name}.{inner}{_shown(member)}" for inner, member in vars(value).items() if inner[0] != "_"]
        else:
            lines.append(f"{name}{_parameters(value)}")
    return "\n".join(lines) + "\n"


def _public(module):
    found = inspect.getmembers(module, inspect.isfunction)
    return [(n, f) for n, f in found if f.__module__ == module.__name__ and not n.startswith("_")]


def _shown(member) -> str:
    return _parameters(member) if inspect.isfunction(member) else ""


def _parameters(value) -> str:
    """Names, kinds and defaults; how types are written depends on Python's version."""
    bare = [p.replace(annotation=p.empty) for p in inspect.signature(value).parameters.values()]
    return str(inspect.Signature(bare))


def test_signatures_are_the_promised_ones():
    """If a change is meant: a line in CHANGELOG.md, and write the file anew (`signatures()`)."""
    assert signatures() == SIGNATURES.read_text(encoding="utf-8")


def test_every_public_name_is_documented_with_an_example():
    for name in dssl.__all__:
        value = getattr(dssl, name)
        if not inspect.ismodule(value) and not (isinstance(value, type) and issubclass(value, Exception)):
            assert ">>> " in (value.__doc__ or ""), f"{name} has no example"


@pytest.mark.parametrize("module", MODULES)
def test_examples_print_what_they_say(module):
    assert not doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS).failed


def test_importing_loads_nothing_heavy():
    asked = "import sys, dssl; print([m for m in ('numpy', 'jax', 'sympy', 'scipy', 'matplotlib') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_name_that_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="dssl has no defict"):
        _ = dssl.defict


def test_dir_lists_the_public_names():
    assert set(dssl.__all__) <= set(dir(dssl))
