# Two commands: `make run` does the whole job on raw/, `make test` proves it. Both set up what they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test check lock clean tools

run: .venv/run
	$(BIN)/python -m pipeline run

test: .venv/test check
	$(BIN)/python -m pytest

check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/run: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --editable .
	touch $@

.venv/test: .venv/run requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	touch $@

lock: # after a change of dependencies; needs uv
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements-dev.lock

clean: # what can be made again
	find clean out -mindepth 1 -not -name README.md -delete

tools: # what tests/test_conformance.py uses where it is at hand; needs npm
	npm install --prefix .tools --ignore-scripts --no-audit --no-fund @daisy/ace@1.4.6 @likecoin/epubcheck-ts@0.7.0
	$(PYTHON) -m venv .tools/outloud
	.tools/outloud/bin/python -m pip install --quiet --disable-pip-version-check outloud==0.2.1
