"""What notebook 10 says of advice, held against its cells and, on real images, against training."""

import itertools

import numpy as np
import pytest

import dssl
from sims.images.datasets import fashion_mnist, pixels
from sims.images.partitions import dirichlet
from theory.objectives.curvature import curvature


@pytest.fixture(scope="module")
def found(ran):
    return ran("10")


@pytest.fixture(scope="module")
def real():
    """Twelve clients of Fashion-MNIST on a ring: their images, unequal in number."""
    images = fashion_mnist.load()
    points = pixels(images, block=4)
    split = dirichlet(images.labels, 12, 0.5, seed=1, min_size=50)
    return [np.asarray(points[held], dtype=float) for held in split.indices]


def test_the_clients_have_unequal_numbers_of_samples_and_the_lines_form_a_path(found):
    assert len(set(found.data.groupby("client").size())) == 6
    assert sorted(degree for _, degree in found.graph.degree) == [1, 1, 2, 2, 2, 2]


def test_training_reaches_what_was_predicted(found):
    table = found.advice.to_pandas()
    assert found.advice.recommendation == table["distance"].idxmin() == "server"
    assert table["is_settled"].all()
    for name, row in table.iterrows():
        assert abs(row["simulated"] - row["distance"]) < row["uncertainty"] + 1e-3 * row["distance"], name


def test_chance_makes_a_part_of_the_dissimilarity_and_the_interval_holds_the_truth(found):
    value = found.about["value"]
    assert value["zeta_squared_of_distributions"] == pytest.approx(value["zeta_squared"] - value["of_sampling_alone"])
    rng = np.random.default_rng(0)
    exact = []
    for k in range(6):  # the notebook's own draws, for their turns
        spread = np.full(9, 0.7)
        spread[:3] = 2.0, 1.8, 1.6
        spread[3 + k] = 1.4
        turned = np.linalg.qr(np.eye(9) + 0.06 * rng.normal(size=(9, 9)))[0]
        rng.normal(size=(300 + 100 * k, 9))
        exact.append(turned.T @ np.diag(spread**2) @ turned)
    mean = np.mean(exact, axis=0)
    w = curvature(mean, 3).optimum
    truth = 4 * np.mean(np.sum((w @ (np.array(exact) - mean)) ** 2, axis=(1, 2)))
    low, high = value["interval_90"]
    assert low < truth < high  # nine draws in ten


def test_the_proposed_links_lower_the_disagreement_as_predicted(found):
    gained = np.array(found.trained) / found.trained[0]
    assert all(a > b for a, b in itertools.pairwise(gained))
    assert gained == pytest.approx(np.array(found.predicted), abs=0.01)


def test_new_samples_move_the_best_shared_model_about_as_far_as_the_advice_estimates(found):
    said = found.by_sampling["value"]["distance"]
    rng = np.random.default_rng(1)
    exact, turns = [], []
    draws = np.random.default_rng(0)
    for k in range(6):  # the notebook's hospitals
        spread = np.full(9, 0.7)
        spread[:3] = 2.0, 1.8, 1.6
        spread[3 + k] = 1.4
        turned = np.linalg.qr(np.eye(9) + 0.06 * draws.normal(size=(9, 9)))[0]
        draws.normal(size=(300 + 100 * k, 9))
        turns.append(spread[:, None] * turned)
        exact.append(turns[-1].T @ turns[-1])

    def best(matrices):
        vectors = np.linalg.eigh(np.mean(matrices, axis=0))[1][:, -3:]
        return vectors @ vectors.T

    seen = []
    for _ in range(100):
        drawn = [rng.normal(size=(300 + 100 * k, 9)) @ turn for k, turn in enumerate(turns)]
        seen.append(np.sum((best([x.T @ x / len(x) for x in drawn]) - best(exact)) ** 2) / 6)
    assert np.mean(seen) == pytest.approx(said, rel=0.2)
    assert found.distances["network"] - found.distances["server"] < 2 * said < 10 * found.distances["alone"]


def test_of_three_options_only_rounding_is_uncertain_and_a_drawn_server_takes_a_quarter_of_the_clients(found):
    table = found.advice.to_pandas()
    assert max(table["uncertainty"].drop("server-sampled")) < 1e-11 < 1e-5 < table["uncertainty"]["server-sampled"]
    assert "1 of 6 clients" in table["rests_on"]["server-sampled"]


def test_cl_loses_less_because_its_noise_is_below_the_one_at_which_both_lose_the_same(found):
    order = found.advice.details["contrast_or_masks"]["value"]
    assert order["augmentation_std"] < order["noise_at_which_they_are_equal"]
    more = dssl.advise(found.data, found.network, **found.QUESTION, augmentation_std=1.5)
    assert more.details["contrast_or_masks"]["value"]["more_robust"] == "masks"


def test_second_moments_give_the_same_predictions_and_nearly_the_same_order_of_cl_and_mim(found):
    for option, other in zip(found.advice.options, found.private.options, strict=True):
        assert option.distance == pytest.approx(other.distance, rel=1e-6)
    orders = [told.details["contrast_or_masks"]["value"]["more_robust"] for told in (found.advice, found.private)]
    assert orders[0] == orders[1] == "contrast"


def test_on_real_images_training_does_what_was_said(real):
    advice = dssl.advise(real, "ring", feature_dim=5, local_steps=2)
    said, clients = advice.details["decentralised"]["value"], advice.details["clients"]
    moments = np.stack([x.T @ x / len(x) for x in real])
    run = dssl.train(moments, "ring", feature_dim=5, rounds=4000, step_size=clients["step_size"], local_steps=2)
    assert float(run.consensus_pre_mix_final) == pytest.approx(said["consensus_pre_mix"], rel=0.02)
    assert float(run.consensus_post_mix_final) == pytest.approx(said["consensus_post_mix"], rel=0.02)
    distance = float(run.plain_mean_model_subspace_error_final) ** 2 / 10
    assert distance == pytest.approx(said["mean_model_distance"], rel=0.2)  # a square, and not quite rest


def test_on_real_images_second_moments_give_the_same_predictions(real):
    moments = {"second_moments": np.stack([x.T @ x / len(x) for x in real]), "sizes": np.array([len(x) for x in real])}
    given = [dssl.advise(data, "ring", feature_dim=5, local_steps=2) for data in (real, moments)]
    said, private = (advice.details["decentralised"]["value"] for advice in given)
    for name, value in said.items():
        assert private[name] == pytest.approx(value, rel=1e-6), name
