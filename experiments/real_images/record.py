"""The record of the real images, `results/real_images.json`, which the report reads.

`python -m experiments.real_images.record` writes it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.real_images.measured import (
    CL,
    CL_EXPECTED,
    COMPARISONS,
    COMPLEMENTARY,
    EFFORT,
    MANY,
    MASK_RATIO,
    MIM_EXPECTED,
    MIM_SAMPLED,
    N_AXES,
    PAPER_STD,
    RECONSTRUCTION,
    SEED,
    Comparison,
    Effort,
    RareSite,
    foreign_powers,
    inputs,
    points,
    predicted_deficit,
    sampled,
    sensitivity,
    shared_out,
    sigma_star,
    variances,
)
from experiments.real_images.paired_differences import Difference, difference, quantity
from experiments.real_images.stored import NAME, SCHEMA
from runtime import store
from sims.images.datasets import load
from sims.images.partitions import Partition, dirichlet, iid, label_pairs
from sims.real_inputs.rare import own_axes
from sims.real_inputs.representability import draw_samples, population_representability, sample_representability
from sims.real_inputs.views import View
from theory.deficits import closed_forms_of_points
from theory.readings import Rare

INPUTS = ("pixels", "centred pixels", "features", "centred features")
DIRICHLET = (1e5, 1.0, 0.1, 0.01)
RARE_VIEWS = {
    "contrast": CL,
    "masks averaged": MIM_EXPECTED,
    "one mask pair": MIM_SAMPLED,
    "complementary": COMPLEMENTARY,
    "reconstruction": RECONSTRUCTION,
}
RARE_FRACTIONS = ((Rare.ABSENT, 0.0), (Rare.INSIDE, 0.05), (Rare.OUTSIDE, 0.02), (Rare.OUTSIDE, 0.05))
RARE_TRIALS, LOCAL_TRIALS, LOCAL_SIZE = 24, 6, 1000


def record(effort: Effort = EFFORT["full"], sites: Sequence[int | None] = (None, *range(N_AXES))) -> dict[str, Any]:
    """Everything measured on the real images, as numbers with standard errors; rare classes at these clients' sites."""
    labels = load().labels
    partitions: dict[str, Partition] = {"label pairs": label_pairs(labels, SEED), "iid": iid(labels, N_AXES, SEED)}
    for a in DIRICHLET:
        partitions[f"dirichlet {a:g}"] = dirichlet(labels, N_AXES, a, SEED)
    return {
        "schema": SCHEMA,
        "data": "Fashion-MNIST, 500 images a class, 14 x 14 pixels in [0, 1]",
        "seed": SEED,
        "mask_ratio": MASK_RATIO,
        "augmentation_std": PAPER_STD,
        "n_axes": N_AXES,
        "inputs": {name: _one_input(name, effort) for name in INPUTS},
        "sigma_star": [
            {"inputs": name, "samples_per_client": n, **sigma_star(name, n, effort.sigma_trials[name])}
            for name in effort.sigma_trials
            for n in effort.sizes
        ],
        "rare": [one_site(client, rare, at) for client in sites for rare, at in RARE_FRACTIONS],
        "partitions": {name: _one_partition("pixels", p) for name, p in partitions.items()},
    }


def _one_input(name: str, effort: Effort) -> dict[str, Any]:
    values, _ = closed_forms_of_points.reference_axes(inputs(name).clients, N_AXES)
    return {
        "eigenvalues": values[: 2 * N_AXES],
        "near_axes": _gap(name, effort.sizes),
        "readings": [
            one_reading(name, n, c, effort.trials)
            for n in effort.sizes
            for c in COMPARISONS
            # The order at many draws is clear at the smallest size, and costs most.
            if n == effort.sizes[0] or c.contrast.draws != MANY
        ],
    }


def _gap(name: str, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Spread of the gap between axes c and c + 1 that one pair of masks leaves, as a share of the gap."""
    v = variances(name)
    n_clients = len(inputs(name).clients)
    gap_std = {n: np.sqrt((v.gap_sampling + v.gap_masks)[0, -1] / (n * n_clients)) for n in sizes}
    return {"gap": v.entry.gaps[0, -1], "spread_over_gap": {n: s / v.entry.gaps[0, -1] for n, s in gap_std.items()}}


def one_reading(name: str, samples_per_client: int, c: Comparison, trials: int) -> dict[str, Any]:
    """Both views under one reading, and their differences, contrast less masking, paired by trial."""
    r = {
        side: sampled(name, samples_per_client, trials, view, c.n_axes)
        for side, view in (("contrast", c.contrast), ("masking", c.masked))
    }
    views = {"contrast": c.contrast, "masking": c.masked}
    found: dict[str, Any] = {"reading": c.words, "samples_per_client": samples_per_client}
    for side, samples in r.items():
        view = views[side]
        predicted = predicted_deficit(name, view, samples_per_client) if c.n_axes == N_AXES else None
        found[side] = {
            "representability": samples.mean(axis=0),
            "population": _population(name, view, c.n_axes),
            "deficit": _estimate(1 - samples.mean(axis=1)),
            "deficit_second_order": predicted and predicted[0],
            "deficit_pairs": predicted and predicted[1],
            "sensitivity": _estimate(sensitivity(samples)),
        }
    for what in ("sensitivity", "deficit"):
        d = difference(quantity(what, r["masking"]), quantity(what, r["contrast"]))
        found[f"{what}_order"] = _order(d)
    return found


def _order(d: Difference) -> dict[str, Any]:
    """Contrast less masking, and which is larger: told five standard errors apart, or a tie within round-off."""
    clear = abs(d.mean) > 5 * d.standard_error
    larger = "tie" if d.tie else ("contrast" if d.mean > 0 else "masking") if clear else "unresolved"
    return {"mean": d.mean, "standard_error": d.standard_error, "larger": larger}


def _population(name: str, view: View, c: int) -> np.ndarray | None:
    """r with no sampling; None where the view is drawn."""
    if view.draws != "expected":
        return None
    everyone = inputs(name, c)
    return population_representability(everyone.moment(), view, everyone.axes)


def one_site(client: int | None, rare: Rare, fraction: float) -> dict[str, Any]:
    """r of the rare class, and sensitivities, at a site under every view of `RARE_VIEWS`; client None is FL."""
    site = RareSite("pixels", client, rare, fraction)
    held = inputs(site)
    _, following = own_axes(site.own(), N_AXES)
    views = {}
    for label, view in RARE_VIEWS.items():
        r = sampled(site, LOCAL_SIZE, RARE_TRIALS, view)
        alone = None if view.draws != "expected" else population_representability(held.moment(), view, held.axes)[-1]
        views[label] = {
            "population": alone,
            "rare": _estimate(r[:, -1]),
            "sensitivity": _estimate(sensitivity(r)),
            "own_sensitivity": _estimate(sensitivity(r[:, :-1])),
        }
    return {
        "client": "FL" if client is None else client,
        "rare": rare.value,
        "class": load().class_names[site.foreign()],
        "fraction": fraction,
        "power": foreign_powers("pixels", client)[site.foreign()],
        "next_eigenvalue": following,
        "samples_per_client": LOCAL_SIZE,
        "views": views,
    }


def _one_partition(name: str, partition: Partition) -> dict[str, Any]:
    """Every client alone and the average, judged by everyone's axes; samples of all it holds, and of n_i images."""
    pop = shared_out(points(name), partition)
    moments = np.array([x.T @ x / len(x) for x in pop.clients])
    # Objectives in expectation: no sampling at all.
    local = np.array([population_representability(m, CL_EXPECTED, pop.axes) for m in moments])
    average = population_representability(np.tensordot(partition.weights, moments, axes=1), CL_EXPECTED, pop.axes)
    views = {"contrast": CL, **{k: v for k, v in RARE_VIEWS.items() if k != "contrast"}}
    each = {label: [] for label in views}
    for client in range(len(pop.clients)):
        alone = pop.local(client)
        drawn = draw_samples(SEED + client, alone, samples_per_client=LOCAL_SIZE, trials=LOCAL_TRIALS)
        for label, view in views.items():
            each[label].append(sensitivity(sample_representability(drawn, view, pop.axes)))
    mean = {label: np.mean(s, axis=0) for label, s in each.items()}
    return {
        "class_table": partition.table,
        "local_deficit": 1 - local.mean(axis=1),
        "local_sensitivity": np.ptp(local, axis=1),
        "fl_deficit": float(1 - average.mean()),
        "sampled_local_sensitivity": {label: _estimate(s) for label, s in mean.items()},
    }


def _estimate(samples: np.ndarray) -> dict[str, float]:
    return {"mean": float(samples.mean()), "standard_error": float(samples.std(ddof=1) / np.sqrt(len(samples)))}


def rounded(value: Any) -> Any:
    """Six significant digits: beyond them the record would depend on how a machine orders its sums.

    Ten digits first: a number such as 738.5625 but for its last bits is then rounded one way on every machine.
    """
    if isinstance(value, Mapping):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    if isinstance(value, np.ndarray):
        return rounded(value.tolist())
    if not isinstance(value, float):
        return value
    # Round-off around zero would otherwise keep six digits of noise.
    return 0.0 if abs(value) < 1e-12 else float(f"{float(f'{value:.10g}'):.6g}")


if __name__ == "__main__":
    store.check_writable(out := store.HERE / NAME)
    store.write(out, store.rows(rounded(record())))
