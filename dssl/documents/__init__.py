"""Writes the generated parts of `README.md` and `docs/verdicts.md`; no number in them is typed by hand.

Modules here may use the ledger, the claims and the calculator, and they run commands as a reader would, in a shell.
Begin with `readme.py`; `findings.py` holds the sentences with their numbers, `times.py` those on durations, and
`examples.py` runs the commands.
"""
