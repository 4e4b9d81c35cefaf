# Daily verbs; `make` alone lists them. GNU make and a Python of at least 3.11 are all it needs.
#
# Settings come from the environment (`PORT=9000 make run`) or from .env; config.py lists them.

PYTHON ?= python3
UV ?= uv
BIN := .venv/bin

# pip should neither advertise itself nor warn about root: the .venv is the project's own.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
PIP_INSTALL := $(BIN)/python -m pip install -qq --require-hashes

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# pip must not run twice at once in one .venv, whatever -j says.
.NOTPARALLEL:
.PHONY: help run dev test faults lint fmt types imports deps check bench bench-list bench-views bench-growth bench-backup \
	screenshots lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

# ---------------------------------------------------------------- run it

# flask db upgrade is silent unless it fails; the server tells where it listens.
run: .venv/.run .env ## run the server as in production (HOST, PORT, DATABASE_URL, ...)
	@out=$$($(BIN)/flask db upgrade 2>&1) || { printf '%s\n' "$$out" >&2; exit 1; }
	@exec $(BIN)/gunicorn

# dotenv puts .env below the environment, as config.py does, so that HOST and PORT count here too.
dev: .venv/.run .env ## run the debug server, which reloads on every change
	@out=$$($(BIN)/flask db upgrade 2>&1) || { printf '%s\n' "$$out" >&2; exit 1; }
	@exec $(BIN)/dotenv run --no-override -- sh -c \
		'exec $(BIN)/flask --debug run --host "$${HOST:-127.0.0.1}" --port "$${PORT:-8000}"'

# ---------------------------------------------------------------- prove it

test: .venv/.dev ## run the tests with branch coverage (ARGS="--no-cov tests/api" for a part)
	@$(BIN)/pytest --numprocesses auto --dist worksteal --ignore tests/faults $(ARGS)

faults: .venv/.dev ## break the database, the server and the disk under load (ARGS="-k redis")
	@$(BIN)/pytest --no-cov tests/faults $(ARGS)

check: lint types imports deps ## everything that judges the code without running it

lint: .venv/.dev ## style and common mistakes (ruff)
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check

fmt: .venv/.dev ## format, and correct what ruff can correct
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format

types: .venv/.dev ## static types (mypy, strict)
	@$(BIN)/mypy

imports: .venv/.dev ## who may import whom (import-linter)
	@$(BIN)/lint-imports --no-logo

deps: .venv/.dev ## declared dependencies against imported ones (deptry)
	@$(BIN)/deptry .

bench: .venv/.dev .venv-peer/.stamp ## measure beside the asynchronous system that this replaces (ARGS=--quick)
	@$(BIN)/python -m benchmarks.compare $(ARGS)

bench-list: .venv/.dev ## measure the list page with 50 and with 10,000 tasks
	@$(BIN)/python benchmarks/list_page.py $(ARGS)

bench-views: .venv/.dev ## measure all views with 100,000 and with 1,000,000 tasks
	@$(BIN)/python benchmarks/views.py $(ARGS)

bench-growth: .venv/.dev ## measure what the database does with 1,000 to 10,000,000 tasks
	@$(BIN)/python benchmarks/growth.py $(ARGS)

bench-backup: .venv/.dev ## measure backup, restore and export with 200,000 tasks
	@$(BIN)/python benchmarks/backup.py $(ARGS)

screenshots: .venv/.dev ## make the README's pictures anew (needs Chromium)
	@$(BIN)/python docs/screenshots.py

# ---------------------------------------------------------------- install it

# Development is a choice, and this is where it is made; an existing .env is never touched.
# It will hold secrets: nobody else may read it.
.env:
	@umask 077 && cp .env.example .env

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "taskapp needs Python 3.11 or newer: install it, or name it: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv

# The stamps are newer than the lock files they were installed from. Both files agree on every
# version, so whoever has everything has the runtime set too.
.venv/.run: requirements.txt .venv/bin/python
	@echo "Installing what taskapp needs into .venv ..."
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/bin/python
	@echo "Installing what taskapp and its tests need into .venv ..."
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch .venv/.run $@

# What `make bench` compares with shares nothing with taskapp, not even versions.
.venv-peer/.stamp: requirements-peer.txt .venv/bin/python
	@echo "Installing the system to compare with into .venv-peer ..."
	@$(BIN)/python -m venv --clear .venv-peer
	@.venv-peer/bin/python -m pip install -qq --require-hashes -r requirements-peer.txt
	@touch $@

# For maintainers: needs uv, since pip cannot lock for several platforms. Versions stay as they are
# unless pyproject.toml asks for others; ARGS=--upgrade takes the newest ones.
# The first two are two files, since pip 23.0 (Debian 12) refuses hashes in a constraints file.
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command "make lock" --quiet
lock: ## pin all versions anew after a change in pyproject.toml (ARGS=--upgrade)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or name it: make UV=..." >&2; exit 1; }
	@$(LOCK) pyproject.toml --group dev $(ARGS) -o requirements-dev.txt >/dev/null
	@$(LOCK) pyproject.toml --constraints requirements-dev.txt -o requirements.txt >/dev/null
	@$(LOCK) --group peer $(ARGS) -o requirements-peer.txt >/dev/null

clean: ## remove what can be made again (.env and instance/ stay)
	@rm -rf .venv .venv-peer .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
