"""Parsing and display of options that may be left out: `--rounds INT`, never `--rounds {None}|INT`."""

from dataclasses import replace
from types import NoneType
from typing import get_args

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

RULES = ConstructorRegistry()


class Words(tuple[str, ...]):
    """Any number of words. For a plain tuple tyro loads typeguard, which takes a third of the time of `dssl show`."""


@RULES.primitive_rule
def _words(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec | None:
    if info.type is not Words:
        return None
    return PrimitiveConstructorSpec(
        nargs="*",
        metavar="WORD ...",
        instance_from_str=Words,
        is_instance=lambda v: isinstance(v, Words),
        str_from_instance=list,
    )


@RULES.primitive_rule
def _as_if_given(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec | None:
    kinds = get_args(info.type)
    if len(kinds) != 2 or NoneType not in kinds:
        return None
    inner = next(kind for kind in kinds if kind is not NoneType)
    given = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(inner, info.markers))
    if not isinstance(given, PrimitiveConstructorSpec):
        return None

    def shown(value: object) -> list[str]:
        return ["unset"] if value is None else given.str_from_instance(value)

    return replace(given, is_instance=lambda v: v is None or given.is_instance(v), str_from_instance=shown)
