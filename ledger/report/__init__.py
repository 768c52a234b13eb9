"""Pages made from records: the report of all verdicts, the page of verdicts, and the glossary.

May use the rest of `ledger` and the packages that `ledger` may use. Begin with `page.py`.
"""
