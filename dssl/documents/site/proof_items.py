"""What the proof map says of one item, in words: its verdict, whether it breaks or falls, and what would repair it."""

from collections.abc import Iterable, Sequence

from dssl.documents.site import markdown as md
from dssl.documents.site.cards import Records, came_to, label, named, slug
from ledger import attack_record, in_words, items
from ledger.items import numbered
from ledger.lookup import written
from ledger.report import index
from ledger.report.proof_map import RESULTS, ProofMap, Step
from ledger.status import EVIDENCE_WORDS, STATUS_WORDS, Status
from ledger.verdicts import Row

_MIXED = "verdicts differ"
# Where verdicts differ and none of the statements holds, it is a failure, and is shown as one.
NONE_HOLDS = "NONE_HOLDS"
SIGNS = {**index.SIGNS, NONE_HOLDS: index.SIGNS[Status.VIOLATED]}
# How the keys of items end in which trained models are asked what another item says.
_TRAINED = ("training", "training-neural", "shape", "nonlinear")
_MOST_CORRECTED = 4  # beyond those that replace what fails
_MOST_OF_A_WITNESS = 5
_UNPRINTED = {
    "expected": "The paper prints no statement here that we could check. The verdict is on what we expected.",
    "corrected": "The paper prints no statement here that we could check. The verdict is on what we found to be true.",
}


def name(key: str) -> str:
    """An item's name in a sentence: Eq (17), Theorem 4.4, Eckart-Young step."""
    short = index.label(key)
    return written(key) if short.startswith("(") else short


def shown(step: Step) -> str:
    """What became of an item, as the map shows it: its status, or that none of its statements holds."""
    return NONE_HOLDS if step.none_holds else step.status


def sign(step: Step) -> str:
    """The verdict as one character, in brackets where it is not on a statement of the paper."""
    found = SIGNS[shown(step)]
    return f"({found})" if step.kind in _UNPRINTED else found


def word(status: str) -> str:
    """The word for what became of an item."""
    return "none holds" if status == NONE_HOLDS else STATUS_WORDS.get(status, _MIXED)


def marked(step: Step) -> str:
    """The verdict as a sign and a word, marked so that the page can colour it."""
    status, unprinted = shown(step), " .unprinted" if step.kind in _UNPRINTED else ""
    return f"[{sign(step)} {word(status)}]{{.verdict .{status.lower().replace('_', '-')}{unprinted}}}"


def link(key: str) -> str:
    """The item's name as a link to its words."""
    return md.link(name(key), slug(key))


def links(keys: Sequence[str]) -> str:
    """The same of several items."""
    return ", ".join(link(key) for key in keys)


def signed_links(keys: Iterable[str], graph: ProofMap) -> str:
    """The same, each with the sign of its verdict."""
    return ", ".join(f"{sign(graph.steps[key])} {link(key)}" for key in keys)


def chain(keys: Sequence[str], graph: ProofMap) -> str:
    """Items of which each uses the one before, with arrows between them."""
    return " → ".join(f"{sign(graph.steps[key])} {link(key)}" for key in keys)


def item(key: str, graph: ProofMap, records: Records) -> str:
    """All words on one item, in a container that has its address."""
    step = graph.steps[key]
    said = step.item
    place = said.where.removesuffix(name(key)).removesuffix(", ")
    claims = ", ".join(f"[{md.plain(records.claims[c]['title'])}](#{label(c)})" for c in said.answered_by)
    named_by = items.named_by(key, (other.item for other in graph.steps.values()))
    lists = [
        (words[way], signed_links(found, graph) if how == "examines" and way else links(found))
        for way in (0, 1)
        for how, words in in_words.LEANS.items()
        if (found := named_by.get(how) if way else getattr(said, how))
    ]
    return md.page(
        f"`````{{container}} pm-item\n:name: {slug(key)}",
        f"**{md.plain(name(key))}** {md.plain(f'({place})') if place else ''} {marked(step)}",
        md.plain(said.printed),
        md.formula(said.latex) if said.latex else "",
        _breaks(step),
        " ".join(filter(None, [_UNPRINTED.get(step.kind, ""), *_standing(key, graph)])),
        md.fields(
            [
                ("How the break reaches it" if key in RESULTS else "How the break goes on", _chains(key, graph)),
                ("What would mend it", "\n".join(f"- {named(k, records)}" for k in said.mends)),
                ("For trained models", _trained(named_by.get("examines", ()), graph, records)),
                (
                    "What is true instead" if any(r["instead"] is not None for r in step.deciding) else "True besides",
                    _repaired(step, records),
                ),
                *lists,
                ("Cards with all that is recorded", claims or md.plain(f"Not answered: {said.pending}")),
            ]
        ),
        _statements(step, records),
        "`````",
    ).rstrip()


def _breaks(step: Step) -> str:
    """Whether what is printed breaks, and in the next line why: the reason on record, and a case where it fails."""
    head = {
        "all": "**Breaks**: nothing that is printed here can carry a proof.",
        "slip": f"**A slip**: what is printed here does not hold as it stands, and does no harm. "
        f"{md.plain(step.item.slip)}",
        "part": "**Breaks in part**: some statements that are printed here can carry no proof.",
    }.get(step.breaks)
    if head is None:
        return ""
    failing = step.failing
    # A statement with a case where it fails says the most.
    row = next((r for r in failing if r["witness"]), failing[0])
    reading = "" if row["reading"] == "any" else f" (reading: {row['reading']})"
    why = f"Why{reading}: {in_words.reason(row)}"
    pairs = [f"{what}: {value}" for what, value in in_words.witness(row)]
    if pairs:
        more = "; ..." if len(pairs) > _MOST_OF_A_WITNESS else ""
        why += f" A case where it fails: {'; '.join(pairs[:_MOST_OF_A_WITNESS])}{more}."
    if others := len(failing) - 1:
        why += f" {_counted(others, 'more statement fails', 'more statements fail')}: see below."
    return f"{head}\n\n{md.plain(why)}"


def _chains(key: str, graph: ProofMap) -> str:
    """Shortest ways on which the break goes: to a main result from each first, and from a first to the main results."""
    if key in RESULTS:
        found = [graph.chain(first, key) for first in graph.first_broken(graph.broken_before(key))]
    elif graph.first_broken([key]):
        found = [graph.chain(key, result) for result in RESULTS if result in graph.after[key]]
    else:
        found = []
    return "\n".join(f"- {chain(keys, graph)}" for keys in found)


def _trained(asking: Iterable[str], graph: ProofMap, records: Records) -> str:
    """What became of the item in trained models, from the items that ask it of them."""
    found = [graph.steps[k] for k in asking if (n := numbered(k)) is not None and n.words in _TRAINED]
    said = [(step, records.answer(step.item)) for step in found]
    return "\n".join(f"- {link(s.item.key)}: {came_to(a)}. {md.plain(a.words)}" for s, a in said)


def _standing(key: str, graph: ProofMap) -> list[str]:
    """Sentences: whether the item falls, why, and what falls with it."""
    step, broken, after = graph.steps[key], graph.broken_before(key), graph.after[key]
    if step.item.examines and not after:
        return []  # a question or an experiment: nothing is derived there
    said: list[str] = []
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
    among = f"{':' if len(after) == len(results) else ', among them'} {links(results)}" if results else ""
    here = ["**A proof breaks first here.**"] if is_first else []
    return [*here, f"{_counted(len(after), 'item falls', 'items fall')} with it{among}."]


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _repaired(step: Step, records: Records) -> str:
    """What is true here: first what we found to be true and the paper does not print, then other readings of it."""
    failing = [r for r in step.deciding if r["instead"] is not None]
    named_keys = list(dict.fromkeys(k for r in failing if isinstance(r["instead"], list) for k in r["instead"]))
    own = list(dict.fromkeys(r["key"] for r in step.rows if r["statement"] == "corrected" and r["status"] == "HOLDS"))
    besides = [k for k in own if k not in named_keys]
    kinds = {k: records.rows[k]["statement"] for k in named_keys if k in records.rows}
    first = [k for k in named_keys if kinds.get(k) == "corrected"]
    lines = [f"- {named(k, records)}" for k in [*first, *besides[:_MOST_CORRECTED]]]
    if left := len(besides[_MOST_CORRECTED:]):
        lines.append(f"- {_counted(left, 'more statement', 'more statements')} of ours: see the cards below.")
    lines += [
        f"- {'As printed, under another reading: ' if kinds.get(k) == 'printed' else ''}{named(k, records)}"
        for k in named_keys
        if k not in first
    ]
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
