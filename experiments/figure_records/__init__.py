"""The numbers behind this project's own figures, one file a figure: `record(tier)` makes what `results/figures/` keeps.

`tier` is "quick" or "full". Each file also names the claims that its figure is about (`CLAIMS`). May use
`experiments.real_images`, `experiments.paper`, `runtime`, `sims` and `theory`. Begin with `phase_diagram.py`.
"""
