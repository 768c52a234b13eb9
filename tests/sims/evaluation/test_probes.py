"""Probes that must be perfect, must be at chance, and must equal slow twins; fine-tuning of a tiny encoder."""

import dataclasses
import warnings
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sims.evaluation import probes
from sims.evaluation.fine_tuning import FineTuning, fine_tuned
from sims.evaluation.probes import Probe, features_of, fine_tune, for_evaluation, knn, label_subset, linear_probe
from sims.stats import Estimate, standard_errors_allowed
from tests.compilations import compilations


@dataclass(frozen=True)
class Tanh:
    """One layer: enough to be trained, and each image's features are its own."""

    feature_dim: int = 6

    def init(self, key, image_shape):
        return {"kernel": 0.1 * jax.random.normal(key, (int(np.prod(image_shape)), self.feature_dim), jnp.float32)}

    def features(self, params, images):
        return jnp.tanh(images.reshape(len(images), -1) @ params["kernel"])


@dataclass(frozen=True)
class BatchTanh(Tanh):
    """Standardised by its batch, until statistics are fixed."""

    norm: str = "batch"

    def features(self, params, images):
        before = images.reshape(len(images), -1) @ params["kernel"]
        mean, std = params.get("statistics", (before.mean(axis=0), before.std(axis=0)))
        return jnp.tanh((before - mean[None]) / (std[None] + 1e-3))

    def with_statistics(self, params, images):
        before = images.reshape(len(images), -1) @ params["kernel"]
        return {"kernel": params["kernel"], "statistics": (before.mean(axis=0), before.std(axis=0))}


ENCODER = Tanh()
SHORT = FineTuning(epochs=30, batch=16, base_rate=0.5)


def separable(seed=0, n=200, dim=5, classes=3):
    """Unit steps apart along axes, noise well below."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % classes)
    return np.eye(classes, dim)[labels] + 0.1 * rng.uniform(-1, 1, (n, dim)), labels


def pictures(seed=0, n=96):
    """Bright above or bright below; nothing of it in the mean."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 2)
    images = rng.integers(0, 60, (n, 4, 4, 1))
    images[labels == 0, :2] += 150
    images[labels == 1, 2:] += 150
    return images.astype(np.uint8), labels


def start():
    return ENCODER.init(jax.random.key(0), (4, 4, 1))


def gap(probe, accuracy):
    return Estimate(probe.accuracy, probe.standard_error, probe.n_test).distance_from(accuracy)


def test_a_linear_probe_of_separable_features_is_perfect():
    train, test = separable(0), separable(1)
    found = linear_probe(*train, *test)
    assert (found.accuracy, found.n_test, found.converged) == (1.0, 200, True)
    assert knn(*train, *test).accuracy == 1.0


@pytest.mark.parametrize("classes", [2, 5])
def test_labels_that_have_nothing_to_do_with_features_are_guessed(classes):
    rng = np.random.default_rng(classes)
    train, test = rng.standard_normal((400, 8)), rng.standard_normal((4000, 8))
    labels = np.arange(400) % classes
    drawn = rng.integers(classes, size=4000)  # each guess is right with probability one in `classes`
    for found in (linear_probe(train, labels, test, drawn, (1.0,)), knn(train, labels, test, drawn)):
        assert abs(gap(found, 1 / classes)) < standard_errors_allowed()
        assert found.standard_error < 0.01


def test_scaling_and_shifting_features_changes_nothing_for_a_linear_probe():
    rng = np.random.default_rng(3)
    labels = np.arange(300) % 3
    features = rng.standard_normal((300, 4)) + 0.7 * np.eye(3, 4)[labels]
    parts = features[:150], labels[:150], features[150:], labels[150:]
    factor, shift = np.array([1e-3, 1.0, 50.0, 2.0]), np.array([5.0, 0.0, -3.0, 100.0])
    moved = parts[0] * factor + shift, parts[1], parts[2] * factor + shift, parts[3]
    assert linear_probe(*parts).accuracy == linear_probe(*moved).accuracy
    assert 0.4 < linear_probe(*parts).accuracy < 0.9  # neither all nor nothing


def test_the_chosen_penalty_is_the_best_on_held_out_training_images_only():
    rng = np.random.default_rng(4)
    # Few images, many useless features: a weak penalty overfits, by more than one of 60 images held out.
    labels = np.arange(300) % 2
    features = rng.standard_normal((300, 300))
    features[:, 0] += 1.5 * (2 * labels - 1)
    test_labels = np.arange(2000) % 2
    test = rng.standard_normal((2000, 300))
    test[:, 0] += 1.5 * (2 * test_labels - 1)
    chosen = linear_probe(features, labels, test, test_labels, (1e-3, 1.0, 1e4))
    each = {c: linear_probe(features, labels, test, test_labels, (c,)).accuracy for c in (1e-3, 1.0, 1e4)}
    assert chosen.inverse_penalty is not None
    assert chosen.inverse_penalty != 1e4
    assert chosen.accuracy == each[chosen.inverse_penalty] > each[1e4]
    # On the images that it is trained on, the weak penalty is the better of two.
    assert linear_probe(features, labels, features, labels, (1e4,)).accuracy == 1 > each[1e4]
    assert linear_probe(features, labels, test, test_labels, (1e-3, 1e4)).inverse_penalty == 1e-3
    # Other test labels choose the same.
    assert linear_probe(features, labels, test, 1 - test_labels, (1e-3, 1.0, 1e4)).inverse_penalty == (
        chosen.inverse_penalty
    )


def test_the_first_and_strongest_of_equal_penalties_is_chosen():
    assert linear_probe(*separable(0), *separable(1), inverse_penalties=(1.0, 0.1)).inverse_penalty == 0.1


def test_a_probe_that_did_not_come_to_rest_says_so_without_a_warning(monkeypatch):
    monkeypatch.setattr(probes, "MOST_ITERATIONS", 1)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert not linear_probe(*separable(0), *separable(1)).converged
    assert not said


def test_other_warnings_of_the_library_are_passed_on(monkeypatch):
    def fit(self, *_):
        warnings.warn("not about convergence", FutureWarning, stacklevel=1)
        warnings.warn("not at rest", ConvergenceWarning, stacklevel=1)

    monkeypatch.setattr(probes.LogisticRegression, "fit", fit)
    monkeypatch.setattr(probes.LogisticRegression, "predict", lambda self, x: np.zeros(len(x)))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = linear_probe(*separable(0), *separable(1), inverse_penalties=(1.0,))
    assert [w.category for w in said] == [FutureWarning]
    assert not found.converged


@pytest.mark.parametrize("value", [0.0, 3.7])
def test_collapsed_features_are_at_chance(value):
    features, labels = np.full((90, 4), value, np.float32), np.arange(90) % 3
    for probe in (linear_probe, knn):
        assert probe(features, labels, features[:60], labels[:60]).accuracy == pytest.approx(1 / 3)


def test_nearest_neighbours_are_those_of_a_slow_loop():
    rng = np.random.default_rng(5)
    train, test = rng.standard_normal((80, 3)), rng.standard_normal((60, 3))
    labels, test_labels = rng.integers(4, size=80), rng.integers(4, size=60)
    for k, temperature in ((1, 0.07), (7, 0.07), (20, 0.07), (20, 5.0)):
        right = 0
        for x, y in zip(test, test_labels, strict=True):
            cosines = [x @ z / np.sqrt((x @ x) * (z @ z)) for z in train]
            nearest = sorted(range(80), key=lambda i, s=cosines: -s[i])[:k]
            votes = [sum(np.exp(cosines[i] / temperature) for i in nearest if labels[i] == c) for c in range(4)]
            right += int(np.argmax(votes)) == y
        assert knn(train, labels, test, test_labels, k, temperature).accuracy == right / 60


def test_the_error_of_an_accuracy_is_binomial_and_never_zero():
    assert Probe(0.5, 10_000).standard_error == pytest.approx(0.005, rel=1e-3)  # four images more than there are
    assert Probe(1.0, 100).standard_error == pytest.approx(np.sqrt(102 * 2) / 104**1.5, rel=1e-12)
    rng = np.random.default_rng(6)
    drawn = rng.binomial(200, 0.9, 4000) / 200
    found = np.mean([Probe(float(a), 200).standard_error for a in drawn])
    assert found == pytest.approx(np.sqrt(0.9 * 0.1 / 200), rel=0.03)  # four images of 200 pull it upwards


def test_features_in_batches_are_those_of_all_at_once_in_one_compilation():
    images, params = pictures()[0][:21], start()
    whole = ENCODER.features(params, jnp.asarray(images, jnp.float32) / 255)
    before = compilations(probes._features)
    found = features_of(ENCODER, params, images, batch=8)
    assert compilations(probes._features) == before + 1
    assert features_of(Tanh(), params, images[:17], batch=8).shape == (17, 6)  # an equal encoder, the same shape
    assert compilations(probes._features) == before + 1
    assert found.dtype == np.float32
    # Another batch size may add in another order.
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-6)
    assert features_of(ENCODER, params, images[:3], batch=8).shape == (3, 6)


def test_under_batch_normalisation_features_do_not_depend_on_the_batch():
    (images, labels), test, encoder = pictures(0), pictures(1), BatchTanh()
    with pytest.raises(ValueError, match="Call `for_evaluation` first"):
        features_of(encoder, start(), images)
    params = for_evaluation(encoder, start(), images)
    whole = features_of(encoder, params, images[:16], batch=16)
    np.testing.assert_allclose(features_of(encoder, params, images[3:5], batch=2), whole[3:5], rtol=1e-5, atol=1e-6)
    assert for_evaluation(ENCODER, params, images) is params
    # Statistics that training starts with are those of another model: they play no part.
    odd = params | {"statistics": (np.full(6, 9.0, np.float32), np.full(6, 1e-3, np.float32))}
    found = [fine_tune(encoder, p, images, labels, *test, 1.0, 0, SHORT) for p in (start(), odd)]
    assert found[0] == found[1]
    assert found[0].accuracy == 1.0


@pytest.mark.parametrize("fraction", [0.05, 0.3, 1.0])
def test_a_share_of_labels_is_a_share_of_each_class(fraction):
    labels = np.repeat([0, 1, 2], [100, 40, 3])
    kept = label_subset(labels, fraction, seed=1)
    assert np.all(np.diff(kept) > 0)
    assert list(np.bincount(labels[kept])) == [max(1, round(fraction * n)) for n in (100, 40, 3)]
    assert set(label_subset(labels, 0.05, seed=1)) <= set(kept)
    assert fraction == 1 or set(label_subset(labels, fraction, seed=2)) != set(kept)


def test_fine_tuning_trains_encoder_and_head_and_sees_what_a_cold_head_does_not():
    train, test = pictures(0), pictures(1)
    found = fine_tune(ENCODER, start(), *train, *test, 1.0, 0, SHORT)
    assert (found.accuracy, found.n_test, found.converged) == (1.0, 96, True)
    model, loss = fine_tuned(ENCODER, start(), *train, 2, 0, SHORT)
    assert loss < 0.1 < np.log(2)
    assert float(jnp.abs(model["encoder"]["kernel"] - start()["kernel"]).max()) > 1e-2
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(model))


def test_only_the_share_is_trained_on_and_the_trained_encoder_is_tested(monkeypatch):
    (images, labels), test = pictures(0), pictures(1)
    kept, seen, trained = label_subset(labels, 0.25, seed=3), {}, jax.tree.map(lambda leaf: leaf + 1, start())

    def train(encoder, params, images, labels, *_):
        seen["images"], seen["labels"] = images, labels
        head = {"kernel": jnp.ones((6, 2), jnp.float32), "bias": jnp.zeros(2, jnp.float32)}
        return {"encoder": trained, "head": head}, 0.0

    def see(encoder, params, images):
        seen["params"], seen["tested"] = params, images
        return np.zeros((len(images), 6), np.float32)

    monkeypatch.setattr(probes, "fine_tuned", train)
    monkeypatch.setattr(probes, "features_of", see)
    fine_tune(BatchTanh(), start(), images, labels, *test, 0.25, 3)
    np.testing.assert_array_equal(seen["images"], images[kept])
    np.testing.assert_array_equal(seen["labels"], labels[kept])
    np.testing.assert_array_equal(seen["tested"], test[0])
    np.testing.assert_array_equal(seen["params"]["kernel"], trained["kernel"])
    expected = BatchTanh().with_statistics(trained, jnp.asarray(images[kept], jnp.float32) / 255)["statistics"]
    np.testing.assert_array_equal(seen["params"]["statistics"][0], expected[0])


def test_fine_tuning_is_a_function_of_its_seed():
    train, test = pictures(0), pictures(1)
    one, again, other = (fine_tuned(ENCODER, start(), *train, 2, seed, SHORT)[1] for seed in (1, 1, 2))
    assert one == again != other
    assert fine_tune(ENCODER, start(), *train, *test, 0.5, 1, SHORT) == fine_tune(
        ENCODER, start(), *train, *test, 0.5, 1, SHORT
    )


def test_the_first_step_is_adam_with_the_weights_decayed():
    images, labels = pictures(0)
    how = FineTuning(epochs=1, batch=96, base_rate=0.1, weight_decay=0.5)
    model, loss = fine_tuned(ENCODER, start(), images, labels, 2, 0, how)
    assert loss == pytest.approx(np.log(2), rel=1e-6)  # a head of zeros
    # The cosine half way down, and a first step of Adam: the sign of the slope, about.
    rate = 0.5 * 0.1 * 96 / 256
    np.testing.assert_allclose(np.abs(model["head"]["kernel"]), rate, rtol=1e-3)
    # No slope reaches the encoder through a head of zeros: what moved it is the decay.
    np.testing.assert_allclose(model["encoder"]["kernel"], (1 - 0.5 * rate) * start()["kernel"], rtol=1e-4)


def test_a_training_that_overflows_is_not_converged():
    train, test = pictures(0), pictures(1)
    broken = jax.tree.map(lambda leaf: leaf * jnp.nan, start())
    assert not fine_tune(ENCODER, broken, *train, *test, 1.0, 0, dataclasses.replace(SHORT, epochs=1)).converged


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, y: linear_probe(x, y[:-1], x, y), r"\(200, 5\) with 199 labels"),
        (lambda x, y: linear_probe(x, y, x[:, 1:], y), r"test \(200, 4\)"),
        (lambda x, y: linear_probe(np.where(x > 0.9, np.nan, x), y, x, y), "entries that are not"),
        (lambda x, y: linear_probe(x, 0 * y, x, y), "only class 0"),
        (lambda x, y: linear_probe(x, y - 1, x, y), "from 0; got -1"),
        (lambda x, y: linear_probe(x, y, x, y, ()), r"got \(\)"),
        (lambda x, y: linear_probe(x, y, x, y, (1.0, -1.0)), "-1.0"),
        (lambda x, y: linear_probe(x[:6], np.arange(6) % 3, x, y), "a class needs 5 images"),
        (lambda x, y: knn(x, y, x, y, k=201), "k=201"),
        (lambda x, y: knn(x, y, x, y, temperature=0.0), "temperature=0.0"),
        (lambda x, y: label_subset(y, 0.0, 0), "fraction=0.0"),
        (lambda x, y: features_of(ENCODER, start(), pictures()[0], batch=0), "batch=0"),
        (lambda x, y: features_of(ENCODER, start(), pictures()[0][:0]), "0 images"),
        (lambda x, y: fine_tune(ENCODER, start(), *pictures(), *pictures(), 1.5, 0), "fraction=1.5"),
        (lambda x, y: FineTuning(epochs=0), "epochs=0"),
        (lambda x, y: FineTuning(base_rate=0.0), "base_rate=0.0"),
        (lambda x, y: FineTuning(weight_decay=-1.0), "weight_decay=-1.0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*separable())
