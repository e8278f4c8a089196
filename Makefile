# Two commands do everything from nothing: `make checklist` (the main job) and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

# pytest compiles its plugins anew at each start unless Python may keep the result.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: audit browser signoff checklist test lint unit minimal wire contracts fuzz faults simulate bench mutate record report lock clean help

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

checklist: $(READY)  ## prove the checklist by replaying the recordings; no network
	@$(BIN)/pytest features/ -n 2

test: lint unit minimal checklist audit  ## ruff, mypy --strict, our own tests, then the checklist

lint: $(READY)  ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/mypy

unit: $(READY)  ## our own tests
	@$(BIN)/pytest tests/ -n 2 -q

audit: $(READY)  ## is anything secret or personal in the recordings and reports?
	@$(BIN)/counterpart cassettes audit

minimal: $(READY)  ## prove the checklist with an ERP of the minimal profile: over HTTP, against the emulators
	@$(BIN)/pytest features/ --against=emulators --profile=minimal -n 2 -q

wire: $(READY)  ## the emulators' tests again, over HTTP instead of in process
	@COUNTERPART_WIRE=http $(BIN)/pytest tests/emulators -n 2 -q

contracts: $(READY)  ## write the contract of Customerp's minimal profile anew from the full one
	@$(BIN)/python contracts/minimal.py > contracts/customerp-minimal.openapi.yaml

EXAMPLES ?= 200
fuzz: $(READY)  ## send EXAMPLES generated requests to each operation of both emulators, others each time
	@COUNTERPART_FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/contracts/test_conformance.py -n 2 -q

faults: $(READY)  ## seed faults into the sync and print which scenarios notice each of them
	@$(BIN)/pytest tests/faults -n 2 -q

SEEDS ?= 1000
simulate: $(READY)  ## play SEEDS histories with crashes, lost answers and late effects against the real engine
	@$(BIN)/python tests/simulation --seeds $(SEEDS) --jobs 2 --write reports/histories

ablate: $(READY)  ## take the rules of the sync away, one at a time, and count which of SEEDS histories then fail
	@$(BIN)/python tests/simulation --ablations --seeds $(SEEDS) --jobs 2

# What is published as source only is built with the setuptools of requirements-build.lock: a build of its own would fetch
# whatever is newest, past every hash.
LOCKED = install -q --disable-pip-version-check --require-hashes --no-build-isolation

PEERS := $(VENV)/peers
$(PEERS): requirements-bench.lock $(READY)
	@$(BIN)/python -m pip $(LOCKED) -r requirements-bench.lock
	@touch $@

MUTATE ?= merge plan lines walk
mutate: $(PEERS)  ## mutation score of the sync's rules, or of MUTATE="links"; goes on where it was cut off
	@$(BIN)/python bench/mutation/run.py $(MUTATE) $(if $(SAMPLE),--sample $(SAMPLE))

bench: $(PEERS)  ## measure what scenarios, requests and the engine cost, each beside a peer; some minutes
	@$(BIN)/python bench/scenario_cost.py
	@$(BIN)/python bench/replay_cost.py
	@$(BIN)/python bench/documents.py
	@$(BIN)/python bench/engine_calls.py
	@$(BIN)/python bench/engine_throughput.py
	@$(BIN)/python bench/engine_growth.py
	@$(BIN)/python bench/engine_first_load.py
	@$(BIN)/python bench/engine_cursor.py
	@$(BIN)/python bench/engine_poison.py

record: $(READY)  ## record the cassettes anew, over HTTP on loopback, against the emulators
	@$(BIN)/pytest features/ --against=emulators --record

COMPILE = $(BIN)/pip-compile -q --generate-hashes --no-emit-options --no-emit-index-url --no-emit-find-links \
  --no-emit-trusted-host --allow-unsafe --strip-extras --no-header

# The version that the page was looked at with; npx keeps it after the first time.
ALLURE ?= allure@3.18.0
report:  ## build the Allure page of the last run; needs Node
	@test -d reports/allure-results || { echo "No results yet: run 'make checklist' first."; exit 1; }
	@command -v npx >/dev/null || { echo "The Allure page is built by Node, and npx is not there. Install Node 20 or"; \
	  echo "newer, or read reports/signoff/index.html, which needs nothing but a browser."; exit 1; }
	@npx --yes $(ALLURE) generate reports/allure-results --config allurerc.json
	@echo "reports/allure-page/index.html; npx $(ALLURE) open reports/allure-page shows it."

# pip-tools is pinned by version only: the locks are what it makes, so none of them can hold it to a hash before.
PIP_TOOLS := pip-tools==7.6.2
lock: $(READY)  ## resolve the dependencies anew (installs pip-tools)
	@$(BIN)/pip install -q --disable-pip-version-check $(PIP_TOOLS)
	@$(COMPILE) --only-build-deps --all-build-deps -o requirements-build.lock pyproject.toml
	@$(COMPILE) --extra dev --extra telemetry -o requirements.lock pyproject.toml
	@$(COMPILE) --extra dev --extra telemetry --extra bench -c requirements.lock -o requirements-bench.lock pyproject.toml

# The environment holds exactly what the lock says, hash by hash; the project itself is linked, not copied.
$(READY): requirements-build.lock requirements.lock pyproject.toml
	@echo "Creating the environment in $(VENV) (once, about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Counterpart needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip $(LOCKED) -r requirements-build.lock
	@$(BIN)/python -m pip $(LOCKED) -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

AXE := $(VENV)/axe
browser: $(READY)  ## install axe-core (needs npm), with which tests of the sign-off page look for barriers
	@npm install --silent --no-audit --no-fund --prefix $(AXE) axe-core@4

signoff: $(READY)  ## build the sign-off of the last run: page, PDF, evidence, hashes
	@$(BIN)/counterpart signoff build

clean:  ## remove the environment and what runs wrote
	@rm -rf $(VENV) .mypy_cache .ruff_cache reports/allure-results reports/allure-page reports/junit.xml reports/results.json reports/summary.md \
	  reports/signoff
