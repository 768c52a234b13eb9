"""One pre-training from settings to evaluation: it can be stopped, resumed and measured.

May use `runtime`, `sims` and `theory`, and no other room of `experiments`. Begin with `settings.py`, then `run.py`.
"""
