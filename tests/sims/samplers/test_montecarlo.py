"""Three samplers, one law: they agree with each other and with the second-order theory."""

import numpy as np
import pytest

from sims.samplers import montecarlo
from sims.samplers.signal_rows import signal_rows
from sims.stats import deficit, same_distribution, sensitivity, standard_errors_allowed
from theory.deficits import closed_forms
from theory.readings import Coordinates, Loss, Mask, Objective, Offsets, Rare, Reading, Scope, Selection
from theory.setting import Setting

SMALL = Setting.paper(32, n_clients=3, samples_per_client=600, augmentation_std=0.5)
EXPECTED = Reading()
ONE_DRAW = Reading(draws=1)


def _sample(method, trials=150, s=SMALL, objective=Objective.MIM, reading=EXPECTED, seed=1, **more):
    return montecarlo.sample_representability(
        seed, s, objective=objective, reading=reading, trials=trials, method=method, **more
    )


@pytest.mark.parametrize(
    ("objective", "reading", "scope"),
    [
        (Objective.MIM, EXPECTED, "fl"),
        (Objective.MIM, EXPECTED, "local"),
        (Objective.CL, ONE_DRAW, "fl"),
        (Objective.CL, Reading(draws=3), "fl"),
        (Objective.MIM, Reading(offsets=Offsets.PER_CLASS), "fl"),
        (Objective.MIM, Reading(mask=Mask.COMPLEMENTARY), "fl"),
        (Objective.MIM, Reading(mask=Mask.COMPLEMENTARY, loss=Loss.RECONSTRUCTION), "fl"),
    ],
)
def test_the_matrix_law_gives_what_literal_data_give(objective, reading, scope):
    literal = _sample("literal", 80, objective=objective, reading=reading, scope=scope)
    law = _sample("matrix", 200, objective=objective, reading=reading, scope=scope, seed=2)
    assert law.method == "matrix"
    assert same_distribution(deficit(literal.r), deficit(law.r))
    assert same_distribution(sensitivity(literal.r), sensitivity(law.r))
    for k in range(3):
        assert same_distribution(literal.r[:, k], law.r[:, k])


@pytest.mark.parametrize(
    ("objective", "reading", "scope"),
    [
        (Objective.MIM, EXPECTED, "fl"),
        (Objective.MIM, EXPECTED, "local"),
        (Objective.CL, ONE_DRAW, "fl"),
        (Objective.CL, Reading(draws=2), "fl"),
    ],
)
def test_block_lanczos_gives_what_the_matrix_gives(objective, reading, scope):
    s = Setting.paper(64, n_clients=3, samples_per_client=4_000, augmentation_std=0.5)
    law = _sample("matrix", 400, s, objective, reading, scope=scope)
    short = _sample("lanczos", 4_000, s, objective, reading, seed=2, scope=scope)
    # The share that the design asks for is kept in the worst trial, and is a tenth of the standard error measured,
    # whose own relative error is 1/sqrt(2 trials).
    share = montecarlo.truncation_share(s, signal_rows(s, reading, scope), 4_000)
    assert short.truncation <= share * (1 - short.r).max()
    estimate = short.deficit()
    assert share * estimate.mean <= 0.1 * estimate.standard_error * (1 + standard_errors_allowed() / np.sqrt(2 * 4_000))
    assert same_distribution(deficit(law.r), deficit(short.r))
    assert same_distribution(sensitivity(law.r), sensitivity(short.r))


def test_contrast_of_one_client_runs_where_its_spike_stands_clear_of_the_noise():
    # sigma = 1 as in the paper; Weyl's bound of the noise edge would put this spike inside it.
    s = Setting.paper(128, n_clients=2, samples_per_client=6_400)
    law = _sample("matrix", 400, s, Objective.CL, ONE_DRAW, scope="local")
    short = _sample("lanczos", 1_500, s, Objective.CL, ONE_DRAW, seed=2, scope="local")
    share = montecarlo.truncation_share(s, signal_rows(s, ONE_DRAW, "local"), 1_500)
    assert short.truncation <= share * (1 - short.r).max()
    for k in range(2):
        assert same_distribution(law.r[:, k], short.r[:, k])


def test_a_spike_that_its_start_block_hides_is_bounded_by_deeper_blocks():
    # The start block's eigenvalue, about 1.06, lies inside the noise edge; that of three blocks clears it.
    s = Setting.paper(1_024, n_clients=2, samples_per_client=4_096)
    found = _sample("lanczos", 60, s, Objective.CL, ONE_DRAW, scope="local")
    share = montecarlo.truncation_share(s, signal_rows(s, ONE_DRAW, "local"), 60)
    assert found.truncation <= share * (1 - found.r).max()


def test_contrast_of_one_client_inside_the_noise_goes_to_the_matrix_and_says_why():
    s = Setting.paper(64, n_clients=2, samples_per_client=256)
    assert _sample("auto", 2, s, Objective.CL, ONE_DRAW, scope="local").method == "matrix"
    with pytest.raises(ValueError, match=r"the spike may be as low as 1\.\d+ and the noise reach 2\.\d+"):
        _sample("lanczos", 2, s, Objective.CL, ONE_DRAW, scope="local")


def test_noise_far_above_the_spike_is_not_taken_for_a_large_deficit_to_share():
    # To leading order the deficit would be thousands, and any error a small share of it.
    s = Setting.paper(149, n_clients=4, samples_per_client=2_644, tau=0.3, mu=0.05, augmentation_std=3.0)
    assert _sample("auto", 2, s, Objective.CL, ONE_DRAW, scope="local").method == "matrix"


def test_a_class_without_samples_adds_nothing():
    s = Setting.paper(40, n_clients=3, samples_per_client=4, rare_fraction=0.9, feature_dim=6)
    reading = Reading(rare=Rare.OUTSIDE)
    assert signal_rows(s, reading).class_sizes == (0, 0)
    assert np.isfinite(_sample("matrix", 3, s, reading=reading).r).all()


@pytest.mark.parametrize(
    ("objective", "reading", "scope"),
    [(Objective.MIM, EXPECTED, "local"), (Objective.CL, ONE_DRAW, "fl")],
)
def test_the_compiled_form_draws_from_the_same_law(objective, reading, scope):
    s = Setting.paper(64, n_clients=3, samples_per_client=4_000, augmentation_std=0.5)
    numpy, compiled = (
        _sample("lanczos", 1_500, s, objective, reading, seed=k, scope=scope, backend=backend)
        for k, backend in enumerate(("numpy", "jax"))
    )
    assert compiled.r.dtype == np.float64
    assert same_distribution(deficit(numpy.r), deficit(compiled.r))
    assert same_distribution(sensitivity(numpy.r), sensitivity(compiled.r))
    for k in range(3):
        assert same_distribution(numpy.r[:, k], compiled.r[:, k])
    share = montecarlo.truncation_share(s, signal_rows(s, reading, scope), 1_500)
    assert 0 < compiled.truncation <= share * (1 - compiled.r).max()
    again = _sample("lanczos", 1_500, s, objective, reading, seed=1, scope=scope, backend="jax")
    assert np.array_equal(compiled.r, again.r)


def test_the_compiled_form_is_chosen_on_an_accelerator(monkeypatch):
    s = Setting.paper(64, n_clients=2, samples_per_client=4_000)
    on_cpu, compiled = _sample("lanczos", 20, s), _sample("lanczos", 20, s, backend="jax")
    monkeypatch.setattr("jax.default_backend", lambda: "gpu")
    assert np.array_equal(_sample("lanczos", 20, s).r, compiled.r)
    assert np.array_equal(_sample("lanczos", 20, s, backend="numpy").r, on_cpu.r)
    assert not np.array_equal(on_cpu.r, compiled.r)


@pytest.mark.parametrize("objective", Objective)
def test_the_mean_deficit_is_the_second_order_one(objective):
    s = Setting.paper(64, n_clients=6, samples_per_client=10_000)
    reading = ONE_DRAW if objective is Objective.CL else EXPECTED
    measured = _sample("auto", 4_000, s, objective, reading).deficit()
    theory = closed_forms.deficit(s, objective, Scope.FL, reading.draws)
    # Second order leaves out terms of relative size d/n, 1e-3 here; 3% is what the theory promises.
    assert abs(measured.mean - theory) <= 0.03 * theory


def test_sampled_masks_reach_their_second_order_deficit():
    s = Setting.paper(32, n_clients=2, samples_per_client=800)
    measured = _sample("auto", 80, s, reading=ONE_DRAW)
    assert measured.method == "literal"
    theory = closed_forms.deficit(s, Objective.MIM, Scope.FL, 1)
    estimate = measured.deficit()
    slack = standard_errors_allowed() * estimate.standard_error + 0.03 * theory
    assert abs(estimate.mean - theory) <= slack


@pytest.mark.parametrize("method", ["literal", "matrix", "lanczos"])
def test_the_same_seed_gives_the_same_numbers(method):
    s = Setting.paper(64, n_clients=2, samples_per_client=500)
    a, b = _sample(method, 5, s), _sample(method, 5, s)
    assert np.array_equal(a.r, b.r)
    assert not np.array_equal(a.r, _sample(method, 5, s, seed=2).r)


def test_cl_and_mim_of_one_data_set_are_correlated_as_literal_ones_are():
    s = Setting.paper(32, n_clients=2, samples_per_client=300, augmentation_std=0.3)
    law = montecarlo.sample_pair(1, s, trials=400)
    literal = montecarlo.sample_pair(2, s, trials=150, method="literal")
    for k in range(2):
        assert same_distribution(deficit(law[k].r), deficit(literal[k].r))
    by_law, by_literal = (deficit(cl.r) / deficit(mim.r) for cl, mim in (law, literal))
    assert same_distribution(by_law, by_literal)
    separate = deficit(law[0].r) / deficit(np.roll(law[1].r, 1, axis=0))
    assert np.std(np.log(by_law)) < 0.9 * np.std(np.log(separate))


def test_expected_augmentations_make_cl_equal_to_mim():
    cl, mim = montecarlo.sample_pair(1, SMALL, trials=5, cl_draws="expected")
    assert np.allclose(cl.r, mim.r, rtol=0, atol=1e-12)


def test_a_rare_class_outside_the_signal_is_recovered_by_mim():
    s = Setting.paper(200, n_clients=2, samples_per_client=400, rare_fraction=0.4, feature_dim=4)
    found = _sample("auto", 8, s, reading=Reading(rare=Rare.OUTSIDE))
    assert found.extra.shape == (8, 2)
    assert found.extra.mean() > 0.5


def test_the_leading_coordinates_are_shown_when_asked_for():
    s = Setting.paper(32, n_clients=2, samples_per_client=100, feature_dim=5)
    found = _sample("auto", 3, s, reading=Reading(coordinates=Coordinates.LEADING))
    assert found.r.shape == (3, 5)


def test_a_million_coordinates_take_no_matrix():
    found = _sample("auto", 100, Setting.paper(2**20))
    assert found.method == "lanczos"
    assert found.deficit().mean == pytest.approx(
        closed_forms.deficit(Setting.paper(2**20), Objective.MIM, Scope.FL, "expected"), rel=0.01
    )


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"trials": 0}, "got trials=0"),
        ({"method": "magic"}, "got method='magic'"),
        ({"backend": "abacus"}, "got backend='abacus'"),
        ({"method": "matrix", "reading": ONE_DRAW}, "no matrix law"),
        ({"method": "lanczos", "reading": Reading(selection=Selection.MODULUS)}, 'Use method="matrix"'),
        ({"scope": "local", "client": 3}, "Clients are counted from 0 to 2; got client=3"),
        ({"transformation": np.eye(32)}, "belongs to CL"),
        ({"objective": Objective.CL, "transformation": np.eye(3)}, "H must be 32 x 32"),
        ({"s": Setting.paper(2**20, feature_dim=4)}, "dim <= 20000; got dim=1048576"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        _sample(**({"method": "auto", "trials": 2} | change))
