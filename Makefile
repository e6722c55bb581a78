# Makegood. `make demo` and `make test` need Python 3.11 or newer and nothing else.

PYTHON ?= python3
ROUNDS ?= 100
VENV := .makegood/venv
BIN := $(VENV)/bin
STATICS := shared/pages/govuk/made-of
# Fetched once per user: what is here needs no network again.
CACHE := $(shell d="$${XDG_CACHE_HOME:-$$HOME/.cache}/makegood"; \
	mkdir -p "$$d/wheels" 2>/dev/null && test -w "$$d/wheels" && echo "$$d" || echo "$(CURDIR)/.makegood/cache")
WHEELS := "$(CACHE)/wheels"
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# Services start twice as fast from bytecode, which the first import leaves behind.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint bench kill-loop lock clean
.DELETE_ON_ERROR:

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(VENV)/developer ## the virtual environment with everything, under .makegood/venv

demo: $(STATICS) ## the whole system with six months of returns; ONCE=1 ends after the summary
	@$(BIN)/makegood demo $(if $(ONCE),--once)

test: lint ## lint, then every test on a real Kafka and PostgreSQL
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 $(ARGS)

lint: $(VENV)/developer ## style, types, and who may import whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/developer ## measure against the other arms; writes .makegood/bench.json
	@$(BIN)/python -m tests.bench $(ARGS)

kill-loop: $(VENV)/developer ## kill services, broker and database at random, ROUNDS times
	@$(BIN)/python -m pytest tests/faults/test_kill_loop.py --rounds $(ROUNDS) --timeout 0 $(ARGS)

lock: ## pin all dependencies anew, with hashes (for maintainers; needs uv)
	echo 'setuptools>=80' | $(COMPILE) pyproject.toml - --output-file requirements.lock
	echo 'setuptools>=80' | $(COMPILE) pyproject.toml - --group dev \
		--constraint requirements.lock --output-file requirements-dev.lock

clean: ## stop the stack, delete its data and all that was built; keeps the user's cache
	@test ! -x $(BIN)/makegood || $(BIN)/makegood down --forget
	rm -rf .makegood shared/pages/govuk build makegood.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- how the virtual environment comes about: three stamps, each made from the one before ---

# docopt has no wheel. GOV.UK Notify's client asks for it and never imports it.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-package docopt

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Makegood needs Python 3.11 or newer; this is' "`$(PYTHON) --version 2>&1`."; \
		echo 'Name another one: make PYTHON=python3.12 …'; exit 1; }
	@mkdir -p .makegood
	@$(PYTHON) -m venv --clear $(VENV) || { \
		echo 'Python has no module venv here. On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	@touch $@

$(VENV)/runtime: $(VENV)/made requirements.lock pyproject.toml
	$(call install,requirements.lock)

# Style and script of the pages, from a pinned jar.
$(STATICS): $(VENV)/runtime deploy/webjars.lock deploy/statics.py
	@$(BIN)/python -m deploy.statics

$(VENV)/developer: $(STATICS) requirements-dev.lock
	$(call install,requirements-dev.lock)

# From the cache alone if it has everything, else it is filled first. Every file is held against
# its hash in the lock, which is whole: nothing else is looked for. The project itself is built with
# what the lock brought, without network.
# Bytecode is left to the first import: most of what is installed is never imported.
define install
@mkdir -p $(WHEELS)
@echo 'Installing $(1) …'
@$(PIP) install --quiet --no-compile --no-index --find-links $(WHEELS) --no-deps --require-hashes -r $(1) 2>/dev/null || { \
	$(PIP) download --only-binary :all: --no-deps --require-hashes --dest $(WHEELS) -r $(1) && \
	echo 'Installing …' && \
	$(PIP) install --quiet --no-compile --no-index --find-links $(WHEELS) --no-deps --require-hashes -r $(1); }
@$(PIP) install --quiet --no-index --no-deps --no-build-isolation --editable .
@touch $@
endef
