"""Representability of encoders trained on random data, measured trial by trial.

Most samplers draw only the sums over samples that determine the encoder. That is faster than drawing every sample, and
has the same distribution. May use `theory` and the files directly in `sims`. Begin with `montecarlo.py`, which chooses
among the samplers; `literal.py` draws every sample as the paper says and is what the others are compared with.
"""
