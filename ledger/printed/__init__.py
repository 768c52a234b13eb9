"""What the paper prints as statements on a domain: its theorems, orders and widths under its own assumptions.

A refuted one fails at a witness that a search found (`found_witnesses.py`). May use `ledger.drawn`, `ledger.checks`,
`sims` and `theory`. Begin with `printed_theorems.py`.
"""
