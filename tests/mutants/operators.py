"""The deliberate errors: every place of a source where one can be made, and the source with it made.

Left out are annotations, texts, decorators, and what only decides whether bad input is refused.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

KINDS = ("number", "term", "sign", "factor", "exponent", "extreme", "condition", "index", "transpose")
NUMBER_FACTORS = (0.9, 1.1)
_EXTREMES = {
    **{"min": "max", "minimum": "maximum", "argmin": "argmax", "Min": "Max", "fmin": "fmax"},
    **{"max": "min", "maximum": "minimum", "argmax": "argmin", "Max": "Min", "fmax": "fmin"},
}
_SWAPS = ("transpose", "swapaxes", "matrix_transpose")
_SKIPPED = (ast.Raise, ast.JoinedStr, ast.Assert, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Mutant:
    """One deliberate error: the `index`-th of its source; `kind` is one of `KINDS`."""

    index: int
    line: int
    kind: str
    was: str
    becomes: str


def mutants(source: str) -> list[Mutant]:
    """Every deliberate error that can be made in a source."""
    found: list[Mutant] = []
    _Walk(lambda m, _: found.append(m) or False).visit(ast.parse(source))
    return found


def mutated(source: str, index: int) -> ast.AST:
    """The syntax tree of the source with one error made. Errors: IndexError for an index that there is not."""
    walk = _Walk(lambda m, _: m.index == index)
    tree = walk.visit(ast.parse(source))
    if walk.count <= index:
        raise IndexError(f"There are {walk.count} deliberate errors; got index {index}.")
    return ast.fix_missing_locations(tree)


class _Walk(ast.NodeTransformer):
    """Numbers the errors in one order; `take(mutant, node)` says which one is made."""

    def __init__(self, take) -> None:
        self.take, self.count, self.in_index = take, 0, 0

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, _SKIPPED):
            return node
        for kind, new in _errors(node, bool(self.in_index)):
            line = getattr(node, "lineno", 0)
            mutant = Mutant(self.count, line, kind, _text(node), _text(new))
            self.count += 1
            if self.take(mutant, node):
                return ast.copy_location(new, node)
        return super().visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Every child but annotations, decorators, texts, and the tests that only guard a `raise`."""
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            if name == "test" and isinstance(node, ast.If) and all(isinstance(s, ast.Raise) for s in node.body):
                continue
            inside = isinstance(node, ast.Subscript) and name == "slice"
            self.in_index += inside
            if isinstance(value, list):
                value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
            self.in_index -= inside
        return node


def _errors(node: ast.AST, in_index: bool) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp):
        yield from _of_operation(node, in_index)
    elif isinstance(node, ast.Constant) and isinstance(node.value, float):
        for factor in NUMBER_FACTORS:
            yield "number", ast.Constant(node.value * factor)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "sign", node.operand
    elif isinstance(node, ast.BoolOp):
        for i in range(len(node.values)):
            kept = [v for j, v in enumerate(node.values) if j != i]
            yield "condition", kept[0] if len(kept) == 1 else ast.BoolOp(node.op, kept)
    elif isinstance(node, ast.IfExp):
        yield "condition", node.body
        yield "condition", node.orelse
    elif isinstance(node, ast.If) and not all(isinstance(s, ast.Raise) for s in node.body):
        for always in (True, False):
            yield "condition", ast.If(ast.Constant(always), node.body, node.orelse)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "condition", ast.comprehension(node.target, node.iter, [], node.is_async)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load):
        yield "transpose", node.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _of_subscript(node)


def _of_operation(node: ast.BinOp, in_index: bool) -> Iterator[tuple[str, ast.AST]]:
    left, op, right = node.left, node.op, node.right
    if isinstance(op, ast.Add | ast.Sub):
        yield "term", left
        yield "term", right if isinstance(op, ast.Add) else ast.UnaryOp(ast.USub(), right)
        yield "sign", ast.BinOp(left, ast.Sub() if isinstance(op, ast.Add) else ast.Add(), right)
    elif isinstance(op, ast.Mult):
        yield "factor", left
        yield "factor", right
    elif isinstance(op, ast.Div):
        yield "factor", left
    elif isinstance(op, ast.Pow):
        yield "exponent", ast.BinOp(left, op, ast.BinOp(right, ast.Add(), ast.Constant(0.5)))
        yield "exponent", ast.BinOp(left, op, ast.BinOp(right, ast.Sub(), ast.Constant(0.5)))
    elif isinstance(op, ast.MatMult):
        yield "transpose", ast.BinOp(right, op, left)
    if in_index or not isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        return
    for side in ("left", "right"):
        number = getattr(node, side)
        if isinstance(number, ast.Constant) and type(number.value) is int and number.value:
            for factor in NUMBER_FACTORS:
                other = copy.copy(node)
                setattr(other, side, ast.Constant(number.value * factor))
                yield "number", other


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    renamed = _EXTREMES.get(name) or {"mean": "sum"}.get(name)
    if renamed:
        other = copy.copy(node)
        other.func = (
            ast.Attribute(function.value, renamed, ast.Load())
            if isinstance(function, ast.Attribute)
            else ast.Name(renamed, ast.Load())
        )
        yield ("extreme" if name in _EXTREMES else "factor"), other
    if name == "sqrt" and len(node.args) == 1:
        yield "exponent", node.args[0]
    if name in _SWAPS and isinstance(function, ast.Attribute):
        is_method = not isinstance(function.value, ast.Name) or function.value.id not in ("np", "jnp", "sp", "lax")
        yield "transpose", function.value if is_method else node.args[0]


def _of_subscript(node: ast.Subscript) -> Iterator[tuple[str, ast.AST]]:
    if shifted := _shifted(node.slice):
        yield "index", ast.Subscript(node.value, shifted, ast.Load())
    if isinstance(node.slice, ast.Slice):
        for end in ("lower", "upper"):
            if shifted := _shifted(getattr(node.slice, end)):
                other = copy.copy(node.slice)
                setattr(other, end, shifted)
                yield "index", ast.Subscript(node.value, other, ast.Load())


def _shifted(node: ast.AST | None) -> ast.expr | None:
    """The next index away from the end from which it counts; None for what is no number."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return ast.Constant(node.value + 1)
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and type(node.operand.value) is int
    ):
        return ast.UnaryOp(ast.USub(), ast.Constant(node.operand.value + 1))
    return None


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    if isinstance(node, ast.comprehension):
        return "".join(f" if {ast.unparse(t)}" for t in node.ifs) or "no condition"
    return ast.unparse(node)
