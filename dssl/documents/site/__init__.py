"""Writes the sources of the documentation site: pages for Sphinx, from the records, the commands and `docs/`.

Modules here may use what the rest of `dssl.documents` may. Begin with `sources.py`, which lists all pages;
`cards.py` has the page of a claim, `tables.py` the lists of claims, `proof_map.py` the map of the paper's proofs with
`proof_items.py` for its words, `tools.py` commands and quantities, `reference.py` the names of `import dssl`,
`copied.py` what is taken over from `docs/` and `notebooks/`, and `explanation.py` the article, whose numbers and
verdicts are slots (`slots.py`, `slot_numbers.py`). `markdown.py` spells plain text so that Markdown leaves it as it is.
`make docs` runs all of it.
"""
