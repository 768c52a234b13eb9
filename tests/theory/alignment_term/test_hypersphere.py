import math

import numpy as np
import pytest
import scipy.integrate

from theory.alignment_term.hypersphere import (
    greatest_separated_uniformity,
    greatest_uniformity,
    least_separated_uniformity,
    own_width,
)


@pytest.mark.parametrize("t", [0.5, 2.0, 7.0])
def test_on_the_line_and_in_space_it_is_elementary(t: float) -> None:
    # Two opposite points: half of the pairs at distance 0, half at 2. The sphere: u_1 is uniform on [-1, 1].
    assert greatest_uniformity(1, t) == pytest.approx(-math.log((1 + math.exp(-4 * t)) / 2), rel=1e-13)
    assert greatest_uniformity(3, t) == pytest.approx(2 * t - math.log(math.sinh(2 * t) / (2 * t)), rel=1e-13)


@pytest.mark.parametrize("dim", [2, 6, 64, 513])
def test_it_is_the_mean_kernel_of_the_uniform_law(dim: int) -> None:
    # The angle to a fixed point has density sin^(dim - 2).
    def moment(weight) -> float:
        return scipy.integrate.quad(lambda a: weight(a) * math.sin(a) ** (dim - 2), 0, math.pi, epsabs=0)[0]

    mean = moment(lambda a: math.exp(4 * (math.cos(a) - 1))) / moment(lambda a: 1.0)
    assert greatest_uniformity(dim) == pytest.approx(-math.log(mean), rel=1e-9)


def test_points_drawn_uniformly_come_near_it() -> None:
    points = np.random.default_rng(0).standard_normal((4000, 6))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    kernel = np.exp(4 * (points @ points.T - 1))
    apart = (kernel.sum() - 4000) / (4000 * 3999)  # without points and themselves: no bias
    assert -math.log(apart) == pytest.approx(greatest_uniformity(6), abs=5e-3)


def test_one_client_has_the_whole_sphere() -> None:
    assert greatest_separated_uniformity(64, 1) == greatest_uniformity(64)
    assert least_separated_uniformity(1) == 0


def test_clients_apart_weigh_their_own_pairs_by_one_over_their_number() -> None:
    # Coordinates that nobody owns do not count: three clients in eleven dimensions have three each.
    own, others = math.exp(-greatest_uniformity(3)), math.exp(-4)
    assert greatest_separated_uniformity(11, 3) == pytest.approx(-math.log(own / 3 + 2 * others / 3), rel=1e-13)
    assert least_separated_uniformity(3) == pytest.approx(-math.log(1 / 3 + 2 * others / 3), rel=1e-13)
    assert own_width(11, 3) == 3


@pytest.mark.parametrize(("dim", "n_clients"), [(64_000, 10), (4000, 2)])
def test_what_clients_lose_in_many_dimensions(dim: int, n_clients: int) -> None:
    t = 2.0
    together = greatest_uniformity(dim, t) - greatest_separated_uniformity(dim, n_clients, t)
    alone = greatest_uniformity(dim, t) - greatest_uniformity(dim // n_clients, t)
    assert together == pytest.approx(t**4 * (2 * n_clients - 2) / dim**2, rel=5e-3)
    assert alone == pytest.approx(2 * t**2 * (n_clients - 1) / dim, rel=5e-3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: greatest_uniformity(0), "got 0"),
        (lambda: greatest_uniformity(3, -1.0), "t=-1"),
        (lambda: greatest_uniformity(3, float("nan")), "t=nan"),
        (lambda: greatest_uniformity(3, 1e4), "up to 300"),
        (lambda: least_separated_uniformity(0), "got 0"),
        (lambda: greatest_separated_uniformity(5, 6), "as many as coordinates.*got 6"),
        (lambda: own_width(5, 0), "got 0"),
    ],
)
def test_what_is_out_of_range_is_said(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
