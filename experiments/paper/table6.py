"""Table 6: accuracy under different rules by which neighbours average."""

from experiments.paper._cells import MAE, cell, connectivities, everyone
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Table 6: mixing rules of decentralised MAE, against a server with all of the same clients"
# Those printed: "degree normalized" is read as 1/|A_i|, which the text before it calls uniform.
RULES = {
    "data sizes": "data_size",
    "degree normalised": "uniform",
    "doubly stochastic": "metropolis",
    "push-sum": "push_sum",
}


def cells(preset: str) -> dict[str, Pretraining]:
    """Four rules at connectivity 5 and 10, and a server."""
    found = {"server": everyone(preset, MAE)}
    for k in connectivities(preset, (5, 10)) or (3,):
        for words, rule in RULES.items():
            found[f"{words}, {k}"] = cell(preset, MAE, "decl", topology=f"er:{k}", mixing=rule)
    return found


def rows(results: Results) -> list[Row]:
    """Each rule, and the server minus it."""
    table: list[Row] = [{"": "server", "accuracy": results.accuracy("server")}]
    for name in results.cells:
        if name != "server":
            difference = results.difference("server", name)
            table.append({"": name, "accuracy": results.accuracy(name), "server minus it": difference})
    return table
