"""How the project runs: files of results, parsing of values, cores, effort (quick or full), and errors.

May use `theory` and `sims`. Begin with `store.py`, which writes a file whole or not at all; `usage.py` has the error
that a user sees as one sentence.
"""
