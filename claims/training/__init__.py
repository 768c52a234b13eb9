"""What training on a network reaches: consensus error, averaged model, and the theorems for trained models.

A claim here may use `theory`, `sims`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`thm_effective_covariance.py`. Where each item of the paper is decided:

- `cor_connectivity_training.py`: Corollary 4.5 in training: average connectivity and the models that decentralised
  training reaches.
- `ref_published_bounds.py`: Published consensus bounds held against training.
- `tab_consensus_matrices_training.py`: Table 6 in training: consensus matrices: which target, and how far from it.
- `thm_consensus_error.py`: Consensus error of a network: identity, predictions, bounds.
- `thm_effective_covariance.py`: The averaged model of a network represents an effective covariance.
- `thm_federated_training.py`: Theorem 4.6 in training: federated against decentralised learning: the models that
  training reaches.
- `thm_rotation.py`: When trained models rest and when they turn.
- `thm_shared_eigenvectors.py`: Networks and the paper's diagonal model.
- `thm_training_weights.py`: Eq (1) in training, Eqs (25)-(33) in training: whose losses training on a network
  minimises.
"""
