"""What the encoders represent: Theorems 4.2 and 4.3, proven bounds in their place, rare classes.

A claim here may use `theory`, `sims`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`thm_representability_mim.py`. Where each item of the paper is decided:

- `lem_representability_cl_similar.py`: Lemma A.11: representability of distributed CL with similar views.
- `ref_reconstruction_versus_alignment.py`: Eqs (3)-(4): whether the alignment loss (4) stands for the reconstruction
  loss (3).
- `ref_sample_sizes.py`: Samples per client: what each statement needs.
- `thm_literal_masks.py`: Theorem 4.4: what literal masks learn from finitely many samples.
- `thm_rare_classes.py`: Theorem 4.4: rare classes: masking recovers them where contrast cannot.
- `thm_representability_cl.py`: Theorem 4.3: representability of distributed contrastive learning.
- `thm_representability_cl_bounds.py`: Theorem 4.3, Lemma A.11: the same with every constant.
- `thm_representability_mim.py`: Theorem 4.2: representability of distributed masked image modelling.
- `thm_representability_mim_bounds.py`: Theorem 4.2: the same with every constant.
"""
