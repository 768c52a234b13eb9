"""Real images through the paper's linear objectives, measured under every reading and recorded.

May use `experiments.pretraining`, `runtime`, `sims` and `theory`. Begin with `measured.py`.
"""
