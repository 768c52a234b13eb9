"""The paper's linear objectives on real images: their representability, rare classes and critical noise.

May use `sims.samplers`, `sims.images`, `sims.linear` and `theory`, but not `sims.pretraining`. Begin with
`representability.py`.
"""
