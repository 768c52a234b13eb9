"""The paper's tables and figures: the printed numbers against the text, and the experiments trained again.

A claim here may use `theory`, `sims`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`tab_iid_gaps.py`. Where each item of the paper is decided:

- `fig_connectivity_and_heterogeneity.py`: Figure 2, Section 5 in training: connectivity, and MAR against MAE.
- `ref_nonlinear_encoders.py`: Linear orders on nonlinear encoders.
- `ref_soft_separation.py`: Soft separation and distillation (SSD), part by part.
- `tab_alignment_metrics.py`: Table 7: which alignment metric.
- `tab_alignment_metrics_training.py`: Table 7 in training: which alignment metric.
- `tab_consensus_matrices.py`: Table 6: the consensus rule and decentralised accuracy.
- `tab_consensus_matrices_images.py`: Table 6 in training: consensus matrices, on images.
- `tab_federated_baselines.py`: Table 2: FedMAR against federated self-supervised baselines.
- `tab_federated_baselines_training.py`: Table 2 in training: FedMAR against federated baselines.
- `tab_iid_gaps.py`: Table 1: accuracy lost from IID to non-IID data.
- `tab_iid_gaps_training.py`: Table 1 in training: accuracy lost from IID to non-IID data.
- `tab_settings.py`: Table 3, Table 4: the settings against the text.
- `tab_weight_distances.py`: Table 5: distances between the weights of local and global models.
- `tab_weight_distances_training.py`: Table 5 in training, Figure 3: how near clients' models are.
- `tab_weight_schedules.py`: Table 8: the weight of the alignment term.
- `tab_weight_schedules_training.py`: Table 8 in training: the weight of the alignment term.
"""
