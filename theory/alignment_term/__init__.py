"""The alignment term of MAR: its weight over rounds, the MMD in closed form, and its effect on where training ends.

May use `theory.networks`, `theory.objectives` and `theory.data`, but not `theory.deficits`. Begin with
`gaussian_mmd.py` for the distance that the term measures, or `weight_schedule.py` for its weight.
"""
