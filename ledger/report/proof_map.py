"""The paper as a graph: what each item rests on, where a printed proof breaks, and what falls with a step.

A verdict here never rests on the paper's proof: every statement is decided by a check of its own. So an item may hold
although its printed proof is broken, and both are told apart below.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Literal

from ledger.items import Item
from ledger.lookup import Index
from ledger.report.index import deciding, item_status
from ledger.status import Status
from ledger.verdicts import Record, Row

Breaks = Literal["all", "slip", "part", "no"]
# A statement of these cannot carry a proof: it is false, it has no definite meaning, or it says nothing.
_CARRIES_NOTHING = (Status.VIOLATED, Status.ILL_FORMED, Status.VACUOUS)
_PAPER = "chen2026,"  # how the source of a statement begins that the paper itself prints
RESULTS = ("theorem-4.2", "theorem-4.3", "theorem-4.4", "corollary-4.5", "theorem-4.6")


@dataclass(frozen=True)
class Step:
    """One item with what became of it. `rows` are its statements, `deciding` those that give it its status.

    `breaks` tells whether what the paper prints can carry a proof: "all" where no printed statement can, "part" where
    some cannot, "no" where each can, or where the paper prints nothing that we checked. "slip" is like "all", but the
    ledger says why the arguments that use the item take no harm: nothing falls with it.
    """

    item: Item
    status: str
    breaks: Breaks
    rows: tuple[Row, ...]
    deciding: tuple[Row, ...]

    @property
    def kind(self) -> str:
        """Whether the deciding statements are printed, expected or corrected; "" where there are none."""
        return self.deciding[0]["statement"] if self.deciding else ""

    @property
    def failing(self) -> list[Row]:
        """What the paper prints here and cannot carry a proof."""
        return [r for r in _printed(self.rows) if r["status"] in _CARRIES_NOTHING]

    @property
    def none_holds(self) -> bool:
        """Whether the verdicts differ and yet each says that the statement cannot carry a proof."""
        return self.status == "MIXED" and all(r["status"] in _CARRIES_NOTHING for r in self.deciding)


@dataclass(frozen=True)
class ProofMap:
    """All items by key, in an order in which each comes after what it leans on."""

    steps: Mapping[str, Step]

    @cached_property
    def before(self) -> Mapping[str, frozenset[str]]:
        """For each item all that it rests on, directly or through others."""
        found: dict[str, frozenset[str]] = {}
        for key, step in self.steps.items():
            direct = step.item.rests_on
            found[key] = frozenset(direct).union(*(found[other] for other in direct))
        return found

    @cached_property
    def after(self) -> Mapping[str, frozenset[str]]:
        """For each item all that rests on it, directly or through others: what falls if it breaks."""
        return {key: frozenset(k for k in self.steps if key in self.before[k]) for key in self.steps}

    def broken_before(self, key: str, breaks: Breaks = "all") -> list[str]:
        """The items below this one that break, in the order of the map; with "part" or "slip", those that do that."""
        return [k for k in self.steps if k in self.before[key] and self.steps[k].breaks == breaks]

    def first_broken(self, keys: Iterable[str]) -> list[str]:
        """Of some items those that break although nothing that they rest on does: there a proof breaks first."""
        return [k for k in keys if self.steps[k].breaks == "all" and not self.broken_before(k)]

    def chain(self, start: str, end: str) -> list[str]:
        """A shortest way from an item to one that rests on it, each using the one before; [] where it does not."""
        ways = {end: [end]}
        waiting = deque([end])
        while waiting:
            key = waiting.popleft()
            # Among ways of one length, those over items that break come first: there the reader sees what goes wrong.
            for other in sorted(self.steps[key].item.rests_on, key=lambda k: self.steps[k].breaks != "all"):
                if other not in ways:
                    ways[other] = [other, *ways[key]]
                    waiting.append(other)
        return ways.get(start, [])


def build(items: Sequence[Item], rows: Sequence[Row]) -> ProofMap:
    """The map from the ledger's items and the rows of the record."""
    by_key = {item.key: item for item in items}
    index = Index(Record(list(rows)), items)
    # Items of the same depth stay in the order of the ledger.
    sorter = TopologicalSorter({key: item.linked for key, item in by_key.items()})
    return ProofMap({key: _step(by_key[key], index.of_item(by_key[key])) for key in sorter.static_order()})


def _step(item: Item, rows: tuple[Row, ...]) -> Step:
    printed = _printed(rows)
    wrong = [r for r in printed if r["status"] in _CARRIES_NOTHING]
    is_whole = len(wrong) == len(printed)
    breaks: Breaks = "no" if not wrong else "part" if not is_whole else "slip" if item.slip else "all"
    return Step(item, item_status(rows), breaks, rows, tuple(deciding(rows)))


def _printed(rows: Iterable[Row]) -> list[Row]:
    """What the paper itself prints; code and other works are printed elsewhere."""
    return [r for r in rows if r["statement"] == "printed" and r["source"].startswith(_PAPER)]
