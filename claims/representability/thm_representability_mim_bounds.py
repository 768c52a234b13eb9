"""Theorem 4.2 as it can be proven: what 1 - r_k is, to second order, and between which explicit bounds it lies.

Independent masks, averaged or one pair a sample; complementary masks lose all but one direction. The paper's O()
hides its constants; these have none to hide. Every bound is tested at random points of the domain where it speaks.
"""

from ledger import parts
from ledger.deficits.bounds_in_the_limit import both_bounds_tend_to_second_order
from ledger.deficits.drawn_masks import drawn_masks_check, single_direction_check
from ledger.deficits.finite_sample_bounds import bound_check, paper
from ledger.deficits.mean_deficits import mean_check
from ledger.reading import read_as
from ledger.statement import Claim, Statement
from theory.formula import Source
from theory.readings import EXPECTED, Objective, Scope

MIM = Objective.MIM
SIZES = ((4, 128, 20_000), (6, 256, 40_000), (2, 2**20, 2**23))
LOCAL_SIZES = ((4, 128, 40_000), (6, 512, 400_000))
SECOND_ORDER = (
    "Second-order perturbation of the population matrix, held against drawn data sets; remainder: the next order."
)
LIMIT = "The bounds of docs/proofs/finite_sample.md over the second-order deficit."
PROVEN = "Proven with explicit constants in docs/proofs/finite_sample.md."
SINGLE = (
    "One direction is learned. The remainder is the noise that it tilts towards, and what positive eigenvectors of the "
    "noise hold of the other directions."
)

CLAIM = Claim(
    id="thm-representability-mim-bounds",
    title="Theorem 4.2 with every constant",
    items=("theorem-4.2",),
    source=Source("chen2026", "Theorem 4.2"),
    statements=(
        Statement(
            "thm42-bounds.mean-masks-averaged",
            "corrected",
            "Masks averaged, federated: the mean deficit is (d - c)/n times mu^2 (G Sigma G)_kk, up to the next order.",
            mean_check(MIM, Scope.FL, EXPECTED, SECOND_ORDER, named=tuple(paper(*size, MIM) for size in SIZES)),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
            latex=r"\mathbb{E}(1 - r_k) \simeq \tfrac{d-c}{n}\,\mu^2 (G\Sigma G)_{kk},\ G = (\Sigma_S - \mu^2 I)^{-1}",
        ),
        Statement(
            "thm42-bounds.mean-one-client",
            "corrected",
            "Masks averaged, one client: the mean deficit is (d - c)/n_i times mu^2 (G Sigma G)_kk of that client's "
            "matrix, on its own and on other coordinates, up to the next order.",
            mean_check(MIM, None, EXPECTED, SECOND_ORDER),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
        ),
        Statement(
            "thm42-bounds.mean-one-draw",
            "corrected",
            "One pair of masks a sample: the mean deficit has the extra terms of the masks, (d - c)/n mu^2 [...], up "
            "to the next order.",
            drawn_masks_check(SECOND_ORDER),
            reading=read_as(parts.INDEPENDENT, parts.ONE_MASK_PAIR),
            spoil=0.75,
            latex=r"\tfrac{d-c}{n}\mu^2\left[(\tfrac{1}{4p(1-p)} + \tfrac12)a + \tfrac{e}{4p(1-p)}\right]",
        ),
        Statement(
            "thm42-bounds.fl-complementary",
            "corrected",
            "Masks averaged, federated: at finite samples too the mean of every r_k is 1/N, up to the order of the "
            "noise pixels a sample.",
            single_direction_check(Scope.FL, SINGLE),
            reading=read_as(parts.COMPLEMENTARY),
            latex=r"\mathbb{E}\,\bar r_k \simeq \tfrac1N",
        ),
        Statement(
            "thm42-bounds.local-complementary",
            "corrected",
            "Masks averaged, one client: at finite samples too the mean of every other r_k is 1/(N-1), up to the order "
            "of the noise pixels a sample.",
            single_direction_check(Scope.LOCAL_OTHER, SINGLE),
            reading=read_as(parts.COMPLEMENTARY),
            latex=r"\mathbb{E}\,r_{i,k} \simeq \tfrac1{N-1}",
        ),
        Statement(
            "thm42-bounds.fl-upper",
            "corrected",
            "Federated, masks averaged: 1 - r_k is below an explicit bound.",
            bound_check(MIM, EXPECTED, "fl", "upper", PROVEN, SIZES),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
            spoil=0.5,
        ),
        Statement(
            "thm42-bounds.local-upper",
            "corrected",
            "One client, masks averaged: 1 - r_k is below an explicit bound.",
            bound_check(MIM, EXPECTED, "local", "upper", PROVEN, LOCAL_SIZES),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
            spoil=0.5,
        ),
        Statement(
            "thm42-bounds.fl-lower",
            "corrected",
            "Federated, masks averaged: 1 - r_k is above an explicit bound.",
            bound_check(MIM, EXPECTED, "fl", "lower", PROVEN, SIZES),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
            spoil=2.0,
        ),
        Statement(
            "thm42-bounds.fl-slopes",
            "corrected",
            "Federated, masks averaged: the ratio of either proven bound to the second-order deficit tends to 1, so "
            "that both fall like d^(1/5 - beta), beta = 1 included.",
            both_bounds_tend_to_second_order(MIM, Scope.FL, LIMIT),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
            latex=r"1 - \bar r_k = \Theta(d^{1/5-\beta})\ \text{with probability } 0.95",
        ),
        Statement(
            "thm42-bounds.local-slopes",
            "corrected",
            "One client, masks averaged: on another's coordinate the ratio of either proven bound to the second-order "
            "deficit tends to 1, so that both fall like d^(1/5 - beta), beta = 1 included.",
            both_bounds_tend_to_second_order(MIM, Scope.LOCAL_OTHER, LIMIT),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
            latex=r"1 - r_{i,k} = \Theta(d^{1/5-\beta})\ \text{with probability } 0.95",
        ),
    ),
)
