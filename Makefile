# Every command a newcomer needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base
DEV := $(VENV)/.dev

# What one process has compiled, a hundred others need not compile again; what none needs is never compiled (pip's
# --no-compile below).
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo fresh test services read check format lint types contracts words weights bench lock clean setup

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BASE): requirements/base.txt pyproject.toml
	@echo "Setting up Regista in $(VENV) (a minute or two the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/base.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(BASE) requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(DEV) ## Set up the virtual environment for development

words: $(BASE) ## Compile the translations
	@$(BIN)/pybabel -q compile -d lti_app/translations 2>/dev/null

demo: $(BASE) words ## Run the practice LMS and Regista on this machine
	@$(BIN)/regista demo

fresh: $(BASE) words ## The same, with all data begun anew
	@$(BIN)/regista demo --fresh

test: ## Check everything and run all tests (installs chromium, postgresql and redis if it may)
	@# Whoever waits for the system's packages can set up and check meanwhile.
	@$(MAKE) --no-print-directory -j3 services check read
	@# Three for two cores: the stories in a browser wait for each other more than they reckon.
	@$(BIN)/python -m pytest -n 3

services:
	@sh tests/services.sh

# Once for all the processes that share the tests: reading them takes longer than running most of them.
read: $(DEV) words
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null 2>&1 || true

check: $(DEV) words ## Format, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet . || (echo "run: make format"; exit 1)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports

format: $(DEV) ## Format the code
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

TRAIN := .venv-training
DATA ?= ../shared/learners/train

$(TRAIN)/.ready: training/requirements.txt
	@test -x $(TRAIN)/bin/python || $(PYTHON) -m venv $(TRAIN)
	@$(TRAIN)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r training/requirements.txt
	@touch $@

weights: $(TRAIN)/.ready ## Fit the stall detector again from the data (DATA=folder; about a quarter of an hour)
	OMP_NUM_THREADS=1 $(TRAIN)/bin/python -m training.fit --data $(DATA) --out engagement/detector/weights.json

bench: $(DEV) ## Run the benchmarks that take a few minutes in all
	$(BIN)/python -m benchmarks.sweep
	$(BIN)/python -m benchmarks.matching
	$(BIN)/python -m benchmarks.launch

lock: ## Resolve the requirements again into the hashed locks (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q requirements/base.in -o requirements/base.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q requirements/dev.in -c requirements/base.txt -o requirements/dev.txt

clean: ## Remove the environment and the demo's data
	rm -rf $(VENV) var
