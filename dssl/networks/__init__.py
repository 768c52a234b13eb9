"""A user's network, described before any data are seen.

May use `dssl.user_files`, which reads it, and all packages that `dssl` may use. Begin with `report.py`.
"""
