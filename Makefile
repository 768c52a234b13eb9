# The two commands: `make verify` (the main job) and `make test`. Both need only Python >= 3.11, pip, make and git.
# While you work: `make check`. The long lane: `make audit`.
PYTHON ?= python3
EXTRAS ?=
VENV := .venv
BIN := $(VENV)/bin
comma := ,

.PHONY: verify check quick test trusted audit chromium shapes full newest attacked mutants attacks fresh lanes lint types imports constants notebooks docs clean
.DELETE_ON_ERROR:

verify: $(VENV)/.run$(EXTRAS)
	$(BIN)/dssl verify

# Quick tests, and all but the longest of the rooms that changed since origin/main. The checker of types has one core.
check: $(VENV)/.dev
	$(MAKE) -j 2 types quick

quick: lint imports constants
	$(BIN)/pytest -n 2 --lane=check --changed

# What a fresh checkout needs to be trusted.
test: $(VENV)/.dev
	$(MAKE) -j 2 types trusted

trusted: lint imports constants
	$(BIN)/pytest -n 2 --lane=check --lane=test

# Everything else: the power of all checks, slow twins, whole trainings, notebooks, and the site in a browser; then the
# targets named here.
audit: $(VENV)/.dev chromium docs
	$(BIN)/pytest -n 2 --lane=audit
	$(MAKE) shapes full newest attacked

# The browser that tests of pages drive, from Debian's packages.
chromium:
	@command -v chromium > /dev/null || { apt-get update -q && apt-get install -q -y chromium; } || \
	{ echo "make audit needs Chromium, and installing it failed; install Debian's package chromium as root." >&2; exit 1; }

# Every call of theory and sims in quick tests against its annotations, shapes of arrays included.
shapes: $(VENV)/.dev
	CHECK_TYPES=1 $(BIN)/pytest -n 2 --lane=check tests/theory tests/sims tests/test_checked_types.py

# Every claim at the full tier against the record.
full: $(VENV)/.dev
	$(BIN)/dssl verify --tier full

# A few statements attacked, and a few deliberate errors made anew: which ones, today's date says.
attacked: $(VENV)/.dev
	$(BIN)/dssl falsify --all --sample 8 --budget 20s --jobs build/attacked
	$(BIN)/python -m tests.mutants --number 20 --sample $$(date +%F)

# Attacks every statement that has a domain, and renews their record; what is done is kept in build/.
attacks: $(VENV)/.run$(EXTRAS)
	$(BIN)/dssl falsify --all --budget 60s --jobs build/attacks --record results/attacks.json

# Decides every sampled statement under 30 fresh seeds, and renews the record of what came out otherwise.
fresh: $(VENV)/.dev
	$(BIN)/python -m tests.fresh_seeds

# Makes 500 deliberate errors in the mathematics, and renews the record of which of them `dssl verify` notices.
mutants: $(VENV)/.dev
	$(BIN)/python -m tests.mutants

# A newer Python with the newest JAX, if there is such a Python.
newest:
	.ci/newest

# Measures every test, and says which are too slow to run while one works.
lanes: $(VENV)/.dev
	rm -rf build/seconds && mkdir -p build/seconds
	$(BIN)/pytest -n 2 --seconds-to=build/seconds
	$(BIN)/python -m tests.lanes build/seconds/*.json

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/pyright

imports: $(VENV)/.dev
	$(BIN)/lint-imports

constants: $(VENV)/.dev
	$(BIN)/dssl constants --check

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run$(EXTRAS): $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt -e ".$(if $(EXTRAS),[$(EXTRAS)])"
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev$(if $(EXTRAS),$(comma)$(EXTRAS))]"
	@touch $@ $(VENV)/.run$(EXTRAS)

# Rebuild the notebooks that readers see from their percent-format sources, outputs included.
notebooks: $(VENV)/.dev
	$(BIN)/python notebooks/build.py

# The documentation site, in build/site/html: pages from the records, examples run anew. Any warning is an error.
docs: $(VENV)/.dev
	$(BIN)/python -m dssl.documents.site --out build/site_sources
	$(BIN)/sphinx-build -W --keep-going -j 1 -q -b html build/site_sources build/site/html

clean:
	rm -rf $(VENV) build *.egg-info
