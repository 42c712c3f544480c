# Each target makes what it needs first, below .venv/ and .cache/, without root. `make` alone lists them.

PYTHONS := python3 python3.13 python3.12 python3.14 python3.11 python
PYTHON ?= $(shell for name in $(PYTHONS); do \
	"$$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 </dev/null \
	&& { echo "$$name"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
PRISMA := workers/sources/prisma/engine
DESCRIPTIONS := .cache/github-openapi/.fetched
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

export PYTHONUTF8 := 1
export PIP_NO_INPUT := 1
export UV_SYSTEM_CERTS ?= 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test acceptance check bench setup lock clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */\1\t/' | expand -t 14

demo: setup  ## start everything here and play a pull from open to applied; ONCE=1 ends after it
	@$(BIN)/python -m deploy.demo $(if $(filter-out 0,$(ONCE)),--once)

test: setup $(DESCRIPTIONS)  ## the suite: under 10 minutes on 2 cores
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not acceptance" </dev/null

acceptance: setup $(DESCRIPTIONS)  ## the long suite: all real projects, corpora, properties
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m acceptance </dev/null || { \
		[ $$? = 5 ] && ! grep -rq 'mark[.]acceptance' tests && echo "There is no acceptance test yet."; }

check: $(MADE)/project  ## linters, formatting, types, who imports whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

bench: setup  ## the benchmarks
	@$(BIN)/python -m tests.bench; tables=$$?; $(BIN)/python -m tests.bench.prisma_history && exit $$tables

setup: $(MADE)/project $(MADE)/bubblewrap $(MADE)/prisma $(MADE)/mariadb

lock: $(MADE)/packages  ## resolve the locks again after a change of dependencies
	$(BIN)/$(LOCK) --extra embedded --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/$(LOCK) pyproject.toml -o requirements/run.txt

clean:  ## remove what these targets made
	rm -rf $(VENV) .cache build *.egg-info .pytest_cache .mypy_cache .ruff_cache $(PRISMA)/node_modules

$(MADE)/venv:
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python 3.11 or newer with venv and ensurepip was found (tried: $(PYTHONS))." >&2; \
		echo "Install one (Debian: python3 and python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; fi
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@mkdir -p $(MADE) && touch $@

# pip fetches uv alone, by its hash from our lock; uv fetches the rest. An index that only pip knows still works.
$(MADE)/packages: requirements/dev.txt $(MADE)/venv
	@echo "Installing packages by the hashes in $<"
	@awk '/^[^ ]/ { wanted = /^uv==/ } wanted' $< > $(MADE)/uv.txt
	@$(PIP) --require-hashes --no-deps -r $(MADE)/uv.txt </dev/null
	@$(UV) --require-hashes --no-deps -r $< </dev/null || $(PIP) --require-hashes --no-deps -r $< </dev/null
	@touch $@

$(MADE)/project: pyproject.toml $(MADE)/packages
	@$(UV) --no-deps --no-build-isolation --editable . </dev/null \
		|| $(PIP) --no-deps --no-build-isolation --editable . </dev/null
	@touch $@

# Without bubblewrap nothing of a pull is run; what needs it says so, so this is no reason to stop here.
$(MADE)/bubblewrap: $(MADE)/venv
	@if $(BIN)/python -m deploy.tools.fetch_bubblewrap </dev/null; then touch $@; fi

# The same for Prisma's engine: its packages by the hashes of its own lock, none of their scripts run.
$(MADE)/prisma: $(PRISMA)/package-lock.json | $(MADE)/project
	@if $(BIN)/python -m deploy.tools.install_prisma </dev/null; then touch $@; fi

# Without MariaDB no pull of a MariaDB or MySQL target is rehearsed; what needs it says so.
$(MADE)/mariadb: deploy/tools/fetch_mariadb.py $(MADE)/project
	@if $(BIN)/python -m deploy.tools.fetch_mariadb </dev/null; then touch $@; fi

# What the local GitHub is held to in the tests: GitHub's own descriptions, pinned by hash.
$(DESCRIPTIONS): tests/demo/github/fetch_descriptions.py | $(MADE)/project
	@$(BIN)/python -m tests.demo.github.fetch_descriptions </dev/null
	@touch $@
