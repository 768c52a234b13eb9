"""The kinds of check: each decides one statement, and each can be spoiled, so that none can only pass.

May use `ledger.statement` and the floors below. Begin with `kinds.py`; the other files are checks for one topic each.
"""
