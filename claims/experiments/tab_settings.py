"""Tables 3 and 4: the printed settings against the text that uses them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ledger.checks.kinds import ForAll
from ledger.statement import Claim, Evidence, Instead, Kind, Statement
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
# The federated run of Table 2 in numbers, by Table 3 and by Section 6.2.
RUN = {"clients": (100, 100), "clients a round": (5, 5), "local epochs": (2, 10), "rounds": (100, 200)}
# Clients, and those that train each round: Table 3, and Figure 2a by its caption and by Section 6.2.
SHARES = {"Table 3": (100, 5), "Figure 2a": (20, 20)}
BASELINE_RUN = {f"{what}, Section 6.2": RUN[what] for what in ("local epochs", "rounds")}
FIGURE_RUN = {
    "federated clients training in parallel each round, Figure 2a and Section 6.2": (
        SHARES["Table 3"][1],
        SHARES["Figure 2a"][1],
    )
}


def agrees(item: tuple[str, tuple[Any, Any]], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether table and text give a setting the same value."""
    what, (table, text) = item
    # Settings in words have no factor.
    if spoil != 1 and isinstance(text, int):
        text = text * spoil
    return table == text, {"setting": what, "table": table, "text": text}


def _statement(
    key: str,
    kind: Kind,
    said: str,
    settings: Mapping[str, tuple[Any, Any]],
    because: str,
    instead: Instead = (),
    about: tuple[str, ...] = ("table-3",),
) -> Statement:
    check = ForAll(lambda context: settings.items(), agrees, because, Evidence.ENUMERATED)
    return Statement(key, kind, said, check, instead=instead, about=about)


def at_most_one(part: str, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Where the two sources agree is the clients and the sampling, no more: two runs, and Table 2 is at most one."""
    agreed = {what for what, (table, text) in RUN.items() if table == text * spoil}
    return agreed == {"clients", "clients a round"}, {"run": part, "agreed": sorted(agreed), "of": sorted(RUN)}


def local_epochs(source: int) -> Fraction:
    """Local epochs of a client over the whole run, on average over the draws: share of rounds, rounds, epochs each."""
    return Fraction(RUN["clients a round"][source], RUN["clients"][source]) * (
        RUN["rounds"][source] * RUN["local epochs"][source]
    )


def tenfold(part: str, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether a client trains 10 local epochs over the run by Table 3, and 100 by Section 6.2."""
    table, text = local_epochs(0), local_epochs(1)
    return (table, text) == (10, 100 * Fraction(str(spoil))), {"run": part, "table": str(table), "text": str(text)}


def whole_network_trains(part: str, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether one client in twenty trains each round by Table 3, and every client in Figure 2a."""
    shares = {what: Fraction(active, clients) for what, (clients, active) in SHARES.items()}
    wanted = {"Table 3": Fraction(1, 20), "Figure 2a": Fraction(str(spoil))}
    return shares == wanted, {"run": part, **{k: str(v) for k, v in shares.items()}}


def _true(key: str, said: str, predicate: Any, because: str, run: str) -> Statement:
    check = ForAll(lambda _: (run,), predicate, because, Evidence.ENUMERATED)
    return Statement(key, "corrected", said, check, about=("table-3",))


CLAIM = Claim(
    id="tab-settings",
    title="Tables 3 and 4: the settings against the text",
    items=("table-3", "table-4"),
    source=Source("chen2026", "Tables 3 and 4, A.2; Sections 6.1, 6.2, A.3.2"),
    statements=(
        _statement(
            "tab3.settings-both-state",
            "expected",
            "The settings tables agree with the text on clients, sampling, skew, weights and machine.",
            AGREEING,
            "The numbers are compared one by one.",
            about=("table-3", "table-4"),
        ),
        _statement(
            "tab3.table-2-run",
            "printed",
            "Table 3 gives the federated training of Table 2.",
            BASELINE_RUN,
            "Table 3 has 2 local epochs and 100 rounds, Section 6.2 has 10 and 200 for that comparison.",
            instead=("tab3.table-2-run-one-source",),
        ),
        _statement(
            "tab3.figure-2a-run",
            "printed",
            "Table 3 gives the federated run of Figure 2a.",
            FIGURE_RUN,
            "Section 6.2 lets 20 clients train in parallel each round; Table 3 samples 5.",
            instead=("tab3.figure-2a-run-shares",),
        ),
        _true(
            "tab3.table-2-run-one-source",
            "At most one of Table 3 and Section 6.2 describes the run of Table 2. Both have 100 clients, 5 in "
            "each round, but they differ in local epochs and in rounds.",
            at_most_one,
            "Only the authors know which one does. Neither number follows from the other.",
            "Table 2's run",
        ),
        _true(
            "tab3.table-2-run-epochs",
            "A client of Table 2 trains 10 local epochs in all by Table 3 and 100 by Section 6.2, on average over the "
            "sampling.",
            tenfold,
            "A client takes part in 5 of 100 rounds on average. This share is multiplied by the rounds and by the "
            "epochs.",
            "Table 2's run",
        ),
        _true(
            "tab3.figure-2a-run-shares",
            "Figure 2a's federated run lets all of 20 clients train each round; the run of Table 3, 5 of 100, is "
            "another one.",
            whole_network_trains,
            "The shares of clients in a round are 1 and 1/20. The figure's caption speaks of a network of 20 clients.",
            "Figure 2a's run",
        ),
    ),
)
