"""Accuracy from features: a linear probe, nearest neighbours, and fine-tuning on a share of the labels.

Nothing is ever chosen on test images: regularisation is chosen on training images held out, fine-tuning reports its
last step.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int64, Integer, UInt8
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from sims.evaluation.fine_tuning import FineTuning, fine_tuned
from sims.pretraining.encoders import Encoder, PyTree

Features = Float[np.ndarray, "n feature"]
Labels = Integer[np.ndarray, " n"]
Images = UInt8[np.ndarray, "n height width channels"]
INVERSE_PENALTIES = (1e-2, 1e-1, 1.0, 10.0, 100.0)
HELD_OUT = 5  # one training image of five
STATISTICS_FROM = 512  # images
MOST_ITERATIONS = 2_000
MOST_FOR_NEWTON = 2_000  # weights


@dataclass(frozen=True)
class Probe:
    """Accuracy on `n_test` images, and whether training can be trusted.

    `converged`: a linear probe's came to rest, fine-tuning's stayed finite. `inverse_penalty`: C of a linear probe.
    """

    accuracy: float
    n_test: int
    converged: bool = True
    inverse_penalty: float | None = None

    @property
    def standard_error(self) -> float:
        """Of the accuracy over test sets, for this one model; what a second training would give is another matter.

        Source: agresti1998: two successes and two failures are added, so that all right does not mean no error.
        """
        n = self.n_test + 4
        share = (self.accuracy * self.n_test + 2) / n
        return float(np.sqrt(share * (1 - share) / n))


def features_of(encoder: Encoder, params: PyTree, images: Images, batch: int = 256) -> Float32[np.ndarray, "n feature"]:
    """Features of any number of images, `batch` at a time, in one compilation for each batch size.

    Errors: ValueError for a batch of less than one image, none at all, or features that would depend on the batch.
    """
    if _needs_statistics(encoder) and "statistics" not in params:
        raise ValueError("Statistics of batch normalisation were wanted; got none. Call `for_evaluation` first.")
    if batch < 1 or len(images) < 1:
        raise ValueError(f"At least one image, one at a time, was wanted; got {len(images)} images, batch={batch}.")
    batch = min(batch, len(images))
    missing = -len(images) % batch
    # The last batch is filled up with copies: another shape would be another compilation.
    filled = np.concatenate([images, np.repeat(images[-1:], missing, axis=0)]) if missing else images
    parts = [_features(encoder, params, filled[i : i + batch]) for i in range(0, len(filled), batch)]
    return np.concatenate([np.asarray(part, np.float32) for part in parts])[: len(images)]


def for_evaluation(encoder: Encoder, params: PyTree, train_images: Images) -> PyTree:
    """The parameters as they are; under batch normalisation with statistics of the first training images, fixed.

    Averaged models carry nobody's statistics, so they are estimated anew for each.
    """
    if not _needs_statistics(encoder):
        return params
    return encoder.with_statistics(params, jnp.asarray(train_images[:STATISTICS_FROM], jnp.float32) / 255)


def linear_probe(
    train_features: Features,
    train_labels: Labels,
    test_features: Float[np.ndarray, "n_test feature"],
    test_labels: Integer[np.ndarray, " n_test"],
    inverse_penalties: Sequence[float] = INVERSE_PENALTIES,
    seed: int = 0,
) -> Probe:
    """Test accuracy of multinomial logistic regression on features standardised by the training set.

    Of several penalties that is taken which is best on a fifth of each class, held out by `seed`; then all are used.
    Source: radford2021, Appendix A.3 (the penalty from a sweep on a validation split).
    Units: C multiplies the sum of losses against half the squared weights.
    Errors: ValueError for features that are not finite, differ in number, or a single class.
    """
    _check(train_features, train_labels, test_features, test_labels)
    if not inverse_penalties or not all(np.isfinite(c) and c > 0 for c in inverse_penalties):
        raise ValueError(f"Positive inverse penalties were wanted; got {tuple(inverse_penalties)}. Try (0.01, 1.0).")
    chosen = float(inverse_penalties[0])
    if len(inverse_penalties) > 1:
        out = np.zeros(len(train_labels), dtype=bool)
        for members in _by_class(train_labels, seed):
            out[members[: len(members) // HELD_OUT]] = True
        if not out.any():
            raise ValueError(
                f"To choose a penalty a class needs {HELD_OUT} images; got {len(train_labels)} of "
                f"{len(np.unique(train_labels))} classes. Train on more images of each with --train-per-class "
                "(in Python, or give one of `inverse_penalties`)."
            )
        parts = (train_features[~out], train_labels[~out], train_features[out], train_labels[out])
        # The first of equals, from the strongest penalty on.
        chosen = max(sorted(map(float, inverse_penalties)), key=lambda c: _logistic(*parts, c).accuracy)
    return _logistic(train_features, train_labels, test_features, test_labels, chosen)


def knn(
    train_features: Features,
    train_labels: Labels,
    test_features: Float[np.ndarray, "n_test feature"],
    test_labels: Integer[np.ndarray, " n_test"],
    k: int = 20,
    temperature: float = 0.07,
) -> Probe:
    """Test accuracy of the vote of the `k` nearest training images by cosine s, each with weight exp(s / temperature).

    A feature of length zero is at right angles to all. Source: wu2018npid, Section 3.4; k = 20 as in caron2021, 3.2.
    Errors: ValueError as `linear_probe`, for a k beyond the training set, or a temperature that is not positive.
    """
    _check(train_features, train_labels, test_features, test_labels)
    if not 1 <= k <= len(train_labels):
        raise ValueError(f"Between 1 and {len(train_labels)} neighbours were wanted; got k={k}.")
    if not temperature > 0:
        raise ValueError(f"A positive temperature was wanted; got temperature={temperature}. Try 0.07.")
    # scikit-learn hands over 1 - s; the factor exp(1 / temperature) is common to all votes.
    vote = KNeighborsClassifier(k, weights=lambda d: np.exp(-d / temperature), metric="cosine", algorithm="brute")
    vote.fit(train_features, train_labels)
    return Probe(float(np.mean(vote.predict(test_features) == test_labels)), len(test_labels))


def fine_tune(
    encoder: Encoder,
    params: PyTree,
    train_images: Images,
    train_labels: Labels,
    test_images: Images,
    test_labels: Labels,
    fraction: float,
    seed: int,
    how: FineTuning | None = None,
) -> Probe:
    """Test accuracy after the encoder and a linear head on it (zero at first) were trained on a share of the labels.

    Source: he2022, A.1; fractions of the labels of each class as in chen2020.
    Errors: ValueError as `linear_probe`, or a fraction outside (0, 1].
    """
    _check(train_images, train_labels, test_images, test_labels)
    kept = label_subset(train_labels, fraction, seed)
    if _needs_statistics(encoder):
        params = {name: value for name, value in params.items() if name != "statistics"}
    n_classes = int(max(train_labels.max(), test_labels.max())) + 1
    images, labels = train_images[kept], train_labels[kept]
    model, last_loss = fine_tuned(encoder, params, images, labels, n_classes, seed, how or FineTuning())
    found = features_of(encoder, for_evaluation(encoder, model["encoder"], images), test_images)
    scores = found @ np.asarray(model["head"]["kernel"]) + np.asarray(model["head"]["bias"])
    accuracy = float(np.mean(np.argmax(scores, axis=1) == test_labels))
    return Probe(accuracy, len(test_labels), bool(np.isfinite(scores).all() and np.isfinite(last_loss)))


def label_subset(labels: Labels, fraction: float, seed: int) -> Int64[np.ndarray, " m"]:
    """Positions of a share of each class, ascending, at least one image; a larger share contains a smaller one.

    Errors: ValueError for a fraction outside (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"A fraction of the labels, above 0 and up to 1, was wanted; got fraction={fraction}.")
    kept = [members[: max(1, round(fraction * len(members)))] for members in _by_class(labels, seed)]
    return np.sort(np.concatenate(kept)).astype(np.int64)


class _WithStatistics(Encoder, Protocol):
    def with_statistics(self, params: PyTree, images: Float[Array, "n height width channels"]) -> PyTree: ...


def _needs_statistics(encoder: Encoder) -> TypeGuard[_WithStatistics]:
    return getattr(encoder, "norm", None) == "batch"


def _by_class(labels: np.ndarray, seed: int) -> list[np.ndarray]:
    classes = np.unique(labels)
    return [np.random.default_rng([seed, 0, int(c)]).permutation(np.flatnonzero(labels == c)) for c in classes]


def _check(train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray) -> None:
    sizes = (len(train), len(train_labels)), (len(test), len(test_labels))
    if any(n != m or n < 1 for n, m in sizes) or train.shape[1:] != test.shape[1:]:
        raise ValueError(
            "One label for each image, and images of one size, were wanted; got training "
            f"{train.shape} with {len(train_labels)} labels and test {test.shape} with {len(test_labels)}."
        )
    wrong = sum(int(np.sum(~np.isfinite(values))) for values in (train, test) if values.dtype.kind == "f")
    if wrong:
        raise ValueError(f"Finite features were wanted; got {wrong} entries that are not. Look at the loss.")
    if len(np.unique(train_labels)) < 2:
        raise ValueError(f"At least two classes were wanted; got only class {train_labels[0]}.")
    if min(train_labels.min(), test_labels.min()) < 0:
        raise ValueError(f"Labels count from 0; got {min(train_labels.min(), test_labels.min())}.")


def _logistic(
    train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray, inverse_penalty: float
) -> Probe:
    scale = StandardScaler().fit(train.astype(np.float64))
    # Newton's method comes to the same optimum in a few steps, each with a matrix of weights squared.
    n_weights = (train.shape[1] + 1) * len(np.unique(train_labels))
    solver = "newton-cholesky" if n_weights <= MOST_FOR_NEWTON else "lbfgs"
    model = LogisticRegression(C=inverse_penalty, max_iter=MOST_ITERATIONS, solver=solver)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(scale.transform(train.astype(np.float64)), train_labels)
    others = [w for w in said if not issubclass(w.category, ConvergenceWarning)]
    for w in others:
        warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)
    accuracy = float(np.mean(model.predict(scale.transform(test.astype(np.float64))) == test_labels))
    return Probe(accuracy, len(test_labels), len(said) == len(others), inverse_penalty)


@partial(jax.jit, static_argnames="encoder")
def _features(encoder: Encoder, params: PyTree, images: Array) -> Array:
    return encoder.features(params, images.astype(jnp.float32) / 255)
