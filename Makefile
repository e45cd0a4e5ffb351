# make demo     set up, build, run a real program side by side with python3
# make test     set up, build, run the whole test suite
# make help     the other targets

# The host: the distribution's own python3 where it is a version that fire knows, else one on PATH that is, else
# one that is fetched (.ci/fetch-host).
KNOWN = 'import sys; sys.exit(sys.version_info[:2] != (3, 11) or sys.implementation.name != "cpython")'
FETCHED = .host/python3
HOST ?= $(shell for p in /usr/bin/python3 python3 python3.11; do \
          command -v $$p >/dev/null 2>&1 && $$p -c $(KNOWN) && echo $$p && exit; done; \
          echo $(FETCHED))
VENV ?= .venv
PY    = $(VENV)/bin/python
FIRE  = $(VENV)/bin/fire
EXTRAS = test,lint,bench
TIME_LIMIT ?= 3000          # seconds for the whole suite
FUZZ ?= 2000                # generated programs
PYTEST_ARGS ?=

.PHONY: demo test lint fuzz bench conformance core system clean help

help:
	@sed -n 's/^# make/make/p' Makefile
	@echo 'make core     build the VM core if its sources changed'
	@echo 'make lint     ruff and mypy'
	@echo 'make fuzz     FUZZ=$(FUZZ) generated programs, host against fire'
	@echo 'make bench    benchmark programs: host, fire and, where installed, pypy3'
	@echo 'make conformance   the tests of CPython itself, test by test'
	@echo 'make clean    remove what was built'

# ------------------------------------------------------------------------------------------ set-up
system: $(filter $(FETCHED),$(HOST))
	@sh .ci/system-packages "$(HOST)"

$(FETCHED):
	sh .ci/fetch-host $@

$(VENV)/.ready: pyproject.toml setup.py | system
	test -x $(PY) || $(HOST) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check "setuptools>=65" wheel "llvmlite>=0.44" "cffi>=1.16"
	$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation -e ".[$(EXTRAS)]"
	touch $@

core: $(VENV)/.ready
	$(PY) -m firelang.codegen.build

# ----------------------------------------------------------------------------------------- targets
demo: core
	$(PY) examples/side_by_side.py --fire $(FIRE) --host $(PY) benchmarks/programs/richards.py

test: core
	timeout --kill-after=30 $(TIME_LIMIT) $(PY) -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy firelang bytecode

fuzz: core
	FIRE_FUZZ=$(FUZZ) $(PY) -m pytest tests -k "generated or fuzz" $(PYTEST_ARGS)

bench: core
	$(PY) benchmarks/run.py --host $(HOST) --fire $(FIRE)

conformance: core
	$(PY) tests/conformance/run.py

clean:
	rm -rf $(VENV) build dist *.egg-info vm/_core* .ruff_cache .mypy_cache .pytest_cache tests/.cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
