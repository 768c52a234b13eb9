"""Networks: topologies, mixing matrices, their spectra and certificates, and which links to add.

May use `theory.data` and the files directly in `theory`. Begin with `mixing.py`; the topologies are the files of the
folder beside it.
"""
