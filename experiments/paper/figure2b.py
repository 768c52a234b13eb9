"""Figure 2b: MAR and MAE as clients grow more different, with a server and with neighbours."""

from experiments.paper._cells import MAE, MAR, cell
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Figure 2b: MAR against MAE as the Dirichlet concentration falls"
ALPHAS = (1.0, 0.1, 0.01, 0.001)


def cells(preset: str) -> dict[str, Pretraining]:
    """Both losses in both settings at each concentration."""
    return {
        f"{method} {setting} {alpha:g}": cell(preset, method, setting, alpha)
        for setting in ("fl", "decl")
        for alpha in ALPHAS
        for method in (MAE, MAR)
    }


def rows(results: Results) -> list[Row]:
    """Accuracies, and what MAR gains."""
    return [
        {
            "setting": setting,
            "alpha": alpha,
            "mae": results.accuracy(f"mae {setting} {alpha:g}"),
            "mar": results.accuracy(f"mar {setting} {alpha:g}"),
            "gain of MAR": results.difference(f"mar {setting} {alpha:g}", f"mae {setting} {alpha:g}"),
        }
        for setting in ("fl", "decl")
        for alpha in ALPHAS
    ]
