# The two commands: `make verify` (the main job) and `make test`. Both need only Python >= 3.11, pip, make and git.
PYTHON ?= python3
EXTRAS ?=
VENV := .venv
BIN := $(VENV)/bin
comma := ,

.PHONY: verify test lint types imports constants notebooks clean
.DELETE_ON_ERROR:

verify: $(VENV)/.run$(EXTRAS)
	$(BIN)/dssl verify

# What needs one core each goes side by side; the tests come after, on two.
test: $(VENV)/.dev
	$(MAKE) -j 2 lint types imports constants
	$(BIN)/pytest -n 2

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

clean:
	rm -rf $(VENV) build *.egg-info
