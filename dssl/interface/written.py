"""Writes `quantities.py`: a typed, documented function for each quantity of the calculator.

`python -m dssl.interface.written` after a quantity or one of its keys has changed; a test compares.
"""

import dataclasses
import enum
import inspect
import pathlib
import re
import textwrap
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from dssl.calculator import compute
from dssl.calculator.key_words import KEYS
from dssl.interface.networks import Network
from dssl.interface.settings import FIELDS, Setting
from dssl.interface.values import NETWORK_KEYS
from runtime import store

FILE = pathlib.Path(__file__).with_name("quantities.py")
WIDTH = 120
# What is drawn as one value must be one value: quantities of the model and the samples.
_OF_SETTING = ("deficit", "deficit_bound", "deficit_limit", "mae_deficit", "order_probability", "population_spectrum",
               "rare_recovery", "representability", "sigma_star", "transformation_condition")  # fmt: skip
# What an example begins with, by the letter that it uses.
_BEGIN = {
    "s": "dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)",
    "ring": 'dssl.Network("ring", 8)',
    "path": 'dssl.Network("path", 3)',
}
EXAMPLES = {
    "a_mmd": "dssl.a_mmd([[0.0, 1.0], [1.0, 0.0]], [[2.0, 1.0], [1.0, 2.0]], bandwidth=1.0)",
    "communication_overhead": (
        'dssl.communication_overhead(visible_tokens=49, width=768, batch=256, model_parameters=8e7)["ratio"]'
    ),
    "concentration_threshold": 'dssl.concentration_threshold("cl")',
    "consensus": 'dssl.consensus(ring, gradient_dissimilarity=1.0, step_size=0.01)["at_rest"]',
    "deficit": 'dssl.deficit(s, objective="mim")',
    "deficit_bound": 'dssl.deficit_bound(s, objective="cl", delta=0.05)',
    "deficit_limit": 'dssl.deficit_limit(s, objective="cl")',
    "dirichlet_dissimilarity": 'dssl.dirichlet_dissimilarity(concentration=0.1)["heterogeneity"]',
    "effective_covariance": (
        'dssl.effective_covariance(path, step_size=0.01, dim=6, feature_dim=1)["drift_prediction"]'
    ),
    "exponent": 'dssl.exponent("deficit", beta=1.2)',
    "gaussian_mmd": "dssl.gaussian_mmd(feature_dim=8, variance_local=1.0, variance_global=0.5)",
    "kappa": "dssl.kappa(ring, local_steps=5)[0]",
    "mae_deficit": "dssl.mae_deficit(s.replace(samples_per_client=10_000_000))",
    "order_probability": "dssl.order_probability(dssl.Setting(n_clients=2, dim=1000, samples_per_client=10_000))",
    "population_spectrum": 'dssl.population_spectrum(s, objective="mim")[0][0]',
    "rare_recovery": 'dssl.rare_recovery(s.replace(rare_fraction=0.1), objective="mim")',
    "representability": 'dssl.representability(s, objective="mim", mask="complementary")[0]',
    "sigma_star": "dssl.sigma_star(s)",
    "spectrum": "dssl.spectrum(ring)[1]",
    "target_weights": 'dssl.target_weights(dssl.Network("star", 5, mixing="uniform"))[0]',
    "transformation_condition": 'dssl.transformation_condition(s, H="blur")["sensitivity"]',
    "weight_schedule": "dssl.weight_schedule(gamma_max=0.1, gamma_min=0.001, selections=5, horizon=10)",
}
HEAD = '''"""One function for each quantity of the calculator. Written by `python -m dssl.interface.written`.

A quantity of the data model takes a `Setting`, whose fields may be arrays; one of a network takes a `Network`, or
anything that a `Network` is made of; the others take plain keys. Keys are those of the command line.
"""

from typing import Any, Literal

from dssl.interface.settings import Numbers, Setting
from dssl.interface.values import of_keys, of_network, of_setting
'''


def text() -> str:
    """The whole file."""
    # The functions themselves say what their examples print: written once without, and run.
    functions: dict[str, Any] = {}
    exec(_joined(dict.fromkeys(compute.names(), "")), functions)
    quantities = {name: functions[name] for name in compute.names()}
    here = types.SimpleNamespace(**quantities, Setting=Setting, Network=Network)
    names = {"dssl": here} | {letter: eval(begin, {"dssl": here}) for letter, begin in _BEGIN.items()}
    return _joined({name: f"{eval(example, names):.4g}" for name, example in EXAMPLES.items()})


def _joined(printed: dict[str, str]) -> str:
    parts = [HEAD, *(_function(name, printed[name]) for name in compute.names())]
    return "\n\n".join(part.strip("\n") + "\n" for part in parts)


def _function(name: str, printed: str) -> str:
    query = compute.query_of(name)
    fields, hints = dataclasses.fields(query), get_type_hints(query)
    kind = "setting" if name in _OF_SETTING else "network" if issubclass(query, _network()) else "keys"
    hidden = {"setting": FIELDS, "network": NETWORK_KEYS, "keys": ()}[kind]
    keys = [f for f in fields if f.name not in hidden]
    needed = [f for f in keys if f.default is dataclasses.MISSING]
    others = [f for f in keys if f.default is not dataclasses.MISSING]
    first = {"setting": "setting: Setting", "network": "network: Any", "keys": ""}[kind]
    # Two keys that every caller knows by their order may be given by place.
    placed = len(needed) if kind == "keys" and name in ("a_mmd", "concentration_threshold", "exponent") else 0
    parameters = [p for p in (first, *(_parameter(f, hints) for f in needed[:placed])) if p]
    parameters += ["*"] if needed[placed:] or others else []
    parameters += [_parameter(f, hints) for f in (*needed[placed:], *others)]
    handed = [f'"{name}"', *([kind] if kind != "keys" else []), *(f"{f.name}={f.name}" for f in keys)]
    call = _call(f"return of_{kind}", handed)
    # One parameter a line, as ruff leaves it where the last has a comma.
    body = [f"def {name}(", *(f"    {p}," for p in parameters), ") -> Any:"]
    return "\n".join([*body, textwrap.indent(_docstring(name, kind, keys, printed), "    "), call])


def _call(function: str, handed: list[str]) -> str:
    """A call on one line, on three, or with one argument a line: as ruff writes it."""
    line, inner = f"    {function}({', '.join(handed)})", f"        {', '.join(handed)}"
    if len(line) <= WIDTH:
        return line
    body = inner if len(inner) <= WIDTH else "\n".join(f"        {one}," for one in handed)
    return f"    {function}(\n{body}\n    )"


def _docstring(name: str, kind: str, keys: list[Any], printed: str) -> str:
    title = f"{compute.title(name)}."
    lines = textwrap.wrap(f'"""{title}', WIDTH - 4)
    entries = []
    for field in keys:
        words = KEYS[field.name]
        unit = f" Unit: {words.unit}." if words.unit else ""
        entries.append(textwrap.fill(f"- {field.name}: {words.meaning}.{unit}", WIDTH - 4, subsequent_indent="  "))
    about = compute.about(name)
    example = EXAMPLES[name]
    return "\n".join(
        [
            *lines,
            "",
            *([textwrap.fill(about, WIDTH - 4, break_on_hyphens=False), ""] if about else []),
            *([*entries, ""] if entries else []),
            textwrap.fill(_gives(kind), WIDTH - 4),
            f"`dssl.compute({name!r}, ...)` also gives unit, source, exact form and LaTeX.".replace("'", '"'),
            "Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.",
            "",
            ">>> import dssl",
            *(f">>> {letter} = {begin}" for letter, begin in _BEGIN.items() if re.search(rf"\b{letter}\b", example)),
            f">>> value = {example}",
            '>>> print(f"{value:.4g}")',
            printed,
            '"""',
        ]
    )


def _gives(kind: str) -> str:
    if kind == "setting":
        return (
            "Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the "
            "formula says nothing; a quantity of many numbers gives an array or a dict, for one setting."
        )
    if kind == "network":
        return "Gives an array of numbers, or a dict of them; NaN and a warning where the formula says nothing."
    return "Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said."


def _network() -> type[Any]:
    from dssl.calculator.quantities._network import Network

    return Network


def _parameter(field: dataclasses.Field[Any], hints: dict[str, Any]) -> str:
    written = f"{field.name}: {_type(hints[field.name])}"
    if field.default is dataclasses.MISSING:
        return written
    default = field.default.value if isinstance(field.default, enum.Enum) else field.default
    return f"{written} = {str(default) if isinstance(default, float | int | bool) else repr(default)}".replace("'", '"')


def _type(hint: Any) -> str:
    """A type as it is written: numbers may be arrays, and enums are their words."""
    if get_origin(hint) in (Union, types.UnionType):
        parts = list(dict.fromkeys(_type(m) for m in get_args(hint)))
        if "Numbers" in parts:  # which is any number or array
            parts = [p for p in parts if p != "None"]
            return "Numbers" if len(parts) == 1 else "Any"
        return " | ".join(parts)
    if hint in (int, float):
        return "Numbers"
    if hint is type(None):
        return "None"
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return f"Literal[{', '.join(repr(str(m.value)) for m in hint)}]".replace("'", '"')
    if get_origin(hint) is Literal:
        return f"Literal[{', '.join(map(repr, get_args(hint)))}]".replace("'", '"')
    if get_origin(hint) in (list, tuple) or hint is Any:
        return "Any"
    return getattr(hint, "__name__", "Any")


if __name__ == "__main__":
    store.write(FILE, text())
