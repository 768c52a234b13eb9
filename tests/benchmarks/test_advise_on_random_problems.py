"""The problems on which `dssl advise` is tried, the loops that decide them, and the table that is committed."""

import numpy as np
import pytest

from benchmarks import advise_on_random_problems as trial

PLAIN = {
    "family": "star",
    "recommendation": "server",
    "winner": "server",
    "recommendation_without_server": None,
    "winner_without_server": "network",
    "pairs_called": 4,
    "pairs_right": 3,
}


@pytest.mark.parametrize("seed", range(len(trial.FAMILIES)))
def test_a_problem_is_what_its_family_says(seed):
    p = trial.problem(seed)
    assert p.family == trial.FAMILIES[seed]
    assert trial.problem(seed).moments.tolist() == p.moments.tolist()
    n = len(p.sizes)
    reach = np.linalg.matrix_power(np.eye(n) + p.heard, n)
    assert (reach > 0).all()
    assert not p.heard.diagonal().any()
    assert ((p.heard != p.heard.T).any()) <= (p.family == "directed")
    largest = max(np.linalg.eigvalsh(m)[-1] for m in p.moments)
    assert 0 < p.step_size <= 1 / (6 * largest)
    assert 1 <= p.n_sampled < n
    assert p.shares.sum() == pytest.approx(1)
    sums = trial._weights(p).sum(axis=0 if p.rule == "push_sum" else 1)
    np.testing.assert_allclose(sums, 1, rtol=1e-12)


def test_the_loops_reach_what_is_known_without_them():
    """One local step: the server ends at the optimum; clients alone at their own leading eigenvectors."""
    p = next(p for p in map(trial.problem, range(0, 60, 6)) if p.local_steps == 1 and p.memory() < 100)
    seen = trial.measured(p, 0)
    wanted = np.linalg.eigh(np.tensordot(p.shares, p.moments, 1))[1][:, -p.feature_dim :]
    own = [np.linalg.eigh(m)[1][:, -p.feature_dim :] for m in p.moments]
    alone = np.mean([1 - np.sum((v.T @ wanted) ** 2) / p.feature_dim for v in own])
    assert seen["server"] < 1e-9
    assert seen["alone"] == pytest.approx(alone, rel=0.02)
    assert seen["server-sampled"] > seen["server"]


def test_the_summary_counts_answers_and_right_answers():
    rows = [PLAIN, PLAIN | {"winner": "network"}, PLAIN | {"recommendation": None, "family": "outlier"}]
    found = {(row["family"], row["options"]): row for row in trial.summary(rows)}
    four, three = found["all", "all four"], found["all", "three, without server"]
    assert (four["problems"], four["given"], four["right"], four["won by network"]) == (3, 2, 1, 1)
    assert (three["problems"], three["given"], three["right"], three["won by network"]) == (3, 0, 0, 3)
    assert found["star", "all four"]["problems"] == 2
    assert trial.pairs(rows) == "Of 18 pairs of options, 12 were told apart, 9 of them rightly."


def test_the_recorded_problems_are_answered_often_and_rightly():
    rows = trial.kept(trial.RECORD)
    assert len(rows) >= 300
    assert {row["family"] for row in rows.values()} == set(trial.FAMILIES)
    for total in trial.summary(list(rows.values()))[-2:]:
        assert total["given"] >= trial.GIVEN * total["problems"]
        assert total["right"] >= trial.RIGHT * total["given"]
    for seed in ("0", "7", "27", "200"):  # rows are of the problems that this program draws
        p = trial.problem(int(seed))
        assert rows[seed]["step_size"] == pytest.approx(p.step_size, rel=1e-4)
        assert (rows[seed]["objective"], rows[seed]["rule"]) == (p.objective, p.rule)
        assert (rows[seed]["local_steps"], rows[seed]["n_sampled"]) == (p.local_steps, p.n_sampled)
