"""`dssl.Setting`: what it takes, what it refuses, and how its arrays broadcast."""

import numpy as np
import pytest

import dssl


def test_fields_that_are_arrays_make_a_grid():
    s = dssl.Setting(n_clients=4, dim=np.array([100, 1000])[:, None], beta=[1.0, 1.2, 1.4])
    assert s.shape == (2, 3)
    points = list(s.points())
    assert [(p["dim"], p["beta"]) for p in points] == [(d, b) for d in (100, 1000) for b in (1.0, 1.2, 1.4)]
    assert all(type(p["dim"]) is int for p in points)
    assert "samples_per_client" not in points[0]


def test_arrays_that_were_handed_in_may_change_afterwards():
    dims = np.array([100, 200])
    s = dssl.Setting(n_clients=4, dim=dims)
    dims[0] = 999
    assert s.dim.tolist() == [100, 200]
    with pytest.raises(ValueError, match="read-only"):
        s.dim[0] = 5


def test_samples_and_beta_stand_in_each_others_place():
    s = dssl.Setting(n_clients=4, dim=100, beta=1.2)
    assert s.replace(samples_per_client=50).beta is None
    assert s.replace(samples_per_client=50).replace(beta=1.1).samples_per_client is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n_clients": 1, "dim": 10}, "at least 2 clients"),
        ({"n_clients": [4, 1], "dim": 10}, "at least 2 clients"),
        ({"n_clients": 4, "dim": 2}, "dim >= n_clients"),
        ({"n_clients": 4, "dim": 10.5}, "whole numbers"),
        ({"n_clients": 4, "dim": "wide"}, "whole numbers"),
        ({"n_clients": 4, "dim": []}, "whole numbers"),
        ({"n_clients": 4, "dim": True}, "whole numbers"),
        ({"n_clients": 4, "dim": 10, "mu": float("nan")}, "finite numbers"),
        ({"n_clients": 4, "dim": 10, "mu": 1j}, "finite numbers"),
        ({"n_clients": 4, "dim": 10, "mask_ratio": 1.0}, "strictly between 0 and 1"),
        ({"n_clients": 4, "dim": 10, "samples_per_client": 5, "beta": 1.0}, "Keep one"),
        ({"n_clients": [2, 3], "dim": [10, 20, 30]}, "broadcast"),
    ],
)
def test_what_no_setting_can_be_is_refused_in_one_sentence(fields, words):
    with pytest.raises(dssl.UsageError, match=words) as refused:
        dssl.Setting(**fields)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n_clients": 4, "dim": None}, "needs dim, .* got dim=None"),
        ({"n_clients": None, "dim": 9}, "needs n_clients"),
        ({"n_clients": 4, "dim": -np.inf}, "dim takes whole numbers, or inf"),
        ({"n_clients": 4, "dim": np.nan}, "dim takes whole numbers, or inf"),
        ({"n_clients": 4, "dim": [9, np.inf]}, "dim is finite, or inf at all points"),
        ({"n_clients": np.inf, "dim": 9}, "n_clients takes finite whole numbers"),
        ({"n_clients": 4, "dim": np.inf, "mask_ratio": 1.0}, "strictly between 0 and 1"),
    ],
)
def test_a_missing_or_infinite_size_is_refused_in_one_sentence(fields, words):
    with pytest.raises(dssl.UsageError, match=words):
        dssl.Setting(**fields)


def test_a_field_that_there_is_not_is_named_with_the_nearest():
    with pytest.raises(dssl.UsageError, match="mask_ratio"):
        dssl.Setting(n_clients=4, dim=10).replace(mask_ration=0.5)
