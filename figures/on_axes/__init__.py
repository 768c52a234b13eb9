"""Draws arrays on the axes of a figure, for `dssl.plot`: nothing is computed, read or shown here.

May use matplotlib, networkx and `runtime`, but not `figures.style`, which fixes the backend: in a notebook these
figures show where they are drawn. Begin with `look.py`; `parameters.py` draws over a parameter of the data model, and
`networks.py` draws networks and trainings.
"""
