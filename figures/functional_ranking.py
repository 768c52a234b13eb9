"""Numbers of a network ranked by how well they predict training; average connectivity is not the best."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import OTHERS, caption, styled

# Name, and whether a larger value should protect: the sign of the correlation is then turned.
FUNCTIONALS = {
    "squared_mode_sum": (r"$S_2 = \Sigma_l (\lambda_l/(1-\lambda_l))^2$", False),
    "mode_sum": (r"$S_1 = \Sigma_l \lambda_l/(1-\lambda_l)$", False),
    "mixing_gap": (r"gap $1-\lambda_2$ of the mixing matrix*", True),
    "algebraic_connectivity": ("Laplacian's $\\lambda_2$*", True),
    "kirchhoff_index": ("Kirchhoff index", False),
    "harmonic_connectivity": ("harmonic mean of $|A_i|$*", True),
    "average_connectivity": (r"average connectivity $|\bar A|$*", True),
    "training_concentration": (r"$\Sigma_i v_i^2$, training weights", False),
    "objective_concentration": (r"$\Sigma_i \pi_i^2$, weights of Eq (1)", False),
}
MEASURES = {
    "consensus": "consensus error",
    "mean_model_error": "error of the averaged model",
    "sensitivity_change": r"change of the sensitivity $s$",
}
RULES = {
    "uniform": ("uniform", OTHERS[1], "o"),
    "metropolis": ("Metropolis", "#000000", "s"),
    "laplacian": ("Laplacian", OTHERS[0], "^"),
}
PLACEMENTS = {"random": True, "homophily": False}  # whether the marker is filled


def build(record: dict[str, Any]) -> Figure:
    """Spearman's rho and its interval by functional; a column a quantity, colour the rule, hollow: like neighbours."""
    with styled():
        figure, axes = plt.subplots(1, len(MEASURES), figsize=(9.5, 5.4), sharey=True, sharex=True)
        for axis, (measure, title) in zip(axes, MEASURES.items(), strict=True):
            _panel(axis, [r for r in record["rows"] if r["measure"] == measure])
            axis.set_title(title)
            axis.set_xlabel("rank correlation")
        axes[0].set_yticks(range(len(FUNCTIONALS)), [name for name, _ in FUNCTIONALS.values()])
        axes[0].set_ylabel("number of the network")
        axes[0].set_ylim(len(FUNCTIONALS) - 0.5, -0.5)
        figure.tight_layout()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.58, 1.0), ncol=len(RULES))
        caption(
            figure,
            tuple(record["claims"]),
            "How well do single numbers of a network (rows) predict how training ends (columns)? A marker is their "
            "rank correlation over {n_networks} connected networks of {n_clients} clients: 1 if the number puts the "
            "networks in the right order, 0 if it says nothing. For names with a star a larger value should help; the "
            "sign is turned. lambda_l are the eigenvalues of the averaging weights but the first. Colours: rules of "
            "averaging. Filled: clients placed at random. Hollow: each client next to those most like it. Bars: "
            "{confidence:.0%} intervals, networks drawn with repetition. Under the Metropolis and Laplacian rules all "
            "clients count alike, and the last two rows do not vary. Linear models at rest, step size {step_size}, "
            "level of heterogeneity {level}.".format(**record),
        )
    return figure


def _panel(axis: Axes, rows: list[dict[str, Any]]) -> None:
    styles = [(rule, placement) for rule in RULES for placement in PLACEMENTS]
    for place, (rule, placement) in enumerate(styles):
        name, colour, marker = RULES[rule]
        shown = [r for r in rows if (r["rule"], r["placement"]) == (rule, placement) and r["functional"] in FUNCTIONALS]
        signs = [-1 if FUNCTIONALS[r["functional"]][1] else 1 for r in shown]
        axis.errorbar(
            [sign * r["rho"] for sign, r in zip(signs, shown, strict=True)],
            [list(FUNCTIONALS).index(r["functional"]) + 0.12 * (place - 2.5) for r in shown],
            xerr=[
                [abs(r["rho"] - r["low" if sign > 0 else "high"]) for sign, r in zip(signs, shown, strict=True)],
                [abs(r["rho"] - r["high" if sign > 0 else "low"]) for sign, r in zip(signs, shown, strict=True)],
            ],
            fmt=marker,
            color=colour,
            mfc=colour if PLACEMENTS[placement] else "white",
            ms=4,
            elinewidth=0.9,
            label=f"{name}, {'random placement' if PLACEMENTS[placement] else 'like neighbours'}",
        )
    axis.axvline(0, color="black", lw=0.8)
    axis.set_xlim(-0.4, 1.03)
    axis.grid(axis="y", visible=False)
    for line in range(len(FUNCTIONALS) - 1):
        axis.axhline(line + 0.5, color="#CCCCCC", lw=0.6)
