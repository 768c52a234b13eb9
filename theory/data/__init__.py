"""The paper's data model: means of products of pixels, alignment matrices, and the signal's directions.

May use the files directly in `theory`, none of its rooms. Begin with `moments.py`.
"""
