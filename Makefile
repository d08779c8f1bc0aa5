# `make demo` and `make test` set everything up in .venv; Python 3.11 or newer, make and a package registry are all they need.

PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null | grep True),$(p))))
BIN := .venv/bin

# Compiled once, not by each process of each run, whatever the caller's setting: a third of `make quick`.
unexport PYTHONDONTWRITEBYTECODE

LINT := lint-ruff lint-mypy lint-imports lint-words

.PHONY: demo quick test test-all lint $(LINT) docs gallery benchmarks clean

demo: .venv/ready
	$(BIN)/netdsl table examples/lenet5.net
	$(BIN)/netdsl train examples/lenet5.net examples/lenet5.yaml

# For the edit loop: under a minute on two cores.
quick: .venv/ready
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not keras and not slow and not zoo and not extra" --ignore tests/benchmarks --ignore tests/keras

test: .venv/ready
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST)

# With every optional package, in an environment of its own.
test-all: .venv-all/ready
	.venv-all/bin/python -m pytest -n auto --dist loadfile -m "" $(PYTEST)

# `make -j lint` runs them side by side.
lint: $(LINT)

$(LINT): .venv/ready

lint-mypy:
	$(BIN)/mypy

lint-imports:
	$(BIN)/lint-imports

lint-ruff:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-words:
	$(BIN)/python tools/words.py

# What is made of the sources: the parser's tables, the pages of all kinds, of the front door, of all codes and of all commands.
docs: .venv/ready
	$(BIN)/python -m netdsl.syntax.make_tables
	$(BIN)/python -m netdsl.kinds.make_words
	$(BIN)/python -m netdsl.report.kinds_document > docs/kinds.new
	mv docs/kinds.new docs/kinds.md
	$(BIN)/python docs/python_page.py > docs/python.new
	mv docs/python.new docs/python.md
	$(BIN)/python docs/errors_page.py > docs/errors.new
	mv docs/errors.new docs/errors/README.md
	$(BIN)/python docs/cli_page.py > docs/cli.new
	mv docs/cli.new docs/cli.md

# The pictures in docs/pictures/, and the gallery in docs/zoo.md.
gallery: .venv/ready
	$(BIN)/python docs/gallery.py

benchmarks: .venv/ready
	$(BIN)/python benchmarks/startup.py

.venv/ready: EXTRAS = dev
.venv-all/ready: EXTRAS = dev,all
.venv/ready .venv-all/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --upgrade pip
	$(@D)/bin/python -m pip install --quiet -e '.[$(EXTRAS)]'
	$(@D)/bin/python -m compileall -q netdsl
	touch $@

clean:
	rm -rf .venv .venv-all build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
