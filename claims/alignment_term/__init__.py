"""Section 5: MAR, the paper's own method, its two algorithms, and its cost in communication.

MAR is masked image modelling with one more term in the loss, the alignment term. The term draws the features of clients
together; it measures their distance by the MMD (maximum mean discrepancy).

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`eq_mar_loss.py`. What each file decides:

- `alg_decmar.py`: Algorithm 2, Section 5: DecMAR, that is MAR on a network.
- `alg_fedmar.py`: Algorithm 1, Section 5: FedMAR, that is MAR with a server.
- `eq_adaptive_mmd.py`: Eq (6), Section 5: the adaptive MMD, a distance between two sets of features.
- `eq_alignment_weight.py`: Eq (7), Section 5: the weight of the alignment term over the rounds.
- `eq_mar_loss.py`: Eq (5), Section 5: the MAR loss.
- `sec_mar_drift.py`: Section 5, also in our own trainings: how far the averaged model ends from the best shared
  one (drift), with the alignment term and without.
- `sec_mar_overhead.py`: Section A.5: what MAR adds to the communication.
"""
