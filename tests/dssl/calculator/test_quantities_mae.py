"""The calculator's masked-autoencoder deficit and its conditions on H: values, void cells, and refusals."""

import numpy as np
import pytest

from dssl.calculator.compute import compute
from runtime.usage import UsageError
from theory.deficits.masked_autoencoder import mae_deficit
from theory.setting import Setting


def mae(**keys):
    return compute("mae_deficit", {"n_clients": "3", "dim": "80", "samples_per_client": "1800000"} | keys)


def transformation(h, **keys):
    return compute("transformation_condition", {"H": str(h), "n_clients": "5", "dim": "30"} | keys)


def test_the_deficit_is_that_of_the_theory():
    answer = mae(mask_ratio="0.6")
    wanted = mae_deficit(Setting.paper(80, n_clients=3, samples_per_client=1_800_000, mask_ratio=0.6))
    assert answer["status"] == "ok"
    assert answer["value"] == pytest.approx(wanted, rel=1e-12)
    assert "200**(1/5)" in answer["exact"]


def test_more_masks_a_sample_bring_the_deficit_down_to_the_expected_one():
    expected, one, many = (mae(draws=k)["value"] for k in ("expected", "1", "1000000"))
    assert expected < many < one
    assert many == pytest.approx(expected, rel=1e-5)


def test_two_clients_are_void_with_the_reason():
    answer = mae(n_clients="2")
    assert (answer["status"], answer["value"]) == ("void", None)
    assert "nothing is learned" in answer["reason"]


def test_a_leading_order_beyond_one_is_void():
    answer = mae(samples_per_client="100")
    assert (answer["status"], answer["value"]) == ("void", None)
    assert "at most 1" in answer["reason"]


def test_fewer_features_than_clients_are_out_of_domain():
    assert mae(feature_dim="2")["status"] == "out_of_domain"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mask_ratio": "1.2"}, "mask_ratio=1.2"),
        ({"draws": "0"}, "draws=0"),
        ({"draws": "twice"}, "draws='twice'"),
        ({"samples_per_client": "0"}, "samples_per_client=0"),
        ({"dim": "2"}, "dim=2"),
        ({"mu": "0"}, "mu=0"),
    ],
)
def test_bad_keys_of_the_deficit_are_refused(keys, message):
    with pytest.raises(UsageError, match=message):
        mae(**keys)


@pytest.mark.parametrize("name", ["flip", "blur"])
def test_a_file_answers_like_the_name(name, tmp_path):
    from theory.objectives.transformations import named_transformation

    np.save(tmp_path / "h.npy", named_transformation(name, 5, 30))
    assert transformation(tmp_path / "h.npy")["value"] == transformation(name)["value"]


def test_the_angle_turns_the_rotation():
    assert transformation("rotation")["value"]["trace_signal"] == pytest.approx(1.0)
    assert transformation("rotation", angle="0")["value"]["condition_holds"]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.full((30, 30), np.nan), "finite; got nan"),
        (np.ones((3, 4)), r"square matrix; got shape \(3, 4\)"),
        (np.eye(3), "30 x 30 for dim=30; got 3 x 3"),
        (np.array([{}], dtype=object), "allow_pickle=False"),
        (np.zeros((1, 3000), dtype=np.int8), "wider than 2048"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(matrix, message, tmp_path):
    np.save(tmp_path / "h.npy", matrix, allow_pickle=True)
    with pytest.raises(UsageError, match=message) as refusal:
        transformation(tmp_path / "h.npy")
    assert "\n" not in str(refusal.value)


def test_a_missing_file_a_wrong_name_and_a_text_file_are_refused(tmp_path):
    with pytest.raises(UsageError, match="There is no file"):
        transformation(tmp_path / "none.npy")
    with pytest.raises(UsageError, match="nearest are flip"):
        transformation("flipp")
    (tmp_path / "text.npy").write_text("1 2 3")
    with pytest.raises(UsageError, match="cannot be read as a matrix"):
        transformation(tmp_path / "text.npy")


def test_a_wide_matrix_is_refused_before_it_is_built():
    with pytest.raises(UsageError, match="dim <= 2048; got dim=1000000"):
        transformation("flip", dim="1000000")


@pytest.mark.parametrize(
    ("growth", "value", "told"), [(2.0, -0.2, ""), (1.5, 0.3, "its own exponent is 0."), (1.8, 0.0, "beta > 9/5 only")]
)
def test_a_positive_exponent_is_said_to_be_that_of_the_closed_form(growth, value, told):
    answer = compute("exponent", {"quantity": "mae_deficit", "beta": growth})
    assert answer["value"] == pytest.approx(value)
    assert told in answer["reason"]


def test_the_sensitivity_has_no_exponent_where_the_deficit_does_not_fall():
    keys = {"quantity": "sensitivity", "objective": "cl"}
    assert compute("exponent", {**keys, "beta": 0.5})["status"] == "void"
    assert compute("exponent", {**keys, "beta": 1.0})["value"] == pytest.approx(-0.9)


def test_the_own_coordinate_of_the_mae_loss_stays_lost():
    answer = compute("exponent", {"quantity": "mae_deficit", "scope": "local_own", "beta": 3.0})
    assert answer["value"] == 0.0
    assert "never encoded" in answer["reason"]


def test_a_deficit_that_is_not_small_is_told_from_its_saturated_value():
    answer = mae(n_clients="6", dim="300", samples_per_client="15000")
    assert 0.1 < answer["value"] < 1
    assert "is not small" in answer["reason"]
    assert "near" in answer["reason"]
