"""The pages of the commands, from their help, and those of the calculator's quantities."""

import pathlib
import re
import tempfile
from collections.abc import Sequence

from dssl.calculator import compute
from dssl.documents import examples
from dssl.documents.site import markdown as md
from runtime.usage import UsageError

COMMANDS, QUANTITIES = "commands", "quantities"
# A line of the overview: two spaces, the command, what it does. A heading of it: words and a colon.
_LISTED = re.compile(r"^  ([a-z]+) +(\S.*)$")
_HEADING = re.compile(r"^([a-z ]+):$")
# So wide that no help is broken into lines; each option then stands on a line of its own.
_ONE_LINE = 4000
_FRAME, _TITLE = "╭╰", re.compile(r"^╭─ (.*?) ─+╮$")


def commands(checkout: pathlib.Path) -> dict[str, str]:
    """The page of every command, and the one that lists them, by their files. Each is asked for its help once."""
    with tempfile.TemporaryDirectory() as tools:
        run = examples.in_a_shell(pathlib.Path(tools), checkout)
        overview = run("dssl --help", pathlib.Path(tools))
        groups = listed(overview)
        helps = {
            name: run(f"COLUMNS={_ONE_LINE} dssl {name} --help", pathlib.Path(tools)).replace(f"{checkout}/", "")
            for group in groups.values()
            for name, _ in group
        }
    does = {name: said for group in groups.values() for name, said in group}
    pages = {f"{COMMANDS}/{name}.md": command(name, does[name], found) for name, found in helps.items()}
    return {**pages, f"{COMMANDS}/index.md": _list_of_commands(groups)}


def listed(overview: str) -> dict[str, list[tuple[str, str]]]:
    """The commands under each heading of `dssl --help`, each with what it does.

    Errors: UsageError where no command is found: the form of the overview has changed.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    heading = ""
    for line in overview.splitlines():
        if found := _HEADING.match(line):
            heading = found[1]
        elif (found := _LISTED.match(line)) and heading:
            groups.setdefault(heading, []).append((found[1], found[2]))
    if not groups:
        raise UsageError("`dssl --help` lists no commands in the form that `dssl/documents/site/tools.py` reads.")
    return groups


def command(name: str, does: str, help_text: str) -> str:
    """The page of one command, from its help in lines that are not broken."""
    head, _, options = help_text.partition("\n╭")
    usage, _, about = head.partition("\n")
    paragraphs = [md.prose(part) for part in re.split(r"\n\s*\n", about.strip())]
    return md.page(
        f"(command-{name})=\n# {md.code(f'dssl {name}')}",
        md.plain(f"{does[0].upper()}{does[1:]}."),
        md.block(usage.removeprefix("usage: ")),
        *paragraphs,
        *_options(f"╭{options}"),
    )


def _options(text: str) -> list[str]:
    """The boxes of a help as headings and lists: each option with what it does."""
    parts: list[str] = []
    found: list[tuple[str, list[str]]] = []
    for line in [*text.splitlines(), "╰"]:
        if title := _TITLE.match(line):
            parts.append(f"## {md.plain(title[1].capitalize())}")
        elif line[:1] in _FRAME:
            parts.append(md.fields((md.code(name), md.prose(" ".join(said)) or "(no words)") for name, said in found))
            found = []
        else:
            inside = line.strip("│").rstrip()
            name, _, said = inside.strip().partition("  ")
            if inside.startswith("  ") and found:  # goes on below the option, indented
                found[-1][1].append(inside.strip())
            else:
                found.append((name, [said.strip()] if said.strip() else []))
    return [part for part in parts if part]


def _list_of_commands(groups: dict[str, list[tuple[str, str]]]) -> str:
    parts = []
    for heading, group in groups.items():
        cells = ((f"[{md.code(f'dssl {name}')}](#command-{name})", md.plain(does)) for name, does in group)
        parts += [f"## {md.plain(heading.capitalize())}", md.table(("command", "what it does"), cells)]
    return md.page(
        "(commands)=\n# Commands",
        "Each page shows the same words as `dssl COMMAND --help`.",
        *parts,
        md.contents([name for group in groups.values() for name, _ in group]),
    )


def quantities() -> dict[str, str]:
    """The page of every quantity of the calculator, and the one that lists them, by their files."""
    names = compute.names()
    cells = (
        (f"[{md.code(name)}](#quantity-{name.replace('_', '-')})", md.prose(compute.title(name))) for name in names
    )
    index = md.page(
        "(quantities)=\n# Quantities",
        "`dssl compute NAME key=value ...` computes one of these; in Python it is `dssl.NAME(...)`. "
        "[How to compute a bound](../how_to/compute_a_bound.md) has examples.",
        md.table(("quantity", "what comes out"), cells),
        md.contents(names),
    )
    return {f"{QUANTITIES}/index.md": index, **{f"{QUANTITIES}/{name}.md": quantity(name) for name in names}}


def quantity(name: str) -> str:
    """The page of one quantity: what comes out, and its keys."""
    keys = compute.keys(name)
    needed = [k for k in keys if k.default == "required"]
    call = " ".join([f"dssl compute {name}", *(f"{k.name}=..." for k in needed)])
    return md.page(
        f"(quantity-{name.replace('_', '-')})=\n# {md.code(name)}",
        f"{md.prose(compute.title(name).rstrip('.'))}.",
        md.block(call),
        f"In Python: {{py:func}}`dssl.{name}`.",
        md.prose(compute.about(name)),
        "## Keys",
        _keys(keys),
    )


# What a table says for a key without a default of its own. Its meaning says what holds then.
_LEFT_OUT = {"required": "needed", "None": "not given"}


def _keys(keys: Sequence[compute.Key]) -> str:
    rows = (
        (
            md.code(k.name),
            md.prose(k.meaning),
            md.plain(k.unit),
            _LEFT_OUT.get(k.default) or md.code(k.default),
            md.plain(k.allowed),
        )
        for k in sorted(keys, key=lambda k: k.default != "required")
    )
    return md.table(("key", "meaning", "unit", "if left out", "values"), rows)
