"""Functions of `import dssl`: the values of the command line, for settings, arrays and networks."""

import pathlib
from typing import Any

import numpy as np
import pytest

import dssl
from dssl.calculator import compute
from dssl.interface import written
from dssl.interface.values import BeyondWarning

ANY: list[Any] = [4, "mimm"]  # of wrong types on purpose
PAPER = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)


def test_the_file_is_what_the_calculator_says_now():
    text = pathlib.Path(written.FILE).read_text(encoding="utf-8")
    assert text == written.text(), "run `python -m dssl.interface.written`"


@pytest.mark.parametrize("objective", ["cl", "mim"])
@pytest.mark.parametrize("name", ["deficit", "deficit_bound", "deficit_limit"])
def test_one_setting_has_the_value_of_the_command_line(name, objective):
    typed = {"n_clients": "4", "dim": "1000", "samples_per_client": "100000", "objective": objective}
    assert getattr(dssl, name)(PAPER, objective=objective) == compute.compute(name, typed)["value"]


def test_arrays_of_settings_and_keys_broadcast():
    s = PAPER.replace(dim=np.array([500, 1000])[:, None])
    found = dssl.deficit_bound(s, objective="cl", delta=np.array([0.01, 0.05, 0.1]))
    assert found.shape == (2, 3)
    assert found[1, 1] == dssl.deficit_bound(PAPER, objective="cl", delta=0.05)
    assert (np.diff(found, axis=1) < 0).all()
    assert (np.diff(found, axis=0) > 0).all()


def test_beta_gives_the_samples():
    by_power = dssl.deficit(dssl.Setting(n_clients=4, dim=1000, beta=1.2), objective="mim")
    assert by_power == dssl.deficit(PAPER.replace(samples_per_client=3982), objective="mim")


def test_where_a_formula_says_nothing_an_array_has_nan_and_a_warning():
    s = PAPER.replace(samples_per_client=[10, 100_000])
    with pytest.warns(UserWarning, match="deficit_bound is NaN at 1 of 2 points"):
        found = dssl.deficit_bound(s, objective="cl")
    assert np.isnan(found).tolist() == [True, False]
    with pytest.warns(UserWarning, match="is NaN"):
        assert np.isnan(dssl.deficit_bound(PAPER.replace(samples_per_client=10), objective="cl"))


def test_an_infinite_dimension_has_the_limit_or_is_refused_with_what_has_one():
    endless = dssl.Setting(n_clients=[3, 4], dim=float("inf"), samples_per_client=9)
    wanted = [compute.compute("sigma_star", {"n_clients": n, "dim": "inf"})["value"] for n in (3, 4)]
    assert dssl.sigma_star(endless).tolist() == wanted
    for name in ("deficit", "deficit_bound", "deficit_limit"):
        with pytest.raises(
            dssl.UsageError, match=f"^{name} has no value for dim=inf. Limits .* sigma_star with dim=inf"
        ):
            getattr(dssl, name)(endless, objective="cl")
    with pytest.raises(dssl.UsageError, match="A simulation draws images of dim pixels; got dim=inf"):
        dssl.plot.curve(endless.replace(n_clients=4), "deficit", "mask_ratio", show="simulated", objective="mim")


def test_a_deficit_above_1_says_that_it_says_nothing(recwarn):
    few = dssl.Setting(n_clients=4, dim=1000, samples_per_client=10)
    with pytest.warns(BeyondWarning, match=r"deficit is above 1, 3\.41; it cannot be larger than 1"):
        value = dssl.deficit(few, objective="cl")
    reason = dssl.compute("deficit", n_clients=4, dim=1000, samples_per_client=10, objective="cl")["reason"]
    assert "at most 1: at 3.41 the second order says nothing" in reason
    with pytest.warns(BeyondWarning, match=r"above 1 at 1 of 2 points, up to 3\.41"):
        found = dssl.deficit(few.replace(samples_per_client=[10, 10_000]), objective="cl")
    assert found[0] == value
    recwarn.clear()
    assert dssl.deficit(few.replace(samples_per_client=100), objective="cl") < 1
    assert not recwarn


def test_outside_a_derivation_one_setting_is_refused():
    with pytest.raises(dssl.OutOfDomainError, match="feature_dim"):
        dssl.deficit(PAPER.replace(feature_dim=2), objective="mim", mask="complementary")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: dssl.deficit(ANY[0], objective="mim"), "wants a dssl.Setting"),
        (lambda: dssl.deficit(PAPER, objective=ANY[1]), "objective must be one of"),
        (lambda: dssl.deficit(dssl.Setting(n_clients=4, dim=100), objective="cl"), "samples_per_client, or beta"),
        (lambda: dssl.deficit(PAPER.replace(rare_fraction=0.1), objective="cl"), "without rare classes"),
        (lambda: dssl.representability(PAPER.replace(dim=[100, 200])), "more than one number"),
        (lambda: dssl.spectrum("rign"), "rign"),
        (lambda: dssl.compute("deficitt"), "deficit"),
    ],
)
def test_bad_use_is_one_sentence(ask, words):
    with pytest.raises(dssl.UsageError, match=words) as refused:
        ask()
    assert "\n" not in str(refused.value)


def test_a_network_of_ones_own_has_the_values_of_the_named_one():
    own = dssl.Network(dssl.Network("star", 5, mixing="uniform").mixing_matrix)
    typed = {"topology": "star", "n_clients": "5", "mixing": "uniform"}
    for name in ("spectrum", "target_weights"):
        np.testing.assert_allclose(getattr(dssl, name)(own), compute.compute(name, typed)["value"], atol=1e-12)
    found = dssl.consensus(own, gradient_dissimilarity=1.0, step_size=0.01)
    wanted = compute.compute("consensus", typed | {"gradient_dissimilarity": "1", "step_size": "0.01"})["value"]
    assert found["at_rest"] == pytest.approx(wanted["at_rest"], rel=1e-12)
