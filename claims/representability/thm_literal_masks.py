"""What literal (complementary) masks learn from finitely many samples, where the population has little to offer.

With N >= 3 one direction, tilted within the signal by an amount that the dimension does not lower; with two clients
the population's matrix is zero, and a little less than half of each signal coordinate comes from sampling noise.
"""

import math

import numpy as np

from ledger.checks.kinds import Finding, Prediction
from ledger.statement import Claim, Context, Statement
from sims.samplers.montecarlo import sample_representability
from sims.stats import estimate, sensitivity
from theory.deficits.literal_masks import literal_allowance, literal_deficit
from theory.deficits.literal_two_clients import TWO_CLIENTS_LITERAL
from theory.formula import Source
from theory.readings import Mask, Objective, Reading
from theory.setting import Setting

LITERAL = Reading(mask=Mask.COMPLEMENTARY)
CLIENTS = 6
# (d, n_i) from which and to which, and the factor by which s changes if it is n_i^(-1/2), whatever d is.
STEPS = (((64, 2000), (64, 8000), 1 / 2), ((64, 8000), (256, 8000), 1.0))
# (d, n_i, data sets in the quick tier): many samples, few, and fewer samples than pixels.
TWO_CLIENTS = ((64, 2000, 80), (64, 32, 80), (128, 100, 24), (256, 2000, 8))


def sensitivities(seed: int, trials: int, dim: int, samples: int):
    """s over the signal in every data set."""
    s = Setting.paper(dim, n_clients=CLIENTS, samples_per_client=samples)
    return sensitivity(
        sample_representability(seed, s, objective=Objective.MIM, scope="fl", reading=LITERAL, trials=trials).r
    )


def ratio_findings(context: Context) -> list[Finding]:
    """The factor by which the mean sensitivity changes from one (d, n_i) to the next, against n_i^(-1/2)."""
    findings, trials = [], context.trials(150, 3000)
    for before, after, said in STEPS:
        first, last = (estimate(sensitivities(context.seed + k, trials, *at)) for k, at in enumerate((before, after)))
        ratio = last.mean / first.mean
        # Of a ratio of independent means, by the delta method.
        error = ratio * math.hypot(first.standard_error / first.mean, last.standard_error / last.mean)
        findings.append(Finding({"dim_and_samples": [before, after]}, said, ratio, error))
    return findings


def share_findings(context: Context) -> list[Finding]:
    """The mean r_k with two clients at four pairs of sizes, against the closed form."""
    findings = []
    for number, (dim, samples, quick) in enumerate(TWO_CLIENTS):
        s = Setting.paper(dim, n_clients=2, samples_per_client=samples)
        drawn = sample_representability(
            context.seed + number,
            s,
            objective=Objective.MIM,
            scope="fl",
            reading=LITERAL,
            trials=context.trials(quick, 10 * quick),
        )
        found = estimate(drawn.r.mean(axis=1))
        claimed = TWO_CLIENTS_LITERAL.value(tau=float(s.tau), mu=float(s.mu), gamma=(dim - 2) / s.total_samples)
        at = {"dim": dim, "samples_per_client": samples}
        findings.append(Finding(at, claimed, found.mean, found.standard_error))
    return findings


def law_findings(context: Context) -> list[Finding]:
    """The mean deficit of literal data at random points of the domain, against the limit and its allowance."""
    rng, found = np.random.default_rng(context.seed), []
    for n_clients in (2, 3, 4, 5) if context.tier == "quick" else (2, 3, 4, 5, 6, 7) * 4:
        dim = round(np.exp(rng.uniform(np.log(21 * n_clients), np.log(240))))
        # From the domain's lower end, 20 samples a client in all, to ten for each coordinate.
        samples = round(np.exp(rng.uniform(np.log(20), np.log(10 * dim))))
        s = Setting.paper(
            dim,
            n_clients=n_clients,
            samples_per_client=samples,
            feature_dim=n_clients if rng.random() < 0.5 else int(rng.integers(n_clients, dim // 2)),
            tau=float(np.exp(rng.uniform(-0.5, 1.5))),
            mu=float(np.exp(rng.uniform(-2.5, 0))),
        )
        sample = sample_representability(
            context.seed, s, objective=Objective.MIM, scope="fl", reading=LITERAL, trials=context.trials(8, 40)
        )
        measured = sample.deficit()
        at = {"n_clients": n_clients, "dim": dim, "samples_per_client": samples, "feature_dim": s.feature_dim}
        at |= {"tau": s.tau, "mu": s.mu}
        allowance = literal_allowance(s)
        found.append(Finding(at, literal_deficit(s), measured.mean, measured.standard_error, allowance))
    return found


CLAIM = Claim(
    id="thm-literal-masks",
    title="What literal masks learn from finitely many samples",
    items=("theorem-4.4",),
    source=Source("ledger", "fluctuations of the off-diagonal matrix; corrects chen2026, Theorem 4.4"),
    statements=(
        Statement(
            "literal.six-clients-sensitivity",
            "corrected",
            "With six clients the sensitivity of masking falls like n_i^(-1/2), and at a given n_i not with d.",
            Prediction(
                ratio_findings,
                "Tilts within the signal have fluctuations and gaps of one order, tau^2: d drops out.",
                rtol=0.15,
            ),
            reading="complementary masks averaged",
            spoil=0.5,
        ),
        Statement(
            "literal.two-clients-share",
            "corrected",
            "With two clients, where the population's matrix is zero, masking learns of each signal coordinate the "
            "mean share (l - 2 - s)/(2(l - 1) - s) < 1/2, as d grows with g = (d - 2)/(2 n_i) fixed.",
            Prediction(
                share_findings,
                "Each signal pixel couples to noise pixels only, like the middle of a star, and the noise pixels to "
                "each other. The share tends to 1/2 only as mu^2 and d/n fall.",
                rtol=0.03,
            ),
            reading="complementary masks averaged; l = 1 + (tau^2/4 + 1/2)/mu^2, s = (sqrt(g^2 + 4 g (l - 1)) - g)/2",
            spoil=0.9,
            latex=r"\bar r_k \to " + TWO_CLIENTS_LITERAL.latex,
            replaces=("literal.two-clients-half", "literal.two-clients-less-than-half"),
        ),
        Statement(
            "literal.limit-of-the-deficit",
            "corrected",
            "Federated, c >= N, with at least 20 N noise coordinates and 20 N samples in the matrix: the mean deficit "
            "lies within N/min(d - N, samples), and the share that N further features would hold, of its limit for d "
            "and the samples in proportion.",
            Prediction(
                law_findings,
                "Random points of the domain up to d = 240, data sets sampled exactly; beyond them the limit is the "
                "argument. Where a direction's eigenvalue is about to leave the bulk, the distance falls only like "
                "d^(-1/3): the further features measure it.",
                rtol=0.0,
            ),
            reading="complementary masks averaged",
            spoil=0.7,
        ),
    ),
)
