"""The page of the proof map: the picture's data, and the same in words for phones, print and browsers without scripts.

`docs/site/_static/proof_map.js` draws the picture. It lays it out with dagre, and shows in its panel what stands here
below in words: nothing is said twice.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from dssl.documents.site import markdown as md
from dssl.documents.site.cards import Records, came_to, slug
from dssl.documents.site.proof_items import SIGNS, chain, item, link, links, name, shown, sign, signed_links, word
from ledger.items import RELATIONS
from ledger.report import index
from ledger.report.proof_map import RESULTS, ProofMap, build
from ledger.status import Status

FILE = "proof_map.md"
_SCRIPTS = ("libraries/dagre/dagre.min.js", "proof_map.js")
_HEAD = """
The paper proves its theorems in many numbered steps. This map shows which step uses which, and our verdict on each.
**Read it from top to bottom**: each item stands below those that it uses, and the main results stand near the bottom.
An *item* is an equation, a theorem, an assumption, a table, or a step in the text.
"""
_WORDS = """
- We took one or more statements from each item, some of them under several ways to read the paper. The **verdict** of
  an item is the one that they share. The sign ± says that their verdicts differ: some may hold, and others not. Where
  they differ and yet no statement holds, the item is shown as one that fails, with the words *none holds*.
- A sign in brackets is a verdict on a statement that the paper does not print: on what we expected, or on what we found
  to be true. If it fails, the paper's proof does not break there.
- An item **breaks** if nothing that the paper prints there can carry a proof: each statement that we took from it is
  false, has no definite meaning, or says nothing.
- A **slip** is like that, too, but does no harm: the arguments that use it go through once it is mended. We judged
  so by hand, and the item says why. Nothing falls with a slip.
- It **breaks in part** if this is so for some of its statements, for example under one way to read the paper.
- An item **rests on** all that its statement and its printed proof use, directly or through others. It also rests on
  the steps whose argument its proof says to repeat.
- It **falls** if it rests on an item that breaks. **An item that falls may still be true.** Our verdicts do not rest on
  the paper's proofs: a check of our own decides each statement. Where a statement of an item that falls holds, our
  check speaks for the statement, and the printed proof does not.
- A proof **breaks first** at an item that breaks although nothing that it rests on does. We say so only where something
  rests on the item. Nothing rests on [UNUSED], for example: later steps take at most their notation, so no proof breaks
  there.

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
<p class="pm-hint" id="pm-hint"></p>
<div class="pm-stage"><div id="pm-box" class="pm-box"></div><aside id="pm-panel" class="pm-panel" hidden
aria-label="The chosen item"></aside></div>
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
        "\n".join(f'<script defer src="_static/{script}"></script>' for script in _SCRIPTS),
        "(words-of-the-map)=\n## What the words mean",
        _WORDS.strip().replace("[UNUSED]", links(_unused(graph))),
        "(main-results)=\n## The main results",
        _results(graph, records),
        "## Every item in words",
        "The same as a list. The verdict is the one of the statements that the paper prints. Where it prints none that "
        "can be checked, it is the verdict of what we expected, or of what we found to be true.",
        *(
            part
            for heading, found in groups.items()
            for part in (f"### {md.plain(heading)}", *(item(i.key, graph, records) for i in found))
        ),
    )


def data(graph: ProofMap) -> dict[str, Any]:
    """What the script draws: the items as nodes, what leans on what as edges, and the parts that can be shown alone."""
    first = first_broken(graph)
    nodes = [
        {
            "key": key,
            "slug": slug(key),
            "label": index.label(key),
            "name": name(key),
            "status": shown(step),
            "sign": sign(step),
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
    words = {status: word(status) for status in SIGNS}
    return {"nodes": nodes, "edges": edges, "views": views(graph), "words": words}


def first_broken(graph: ProofMap) -> list[str]:
    """The items at which a proof breaks first: nothing below them breaks, and something rests on them."""
    return [key for key in graph.first_broken(graph.steps) if graph.after[key]]


def _unused(graph: ProofMap) -> list[str]:
    """The equations that break, with nothing below them that does and nothing that rests on them."""
    return [
        k
        for k in graph.first_broken(graph.steps)
        if k.startswith("eq-") and not graph.steps[k].item.examines and not graph.after[k]
    ]


def falls(graph: ProofMap, key: str) -> bool:
    """Whether an item's printed proof uses an item that breaks, directly or through others."""
    return bool(graph.broken_before(key))


def views(graph: ProofMap) -> list[dict[str, Any]]:
    """The parts of the map, the first one shown at the beginning: each a name and the keys of its items."""
    alone = {key: {key, *graph.before[key]} for key in RESULTS}
    proofs = _with_notation(graph, RESULTS)
    # MAR is what the equations of Section 5 are about, down to what is said and measured of them.
    about_mar = {k for k in graph.steps if k in ("eq-5", "eq-6", "eq-7") or graph.before[k] & {"eq-5", "eq-6", "eq-7"}}
    asking = {k for k, step in graph.steps.items() if step.item.examines or k.split("-")[0] in ("table", "figure")}
    found = {
        f"the proofs of the {len(RESULTS)} main results": proofs,
        **{f"only {name(key)} and the {len(keys) - 1} items that it rests on": keys for key, keys in alone.items()},
        "the alignment term (MAR)": about_mar
        | {o for k in about_mar - {"section-5"} for o in graph.steps[k].item.linked},
        "experiments and questions, with what they ask about": asking
        | {o for k in asking for o in graph.steps[k].item.examines},
        "everything": set(graph.steps),
    }
    counted = {
        words if re.search(r"\d+ items", words) else f"{words} ({len(keys)} items)": keys
        for words, keys in found.items()
    }
    return [{"name": words, "keys": [k for k in graph.steps if k in keys]} for words, keys in counted.items()]


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


def _in_short(graph: ProofMap) -> str:
    """What the map shows, in a few sentences."""
    fallen = [key for key in RESULTS if falls(graph, key)]
    first = [key for key in first_broken(graph) if any(key in graph.before[result] for result in RESULTS)]
    held = [key for key in fallen if any(r["status"] == Status.HOLDS for r in graph.steps[key].deciding)]
    slips = [key for key, step in graph.steps.items() if step.breaks == "slip"]
    alone = [key for key in first if graph.after[key] >= set(RESULTS)]
    all_or_some = (
        f"All {len(RESULTS)} main results"
        if len(fallen) == len(RESULTS)
        else f"Of {len(RESULTS)} main results, {len(fallen)}"
    )
    each_or_some = "Each of them holds" if len(held) == len(fallen) else f"{len(held)} of them hold"
    every = f" All {len(RESULTS)} rest on {links(alone)}." if alone else ""
    mended = f" Slips that do no harm do not count as breaks: {links(slips)}." if slips else ""
    return (
        f"**In short.** {all_or_some} fall: their printed proofs use steps that break. The proofs break first at "
        f"{signed_links(first, graph)}.{every}{mended} A result that falls may still be true. {each_or_some} "
        "under some of the readings that we checked: see [the main results](#main-results). "
        "[What these words mean](#words-of-the-map)."
    )


def _results(graph: ProofMap, records: Records) -> str:
    """Each main result with its answer, how much of what it rests on breaks, and how a break reaches it."""
    return "\n\n".join(_result(key, graph, records) for key in RESULTS)


def _result(key: str, graph: ProofMap, records: Records) -> str:
    said = records.answer(graph.steps[key].item)
    broken = graph.broken_before(key)
    chains = [chain(graph.chain(first, key), graph) for first in graph.first_broken(broken)]
    proof = f"Printed proof: of the {len(graph.before[key])} items that it rests on, {len(broken)} break."
    if chains:
        proof += " The shortest way from each place where it breaks first:\n\n" + "\n".join(f"- {c}" for c in chains)
    return f"**{link(key)}** {came_to(said)}\n\n{md.plain(f'{said.words} {said.count}')}\n\n{proof}"
