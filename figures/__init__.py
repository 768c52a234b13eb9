"""Draws the committed figures from their records: one file a figure, with `build(record)`; nothing is simulated.

May use all packages but `dssl`. Begin with `draw.py`; `phase_diagram.py` is an example.
"""
