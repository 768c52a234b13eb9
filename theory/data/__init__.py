"""The paper's data model: second moments, eigenvalues of the alignment matrices, and the signal's eigenspaces.

May use the files directly in `theory`, none of its rooms. Begin with `moments.py`.
"""
