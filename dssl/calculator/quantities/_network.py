"""The keys that every quantity of a network shares, and how they become an adjacency and a mixing matrix."""

from dataclasses import dataclass

from theory.formula import OutOfDomainError
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import Adjacency, topology

LARGEST_LISTED = 4000  # clients: a dense spectrum beyond takes minutes


@dataclass(frozen=True, kw_only=True)
class Network:
    """`topology` is a name, such as ring, torus:4x5, er:5, or edges:0-1,1-2. `seed` draws the random ones.

    `step` is for mixing=laplacian (1/(1 + largest degree) by default), `sizes` for data_size and released: samples of
    every client. lazy is (I + Metropolis)/2; released is data_size, as the released code averages.
    """

    topology: str
    n_clients: int | None = None
    mixing: Rule = "metropolis"
    seed: int = 0
    step: float | None = None
    sizes: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.n_clients is not None and self.n_clients > LARGEST_LISTED:
            raise ValueError(
                f"Clients are listed, so at most {LARGEST_LISTED} of them; got n_clients={self.n_clients}. Lower it."
            )

    def adjacency(self) -> Adjacency:
        """The network. Errors: ValueError, in one sentence, for an unknown, impossible or disconnected one."""
        network = topology(self.topology, self.n_clients, seed=self.seed)
        if len(network) > LARGEST_LISTED:
            raise OutOfDomainError(f"At most {LARGEST_LISTED} clients are listed; {self.topology} has {len(network)}.")
        return network

    def matrix_of_rule(self) -> Mixing:
        """The mixing matrix. Errors: ValueError as `theory.networks.mixing.mixing_matrix`."""
        return mixing_matrix(self.adjacency(), self.mixing, sizes=self.sizes, step=self.step)
