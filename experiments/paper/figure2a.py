"""Figure 2a: accuracy against the connectivity of the network, beside a server that averages all the same clients."""

from experiments.paper._cells import MAE, cell, connectivities, everyone
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Figure 2a: decentralised MAE against connectivity"
WANTED = (3, 5, 10, 20)


def cells(preset: str) -> dict[str, Pretraining]:
    """Random networks of each mean connectivity (self included), networks where all clients have it, and a server."""
    found = {"server": everyone(preset, MAE)}
    for k in connectivities(preset, WANTED):
        found[f"varied {k}"] = cell(preset, MAE, "decl", topology=f"er:{k}")
        same = f"regular:{k - 1}" if k < settings_clients(preset) else "complete"
        found[f"uniform {k}"] = cell(preset, MAE, "decl", topology=same)
    return found


def settings_clients(preset: str) -> int:
    """How many clients the decentralised setting has."""
    return cell(preset, MAE, "decl").clients


def rows(results: Results) -> list[Row]:
    """Each network, and the server minus it."""
    table: list[Row] = [{"network": "server", "accuracy": results.accuracy("server")}]
    for name in results.cells:
        if name != "server":
            kind, k = name.split()
            accuracy, short = results.accuracy(name), results.difference("server", name)
            table.append({"network": kind, "connectivity": int(k), "accuracy": accuracy, "server minus it": short})
    return table
