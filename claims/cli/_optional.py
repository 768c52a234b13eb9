"""How options that may be left out are parsed and shown: `--rounds INT`, never `--rounds {None}|INT`."""

from dataclasses import replace
from types import NoneType
from typing import get_args

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

RULES = ConstructorRegistry()


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
