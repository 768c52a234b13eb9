"""Every option against plain loops of training, in one unit, for both objectives; and what is recommended."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.advise_on_random_problems import advised, problem
from dssl.advice.advise import Plan, where_to_train
from dssl.advice.at_rest import Training, at_rest
from dssl.advice.objectives import Objective, ObjectiveName, alone, objective, optimum_by_samples
from dssl.advice.options import Option, recommendation
from dssl.user_files.client_data import ClientData
from sims.linear.objective import stable_step_size
from theory.networks.mixing import metropolis, mixing_matrix
from theory.networks.topologies import topology

N, DIM, FEATURES = 6, 7, 2
WEIGHTS: dict[ObjectiveName, np.ndarray] = {
    "equal-clients": np.full(N, 1 / N),
    "equal-samples": np.array([2000, 100, 100, 100, 100, 100]) / 2500,
}


def clients(seed: int, unlikeness: float) -> ClientData:
    rng = np.random.default_rng(seed)
    maps = np.eye(DIM) + unlikeness * rng.standard_normal((N, DIM, DIM))
    x = maps @ np.diag([3.0, 2.5, 0.6, 0.5, 0.4, 0.3, 0.2]) @ maps.swapaxes(1, 2)
    return ClientData(x, np.array([2000.0, 100, 100, 100, 100, 100]), None)


def plan(data: ClientData, name: ObjectiveName, local_steps: int, share: float = 0.5, sampled: int = 2) -> Plan:
    return Plan(FEATURES, share * stable_step_size(data.moments), local_steps, sampled, 1.0, 0.75, name)


def steps(w: np.ndarray, x: np.ndarray, size: float, count: int) -> np.ndarray:
    for _ in range(count):
        w = w - 2 * size * (w @ np.swapaxes(w, -1, -2) @ w - w @ x)
    return w


def apart(models: np.ndarray, projector: np.ndarray) -> float:
    """The unit by its definition."""
    each = [np.sum((np.linalg.pinv(w) @ w - projector) ** 2) / (2 * len(w)) for w in models]
    return float(np.mean(each))


def wanted(data: ClientData, name: ObjectiveName) -> np.ndarray:
    vectors = np.linalg.eigh(np.tensordot(WEIGHTS[name], data.moments, 1))[1][:, -FEATURES:]
    return vectors @ vectors.T


def looped(data: ClientData, mixing: np.ndarray, name: ObjectiveName, size: float, local: int) -> dict[str, float]:
    """Server, network and clients alone, from one random model, until nothing moves."""
    start = 0.1 * np.random.default_rng(1).standard_normal((1, FEATURES, DIM))
    server, network, own = start, np.repeat(start, N, axis=0), np.repeat(start, N, axis=0)
    for _ in range(4000):
        after = steps(np.repeat(server, N, axis=0), data.moments, size, local)
        server = np.einsum("i,iab->ab", WEIGHTS[name], after)[None]
        network = np.einsum("ij,jab->iab", mixing, steps(network, data.moments, size, local))
        own = steps(own, data.moments, size, local)
    found = {"server": server, "network": network, "alone": own}
    return {option: apart(models, wanted(data, name)) for option, models in found.items()}


def distances(told: dict) -> dict[str, float]:
    return {option["name"]: option["distance"] for option in told["options"]}


@pytest.mark.parametrize("name", list(WEIGHTS))
@pytest.mark.parametrize("local", [1, 6])
@pytest.mark.parametrize(("network", "rule"), [("star", "uniform"), ("path", "metropolis")])
def test_options_end_where_plain_loops_end(name, local, network, rule):
    data = clients(2, 0.15)
    mixing, how = mixing_matrix(topology(network, N), rule), plan(data, name, local)
    told = where_to_train(data, mixing, how, 0)
    seen = looped(data, mixing, name, how.step_size, local)
    for option in seen:
        assert distances(told)[option] == pytest.approx(seen[option], rel=1e-6, abs=1e-12)
    assert told["recommendation"] == "server"


def test_a_network_that_weighs_clients_otherwise_is_judged_by_the_users_objective():
    """One client has most samples, or sits in the middle of a star: the network's own optimum is not the wanted one."""
    data = clients(2, 0.15)
    cases: tuple[tuple[ObjectiveName, np.ndarray], ...] = (
        ("equal-samples", metropolis(topology("ring", N))),
        ("equal-clients", mixing_matrix(topology("star", N), "uniform")),
    )
    for name, mixing in cases:
        told = where_to_train(data, mixing, plan(data, name, 1, 0.1, 3), 0)
        x_v = Training(mixing, data.moments, FEATURES, 1e-9, 1, np.ones(N)).target
        own = np.linalg.eigh(x_v)[1][:, -FEATURES:]
        # The models are next to the network's own target, and as far from the wanted subspace as that is.
        assert distances(told)["network"] == pytest.approx(apart(own.T[None], wanted(data, name)), rel=0.3)
        assert distances(told)["network"] > distances(told)["server"] + 1e-3


@pytest.mark.parametrize("name", list(WEIGHTS))
@pytest.mark.parametrize("local", [1, 4])
def test_a_server_that_samples_is_as_far_on_average_as_one_long_loop(name, local):
    data = clients(3, 0.3)
    how = plan(data, name, local)
    told = where_to_train(data, metropolis(topology("ring", N)), how, 0)
    option = next(option for option in told["options"] if option["name"] == "server-sampled")
    rng, w, seen = np.random.default_rng(4), 0.1 * np.ones((FEATURES, DIM)), []
    w[1] *= np.arange(DIM)
    for k in range(20_000 // local):
        drawn = rng.permutation(N)[:2]
        q = WEIGHTS[name][drawn] / WEIGHTS[name][drawn].sum()
        after = steps(np.repeat(w[None], 2, axis=0), data.moments[drawn], how.step_size, local)
        w = np.einsum("i,iab->ab", q, after)
        if k > 1000 and k % 10 == 0:
            seen.append(apart(w[None], wanted(data, name)))
    blocks = np.mean(np.reshape(seen[: len(seen) // 20 * 20], (20, -1)), axis=1)
    noise = blocks.std(ddof=1) / np.sqrt(20)
    assert abs(np.mean(seen) - option["distance"]) < option["uncertainty"] + 4 * noise
    assert option["uncertainty"] < 0.3 * option["distance"]


def test_push_sum_on_one_way_links_ends_where_numerators_and_channel_end():
    data, local = clients(5, 0.15), 3
    heard = topology("directed_ring", N) | (np.random.default_rng(0).random((N, N)) < 0.2)
    np.fill_diagonal(heard, False)
    columns = mixing_matrix(heard, "push_sum")
    how = plan(data, "equal-clients", local, 0.2)
    told = where_to_train(data, columns, how, 0, is_push_sum=True)
    x = np.repeat(0.1 * np.random.default_rng(1).standard_normal((1, FEATURES, DIM)), N, axis=0)
    z, channel = x, np.ones(N)
    for _ in range(6000):
        x = np.einsum("ij,jab->iab", columns, x + steps(z, data.moments, how.step_size, local) - z)
        channel = columns @ channel
        z = x / channel[:, None, None]
    assert np.ptp(channel) > 0.1
    assert distances(told)["network"] == pytest.approx(apart(z, wanted(data, "equal-clients")), rel=1e-6)


@pytest.mark.parametrize(("size", "kept"), [(0.005, 1), (0.02, 2)])
def test_models_that_training_leaves_slowly_are_not_taken_for_rest(size, kept):
    """Shared eigenvectors: the target is always at rest, but at the larger step X_eff puts another direction first."""
    x = np.repeat(np.diag([3.0, 2.0, 1.9, 0.5])[None], 8, axis=0)
    x[:, 2, 2] += np.repeat([1.5, -1.5], 4)
    rest = at_rest(Training(metropolis(topology("ring", 8)), x, 2, size, 1, np.ones(8)))
    assert rest.is_solved
    second = np.linalg.svd(rest.models.mean(axis=0))[2][1]
    assert abs(second[kept]) > 0.9


def test_rounds_that_alternate_for_ever_are_no_rest():
    """A step beyond stability: the models flip, and the uncertainty covers both."""
    rng = np.random.default_rng(0)
    b = np.eye(4) + 0.2 * rng.standard_normal((3, 4, 4))
    x = b @ np.diag([3.0, 2.0, 0.5, 0.3]) @ b.swapaxes(1, 2)
    training = Training(np.full((3, 3), 1 / 3), x, 2, 0.6 / np.linalg.eigvalsh(x.mean(axis=0))[-1], 1, np.ones(3))
    rest = at_rest(training)
    assert not rest.is_solved
    later = training.round(rest.models)
    tilt = [
        np.linalg.norm(np.linalg.pinv(a) @ a - np.linalg.pinv(b) @ b) / np.sqrt(2)
        for a, b in zip(later, rest.models, strict=True)
    ]
    assert (np.array(tilt) <= rest.error + 1e-9).all()


def test_ends_that_depend_on_the_start_are_told_and_covered():
    """Clients far apart, many steps between averages: several models are at rest."""
    rng = np.random.default_rng(11)
    b = np.eye(10) + 0.65 * rng.standard_normal((8, 10, 10))
    x = b @ np.diag([3, 2.5, 2] + [0.5] * 7) @ b.swapaxes(1, 2)
    data = ClientData(x, None, None)
    how = Plan(3, stable_step_size(x), 20, 2, 1.0, 0.75)
    mixing = mixing_matrix(topology("path", 8), "uniform")
    told = where_to_train(data, mixing, how, 0)
    option = next(option for option in told["options"] if option["name"] == "network")
    assert "where it starts" in option["rests_on"]
    start = rng.standard_normal((1, 3, 10)) * 0.1
    models = np.repeat(start, 8, axis=0)
    for _ in range(1500):
        models = np.einsum("ij,jab->iab", mixing, steps(models, x, how.step_size, 20))
    vectors = np.linalg.eigh(x.mean(axis=0))[1][:, -3:]
    assert abs(apart(models, vectors @ vectors.T) - option["distance"]) <= option["uncertainty"]


def simple() -> Objective:
    return objective(ClientData(np.repeat(np.diag([4.0, 3, 2, 1])[None], 2, axis=0), None, None), "equal-clients", 2)


@pytest.mark.parametrize(
    ("diagonal", "low", "high"),
    [
        ([4.0, 3, 2, 1], 0.0, 0.0),
        ([4.0, 1, 3, 2], 0.5, 0.5),
        ([1.0, 1, 4, 3], 1.0, 1.0),
        ([4.0, 2, 2, 1], 0.0, 0.5),  # the second row is any between two directions
        ([1.0, 1, 1, 1], 0.0, 1.0),
        ([4.0, 0, 0, 0], 0.0, 0.5),  # fewer directions than features
        ([0.0, 0, 4, 0], 0.5, 1.0),
    ],
)
def test_a_client_alone_ends_at_its_own_leading_directions(diagonal, low, high):
    found = alone(np.diag(diagonal), simple())
    assert found == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))


def test_the_distance_is_the_mean_square_of_projectors_over_twice_the_features():
    rng = np.random.default_rng(0)
    models = rng.standard_normal((50, 2, 4))
    projector = np.diag([1.0, 1, 0, 0])
    assert simple().distances(models).mean() == pytest.approx(apart(models, projector), rel=1e-12)
    flat = models.copy()
    flat[:, 1] = 2 * flat[:, 0]
    assert simple().distances(flat).mean() == pytest.approx(apart(flat, projector), rel=1e-9)


def made(*numbers: tuple[float, float]) -> list[Option]:
    names = ("server", "server-sampled", "network", "alone")
    return [Option(name, *pair, "") for name, pair in zip(names, numbers, strict=True)]


def test_differences_within_the_uncertainty_are_too_close_to_call():
    name, reason = recommendation(made((0.10, 0.02), (0.15, 0.02), (0.2, 0.0), (0.9, 0.0)), "equal-clients")
    assert name == "server"
    assert "every client counts the same" in reason
    name, reason = recommendation(made((0.10, 0.03), (0.15, 0.03), (0.2, 0.0), (0.9, 0.0)), "equal-samples")
    assert name is None
    assert reason.startswith("Too close to call")
    assert "every sample counts the same" in reason
    # A rival that is farther, but less certain, counts too.
    assert recommendation(made((0.10, 0.0), (0.15, 0.0), (0.2, 0.11), (0.9, 0.0)), "equal-clients")[0] is None


def test_an_option_that_may_diverge_is_never_recommended():
    """Push-sum on this one-way network lets one client move further, and random starts are thrown off."""
    p = problem(177)
    told = advised(p)
    network = next(option for option in told["options"] if option["name"] == "network")
    assert network["distance"] is None
    assert "diverge from" in network["rests_on"]
    assert all(pair["nearer"] != "network" for pair in told["comparisons"])
    assert told["recommendation"] not in (None, "network")
    alone = [Option("network", None, None, ""), Option("alone", 0.3, 0.0, "")]
    assert recommendation(alone, "equal-clients") == (
        "alone",
        "When every client counts the same, alone is the only option that does not diverge: 0.3.",
    )
    assert recommendation(alone[:1] * 2, "equal-clients")[0] is None


def test_options_that_are_not_to_be_had_are_not_compared():
    data = clients(2, 0.15)
    how = replace(plan(data, "equal-clients", 1), without=("server",))
    told = where_to_train(data, metropolis(topology("ring", N)), how, 0)
    assert set(distances(told)) == {"server-sampled", "network", "alone"}
    assert told["recommendation"] == min(distances(told), key=lambda name: distances(told)[name])


@pytest.mark.parametrize("is_seen", [True, False])
def test_the_optimum_of_samples_is_as_far_off_as_fresh_draws_say(is_seen):
    rng, sizes, trials = np.random.default_rng(8), np.array([400, 100, 200]), 400
    maps = np.eye(5) + 0.2 * rng.standard_normal((3, 5, 5))
    spread = np.sqrt([4.0, 3, 1, 0.5, 0.2])
    exact = np.stack([m @ np.diag(spread**2) @ m.T for m in maps])
    weights = sizes / sizes.sum()
    true = np.linalg.eigh(np.tensordot(weights, exact, 1))[1][:, -2:]
    said, seen = [], []
    for _ in range(trials):
        x = [rng.standard_normal((n, 5)) * spread @ m.T for n, m in zip(sizes, maps, strict=True)]
        data = ClientData(np.stack([y.T @ y / len(y) for y in x]), sizes.astype(float), tuple(x) if is_seen else None)
        found = objective(data, "equal-samples", 2)
        said.append(optimum_by_samples(data, found))
        seen.append(apart(found.basis.T[None], true @ true.T))
    error = np.std(seen) / np.sqrt(trials)
    assert abs(np.mean(said) - np.mean(seen)) < 4 * error + 0.05 * np.mean(seen)  # second order is a few per cent here
