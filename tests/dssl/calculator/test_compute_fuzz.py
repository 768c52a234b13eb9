"""Whatever is asked, the calculator answers in strict JSON or says in one sentence what is wrong: nothing else."""

import functools
import json
import typing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dssl.calculator import compute
from dssl.cli.main import main
from runtime.usage import UsageError

# What a query needs at least; the rest of the keys, and their values, are drawn.
GOOD: dict[str, dict[str, typing.Any]] = {
    "population_spectrum": {"n_clients": 3, "dim": 50},
    "representability": {"n_clients": 3, "dim": 50},
    "deficit": {"objective": "cl", "n_clients": 3, "dim": 50, "samples_per_client": 5000},
    "deficit_limit": {"objective": "cl", "n_clients": 3, "dim": 50, "samples_per_client": 5000},
    "deficit_bound": {"objective": "mim", "n_clients": 3, "dim": 50, "samples_per_client": 500_000},
    "sigma_star": {"n_clients": 3, "dim": 50},
    "exponent": {"quantity": "deficit", "beta": 1.0},
    "concentration_threshold": {"objective": "cl"},
    "mae_deficit": {"n_clients": 3, "dim": 50, "samples_per_client": 5_000_000},
    "rare_recovery": {"objective": "mim", "n_clients": 3, "dim": 50, "samples_per_client": 5000, "rare_fraction": 0.3},
    "order_probability": {"dim": 50},
    "transformation_condition": {"H": "flip", "n_clients": 3, "dim": 50},
    "effective_covariance": {"topology": "path", "n_clients": 3, "dim": 6, "feature_dim": 1, "step_size": 0.01},
    "consensus": {"topology": "path", "n_clients": 3, "gradient_dissimilarity": 1.0, "step_size": 0.01},
}
CHECKS = typing.cast(list[HealthCheck], list(HealthCheck))  # those of old are left out
WORDS = (
    "cl", "mim", "fl", "local", "local_own", "local_other", "expected", "independent", "complementary", "fixed_count",
    "printed", "inside", "outside", "leading", "modulus", "lower", "paper", "inf", "-inf", "nan", "1e400", "none", "",
    "flip", "blur", "x.npy", "\x00", "0.5", "1,2,3", "[1", "\u0663", "1_000",
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, -1, 10**9, 10**12, 10**30, 10**400, 0.5, 1.5, -0.5, 1e-30, 1e-300, 1e300, 5e-324)
SCALARS = (
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(WORDS) | st.integers() | st.floats()
    | st.text(max_size=8)
)  # fmt: skip
VALUES = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)


@functools.cache
def keys(name: str) -> list[str]:
    return [key.name for key in compute.keys(name)]


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, dict[str, typing.Any]]:
    name = draw(st.sampled_from(sorted(GOOD)))
    drawn = draw(st.dictionaries(st.sampled_from([*keys(name), "strange"]), VALUES, max_size=3))
    return name, {**GOOD[name], **drawn}


def strict(result: dict[str, typing.Any]) -> None:
    json.dumps(result, allow_nan=False)
    assert result["value"] is not None or result["reason"]
    assert "inf" not in json.dumps(result["value"])


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=CHECKS)
@given(queries())
def test_any_batch_entry_is_answered_or_refused_in_one_sentence(query):
    name, arguments = query
    results, _ = compute.batch(json.dumps([{"name": name, "args": arguments}]))
    strict(results[0])
    assert "\n" not in results[0]["reason"]
    assert len(results[0]["reason"]) < 700


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=CHECKS)
@given(queries())
def test_any_typed_query_is_answered_or_refused_in_one_sentence(query):
    name, arguments = query
    refusal = ""
    try:
        strict(compute.compute(name, {k: v if isinstance(v, str) else json.dumps(v) for k, v in arguments.items()}))
    except UsageError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert len(refusal) < 700


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)))
def test_any_json_is_a_batch_or_refused(content):
    try:
        results, is_good = compute.batch(json.dumps(content))
    except UsageError:
        assert not isinstance(content, list)
        return
    assert is_good == (not results), "nothing drawn here is a query"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" + "9" * 5000 + "]",
        '[{"name": "sigma_star", "name": "deficit"}]',
        "[1e400]",
        "\ufeff[]",
        "\x00",
    ],
)
def test_json_that_breaks_a_parser_is_refused(text):
    try:
        _, is_good = compute.batch(text)
    except UsageError:
        return
    assert not is_good


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("representability", {"n_clients": 10**9, "dim": 10**12}),
        ("representability", {"n_clients": 3, "dim": 10**12, "feature_dim": 10**11, "coordinates": "leading"}),
        ("population_spectrum", {"n_clients": 10**9, "dim": 10**12, "rare": "inside", "rare_coordinate": 0}),
        ("deficit_bound", {**GOOD["deficit_bound"], "n_clients": 10**9, "dim": 10**12}),
        ("sigma_star", {"n_clients": 3, "dim": 1e300}),
        ("transformation_condition", {"H": "flip", "n_clients": 3, "dim": 10**6}),
    ],
)
def test_what_would_not_fit_is_refused_before_it_is_tried(name, arguments):
    results, is_good = compute.batch(json.dumps([{"name": name, "args": arguments}]))
    assert not is_good
    assert "Lower" in results[0]["reason"] or "Give" in results[0]["reason"]


def test_a_bad_batch_exits_2_with_one_sentence(tmp_path, capsys):
    batch = tmp_path / "batch.json"
    batch.write_text("[" * 100_000)
    with pytest.raises(SystemExit) as end:
        main(["compute", "--batch", str(batch), "--json"])
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert len(captured.err.strip().splitlines()) == 1
