"""Eqs (27) and (28): the mean matrix over one client's neighbourhood.

The arithmetic of (28) is right. (27) puts it in the wrong places: client i is in its own neighbourhood, so its
coordinate is lowered like its neighbours', and the coordinates that nobody in the neighbourhood owns stay at tau^2.
"""

import numpy as np
import sympy as sp

from ledger.checks.enumerated import LEADING, PI
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import network_at
from ledger.drawn.network_entries import PRINTED, entries_at, entries_domain, resolution, summed_neighbourhood
from ledger.statement import Claim, Evidence, Statement
from theory import symbols as sy
from theory.domain import Condition, Point, Value, Whole
from theory.formula import Source
from theory.networks.objective_entries import neighbourhood_entries
from theory.networks.objective_weights import neighbourhoods

SIZE = sp.Symbol("A_i", positive=True)
CLIENT = Whole("client", 1, 16)
CLIENT_IS_THERE = Condition("client at most n_clients", r"i \le N", lambda p: p["client"] <= p["n_clients"])


def _closed_entries(at: Point) -> np.ndarray:
    members = neighbourhoods(network_at(at))[int(at["client"]) - 1]
    return neighbourhood_entries(members, *entries_at(at))


def _printed_entries(at: Point) -> np.ndarray:
    """(27): lowered at the neighbours' coordinates alone."""
    entries = _closed_entries(at)
    entries[int(at["client"]) - 1] = entries_at(at)[0]
    return entries


def _summed_entries(at: Point, _: Effort) -> Sample:
    return Sample(summed_neighbourhood(at, int(at["client"]) - 1)[None], resolution(at))


PATH: dict[str, Value] = {"n_clients": 3, "network": "path", "draw": 1, "tau": 2.0, "mu": 0.0}
PATH |= {"entries": PRINTED, "client": 1}

CLAIM = Claim(
    id="eq-neighbourhood-mean",
    title="The mean matrix over one neighbourhood",
    items=("eq-27", "eq-28"),
    source=Source("chen2026", "A.6.2, Eqs (27) and (28)"),
    statements=(
        Statement(
            "eq27.neighbours-lowered",
            "printed",
            "(27), granted (18): the entries at the neighbours' coordinates are lowered, and the entry at the "
            "client's own coordinate is tau^2.",
            OnDomain(
                entries_domain(CLIENT, conditions=(CLIENT_IS_THERE,)),
                Then("=", _printed_entries, _summed_entries),
                "The client belongs to A_i, so its own coordinate is lowered as well.",
                Evidence.NUMERIC,
                named=[
                    {
                        "n_clients": 3,
                        "network": "path",
                        "draw": 1,
                        "tau": 2.0,
                        "mu": 0.0,
                        "entries": PRINTED,
                        "client": 1,
                    }
                ],
            ),
            instead=("eq27.members-lowered",),
            latex=r"\mathbb{E}\overline{X_i} = 2p(1-p)\operatorname{diag}(\dots(1-\tfrac{1}{|A_i|})\tau^2"
            r"+\tfrac{1}{|A_i|}\dots,\ \tau^2\ (i),\dots)",
            about=("eq-27",),
        ),
        Statement(
            "eq27.mean-of-entries",
            "printed",
            "(28): the mean of |A_i| - 1 entries tau^2 and one entry 1 is (1 - 1/|A_i|) tau^2 + 1/|A_i|, "
            "times 2p(1-p).",
            Identity(
                lambda: 2 * PI * ((1 - 1 / SIZE) * sy.tau**2 + 1 / SIZE),
                lambda: ((SIZE - 1) * LEADING + 2 * PI) / SIZE,
                "Arithmetic.",
            ),
            latex=r"2p(1-p)\left((1-\tfrac{1}{|A_i|})\tau^2 + \tfrac{1}{|A_i|}\right)",
            about=("eq-28",),
        ),
        Statement(
            "eq27.members-lowered",
            "corrected",
            "In the mean matrix over the neighbourhood A_i, the entry at the coordinate of every member, client i "
            "included, is (1 - 1/|A_i|) a + b/|A_i|. All other entries are a. b is a client's entry at its own "
            "coordinate, and a its entry elsewhere.",
            OnDomain(
                entries_domain(CLIENT, conditions=(CLIENT_IS_THERE,)),
                Then("=", _closed_entries, _summed_entries),
                "Each such coordinate belongs to one member of A_i. The others belong to no member.",
                Evidence.NUMERIC,
            ),
        ),
    ),
)
