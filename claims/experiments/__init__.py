"""The paper's tables and figures: do the printed numbers agree with the text, and what do our own trainings give?

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`tab_iid_gaps.py`. What each file decides:

- `fig_connectivity_and_heterogeneity.py`: Figure 2, Section 5 in our own trainings: connectivity, and MAR against MAE.
- `ref_nonlinear_encoders.py`: Do comparisons that hold for linear models also hold for neural networks?
- `ref_soft_separation.py`: Soft separation and distillation (SSD), a published method: what either of its parts adds.
- `tab_alignment_metrics.py`: Table 7: which distance works best in the alignment term.
- `tab_alignment_metrics_training.py`: Table 7 in our own trainings: which alignment metric.
- `tab_consensus_matrices.py`: Table 6: the rule by which neighbours weigh each other (consensus matrix), and the
  accuracy on a network.
- `tab_consensus_matrices_images.py`: Table 6 in our own trainings: consensus matrices, on images.
- `tab_federated_baselines.py`: Table 2: FedMAR against federated self-supervised baselines.
- `tab_federated_baselines_training.py`: Table 2 in our own trainings: FedMAR against federated baselines.
- `tab_iid_gaps.py`: Table 1: accuracy lost from IID to non-IID data.
- `tab_iid_gaps_training.py`: Table 1 in our own trainings: accuracy lost from IID to non-IID data.
- `tab_settings.py`: Table 3, Table 4: do the settings agree with the text?
- `tab_weight_distances.py`: Table 5: distances between the weights of local and global models.
- `tab_weight_distances_training.py`: Figure 3, Table 5 in our own trainings: how near clients' models are.
- `tab_weight_schedules.py`: Table 8: the weight of the alignment term.
- `tab_weight_schedules_training.py`: Table 8 in our own trainings: the weight of the alignment term.
"""
