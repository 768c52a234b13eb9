"""The machinery that decides claims: statements, checks, verdicts, their record and their report.

May use `experiments`, `runtime`, `sims` and `theory`; it is handed claims and never imports them. Begin with
`statement.py`, then `decide.py`.
"""
