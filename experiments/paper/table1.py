"""Table 1: accuracy lost to label skew and feature skew; SimSiam and MAE on a ResNet and a ViT, with a server."""

from experiments.paper._cells import MAE, SIMSIAM, cell, feature_skewed, iid
from experiments.paper._printed import TABLE_1
from experiments.paper._results import Results, Row, interval
from experiments.pretraining.settings import Pretraining
from sims.evaluation import robustness

TITLE = "Table 1: accuracy with IID clients, and what is lost with others"
_PRINTED = {SIMSIAM: "SimSiam", MAE: "MAE", "resnet": "CNN", "vit": "ViT"}


def cells(preset: str) -> dict[str, Pretraining]:
    """Two methods, two encoders, three ways of sharing out images."""
    found = {}
    for encoder in ("resnet", "vit"):
        for method in (SIMSIAM, MAE):
            found[f"{method} {encoder} iid"] = iid(preset, method, encoder=encoder)
            found[f"{method} {encoder} label"] = cell(preset, method, encoder=encoder)
            found[f"{method} {encoder} feature"] = feature_skewed(preset, method, encoder=encoder)
    return found


def rows(results: Results) -> list[Row]:
    """Accuracies and drops; then MAE's drop minus SimSiam's, below zero when masks are the more robust."""
    table: list[Row] = []
    for encoder in ("resnet", "vit"):
        for method in (SIMSIAM, MAE):
            name = f"{method} {encoder}"
            row: Row = {
                "": name,
                "random start": results.accuracy(f"{name} iid", "random_start"),
                "IID": results.accuracy(f"{name} iid"),
            }
            for skew in ("label", "feature"):
                row[skew] = results.accuracy(f"{name} {skew}")
                row[f"{skew} drop"] = results.drop(f"{name} iid", f"{name} {skew}")
                row[f"printed {skew} drop (CIFAR-10)"] = _printed(method, encoder, skew)
            table.append(row)
        difference: Row = {"": f"{encoder}: MAE's drop minus SimSiam's"}
        for skew in ("label", "feature"):
            masked, contrast = (results.paired(f"{m} {encoder} iid", f"{m} {encoder} {skew}") for m in (MAE, SIMSIAM))
            difference[f"{skew} drop"] = interval(robustness.compare_drops(masked, contrast))
        table.append(difference)
    return table


def _printed(method: str, encoder: str, skew: str) -> float:
    wanted = (_PRINTED[method], _PRINTED[encoder], "CIFAR-10", skew)
    return float(next(c.gap for c in TABLE_1 if (c.method, c.backbone, c.dataset, c.skew) == wanted))
