.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo serve test quick acceptance check format lock

# Idle OpenMP threads sleep: where another process works too, spinning ones make a
# training four times slower (measured: 185 s against 40 s).
export OMP_WAIT_POLICY ?= passive

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Each process of the tests would otherwise compile all modules anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest --numprocesses auto

help: ## What can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Prepare the environment (the others call it)

$(READY): requirements.lock pyproject.toml setup.sh
	./setup.sh $(VENV)
	touch $@

demo: $(READY) ## Demo log, model, service: five leads to call, and the brake
	$(BIN)/frein demo

serve: $(READY) ## The console and the service, on 127.0.0.1:8000, with the demo's leads
	$(BIN)/frein demo --prepare-only
	FREIN_HISTORY_LOG=logs/demo $(BIN)/frein serve

test: $(READY) ## Install what the tests need, and pass them all
	./tests/setup.sh
	$(PYTEST)

quick: $(READY) ## The tests that need no browser, no PostgreSQL and no training
	FREIN_TESTS=quick $(PYTEST) -m "not browser and not postgresql and not training"

acceptance: $(READY) ## All tests, with the full budget of what they draw
	./tests/setup.sh
	FREIN_TESTS=full $(PYTEST)

check: $(READY) ## Format, lint, types, layers, tests: what CI runs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(MAKE) test

format: $(READY) ## Put the code in shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: ## Renew requirements.lock (needs uv); the file names no index
	env -u PIP_FIND_LINKS uv pip compile --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade \
	  --extra dev pyproject.toml -o requirements.lock
