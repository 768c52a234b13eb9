"""A request for advice: its options, the plan of training that they make, and the network with its weights.

The command `dssl advise` and `dssl.advise` in Python both ask by a `Request` and are answered by `answer`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dssl.advice import advise
from dssl.advice.advise import Plan
from dssl.advice.advised_network import cannot_choose_links
from dssl.advice.cautions import who_is_who
from dssl.advice.objectives import ObjectiveName, objective
from dssl.advice.options import OptionName
from dssl.advice.sampled_server import Sampling
from dssl.advice.simulated import simulated
from dssl.networks import report
from dssl.user_files.client_data import ClientData, centred
from runtime.usage import UsageError
from theory.networks.mixing import SIZED, Mixing, mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import Adjacency

ROUNDS = 5000  # of a simulation, if not given
LINKS = 3  # proposed at most, if not given


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of a request. None leaves a choice to the clients' data.

    Errors: UsageError for numbers out of range, and for options that have no effect beside the others.
    """

    objective: ObjectiveName = "equal-clients"
    feature_dim: int | None = None
    step_size: float | None = None
    local_steps: int = 1
    participation: int | None = None
    without: tuple[OptionName, ...] = ()
    center: bool = False
    augmentation_std: float | None = None
    mask_ratio: float | None = None
    add: int | None = None
    simulate: bool = False
    rounds: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.participation is not None and "server-sampled" in self.without:
            raise UsageError("--participation is of the server that --without server-sampled leaves out. Drop one.")
        rounds = 1 if self.rounds is None else self.rounds
        if self.local_steps < 1 or (self.add or 0) < 0 or rounds < 1 or self.seed < 0:
            raise UsageError(
                "--local-steps and --rounds are whole numbers from 1, --add and --seed from 0; got "
                f"{self.local_steps}, {self.rounds}, {self.add} and {self.seed}."
            )
        if self.rounds is not None and not self.simulate:
            raise UsageError(
                f"--rounds {self.rounds} is of training, which only --simulate does. Add it, or drop --rounds."
            )


@dataclass(frozen=True)
class MixedNetwork:
    """Who hears whom, and the rule that gives weights; `is_given` where weights were given and no rule can."""

    adjacency: Adjacency
    rule: Callable[[Adjacency], Mixing]
    is_given: bool = False
    is_push_sum: bool = False
    who_is_who: tuple[str, ...] = ()  # what to say where only one of the data and the network names the clients

    @property
    def mixing(self) -> Mixing:
        """The weights as they are. Errors: ValueError as the rule."""
        return self.rule(self.adjacency)


def planned(data: ClientData, request: Request) -> tuple[ClientData, Plan]:
    """The clients as asked for, each less its mean if so wished, and the plan of training for them.

    Errors: UsageError for a plan that does not fit the clients, and for options that have no effect on them.
    """
    if request.center:
        data = centred(data)
    if data.sizes is None:
        for option, value in (("--augmentation-std", request.augmentation_std), ("--mask-ratio", request.mask_ratio)):
            if value is not None:
                raise UsageError(
                    f"{option} has no effect here: contrast and masks are compared by numbers of samples, and "
                    "the archive has none. Add sizes, or leave it out."
                )
    plan = Plan(
        feature_dim=advise.default_feature_dim(data, request.objective)
        if request.feature_dim is None
        else request.feature_dim,
        step_size=data.stable_step_size / 10 if request.step_size is None else request.step_size,
        local_steps=request.local_steps,
        n_sampled=max(1, data.n_clients // 4) if request.participation is None else request.participation,
        augmentation_std=1.0 if request.augmentation_std is None else request.augmentation_std,
        mask_ratio=0.75 if request.mask_ratio is None else request.mask_ratio,
        objective=request.objective,
        without=request.without,
    )
    advise.check_plan(data, plan)
    return data, plan


def mixed(
    found: Adjacency | report.Network,
    name: str,
    data: ClientData,
    mixing: Rule | None,
    labels: Sequence[Any] | None = None,
) -> MixedNetwork:
    """What was read as `name`, with the weights of a rule (metropolis if None) unless it holds weights itself.

    `labels` are those of the network's clients, in the order of the data where these have names.

    Errors: UsageError for a rule beside given weights, for given weights that do not bring clients to agree, and for a
    rule that these links or clients do not allow.
    """
    told = () if labels is None else tuple(who_is_who(labels, data.names))
    if isinstance(found, report.Network):
        matrix = found.mixing
        if mixing is not None:
            raise UsageError(
                f"{name} gives weights and --mixing {mixing} others. Leave --mixing out, or give "
                "links (.csv or a 0/1 matrix)."
            )
        report.require_agreement(matrix)
        return MixedNetwork(found.adjacency, lambda _: matrix, is_given=True, who_is_who=told)
    rule: Rule = mixing or "metropolis"
    sizes = sizes_for(rule, data)
    if (found != found.T).any() and rule in ("metropolis", "lazy", "laplacian"):
        raise UsageError(
            f"--mixing {rule} needs links that go both ways, and this network is directed. Use --mixing "
            "push_sum, uniform or sinkhorn."
        )
    return MixedNetwork(
        found,
        lambda adjacency: mixing_matrix(adjacency, rule, sizes=sizes),
        is_push_sum=rule == "push_sum",
        who_is_who=told,
    )


def sizes_for(rule: Rule | None, data: ClientData) -> np.ndarray | None:
    """The numbers of samples that a rule weighs clients by; None for other rules.

    Errors: UsageError where the rule needs them and they are not known.
    """
    if rule not in SIZED:
        return None
    if data.sizes is None:
        raise UsageError(f"mixing={rule} weighs clients by samples; add sizes to the archive.")
    return data.sizes


def answer(data: ClientData, network: MixedNetwork, plan: Plan, request: Request) -> dict[str, Any]:
    """The advice, as `dssl advise --json` prints it, but for simulations.

    Errors: UsageError for links asked for where none can be proposed, and as `dssl.advice.advise.advise`.
    """
    why_not = cannot_choose_links(network.adjacency, is_given=network.is_given, is_push_sum=network.is_push_sum)
    if request.add is not None and why_not:
        raise UsageError(f"--add has no effect on this network. {why_not} Leave it out.")
    told = advise.advise(
        data,
        network.adjacency,
        network.rule,
        plan,
        budget=LINKS if request.add is None else request.add,
        seed=request.seed,
        is_push_sum=network.is_push_sum,
        is_given=network.is_given,
    )
    told["cautions"] += network.who_is_who
    return told if data.names is None else _named(told, data.names)


def _named(told: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The advice with the names of clients where it has their numbers."""
    weights = told["clients"]["training_weights"]
    for end in ("least", "most"):
        weights[end][0] = names[weights[end][0]]
    for entry in told["under_connected"]["value"] or ():
        entry["client"] = names[entry["client"]]
    for entry in told["links_to_add"]["value"] or ():
        entry["link"] = [names[client] for client in entry["link"]]
    told["clients"]["names"] = list(names)
    return told


def simulation(
    data: ClientData,
    network: MixedNetwork,
    plan: Plan,
    request: Request,
    told: dict[str, Any],
    advance: Callable[[str, int], None] = lambda name, done: None,
) -> dict[str, Any]:
    """Every option that the advice `told` of, trained: the distance that it reached beside the one predicted.

    `advance` is told the option and the rounds done.

    Errors: as `dssl.advice.advise.training_of`.
    """
    training = advise.training_of(data, network.mixing, plan, is_push_sum=network.is_push_sum)
    rounds = request.rounds or ROUNDS
    sampling = Sampling(plan.n_sampled, plan.step_size, plan.local_steps)
    wanted = objective(data, plan.objective, plan.feature_dim)
    found = simulated(training, wanted, sampling, rounds, request.seed, advance)
    return {
        "rounds": rounds,
        "options": [
            {
                "name": option["name"],
                "simulated": found[option["name"]]["distance"],
                "predicted": option["distance"],
                "is_settled": found[option["name"]]["is_settled"],
            }
            for option in told["options"]
        ],
    }
