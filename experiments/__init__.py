"""Training runs behind the paper's tables and figures, searches for networks, and the records of both.

May use `runtime`, `sims` and `theory`. Begin with `reproduction.py`, which trains one of the paper's experiments and
records it; the experiments themselves are the files of `paper/`.
"""
