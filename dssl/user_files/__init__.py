"""Files that a user hands in: networks and mixing matrices as CSV, data of clients as `.npz`.

May use all packages that `dssl` may use. Begin with `csv_and_npz.py`; a file that cannot be read or used, such as a bad
CSV, is refused here in one sentence.
"""
