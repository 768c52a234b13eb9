"""`dssl topology` and `dssl simulate` from the outside: what they print, and one sentence for every mistake."""

import json
import pathlib
from collections.abc import Sequence

import numpy as np
import pytest

from tests.command import answered

RUN = "feature_dim = 3\nstep_size = 0.01\nrounds = 1500\n"


@pytest.fixture
def clients(tmp_path: pathlib.Path) -> pathlib.Path:
    rng = np.random.default_rng(4)
    noise = rng.standard_normal((6, 8, 8))
    covariances = np.diag(np.linspace(3, 0.3, 8)) + 0.05 * (noise + noise.swapaxes(1, 2))
    np.savez(tmp_path / "X.npz", covariances=covariances)
    return tmp_path


def simulated(capsys: pytest.CaptureFixture[str], folder: pathlib.Path, config: str, *more: str) -> dict:
    (folder / "run.toml").write_text(config)
    covariances = ["--covariances", str(folder / "X.npz")]
    code, out, err = answered(
        capsys, "simulate", "linear", "--config", str(folder / "run.toml"), *covariances, *more, "--json"
    )
    assert code == 0, err
    return json.loads(out)


def plain_rounds(folder: pathlib.Path, mixing: np.ndarray, *, step: float, steps: int, rounds: int, feature_dim: int):
    """The same training by loops that know nothing of the project: models before and after the last mixing."""
    x = np.load(folder / "X.npz")["covariances"]
    values, vectors = np.linalg.eigh(x.mean(axis=0))
    start = np.sqrt(values[-feature_dim:])[:, None] * vectors[:, -feature_dim:].T
    models = [start.copy() for _ in x]
    before = models
    for _ in range(rounds):
        before = []
        for w, covariance in zip(models, x, strict=True):
            for _ in range(steps):
                w = w - step * 2 * (w @ w.T @ w - w @ covariance)
            before.append(w)
        models = [sum((m * w for m, w in zip(row, before, strict=True)), np.zeros_like(start)) for row in mixing]
    p_wanted = vectors[:, -feature_dim:] @ vectors[:, -feature_dim:].T
    return np.array(before), np.array(models), p_wanted


def client_variance(models: np.ndarray) -> float:
    return float(((models - models.mean(axis=0)) ** 2).sum() / len(models))


def projector(w: np.ndarray) -> np.ndarray:
    return w.T @ np.linalg.solve(w @ w.T, w)


def test_a_simulation_explains_its_shortcuts_and_what_they_saved(capsys, clients):
    covariances = np.stack([np.diag([3.0 + kind, 2.0, 1.5, *[0.2 + kind / 10] * 9]) for kind in (0, 1)])
    np.savez(clients / "X.npz", covariances=np.tile(covariances, (4, 1, 1)))
    config = RUN.replace("feature_dim = 3", "feature_dim = 2") + 'topology = "ring"\ninit = "random"\nlocal_steps = 2\n'
    found = simulated(capsys, clients, config)["reductions"]
    assert [(r["kind"], r["trained"], r["of"]) for r in found] == [("clients", 2, 8), ("dimensions", 5, 12)]
    arguments = ["simulate", "linear", "--config", str(clients / "run.toml"), "--covariances", str(clients / "X.npz")]
    code, out, _ = answered(capsys, *arguments, "--explain")
    said = " ".join(out.split())
    assert code == 0
    assert "2 of 8 clients were trained. Each stands for a class" in said
    assert "5 of 12 dimensions were trained. They span" in said
    # 2 steps of 2 n c d^2 + 6 n c^2 d each, and 2 n^2 c d for the averaging.
    whole, small = (2 * n * (4 * d * d + 24 * d) + 4 * n * n * d for n, d in ((8, 12), (2, 5)))
    assert f"about {whole / small:.3g} times fewer operations" in said
    code, out, _ = answered(capsys, *arguments)
    assert (code, "were trained" in out) == (0, False)
    code, _, err = answered(capsys, *arguments, "--explain", "--json")
    assert (code, "--explain is about printed words" in err) == (2, True)


SPIKED = (
    'topology = "ring"\nlocal_steps = 2\n[data]\nkind = "spiked"\nn_clients = 8\ndim = 1_000_000_000\n'
    "n_signal = 5\nn_kinds = 2\nlevel = 0.3\n"
)


def test_spiked_clients_train_in_a_thousand_million_dimensions(capsys, clients):
    (clients / "run.toml").write_text(RUN.replace("rounds = 1500", 'init = "random"\nrounds = 8000') + SPIKED)
    arguments = ["simulate", "linear", "--config", str(clients / "run.toml")]
    code, out, err = answered(capsys, *arguments, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert [(r["kind"], r["trained"], r["of"]) for r in found["reductions"]] == [
        ("dimensions", 8, 10**9),
        ("clients", 2, 8),
    ]
    assert found["converged"]
    assert found["ratios"]["consensus_post_mix"]["fixed_point"] == pytest.approx(1, rel=1e-6)
    _, out, _ = answered(capsys, *arguments, "--explain")
    assert "8 of 1000000000 dimensions were trained. Beyond the signal" in " ".join(out.split())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("n_kinds = 2\n", ""), "need n_signal and n_kinds"),
        (('kind = "spiked"', 'kind = "exchangeable"'), "n_signal has no effect on clients of kind exchangeable"),
        (("level = 0.3", "concentration = 0.5"), "concentration has no effect on clients of kind spiked"),
        (("n_signal = 5", "n_signal = 20_000"), "(n_signal + feature_dim)^2 at most"),
        (("n_kinds = 2", "n_kinds = 9"), "n_kinds lies between 1 and n_clients=8"),
        (("[data]", "gradient_noise = 0.1\n[data]"), "Gradient noise reaches all dimensions"),
        (("[data]", "n_signal = 6\n[data]"), "over signal coordinates, 5 here; got n_signal=6"),
    ],
)
def test_keys_of_made_clients_that_do_not_fit_are_one_sentence(capsys, clients, change, said):
    (clients / "run.toml").write_text(RUN + SPIKED.replace(*change))
    code, out, err = answered(capsys, "simulate", "linear", "--config", str(clients / "run.toml"))
    assert (code, out, len(err.strip().splitlines())) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize("steps", [1, 3])
def test_a_simulation_measures_what_plain_loops_measure(capsys, clients, steps):
    mixing = np.zeros((6, 6))
    for i in range(6):
        for j in (-1, 0, 1):
            mixing[i, (i + j) % 6] = 1 / 3
    np.save(clients / "M.npy", mixing)
    result = simulated(capsys, clients, RUN + f"local_steps = {steps}\n", "--mixing", str(clients / "M.npy"))
    before, after, wanted = plain_rounds(clients, mixing, step=0.01, steps=steps, rounds=1500, feature_dim=3)
    # Two orders of summation over 1500 rounds.
    assert result["consensus_pre_mix"] == pytest.approx(client_variance(before), rel=1e-8)
    assert result["consensus_post_mix"] == pytest.approx(client_variance(after), rel=1e-8)
    mean = after.mean(axis=0)
    assert result["mean_model_subspace_error"] == pytest.approx(np.linalg.norm(projector(mean) - wanted), rel=1e-6)
    local = np.mean([np.linalg.norm(projector(w) - wanted) ** 2 for w in after])
    assert result["mean_local_subspace_error_squared"] == pytest.approx(local, rel=1e-6)
    assert result["sensitivity"] == pytest.approx(np.ptp(np.diag(projector(mean))[:6]), rel=1e-8)
    assert result["converged"]
    assert not result["diverged"]


def test_tiers_meet_the_simulation_as_closely_as_they_say(capsys, clients):
    result = simulated(capsys, clients, RUN + 'topology = "ring"\nmixing = "metropolis"\nlocal_steps = 2\n')
    for quantity in ("consensus_post_mix", "consensus_pre_mix"):
        ratios = result["ratios"][quantity]
        assert ratios["recorded_gradients"] == pytest.approx(1, abs=1e-6)  # what is left to settle
        assert ratios["curvature_resummed"] == pytest.approx(1, abs=0.02)
        assert ratios["fixed_point"] == pytest.approx(1, abs=1e-4)
    assert result["ratios"]["consensus_post_mix"]["spectral_gap_bound"] < 1
    assert result["ratios"]["mean_model_subspace_error"]["first_order_bound"] < 1


def test_sampled_clients_are_held_against_partial_participation(capsys, clients):
    result = simulated(capsys, clients, RUN.replace("1500", "6000") + "participation = 2\n")
    # One run fluctuates: its later half is some tens of independent rounds.
    assert 0.5 < result["ratios"]["late_mean_model_subspace_error_squared"]["partial_participation"] < 2


def test_divergence_is_said_and_marked(capsys, clients):
    (clients / "run.toml").write_text(RUN.replace("0.01", "0.9"))
    arguments = ["simulate", "linear", "--config", str(clients / "run.toml"), "--covariances", str(clients / "X.npz")]
    code, out, err = answered(capsys, *arguments, "--json")
    result = json.loads(out)
    assert code == 2
    assert result["diverged"]
    assert not result["converged"]
    assert result["consensus_post_mix"] is None
    assert "step_size=0.9" in err


MISTAKES: list[tuple[str, Sequence[str], str]] = [
    ("feature_dim = 3\nrounds = 5\n", (), "step_size"),
    (RUN + "local_stps = 2\n", (), "local_steps"),
    (RUN + "participation = 9\n", (), "participation"),
    (RUN + "n_clients = 7\n", (), "n_clients = 7"),
    (RUN + "participation = 0.01\n", (), "participation"),
    (RUN.replace("= 3", "= 30"), (), "feature_dim"),
    (RUN + 'topology = "rign"\n', (), "ring"),
    (RUN.replace("0.01", "nan"), (), "step_size"),
    (RUN.replace("0.01", "-0.1"), (), "step_size"),
    (RUN + "[data]\nn_clients = 3\ndim = 8\n", (), "[data]"),
    ("feature_dim = \n", (), "TOML"),
    (RUN + "link_failure = 1.5\n", (), "link_failure"),
    (RUN, ("swap.npy",), "agree"),
    (RUN, ("nan.npy",), "nan"),
    (RUN, ("rows.npy",), "Rows of a mixing matrix sum to 1, to within 1e-09; row 0 sums to 2."),
    (RUN, ("small.npy",), "6 clients"),
    (RUN, ("negative.npy",), "weight -0.5"),
    (RUN, ("missing.npy",), "missing.npy"),
]


@pytest.mark.parametrize(("config", "mixing", "said"), MISTAKES)
def test_a_mistake_in_a_run_is_one_sentence_and_exit_code_2(capsys, clients, config, mixing, said):
    swap = np.eye(6)[[1, 0, 3, 2, 5, 4]]
    rows = np.full((6, 6), 1 / 6)
    rows[0] *= 2
    negative = np.full((6, 6), 1 / 6)
    negative[0, :2] = [-0.5, 1 / 3 + 0.5]
    broken = np.full((6, 6), 1 / 6)
    broken[2, 3] = np.nan
    files = {"swap": swap, "nan": broken, "rows": rows, "small": np.eye(2), "negative": negative}
    for name, matrix in files.items():
        np.save(clients / f"{name}.npy", matrix)
    (clients / "run.toml").write_text(config)
    more = ("--mixing", str(clients / mixing[0])) if mixing else ()
    covariances = ("--covariances", str(clients / "X.npz"))
    code, out, err = answered(capsys, "simulate", "linear", "--config", str(clients / "run.toml"), *covariances, *more)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert not out


def test_covariances_that_are_none_are_refused(capsys, clients):
    (clients / "run.toml").write_text(RUN)
    (clients / "text.npz").write_text("not an archive")
    np.savez(clients / "flat.npz", covariances=np.ones((3, 4)))
    np.savez(clients / "other.npz", x=np.ones((3, 4, 4)))
    np.savez(clients / "skew.npz", covariances=np.triu(np.ones((3, 4, 4))))
    np.savez(clients / "pickled.npz", covariances=np.array([{"a": 1}], dtype=object))
    np.savez(clients / "nan.npz", covariances=np.full((3, 4, 4), np.nan))
    for name, said in (
        ("text", "savez"),
        ("flat", "(3, 4)"),
        ("other", "covariances"),
        ("skew", "not symmetric"),
        ("pickled", "savez"),
        ("nan", "nan"),
    ):
        arguments = ["--config", str(clients / "run.toml"), "--covariances", str(clients / f"{name}.npz")]
        code, _, err = answered(capsys, "simulate", "linear", *arguments)
        assert (code, said in err) == (2, True), (name, err)


def test_a_named_network_is_certified_and_gets_the_links_an_exhaustive_search_finds(capsys):
    code, out, _ = answered(capsys, "topology", "path", "--n", "6", "--add", "1", "--json")
    result = json.loads(out)
    assert code == 0
    assert result["certificate"]["is_doubly_stochastic"]
    assert result["laplacian_spectrum"][1] == pytest.approx(2 - 2 * np.cos(np.pi / 6))
    links = result["links_to_add"]
    # One link is one link: greedy and exhaustive must reach the same.
    assert links["greedy"][0]["reached"] == pytest.approx(links["best"]["reached"], rel=1e-12)
    assert links["greedy"][0]["reached"] < links["now"]


def test_a_link_that_harms_is_not_proposed(capsys):
    # A ring under uniform averaging listens to all alike; any chord ends that.
    code, out, _ = answered(
        capsys, "topology", "ring", "--n", "4", "--mixing", "uniform", "--goal", "weights", "--json"
    )
    links = json.loads(out)["links_to_add"]
    assert code == 0
    assert links["greedy"] == []
    assert len(links["best"]["links"]) in (0, 2)  # both chords make it complete, and as equal


def test_a_matrix_from_a_file_is_certified_with_what_to_mend(capsys, tmp_path):
    np.save(tmp_path / "swap.npy", np.array([[0.0, 1.0], [1.0, 0.0]]) * 1.0 + np.array([[0, 0], [0, 0]]))
    np.save(tmp_path / "loose.npy", np.array([[0.5, 0.5], [0.3, 0.3]]))
    (tmp_path / "links.csv").write_text("from,to\n0,1\n1,2\n")
    code, out, _ = answered(capsys, "topology", str(tmp_path / "links.csv"), "--json")
    assert code == 0
    assert json.loads(out)["n_clients"] == 3
    code, out, err = answered(capsys, "topology", str(tmp_path / "loose.npy"), "--json")
    assert code == 2
    assert "to within 1e-09; row 1 sums to 0.6. In double precision, divide every row by its sum" in err
    assert not json.loads(out)["certificate"]["is_row_stochastic"]


def test_advice_refuses_a_matrix_whose_rows_do_not_sum_to_1(capsys, tmp_path):
    np.savez(tmp_path / "x.npz", samples=np.random.default_rng(0).normal(size=(2, 9, 3)))
    np.save(tmp_path / "loose.npy", np.array([[0.5, 0.5], [0.3, 0.3]]))
    asked = ("--data", str(tmp_path / "x.npz"), "--topology", str(tmp_path / "loose.npy"))
    code, out, err = answered(capsys, "advise", *asked)
    assert (code, out) == (2, "")
    assert "Rows of a mixing matrix sum to 1, to within 1e-09; row 1 sums to 0.6." in err


def test_large_networks_get_the_ends_of_their_spectra(capsys):
    code, out, _ = answered(capsys, "topology", "ring", "--n", "1500", "--json")
    result = json.loads(out)
    assert code == 0
    # The circulant's closed forms.
    assert result["laplacian_lambda_2"] == pytest.approx(2 - 2 * np.cos(2 * np.pi / 1500), rel=1e-9)
    assert result["lambda_2"] == pytest.approx((1 + 2 * np.cos(2 * np.pi / 1500)) / 3, rel=1e-12)
    assert result["min_eigenvalue"] == pytest.approx(-1 / 3, rel=1e-12)
    code, _, err = answered(capsys, "topology", "ring", "--n", "1500", "--mixing", "sinkhorn")
    assert (code, "metropolis" in err) == (2, True)


def test_certified_intervals_hold_the_closed_forms(capsys):
    _, out, _ = answered(capsys, "topology", "ring", "--n", "12", "--certify", "--json")
    found = json.loads(out)["certified"]
    for name, exact in (("lambda_2", (1 + np.sqrt(3)) / 3), ("min_eigenvalue", -1 / 3)):
        low, high = found[name]
        assert low < exact < high
        assert high - low < 1e-12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("er:6", "--n", "3000"), "connected"),
        (("rign", "--n", "5"), "ring"),
        (("ring",), "number of clients"),
        (("edges:0-1,2-3", "--n", "4"), "connect"),
        (("ring", "--n", "5", "--local-steps", "0"), "local-steps"),
        (("ring", "--n", "5", "--add", "-1"), "--add"),
        (("ring", "--n", "5", "--mixing", "laplacian", "--step", "0.9"), "step"),
        (("missing.csv",), "missing.csv"),
    ],
)
def test_a_mistake_about_a_network_is_one_sentence_and_exit_code_2(capsys, arguments, said):
    code, out, err = answered(capsys, "topology", *arguments)
    assert (code, out) == (2, "")
    assert said in err
