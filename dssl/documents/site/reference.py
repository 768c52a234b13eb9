"""The pages on `import dssl`: one for each group of names, made by Sphinx from the docstrings."""

import importlib
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import dssl
from dssl.calculator import compute
from dssl.documents.site import markdown as md

FOLDER = "reference"
# The groups in the order in which a reader needs them; what no other names goes to the last.
_GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "records": ("Verdicts", ("ledger", "claim")),
    "statements": ("Statements at points, and quantities by name", ("check", "falsify", "compute")),
    "networks": ("Networks", ("Network",)),
    "advice": ("Advice and training", ("advise", "Advice", "train")),
    "quantities": ("Settings and quantities", ("Setting", "simulated_deficit", "Simulated")),
    "plot": ("Plots", ("plot",)),
    "others": ("Errors and other names", ()),
}
# What a function gives back is explained with it: these classes stand on the same page.
_GIVEN_BACK: Mapping[str, tuple[str, ...]] = {
    "ledger": ("Ledger", "Statement"),
    "claim": ("ClaimCard",),
    "Network": ("LinkChoice",),
}


def pages() -> dict[str, str]:
    """The text of each page by its file."""
    groups = grouped()
    return {
        **{f"{FOLDER}/{name}.md": _group(_GROUPS[name][0], found) for name, found in groups.items()},
        f"{FOLDER}/index.md": _index(groups),
    }


def grouped() -> dict[str, list[str]]:
    """The names of `dssl` in groups, every name in one."""
    groups: dict[str, list[str]] = {group: list(names) for group, (_, names) in _GROUPS.items()}
    groups["quantities"] += [name for name in dssl.__all__ if name in compute.names()]
    known = {name for names in groups.values() for name in names}
    groups["others"] += [name for name in dssl.__all__ if name not in known]
    return {group: found for group, found in groups.items() if found}


def _group(title: str, names: list[str]) -> str:
    return md.page(f"# {title}", *(part for name in names for part in _name(name)))


def _name(name: str) -> list[str]:
    found = getattr(dssl, name)
    if isinstance(found, ModuleType):
        return [_directive("module", f"dssl.{name}"), *_module(found)]
    further = [_object(found.__module__, n) for n in _GIVEN_BACK.get(name, ())]
    return [_directive("class" if inspect.isclass(found) else "function", f"dssl.{name}"), *further]


def _module(module: ModuleType) -> list[str]:
    """What a module of `dssl` offers: its `__all__`, or the public names that are its own."""
    own = [n for n, v in vars(module).items() if not n.startswith("_") and _is_own(v, module)]
    return [_object(module.__name__, name, f"dssl.{module.__name__.rpartition('.')[2]}") for name in own]


def _is_own(value: Any, module: ModuleType) -> bool:
    return (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__


def _object(module: str, name: str, place: str = "") -> str:
    found = getattr(importlib.import_module(module), name)
    return _directive("class" if inspect.isclass(found) else "function", f"{place or module}.{name}")


def _directive(kind: str, path: str) -> str:
    return f"```{{eval-rst}}\n.. auto{kind}:: {path}\n```"


def _index(groups: Mapping[str, list[str]]) -> str:
    rows = (
        (f"[{md.code(f'dssl.{name}')}]({group}.md)", md.prose(_first_sentence(getattr(dssl, name))))
        for group, names in groups.items()
        for name in names
    )
    return md.page(
        "(reference)=\n# In Python",
        "`import dssl` offers these names. Nothing heavy is imported before it is needed.",
        md.table(("name", "what it is"), rows),
        md.contents(groups),
    )


def _first_sentence(value: Any) -> str:
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
