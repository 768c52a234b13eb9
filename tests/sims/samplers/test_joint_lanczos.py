"""CL and MIM of one data set from few numbers: their joint law against that of whole matrices that share data."""

import numpy as np
import pytest

from sims.samplers import block_lanczos, joint_lanczos, matrix_law, montecarlo
from sims.samplers.signal_rows import signal_rows
from sims.stats import deficit, same_distribution, sensitivity
from theory.readings import EXPECTED, Objective, Rare, Reading
from theory.setting import Setting

M, LEVELS = 2, 2


def _powers(x):
    """What L levels know exactly of X: its powers up to 2 L + 1, on the start."""
    found, power = [], np.broadcast_to(np.eye(x.shape[1]), x.shape)
    for _ in range(2 * LEVELS + 1):
        power = power @ x
        found.append(power[:, :M, :M])
    return found


# Directions fill all 10 coordinates, and rows run as short: 2 x 10 of the samples, 10 of the others.
@pytest.mark.parametrize("draws", [1, 2])
def test_powers_of_both_matrices_have_the_joint_law_of_whole_matrices(draws):
    s = Setting.paper(10, n_clients=M, samples_per_client=10, augmentation_std=0.7)
    rows, rng, trials = signal_rows(s, Reading()), np.random.default_rng(1), 3_000
    contrast = block_lanczos.noises(s, Objective.CL, Reading(draws=draws), rows)
    (plain,) = block_lanczos.noises(s, Objective.MIM, Reading(), rows)
    known = joint_lanczos.start(rng, contrast, plain, rows, trials)
    where, forms = joint_lanczos.spaces(contrast), joint_lanczos.forms(contrast, plain)
    ours = [_powers(block_lanczos.assembled(*b)) for b in joint_lanczos.blocks(rng, s.dim, where, forms, known, LEVELS)]

    def both():
        sample = matrix_law.draw_sample_factor(rng, s, rows)
        yield matrix_law.contrastive(rng, s, rows, draws, sample).dense()
        yield sample.T @ sample / rows.n_rows

    theirs = [_powers(np.array(x)) for x in zip(*[tuple(both()) for _ in range(trials)], strict=True)]
    for k in range(2 * LEVELS + 1):
        for of in (
            lambda cl, mim: cl[:, 0, 0],
            lambda cl, mim: mim[:, 0, 0],
            lambda cl, mim: cl[:, 0, 1],
            lambda cl, mim: cl[:, 0, 0] / mim[:, 0, 0],
            lambda cl, mim: cl[:, 0, 1] - mim[:, 0, 1],
            lambda cl, mim: np.linalg.det(cl - mim),
            lambda cl, mim: (cl @ mim)[:, 1, 1],
        ):
            assert same_distribution(of(ours[0][k], ours[1][k]), of(theirs[0][k], theirs[1][k]))


PAIRS = {
    "two clients": (Setting.paper(48, n_clients=2, samples_per_client=400, augmentation_std=0.3), Reading(), "fl", 1),
    "three pairs": (Setting.paper(48, n_clients=3, samples_per_client=300, augmentation_std=0.6), Reading(), "fl", 3),
    "local": (Setting.paper(48, n_clients=2, samples_per_client=600, augmentation_std=0.3), Reading(), "local", 1),
    "rare classes": (
        Setting.paper(
            60, n_clients=2, samples_per_client=900, mu=0.2, augmentation_std=0.2, rare_fraction=0.4, feature_dim=4
        ),
        Reading(rare=Rare.OUTSIDE),
        "fl",
        1,
    ),
}


@pytest.mark.parametrize(("s", "reading", "scope", "draws"), PAIRS.values(), ids=PAIRS)
def test_pairs_are_distributed_as_those_of_the_matrix_law(s, reading, scope, draws):
    common = {"reading": reading, "scope": scope, "cl_draws": draws}
    ours = montecarlo.sample_pair(1, s, trials=3_000, **common)
    theirs = montecarlo.sample_pair(2, s, trials=500, method="matrix", **common)
    assert {v.method for v in ours} == {"lanczos"}
    assert {v.method for v in theirs} == {"matrix"}
    share = montecarlo.truncation_share(s, signal_rows(s, reading, scope), 3_000)
    for a, b in zip(ours, theirs, strict=True):
        assert 0 < a.truncation <= share * (1 - np.concatenate([a.r, a.extra], axis=1)).max()
        assert same_distribution(deficit(a.r), deficit(b.r))
        assert same_distribution(sensitivity(a.r), sensitivity(b.r))
        for k in range(a.extra.shape[1]):
            assert same_distribution(a.extra[:, k], b.extra[:, k])
    (cl, mim), (cl_matrix, mim_matrix) = ours, theirs
    for k in range(cl.r.shape[1]):
        assert same_distribution(
            np.log((1 - cl.r[:, k]) / (1 - mim.r[:, k])), np.log((1 - cl_matrix.r[:, k]) / (1 - mim_matrix.r[:, k]))
        )
    # The ratio is narrower than that of strangers, so the test above sees the coupling.
    together = np.std(np.log(deficit(cl.r) / deficit(mim.r)))
    assert together < 0.9 * np.std(np.log(deficit(cl.r) / deficit(np.roll(mim.r, 1, axis=0))))


def test_a_pair_is_each_one_alone():
    s = Setting.paper(64, n_clients=3, samples_per_client=4_000, augmentation_std=0.5)
    cl, mim = montecarlo.sample_pair(1, s, trials=2_000)
    for objective, reading, pair in ((Objective.CL, Reading(draws=1), cl), (Objective.MIM, Reading(), mim)):
        alone = montecarlo.sample_representability(2, s, objective=objective, reading=reading, trials=2_000)
        assert alone.method == "lanczos"
        assert same_distribution(deficit(alone.r), deficit(pair.r))
        assert same_distribution(sensitivity(alone.r), sensitivity(pair.r))


@pytest.mark.parametrize(("sigma", "draws"), [(0.0, 1), (1.0, EXPECTED)])
def test_without_augmentation_noise_both_are_one(sigma, draws):
    s = Setting.paper(64, n_clients=2, samples_per_client=400, augmentation_std=sigma)
    cl, mim = montecarlo.sample_pair(1, s, trials=20, cl_draws=draws)
    assert cl.method == "lanczos"
    assert np.array_equal(cl.r, mim.r)


@pytest.mark.parametrize("sigma", [1e-3, 1e-7, 1e-9, 1e-12])
def test_faint_augmentations_hardly_change_anything(sigma):
    # Both ask for nearly the same directions, which must not lose orthogonality.
    s = Setting.paper(64, n_clients=2, samples_per_client=400, augmentation_std=sigma)
    cl, mim = montecarlo.sample_pair(1, s, trials=50)
    assert np.allclose(cl.r, mim.r, rtol=0, atol=sigma + 1e-7)
    plain = montecarlo.sample_representability(2, s, objective=Objective.MIM, trials=500)
    assert same_distribution(deficit(plain.r), deficit(mim.r))


def test_eigenvalues_far_apart_lose_no_orthogonality():
    s = Setting.paper(285, n_clients=5, samples_per_client=903, augmentation_std=0.01, mu=0.5, tau=10.0)
    share = montecarlo.truncation_share(s, signal_rows(s, Reading(), "local"), 40)
    pair = montecarlo.sample_pair(1, s, scope="local", trials=40)
    assert {v.method for v in pair} == {"lanczos"}
    assert all(v.truncation <= share * (1 - v.r).max() for v in pair)
    # Augmentations of a fiftieth of the noise change hardly anything.
    assert np.allclose(pair[0].r, pair[1].r, rtol=0, atol=0.01)


def test_the_same_seed_gives_the_same_pair():
    s = Setting.paper(64, n_clients=2, samples_per_client=400)
    first, second = (montecarlo.sample_pair(5, s, trials=30) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.r, b.r)


def test_a_pair_at_a_million_coordinates():
    cl, mim = montecarlo.sample_pair(1, Setting.paper(2**20), trials=200)
    assert cl.method == "lanczos"
    assert np.all(deficit(cl.r) > deficit(mim.r))
