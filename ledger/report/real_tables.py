"""The record of the real images as the rows of the report's tables: numbers already text, one a cell."""

from collections.abc import Mapping
from typing import Any

from experiments.real_images.measured import BOTH_AVERAGED, MANY_MASK_PAIRS, ONE_MASK_PAIR

Record = Mapping[str, Any]


def tables(record: Record) -> dict[str, Any]:
    """What `templates/real_images.html.j2` shows."""
    return {
        "data": record["data"],
        "mask_ratio": record["mask_ratio"],
        "augmentation_std": record["augmentation_std"],
        "n_axes": record["n_axes"],
        "sigma": [_sigma(row) for row in record["sigma_star"]],
        "near": [_near(name, found) for name, found in record["inputs"].items()],
        "orders": {name: _orders(found["readings"]) for name, found in record["inputs"].items()},
        "deficits": [row for name, found in record["inputs"].items() for row in _deficits(name, found["readings"])],
        "rare": [_rare(row) for row in record["rare"]],
        "rare_views": list(record["rare"][0]["views"]),
        "rare_samples": record["rare"][0]["samples_per_client"],
        "partitions": [_partition(name, found) for name, found in record["partitions"].items()],
        "partition_views": list(next(iter(record["partitions"].values()))["sampled_local_sensitivity"]),
    }


def _sigma(row: Record) -> dict[str, str]:
    if row["measured"] is None:
        measured, off = "–", "–"
    else:
        measured = estimate({"mean": row["measured"], "standard_error": row["standard_error"]})
        # Two standard errors either way: where second order stands in the measured interval.
        low, high = (100 * (row["measured"] + k * row["standard_error"]) / row["second_order"] - 100 for k in (-2, 2))
        off = f"{low:+.0f}% to {high:+.0f}%"
    return {
        "inputs": row["inputs"],
        "samples": row["samples_per_client"],
        "trials": row["trials"],
        "second_order": number(row["second_order"]),
        "pairs": number(row["pairs"]),
        "measured": measured,
        "off": off,
    }


def _near(name: str, found: Record) -> dict[str, Any]:
    near = found["near_axes"]
    return {
        "inputs": name,
        "gap": number(near["gap"]),
        "spread": {n: number(s) for n, s in near["spread_over_gap"].items()},
    }


def _orders(readings: list[Record]) -> list[dict[str, Any]]:
    """One row a reading, at its largest sample."""
    largest: dict[str, Record] = {}
    for row in readings:
        kept = largest.get(row["reading"])
        if kept is None or row["samples_per_client"] > kept["samples_per_client"]:
            largest[row["reading"]] = row
    return [
        {
            "reading": row["reading"],
            "samples": row["samples_per_client"],
            "contrast": estimate(row["contrast"]["sensitivity"]),
            "masking": estimate(row["masking"]["sensitivity"]),
            "larger": row["sensitivity_order"]["larger"],
            "deficit_contrast": estimate(row["contrast"]["deficit"]),
            "deficit_masking": estimate(row["masking"]["deficit"]),
            "deficit_larger": row["deficit_order"]["larger"],
            "r": _profile(row["masking"]["representability"]),
            "population": _profile(row["masking"]["population"]),
            "r_contrast": _profile(row["contrast"]["representability"]),
        }
        for row in largest.values()
    ]


def _deficits(name: str, readings: list[Record]) -> list[dict[str, Any]]:
    """One draw of either objective, or both averaged: the deficits that theory predicts."""
    rows = []
    for row in readings:
        if row["reading"] in (ONE_MASK_PAIR.words, MANY_MASK_PAIRS.words):
            masks, augmentations = row["reading"].split(", ")
            sides = {augmentations: "contrast", masks: "masking"}
        elif row["reading"] == BOTH_AVERAGED.words:
            sides = {"both averaged": "masking"}
        else:
            continue
        for text, side in sides.items():
            rows.append(
                {
                    "inputs": name,
                    "view": text,
                    "samples": row["samples_per_client"],
                    "second_order": number(row[side]["deficit_second_order"]),
                    "pairs": number(row[side]["deficit_pairs"]),
                    "measured": estimate(row[side]["deficit"]),
                }
            )
    return rows


def _rare(row: Record) -> dict[str, Any]:
    return {
        "client": row["client"],
        "rare": row["rare"],
        "class": row["class"],
        "fraction": number(row["fraction"]),
        "power": number(row["power"]),
        "next": number(row["next_eigenvalue"]),
        "population": number(row["views"]["masks averaged"]["population"]),
        "found": [estimate(v["rare"]) for v in row["views"].values()],
        "contrast": estimate(row["views"]["contrast"]["sensitivity"]),
        "masking": estimate(row["views"]["masks averaged"]["sensitivity"]),
    }


def _partition(name: str, found: Record) -> dict[str, Any]:
    deficits = found["local_deficit"]
    return {
        "name": name,
        "fl_deficit": number(found["fl_deficit"]),
        "local_deficit": f"{number(min(deficits))} to {number(max(deficits))}",
        "found": [estimate(v) for v in found["sampled_local_sensitivity"].values()],
    }


def _profile(r: list[float] | None) -> str:
    return "–" if r is None else " ".join(f"{x:.3f}" for x in r)


def estimate(value: Record) -> str:
    """Mean and, where there is one, standard error."""
    mean, error = value["mean"], value["standard_error"]
    return f"{mean:.3g} ± {error:.1g}" if error else f"{mean:.3g}"


def number(value: float | int | None) -> str:
    """A number to three digits; a dash for none."""
    return "–" if value is None else f"{value:.3g}"
