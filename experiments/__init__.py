"""Training runs and searches behind the paper's tables and figures, and what is recorded of them.

May use `runtime`, `sims` and `theory`. Begin with `reproduction.py`, which trains one of the paper's experiments and
records it; the experiments themselves are the files of `paper/`.
"""
