# Needs make and Python 3.11 or newer, nothing else. `make help` lists the targets.
#
# PYTHON=python3.12 uses that interpreter, in an environment of its own; VENV=dir names the environment.
# The environment is stamped with the checksum of the lock file: when that changes, the next target makes it anew, so
# that nothing stays behind which the lock no longer names. The locked pip takes its place first: it needs half the time
# of one that is three years old. Python compiles what is used when it is used first: pip would compile everything.

MAKEFLAGS += --no-print-directory
# A worker starts a third faster when Python may keep what it compiled, and tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=
.DEFAULT_GOAL := help

SEEDS ?= 200
# Slow tests wait more than they compute, so two processes share a core.
WORKERS ?= $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))
CHAOS_SECONDS ?= 120
DRILL_TIMES ?= 10
CHAOS_SEED ?= 1
CHAOS_PARTITIONS ?= 4
CHAOS_WORKERS ?= 2
CHAOS_RATE ?= 200
CHAOS_ROUNDS ?= 0
CHAOS_AGAINST ?= engine
REBALANCES ?= 200
KILLS ?= 20

# An interpreter counts when it runs and is new enough: a name on the PATH may lead nowhere.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
CANDIDATES := python3.12 python3.11 python3 python

ifdef PYTHON
VENV ?= .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
else
VENV ?= .venv
PYTHON = $(shell for python in $(CANDIDATES); do \
	$$python -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $$python && break; done)
endif

PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-compile
LOCKED := $(VENV)/.locked-$(shell cksum < requirements-dev.lock 2>/dev/null | cut -d ' ' -f 1)
INSTALLED := $(VENV)/.installed
TOOLS := build/.tools-$(shell cksum < deploy/tools.sh 2>/dev/null | cut -d ' ' -f 1)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(INSTALLED) ## Kairos at work on this machine: Kafka, a worker, traffic, and what may be said, live
	@$(VENV)/bin/kairos up

.PHONY: demo
demo: $(INSTALLED) ## replay a year of real orders and show what would have been said
	@$(VENV)/bin/kairos replay --demo

.PHONY: test
test: ## run the tests on WORKERS processes (two for each core)
	@$(MAKE) -j2 $(INSTALLED) $(TOOLS)
	@$(PY) -m pytest -q -n $(WORKERS) --maxschedchunk 2

.PHONY: check
check: $(INSTALLED) ## format, lint and types, without changing a file
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy

.PHONY: format
format: $(INSTALLED) ## format, and mend what the linter can mend
	@$(PY) -m ruff check --fix-only .
	@$(PY) -m ruff format .

.PHONY: simulate
simulate: $(INSTALLED) ## judge SEEDS made-up histories with the checkers: build/simulate.json
	@mkdir -p build
	@$(PY) -m streams.simulation --seeds $(SEEDS) --out build/simulate.json

.PHONY: chaos
chaos: $(INSTALLED) ## workers on a real Kafka under faults for CHAOS_SECONDS, decided again by an oracle: build/chaos.json
	@mkdir -p build
	@$(PY) -m tests.chaos --seconds $(CHAOS_SECONDS) --seed $(CHAOS_SEED) --partitions $(CHAOS_PARTITIONS) \
		--workers $(CHAOS_WORKERS) --rate $(CHAOS_RATE) --rounds $(CHAOS_ROUNDS) \
		--against $(CHAOS_AGAINST) --out build/chaos$(if $(filter plain,$(CHAOS_AGAINST)),-plain).json

.PHONY: rebalances
rebalances: $(INSTALLED) ## whether a worker keeps its size over REBALANCES of its group: build/rebalances.json
	@$(PY) -m tests.chaos.rebalances --rebalances $(REBALANCES) --out build/rebalances.json

.PHONY: kills
kills: $(INSTALLED) ## a replay on Kafka that is killed KILLS times says the bytes of `kairos replay`
	@REPLAY_KILLS=$(KILLS) $(PY) -m pytest -q tests/streams/engine/test_replay_on_kafka.py -k again_and_again

.PHONY: rolling
rolling: $(INSTALLED) ## restart three workers one after the other under load, for CHAOS_SECONDS: build/rolling.json
	@mkdir -p build
	@$(PY) -m tests.chaos --fault "rolling restart" --workers 3 --partitions 6 --seconds $(CHAOS_SECONDS) \
		--seed $(CHAOS_SEED) --rate $(CHAOS_RATE) --pause-max 3 --out build/rolling.json

.PHONY: drills
drills: $(INSTALLED) $(TOOLS) ## make every fault that alerts tell of, as root, in about an hour: deploy/DRILLS.md
	@mkdir -p build
	@$(PY) -m tests.drills --times $(DRILL_TIMES) --out build/drills.json --document deploy/DRILLS.md

.PHONY: bench
bench: $(INSTALLED) ## measure the hot paths and the engine: build/bench.json (LONG=1 for half an hour, PART=name for one)
	@mkdir -p build
	@$(PY) -m tests.bench $(if $(LONG)$(LOG),--long) $(if $(LOG),--log $(LOG)) $(addprefix --part ,$(PART))

# The lock must not say where it was made: no index, no host, no path.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m piptools compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

.PHONY: lock
lock: $(INSTALLED) ## write the lock files from pyproject.toml (UPGRADE=1 moves to the newest versions)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev --extra embedded --extra tracing --output-file requirements-dev.lock pyproject.toml
	@$(COMPILE) --constraint requirements-dev.lock --extra tracing --output-file requirements.lock pyproject.toml
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --output-file deploy/security.lock deploy/security.in

# Tools that judge what is shipped, in an environment of their own: what they need is no business of the project's.
SECURITY := build/security
SHIPPED := build/shipped

$(SECURITY)/.installed: deploy/security.lock | $(LOCKED)
	@$(PYTHON) -m venv --clear $(SECURITY)
	@$(SECURITY)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/security.lock
	@touch $@

$(SHIPPED)/.installed: requirements.lock deploy/install.sh | $(LOCKED)
	@rm -rf $(SHIPPED) $(SHIPPED).tools $(SHIPPED).wheels
	@PYTHON=$(PYTHON) deploy/install.sh dependencies $(SHIPPED)
	@rm -rf $(SHIPPED).tools
	@touch $@

.PHONY: sbom
sbom: $(SECURITY)/.installed $(SHIPPED)/.installed ## what the image is made of, as CycloneDX: build/sbom.json
	@$(SECURITY)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
		--output-format JSON --output-file build/sbom.json $(SHIPPED)/bin/python
	@$(PY) -m deploy.security sbom build/sbom.json

.PHONY: audit
audit: $(SECURITY)/.installed ## known vulnerabilities of the locked dependencies; fails where they cannot be asked for
	@$(PY) -m deploy.security audit $(SECURITY)/bin/pip-audit

.PHONY: clean
clean: ## remove the environment and everything that was made
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find schemas state streams tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: tools
tools: ## fetch Prometheus, helm and more for the tests into build/tools; needs no root and installs nothing
	@deploy/tools.sh build/tools

# Asked for once: where they are not to be had, the tests that need them are skipped and say so.
$(TOOLS):
	@deploy/tools.sh build/tools || true
	@mkdir -p $(@D) && touch $@

$(LOCKED):
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer among: $(CANDIDATES). Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "make: $(PYTHON) does not run or is older than Python 3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) comes without venv or ensurepip: install them (on Debian and Ubuntu: the package python3-venv, or python3.11-venv for that version)" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@awk '/^[a-z]/ { wanted = /^pip==/ } wanted' requirements-dev.lock >$(VENV)/pip.lock
	@$(PIP) --require-hashes -r $(VENV)/pip.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# Setuptools warns at length of every folder that holds data and no module.
$(INSTALLED): $(LOCKED) pyproject.toml
	@PYTHONWARNINGS=ignore $(PIP) --no-deps --no-build-isolation -e .
	@touch $@
