"""The kinds of check, each of which decides one statement: proved, measured on a domain, sampled, enumerated, trained.

Every check but one can be spoiled, that is, given a statement that is wrong on purpose; a test then expects it to fail.
The exception is the check of what is printed, which has nothing to compute. May use `ledger.statement` and the packages
that `ledger` may use. Begin with `kinds.py`, then `on_domain.py`.
"""
