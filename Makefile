# Everything a person or a machine does with this checkout. Nothing has to be run before `make demo` or `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAGE := src/bathyscope/workbench/page/index.html
NODE_MODULES := frontend/node_modules/.package-lock.json
# Compiling every module of every package takes over a minute; Python compiles those that are used by itself.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt

# What does not wait for each other runs side by side.
MAKEFLAGS += --jobs=2

# Compiled modules are kept, whatever is set around: every process would compile them anew, torch alone for five seconds.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help setup demo test page lint types types-python types-page bench dev clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    train a small network on real images, record it, map it, look at it (about five minutes)"
	@echo "make test    every test: lint, types, TypeScript, Python, a real browser"
	@echo "make setup   what both need, without running anything"
	@echo "make lint | types | page | bench | dev | clean"

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Bathyscope needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.user: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Setting up Python in $(VENV) …"
	@$(PIP) --editable '.[torch]'
	@touch $@

$(VENV)/.developer: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Setting up Python in $(VENV), with what the tests need …"
	@$(PIP) --editable '.[torch,huggingface,lightning,keras,notebook,dev]'
	@$(BIN)/pytest --collect-only > /dev/null || true  # compiles what all test processes are about to import
	@touch $(VENV)/.user $@

$(VENV)/.browser: $(VENV)/.developer
	@$(BIN)/python tools/chromium.py
	@touch $@

$(NODE_MODULES): frontend/package.json frontend/package-lock.json
	@command -v npm > /dev/null || { echo "The page is built with Node.js 20 or newer, and there is no npm here. Install Node.js, then run this again."; exit 1; }
	@echo "Installing what the page is built with …"
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error > /dev/null
	@touch $@

$(PAGE): $(NODE_MODULES) $(shell find frontend/src -type f 2> /dev/null) frontend/index.html frontend/vite.config.ts frontend/vite.alone.ts
	@echo "Building the page …"
	@cd frontend && npm run --silent build -- --logLevel=error
	@touch $@

setup: $(VENV)/.developer $(VENV)/.browser $(PAGE)

page: $(PAGE)

demo: $(VENV)/.user $(PAGE)
	@$(BIN)/bathyscope demo

lint: $(VENV)/.developer
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: types-python types-page

types-python: $(VENV)/.developer
	@$(BIN)/mypy --no-error-summary

types-page: $(NODE_MODULES)
	@cd frontend && npm run --silent types

# Four processes, since tests wait for browsers and servers; one thread in each, since threads that wait keep a core busy.
test: setup lint types
	@cd frontend && npm test --silent
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest --numprocesses 4 --dist worksteal

bench: setup
	@for script in benchmarks/*.py; do echo; echo "# $$script"; $(BIN)/python $$script || exit 1; done

dev: setup
	@test -d runs/demo || $(BIN)/bathyscope demo --no-serve
	@trap 'kill 0' EXIT; (cd frontend && npm run --silent build -- --watch --logLevel=error) & $(BIN)/bathyscope open runs/demo

clean:
	@rm -rf $(VENV) frontend/node_modules src/bathyscope/workbench/page dist
