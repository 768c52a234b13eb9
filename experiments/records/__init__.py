"""Records of trainings: each training once, under the hash of its configuration, and tables that refer to it.

May use `experiments.pretraining`, `experiments.paper` and `experiments.real_images`, `runtime`, `sims` and `theory`.
Begin with `trainings.py` for one training's line, then `tables.py` for a table's record; `experiments.adopt` brings new
trainings into the committed records.
"""
