"""What can be said of a user's network without data: properties, predictions, links worth adding.

May use `dssl.user_files`, which reads it, and all packages that `dssl` may use. Begin with `report.py`.
"""
