"""The calculator reads keys by their types, and says what was wanted when it cannot."""

import json
import math
from typing import Literal

import pytest

from dssl.calculator import compute
from runtime.parse import parse
from runtime.usage import UsageError
from theory.readings import Mask

FIELDS = {"name", "value", "exact", "status", "units", "source", "latex", "reason", "assumed"}
REQUIRED = {
    "population_spectrum", "representability", "deficit", "deficit_limit", "deficit_bound", "sigma_star", "exponent",
    "concentration_threshold", "mae_deficit", "rare_recovery", "order_probability", "transformation_condition",
}  # fmt: skip


def test_every_promised_quantity_exists():
    assert set(compute.names()) >= REQUIRED


@pytest.mark.parametrize("name", compute.names())
def test_every_quantity_has_a_title_and_documented_keys(name):
    assert compute.title(name)
    assert compute.keys(name)


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("6", int, 6),
        ("1e6", int, 10**6),
        ("100000000000000000001", int, 10**20 + 1),
        ("0.5", float, 0.5),
        ("inf", float, math.inf),
        ("inf", int | float, math.inf),
        ("7", int | float, 7),
        ("4", int | str, 4),
        ("expected", int | str, "expected"),
        ("none", float | None, None),
        ("complementary", Mask, Mask.COMPLEMENTARY),
        ("upper", Literal["upper", "lower"], "upper"),
        ("1,2.5", tuple[float, ...], (1.0, 2.5)),
        ("[1, 2.5]", list[float], [1.0, 2.5]),
        ("true", bool, True),
    ],
)
def test_text_is_read_as_the_type_of_its_key(text, hint, value):
    parsed = parse("key", text, hint, is_text=True)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("raw", "hint", "is_text"),
    [
        ("three", int, True),
        ("2.5", int, True),
        ("inf", int, True),
        ("nan", float, True),
        ("nan", float | str, True),
        (math.nan, float, False),
        ("3", int, False),
        (True, int, False),
        ("sideways", Mask, True),
        ("1,x", tuple[float, ...], True),
        (None, float, False),
        ([1], int, False),
    ],
)
def test_what_is_not_of_the_type_is_refused_with_the_value(raw, hint, is_text):
    with pytest.raises(UsageError, match="key must be") as caught:
        parse("key", raw, hint, is_text=is_text)
    assert str(raw) in str(caught.value)


def test_json_may_say_inf_since_it_has_no_infinity():
    assert parse("dim", "inf", int | float, is_text=False) == math.inf


def test_one_answer_has_exactly_the_promised_fields():
    result = compute.compute("sigma_star", {"n_clients": "3", "dim": "inf", "mask_ratio": "0.75"})
    assert set(result) == FIELDS
    assert result["status"] == "ok"
    json.dumps(result, allow_nan=False)


def test_a_bad_entry_spoils_no_other():
    good = {"name": "sigma_star", "args": {"n_clients": 3, "dim": "inf", "mask_ratio": 0.75}}
    bad = {"name": "sigma_star", "args": {"n_clients": "three", "dim": "inf"}}
    results, is_good = compute.batch(json.dumps([good, bad, {"name": "nothing"}, 7, good]))
    assert not is_good
    assert [r["status"] for r in results] == ["ok", "error", "error", "error", "ok"]
    assert "three" in results[1]["reason"]
    assert all(set(r) == FIELDS for r in results)


@pytest.mark.parametrize("text", ["", "{", '{"name": "sigma_star"}', "3"])
def test_what_is_no_list_of_queries_is_refused(text):
    with pytest.raises(UsageError, match="batch"):
        compute.batch(text)


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_clients": "3", "dim": "300", "mask_ratio": "1"},
        {"n_clients": "3", "dim": "2", "mask_ratio": "0.75"},
        {"n_clients": "1", "dim": "300", "mask_ratio": "0.75"},
    ],
)
def test_a_value_outside_the_model_is_a_mistake_of_the_user(arguments):
    with pytest.raises(UsageError):
        compute.compute("sigma_star", arguments)
