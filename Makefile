# Everything a user or a developer runs. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := schemas journey sinks streams gateway console deploy
# Passed on to pytest: make test ARGS="tests/deploy -x"
ARGS ?=

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.PHONY: setup
setup: installed ## Virtualenv, pinned packages, Java, Kafka's jars, compiled rules; quick when done
	@$(BIN)/python -m deploy.compiling

.PHONY: installed
installed: $(VENV)/.installed deploy/kafka/lib/.pom.sha256 ## Set-up without compiling the rules: what checks of the sources need
	@deploy/setup.sh java

.PHONY: demo
demo: setup ## Set up, start everything, replay two teams' touchpoints, stay up on live ones until Ctrl-C
	@$(BIN)/throughline demo

.PHONY: up
up: setup ## Start an instance in ./var and stay with it until Ctrl-C
	@$(BIN)/throughline up

.PHONY: test
test: setup ## All tests, on a real Kafka, a real ClickHouse engine and a browser
	@deploy/setup.sh chromium
	@$(BIN)/python -m pytest -n 2 $(ARGS)

.PHONY: coverage
coverage: installed ## How much of the rules their own tests reach: 95 % at least, and of the branches alone
	@$(BIN)/python -X rules=sources -m pytest tests/journey tests/reference --cov=journey --cov-branch \
	  --cov-report=term-missing:skip-covered --cov-report=json:.coverage.json --cov-fail-under=95 $(ARGS)
	@$(BIN)/python -m tests.branches .coverage.json 95

.PHONY: lint
lint: installed ## Style, types, and which folder may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: installed ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: peers
peers: setup ## Build what the benchmarks compare with: Kafka Streams by Maven, Quix Streams in .venv-peers
	@deploy/setup.sh jdk
	@deploy/setup.sh maven
	@$(BIN)/python -m benchmarks.peers.ready

.PHONY: bench
bench: peers ## Measure all, side by side with the peers; docs/benchmarks.md and the README's table are written anew
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-quick
bench-quick: peers ## The journey stage and its peers with a quarter of the data: a first look in four minutes
	@$(BIN)/python -m benchmarks --quick

.PHONY: bench-growth
bench-growth: setup ## What a touchpoint, a customer, a restore and a sweep cost up to five million customers; docs/growth.md
	@$(BIN)/python -m benchmarks.growth $(ARGS)

.PHONY: bench-backpressure
bench-backpressure: setup ## Memory with ten million touchpoints of lag and ClickHouse away
	@$(BIN)/python -m benchmarks.backpressure $(ARGS)

.PHONY: bench-views
bench-views: setup ## Every view's standard question on a million and ten million simulated touchpoints: how long it takes
	@$(BIN)/python -m benchmarks.views $(ARGS)

.PHONY: bench-backfill
bench-backfill: setup ## Old touchpoints onto existing customers: how fast they are rebuilt, and whether it ends exact
	@$(BIN)/python -m benchmarks.backfill $(ARGS)

# make faults-long SCHEDULES=300 SEED=7
SCHEDULES ?= 100
SEED ?= 1

.PHONY: faults
faults: installed ## Hurt the real parts in some sixty ways, and hold what they did against a second reading of the rules
	@$(BIN)/python -m tests.faults --quick --customers 30 --at-once 2 $(ARGS)

.PHONY: faults-long
faults-long: installed ## The same as often as SCHEDULES says, from SEED on
	@$(BIN)/python -m tests.faults --schedules $(SCHEDULES) --seed $(SEED) $(ARGS)

# make faults-soak EVENTS=10000000 SEED=7
EVENTS ?= 100000

.PHONY: faults-soak
faults-soak: installed ## Trouble after trouble while EVENTS records come, from SEED on: each is counted at the end
	@$(BIN)/python -m tests.faults.soak --events $(EVENTS) --seed $(SEED) $(ARGS)

.PHONY: faults-planted
faults-planted: installed ## Plant twelve bugs into the real parts, one at a time: each has to be caught
	@$(BIN)/python -m tests.faults.plants $(ARGS)

.PHONY: faults-stock
faults-stock: installed ## Kill, stop or put to sleep stock Faust apps: how many events they lose or count twice
	@$(BIN)/python -m tests.faults.stock $(ARGS)

.PHONY: pins
pins: installed ## Resolve the dependencies anew into constraints.txt, and the peers' beside them, with hashes
	@$(BIN)/pip-compile --quiet --extra dev --build-deps-for editable --generate-hashes --allow-unsafe --strip-extras \
	  --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file constraints.txt pyproject.toml
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	  --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file benchmarks/peers/quix_streams.txt benchmarks/peers/quix_streams.in

.PHONY: clean
clean: ## Remove what tools leave behind; the data in ./var stays
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.json dist deploy/kafka/target
	@find $(PACKAGES) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: bare
bare: clean ## Remove also the virtualenvs and Kafka's jars: as freshly cloned, but for ./var
	@rm -rf $(VENV) .venv-peers .compiled deploy/kafka/lib benchmarks/peers/kafka_streams/target

# constraints.txt names every package, so pip resolves nothing: what a registry has got since cannot get in the way.
# pip checks every archive against its hash; the package itself is then only linked in.
$(VENV)/.installed: constraints.txt pyproject.toml
	@test -x $(BIN)/python || "$$(deploy/setup.sh python)" -m venv $(VENV)
	@echo "setup: installing $$(grep -c == constraints.txt) pinned packages (a minute or two the first time)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check --disable-pip-version-check >/dev/null
	@touch $@

deploy/kafka/lib/.pom.sha256: deploy/kafka/pom.xml | $(VENV)/.installed
	@deploy/setup.sh java
	@deploy/setup.sh maven
	@$(BIN)/python -m deploy.kafka.jars
	@touch $@
