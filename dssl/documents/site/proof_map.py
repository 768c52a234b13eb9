"""The page of the proof map: the picture's data, and the same in words for phones, print and browsers without scripts.

`docs/site/_static/proof_map.js` draws the picture. It lays it out with dagre, and shows in its panel what stands here
below in words: nothing is said twice.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dssl.documents.site import markdown as md
from dssl.documents.site.cards import Records, label, named, signed
from ledger import attack_record
from ledger.items import RELATIONS
from ledger.lookup import written
from ledger.report import index
from ledger.report.proof_map import RESULTS, ProofMap, Step, build
from ledger.status import EVIDENCE_WORDS, STATUS_WORDS, Status
from ledger.verdicts import Row

FILE = "proof_map.md"
_MIXED = "some hold, some do not"
# How an item leans on others, as the list says it; and the other way round.
_LEANS = {
    "uses": ("Uses", "Used by"),
    "repeats": ("Repeats the argument of", "Its argument is repeated by"),
    "notation": ("Takes only notation from", "Only its notation is taken by"),
    "examines": ("Asks about", "Asked about by"),
}
_HEAD = """
The paper proves its theorems in many numbered steps. This map shows which step uses which, and our verdict on each.
**Read it from top to bottom**: each item stands below those that it uses, and the main results stand near the bottom.
An *item* is an equation, a theorem, an assumption, a table, or a step in the text.
"""
_WORDS = """
- An item **breaks** if nothing that the paper prints there can carry a proof: each statement that we took from it is
  false, has no definite meaning, or says nothing.
- It **breaks in part** if this is so for some of its statements, for example under one way to read the paper.
- An item **rests on** all that its statement and its printed proof use, directly or through others. It also rests on
  the steps whose argument its proof says to repeat.
- It **falls** if it rests on an item that breaks. **An item that falls may still be true.** Our verdicts do not rest on
  the paper's proofs: a check of our own decides each statement. Where a statement of an item that falls holds, the
  statement is true, but the printed proof does not show it.
- A proof **breaks first** at an item that breaks although nothing that it rests on does.

Which item uses which we read from the paper's text and proofs. The lists stand in `claims/ledger.toml`.
"""
_PICTURE = """
<link rel="stylesheet" href="_static/proof_map.css">
<div id="pm-map" hidden>
<div class="pm-bar">
<label for="pm-view">Show <select id="pm-view"></select></label>
<span class="pm-zoom"><button type="button" id="pm-out" aria-label="Make the map smaller">&#8722;</button><button
type="button" id="pm-in" aria-label="Make the map larger">+</button><button type="button" id="pm-fit">Whole
map</button></span>
</div>
<div id="pm-key" class="pm-key" role="group" aria-label="Verdicts to show"></div>
<details class="pm-marks"><summary>Marks and lines</summary><div id="pm-marks"></div></details>
<div class="pm-stage"><div id="pm-box" class="pm-box"></div><aside id="pm-panel" class="pm-panel" hidden
aria-label="The chosen item"></aside></div>
<p class="pm-hint" id="pm-hint"></p>
</div>
<noscript><p>The picture needs JavaScript. The list below says the same in words.</p></noscript>
"""


def pages(records: Records) -> dict[str, str]:
    """The text of the page, by its file."""
    rows = list(records.rows.values())
    return {FILE: page(build(records.items, rows), records)}


def page(graph: ProofMap, records: Records) -> str:
    """The whole page, as Markdown."""
    groups = index.grouped([step.item for step in graph.steps.values()])
    return md.page(
        "---\nhide-toc: true\n---",
        "(proof-map)=\n# Proof map",
        _HEAD.strip(),
        _in_short(graph),
        _PICTURE.strip(),
        f'<script type="application/json" id="pm-data">{_as_json(data(graph))}</script>',
        '<script defer src="_static/libraries/dagre/dagre.min.js"></script>\n<script defer src="_static/proof_map.js"></script>',
        "(words-of-the-map)=\n## What the words mean",
        _WORDS.strip(),
        "(main-results)=\n## The main results",
        _results(graph),
        "## Every item in words",
        "The same as a list. The verdict is the one of the statements that the paper prints. Where it prints none that "
        "can be checked, it is the verdict of what we expected, or of what we found to be true.",
        *(part for heading, items in groups.items() for part in _group(heading, [i.key for i in items], graph, records)),
    )


def slug(key: str) -> str:
    """The address of an item on the page: lemma-A.11 as item-lemma-a-11."""
    return "item-" + key.lower().replace(".", "-")


def data(graph: ProofMap) -> dict[str, Any]:
    """What the script draws: the items as nodes, what leans on what as edges, and the parts that can be shown alone."""
    first = first_broken(graph)
    nodes = [
        {
            "key": key,
            "slug": slug(key),
            "label": index.label(key),
            "status": step.status,
            "sign": index.SIGNS[step.status],
            "kind": step.kind,
            "breaks": step.breaks,
            "first": key in first,
            "falls": falls(graph, key),
            "result": key in RESULTS,
        }
        for key, step in graph.steps.items()
    ]
    edges = [
        {"from": other, "to": key, "how": how, "drawn": how not in ("uses", "repeats") or other in _needed(graph, key)}
        for key, step in graph.steps.items()
        for how in RELATIONS
        for other in getattr(step.item, how)
    ]
    words = {status: _word(status) for status in index.SIGNS}
    return {"nodes": nodes, "edges": edges, "views": views(graph), "words": words}


def first_broken(graph: ProofMap) -> list[str]:
    """The items at which a proof breaks first: nothing below them breaks, and something rests on them."""
    return [key for key in graph.first_broken(graph.steps) if graph.after[key]]


def falls(graph: ProofMap, key: str) -> bool:
    """Whether an item's printed proof uses an item that breaks, directly or through others."""
    return bool(graph.broken_before(key))


def views(graph: ProofMap) -> list[dict[str, Any]]:
    """The parts of the map, the first one shown at the beginning: each a name and the keys of its items."""
    alone = {key: _with_notation(graph, [key]) for key in RESULTS}
    proofs = _with_notation(graph, RESULTS)
    # MAR is what the equations of Section 5 are about, down to what is said and measured of them.
    about_mar = {k for k in graph.steps if k in ("eq-5", "eq-6", "eq-7") or graph.before[k] & {"eq-5", "eq-6", "eq-7"}}
    asking = {k for k, step in graph.steps.items() if step.item.examines or k.split("-")[0] in ("table", "figure")}
    found = {
        f"the proofs of the {len(RESULTS)} main results": proofs,
        **{f"only what {written(key)} rests on": keys for key, keys in alone.items()},
        "the alignment term (MAR)": about_mar | {o for k in about_mar - {"section-5"} for o in graph.steps[k].item.linked},
        "experiments and questions, with what they ask about": asking
        | {o for k in asking for o in graph.steps[k].item.examines},
        "everything": set(graph.steps),
    }
    return [{"name": name, "keys": [k for k in graph.steps if k in keys]} for name, keys in found.items()]


def _with_notation(graph: ProofMap, keys: Iterable[str]) -> set[str]:
    """These items, all that they rest on, and where the notation of all that comes from."""
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += [*graph.steps[key].item.rests_on, *graph.steps[key].item.notation]
    return found


def _needed(graph: ProofMap, key: str) -> set[str]:
    """What an item rests on and does not reach through others as well: enough to draw, and far fewer lines."""
    direct = graph.steps[key].item.rests_on
    return {k for k in direct if not any(k in graph.before[other] for other in direct)}


def _as_json(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _word(status: str) -> str:
    return STATUS_WORDS.get(status, _MIXED)


def _marked(status: str) -> str:
    return f"[{index.SIGNS[status]} {_word(status)}]{{.verdict .{status.lower().replace('_', '-')}}}"


def _link(key: str) -> str:
    return md.link(written(key) if index.label(key).startswith("(") else index.label(key), slug(key))


def _links(keys: Sequence[str]) -> str:
    return ", ".join(_link(key) for key in keys)


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _in_short(graph: ProofMap) -> str:
    """What the map shows, in three sentences."""
    fallen = [key for key in RESULTS if falls(graph, key)]
    first = [key for key in first_broken(graph) if any(key in graph.before[result] for result in RESULTS)]
    held = [key for key in fallen if any(r["status"] == Status.HOLDS for r in graph.steps[key].deciding)]
    return (
        f"**In short.** {_counted(len(fallen), 'main result falls', 'main results fall')}, of {len(RESULTS)}: their "
        f"printed proofs use steps that break. The proofs break first at {_links(first)}. A result that falls may still "
        f"be true. {_counted(len(held), 'of them holds', 'of them hold')} under some of the readings that we checked: see "
        "[the table below the map](#main-results). [What these words mean](#words-of-the-map)."
    )


def _results(graph: ProofMap) -> str:
    rows = []
    for key in RESULTS:
        step = graph.steps[key]
        broken = graph.broken_before(key)
        held = sum(r["status"] == Status.HOLDS for r in step.deciding)
        rows.append(
            (
                _link(key),
                _marked(step.status),
                f"{held} of {len(step.deciding)}",
                f"{len(broken)} of {len(graph.before[key])}",
                _links(graph.first_broken(broken)),
            )
        )
    heads = ("result", "our verdict", "printed statements that hold", "items it rests on that break", "breaks first at")
    return md.table(heads, rows)


def _group(heading: str, keys: Sequence[str], graph: ProofMap, records: Records) -> list[str]:
    return [f"### {md.plain(heading)}", *(_item(key, graph, records) for key in keys)]


def _item(key: str, graph: ProofMap, records: Records) -> str:
    step = graph.steps[key]
    item = step.item
    claims = ", ".join(f"[{md.plain(records.claims[c]['title'])}](#{label(c)})" for c in item.answered_by)
    title = written(key) if index.label(key).startswith("(") else index.label(key)
    place = item.where.removesuffix(title).removesuffix(", ")
    return md.page(
        f"`````{{container}} pm-item\n:name: {slug(key)}",
        f"**{md.plain(title)}** {md.plain(f'({place})') if place else ''} {_marked(step.status)}",
        md.plain(item.printed),
        md.formula(item.latex) if item.latex else "",
        f"{_source(step)}{_standing(key, graph)}",
        md.fields(
            [
                *((words[0], _links(getattr(item, how))) for how, words in _LEANS.items()),
                *((words[1], _links(graph.named_by(key, how))) for how, words in _LEANS.items()),
                ("What is true instead", _repaired(step, records)),
                ("More", f"{claims}" if claims else md.plain(f"Not answered: {item.pending}")),
            ]
        ),
        _statements(step, records),
        "`````",
    ).rstrip()


def _source(step: Step) -> str:
    if step.kind == "expected":
        return "The paper prints no statement here that we could check. The verdict is on what we expected. "
    if step.kind == "corrected":
        return "The paper prints no statement here that we could check. The verdict is on what we found to be true. "
    return ""


def _standing(key: str, graph: ProofMap) -> str:
    """Whether the item breaks or falls, why, and what falls with it."""
    step, broken = graph.steps[key], graph.broken_before(key)
    printed = [r for r in step.deciding if r["statement"] == "printed"]
    said: list[str] = []
    if step.item.examines and not graph.after[key]:
        return ""
    if step.breaks == "all":
        said.append("**Breaks**: nothing that is printed here can carry a proof.")
        if falls(graph, key):
            said.append(f"It also falls: it rests on {_counted(len(broken), 'item that breaks', 'items that break')}, first {_links(graph.first_broken(broken))}.")
        elif graph.after[key]:
            said.append("Nothing that it rests on breaks: **a proof breaks first here**.")
    else:
        if step.breaks == "part":
            said.append("**Breaks in part**: some statements that are printed here can carry no proof.")
        if falls(graph, key):
            said.append(f"**Falls**: it rests on {_counted(len(broken), 'item that breaks', 'items that break')}, first {_links(graph.first_broken(broken))}.")
            held = sum(r["status"] == Status.HOLDS for r in printed)
            if held:
                said.append(
                    f"{held} of {_counted(len(printed), 'printed statement', 'printed statements')} "
                    f"{'holds' if held == 1 else 'hold'} all the same. Our own check found that, without the printed proof."
                )
        elif partly := graph.broken_before(key, "part"):
            said.append(f"It rests on {_counted(len(partly), 'item that breaks', 'items that break')} in part: {_links(partly)}.")
        elif step.breaks == "no" and step.item.rests_on:
            said.append("Nothing that it rests on breaks.")
    after = graph.after[key]
    if step.breaks == "all":
        with_it = [k for k in RESULTS if k in after]
        named = f", among them {_links(with_it)}" if with_it else ""
        said.append(f"{_counted(len(after), 'item falls', 'items fall')} with it{named}." if after else "Nothing rests on it, so nothing falls with it.")
    return " ".join(said)


def _repaired(step: Step, records: Records) -> str:
    """The statements that are true where those that decide the item fail."""
    failing = [r for r in step.deciding if r["instead"] is not None]
    keys = dict.fromkeys(k for r in failing if isinstance(r["instead"], list) for k in r["instead"])
    lines = [f"- {named(key, records)}" for key in keys]
    unknown = sum(isinstance(r["instead"], str) for r in failing)
    if unknown:
        lines.append(f"- For {_counted(unknown, 'statement that fails', 'statements that fail')}, we do not know what is true instead.")
    return "\n".join(lines)


def _statements(step: Step, records: Records) -> str:
    if not step.deciding:
        return ""
    lines = "\n".join(f"- {_statement(row, records)}" for row in step.deciding)
    summary = f"The {len(step.deciding)} statements that decide" if len(step.deciding) > 1 else "The statement that decides"
    return f"<details><summary>{summary}, with evidence and attacks</summary>\n\n{lines}\n\n</details>"


def _statement(row: Row, records: Records) -> str:
    attack = records.attacks.get(row["key"])
    survived = f" Attacked: {md.plain(attack_record.in_words(attack))}" if attack else ""
    return f"{named(row['key'], records)} Evidence: {md.plain(EVIDENCE_WORDS[row['evidence']])}.{survived}"
