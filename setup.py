"""The packages of a wheel. What is not listed here is in `pyproject.toml`.

The records lie in `results/`, beside the code. In a wheel they become `runtime/results/`, where `runtime.store` looks
first: a folder `results` beside other people's packages would be nobody's. `pyproject.toml` cannot say both "find all
packages" and "this folder is one more".
"""

from setuptools import find_namespace_packages, setup

OURS = ("theory", "sims", "runtime", "experiments", "ledger", "claims", "figures", "dssl")

setup(
    packages=[
        *find_namespace_packages(include=[pattern for name in OURS for pattern in (name, f"{name}.*")]),
        "runtime.results",
    ],
    package_dir={"runtime.results": "results"},
    # What a command or a reader builds from the records is not carried.
    exclude_package_data={"runtime.results": ["report.html", "**/*.svg"]},
)
