"""Representability of encoders trained on random data, measured trial by trial.

Most samplers draw the sums that the encoder depends on, which is faster than drawing every sample and has the same law.
May use `theory` and the files directly in `sims`. Begin with `montecarlo.py`, which chooses among the samplers;
`literal.py` draws every sample as the paper says and is what the others are compared with.
"""
