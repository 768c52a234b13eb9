"""A user's network, described before any data are seen.

May use `dssl.user_files`, which reads it, and every floor below. Begin with `report.py`.
"""
