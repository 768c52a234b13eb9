"""A server that samples clients, many runs at once."""

import numpy as np
import pytest

from sims.linear.resting_clients import clients
from sims.linear.sampled_clients import squared_errors


def test_a_server_of_all_clients_stays_at_the_optimum():
    assert squared_errors(0, clients(3, level=0.05), 2, 3, 0.05, 1, 2) == pytest.approx(0, abs=1e-20)


def test_fewer_clients_a_round_are_further_off():
    x = clients(6, level=0.05)
    few, many = (squared_errors(0, x, 2, sampled, 0.05, 1, 20).mean() for sampled in (1, 4))
    assert few > 3 * many > 0


def test_a_seed_gives_the_same_errors_again():
    x = clients(4, level=0.05)
    first, again = (squared_errors(7, x, 2, 2, 0.05, 2, 3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
