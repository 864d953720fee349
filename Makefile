# `make run` runs the pipeline on raw/, `make test` runs all checks. Both install what they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check
# The locks list every package with its hash: pip resolves nothing, builds nothing, and installs no other release.
LOCKED := $(PIP) --no-deps --require-hashes --only-binary :all:
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
# Python imports nothing from this folder, because raw/ is in it.
export PYTHONSAFEPATH := 1

.PHONY: run test coverage torture harm bench books-check check lock clean tools

run: .venv/run
	$(BIN)/python -P -m pipeline run

test: .venv/test check
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

coverage: .venv/test # the lines that tests run, also in subprocesses; fails below `fail_under` of pyproject.toml
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --cov --cov-report term \
		--deselect tests/test_faults.py::test_limits_of_the_shell \
		--deselect tests/test_state.py::test_trouble_of_the_machine_is_tried_again # coverage writes files that these forbid

torture: .venv/test # takes hours: many more histories, kills, faults and damages than `make test`
	PYTHONPATH=. $(BIN)/python -m tests.torture

harm: .venv/test # 20 minutes: public texts of this machine through every part; lists what changed in build/harm.txt
	PYTHONPATH=benchmarks $(BIN)/python benchmarks/harm.py

bench: .venv/test # 5 minutes: how fast Lacuna is beside its peers; writes the table of docs/benchmarks.md
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/bench.py

books-check: .venv/test # 10 minutes: books of 60 posts in all languages: lost words, glyphs, overprinted words, EPUBCheck
	PYTHONPATH=. $(BIN)/python benchmarks/books.py ../shared/corpus --posts 3

check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/packages: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Lacuna needs Python 3.11 or newer, and $(PYTHON) is %d.%d: name another, as in make run PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Setting up .venv with $$($(PYTHON) --version): 180 MB to download, a minute or two, only once"
	@$(PYTHON) -m venv --clear .venv
	@$(LOCKED) -r requirements.lock
	@touch $@

.venv/run: .venv/packages pyproject.toml
	@$(PIP) --quiet --no-deps --no-index --no-build-isolation --editable .
	@$(BIN)/python -m pip check
	@echo "Set up: .venv takes $$(du -sh .venv | cut -f 1)"
	@touch $@

.venv/test: .venv/run requirements-dev.lock
	@echo "Setting up what make test needs besides: 210 MB to download, only once"
	@$(LOCKED) -r requirements-dev.lock
	@$(BIN)/python -m pip check
	@echo "Set up: .venv takes $$(du -sh .venv | cut -f 1)"
	@touch $@

lock: .venv/test # after a change of dependencies
	$(LOCK) pyproject.toml --extra books --extra html --group build --output-file requirements.lock
	$(LOCK) --group dev --constraints requirements.lock --output-file requirements-dev.lock

clean: # removes outputs, which a run makes again
	find clean out -mindepth 1 -not -name README.md -delete

tools: # optional checkers of tests/test_conformance.py; needs npm
	npm install --prefix .tools --ignore-scripts --no-audit --no-fund @daisy/ace@1.4.6 @likecoin/epubcheck-ts@0.7.0
	$(PYTHON) -m venv .tools/outloud
	.tools/outloud/bin/python -m pip install --quiet --disable-pip-version-check outloud==0.2.1
