"""A user's network: read from a file, and described before any data are seen.

May use every floor below. Begin with `report.py`; `files.py` refuses a file that it cannot read.
"""
