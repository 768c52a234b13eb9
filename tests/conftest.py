"""Lanes of tests, what they cost, and what holds for every test: JAX may not silently broadcast ranks.

With `CHECK_TYPES=1` in the environment every call of a function of `theory` or `sims` is held against its annotations,
shapes of arrays included. That doubles the time, so that only `make audit` does it.
"""

import json
import os
import pathlib
import resource
from collections.abc import Iterator

from runtime import programs  # which imports nothing that loads numpy

# One thread a process, before numpy is loaded: the tests are the parallelism, and small matrices on many threads are
# slower by an order of magnitude.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# What any process has compiled is not compiled again, in this run or the next of this checkout.
os.environ |= programs.kept(pathlib.Path(__file__).parents[1] / "build" / "programs")

import pytest  # noqa: E402
from jaxtyping import config as jaxtyping_config  # noqa: E402
from jaxtyping import install_import_hook  # noqa: E402

from tests import checked_types  # noqa: E402

# Before any of these is imported, and for as long as the tests run.
if checked_types.IS_ON:
    install_import_hook(["theory", "sims"], "tests.checked_types.checked")

import jax  # noqa: E402
from hypothesis import settings  # noqa: E402

import theory.float64  # noqa: E402, F401
from runtime import memory  # noqa: E402
from tests import lanes  # noqa: E402

# The same examples everywhere: a red test is red for whoever runs it next.
settings.register_profile("same-everywhere", derandomize=True, deadline=None)
settings.load_profile("same-everywhere")


@pytest.fixture(autouse=True)
def _memory_is_given_back() -> Iterator[None]:
    yield
    memory.return_freed()  # commands that train keep what is freed, and a test calls them in its own process


@pytest.fixture(autouse=True)
def _wrong_types_are_handed_in(request: pytest.FixtureRequest) -> None:
    """A test marked `wrong_types` shows that our own sentence refuses them; the checker of types would come first."""
    jaxtyping_config.update("jaxtyping_disable", request.node.get_closest_marker("wrong_types") is not None)


@pytest.fixture(autouse=True, scope="module")
def _programs_are_dropped() -> Iterator[None]:
    """With those of all modules, which hardly share any, a worker would grow to gigabytes."""
    yield
    jax.clear_caches()


@pytest.fixture(autouse=True)
def _strict_ranks() -> Iterator[None]:
    with jax.numpy_rank_promotion("raise"):
        yield


COLLECTED = pytest.StashKey[list[str]]()
SPENT = pytest.StashKey[dict[str, float]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lane", action="append", choices=lanes.LANES, help="only this lane's tests; may be repeated")
    parser.addoption("--changed", action="store_true", help="with --lane check: also lane test of rooms that changed")
    parser.addoption("--seconds-to", metavar="FOLDER", help="write the seconds of CPU time of every test there")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every test is in one lane, and those of other lanes than the wanted ones are left out."""
    listed, wanted = lanes.recorded(), config.getoption("lane") or lanes.LANES
    rooms = lanes.changed_rooms() if config.getoption("changed") else set()
    config.stash[COLLECTED] = [item.nodeid for item in items]
    kept, left_out = [], []
    for item in items:
        (kept if lanes.is_wanted(item.nodeid, wanted, listed, rooms) else left_out).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def collected(pytestconfig: pytest.Config) -> list[str]:
    """Every test that was found, also those that this lane leaves out."""
    return pytestconfig.stash[COLLECTED]


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    began = _cpu_seconds()
    done = yield
    item.config.stash.setdefault(SPENT, {})[item.nodeid] = _cpu_seconds() - began
    return done


def pytest_sessionfinish(session: pytest.Session) -> None:
    folder, spent = session.config.getoption("seconds_to"), session.config.stash.get(SPENT, {})
    if folder and spent:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "all")
        pathlib.Path(folder, f"{worker}.json").write_text(json.dumps(spent))
