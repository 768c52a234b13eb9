"""Networks by name, one file a family: `ring`, `torus:4x5`, `er:5`, `edges:0-1,1-2`, found by listing this folder.

Each file has `adjacency(n_clients, ...)`; what follows the colons of a name are its further arguments, in order, read
as its annotations say. A family that fixes the number of clients by itself also has `size(...)` of those arguments.
May use no other room of `theory`. Begin with `ring.py`; a new file is a new topology.
"""

import difflib
import importlib
import inspect
import pkgutil
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

from theory.networks.topologies._graphs import (
    Adjacency,
    check_adjacency,
    components,
    from_edges,
    from_networkx,
    is_undirected,
    require_connected,
)

__all__ = [
    "Adjacency",
    "check_adjacency",
    "components",
    "family",
    "from_edges",
    "from_networkx",
    "is_undirected",
    "names",
    "require_connected",
    "topology",
    "usage",
]

LARGEST = 20_000  # clients: a dense adjacency of this size takes 400 MB


def names() -> list[str]:
    """Every family, by name: the listing of the folder. Source: ledger."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def usage(family: str) -> str:
    """How a family is asked for: its name and arguments, the optional ones in brackets.

    Source: ledger. Units: none. Errors: ValueError for an unknown family.
    """
    shown = family
    for p in _arguments(_module(family)):
        shown += f":{p.name}" if p.default is p.empty else f"[:{p.name}]"
    return shown


def topology(name: str, n_clients: int | None = None, *, seed: int = 0) -> Adjacency:
    """The connected network that `name` asks for; `seed` fixes the draw of a random family.

    Source: the family's file. Units: none.
    Errors: ValueError for an unknown family, arguments that do not fit it, and a network that is not connected.
    """
    module, values = family(name)
    if n_clients is None and not (values and hasattr(module, "size")):
        raise ValueError(f"The topology {name} needs a number of clients; add n_clients=...")
    size: int = module.size(*values) if n_clients is None else n_clients
    if not 2 <= size <= LARGEST:
        raise ValueError(f"A network here has 2 to {LARGEST} clients; got n_clients={size}.")
    if seed < 0:
        raise ValueError(f"seed must be a whole number from 0; got seed={seed}.")
    is_random = "seed" in inspect.signature(module.adjacency).parameters
    adjacency = module.adjacency(size, *values, **({"seed": seed} if is_random else {}))
    require_connected(adjacency)
    return adjacency


def family(name: str) -> tuple[Any, list[Any]]:
    """The file of the family that `name` asks for, and the arguments that `name` gives.

    Source: ledger. Units: none. Errors: ValueError for an unknown family, and for arguments that do not fit it.
    """
    word, *given = name.strip().split(":")
    module = _module(word)
    arguments = _arguments(module)
    least = sum(p.default is p.empty for p in arguments)
    if not least <= len(given) <= len(arguments):
        clients = "" if arguments else " Its name says nothing of the number of clients: give that apart, as in --n 12."
        raise ValueError(f"The topology {word} is written {usage(word)}; got {name!r}.{clients}")
    hints = get_type_hints(module.adjacency)
    return module, [_read(text, hints[p.name], word) for text, p in zip(given, arguments, strict=False)]


def _module(family: str) -> Any:
    known = names()
    if family not in known:
        alike = difflib.get_close_matches(family, known, n=3, cutoff=0.4) or known
        raise ValueError(f"There is no topology {family[:40]!r}; the nearest valid are {', '.join(alike)}.")
    return importlib.import_module(f"{__name__}.{family}")


def _arguments(module: Any) -> list[inspect.Parameter]:
    positional = inspect.signature(module.adjacency).parameters.values()
    return [p for p in positional if p.kind is p.POSITIONAL_OR_KEYWORD][1:]


def _read(text: str, hint: Any, family: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(h for h in get_args(hint) if h is not type(None))
    try:
        if get_origin(hint) is tuple:
            return tuple(int(part) for part in text.replace("x", ",").split(","))
        return hint(text)
    except ValueError:
        raise ValueError(f"The topology {family} is written {usage(family)}; {text!r} cannot be read there.") from None
