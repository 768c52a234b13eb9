"""`dssl plot`: draws a quantity, a phase diagram, a spectrum or a network for your own parameters."""

import dataclasses
import pathlib
import re
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import numpy as np
import tyro

from dssl.calculator import compute
from dssl.calculator.key_words import KEYS
from dssl.cli._options import refusals
from dssl.cli._settings import fields_and_keys
from dssl.interface.settings import FIELDS, Setting
from runtime import store
from runtime.parse import pairs, parse
from runtime.usage import UsageError, unknown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS = ("phase_diagram", "tightness", "spectrum", "network")
_WANTED = "Keys are written key=value or --key value"
_RANGE = re.compile(r"(?P<first>[^:]+):(?P<last>[^:]+):(?P<count>\d+)(?P<kind>log|lin)?")


@dataclass(frozen=True)
class Plot:
    """Draw a quantity for your parameters: `dssl plot deficit --vs dim --n-clients 10 --beta 1 objective=mim`.

    WHAT is a quantity of `dssl compute --list`; phase_diagram (CL against MIM, with --x and --y); tightness (a bound
    over what it bounds); spectrum or network (of a network by name, such as `dssl plot network ring --n 20`). Keys are
    those of `dssl compute`, as key=value or --key value; objective=cl,mim draws both. Exit code 0 with the file's name,
    2 for bad input.
    """

    what: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """WHAT key=value ...; for spectrum and network the name of a network comes second."""
    vs: str | None = None
    """The key along the horizontal axis."""
    values: str | None = None
    """Its values: a list 100,1000,10000, or first:last:count, in equal factors where both ends are positive, else in
    equal steps. An ending says which: 1:9:3lin for steps, 1:9:3log for factors."""
    show: str | None = None
    """Of a deficit: closed, bound, simulated, or several with commas; closed if not given."""
    trials: int | None = None
    """With --show simulated: data sets drawn at each point (default 100)."""
    seed: int | None = None
    """With --show simulated: chooses the data that are drawn (default 0). Of a network: chooses a random one."""
    x: str | None = None
    """The horizontal key of a phase diagram."""
    y: str | None = None
    """The vertical key of a phase diagram."""
    x_values: str | None = None
    """Values of --x, as in --values."""
    y_values: str | None = None
    """Values of --y, as in --values."""
    n: int | None = None
    """Number of clients of a network whose name leaves it open."""
    width: Literal["column", "slide"] = "column"
    """For a column of a paper, or for a slide."""
    out: pathlib.Path | None = None
    """The file, .png, .svg or .pdf; WHAT.png in the current folder if not given."""

    def run(self) -> int:
        """Draws, and prints the file's name; exit code 0. Errors: UsageError for bad use."""
        if not self.what:
            kinds = ", ".join(_KINDS)
            raise UsageError(f"Something to draw was wanted; got nothing. Name a quantity, or one of {kinds}.")
        kind, *rest = self.what
        if kind not in (*_KINDS, *compute.names()):
            raise unknown("thing to draw", kind, (*_KINDS, *compute.names()), "`dssl compute --list` shows quantities.")
        out = self.out or pathlib.Path(f"{kind}.png")
        if out.suffix.lower() not in (".png", ".svg", ".pdf"):
            raise UsageError(f"A figure is a .png, .svg or .pdf file; got {out}. Change the ending.")
        store.check_writable(out)
        self._refuse_idle(kind)
        from matplotlib import pyplot

        from dssl.interface import plot

        axes = plot.figure(self.width)
        try:
            self._draw(kind, rest, axes)
            plot.save(axes, out)
        finally:
            pyplot.close(axes.get_figure(root=True))
        print(out)
        return 0

    def _draw(self, kind: str, rest: list[str], axes: "Axes") -> None:
        """Draws on the axes; what was noted goes to standard error."""
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always", UserWarning)
            if kind in ("spectrum", "network"):
                self._network(kind, rest, axes)
            else:
                given = pairs(rest, _WANTED)
                # Several objectives are several curves on the same axes.
                for objective in given.get("objective", "").split(","):
                    one = {"objective": objective.strip()} if "objective" in given else {}
                    self._model(kind, given | one, axes)
        for note in noted:
            print(f"Note: {note.message}", file=sys.stderr)

    def _refuse_idle(self, kind: str) -> None:
        """Errors: UsageError for an option that has no effect on this kind."""
        # A spectrum is a quantity too, but drawn of a network.
        quantities = tuple(name for name in compute.names() if name not in _KINDS)
        of = {
            **dict.fromkeys(("vs", "values"), ("tightness", *quantities)),
            **dict.fromkeys(("show", "trials"), quantities),
            "seed": (*quantities, "spectrum", "network"),
            **dict.fromkeys(("x", "y", "x_values", "y_values"), ("phase_diagram",)),
            "n": ("spectrum", "network"),
        }
        for name, kinds in of.items():
            if getattr(self, name) is not None and kind not in kinds:
                option = name.replace("_", "-")
                raise UsageError(f"--{option} has no effect on {kind}; got {getattr(self, name)}. Leave it out.")

    def _network(self, kind: str, rest: list[str], axes: "Axes") -> None:
        from dssl.interface import plot
        from dssl.interface.networks import Network

        names = [word for word in rest if "=" not in word]
        if len(names) != 1:
            raise UsageError(f"The name of one network was wanted, such as ring; got {' '.join(names) or 'none'}.")
        keys = pairs([word for word in rest if "=" in word], _WANTED)
        if self.seed is not None:
            if "seed" in keys:
                raise UsageError(f"Two seeds were given, {keys['seed']} and --seed {self.seed}. Leave one out.")
            keys["seed"] = str(self.seed)
        matrix = keys.pop("matrix", "mixing") if kind == "spectrum" else None
        hints = {"mixing": str, "seed": int, "step": float, "sizes": tuple[float, ...]}
        for key in keys:
            if key not in hints:
                raise unknown("key of a network", key, hints, f"It takes {', '.join(hints)}.")
        given = {key: parse(key, raw, hints[key], is_text=True) for key, raw in keys.items()}
        with refusals(("n",), {"n_clients": "n"}):
            net = Network(names[0], self.n, **given)
        if kind == "network":
            plot.network(net, ax=axes)
        else:
            plot.spectrum(net, matrix, ax=axes)  # type: ignore[arg-type]  (a word; what is neither is refused there)

    def _model(self, kind: str, given: dict[str, str], axes: "Axes") -> None:
        from dssl.interface import plot

        fields, others = fields_and_keys(kind, given, _hints(kind))
        if kind == "phase_diagram":
            if self.x is None or self.y is None or self.x_values is None or self.y_values is None:
                raise UsageError("A phase diagram needs --x, --x-values, --y and --y-values; one is missing. Add it.")
            s = _setting(fields, (self.x, self.y))
            ranges = _values(self.x, self.x_values, "x_values"), _values(self.y, self.y_values, "y_values")
            plot.phase_diagram(s, self.x, self.y, *ranges, ax=axes, **others)
            return
        if self.vs is None:
            raise UsageError(f"{kind} is drawn against one of its keys, such as --vs dim; got none. Add --vs.")
        s = _setting(fields, (self.vs,))
        values = None if self.values is None else _values(self.vs, self.values, "values")
        if kind == "tightness":
            plot.tightness(s, self.vs, values, ax=axes, **others)
        else:
            show: Any = tuple(self.show.split(",")) if self.show else ("closed",)
            drawn: Any = {k: v for k, v in (("trials", self.trials), ("seed", self.seed)) if v is not None}
            if drawn and "simulated" not in show:
                option = next(iter(drawn))
                raise UsageError(f"--{option} is of --show simulated; got it without. Leave it out, or add that.")
            plot.curve(s, kind, self.vs, values, show=show, ax=axes, **drawn, **others)


def _hints(kind: str) -> dict[str, Any]:
    """The keys that go with a drawing besides those of its setting, with their types."""
    if kind == "tightness":
        of, wanted = ("deficit_bound",), ("objective", "side", "delta", "scope")
    elif kind == "phase_diagram":
        of, wanted = ("deficit",), ("draws", "scope")
    else:
        of, wanted = (kind, "deficit_bound") if kind == "deficit" else (kind,), None
    found = {name: hint for quantity in of for name, hint in get_type_hints(compute.query_of(quantity)).items()}
    return {name: hint for name, hint in found.items() if wanted is None or name in wanted}


def prepared(arguments: list[str]) -> list[str]:
    """Words first and options last, keys that were written as options, --n-clients 10, among the words."""
    own = {field.name for field in dataclasses.fields(Plot)}
    words, options, rest = [], [], list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        key = name.replace("-", "_")
        is_key = key not in own and (key in KEYS or key in FIELDS)
        if not word.startswith("-"):
            words.append(word)
        elif is_key and (equals or rest):
            words.append(f"{key}={value if equals else rest.pop(0)}")
        else:
            options.append(word)
            if key in own and not equals and rest:
                options.append(rest.pop(0))
    return [*words, *options]


def _setting(given: dict[str, Any], drawn: tuple[str, ...]) -> Setting:
    """The setting with these fields. What is drawn along an axis may be left out: it begins with the least there is."""
    for name in drawn:
        if name not in FIELDS:
            raise unknown("key to draw against", name, FIELDS, f"It is one of {', '.join(FIELDS)}.")
    for name in ("n_clients", "dim"):
        if name not in given and name not in drawn:
            raise UsageError(f"A setting needs {name}; got none. Add --{name.replace('_', '-')}.")
    start = {"n_clients": 2, "dim": max(100, int(given.get("n_clients", 2)))}
    return Setting(**({name: start[name] for name in start if name not in given} | given))


def _values(name: str, text: str, option: str) -> np.ndarray:
    """The values of an axis, as an option gives them: a list, or first:last:count in equal factors or equal steps.

    Errors: UsageError.
    """
    if found := _RANGE.fullmatch(text.strip()):
        first, last = (float(parse(option, found[end], float, is_text=True)) for end in ("first", "last"))
        count = int(found["count"])
        if count < 2 or first == last:
            raise UsageError(f"A range has two ends and at least two values; got {text} for {name}. Change it.")
        if found["kind"] == "log" and not (first > 0 and last > 0):
            raise UsageError(
                f"Equal factors (log) need ends above 0; got {text} for {name}. Leave log out, or add lin."
            )
        is_log = found["kind"] != "lin" and first > 0 and last > 0
        values = np.geomspace(first, last, count) if is_log else np.linspace(first, last, count)
    else:
        values = np.array([float(parse(option, part, float, is_text=True)) for part in text.split(",")])
    whole = ("n_clients", "dim", "feature_dim", "samples_per_client")
    return np.unique(np.round(values).astype(int)) if name in whole else values
