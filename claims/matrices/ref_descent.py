"""Where gradient descent on the losses themselves ends: in the row space that the theory computes with.

Data sets are drawn sample by sample, the losses descended from random starts. Nothing of eigenvectors or of regression
enters the descent.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ledger import parts
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.drawn.drawn_samples import drawn_samples, members_of
from ledger.drawn.listed_moments import SCOPE
from ledger.reading import Part, read_as
from ledger.statement import Claim, Evidence, Statement
from sims.linear import solver
from sims.samplers.literal import CrossMoments, views
from theory.domain import Condition, Domain, Parameter, Point, Real, Value, Whole
from theory.formula import Source
from theory.objectives.alignment_minimum import best_gram, best_reconstruction
from theory.readings import Loss, Mask, Objective, Reading
from theory.setting import Setting

# A step shrinks what is wrong by half the relative gap or more: e^(-0.015 * 4000) is 1e-26, whatever the start.
STEPS, LEAST_GAP = 4_000, 0.03
SETTLED = 1e-9
# Two layers are settled where the gradient is round-off, which leaves the weights good to its root.
SETTLED_TWO_LAYERS = 1e-5
NOISE = Real("augmentation_std", 0.0, np.inf, "[)", reach=(0.0, 1.0))
MASKED = Real("mask_ratio", 0.0, 1.0, "()", reach=(0.2, 0.8))
TILT = Real("tilt", 0.0, np.inf, "[)", reach=(0.0, 0.5))
ONE = Reading(draws=1)
COMPLEMENTARY = Reading(draws=1, mask=Mask.COMPLEMENTARY)
RECONSTRUCTION = Reading(draws=1, mask=Mask.COMPLEMENTARY, loss=Loss.RECONSTRUCTION)


@lru_cache(maxsize=256)
def _moments(at: tuple[tuple[str, Value], ...], objective: Objective, reading: Reading) -> CrossMoments:
    """E a b^T, and E a a^T where the loss needs it, of the data set of a point, drawn sample by sample."""
    p = dict(at)
    n, d, rng = int(p["n_clients"]), int(p["dim"]), np.random.default_rng((int(p["draw"]), 18))
    own = {name: float(p[name]) for name in ("augmentation_std", "mask_ratio") if name in p}
    s = Setting(n, d, 1, int(p["samples_per_client"]), float(p["tau"]), float(p["mu"]), **own)
    h = np.eye(d) + float(p["tilt"]) * rng.standard_normal((d, d)) / np.sqrt(d) if "tilt" in p else None
    x = np.concatenate([drawn_samples(rng, p, client, 1)[0] for client in members_of(p)])
    a, b = views(rng, x, s, objective, reading.mask, h)
    return CrossMoments(a.T @ b / len(x), a.T @ a / len(x) if reading.loss is Loss.RECONSTRUCTION else None)


def _gap(values: np.ndarray, feature_dim: int) -> float:
    """The least of eigenvalue c and its distance to the next one, over the largest modulus; -1 where c is too large."""
    descending = np.sort(values)[::-1]
    following = descending[feature_dim] if feature_dim < len(values) else -np.inf
    last = descending[feature_dim - 1]
    return float(min(last, last - following) / np.abs(values).max())


def _domain(objective: Objective, reading: Reading, *own: Parameter) -> Domain:
    def is_resolved(at: Point) -> bool:
        if at["n_clients"] > at["dim"] or at["feature_dim"] > at["dim"]:
            return False
        drawn = _moments(tuple(at.items()), objective, reading)
        matrix = drawn.alignment()
        if reading.loss is Loss.RECONSTRUCTION:
            assert drawn.within is not None, "the sampler gives E a a^T to the loss that needs it"
            matrix = drawn.cross.T @ np.linalg.solve(drawn.within, drawn.cross)
        return _gap(np.linalg.eigvalsh((matrix + matrix.T) / 2), int(at["feature_dim"])) >= LEAST_GAP

    of = "E[b a^T] E[a a^T]^-1 E[a b^T]" if reading.loss is Loss.RECONSTRUCTION else "X"
    return Domain(
        (
            Whole("n_clients", 2, 4),
            Whole("dim", 2, 16),
            Whole("feature_dim", 1, 4),
            Whole("samples_per_client", 40, 300),
            Real("tau", 0.0, np.inf, "()", reach=(0.5, 3.0), is_log=True),
            Real("mu", 0.0, np.inf, "()", reach=(0.2, 1.0)),
            *own,
            SCOPE,
            DRAW,
        ),
        (
            Condition(
                f"n_clients and feature_dim at most dim, and eigenvalue c of {of} above 0 and above the next one by at "
                f"least {LEAST_GAP} of the largest modulus",
                r"\min(\lambda_c, \lambda_c - \lambda_{c+1}) \ge 0.03\,\|X\|_2",
                is_resolved,
            ),
        ),
        assumes="One data set without rare classes, one draw of the views a sample; the start is random and small."
        + (" H is the identity plus tilt times a random matrix." if TILT in own else ""),
    )


def _ends_at_the_best_gram(objective: Objective, reading: Reading) -> Then:
    """W^T W at the end of descent: its row space, P X P and the least loss follow from it."""

    def claimed(at: Point) -> np.ndarray:
        return best_gram(_moments(tuple(at.items()), objective, reading).alignment(), int(at["feature_dim"]))

    def measured(at: Point, effort: Effort) -> Sample:
        x = _moments(tuple(at.items()), objective, reading).alignment()
        found = solver.descend_alignment(effort.seed, x, int(at["feature_dim"]), STEPS).encoder
        return Sample((found.T @ found)[None], SETTLED * float(np.linalg.norm(x, 2)))

    return Then("=", claimed, measured)


def _reconstruction_claimed(at: Point) -> np.ndarray:
    drawn = _moments(tuple(at.items()), Objective.MIM, RECONSTRUCTION)
    assert drawn.within is not None, "the sampler gives E a a^T to the loss that needs it"
    return best_reconstruction(drawn.within, drawn.cross, int(at["feature_dim"]))


def _reconstruction_found(at: Point, effort: Effort) -> Sample:
    drawn = _moments(tuple(at.items()), Objective.MIM, RECONSTRUCTION)
    assert drawn.within is not None, "the sampler gives E a a^T to the loss that needs it"
    found = solver.descend_reconstruction(effort.seed, drawn.within, drawn.cross, int(at["feature_dim"]))
    assert found.decoder is not None, "this loss has one"
    product = found.decoder @ found.encoder
    return Sample(product[None], SETTLED_TWO_LAYERS * float(np.abs(product).max()))


def _statement(
    key: str,
    text: str,
    objective: Objective,
    reading: Reading,
    said: tuple[Part, ...],
    *own: Parameter,
    then: Callable[[Objective, Reading], Then] = _ends_at_the_best_gram,
) -> Statement:
    check = OnDomain(
        _domain(objective, reading, *own),
        then(objective, reading),
        "Gradient descent is run on drawn data and compared with linear algebra.",
        Evidence.SEARCHED,
        points=(6, 100),
        corners=(0, 16),
    )
    return Statement(key, "corrected", text, check, reading=read_as(*said))


TOP = (
    "ends, from a random start, at the best approximation W^T W of rank c to X. It has the c leading eigenvectors and "
    "eigenvalues of X."
)

CLAIM = Claim(
    id="ref-descent",
    title="Gradient descent finds the row space that the theory uses",
    items=("referee-2",),
    source=Source("chen2026", "Eqs (2)-(4); reviewer 1, question 2"),
    question="Is the minimiser that the Eckart-Young step names the one that training reaches?",
    statements=(
        _statement(
            "descent.cl-similar",
            f"Gradient descent on the loss of CL {TOP}",
            Objective.CL,
            ONE,
            (parts.SIMILAR,),
            NOISE,
        ),
        _statement(
            "descent.cl-dissimilar",
            f"Gradient descent on the loss of CL {TOP}",
            Objective.CL,
            ONE,
            (parts.DISSIMILAR,),
            NOISE,
            TILT,
        ),
        _statement(
            "descent.mim-independent",
            f"Gradient descent on the alignment loss of MIM, Eq (4), {TOP}",
            Objective.MIM,
            ONE,
            (parts.INDEPENDENT,),
            MASKED,
        ),
        _statement(
            "descent.mim-complementary",
            f"Gradient descent on the alignment loss of MIM, Eq (4), {TOP}",
            Objective.MIM,
            COMPLEMENTARY,
            (parts.COMPLEMENTARY,),
            MASKED,
        ),
        _statement(
            "descent.reconstruction-complementary",
            "Gradient descent on the reconstruction loss (3), with encoder and decoder both trained, ends from a "
            "random start at the map of reduced-rank regression, and so at its encoder.",
            Objective.MIM,
            RECONSTRUCTION,
            (parts.COMPLEMENTARY, parts.RECONSTRUCTION),
            MASKED,
            then=lambda *_: Then("=", _reconstruction_claimed, _reconstruction_found),
        ),
    ),
)
