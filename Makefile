# What a fresh machine needs: git, make, Python 3.11 or later. `make help` lists the targets.

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV ?= .venv
BIN := $(VENV)/bin
IS_RECENT := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
# The first of these that is Python 3.11 or later; `make PYTHON=...` names another.
ifndef PYTHON
PYTHON := $(shell for python in python3 python python3.13 python3.12 python3.11 python3.14; do \
	"$$python" $(IS_RECENT) >/dev/null 2>&1 && echo "$$python" && break; done)
endif
GROUP ?=
DIST ?= dist
PYTEST_FLAGS ?=
AXE := $(VENV)/npm/node_modules/axe-core/axe.min.js
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.PHONY: help demo test test-interpreted test-browser test-spark lint types layers docs feed wheel clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile

demo: $(VENV)/.installed  ## install, and cluster the made-up feed in examples/
	$(BIN)/python examples/demo.py

test: $(VENV)/.installed-test  ## install, and run all tests; GROUP=text: those of a group, see tests/conftest.py
	$(BIN)/python -m pytest $(if $(GROUP),-m "not browser and not spark and not slow and $(GROUP)") $(PYTEST_FLAGS)

test-interpreted: $(VENV)/.installed-test  ## run all tests with the kernels as plain Python
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest $(PYTEST_FLAGS)

test-browser: $(VENV)/.installed-browser $(AXE)  ## run the tests in Chromium, which npm and the system must bring
	DEDUPE_NEWS_AXE=$(abspath $(AXE)) $(BIN)/python -m pytest -m browser $(PYTEST_FLAGS)

test-spark: $(VENV)/.installed-test-spark  ## run the tests on Spark, for which the system must bring Java 17 or later
	$(BIN)/python -m pytest -m spark tests/spark $(PYTEST_FLAGS)

lint: $(VENV)/.installed-dev  ## check style, docstrings, spelling and metadata
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	find src -name '*.py' -not -path '*/_*/*' | sort | xargs $(BIN)/numpydoc lint
	$(BIN)/codespell
	$(BIN)/validate-pyproject pyproject.toml

types: $(VENV)/.installed-dev  ## check types
	$(BIN)/mypy

layers: $(VENV)/.installed-dev  ## check who imports whom
	$(BIN)/lint-imports

docs: $(VENV)/.installed-docs  ## execute the notebooks, and build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

feed: $(VENV)/.installed-test  ## write the made-up feed in examples/ and the pictures of docs/ anew
	$(BIN)/python examples/make_feed.py
	$(BIN)/python docs/pictures.py

wheel: $(VENV)/.created  ## build the wheel for this Python and system into dist/, its kernels compiled
	HATCH_BUILD_HOOK_ENABLE_CUSTOM=true $(BIN)/python -m pip wheel --disable-pip-version-check --quiet --no-deps --wheel-dir $(DIST) .

clean:  ## remove the environment, builds and caches
	rm -rf $(VENV) build dist site .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A change of pyproject.toml installs again. An environment that is there and fit is used.
$(VENV)/.created:
	@if [ -z "$(PYTHON)" ]; then \
		echo "dedupe_news needs Python 3.11 or later, but none was found: python3 is" \
			"$$(python3 --version 2>&1 | head -n 1)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; \
	fi
	@"$(PYTHON)" $(IS_RECENT) || { \
		echo "dedupe_news needs Python 3.11 or later, but $(PYTHON) is" \
			"$$("$(PYTHON)" --version 2>&1 | head -n 1)." >&2; \
		exit 1; \
	}
	@"$(BIN)/python" $(IS_RECENT) 2>/dev/null || "$(PYTHON)" -m venv --clear "$(VENV)" || { \
		echo "'$(PYTHON) -m venv $(VENV)' failed: there is no environment to install into." >&2; \
		echo "Debian and Ubuntu ship it apart: apt-get install python3-venv" >&2; \
		exit 1; \
	}
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(PIP_INSTALL) --editable .
	@touch $@

# Only the tests in a browser need it.
$(AXE): $(VENV)/.created
	npm install --silent --no-audit --no-fund --prefix $(VENV)/npm axe-core@4.14.1
	@touch $@

$(VENV)/.installed-test $(VENV)/.installed-dev $(VENV)/.installed-docs $(VENV)/.installed-browser \
		$(VENV)/.installed-test-spark: \
		$(VENV)/.installed-%: $(VENV)/.created pyproject.toml
	$(PIP_INSTALL) --editable '.[$*]'
	@touch $@ $(VENV)/.installed
