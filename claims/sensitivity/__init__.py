"""Which is more robust, CL or MIM? Sensitivities compared, in theory and on real images.

Where the proofs print "sensitivity" they compute the distance of an upper from a lower bound. Below it is called width.

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`thm_mim_more_robust.py`. What each file decides:

- `eq_decentralised_against_federated.py`: Eqs (78)-(89), Remark A.2: decentralised against federated widths, and the
  fully connected network.
- `eq_decentralised_width_order.py`: Eqs (65)-(70): on a decentralised network: MIM's width against CL's.
- `eq_federated_width_order.py`: Eqs (74)-(77): under federated learning: MIM's width against CL's.
- `eq_sensitivity_is_a_width.py`: Eqs (62)-(64), (71)-(73): what the proofs call sensitivity is the width of an upper
  and a lower bound.
- `ref_coordinates_of_sensitivity.py`: Over which directions the largest and the smallest representability are taken.
- `ref_outside_the_regime.py`: Is the same method still the more robust for other shares of hidden pixels, and other
  sizes of signal and noise?
- `sec_real_images.py`: Which of CL and MIM is less robust on real images, and at which noise this changes.
- `thm_critical_noise.py`: Theorem 4.4: the augmentation noise at which masking overtakes contrast.
- `thm_mim_more_robust.py`: Theorem 4.4: masking against contrast: which is more sensitive, under every reading.
"""
