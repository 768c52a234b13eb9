"""Figure 3: features of two clients trained alone and of the global model, by principal components and UMAP."""

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from experiments.paper import table5
from experiments.paper._results import Results, Row, mean_of
from experiments.pretraining.settings import Pretraining, prepare
from runtime.extras import missing
from sims.evaluation import probes
from sims.evaluation.feature_geometry import linear_cka, project

TITLE = "Figure 3: features of the first and the last client alone, and of the global model"
MODELS = ("first", "last", "global")
MOST = 1000  # images drawn


def cells(preset: str) -> dict[str, Pretraining]:
    """Those of Table 5."""
    return table5.cells(preset)


def check() -> None:
    """Nothing, where its picture can be drawn once all is trained. Errors: UsageError without umap-learn."""
    if find_spec("umap") is None:
        raise missing("Figure 3", "umap-learn")


def measured(results: Results) -> dict[str, list[float]]:
    """How alike two models' features of the test images are, by linear CKA."""
    found: dict[str, list[float]] = {}
    for k in range(results.n_seeds):
        for method in table5.METHODS:
            seen = {model: _features(results, table5.label_of(method, model), k)[0] for model in MODELS}
            for one, other in table5.PAIRS:
                found.setdefault(table5.name(method, one, other), []).append(linear_cka(seen[one], seen[other]))
    return found


def rows(results: Results) -> list[Row]:
    """What the picture cannot say: how well a probe reads each model's features, and how alike two models' are."""
    return [
        {
            "": method,
            **{model: results.accuracy(table5.label_of(method, model)) for model in MODELS},
            **{
                f"CKA, {one} and {other}": mean_of(np.array(results.measured[table5.name(method, one, other)]))
                for one, other in table5.PAIRS
            },
        }
        for method in table5.METHODS
    ]


def pictures(results: Results) -> dict[str, Any]:
    """Points in the plane of each model at the first seed, and the classes of the images, which all models share.

    Points have one decimal: they are only drawn, in planes of some ten units on a few hundred pixels.
    """
    found: list[dict[str, Any]] = []
    classes: list[int] = []
    for method in table5.METHODS:
        for model in MODELS:
            features, labels = _features(results, table5.label_of(method, model), 0)
            points = project(features, min(20, features.shape[1], len(features) - 1)).astype(float)
            x, y = points.round(1).T.tolist()
            found.append({"method": method, "model": model, "x": x, "y": y})
            classes = labels.tolist()
    return {"labels": classes, "models": found}


def _features(results: Results, label: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of some of the test images of that seed, with their classes."""
    prepared = prepare(replace(results.cells[label], seed=seed))
    some = slice(None, None, -(-len(prepared.test.images) // MOST))
    kind = prepared.method.encoder
    fixed = probes.for_evaluation(kind, results.global_encoder(label, seed), prepared.train.images)
    return probes.features_of(kind, fixed, prepared.test.images[some]), prepared.test.labels[some]
