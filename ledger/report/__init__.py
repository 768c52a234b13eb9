"""Pages made from records: the report of all verdicts, the table of the README, the glossary.

May use the rest of `ledger` and the floors below. Begin with `page.py`.
"""
