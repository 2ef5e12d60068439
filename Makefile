# Everything goes through a virtual environment in .venv, made from the pinned versions in .ci/constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SAMPLE := $(VENV)/.sample
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-two bench bench-check lint format import audit clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Serve on 127.0.0.1:8000 with an embedded database (PORT and MERGEMART_VAR choose others)
	@exec $(BIN)/python main.py run

test: $(SAMPLE) lint ## Check style, types and architecture, then run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-two: $(SAMPLE) ## Run every test with two servers on one database, asked in turn
	@MERGEMART_TEST_SERVERS=2 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: $(INSTALLED) ## Check style, types and architecture alone
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted: run 'make format'"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## Format the code and cure what can be cured
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

bench: $(INSTALLED) ## Measure everything that is promised about speed, against pgbench (7 to 20 minutes; BENCH=--quick for 3)
	@$(BIN)/python -m tests.bench $(BENCH)

bench-check: $(INSTALLED) ## Measure shortly, and fail where a ratio is more than 15% below the recorded one
	@$(BIN)/python -m tests.bench --check

import: $(SAMPLE) ## Import the sample year of receipts into the database of `make run`
	@exec $(BIN)/python main.py import receipts

audit: $(INSTALLED) ## Check every invariant of the books
	@exec $(BIN)/python main.py audit

clean: ## Remove the virtual environment and caches; the data in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info build
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mergemart needs Python 3.11 or later; $(PYTHON) is older: make PYTHON=python3.12 run"; exit 1; }
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing the pinned packages (once, and again when their list changes)"
	@$(PIP) install -c .ci/constraints.txt -e '.[test]'
	@touch $@

$(SAMPLE): $(INSTALLED)
	@$(PIP) install -c .ci/constraints.txt -e '.[sample]'
	@touch $@
