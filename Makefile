# `make demo` and `make test` set everything up in .venv; Python 3.11 or newer, make and a package registry are all they need.

PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null | grep True),$(p))))
BIN := .venv/bin

.PHONY: demo test test-all lint tables kinds benchmarks clean

demo: .venv/ready
	$(BIN)/netdsl table examples/lenet5.net
	$(BIN)/netdsl train examples/lenet5.net examples/lenet5.yaml

test: .venv/ready
	$(BIN)/python -m pytest -n auto --dist loadfile

test-all: .venv/ready
	$(BIN)/python -m pytest -n auto --dist loadfile -m ""

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tables: .venv/ready
	$(BIN)/python -m netdsl.syntax.tables

kinds: .venv/ready
	$(BIN)/python -m netdsl.report.kinds_document > docs/kinds.md

benchmarks: .venv/ready
	$(BIN)/python benchmarks/startup.py

.venv/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	$(BIN)/python -m compileall -q netdsl
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
