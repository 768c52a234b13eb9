"""A method of self-supervision by name, with its options as text, for any encoder; and its description."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from runtime.parse import parse
from runtime.usage import UsageError, unknown
from sims.pretraining import methods as published
from sims.pretraining.encoders import Encoder
from sims.pretraining.encoders.resnet import ResNet
from sims.pretraining.encoders.vit import Vit
from sims.pretraining.methods import Method

_NOT_METHODS = {"heads"}
_BUILT_ON = {"masked": "mae", "base": "simsiam"}  # a part of a method, and the method that it is
_PARTS = ("encoder", *_BUILT_ON)  # what a method is built of, given here and not by an option
FROM_SETTINGS = ("horizon", "most_heard", "patch_size")  # unless given as options


@dataclass(frozen=True)
class Option:
    """One setting of a method. `method` is whose it is: the method's own, or that of one it builds on."""

    name: str
    kind: str
    default: str
    method: str


@dataclass(frozen=True)
class Description:
    """What a method is in a sentence, in full (what is kept of the published one, what is changed), and its options."""

    name: str
    sentence: str
    text: str
    options: tuple[Option, ...]


def names() -> list[str]:
    """Every method, by the listing of their folder."""
    return sorted(m.name for m in pkgutil.iter_modules(published.__path__) if m.name not in _NOT_METHODS)


def build(
    name: str,
    encoder: Encoder,
    options: Sequence[tuple[str, str]],
    *,
    horizon: float,
    most_heard: int,
    patch_size: int | None = None,
) -> Method:
    """The method of that name. A masked autoencoder of a ResNet is masked reconstruction, which paints over.

    Options that are not the method's own are those of the reconstruction or the method that it builds on; L-DAWA builds
    on SimSiam. `horizon` and `most_heard` are MAR's, `patch_size` is that of masked reconstruction, which so hides the
    squares that a Vit would; options come first.
    Errors: UsageError for an unknown method or option, or an encoder that the method has no form for; ValueError for
    settings out of range.
    """
    _check(name)
    given = dict(options)
    if len(given) != len(options):
        raise UsageError(f"Each option of a method is given once; got {' '.join(key for key, _ in options)}.")
    defaults = {"horizon": horizon, "most_heard": most_heard}
    made = _built(name, encoder, given, defaults if patch_size is None else defaults | {"patch_size": patch_size})
    if given:
        known = _known(made)
        raise unknown(f"option of {name}", next(iter(given)), known, f"It takes {', '.join(known) or 'none'}.")
    return made


def _known(made: Method) -> list[str]:
    """Every option that counts for a method as it was built."""
    own = [field.name for field in fields(made) if field.init and field.name not in _PARTS]
    return own + [name for part in _BUILT_ON if hasattr(made, part) for name in _known(getattr(made, part))]


def describe(name: str) -> Description:
    """From the method's own file. Errors: UsageError for an unknown method."""
    _check(name)
    kind = _class(name)
    parts = [inspect.getdoc(one) or "" for one in (importlib.import_module(kind.__module__), kind)]
    sentence, *more = (_flowing(paragraph) for part in parts for paragraph in part.split("\n\n"))
    return Description(name, sentence, "\n\n".join(more), tuple(_options(name)))


def _flowing(paragraph: str) -> str:
    """On one line, the source on another; what is raised is for callers, not for readers."""
    text = " ".join(paragraph.partition("Errors:")[0].split())
    return text.replace(" Source: ", "\nSource: ")


def _options(name: str) -> Iterator[Option]:
    kind = _class(name)
    hints = get_type_hints(kind)
    for field in fields(kind):
        if not field.init or field.name in _PARTS:
            continue
        is_set = field.name in FROM_SETTINGS or field.default is MISSING
        shown = hints[field.name].__name__ if isinstance(hints[field.name], type) else str(hints[field.name])
        yield Option(field.name, shown, "as the training's settings" if is_set else str(field.default), name)
    for part, other in _BUILT_ON.items():
        if part in {field.name for field in fields(kind) if field.init}:
            yield from _options(other)


def _check(name: str) -> None:
    if name not in names():
        raise unknown("method", name, names(), f"It is one of {', '.join(names())}.")


def _built(
    name: str, encoder: Encoder, given: dict[str, str], defaults: Mapping[str, Any], asked: str | None = None
) -> Method:
    """Takes out of `given` what it uses. `asked` is the method that the user named, if this is a part of it."""
    asked = asked or name
    if name == "mae" and isinstance(encoder, ResNet):
        name = "masked_reconstruction"
    kind = _class(name)
    hints = get_type_hints(kind)
    own = {field.name for field in fields(kind) if field.init}
    values = {key: value for key, value in defaults.items() if key in own}
    for key in [key for key in given if key in own and key not in _PARTS]:
        values[key] = parse(f"option {key}", given.pop(key), hints[key], is_text=True)
    if "encoder" in own:
        wanted = hints["encoder"]
        if isinstance(wanted, type) and wanted in (Vit, ResNet) and not isinstance(encoder, wanted):
            raise UsageError(
                f"{asked} trains a {wanted.__name__}; got the encoder {type(encoder).__name__}. Change --encoder or "
                "--method."
            )
        values["encoder"] = encoder
    for part, other in _BUILT_ON.items():
        if part in own:
            values[part] = _built(other, encoder, given, defaults, asked)
    return kind(**values)


def _class(name: str) -> type[Method]:
    module = importlib.import_module(f"{published.__name__}.{name}")
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Method) and value.__module__ == module.__name__
    )
