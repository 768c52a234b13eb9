"""What the proof map says of one item, in words: its verdict, whether it breaks or falls, and what would repair it."""

from collections.abc import Sequence

from dssl.documents.site import markdown as md
from dssl.documents.site.cards import Records, label, named
from ledger import attack_record, in_words, items
from ledger.lookup import written
from ledger.report import index
from ledger.report.proof_map import RESULTS, ProofMap, Step
from ledger.status import EVIDENCE_WORDS, STATUS_WORDS, Status
from ledger.verdicts import Row

_MIXED = "verdicts differ"
_UNPRINTED = {
    "expected": "The paper prints no statement here that we could check. The verdict is on what we expected.",
    "corrected": "The paper prints no statement here that we could check. The verdict is on what we found to be true.",
}


def slug(key: str) -> str:
    """The address of an item on the page: lemma-A.11 as item-lemma-a-11."""
    return "item-" + key.lower().replace(".", "-")


def name(key: str) -> str:
    """An item's name in a sentence: Eq (17), Theorem 4.4, Eckart-Young step."""
    short = index.label(key)
    return written(key) if short.startswith("(") else short


def word(status: str) -> str:
    """The word for what became of an item."""
    return STATUS_WORDS.get(status, _MIXED)


def marked(status: str) -> str:
    """The verdict as a sign and a word, marked so that the page can colour it."""
    return f"[{index.SIGNS[status]} {word(status)}]{{.verdict .{status.lower().replace('_', '-')}}}"


def link(key: str) -> str:
    """The item's name as a link to its words."""
    return md.link(name(key), slug(key))


def links(keys: Sequence[str]) -> str:
    """The same of several items."""
    return ", ".join(link(key) for key in keys)


def item(key: str, graph: ProofMap, records: Records) -> str:
    """All words on one item, in a container that has its address."""
    step = graph.steps[key]
    said = step.item
    place = said.where.removesuffix(name(key)).removesuffix(", ")
    claims = ", ".join(f"[{md.plain(records.claims[c]['title'])}](#{label(c)})" for c in said.answered_by)
    named_by = items.named_by(key, (other.item for other in graph.steps.values()))
    lists = [
        (words[way], links(found))
        for way in (0, 1)
        for how, words in in_words.LEANS.items()
        if (found := named_by.get(how) if way else getattr(said, how))
    ]
    return md.page(
        f"`````{{container}} pm-item\n:name: {slug(key)}",
        f"**{md.plain(name(key))}** {md.plain(f'({place})') if place else ''} {marked(step.status)}",
        md.plain(said.printed),
        md.formula(said.latex) if said.latex else "",
        " ".join(filter(None, [_UNPRINTED.get(step.kind, ""), *_standing(key, graph)])),
        md.fields(
            [
                *lists,
                ("What is true instead", _repaired(step, records)),
                ("Cards with all that is recorded", claims or md.plain(f"Not answered: {said.pending}")),
            ]
        ),
        _statements(step, records),
        "`````",
    ).rstrip()


def _standing(key: str, graph: ProofMap) -> list[str]:
    """Sentences: whether the item breaks or falls, why, and what falls with it."""
    step, broken, after = graph.steps[key], graph.broken_before(key), graph.after[key]
    if step.item.examines and not after:
        return []  # a question or an experiment: nothing is derived there
    said: list[str] = []
    if step.breaks == "all":
        said.append("**Breaks**: nothing that is printed here can carry a proof.")
    elif step.breaks == "part":
        said.append("**Breaks in part**: some statements that are printed here can carry no proof.")
    if broken:
        first = links(graph.first_broken(broken))
        said.append(
            f"**Falls**: it rests on {_counted(len(broken), 'item that breaks', 'items that break')}, first {first}."
        )
        said += _held(step)
    elif partly := graph.broken_before(key, "part"):
        named_ones = links(partly)
        said.append(
            f"It rests on {_counted(len(partly), 'item that breaks', 'items that break')} in part: {named_ones}."
        )
    elif step.item.rests_on:
        said.append("Nothing that it rests on breaks.")
    if step.breaks == "all":
        said += _felled(after, is_first=not broken)
    return said


def _held(step: Step) -> list[str]:
    printed = [r for r in step.deciding if r["statement"] == "printed"]
    held = sum(r["status"] == Status.HOLDS for r in printed)
    if not held:
        return []
    if len(printed) == 1:
        return ["What is printed holds all the same. Our own check found that, without the printed proof."]
    does = "holds" if held == 1 else "hold"
    return [
        f"{held} of {len(printed)} printed statements {does} all the same. Our own check found that, without the "
        "printed proof."
    ]


def _felled(after: frozenset[str], *, is_first: bool) -> list[str]:
    if not after:
        return ["Nothing rests on it, so nothing falls with it."]
    results = [key for key in RESULTS if key in after]
    among = f", among them {links(results)}" if results else ""
    here = ["**A proof breaks first here.**"] if is_first else []
    return [*here, f"{_counted(len(after), 'item falls', 'items fall')} with it{among}."]


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _repaired(step: Step, records: Records) -> str:
    """The statements that are true where those that decide the item fail."""
    failing = [r for r in step.deciding if r["instead"] is not None]
    keys = dict.fromkeys(k for r in failing if isinstance(r["instead"], list) for k in r["instead"])
    lines = [f"- {named(key, records)}" for key in keys]
    if unknown := sum(isinstance(r["instead"], str) for r in failing):
        those = _counted(unknown, "statement that fails", "statements that fail")
        lines.append(f"- For {those}, we do not know what is true instead.")
    return "\n".join(lines)


def _statements(step: Step, records: Records) -> str:
    if not step.deciding:
        return ""
    lines = "\n".join(f"- {_statement(row, records)}" for row in step.deciding)
    n = len(step.deciding)
    summary = "The statement that decides" if n == 1 else f"The {n} statements that decide"
    return f"<details><summary>{summary}, with evidence and attacks</summary>\n\n{lines}\n\n</details>"


def _statement(row: Row, records: Records) -> str:
    attack = records.attacks.get(row["key"])
    survived = f" Attacked: {md.plain(attack_record.in_words(attack))}" if attack else ""
    return f"{named(row['key'], records)} Evidence: {md.plain(EVIDENCE_WORDS[row['evidence']])}.{survived}"
