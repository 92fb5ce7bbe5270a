# Two commands: `make demo` shows everything in a browser, `make test` runs every test. Needs Python 3.11, git and make.
PYTHON ?= python3.11
PYTHON := $(shell command -v $(PYTHON) >/dev/null 2>&1 && echo $(PYTHON) || echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8700
WORKERS ?= 2
# Tests start the program some hundred times: what is compiled is kept, also where a container says otherwise.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test faults lint bench lighthouse clean

demo: $(VENV)/.run
	@$(BIN)/python app.py demo --port $(PORT) $(if $(FRESH),--fresh,)

test: $(VENV)/.test $(VENV)/.peers lint
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

faults: $(VENV)/.test
	LINYI_FAULTS=all $(BIN)/python -m pytest tests/faults $(ARGS)
	LINYI_WALK=100000 $(BIN)/python -m pytest -n 0 -s tests/services/test_walk.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.test $(VENV)/.bench
	$(BIN)/python -m bench $(ARGS)

lighthouse: $(VENV)/.test
	cd tests/lighthouse && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	$(BIN)/python -m tests.lighthouse.measure $(ARGS)

clean:
	rm -rf $(VENV) tests/peers/node_modules tests/lighthouse/node_modules var .pytest_cache .mypy_cache .ruff_cache

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || (echo "Python 3.11 is needed: PYTHON=/path/to/python3.11 make …"; exit 1)
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt $(VENV)/.python
	@echo "Installing what is pinned in requirements.txt (once) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.test: requirements-test.txt requirements.txt $(VENV)/.python
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-test.txt
	@touch $@ $(VENV)/.run

$(VENV)/.peers: tests/peers/package.json tests/peers/package-lock.json $(VENV)/.test
	@cd tests/peers && PATH="$(abspath $(BIN)):$$PATH" npm ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.python
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-bench.txt
	@touch $@
