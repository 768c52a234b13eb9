"""Deliberate errors in the mathematics: which of them does `dssl verify` notice?

`make mutants` changes one place of `theory/` or of a simulator at a time, in memory, and decides the claims that reach
the changed line. `operators.py` says which errors are made, `trial.py` tries one of them in a process of its own,
`run.py` chooses, runs and reports. Uses `ledger`, `claims` and `runtime`. Begin with `operators.py`.
"""
