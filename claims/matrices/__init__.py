"""The matrices of the proofs: alignment matrices, their means, gradients, and the steps that lead from one to the next.

The encoder is a matrix W with c rows, one for each feature. A loss depends on the data only through one matrix of d
rows and columns (d pixels), the alignment matrix. For the best W, W^T W is that matrix with only its c largest
eigenvalues kept and the others set to 0. Views of contrastive learning are similar where only noise is added,
dissimilar where a linear map H acts as well.

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`eq_masked_cross_moment.py`. What each file decides:

- `eq_contrastive_cross_moment.py`: Eqs (42)-(44): the alignment matrix of contrastive learning with similar views.
- `eq_contrastive_gradient.py`: Eqs (39)-(42), (52)-(53): the contrastive losses and their gradients.
- `eq_decentralised_objective.py`: Eqs (25)-(26), (34)-(35), (47)-(48), (50): what all clients together minimise is, up
  to a constant, the squared distance of W^T W from one averaged alignment matrix.
- `eq_entries_and_edge.py`: Eqs (20)-(23), (45): diagonal entries and largest eigenvalue of one client's matrix.
- `eq_federated_mean.py`: Eqs (36)-(38): the averaged matrix of federated learning.
- `eq_full_basis_sum.py`: Eqs (19), (24), (33), (38), (46), (49), (51), (59)-(61): the last step of the proofs, which
  sums over all eigenvectors, whereas Definition 4.1 sums only over those that the encoder keeps.
- `eq_global_mean_over_graph.py`: Eqs (29)-(32): the averaged alignment matrix of decentralised learning.
- `eq_gradient_of_alignment_loss.py`: Eqs (8)-(15): rewriting the alignment loss of MIM and setting its gradient to
  zero.
- `eq_local_second_moment.py`: Eq (18): the expected alignment matrix of one client.
- `eq_masked_cross_moment.py`: Eq (17): the alignment matrix of masked image modelling.
- `eq_neighbourhood_mean.py`: Eqs (27)-(28): the mean matrix over one neighbourhood.
- `eq_stationary_gram.py`: Eqs (16), (42), (54): cancelling the encoder's matrix W from the condition that the gradient
  is zero.
- `eq_transformed_cross_moment.py`: Eqs (55)-(58): the alignment matrix of contrastive learning with dissimilar views.
- `ref_descent.py`: Does gradient descent find the encoder that the theory uses (the directions that W keeps)?
- `ref_stationarity.py`: If the gradient is zero, does the encoder keep the eigenvectors with the largest eigenvalues?
- `sec_best_rank_approximation.py`: For the best encoder W, W^T W is the alignment matrix with only its c largest
  eigenvalues kept.
- `sec_concentration_step.py`: Eqs (20), (57): how close an empirical matrix is to its mean.
"""
