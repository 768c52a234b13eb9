"""What `README.md` and `docs/verdicts.md` take from the records, the calculator and the commands: no number is typed.

A document may use the ledger, the claims and the calculator; it runs the commands as a reader would, in a shell. Begin
with `readme.py`; `findings.py` holds the sentences with their numbers, `examples.py` runs the commands.
"""
