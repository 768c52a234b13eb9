"""Which deliberate errors are made in a source, and that each of them changes what the source computes."""

import ast

import numpy as np
import pytest

from tests.mutants import trial
from tests.mutants.operators import KINDS, mutants, mutated

SOURCE = '''
def bound(n: "Float[np.ndarray, 'n - 1']", d, m):
    """Left alone: 2 * 3 - 1."""
    if n < 0:
        raise ValueError(f"{n - 1}")
    return 0.25 * d**2 / n - np.sqrt(d + 3) + min(n, d) * m.T[0, 1]
'''


def made(source, kind=None):
    return [(m.was, m.becomes) for m in mutants(source) if kind in (None, m.kind)]


def test_each_kind_is_made_where_it_can_be():
    assert {("0.25", "0.225"), ("0.25", "0.275"), ("d + 3", "d + 2.7")} < set(made(SOURCE, "number"))
    assert ("d + 3", "d - 3") in made(SOURCE, "sign")
    assert set(made("d + 3", "term")) == {("d + 3", "d"), ("d + 3", "3")}
    assert set(made("a - b", "term")) == {("a - b", "a"), ("a - b", "-b")}
    assert ("0.25 * d ** 2 / n", "0.25 * d ** 2") in made(SOURCE, "factor")
    assert ("d ** 2", "d ** (2 + 0.5)") in made(SOURCE, "exponent")
    assert ("np.sqrt(d + 3)", "d + 3") in made(SOURCE, "exponent")
    assert made(SOURCE, "extreme") == [("min(n, d)", "max(n, d)")]
    assert made(SOURCE, "transpose") == [("m.T", "m")]
    assert made("x[0] + x[-1] + x[1:]", "index") == [("x[0]", "x[1]"), ("x[-1]", "x[-2]"), ("x[1:]", "x[2:]")]
    assert made("a if b else c", "condition") == [("a if b else c", "a"), ("a if b else c", "c")]
    assert made("[x for x in y if x > z]", "condition") == [(" if x > z", "no condition")]


def test_texts_annotations_and_refusals_are_left_alone():
    assert not any("3 - 1" in was or "n - 1" in was or "n < 0" in was for was, _ in made(SOURCE))


def test_one_error_is_made_at_a_time():
    plain = ast.unparse(ast.parse(SOURCE))
    for m in mutants(SOURCE):
        assert ast.unparse(mutated(SOURCE, m.index)) != plain
    with pytest.raises(IndexError, match="deliberate errors"):
        mutated(SOURCE, len(mutants(SOURCE)))


def test_the_mathematics_has_errors_of_every_kind():
    files = (trial.ROOT / "theory").rglob("*.py")
    kinds = {m.kind for file in files for m in mutants(file.read_text(encoding="utf-8"))}
    assert kinds == set(KINDS)


def test_values_move_or_do_not():
    a = [("f", trial.numbers(np.arange(4.0))), ("g", trial.numbers(2.5))]
    assert trial.are_the_same(a, list(a))
    assert not trial.are_the_same(a, a[:1])
    assert not trial.are_the_same(a, [("f", trial.numbers(np.arange(4.0)[::-1])), a[1]])
    assert not trial.are_the_same(a, [a[0], ("g", trial.numbers(2.5 * (1 + 1e-8)))])
    assert trial.are_the_same(a, [a[0], ("g", trial.numbers(2.5 * (1 + 1e-11)))])
