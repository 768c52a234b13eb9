"""The paper's scaling, and what it refuses."""

import jax
import pytest

from theory.readings import Reading
from theory.setting import Setting


def test_the_papers_scaling_at_a_million_coordinates():
    s = Setting.paper(2**20, beta=1.0)
    assert (s.n_clients, s.samples_per_client, s.total_samples) == (2, 2**20, 2**21)
    assert s.tau == pytest.approx(16.0)
    assert s.mu == pytest.approx(1 / 16)


def test_sizes_are_static_and_reals_are_traced():
    s = Setting.paper(64, n_clients=3)
    assert len(jax.tree.leaves(s)) == 5
    assert float(jax.jit(lambda t: t.tau * t.n_clients)(s)) == pytest.approx(3 * 64**0.2)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mask_ratio": 1.2}, "mask_ratio must lie strictly between 0 and 1; got mask_ratio=1.2"),
        ({"mask_ratio": float("nan")}, "mask_ratio must be finite"),
        ({"n_clients": 65}, "dim >= n_clients; got dim=64, n_clients=65"),
        ({"n_clients": 1}, "at least 2 clients; got n_clients=1"),
        ({"feature_dim": 65}, "got feature_dim=65, dim=64"),
        ({"samples_per_client": 0}, "at least one sample; got samples_per_client=0"),
        ({"augmentation_std": -1.0}, "at least 0; got augmentation_std=-1.0"),
        ({"rare_fraction": 1.0}, r"\[0, 1\); got rare_fraction=1.0"),
        ({"mu": -0.5}, "mu >= 0; got mu=-0.5"),
        ({"tau": 0.0}, "tau must be positive; got tau=0.0"),
        ({"n_clients": 2.5}, "n_clients must be a whole number; got n_clients=2.5"),
    ],
)
def test_what_lies_outside_the_model_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Setting.paper(64, **change)


@pytest.mark.wrong_types
@pytest.mark.parametrize("draws", [0, "all", 1.5])
def test_a_reading_refuses_an_unknown_number_of_draws(draws):
    with pytest.raises(ValueError, match="draws must be"):
        Reading(draws=draws)
