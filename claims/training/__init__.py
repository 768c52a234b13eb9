"""What training on a network reaches: disagreement, averaged model, and the theorems for trained models.

The disagreement of the clients' models is called consensus error. The averaged model is the encoder that would be best
if the data had a slightly different covariance, called the effective covariance.

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`thm_effective_covariance.py`. What each file decides:

- `cor_connectivity_training.py`: Corollary 4.5 in our own trainings: average connectivity and the models that
  decentralised training reaches.
- `ref_published_bounds.py`: Published bounds of the consensus error, compared with training.
- `ref_simulated_training.py`: whether the simulator's step size is safe, and whether it says rightly what became of a
  run.
- `tab_consensus_matrices_training.py`: Table 6 in our own trainings: at which model each averaging rule aims, and how
  far from it training ends.
- `thm_consensus_error.py`: Consensus error of a network: an exact formula, predictions, bounds.
- `thm_effective_covariance.py`: The averaged model of a network represents an effective covariance.
- `thm_federated_training.py`: Theorem 4.6 in our own trainings: federated against decentralised learning: the models
  that training reaches.
- `thm_rotation.py`: When the weights of trained models come to rest, and when they keep changing although the
  directions that the encoder keeps do not (rotation).
- `thm_shared_eigenvectors.py`: In the paper's data model the matrices of all clients have the same eigenvectors: what
  follows for networks.
- `thm_training_weights.py`: Eq (1), Eqs (25)-(33) in our own trainings: how much each client's loss counts in what
  training minimises.
"""
