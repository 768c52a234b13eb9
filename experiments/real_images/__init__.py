"""Trains the paper's linear models on real images under every reading, and records what they represent.

May use `experiments.pretraining`, `runtime`, `sims` and `theory`. Begin with `measured.py`.
"""
