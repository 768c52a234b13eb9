"""Representability measured on drawn data, mostly without forming the data or a d x d matrix.

May use `theory` and the single modules of `sims`. Begin with `montecarlo.py`, which chooses among the samplers;
`literal.py` draws every sample as the paper says and is what the others are compared with.
"""
