"""A referee's question: do the orders survive other mask ratios, other scalings, and encoders that are not linear?

What linear theory can say is here; nonlinear encoders wait for training runs.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.deficits.drawn_ratios import ratio_check
from ledger.deficits.listed_population import RATIO, learned_at, population_check
from ledger.printed.found_witnesses import found
from ledger.printed.printed_order import INDEPENDENT_ONE_DRAW, MASK_RATIO, contrast_exceeds
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.deficits.closed_forms import deficit, deficit_formula
from theory.deficits.masked_autoencoder import mae_deficit_saturating
from theory.domain import Choice, Point
from theory.formula import Source
from theory.readings import EXPECTED, Objective
from theory.setting import Setting
from theory.symbols import mask_ratio

# Where the signal is large the factor is nearly reached.
LARGE_SIGNAL = {
    **{"n_clients": 2, "dim": 200, "samples_per_client": 100_000, "tau": 40.0, "mu": 0.5},
    "augmentation_std": 0.7,
}


def learned_by(at: Point) -> np.ndarray:
    """r_k on the signal from the population of the point's objective and scope."""
    return learned_at(at, at["views"], at["scope"])[: int(at["n_clients"])]


def least_factor(at: Point) -> float:
    """1 + sigma^2/(2 mu^2)."""
    return 1 + float(at["augmentation_std"]) ** 2 / (2 * float(at["mu"]) ** 2)


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
            "In the population both CL and MIM represent the signal whole, whatever tau and mu.",
            population_check(
                lambda at: np.ones(int(at["n_clients"])),
                learned_by,
                "Up to a factor, the alignment matrix on the signal exceeds mu^2 I by at least min(1/N, tau^2/4).",
                RATIO,
                Choice("views", ("augmented", "independent")),
                Choice("scope", ("fl", "local")),
            ),
            reading=read_as(parts.INDEPENDENT),
        ),
        Statement(
            "regime.deficit-any-scaling",
            "corrected",
            "The mean deficit of CL is at least 1 + sigma^2/(2 mu^2) times that of MIM, up to the next order, "
            "whatever tau and mu.",
            ratio_check(
                ">=",
                least_factor,
                EXPECTED,
                "CL has the noise of MIM, mu^2 A, and in addition that of augmentation, sigma^2 (A + mu^2 B)/2 + "
                "sigma^4 B/2. All terms are positive.",
                named=(LARGE_SIGNAL,),
            ),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
            spoil=1.2,
        ),
        Statement(
            "regime.deficit-any-mask-ratio",
            "expected",
            "CL has a larger deficit than MIM, whatever the mask ratio.",
            contrast_exceeds(
                INDEPENDENT_ONE_DRAW,
                "One draw of masks adds variance in proportion to 1/(4p(1-p)). Near p = 1 this is more than the "
                "augmentations add.",
                found("regime.deficit-any-mask-ratio"),
                measure="deficit",
                more=(MASK_RATIO,),
            ),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
            instead=(
                "noise.order-condition",
                "noise.order-above-critical",
                "noise.critical-wide-limit",
            ),
        ),
        Statement(
            "regime.deficit-reconstruction",
            "expected",
            "CL has a larger deficit than masked reconstruction.",
            ForAll(
                lambda context: (100, 10**4),
                reconstruction_is_better,
                "The reconstruction loss is not an alignment loss. Its deficit is larger than that of CL by a "
                "power of d.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.RECONSTRUCTION),
            instead=("mae.deficit-factor-by-samples",),
        ),
        Statement(
            "regime.mim-deficit-mask-ratio",
            "corrected",
            "The deficit of MIM does not depend on the mask ratio.",
            Identity(
                lambda: sp.Integer(0),
                lambda: sp.diff(deficit_formula(Objective.MIM, is_expected=True).expr, mask_ratio),
                "The mask ratio enters the alignment matrix only as a factor, p(1-p). A factor does not change "
                "eigenvectors.",
            ),
            reading=read_as(parts.MASKS_AVERAGED),
        ),
    ),
)
