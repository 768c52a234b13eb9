"""The alignment term of the released code against Eq (6), from its formula: the code itself is not run."""

import math

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.plain_embeddings import (
    BANDWIDTH,
    batches_at,
    embedding_parameters,
    eq6,
    eq6_slope,
    mean_distance,
    released,
    released_bandwidth,
    slope,
    squared_distances,
    steadied,
    terms,
)
from ledger.printed.found_witnesses import found
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.alignment_term.remainders import LEAST_DIM, averaged_embedding_remainder
from theory.domain import Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source

BECAUSE_AXIS = (
    "Latents are arrays of (batch, token, feature). The kernel sums squares over tokens, so there is one kernel "
    "for each feature. Kernels within a batch are summed over features, kernels across batches are averaged. So "
    "attraction has 1/D of its weight."
)
BECAUSE_DIAGONAL = "The sums keep the pairs a = b, whose kernel is 1, and are still divided by B(B - 1)."
BECAUSE_ZEROS = (
    "The code takes the mean over all entries of the distance matrix, which include the zero distances of a = b."
)
FAR = 1e3  # a global batch moved this far attracts nothing: its kernels are 0
ROUND_OFF = 1e-13  # of a few hundred kernels, each in [0, 1]
AT_LATENTS = Domain(
    (*embedding_parameters(tokens=True), BANDWIDTH), assumes="Latents are drawn from the standard normal law."
)
AT_VECTORS = Domain((*embedding_parameters(), BANDWIDTH), assumes="Embeddings are drawn from the standard normal law.")
SPREADING = Domain(
    (
        *embedding_parameters(tokens=True, least_width=2),
        Real("bandwidth", 0.0, np.inf, "()", reach=(1.5, 5.0), is_log=True),
    ),
    quantifier=Quantifier.IN_EXPECTATION,
    assumes="Local and global latents are independent draws of the standard normal law.",
)
OWN_LATENTS = Domain(embedding_parameters(tokens=True), assumes=AT_LATENTS.assumes)
OWN_VECTORS = Domain(embedding_parameters(), assumes=AT_VECTORS.assumes)
SOME_LATENTS = {"batch": 4, "tokens": 3, "feature_dim": 8, "draw": 1, "bandwidth": 1.5}
SOME_VECTORS = {"batch": 2, "feature_dim": 5, "draw": 1, "bandwidth": 1.5}


def by_feature(x: np.ndarray, y: np.ndarray, bandwidth: float) -> np.ndarray:
    """The gradient of Eq (6) of every feature's batch of token vectors: the released one with every sum alike."""
    slopes = [eq6_slope(x[:, :, k], y[:, :, k], bandwidth) for k in range(x.shape[2])]
    return np.stack(slopes, axis=2)


def released_slope(x: np.ndarray, y: np.ndarray, bandwidth: float) -> np.ndarray:
    """The gradient of the released term at a fixed bandwidth, from the term itself."""
    return slope(lambda z: released(z, y, bandwidth), x)


def attraction_of_eq6(at: Point) -> np.ndarray:
    """The part of the gradient of Eq (6) that depends on the global batch."""
    x, y = batches_at(at, 2)
    parts = [by_feature(x, z, at["bandwidth"]) for z in (y, y + FAR)]
    return parts[0] - parts[1]


def released_attraction(at: Point, effort: Effort) -> Sample:
    """That part of the released term's gradient."""
    x, y = batches_at(at, 2)
    parts = [released_slope(x, z, at["bandwidth"]) for z in (y, y + FAR)]
    return Sample((parts[0] - parts[1])[None], ROUND_OFF)


def repulsion_left(at: Point) -> float:
    """1 - 1/D of the rate -<gradient, x> of the part within: D E[r^2 exp(-r^2/(2 s^2))]/s^2 for r^2/2 chi-squared."""
    tokens, width, variance = int(at["tokens"]), int(at["feature_dim"]), float(at["bandwidth"]) ** 2
    within = width * 2 * tokens / variance * (1 + 2 / variance) ** -(tokens / 2 + 1)
    return (1 - 1 / width) * within


def spreading(at: Point, effort: Effort) -> Sample:
    """How fast descent on the released term spreads a batch, -<gradient, x>, over independent pairs of batches."""
    shape = (effort.trials, 2, int(at["batch"]), int(at["tokens"]), int(at["feature_dim"]))
    drawn = np.random.default_rng(effort.seed).standard_normal(shape)
    x, y, variance = drawn[:, 0], drawn[:, 1], float(at["bandwidth"]) ** 2
    n, width = shape[2], shape[4]

    def pull(z: np.ndarray) -> np.ndarray:
        gaps = x[:, :, None] - z[:, None]
        kernels = np.exp(-np.sum(gaps**2, axis=3) / (2 * variance))
        return np.einsum("nabd,nabtd->natd", kernels, gaps) / variance

    slopes = -2 * pull(x) / (n * (n - 1)) + 2 * pull(y) / (n**2 * width)
    return Sample(-np.sum(slopes * x, axis=(1, 2, 3)))


def value_of_eq6(at: Point) -> float:
    """Eq (6) of the point's batches."""
    x, y = batches_at(at, 2)
    return float(np.real(eq6(x, y, at["bandwidth"])))


def value_released(at: Point, effort: Effort) -> Sample:
    """The released term's value."""
    x, y = batches_at(at, 2)
    return Sample(np.array([np.real(released(x, y, at["bandwidth"]))]), ROUND_OFF)


def slope_of_eq6(at: Point) -> np.ndarray:
    """The gradient of Eq (6) in the local batch."""
    x, y = batches_at(at, 2)
    return eq6_slope(x, y, at["bandwidth"])


def slope_released(at: Point, effort: Effort) -> Sample:
    """The gradient of the released term in the local batch."""
    x, y = batches_at(at, 2)
    return Sample(released_slope(x, y, at["bandwidth"])[None], ROUND_OFF)


def distance_of_pairs(at: Point) -> float:
    """The mean distance over pairs of different embeddings of the local batch."""
    return mean_distance(batches_at(at, 1)[0])


def within_images(at: Point) -> float:
    """The mean distance over pairs of tokens of one image, a token and itself included, image by image."""
    (x,) = batches_at(at, 1)
    pairs = [np.linalg.norm(a - b) for image in x for a in image for b in image]
    return float(np.mean(pairs))


def bandwidth_released(at: Point, effort: Effort) -> Sample:
    """The bandwidth that the released code takes from the local batch."""
    (x,) = batches_at(at, 1)
    return Sample(np.array([released_bandwidth(x)]), 1e-12)


# Source: chen2026, Table 3 and Section 6.2: 60,000 images, 100 clients, batch 128 (the last, partial one is dropped),
# 2 epochs, 5 clients a round.
COPIES = 60_000 // 100 // 128 * 2 * 5


def variance_of_average(copies: int) -> sp.Expr:
    """Variance of the average of independent embeddings of variance v, one coordinate."""
    return sp.Symbol("v", positive=True) / copies


AVERAGED = Domain(
    (
        Whole("clients_sampled", 1, 20),
        Whole("batches", 1, 8),
        Whole("epochs", 1, 5),
        Whole("batch", 2, 32),
        Whole("feature_dim", LEAST_DIM, 10**5),
    ),
    (
        Condition("feature_dim at least twice the batch", r"D \ge 2B", lambda p: p["feature_dim"] >= 2 * p["batch"]),
        Condition("more than one batch averaged", "K > 1", lambda p: averaged(p) > 1),
    ),
    Quantifier.IN_THE_LIMIT,
    "All embeddings are independent draws of one normal law of equal variances in all feature dimensions; all batches "
    "of all local epochs of the sampled clients are averaged slot by slot.",
    limit="of many feature dimensions",
)


def averaged(at: Point) -> int:
    """How many batches the released code averages: those of every epoch of every sampled client."""
    return int(at["clients_sampled"] * at["batches"] * at["epochs"])


def sharpness(at: Point) -> float:
    """(B/(B - 1))^2: the released bandwidth is shorter than the mean distance by the zeros that it takes along."""
    return (at["batch"] / (at["batch"] - 1)) ** 2


def released_floor(at: Point) -> float:
    """2/(B - 1) + (e^(-b/4) - e^(-b/(4K)))^2, K batches averaged and b = (B/(B - 1))^2."""
    b, offset = sharpness(at), 2 / (at["batch"] - 1)
    return offset + (math.exp(-b / 4) - math.exp(-b / (4 * averaged(at)))) ** 2


def released_term(at: Point, effort: Effort) -> Sample:
    """The released term between a further client and that average, on vectors."""
    n, dim, copies = int(at["batch"]), int(at["feature_dim"]), averaged(at)
    squared = squared_distances(effort.seed, effort.trials, n, dim, copies)
    values = terms(squared, shrink=(n - 1) / n) + 2 / (n - 1)
    centred = (
        squared[0].sum(axis=(1, 2)) / (n * (n - 1)) - 2 * dim,
        squared[1].sum(axis=(1, 2)) / (n * (n - 1)) - 2 * dim / copies,
        squared[2].mean(axis=(1, 2)) - dim * (1 + 1 / copies),
    )
    return Sample(steadied(values, *(c / dim for c in centred)))


def released_remainder(at: Point) -> float:
    """How far the mean may be from the limit at this point."""
    return averaged_embedding_remainder(int(at["feature_dim"]), averaged(at), sharpness(at))


LATENTS, VECTORS, RELEASED = "latents (batch, token, feature)", "vectors", "z-bar"
CLAIM = Claim(
    id="sec-released-term",
    title="The alignment term of the released code",
    items=("released-code", "eq-6"),
    source=Source("chen2026code", "`ammd.py`, `model_mae.py`, `train_client.py`, commit 699256c"),
    statements=(
        Statement(
            "code-term.balance-latents",
            "printed",
            "Attraction to the global embeddings and repulsion within the batch have the weights of Eq (6).",
            OnDomain(
                AT_LATENTS,
                Then("=", attraction_of_eq6, released_attraction),
                BECAUSE_AXIS,
                Evidence.NUMERIC,
                named=found("code-term.balance-latents"),
            ),
            reading=read_as(parts.LATENTS, parts.AS_RELEASED),
            instead=("code-term.attraction-latents",),
            about=("eq-6",),
        ),
        Statement(
            "code-term.attraction-latents",
            "corrected",
            "With D features, attraction to the global embeddings has 1/D of its weight in Eq (6). Repulsion "
            "within the batch has all of its weight.",
            OnDomain(
                AT_LATENTS,
                Then("=", lambda at: attraction_of_eq6(at) / at["feature_dim"], released_attraction),
                BECAUSE_AXIS,
                Evidence.NUMERIC,
                named=[SOME_LATENTS],
            ),
            reading=read_as(parts.LATENTS, parts.AS_RELEASED),
            about=("eq-6",),
        ),
        Statement(
            "code-term.spreading-latents",
            "corrected",
            "If local and global embeddings have the same law, the term spreads the batch, with 1 - 1/D of its "
            "repulsion.",
            OnDomain(
                SPREADING,
                Then("=", repulsion_left, spreading, within=0.1),
                BECAUSE_AXIS + " Across, half of the pull of a pair acts on its local end.",
                Evidence.SAMPLED,
                points=(2, 100),
                trials=(4000, 20_000),
                corners=(0, 32),
                named=[SOME_LATENTS],
            ),
            reading=read_as(parts.LATENTS, parts.AS_RELEASED),
            spoil=0.8,
        ),
        Statement(
            "code-term.value-unbiased",
            "printed",
            "The value of the released alignment term is the unbiased estimate of Eq (6).",
            OnDomain(
                AT_VECTORS,
                Then("=", value_of_eq6, value_released),
                BECAUSE_DIAGONAL,
                Evidence.NUMERIC,
                named=found("code-term.value-unbiased"),
            ),
            reading=read_as(parts.VECTORS, parts.AS_RELEASED),
            instead=("code-term.value-offset",),
            about=("eq-6",),
        ),
        Statement(
            "code-term.value-offset",
            "corrected",
            "The value of the released alignment term is Eq (6) plus 2/(B - 1), at the same bandwidth.",
            OnDomain(
                AT_VECTORS,
                Then("=", lambda at: value_of_eq6(at) + 2 / (at["batch"] - 1), value_released),
                BECAUSE_DIAGONAL,
                Evidence.NUMERIC,
                named=[SOME_VECTORS],
            ),
            reading=read_as(parts.VECTORS, parts.AS_RELEASED),
            about=("eq-6",),
        ),
        Statement(
            "code-term.gradient",
            "corrected",
            "The gradient of the released alignment term is that of Eq (6), at the same bandwidth.",
            OnDomain(
                AT_VECTORS,
                Then("=", slope_of_eq6, slope_released),
                "Kernels of pairs a = b are constant, so they have no gradient.",
                Evidence.NUMERIC,
                named=[SOME_VECTORS],
            ),
            reading=read_as(parts.VECTORS, parts.AS_RELEASED),
            about=("eq-6",),
        ),
        Statement(
            "code-term.bandwidth",
            "printed",
            "The bandwidth of the released code is the mean distance over pairs of different embeddings.",
            OnDomain(
                OWN_VECTORS,
                Then("=", distance_of_pairs, bandwidth_released),
                BECAUSE_ZEROS,
                Evidence.NUMERIC,
                named=found("code-term.bandwidth"),
            ),
            reading=read_as(parts.VECTORS, parts.AS_RELEASED),
            instead=("code-term.bandwidth-vectors",),
        ),
        Statement(
            "code-term.bandwidth-vectors",
            "corrected",
            "The bandwidth of the released code is (B - 1)/B of the mean distance over pairs of different embeddings.",
            OnDomain(
                OWN_VECTORS,
                Then("=", lambda at: (1 - 1 / at["batch"]) * distance_of_pairs(at), bandwidth_released),
                "B of the B^2 distances are zero.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.VECTORS, parts.AS_RELEASED),
        ),
        Statement(
            "code-term.bandwidth-latents",
            "corrected",
            "On latents the released bandwidth is the mean distance between tokens of one image. Other images do "
            "not enter.",
            OnDomain(
                OWN_LATENTS,
                Then("=", within_images, bandwidth_released),
                "Distances are taken image by image.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.LATENTS, parts.AS_RELEASED),
        ),
        Statement(
            "code-term.averaged-batches",
            "printed",
            "The global embeddings of the released code average one batch of each sampled client.",
            Identity(
                lambda: variance_of_average(5),
                lambda: variance_of_average(COPIES),
                "The code averages over all batches of all local epochs, too: 4 batches, 2 epochs, 5 clients.",
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code-term.averaged-floor-limit",),
        ),
        Statement(
            "code-term.averaged-floor-limit",
            "corrected",
            "Between identical clients the mean of the released alignment term tends to 2/(B - 1) + (e^(-b/4) - "
            "e^(-b/(4K)))^2 in many feature dimensions. K is the number of batches averaged (40 at the released "
            "sizes), and b = (B/(B - 1))^2.",
            OnDomain(
                AVERAGED,
                Then("=", released_floor, released_term, remainder=released_remainder),
                "The same slot holds another image in each batch. So averaging only shrinks embeddings.",
                Evidence.SAMPLED,
                named=[
                    {"clients_sampled": 5, "batches": 4, "epochs": 2, "batch": n, "feature_dim": 10**5}
                    for n in (16, 32)
                ],
            ),
            reading=read_as(parts.VECTORS, parts.AS_RELEASED),
            replaces=("code-term.averaged-floor",),
        ),
    ),
)
