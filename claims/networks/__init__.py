"""How the network changes the best encoder of the averaged loss, before any training: Corollary 4.5, Theorem 4.6.

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, and the other rooms of `claims`. Begin
with `cor_connectivity.py`. What each file decides:

- `cor_connectivity.py`: Corollary 4.5: average connectivity and the robustness of decentralised learning.
- `ref_spectral_gap.py`: Is the loss of robustness of order 1/lambda_2, an eigenvalue of the network's Laplacian?
- `sec_graph_functionals.py`: Which number of a network predicts the robustness of training.
- `thm_federated_no_less_robust.py`: Theorem 4.6: federated against decentralised learning: the sensitivity of the
  objectives' minimisers.
"""
