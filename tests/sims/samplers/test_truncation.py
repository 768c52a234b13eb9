"""The truncation bound against whole matrices and deeper levels, and the noise edges that it stands on."""

import numpy as np
import pytest

from sims.samplers import block_lanczos
from sims.samplers.signal_rows import signal_rows
from sims.samplers.truncation import Noise, bulk_edges, fewest_levels, truncation_bound
from theory.readings import Objective, Reading
from theory.setting import Setting


def _random_blocks(rng, m, n, spike, noise):
    """A block tridiagonal matrix with a spike over a noise of any kind, and the extreme eigenvalues of the noise."""

    def symmetric():
        a = rng.standard_normal((m, m)) * rng.uniform(0, 1)
        return noise * (a + a.T) / 2

    x = np.zeros((n * m, n * m))
    for k in range(n):
        here = slice(k * m, (k + 1) * m)
        x[here, here] = symmetric()
        if k:
            x[here, (k - 1) * m : k * m] = noise * rng.standard_normal((m, m)) * rng.uniform(0, 1)
            x[(k - 1) * m : k * m, here] = x[here, (k - 1) * m : k * m].T
    values = np.linalg.eigvalsh(x[m:, m:])
    x[:m, :m] += (spike * noise + values[-1]) * np.eye(m)
    return x, (values[0], values[-1])


def _start_projector(x, m):
    top = np.linalg.eigh(x)[1][:m, -m:]
    return top @ top.T


@pytest.mark.parametrize("spike", [1.0, 2.0, 5.0, 20.0])
@pytest.mark.parametrize("m", [1, 2, 4])
def test_no_level_moves_the_start_of_the_projector_by_more_than_the_bound(spike, m):
    rng, n, said = np.random.default_rng(m), 8, 0
    for _ in range(60):
        x, edges = _random_blocks(rng, m, n, spike, 1.0)
        coupling = float(np.linalg.norm(x[m : 2 * m, :m], 2) ** 2)
        least = np.linalg.eigvalsh(x[:m, :m])[0]
        whole = _start_projector(x, m)
        for levels in range(1, n - 1):
            size = (levels + 1) * m
            moved = np.linalg.norm(_start_projector(x[:size, :size], m) - whole, 2)
            sharper = np.linalg.eigvalsh(x[:size, :size])[-m]
            for low in (least, sharper):
                bound = truncation_bound(coupling, float(low), edges, levels)
                assert moved <= bound + 1e-13
                said += bound < 1
    assert said > 100


@pytest.mark.parametrize("objective", Objective)
def test_the_bound_holds_against_the_whole_of_drawn_matrices_and_is_of_use(objective):
    s = Setting.paper(60, n_clients=2, samples_per_client=600, augmentation_std=0.5)
    reading = Reading(draws=1) if objective is Objective.CL else Reading()
    rows, rng, m, n = signal_rows(s, reading), np.random.default_rng(3), 2, 30
    terms = block_lanczos.noises(s, objective, reading, rows)
    roots = block_lanczos.start_roots(rng, terms, rows, 200)
    diagonal, below = block_lanczos.blocks(rng, terms, s.dim, roots, n - 1)
    edges, ratios = bulk_edges(terms, s.dim, 200), []
    for t in range(200):
        x = np.zeros((s.dim, s.dim))
        for k in range(n):
            x[k * m : (k + 1) * m, k * m : (k + 1) * m] = diagonal[k][t]
        for k in range(n - 1):
            x[(k + 1) * m : (k + 2) * m, k * m : (k + 1) * m] = below[k][t]
            x[k * m : (k + 1) * m, (k + 1) * m : (k + 2) * m] = below[k][t].T
        noise = np.linalg.eigvalsh(x[m:, m:])
        assert edges[0] <= noise[0]
        assert noise[-1] <= edges[1]
        whole, coupling = _start_projector(x, m), float(np.linalg.norm(below[0][t], 2) ** 2)
        least = np.linalg.eigvalsh(diagonal[0][t])[0]
        for levels in (1, 2):
            size = (levels + 1) * m
            moved = np.linalg.norm(_start_projector(x[:size, :size], m) - whole, 2)
            bounds = [truncation_bound(coupling, least, e, levels) for e in (edges, (noise[0], noise[-1]))]
            assert moved <= bounds[1] <= bounds[0]
            ratios.append([b / moved for b in bounds])
    # Given the noise as it is, the bound loses a factor of a few; the edges of its law lose more, growing with levels.
    assert np.all(np.median(np.reshape(ratios, (-1, 2, 2)), axis=0) < [[60, 10], [300, 10]])


LEVELS_SETTINGS = {
    "weak noise": Setting.paper(256, n_clients=2, samples_per_client=1_000, augmentation_std=0.5),
    "more clients": Setting.paper(300, n_clients=4, samples_per_client=2_000, augmentation_std=0.3),
    "as many samples as coordinates": Setting.paper(400, n_clients=3, samples_per_client=400, augmentation_std=0.5),
    "deficits of a tenth": Setting.paper(600, n_clients=2, samples_per_client=80, augmentation_std=0.5),
    "a spike close to the noise": Setting.paper(400, n_clients=2, samples_per_client=400, mu=0.9, augmentation_std=0.3),
}


@pytest.mark.parametrize("objective", Objective)
@pytest.mark.parametrize("s", LEVELS_SETTINGS.values(), ids=LEVELS_SETTINGS)
def test_what_a_sample_reports_holds_against_more_levels_on_the_same_draws(objective, s):
    reading = Reading(draws=1) if objective is Objective.CL else Reading()
    rows, rng, most = signal_rows(s, reading), np.random.default_rng(3), 12
    terms = block_lanczos.noises(s, objective, reading, rows)
    what = block_lanczos.Plan(terms, s.n_clients, 0.0, most, bulk_edges(terms, s.dim, 50), 1e-10)
    roots = block_lanczos.start_roots(rng, terms, rows, 50)
    diagonal, below = block_lanczos.blocks(rng, terms, s.dim, roots, most)
    deep, _ = block_lanczos.start_projections(diagonal, below, what)
    said = 0
    for levels in range(1, most - 2):
        r, bound = block_lanczos.start_projections(diagonal[: levels + 1], below[:levels], what)
        assert np.abs(r - deep).max() <= bound
        said += bound < 0.1 * (1 - deep).max()
    assert said or s is LEVELS_SETTINGS["a spike close to the noise"]


def test_a_sample_takes_the_levels_that_its_own_start_blocks_ask_for():
    s = LEVELS_SETTINGS["weak noise"]
    rows = signal_rows(s, Reading())
    terms = block_lanczos.noises(s, Objective.MIM, Reading(), rows)
    edges, bounds, taken = bulk_edges(terms, s.dim, 50), [], []
    for allowed in (1e-4, 1e-8, 1e-12):
        what = block_lanczos.Plan(terms, 2, allowed, 12, edges, 1e-13)
        rng = np.random.default_rng(3)
        taken.append(what.levels(s.dim, block_lanczos.start_roots(rng, terms, rows, 50)))
        bounds.append(block_lanczos.sample(np.random.default_rng(3), what, s, rows, 50)[1])
        assert bounds[-1] <= allowed
    assert taken[0] < taken[1] < taken[2]


MANY = (Noise(1 / 2_000, 0.8, 2_000), Noise(1 / 4_000, 0.7, 4_000), Noise(-1 / 4_000, 0.7, 4_000))


@pytest.mark.parametrize("terms", [MANY[:1], MANY[::2], MANY])
def test_noise_edges_enclose_and_tend_to_the_spectrum(terms):
    rng, dim = np.random.default_rng(0), 500
    x = sum(g.weight * a.T @ a for g in terms for a in [g.std * rng.standard_normal((g.n_rows, dim))])
    values = np.linalg.eigvalsh(x)
    low, high = bulk_edges(terms, dim)
    assert low < values[0]
    assert values[-1] < high
    # With nothing left for chance, the edge of the limit: finite size moves an eigenvalue by order dim^(-2/3), 1.6%.
    width = values[-1] - values[0]
    loose = bulk_edges(terms, dim, failure=4.0) if len(terms) > 1 else bulk_edges(terms, dim, failure=2.0)
    assert loose[0] == pytest.approx(values[0], abs=0.03 * width)
    assert loose[1] == pytest.approx(values[-1], abs=0.03 * width)
    assert high - low < 1.6 * width


def test_a_sum_of_gram_matrices_has_narrower_edges_than_its_terms_together():
    terms = MANY[::2]
    low, high = bulk_edges(terms, 500)
    parts = [bulk_edges((Noise(abs(g.weight), g.std, g.n_rows),), 500) for g in terms]
    assert high < parts[0][1] - parts[1][0]
    assert low > parts[0][0] - parts[1][1]


def test_a_spike_inside_the_noise_and_no_level_bound_nothing():
    assert truncation_bound(1.0, 0.9, (0.0, 1.0), 5) == 1.0
    assert truncation_bound(1e-3, 5.0, (0.0, 1.0), 0) == 1.0
    assert fewest_levels(1.0, 0.9, (0.0, 1.0), 1e-3, 7) == 7
