"""Does the code that was released with the paper do what the paper says?

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, and the other rooms of `claims`. Begin
with `sec_released_code.py`. What each file decides:

- `sec_released_code.py`: Settings, weights and commands of the code, compared with the paper.
- `sec_released_experiments.py`: The experiments of the released code.
- `sec_released_networks.py`: The networks of the released code.
- `sec_released_term.py`: Eq (6): the alignment term of the released code.
"""
