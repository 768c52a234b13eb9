"""Trainings that several experiments share, described in the paper's words."""

import math
from typing import Any

from experiments.pretraining.settings import Pretraining, settings

ALPHA = 0.1  # "strong" label skew: Table 2 and Table 6 name it, and we take it wherever no other is named
SIMSIAM = "simsiam"
MAE = "mae"
MAR = "mar"


def cell(preset: str, method: str, setting: str = "fl", alpha: float = ALPHA, **more: Any) -> Pretraining:
    """Label-skewed clients under a Dirichlet draw; what else is given as `settings` takes it."""
    return settings(preset, setting, method=method, alpha=alpha, **more)


def iid(preset: str, method: str, setting: str = "fl", **more: Any) -> Pretraining:
    """Clients with equal shares at random."""
    return cell(preset, method, setting, math.inf, **more)


def feature_skewed(preset: str, method: str, setting: str = "fl", **more: Any) -> Pretraining:
    """Equal shares at random, each client with an augmentation of its own."""
    return cell(preset, method, setting, math.inf, partition="feature", **more)


def everyone(preset: str, method: str, **more: Any) -> Pretraining:
    """A server with the clients, passes and rounds of the decentralised setting, all of them in every round."""
    like = settings(preset, "decl")
    same = {"clients": like.clients, "participation": like.clients, "epochs": like.epochs}
    return cell(preset, method, rounds=like.rounds, batch=like.batch, **same, **more)


def connectivities(preset: str, wanted: tuple[int, ...]) -> tuple[int, ...]:
    """Those that the preset's number of decentralised clients allows: from 3, a graph that is connected for sure."""
    return tuple(k for k in wanted if k <= settings(preset, "decl").clients)
