"""What literal (complementary) masks learn from finitely many samples, where the population has little to offer.

With N >= 3 one direction, tilted within the signal by an amount that the dimension does not lower; with two clients
the population's matrix is zero, and a little less than half of each signal coordinate comes from sampling noise.
"""

import dataclasses

import numpy as np

from ledger import parts
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.deficits.drawn_ratios import ratio_of_means
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from sims.samplers.montecarlo import sample_representability
from sims.stats import sensitivity
from theory.deficits.literal_masks import literal_allowance, literal_deficit
from theory.deficits.literal_two_clients import TWO_CLIENTS_LITERAL
from theory.domain import Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.readings import Mask, Objective, Reading
from theory.setting import Setting

LITERAL = Reading(mask=Mask.COMPLEMENTARY)
SETS = 24  # data sets: r of one of them is known to a few percent
RANGE_SETS = 150
TIMES_SAMPLES, TIMES_DIM = 4, 2
MODEL = "Data are drawn from the paper's data model without rare classes; federated, masks averaged."
SCALES = (
    Real("tau", 0.0, np.inf, "()", reach=(0.6, 4.5), is_log=True),
    Real("mu", 0.0, np.inf, "()", reach=(0.08, 1.0), is_log=True),
)


def setting_at(at: Point) -> Setting:
    """The setting of a point; as many features as clients where it names none."""
    n = int(at["n_clients"])
    sizes = (n, int(at["dim"]), int(at.get("feature_dim", n)), int(at["samples_per_client"]))
    return Setting(*sizes, float(at["tau"]), float(at["mu"]))


def drawn(s: Setting, seed: int, trials: int) -> np.ndarray:
    """r over the signal in every data set."""
    found = sample_representability(seed, s, objective=Objective.MIM, scope="fl", reading=LITERAL, trials=trials)
    return found.r


def enough(least: int) -> Condition:
    """At least 20 noise coordinates and 20 samples in the matrix for each client, and a feature for each."""
    return Condition(
        "at least 20 n_clients noise coordinates, 20 samples a client, and features from n_clients to dim / 2",
        r"d - N \ge 20N,\ n_i \ge 20,\ N \le c \le d/2",
        lambda p: (
            p["dim"] >= 21 * p["n_clients"]
            and p["samples_per_client"] >= least
            and p["n_clients"] <= p.get("feature_dim", p["n_clients"]) <= p["dim"] / 2
        ),
    )


LIMIT = Domain(
    (
        Whole("n_clients", 2, 7),
        Whole("dim", 42, 160),
        Whole("feature_dim", 2, 80),
        Whole("samples_per_client", 20, 2400),
        *SCALES,
    ),
    (enough(20),),
    Quantifier.IN_EXPECTATION,
    MODEL,
)


def missed(at: Point, effort: Effort) -> Sample:
    """The mean over the signal of 1 - r_k in every data set."""
    return Sample(1 - drawn(setting_at(at), effort.seed, SETS).mean(axis=1))


def pixels_a_sample(s: Setting) -> float:
    """g: noise coordinates over the samples in the matrix."""
    return (s.dim - s.n_clients) / s.total_samples


def share_says(s: Setting) -> bool:
    """Whether the star of the two coordinates stands above the noise: the domain of the closed form."""
    level = 1 + (float(s.tau) ** 2 / 4 + 0.5) / float(s.mu) ** 2
    g = pixels_a_sample(s)
    return level - 2 - ((g * g + 4 * g * (level - 1)) ** 0.5 - g) / 2 > 0


SHARE = Domain(
    (Whole("n_clients", 2, 2, 2), Whole("dim", 42, 160), Whole("samples_per_client", 20, 2400), *SCALES),
    (
        enough(20),
        Condition(
            "the star of the signal above the noise: l - 2 > s", "l - 2 > s", lambda p: share_says(setting_at(p))
        ),
    ),
    Quantifier.IN_EXPECTATION,
    f"{MODEL} As many features as clients.",
)


def said_share(at: Point) -> float:
    """The closed form of the share."""
    s = setting_at(at)
    return TWO_CLIENTS_LITERAL.value(tau=float(s.tau), mu=float(s.mu), gamma=pixels_a_sample(s))


def kept(at: Point, effort: Effort) -> Sample:
    """The mean over the signal of r_k in every data set."""
    return Sample(drawn(setting_at(at), effort.seed, 2 * SETS).mean(axis=1))


def share_remainder(at: Point) -> float:
    """That of the limit, and of the sampled correlation of the two coordinates, which the closed form leaves out.

    The correlation moves one level up and the other down, by this spread relative to their size: the mean share by its
    square.
    """
    s = setting_at(at)
    tau2, mu2 = float(s.tau) ** 2, float(s.mu) ** 2
    spread = (1 + mu2) * (tau2 / 2 + mu2) / s.total_samples / (tau2 / 4 + 1 / 2) ** 2
    return literal_allowance(s) + spread


def range_remainder(at: Point) -> float:
    """Relative: what the two sizes leave of the next orders.

    The direction's tilt t within the signal has E t^2 of at most 40/n samples in the matrix, whatever tau >= 1 is, and
    the range is linear in t up to terms of order t^2. Towards the noise it tilts by g mu^2 (top)/l^2, and the other
    directions are held by g mu^2 (rest)/a^2, l and -a their eigenvalues: a part that differs between coordinates and is
    not of order n^(-1/2).
    """
    s = setting_at(at)
    n, quarter, mu2 = s.n_clients, float(s.tau) ** 2 / 4, float(s.mu) ** 2
    between, rest = (n - 2) * quarter / n, quarter + 1 / n
    top = (rest + n * between + mu2) / ((n - 1) * between) ** 2
    others = (rest + mu2) / between**2
    larger = TIMES_DIM * pixels_a_sample(s)
    return 40 * n / s.total_samples + 2 * n * larger * mu2 * (top + others)


RANGE = Domain(
    (
        Whole("n_clients", 3, 8),
        Whole("dim", 16, 24),
        Whole("samples_per_client", 100, 20_000),
        Real("tau", 1.0, np.inf, "[)", reach=(1.0, 6.0), is_log=True),
        Real("mu", 0.0, np.inf, "()", reach=(0.05, 0.5), is_log=True),
    ),
    (
        Condition("n_clients below dim", "N < d", lambda p: p["n_clients"] < p["dim"]),
        Condition(
            "samples enough for a remainder of at most 1/4",
            r"\text{remainder} \le 1/4",
            lambda p: range_remainder(p) <= 1 / 4,
        ),
    ),
    Quantifier.IN_EXPECTATION,
    f"{MODEL} As many features as clients.",
)


def range_ratio(at: Point, effort: Effort) -> Sample:
    """The mean sensitivity at four times the samples and twice the dimension, over that of the point."""
    s = setting_at(at)
    more = dataclasses.replace(s, dim=TIMES_DIM * s.dim, samples_per_client=TIMES_SAMPLES * s.samples_per_client)
    first, last = (sensitivity(drawn(one, 2 * effort.seed + k, RANGE_SETS)) for k, one in enumerate((s, more)))
    return Sample(ratio_of_means(last, first))


CLAIM = Claim(
    id="thm-literal-masks",
    title="What literal masks learn from finitely many samples",
    items=("theorem-4.4",),
    source=Source("ledger", "fluctuations of the off-diagonal matrix; corrects chen2026, Theorem 4.4"),
    statements=(
        Statement(
            "literal.sensitivity-order",
            "corrected",
            "With three or more clients the mean sensitivity of MIM falls like n_i^(-1/2), and does not depend on "
            "d at a given n_i. So four times the samples with twice the dimension halve it, up to the next order.",
            OnDomain(
                RANGE,
                Then(
                    "=",
                    lambda _: TIMES_SAMPLES**-0.5,
                    range_ratio,
                    within=0.2,
                    remainder=lambda at: TIMES_SAMPLES**-0.5 * range_remainder(at),
                    is_argued=True,
                ),
                "The learned direction tilts within the signal. The fluctuations that tilt it and the gap that "
                "resists are both of order tau^2, so d cancels.",
                Evidence.SAMPLED,
                points=(1, 12),
                corners=(0, 8),
                named=({"n_clients": 6, "dim": 24, "samples_per_client": 4000, "tau": 2.3, "mu": 0.3},),
            ),
            reading=read_as(parts.COMPLEMENTARY, parts.MASKS_AVERAGED),
            spoil=0.6,
            replaces=("literal.six-clients-sensitivity",),
        ),
        Statement(
            "literal.two-clients-share",
            "corrected",
            "With two clients the population's matrix is zero. On samples, as d grows with g = (d - 2)/(2 n_i) "
            "fixed, MIM still learns a share of each signal coordinate: r_k has the mean (l - 2 - s)/(2(l - 1) - "
            "s) < 1/2. Here l = 1 + (tau^2/4 + 1/2)/mu^2 and s = (sqrt(g^2 + 4 g (l - 1)) - g)/2.",
            OnDomain(
                SHARE,
                Then("=", said_share, kept, within=0.02, remainder=share_remainder, is_argued=True),
                "Each signal pixel is coupled to noise pixels only, like the middle of a star. Noise pixels are "
                "also coupled to each other. The share tends to 1/2 only as mu^2 and d/n fall.",
                Evidence.SAMPLED,
                points=(1, 12),
                corners=(0, 8),
                named=({"n_clients": 2, "dim": 150, "samples_per_client": 2000, "tau": 3.0, "mu": 0.3},),
            ),
            reading=read_as(parts.COMPLEMENTARY, parts.MASKS_AVERAGED),
            spoil=0.9,
            latex=r"\bar r_k \to " + TWO_CLIENTS_LITERAL.latex,
            replaces=("literal.two-clients-half", "literal.two-clients-less-than-half"),
        ),
        Statement(
            "literal.limit-of-the-deficit",
            "corrected",
            "FL: let d and the number of samples grow in proportion. The mean deficit differs from its limit by "
            "at most N/min(d - N, samples) plus the share that N further features would hold.",
            OnDomain(
                LIMIT,
                Then(
                    "=",
                    lambda at: literal_deficit(setting_at(at)),
                    missed,
                    within=0.03,
                    remainder=lambda at: literal_allowance(setting_at(at)),
                    is_argued=True,
                ),
                "Data sets are drawn exactly. Beyond the dimensions that were measured, only the limit law argues "
                "for the statement. If the eigenvalue of a signal direction is about to separate from those of "
                "the noise, the distance falls only like d^(-1/3). The share of further features accounts for "
                "that.",
                Evidence.SAMPLED,
                points=(3, 12),
                corners=(0, 8),
                # More features than X has positive eigenvalues: the others stay unused.
                named=(
                    {"n_clients": 2, "dim": 160, "feature_dim": 80, "samples_per_client": 20, "tau": 2.0, "mu": 0.3},
                ),
            ),
            reading=read_as(parts.COMPLEMENTARY, parts.MASKS_AVERAGED),
            spoil=0.7,
        ),
    ),
)
