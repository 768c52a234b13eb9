"""Tables 3 and 4: the printed settings against the text that uses them."""

from collections.abc import Mapping
from typing import Any

from claims.check import ForAll
from claims.core import Claim, Evidence, Statement
from theory.formula import Source

# What is set, by the table and by a section of the text. Source: chen2026, Tables 3 and 4, and the places named.
AGREEING = {
    "clients of decentralised runs, Section 6.2 and A.3.2": (20, 20),
    "connectivity that stands for federated learning, Table 3: all clients of the network": (20, 20),
    "clients of federated runs, Section 6.2": (100, 100),
    "clients sampled a round, Section 6.2": (5, 5),
    "largest skew, Figure 2b": ("0.001", "0.001"),
    "weights of the alignment term, Table 8": ("1 1e-1 1e-2 1e-3", "1 1e-1 1e-2 1e-3"),
    "graphics cards, Section 6.1": ("4 RTX 3090", "4 RTX 3090"),
}
BASELINE_RUN = {
    "local epochs, Section 6.2": (2, 10),
    "rounds, Section 6.2": (100, 200),
}
FIGURE_RUN = {"federated clients training in parallel each round, Figure 2a and Section 6.2": (5, 20)}


def agrees(item: tuple[str, tuple[Any, Any]], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    what, (table, text) = item
    if spoil != 1 and isinstance(text, int):
        text = text * spoil
    return table == text, {"setting": what, "table": table, "text": text}


def _statement(said: str, settings: Mapping[str, tuple[Any, Any]], because: str, reading: str) -> Statement:
    return Statement(
        "printed", said, ForAll(lambda context: settings.items(), agrees, because, Evidence.EXACT), reading=reading
    )


CLAIM = Claim(
    id="tab-settings",
    title="Tables 3 and 4: the settings against the text",
    items=("table-3", "table-4"),
    source=Source("chen2026", "Tables 3 and 4, A.2; Sections 6.1, 6.2, A.3.2"),
    statements=(
        _statement(
            "The settings tables agree with the text on clients, sampling, skew, weights and machine.",
            AGREEING,
            "Compared one by one.",
            "the settings both state",
        ),
        _statement(
            "Table 3 gives the federated training of Table 2.",
            BASELINE_RUN,
            "Table 3 has 2 local epochs and 100 rounds, Section 6.2 has 10 and 200 for that comparison.",
            "Table 2's run",
        ),
        _statement(
            "Table 3 gives the federated run of Figure 2a.",
            FIGURE_RUN,
            "Section 6.2 lets 20 clients train in parallel each round; Table 3 samples 5.",
            "Figure 2a's run",
        ),
    ),
)
