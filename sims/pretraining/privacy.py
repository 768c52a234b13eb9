"""The Gaussian mechanism on shared embeddings: rows are clipped, noise is added, and epsilon is computed.

What is protected is one image of one client, against all who see its messages. What is accounted for are the
embeddings alone, of a given model. The model was trained on the same images, is sent beside them and is not protected
by this; against those who have it, or who reckon with what the image changed in it, epsilon bounds nothing.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import dp_accounting
import jax
import jax.numpy as jnp
from dp_accounting import pld, rdp
from jaxtyping import Array, Float, Key

Released = Literal["pool", "mean"]
Neighbours = Literal["replace", "zero"]
Repeats = float | Float[Array, ""]  # a number; traced when a training is compiled, and then so is what comes of it
Sampling = Literal["all", "poisson", "fixed"]


def clip(embeddings: Float[Array, "n feature"], norm: float) -> Float[Array, "n feature"]:
    """Rows longer than `norm` cut to that length; the others as they are.

    Source: abadi2016, Section 3.1, of gradients there. Errors: ValueError for a norm that is not positive.
    """
    _check_positive(clip_norm=norm)
    length = jnp.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings * (norm / jnp.maximum(length, norm))


def sensitivity(
    clip_norm: float, released: Released, neighbours: Neighbours, n: int, repeats: Repeats = 1.0
) -> Repeats:
    """The largest Euclidean change of what n clipped embeddings are released as when one image changes; exact.

    pool: all n rows, C = clip_norm for an image that is blanked (its row becomes zero, n stays), 2C for one that is
    replaced by any other; and the root of `repeats` times that where an image has so many of the rows, as it has where
    a client with fewer images than a batch goes through them again. mean: the n-th part, and `repeats` times.
    Source: dwork2014, Definition 3.8; ledger. Units: those of the embeddings.
    Errors: ValueError for another option or sizes out of range.
    """
    _check_positive(clip_norm=clip_norm)
    if released not in get_args(Released) or neighbours not in get_args(Neighbours) or n < 1:
        raise ValueError(
            f"What is released is pool or mean of n >= 1 rows, neighbours replace or zero; got {released!r}, "
            f"{neighbours!r}, n={n}."
        )
    one = (2 if neighbours == "replace" else 1) * clip_norm
    return one * repeats / n if released == "mean" else one * repeats**0.5


@dataclass(frozen=True)
class GaussianMechanism:
    """Clips rows to `clip_norm` and adds noise of `noise_multiplier` times the sensitivity to each entry.

    Source: chen2026, A.5, which adds noise without a clip: without one no noise bounds what an image gives away.
    dwork2014, Appendix A. Errors: ValueError for settings out of range.
    """

    clip_norm: float
    noise_multiplier: float
    released: Released = "pool"
    neighbours: Neighbours = "replace"

    def __post_init__(self) -> None:
        sensitivity(self.clip_norm, self.released, self.neighbours, 1)
        if not 0 <= self.noise_multiplier < math.inf:
            raise ValueError(
                f"Noise has a finite multiplier of at least 0; got noise_multiplier={self.noise_multiplier}."
            )

    def std(self, n: int, repeats: Repeats = 1.0) -> Repeats:
        """The standard deviation of the noise on what is released of n embeddings, `repeats` of them of one image."""
        return self.noise_multiplier * sensitivity(self.clip_norm, self.released, self.neighbours, n, repeats)

    def __call__(
        self, key: Key[Array, ""], embeddings: Float[Array, "n feature"], repeats: Repeats = 1.0
    ) -> Float[Array, "rows feature"]:
        """What is released: n noisy rows, at most `repeats` of them of one image, or their noisy mean as one row."""
        rows = clip(embeddings, self.clip_norm)
        if self.released == "mean":
            rows = jnp.mean(rows, axis=0, keepdims=True)
        return rows + self.std(len(embeddings), repeats) * jax.random.normal(key, rows.shape, rows.dtype)


def epsilon(
    noise_multiplier: float,
    delta: float,
    releases: int,
    *,
    sampling: Sampling = "all",
    batch: int | None = None,
    images: int | None = None,
) -> float:
    """The epsilon at `delta` of so many releases together, each of noise `noise_multiplier` times its sensitivity.

    all: an image may be in every release. Tight, for either kind of neighbours.
    fixed: each release is of a fresh uniform subset of `batch` of the client's `images`, neighbours replace. An upper
    bound. Batches that run through the images in order are not such subsets; nor is a client's rest in other rounds,
    if others see when it takes part.
    poisson: each image is in a release with probability batch / images, independently, neighbours zero (an image left
    out adds a zero), so of a mean over a fixed `batch` alone: a pool tells how many rows it has. Tight.

    Source: mironov2017, wang2019 for fixed (Renyi divergences), koskela2020 for the others (privacy loss
    distributions), as dp-accounting computes them.
    Units: nats; infinite without noise. Errors: ValueError for arguments out of range.
    """
    _check(noise_multiplier, delta, releases)
    event = _event(noise_multiplier, releases, sampling, batch, images)
    return float(_accountant(sampling).compose(event).get_epsilon(delta))


def noise_multiplier(
    target: float,
    delta: float,
    releases: int,
    *,
    sampling: Sampling = "all",
    batch: int | None = None,
    images: int | None = None,
) -> float:
    """The least noise for which `epsilon` is at most `target`, within a thousandth.

    Errors: ValueError for arguments out of range.
    """
    _check_positive(epsilon=target)
    _check(1.0, delta, releases)
    return float(
        dp_accounting.calibrate_dp_mechanism(
            lambda: _accountant(sampling),
            lambda noise: _event(noise, releases, sampling, batch, images),
            target,
            delta,
            tol=1e-3,
        )
    )


def _accountant(sampling: Sampling) -> dp_accounting.PrivacyAccountant:
    if sampling == "fixed":
        return rdp.RdpAccountant(neighboring_relation=dp_accounting.NeighboringRelation.REPLACE_ONE)
    return pld.PLDAccountant(dp_accounting.NeighboringRelation.REPLACE_SPECIAL)


def _event(noise: float, releases: int, sampling: Sampling, batch: int | None, images: int | None):
    # Noise is over the sensitivity throughout. The library takes it over the norm of a row where one is blanked, which
    # is the same, and over the sensitivity in its bound for fixed batches.
    event: dp_accounting.DpEvent = dp_accounting.GaussianDpEvent(noise)
    if sampling not in get_args(Sampling):
        raise ValueError(f"The sampling is one of {', '.join(get_args(Sampling))}; got {sampling!r}.")
    if sampling != "all":
        if batch is None or images is None or not 1 <= batch <= images:
            raise ValueError(
                f"Sampling {sampling} needs 1 <= batch <= images; got batch={batch}, images={images}. Use sampling all "
                "where an image may be in every release."
            )
        if sampling == "poisson":
            event = dp_accounting.PoissonSampledDpEvent(batch / images, event)
        else:
            event = dp_accounting.SampledWithoutReplacementDpEvent(images, batch, event)
    # The library's bound for fixed batches divides by the noise.
    return dp_accounting.SelfComposedDpEvent(event, releases) if noise > 0 else dp_accounting.NonPrivateDpEvent()


def _check(noise: float, delta: float, releases: int) -> None:
    if not 0 <= noise < math.inf or not 0 < delta < 1 or releases < 1:
        raise ValueError(
            "A finite noise multiplier of at least 0, a delta inside (0, 1) and at least one release were wanted; got "
            f"noise_multiplier={noise}, delta={delta}, releases={releases}."
        )


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite; got {name}={value}.")
