"""The numbers behind the figures: one file a figure; `record(tier)` makes what results/figures/ stores.

Each file also names its claims (`CLAIMS`). May use `experiments.real_images`, `experiments.paper`, `runtime`, `sims`
and `theory`. Begin with `phase_diagram.py`.
"""
