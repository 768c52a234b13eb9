# The two commands: `make verify` (the main job) and `make test`. Both need only Python >= 3.11, pip, make and git.
PYTHON ?= python3
EXTRAS ?=
VENV := .venv
BIN := $(VENV)/bin
comma := ,

.PHONY: verify test notebooks clean
.DELETE_ON_ERROR:

verify: $(VENV)/.run$(EXTRAS)
	$(BIN)/dssl verify

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/dssl constants --check
	$(BIN)/pytest -n 2

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
