"""The names of the mixing rules, quick to import; `theory.networks.mixing.RULES` has their functions."""

from typing import Literal

Rule = Literal["uniform", "metropolis", "lazy", "laplacian", "data_size", "sinkhorn", "push_sum", "released"]
