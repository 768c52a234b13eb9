"""What trained encoders are worth: linear classifiers on their features, the geometry of features, and robustness.

May use every other room of `sims`, and `theory`. Begin with `probes.py`; `robustness.py` says how small a difference a
number of repetitions can show.
"""
