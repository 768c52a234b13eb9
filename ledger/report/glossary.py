"""The page `docs/glossary.md`: every letter and word of the project with its meaning, from `theory.terms`."""

from theory.terms import GROUPS, Term

HEAD = """# Glossary

Every letter and word of the project, with one meaning each. The command `python -m dssl glossary` writes this page from
`theory/terms.py`. Sources are keys of `claims/references.bib`; `chen2026` is the paper, `ledger` is this project.
"""


def page() -> str:
    """The page as Markdown: one table a group of terms, sorted by name."""
    return HEAD + "".join(_table(title, group) for title, group in GROUPS.items())


def _table(title: str, group: tuple[Term, ...]) -> str:
    rows = [_row(term) for term in sorted(group, key=lambda t: t.name.casefold())]
    return "\n".join(
        ["", f"## {title}", "", "| symbol | name | meaning | unit | source |", "|---|---|---|---|---|", *rows, ""]
    )


def _row(term: Term) -> str:
    # A bar would end the cell of the table, so it is spelled out within mathematics and escaped within words.
    letters = term.symbol.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
    words = (w.replace("|", r"\|") for w in (term.name, term.meaning, term.units, str(term.source)))
    return f"| {' | '.join([f'${letters}$' if letters else '', *words])} |"
