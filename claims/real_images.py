"""Real images through the paper's objectives: the measurements, and the record that the report and figures read.

`python -m claims.real_images` writes `results/real_images.json`.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float64

from claims import store
from claims.core import Context, Evidence, Status, Tier, Verdict
from sims.datasets import pixels
from sims.datasets.fashion_mnist import load
from sims.partitions import Partition, dirichlet, iid, label_pairs
from sims.real import MASKS, Population, View, population, principal_features, representability, sample_representability
from sims.real_noise import measure_sigma_star
from theory import empirical_perturbation
from theory.readings import Mask, Objective

SEED = zlib.crc32(b"sec-real-images")
BLOCK = 2  # 2 x 2 means: 14 x 14 = 196 pixels
N_FEATURES = 64
N_AXES = 5  # c = N: five label pairs
MASK_RATIO = 0.75
PAPER_STD = 1.0  # g(x) = x + xi, xi ~ N(0, I), on pixels in [0, 1]
DIRICHLET = (1e5, 1.0, 0.1, 0.01)
INPUTS = ("pixels", "centred pixels", "features", "centred features")

CL = View(Objective.CL, draws=1, augmentation_std=PAPER_STD, mask_ratio=MASK_RATIO)
CL_EXPECTED = View(Objective.CL, mask_ratio=MASK_RATIO)
MIM_EXPECTED = {m: View(Objective.MIM, m, mask_ratio=MASK_RATIO) for m in MASKS}
MIM_SAMPLED = {m: View(Objective.MIM, m, 1, mask_ratio=MASK_RATIO) for m in MASKS}
LAW = (CL, CL_EXPECTED, *MIM_EXPECTED.values())  # drawn without drawing the views: cheap at any sample size
VIEWS = (CL, CL_EXPECTED, *MIM_EXPECTED.values(), *MIM_SAMPLED.values())


@dataclass(frozen=True)
class Effort:
    """Sample sizes a client, trials, and inputs for sigma* that a tier can afford.

    Pixels, not features, decide sigma*: on features one pair of near axes (5 and 6) carries a third of what masks cost,
    so the mean needs many more trials, and more images a client before second order is enough.
    """

    sizes: tuple[int, ...]
    trials: int
    sigma_trials: int
    names: tuple[str, ...]


EFFORT: Mapping[Tier, Effort] = {
    "quick": Effort((1000,), 12, 32, ("centred pixels",)),
    "full": Effort((1000, 4000), 24, 48, ("pixels", "centred pixels")),
}


@cache
def points(name: str) -> Float64[np.ndarray, "n dim"]:
    """One of `INPUTS`: 14 x 14 pixels or 64 principal features, as they are or about the mean of all images."""
    x = pixels(load(), BLOCK)
    x = x - x.mean(axis=0) if name.startswith("centred") else x
    return principal_features(x, N_FEATURES) if name.endswith("features") else x


@cache
def inputs(name: str, c: int = N_AXES) -> Population:
    """`points(name)` shared out by label pairs, judged by the c leading axes of all of them."""
    return _share(points(name), label_pairs(load().labels, SEED), c)


@cache
def sampled(
    name: str, samples_per_client: int, trials: int, views: tuple[View, ...] = VIEWS, c: int = N_AXES
) -> Float64[np.ndarray, "trials views c"]:
    """r of every view in every trial; a view's numbers do not depend on which others are asked for."""
    return sample_representability(SEED, inputs(name, c), views, samples_per_client=samples_per_client, trials=trials)


@cache
def variances(name: str) -> empirical_perturbation.EntryVariances:
    return empirical_perturbation.entry_variances(inputs(name).clients, N_AXES, MASK_RATIO)


@cache
def sigma_star(name: str, samples_per_client: int, tier: Tier) -> tuple[float, float, float]:
    """Predicted sigma*, measured sigma* and its standard error."""
    predicted = empirical_perturbation.sigma_star(variances(name))
    measured, error = measure_sigma_star(
        SEED,
        inputs(name),
        samples_per_client=samples_per_client,
        trials=EFFORT[tier].sigma_trials,
        mask_ratio=MASK_RATIO,
        guess=predicted,
    )
    return predicted, measured, error


def predicted_deficit(name: str, view: View, samples_per_client: int) -> float | None:
    """Second-order mean deficit, where the population's axes are the view's own; None for the two other masks."""
    v, n_total = variances(name), samples_per_client * len(inputs(name).clients)
    draws = None if view.draws == "expected" else int(view.draws)
    if view.objective is Objective.CL:
        std = view.augmentation_std if draws else 0.0
        return float(empirical_perturbation.deficit_cl(v, n_total, std, draws or 1).mean())
    if view.mask is not Mask.INDEPENDENT:
        return None
    return float(empirical_perturbation.deficit_mim(v, n_total, draws).mean())


def sensitivity(r: Float64[np.ndarray, "trials c"], n_leading: int | None = None) -> Float64[np.ndarray, " trials"]:
    """max - min of r over the first `n_leading` axes (all by default) in each trial."""
    kept = r[:, :n_leading]
    return kept.max(axis=1) - kept.min(axis=1)


@dataclass(frozen=True)
class PairedOrder:
    """Quantity `smaller` stays below `larger` on average over trials that share their images.

    Holds three standard errors clear, violated five the other way or in an exact tie; in between INCONCLUSIVE.
    Spoiled, `larger` is scaled to just under `smaller`.
    """

    name: str
    quantity: str
    smaller: View
    larger: View
    because: str
    samples_per_client: int = 4000

    def run(self, context: Context) -> Verdict:
        size = self.samples_per_client
        pair = (self.smaller, self.larger)
        views = LAW if set(pair) <= set(LAW) else pair
        r = sampled(self.name, size, EFFORT[context.tier].trials, views)
        low, high = (_quantity(self.quantity, r[:, views.index(v)]) for v in pair)
        if context.spoil != 1.0:
            high = high * context.spoil * low.mean() / high.mean()
        difference = high - low
        mean, error = difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))
        # Exact matrices that agree in theory differ by round-off in their eigenvectors.
        tie = bool(np.abs(difference).max() < 1e-10)
        found = f"{self.because} Difference {mean:.3g} +- {error:.2g} over {len(low)} trials of {size} images a client."
        tightness = float(low.mean() / high.mean())
        if mean > 3 * error and not tie:
            return Verdict(Status.HOLDS, Evidence.SAMPLED, found, tightness, float(mean))
        if tie or mean < -5 * error or context.spoil != 1.0:
            witness = {
                "inputs": self.name,
                "samples_per_client": size,
                "wanted_smaller": float(low.mean()),
                "wanted_larger": float(high.mean()),
                "standard_error_of_difference": float(error),
            }
            return Verdict(Status.VIOLATED, Evidence.SAMPLED, found, tightness, float(mean), witness)
        return Verdict(Status.INCONCLUSIVE, Evidence.SAMPLED, found, tightness, float(mean))


def record(tier: Tier = "full") -> dict[str, Any]:
    """Everything measured on the real images, as numbers with standard errors."""
    partitions: dict[str, Partition] = {"label pairs": label_pairs(load().labels, SEED)}
    partitions["iid"] = iid(load().labels, N_AXES, SEED)
    for a in DIRICHLET:
        partitions[f"dirichlet {a:g}"] = dirichlet(load().labels, N_AXES, a, SEED)
    return {
        "data": "Fashion-MNIST, 500 images a class, 14 x 14 pixels in [0, 1]",
        "seed": SEED,
        "mask_ratio": MASK_RATIO,
        "augmentation_std": PAPER_STD,
        "n_axes": N_AXES,
        "inputs": {name: _one_input(name, tier, partitions) for name in INPUTS},
        "class_tables": {name: p.table for name, p in partitions.items()},
    }


def _one_input(name: str, tier: Tier, partitions: Mapping[str, Partition]) -> dict[str, Any]:
    values, _ = empirical_perturbation.reference_axes(inputs(name).clients, N_AXES)
    sizes = EFFORT[tier].sizes
    noise = {
        n: dict(zip(("predicted", "measured", "standard_error"), sigma_star(name, n, tier), strict=True)) for n in sizes
    }
    return {
        "eigenvalues": values[: 2 * N_AXES],
        "sigma_star": noise,
        "views": [_one_view(name, n, v, tier) for n in sizes for v in range(len(VIEWS))],
        "leading_10": [_leading(name, v, tier) for v in range(len(VIEWS))],
        "whole_clients": {label: _whole_clients(name, p) for label, p in partitions.items()},
    }


def _one_view(name: str, samples_per_client: int, v: int, tier: Tier) -> dict[str, Any]:
    r, view = sampled(name, samples_per_client, EFFORT[tier].trials)[:, v], VIEWS[v]
    return {
        **_label(view),
        "samples_per_client": samples_per_client,
        "representability": r.mean(axis=0),
        "deficit": _estimate(1 - r.mean(axis=1)),
        "deficit_predicted": predicted_deficit(name, view, samples_per_client),
        "sensitivity": _estimate(sensitivity(r)),
    }


def _leading(name: str, v: int, tier: Tier) -> dict[str, Any]:
    r = sampled(name, EFFORT[tier].sizes[0], EFFORT[tier].trials, c=2 * N_AXES)[:, v]
    return {
        **_label(VIEWS[v]),
        "sensitivity_leading": _estimate(sensitivity(r)),
        "sensitivity_signal": _estimate(sensitivity(r, N_AXES)),
    }


def _whole_clients(name: str, partition: Partition) -> dict[str, Any]:
    """No sampling: every client trains on all it holds, objectives in expectation."""
    pop = _share(points(name), partition, N_AXES)
    moments = [x.T @ x / len(x) for x in pop.clients]
    local = np.array([representability(m, pop.axes, N_AXES) for m in moments])
    average = representability(np.tensordot(partition.weights, np.array(moments), axes=1), pop.axes, N_AXES)
    return {
        "local_deficit": 1 - local.mean(axis=1),
        "local_sensitivity": np.ptp(local, axis=1),
        "fl_deficit": float(1 - average.mean()),
    }


def _share(x: np.ndarray, partition: Partition, c: int) -> Population:
    _, axes = empirical_perturbation.reference_axes([x], c)
    return population(x, partition, axes[:, :c].copy())


def _quantity(quantity: str, r: np.ndarray) -> np.ndarray:
    return sensitivity(r) if quantity == "sensitivity" else 1 - r.mean(axis=1)


def _label(view: View) -> dict[str, Any]:
    return {
        "objective": view.objective,
        "mask": view.mask if view.objective is Objective.MIM else None,
        "draws": view.draws,
    }


def _estimate(samples: np.ndarray) -> dict[str, float]:
    return {"mean": float(samples.mean()), "standard_error": float(samples.std(ddof=1) / np.sqrt(len(samples)))}


def rounded(value: Any) -> Any:
    """Six significant digits: beyond them the record would depend on how a machine orders its sums."""
    if isinstance(value, Mapping):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    if isinstance(value, np.ndarray):
        return rounded(value.tolist())
    # Round-off around zero would otherwise keep six digits of noise.
    return (0.0 if abs(value) < 1e-12 else float(f"{value:.6g}")) if isinstance(value, float) else value


if __name__ == "__main__":
    store.write(store.RESULTS / "real_images.json", store.dumps(rounded(record())))
