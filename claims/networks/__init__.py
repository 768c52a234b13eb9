"""What a network does to the objective's minimiser, before any training: Corollary 4.5 and Theorem 4.6.

A claim here may use `theory`, `sims`, `experiments` and `ledger`, and the other rooms of `claims`. Begin with
`cor_connectivity.py`. Where each item of the paper is decided:

- `cor_connectivity.py`: Corollary 4.5: average connectivity and the robustness of decentralised learning.
- `ref_spectral_gap.py`: A robustness gap O(1/lambda_2) of the Laplacian, and what is true of that form.
- `sec_graph_functionals.py`: Which number of a network predicts the robustness of training.
- `thm_federated_no_less_robust.py`: Theorem 4.6: federated against decentralised learning: the sensitivity of the
  objectives' minimisers.
"""
