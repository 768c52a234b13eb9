"""The code released with the paper, against the paper.

A claim here may use `theory`, `sims`, `experiments` and `ledger`, and the other rooms of `claims`. Begin with
`sec_released_code.py`. Where each item of the paper is decided:

- `sec_released_code.py`: The released code against the paper.
- `sec_released_experiments.py`: The experiments of the released code.
- `sec_released_networks.py`: The networks of the released code.
- `sec_released_term.py`: Eq (6): the alignment term of the released code.
"""
