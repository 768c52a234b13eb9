"""Training of linear clients: against the plain loop, exact identities of its fixed points, shortcuts and verdicts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.linear import heterogeneity, metrics, objective
from sims.linear.invariant import invariant
from sims.linear.training import MinibatchUpdate, train, train_on_samples
from sims.linear.training_options import TrainingOptions
from sims.linear.trajectory import _MESSAGES, LEFT_TO_MOVE, Recorded, _is_settled, _verdict, preserved_weights
from sims.stats import estimate, standard_errors_allowed
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.topologies import topology
from theory.objectives import linear_alignment

N, D, C = 6, 8, 2
X = heterogeneity.exchangeable(0, N, D, C, 0.4)
STEP = 0.5 * objective.stable_step_size(X)
SERVER = np.full((N, N), 1 / N)


def at_optimum(mixing: np.ndarray) -> np.ndarray:
    return np.repeat(objective.optimum(np.einsum("n,nab->ab", perron_weights(mixing), X), C)[None], N, axis=0)


def mixed(mixing: np.ndarray, models: list[np.ndarray]) -> list[np.ndarray]:
    return [sum((m * w for m, w in zip(row, models, strict=True)), np.zeros_like(models[0])) for row in mixing]


def plain(initial, mixing, rounds, local_steps=1, order="atc"):
    """The pseudocode: client by client, step by step."""
    w = [np.array(one) for one in initial]
    for _ in range(rounds):
        if order == "cta":
            w = post = mixed(mixing, w)
        for _ in range(local_steps):
            w = [w[i] - STEP * 2 * w[i] @ (w[i].T @ w[i] - X[i]) for i in range(N)]
        pre = w
        if order == "atc":
            w = post = mixed(mixing, w)
    return np.stack(pre), np.stack(post)


@pytest.mark.parametrize("order", ["atc", "cta"])
@pytest.mark.parametrize(("network", "local_steps"), [("ring", 1), ("star", 3), ("directed_ring", 2)])
def test_training_is_the_pseudocode(network, local_steps, order):
    m, start = mixing_matrix(topology(network, N)), objective.random_start(1, X, C)
    run = train(start, X, m, TrainingOptions(step_size=STEP, local_steps=local_steps, rounds=20, order=order))
    pre, post = plain(start, m, 20, local_steps, order)
    np.testing.assert_allclose(run.pre_mix, pre, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(run.post_mix, post, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(run.consensus_pre_mix[-1], metrics.consensus_error(pre), rtol=1e-10)
    np.testing.assert_allclose(run.consensus_post_mix[-1], metrics.consensus_error(post), rtol=1e-10)
    np.testing.assert_allclose(run.mean_model, np.tensordot(run.weights, post, 1), rtol=1e-10, atol=1e-14)


def test_consensus_at_the_fixed_point_is_the_exact_identity():
    # (1/N) sum ||W_i - Wbar||^2 = (eta^2/N) sum_l (lam/(1-lam))^2 ||sum_i u_l(i) grad f_i(W_i)||^2, E = 1, symmetric M.
    # The last round gives the gradients themselves: (before - pre_mix) / eta.
    m = mixing_matrix(topology("ring", N), "metropolis")
    run = train(at_optimum(m), X, m, TrainingOptions(step_size=STEP, rounds=4000))
    assert run.converged
    slopes = (run.before - run.pre_mix) / STEP
    values, vectors = np.linalg.eigh(m)
    modes = np.einsum("il,icd->lcd", vectors[:, :-1], slopes)
    gains = (values[:-1] / (1 - values[:-1])) ** 2
    predicted = STEP**2 / N * np.sum(gains * np.sum(modes**2, axis=(1, 2)))
    np.testing.assert_allclose(run.consensus_post_mix[-1], predicted, rtol=1e-6)


@pytest.mark.parametrize("weights", [np.full(N, 1 / N), np.arange(1, N + 1) / 21])
def test_one_step_a_round_under_a_server_is_one_descent(weights):
    m, start = np.tile(weights, (N, 1)), objective.random_start(2, X, C)
    options = {"step_size": STEP, "rounds": 60, "record_every": 20}
    short, long = (
        train(start, X, m, TrainingOptions(**options)),
        train(start, X, m, TrainingOptions(collapse=False, **options)),
    )
    for name in ("before", "pre_mix", "post_mix", "consensus_pre_mix", "mean_models", "weights", "rounds"):
        np.testing.assert_allclose(getattr(short, name), getattr(long, name), rtol=1e-11, atol=1e-15, err_msg=name)
    assert short.consensus_post_mix.max() == 0
    more = train(start, X, m, TrainingOptions(step_size=STEP, rounds=40, record_every=20), resume=short.state)
    whole = train(start, X, m, TrainingOptions(step_size=STEP, rounds=100, record_every=20, collapse=False))
    np.testing.assert_allclose(more.post_mix, whole.post_mix, rtol=1e-11, atol=1e-15)
    assert more.rounds[-1] == 100


def test_two_steps_a_round_are_no_single_descent():
    start = objective.random_start(2, X, C)
    first, second = (
        train(start, X, SERVER, TrainingOptions(step_size=STEP, local_steps=2, rounds=30, collapse=c)).post_mix
        for c in (True, False)
    )
    np.testing.assert_array_equal(first, second)
    single = train(
        start, X.mean(0)[None].repeat(N, 0), SERVER, TrainingOptions(step_size=STEP, local_steps=2, rounds=30)
    )
    assert np.abs(first - single.post_mix).max() > 1e-6


def test_data_of_low_rank_with_an_equal_floor_train_in_fewer_dimensions():
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.standard_normal((D, 4)))[0]
    inside = rng.standard_normal((N, 4, 5))
    x = basis @ (inside @ inside.transpose(0, 2, 1) / 5) @ basis.T + 0.2 * (np.eye(D) - basis @ basis.T)
    start, m = np.repeat(objective.optimum(x.mean(0), C)[None], N, axis=0), mixing_matrix(topology("ring", N))
    small = invariant(start, x, most=D - 1)
    assert small is not None
    assert small.basis.shape == (D, 4)
    full = train(start, x, m, TrainingOptions(step_size=STEP, local_steps=2, rounds=50, collapse=False))
    less = train(small.initial, small.covariances, m, TrainingOptions(step_size=STEP, local_steps=2, rounds=50))
    np.testing.assert_allclose(small.expanded(less.post_mix), full.post_mix, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(less.consensus_pre_mix, full.consensus_pre_mix, rtol=1e-9)


def test_data_of_full_rank_are_not_reduced():
    assert invariant(objective.random_start(0, X, C), X, most=D - 1) is None


def test_preserved_weights_are_the_perron_weights_and_of_separate_clients_the_plain_mean():
    m = mixing_matrix(topology("star", N))
    np.testing.assert_allclose(preserved_weights(m[None]), perron_weights(m), rtol=1e-12)
    np.testing.assert_allclose(preserved_weights(np.eye(N)[None]), 1 / N, rtol=1e-12)
    swap = np.eye(2)[::-1]  # eigenvalue -1: plain powers never settle
    np.testing.assert_allclose(preserved_weights(swap[None]), 0.5, rtol=1e-12)


def test_preserved_weights_of_a_sequence_are_kept_by_a_whole_period():
    rng = np.random.default_rng(4)
    pair = rng.dirichlet(np.ones(N), (2, N))
    v = preserved_weights(pair)
    np.testing.assert_allclose(v @ pair[1] @ pair[0], v, rtol=1e-12)


def test_push_sum_settles_nearer_to_the_plain_optimum_than_row_weights_do():
    network = topology("edges:0-1,1-2,2-3,3-4,4-5,0-2", N)
    start, target = objective.random_start(0, X, C), metrics.top_projector(X.mean(0), C)
    options = {"step_size": STEP / 10, "rounds": 6000, "record_every": 3000}
    pushed = train(start, X, mixing_matrix(network, "push_sum"), TrainingOptions(push_sum=True, **options))
    rows = train(start, X, mixing_matrix(network), TrainingOptions(**options))
    assert float(metrics.subspace_error(pushed.mean_model, target)) < 0.2 * float(
        metrics.subspace_error(rows.mean_model, target)
    )


def test_noise_sets_clients_apart_as_the_fluctuation_formula_says():
    # Free of curvature: X = 0 and W = 0 stay there, so models are eta times sums of mixed noise. After mixing
    # E consensus = eta^2 sigma^2 c d (1/N) sum_{l >= 2} lam^2 / (1 - lam^2), to O(eta^4).
    m = mixing_matrix(topology("ring", N), "metropolis")
    lam = np.linalg.eigvalsh(m)[:-1]
    step, noise = 1e-3, 0.5
    run = train(
        np.zeros((N, C, D)),
        np.zeros((N, D, D)),
        m,
        TrainingOptions(step_size=step, gradient_noise=noise, rounds=6000, record_every=30),
    )
    wanted = step**2 * noise**2 * C * D / N * np.sum(lam**2 / (1 - lam**2))
    # Records 30 rounds apart: the slowest mode has forgotten 1 - lam^60 of its square.
    assert lam.max() ** 60 < 1e-9
    assert abs(estimate(run.consensus_post_mix[5:]).distance_from(wanted)) < standard_errors_allowed()


def test_whole_batches_are_training_on_moments_and_small_ones_agree_on_average():
    rng = np.random.default_rng(6)
    views = objective.augmented_views(jax.random.key(0), rng.standard_normal((N, 12, D)), 0.1)
    x, m = np.asarray(objective.contrastive_moments(*views)), mixing_matrix(topology("ring", N))
    start, step = objective.random_start(0, x, C), 0.2 * objective.stable_step_size(x)
    whole = train_on_samples(start, *views, m, TrainingOptions(step_size=step, rounds=10), batch_size=12)
    np.testing.assert_allclose(
        whole.post_mix, train(start, x, m, TrainingOptions(step_size=step, rounds=10)).post_mix, rtol=1e-10
    )
    update, data = MinibatchUpdate(1, 3), {"first": views[0], "second": views[1], "step_size": step}
    one = jax.jit(jax.vmap(lambda key: update(jnp.asarray(start), None, data, None, key)[0][0, 0, :2]))
    drawn = np.asarray(one(jax.random.split(jax.random.key(1), 300)))
    moved = start - step * linear_alignment.gradient(start, x)
    for k in range(2):
        assert abs(estimate(drawn[:, k]).distance_from(float(moved[0, 0, k]))) < standard_errors_allowed()
    few = train_on_samples(start, *views, m, TrainingOptions(step_size=step, rounds=10), batch_size=3)
    assert np.abs(few.post_mix - whole.post_mix).max() > 1e-6
    # Whole batches draw nothing: they come to rest, and are then said to have settled.
    settled = train_on_samples(
        start, *views, m, TrainingOptions(step_size=5 * step, rounds=20_000, record_every=100), batch_size=12
    )
    assert settled.converged
    assert "has settled" in settled.message


def test_partial_participation_leaves_a_floor_and_full_participation_none():
    start = at_optimum(SERVER)
    target = metrics.top_projector(X.mean(0), C)
    few = train(start, X, SERVER, TrainingOptions(step_size=STEP / 4, rounds=400, participation=2))
    every = train(start, X, SERVER, TrainingOptions(step_size=STEP / 4, rounds=400))
    assert float(metrics.subspace_error(every.mean_model, target)) < 1e-12
    assert np.mean(metrics.subspace_error(few.mean_models[-50:], target)) > 1e-4


def test_failing_links_and_noise_depend_on_the_seed_and_on_nothing_else():
    m, start = mixing_matrix(topology("ring", N)), objective.random_start(0, X, C)
    options = {"step_size": STEP, "rounds": 20, "gradient_noise": 0.1, "link_failure": 0.2}
    first, again, other = (
        train(start, X, m, TrainingOptions(**options), key=jax.random.key(s)).post_mix for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4


@pytest.mark.parametrize("n_clients", [3, 5, 8])
def test_federated_clients_that_agree_to_rounding_have_converged(n_clients):
    # After the server's mean they differ by rounding alone, which changes from round to round and never settles.
    x = heterogeneity.exchangeable(4, n_clients, 6, 2, 0.3)
    start = np.repeat(objective.optimum(x.mean(axis=0), 2)[None], n_clients, axis=0)
    run = train(
        start,
        x,
        np.full((n_clients, n_clients), 1 / n_clients),
        TrainingOptions(step_size=0.01, local_steps=2, rounds=6000),
    )
    assert run.converged


def test_a_run_cut_short_has_not_converged():
    m = mixing_matrix(topology("ring", N))
    run = train(objective.random_start(0, X, C), X, m, TrainingOptions(step_size=STEP, rounds=10))
    assert not run.converged
    assert not run.diverged
    assert "Run more rounds" in run.message


@pytest.mark.parametrize("factor", [10, 1e3, 1e150])
def test_steps_beyond_stability_are_said_to_diverge_and_nothing_is_nan(factor):
    m = mixing_matrix(topology("ring", N))
    run = train(
        objective.random_start(0, X, C),
        X,
        m,
        TrainingOptions(step_size=factor * objective.stable_step_size(X), rounds=400),
    )
    assert run.diverged
    assert not run.converged
    assert "Lower it" in run.message
    for values in (run.pre_mix, run.post_mix, run.consensus_pre_mix, run.consensus_post_mix, run.mean_models):
        assert np.isfinite(values).all()


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step_size": -1.0}, "positive and finite; got step_size=-1.0"),
        ({"step_size": float("nan")}, "positive and finite; got step_size=nan"),
        ({"rounds": 0}, "At least one round was wanted; got rounds=0"),
        ({"local_steps": 0}, "whole number from 1; got 0"),
        ({"gradient_noise": -0.1}, "at least 0; got -0.1"),
        ({"gradient_noise": float("inf")}, "at least 0; got inf"),
        ({"order": "ATC"}, "got 'ATC'"),
        ({"participation": 0}, "got participation=0"),
        ({"link_failure": 1.5}, r"probability in \[0, 1\]; got link_failure=1.5"),
        ({"record_every": 0}, "record_every is a whole number from 1; got 0"),
        ({"records_a_chunk": -2}, "records_a_chunk is a whole number from 1; got -2"),
    ],
)
def test_an_option_out_of_its_range_is_one_sentence(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainingOptions(**{"step_size": STEP, "rounds": 2} | changes)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"initial": np.zeros((N, C, D + 1))}, "Initial models are"),
        ({"initial": np.full((N, C, D), np.inf)}, "Initial models are finite; got 96"),
        ({"covariances": X[0]}, "Covariances are"),
        ({"covariances": X + np.triu(np.ones((D, D)), 1)}, "symmetric; got one that differs"),
        ({"mixing": np.full((N, N), np.nan)}, "finite weights"),
        ({"mixing": np.eye(N + 1)}, "clients, as the mixing matrix has"),
        ({"options": TrainingOptions(step_size=STEP, rounds=2, participation=N + 1)}, f"Between 1 and {N} clients"),
    ],
)
def test_bad_input_is_one_sentence(changes, message):
    given = {
        "initial": objective.random_start(0, X, C),
        "covariances": X,
        "mixing": SERVER,
        "options": TrainingOptions(step_size=STEP, rounds=2),
    }
    with pytest.raises(ValueError, match=message):
        train(**given | changes)


@pytest.mark.wrong_types
def test_bad_samples_are_one_sentence():
    views = np.zeros((N, 5, D))
    with pytest.raises(ValueError, match="between 1 and 5 samples; got batch_size=6"):
        train_on_samples(
            objective.random_start(0, X, C),
            views,
            views,
            SERVER,
            TrainingOptions(step_size=STEP, rounds=1),
            batch_size=6,
        )
    noisy = TrainingOptions(step_size=STEP, rounds=1, gradient_noise=0.1)
    with pytest.raises(ValueError, match=r"no further noise; got gradient_noise=0\.1"):
        train_on_samples(objective.random_start(0, X, C), views, views, SERVER, noisy, batch_size=2)
    with pytest.raises(ValueError, match="Two finite views"):
        train_on_samples(
            objective.random_start(0, X, C),
            views,
            views[:, :4],
            SERVER,
            TrainingOptions(step_size=STEP, rounds=1),
            batch_size=2,
        )


@pytest.mark.parametrize("interval", [1, 10])
@pytest.mark.parametrize("shrink", [0.5, 0.99])
def test_models_have_settled_when_all_moves_ahead_add_up_to_little(interval, shrink):
    def moves(left: float) -> np.ndarray:
        """Two records `interval` rounds apart, of moves that shrink every round and add up to `left` after them."""
        last = left * (1 - shrink) / shrink
        return np.array([last / shrink**interval, last])

    assert _is_settled(moves(0.9 * LEFT_TO_MOVE), interval)
    assert not _is_settled(moves(1.1 * LEFT_TO_MOVE), interval)
    assert not _is_settled(moves(0.9 * LEFT_TO_MOVE)[::-1], interval)


@pytest.mark.parametrize(("rise", "message"), [(0.0, "fluctuates about a level"), (0.5, "Run more rounds")])
def test_noise_has_a_level_when_its_last_two_quarters_agree(rise, message):
    level = 1 + 0.01 * (-1.0) ** np.arange(40)
    # Only the first half, which is no longer looked at, may be elsewhere.
    level[:20] = 7
    level[30:] += rise
    records = Recorded(*map(jnp.asarray, (level, level, np.zeros((40, 1, 1)), np.ones(40), np.ones(40))))
    assert message in _MESSAGES[_verdict(False, records, 1, True, lambda: True)]
