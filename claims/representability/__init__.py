"""What the encoders represent: Theorems 4.2 and 4.3, bounds that we prove instead of them, and rare classes.

A claim here may use `theory`, `sims`, `runtime`, `experiments` and `ledger`, but no other room of `claims`. Begin with
`thm_representability_mim.py`. What each file decides:

- `lem_representability_cl_similar.py`: Lemma A.11: representability of distributed CL with similar views.
- `ref_reconstruction_versus_alignment.py`: Eqs (3)-(4): whether making the alignment loss (4) small gives the same
  encoder as the reconstruction loss (3), which rates how well hidden parts are filled in.
- `ref_sample_sizes.py`: Samples per client: what each statement needs.
- `ref_truncated_draws.py`: whether the error that our fastest sampler states for a truncated draw is true.
- `thm_literal_masks.py`: Theorem 4.4: masks read literally (what one hides, the other shows), at finitely many samples.
- `thm_rare_classes.py`: Theorem 4.4: rare classes: when does masking recover them, and when contrast?
- `thm_representability_cl.py`: Theorem 4.3: representability of distributed contrastive learning.
- `thm_representability_cl_bounds.py`: Theorem 4.3, Lemma A.11: proven versions, with numbers in place of orders of
  size.
- `thm_representability_mim.py`: Theorem 4.2: representability of distributed masked image modelling.
- `thm_representability_mim_bounds.py`: Theorem 4.2: proven versions, with numbers in place of orders of size.
"""
