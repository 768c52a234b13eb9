"""The paper's setting: data model, losses, assumptions and definitions. Does each say what the proofs use?

H is the linear map by which a view of contrastive learning may change an image ("dissimilar views").

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`def_representability.py`. What each file decides:

- `asm_common_augmentations_have_trace.py`: Remark A.10: common augmentations and the condition on H.
- `asm_communication_graph.py`: Assumption A.1, Remark A.2: the network of clients; federated learning is the case in
  which all clients are linked to all.
- `asm_consensus_weights.py`: Assumption A.3, Remark A.4: each client's averaging weights sum to 1: what follows from
  that, and what does not.
- `asm_dissimilar_transformation.py`: Assumption A.9: the condition on the transformation H.
- `asm_independent_sampling.py`: Assumption A.7, Remark A.8: independent local samples.
- `asm_nondegenerate_embedding.py`: Assumption A.5, Remark A.6: no feature of the learned encoder is a weighted sum of
  its other features (full rank).
- `def_representability.py`: Definition 4.1: the representability vector.
- `eq_contrastive_loss.py`: Eq (2): the contrastive loss.
- `eq_global_objectives.py`: Eq (1): how much each client's loss counts in the global objectives.
- `ref_rare_class_and_offsets.py`: Each client has an axis, the direction that tells its two classes apart. Along which
  axis does a rare class lie? And is a sample shifted by the same amount along all other clients' axes, or by a
  different amount along each?
- `ref_transformation_conditions.py`: What H must satisfy.
- `sec_data_model.py`: The data model: classes, rare class and sizes.
- `sec_dirichlet_partition.py`: Section 6.1: clients whose class shares are drawn from a Dirichlet distribution: how
  unlike they are.
"""
