"""`dssl.simulated_deficit`, and `dssl compute deficit ... --trials`, which prints the same numbers."""

import json
from typing import Any

import numpy as np
import pytest

import dssl
from sims.samplers.montecarlo import sample_representability
from sims.stats import deficit
from tests.command import answered
from theory.readings import Mask, Objective, Reading
from theory.setting import Setting

PLAIN = {"n_clients": 3, "dim": 24, "samples_per_client": 60}
QUERY = [f"{name}={value}" for name, value in PLAIN.items()]


@pytest.mark.parametrize(
    ("scope", "columns"), [("fl", slice(None)), ("local_own", slice(0, 1)), ("local_other", slice(1, None))]
)
def test_mean_and_standard_error_are_those_of_drawn_representabilities(scope, columns):
    found = dssl.simulated_deficit(dssl.Setting(**PLAIN), objective="mim", draws=1, scope=scope, trials=20, seed=4)
    drawn = sample_representability(
        4,
        Setting.paper(**PLAIN),
        objective=Objective.MIM,
        scope="fl" if scope == "fl" else "local",
        reading=Reading(mask=Mask.INDEPENDENT, draws=1),
        trials=20,
    )
    each = np.asarray(deficit(drawn.r[:, columns])).reshape(20, -1).mean(axis=1)
    assert found.mean == pytest.approx(each.mean())
    assert found.standard_error == pytest.approx(each.std(ddof=1) / np.sqrt(20))
    assert found.trials == 20


def test_a_curve_of_settings_gives_arrays_of_its_shape():
    setting = dssl.Setting(n_clients=3, dim=[[16], [32]], samples_per_client=[40, 80, 160])
    found = dssl.simulated_deficit(setting, objective="cl", trials=30)
    assert found.mean.shape == found.standard_error.shape == (2, 3)
    assert np.all(np.diff(found.mean, axis=1) < 0), "more samples lose less"


def test_what_cannot_be_simulated_is_refused():
    setting = dssl.Setting(**PLAIN)
    with pytest.raises(dssl.UsageError, match=r"wants a dssl\.Setting; got 5"):
        dssl.simulated_deficit(5, objective="cl")  # type: ignore[arg-type]
    refused: list[tuple[dict[str, Any], str]] = [
        ({"trials": 1}, "whole number of simulations from 2"),
        ({"seed": -1}, "seed is a whole number from 0"),
        ({"mask": "half"}, "mask must be one of independent, complementary, fixed_count, printed; got mask='half'"),
        ({"draws": 0}, "draws must be"),
        ({"objective": "mae"}, "objective must be one of cl, mim; got objective='mae'"),
    ]
    for keys, said in refused:
        with pytest.raises(dssl.UsageError, match=said):
            dssl.simulated_deficit(setting, **{"objective": "mim", **keys})
    with pytest.raises(dssl.UsageError, match="one is allowed; trials="):
        dssl.simulated_deficit(setting.replace(dim=3000, samples_per_client=3000), objective="mim", trials=100_000)


def test_the_command_prints_the_simulated_mean_beside_the_formula(capsys):
    arguments = ["compute", "deficit", *QUERY, "objective=cl", "draws=2", "--trials", "25", "--seed", "9"]
    code, out, _ = answered(capsys, *arguments, "--json")
    found = json.loads(out)
    same = dssl.simulated_deficit(dssl.Setting(**PLAIN), objective="cl", draws=2, trials=25, seed=9)
    assert (code, found["simulated"]) == (0, same._asdict())
    assert found["value"] == dssl.deficit(dssl.Setting(**PLAIN), objective="cl", draws=2)
    _, out, _ = answered(capsys, *arguments)
    assert f"{same.mean:.6g}, the mean of 25 data sets (standard error {same.standard_error:.2g})" in " ".join(
        out.split()
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compute", "deficit", *QUERY, "objective=cl", "--seed", "3"], "--seed chooses the data of --trials"),
        (["compute", "sigma_star", "n_clients=3", "dim=inf", "--trials", "3"], "got sigma_star"),
        (["compute", "deficit", "--list", "--trials", "3"], "got --list"),
        (["compute", "--batch", "-", "--trials", "3"], "got no quantity"),
    ],
)
def test_options_of_a_simulation_without_one_are_refused(capsys, arguments, said):
    code, out, err = answered(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
