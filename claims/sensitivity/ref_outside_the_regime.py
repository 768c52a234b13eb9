"""A referee's question: do the orders survive other mask ratios, other scalings, and encoders that are not linear?

What linear theory can say is here; nonlinear encoders wait for training runs.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import sympy as sp

from ledger.checks.found_witnesses import found
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.printed_order import INDEPENDENT_ONE_DRAW, MASK_RATIO, contrast_exceeds
from ledger.statement import Claim, Context, Evidence, Statement
from theory.data.moments import alignment_matrix
from theory.deficits.reconstruction import mae_deficit_saturating
from theory.deficits.second_order import deficit, deficit_formula
from theory.formula import Source
from theory.objectives.representability import representability
from theory.readings import Objective
from theory.setting import Setting
from theory.symbols import mask_ratio

Scales = tuple[int, float, float]


def scalings(context: Context) -> list[Scales]:
    """Clients, tau and mu far from the paper's d^(1/5) and d^(-1/5)."""
    return list(itertools.product((2, 5), (0.05, 1.0, 20.0), (0.01, 0.3, 3.0)))


def at(point: Scales, **more: Any) -> Setting:
    """The setting with these N, tau and mu, at d = 200 and a million samples a client."""
    n_clients, tau, mu = point
    return Setting.paper(200, n_clients=n_clients, samples_per_client=10**6, tau=tau, mu=mu, **more)


def signal_is_whole(point: Scales, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Population r_k = 1 (times 1/spoil) on the signal, for both objectives."""
    for objective in Objective:
        s = at(point)
        r, _ = representability(alignment_matrix(s, objective), s.feature_dim, s.n_clients)
        if abs(r - 1 / spoil).max() > 1e-9:
            return False, {"clients_tau_mu": point, "objective": str(objective), "r": r.tolist()}
    return True, {}


def contrast_misses_more(point: Scales, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Deficit of contrast (one draw) above that of masking in expectation; spoiled, above a thousand times it."""
    factor = 1.0 if spoil == 1 else 1e3
    contrast, masked = (deficit(at(point), o, draws=d) for o, d in ((Objective.CL, 1), (Objective.MIM, "expected")))
    return contrast > factor * masked, {"clients_tau_mu": point, "deficit_cl": contrast, "deficit_mim": masked}


def reconstruction_is_better(dim: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Contrast above the reconstruction loss, Eq (3), masks in expectation."""
    s = Setting.paper(dim, n_clients=3, samples_per_client=10**9)
    contrast, rebuilt = deficit(s, Objective.CL, draws=1), mae_deficit_saturating(s)
    return contrast > rebuilt, {"dim": dim, "deficit_cl": contrast, "deficit_reconstruction": rebuilt}


CLAIM = Claim(
    id="ref-outside-the-regime",
    title="Other mask ratios and scalings",
    items=("referee-7",),
    source=Source("chen2026", "Sections 3 and 4; reviewer 1, question 7"),
    question="Do the orders persist for other mask schedules, outside the scaling, and for nonlinear encoders?",
    statements=(
        Statement(
            "regime.population-whole-signal",
            "corrected",
            "The population matrices of contrast and of masking represent the signal whole, whatever tau and mu.",
            ForAll(
                scalings,
                signal_is_whole,
                "Independent masks, c = N: the block on S exceeds mu^2 I.",
                Evidence.NUMERIC,
            ),
            reading="population, any scaling",
        ),
        Statement(
            "regime.deficit-any-scaling",
            "corrected",
            "To second order contrast has a larger deficit than masking, whatever tau and mu.",
            ForAll(
                scalings,
                contrast_misses_more,
                "Masks averaged, one augmentation: contrast carries the same noise and that of augmenting.",
                Evidence.NUMERIC,
            ),
            reading="masks averaged, one augmentation a sample, any scaling",
        ),
        Statement(
            "regime.deficit-any-mask-ratio",
            "expected",
            "Contrast has a larger deficit than masking, whatever the mask ratio.",
            contrast_exceeds(
                INDEPENDENT_ONE_DRAW,
                "Sampled masks cost 1/(4p(1-p)): near p = 1 more than the augmentations.",
                found("regime.deficit-any-mask-ratio"),
                measure="deficit",
                more=(MASK_RATIO,),
            ),
            reading="one mask pair and one augmentation a sample, sigma = 1",
            instead=(
                "noise.order-condition",
                "noise.order-above-critical",
                "noise.critical-wide-limit",
            ),
        ),
        Statement(
            "regime.deficit-reconstruction",
            "expected",
            "Contrast has the larger deficit than masked reconstruction.",
            ForAll(
                lambda context: (100, 10**4),
                reconstruction_is_better,
                "The reconstruction loss is no alignment loss: its deficit is larger by a power of d.",
                Evidence.NUMERIC,
            ),
            reading="Eq (3) in place of Eq (4)",
            instead=("mae.deficit-factor-by-samples",),
        ),
        Statement(
            "regime.mim-deficit-mask-ratio",
            "corrected",
            "The deficit of masking does not depend on the mask ratio.",
            Identity(
                lambda: sp.Integer(0),
                lambda: sp.diff(deficit_formula(Objective.MIM, is_expected=True).expr, mask_ratio),
                "The matrix is p(1-p) times the second moment: a factor moves no eigenvector.",
            ),
            reading="masks averaged, any mask schedule",
        ),
    ),
)
