"""What trained encoders are worth: probes, the geometry of features, and robustness over seeds.

May use every other room of `sims`, and `theory`. Begin with `probes.py`; `robustness.py` says what seeds can resolve.
"""
