"""A fixed list of transformations H on the data of four clients, as witnesses against printed conditions on H."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ledger.statement import Context
from theory.data.moments import second_moment
from theory.objectives.transformation_family import family
from theory.objectives.transformations import Condition, transformation_condition
from theory.setting import Setting

Listed = tuple[str, np.ndarray, Setting]


def searched(_: Context) -> Iterator[Listed]:
    """The family of transformations on four clients in twelve coordinates, with c = N and then c = 2N."""
    for c in (4, 8):
        s = Setting.paper(12, n_clients=4, feature_dim=c)
        for words, h in family(4, c, 12):
            yield words, h, s


def condition_at(listed: Listed) -> tuple[Condition, dict[str, Any]]:
    """What H does, and the same in words for a witness."""
    words, h, s = listed
    found = transformation_condition(h, s, second_moment(s))
    return found, {
        "H": words,
        "n_clients": s.n_clients,
        "dim": s.dim,
        "feature_dim": s.feature_dim,
        "trace_signal": found.trace_signal,
        "trace_leading": found.trace_leading,
        "representability": [round(v, 12) for v in found.representability],
    }
