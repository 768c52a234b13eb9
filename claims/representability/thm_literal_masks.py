"""What literal (complementary) masks learn from finitely many samples, where the population has little to offer.

With N >= 3 one direction, tilted within the signal by an amount that the dimension does not lower; with two clients
the population's matrix is zero, and half of each signal coordinate comes from sampling noise.
"""

import math

from ledger.checks.kinds import Finding, Prediction
from ledger.statement import Claim, Context, Statement
from sims.samplers.montecarlo import sample_representability
from sims.stats import estimate, sensitivity
from theory.formula import Source
from theory.readings import Mask, Objective, Reading
from theory.setting import Setting

LITERAL = Reading(mask=Mask.COMPLEMENTARY)
CLIENTS = 6
# (d, n_i) from which and to which, and the factor by which s changes if it is n_i^(-1/2), whatever d is.
STEPS = (((64, 2000), (64, 8000), 1 / 2), ((64, 8000), (256, 8000), 1.0))


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


def half_findings(context: Context) -> list[Finding]:
    """The mean r_k with two clients, against 1/2."""
    s = Setting.paper(256, n_clients=2, samples_per_client=2000)
    trials = context.trials(10, 60)
    r = sample_representability(context.seed, s, objective=Objective.MIM, scope="fl", reading=LITERAL, trials=trials).r
    found = estimate(r.mean(axis=1))
    return [Finding({"dim": s.dim, "samples_per_client": 2000}, 0.5, found.mean, found.standard_error)]


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
            "literal.two-clients-half",
            "corrected",
            "With two clients, where the population's matrix is zero, masking learns half of each signal coordinate.",
            Prediction(
                half_findings,
                "Each signal pixel couples to noise pixels only: half of each of the eigenvectors of a star.",
                rtol=0.1,
            ),
            reading="complementary masks averaged",
            spoil=0.7,
            latex=r"\bar r_k \to \tfrac12\quad (N = 2)",
        ),
    ),
)
