"""How does the network change the encoder that minimises the averaged loss? From formulas, without any training.

Corollary 4.5 and Theorem 4.6 are about this. The Laplacian of a network is the matrix with each client's number of
neighbours on the diagonal and -1 for each link.

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, and the other rooms of `claims`. Begin
with `cor_connectivity.py`. What each file decides:

- `cor_connectivity.py`: Corollary 4.5: average connectivity and the robustness of decentralised learning.
- `ref_spectral_gap.py`: Does the loss of robustness grow like 1/lambda_2, where lambda_2 is the second smallest
  eigenvalue of the network's Laplacian?
- `sec_graph_functionals.py`: Which number of a network predicts the robustness of training.
- `thm_federated_no_less_robust.py`: Theorem 4.6: federated against decentralised learning: the sensitivity of the best
  possible encoders, without training.
"""
