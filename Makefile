# One command for each thing; `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .local/venv
PYTHON := $(VENV)/emulator/bin/python
RUFF := $(VENV)/emulator/bin/ruff
SAM := SAM_CLI_TELEMETRY=0 $(VENV)/sam/bin/sam
CARGO_LAMBDA := PATH="$(CURDIR)/$(VENV)/sam/bin:$$PATH" cargo lambda
LOCAL := PYTHONPATH=tests $(PYTHON) -m local
READY := $(VENV)/emulator/.ready $(VENV)/sam/.ready $(VENV)/security/.ready

# The contracts' libraries ask for more features of shared crates; built together with them, every
# function would be compiled a second time.
PLATFORM := --workspace --exclude quoin-contracts --exclude quoin-openapi
# Functions' programs are three lines without a test: no second one is linked for each of them.
TESTED := $(PLATFORM) --lib --examples --bin quoin --test '*'
# The command line is no function. What is deployed asks for less than what is tested.
FUNCTIONS := $(PLATFORM) --exclude quoin
DEPLOYED := $(FUNCTIONS) --exclude quoin-simulation --exclude quoin-stack
CONTRACTS := --package quoin-contracts
OPENAPI := --package quoin-openapi

STAGE ?= dev
ARCH ?= arm64
TARGET.arm64 := aarch64-unknown-linux-gnu
TARGET.x86_64 := x86_64-unknown-linux-gnu
PARAMETERS ?= $(if $(filter dev,$(STAGE)),SandboxEnabled=true NotificationProvider=http)
RUN_FLAGS := $(if $(AUTH),--auth) $(if $(PORT),--port $(PORT))

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) mold ## Python environments (pinned) and the linker; quick when done
	@command -v cargo >/dev/null || { echo "install Rust first: https://rustup.rs"; exit 1; }

# $(1): a program that tells whether $(2), Debian's packages, are there.
define debian
	@command -v $(1) >/dev/null || { \
	  echo "installing $(2)"; \
	  export DEBIAN_FRONTEND=noninteractive; as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$as_root apt-get update -qq; \
	  $$as_root apt-get install -y -qq --no-install-recommends $(2) >/dev/null; }
endef

mold: # the linker that .cargo/config.toml names
	$(call debian,mold,mold)

docker: # what `sam local invoke` runs functions in
	$(call debian,dockerd,docker.io iptables busybox-static)
	$(call debian,iptables,iptables)
	$(call debian,/bin/busybox,busybox-static)

$(VENV)/%/.ready: tests/requirements/%.txt
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

build: setup ## every function, as target/lambda/<function>/bootstrap, unoptimised
	CARGO_LAMBDA_COMPILER=cargo $(CARGO_LAMBDA) build --skip-target-check $(FUNCTIONS) --bins --locked
	cargo build $(PLATFORM) --bin quoin --locked

templates: $(VENV)/emulator/.ready ## render functions/*/template.yaml from service.yaml
	$(PYTHON) tools/render_templates.py

contracts: ## regenerate docs/schemas, docs/events.md, AsyncAPI and OpenAPI
	cargo run --quiet --locked $(CONTRACTS) --example contracts -- write
	cargo run --quiet --locked $(OPENAPI) --example openapi -- write

run: build ## the whole platform on 127.0.0.1 until Ctrl-C (AUTH=1 enforces IAM, PORT=…)
	$(LOCAL) run $(RUN_FLAGS)

up: build ## the same in the background; `make stop` ends it
	$(LOCAL) up $(RUN_FLAGS)

stop: $(VENV)/emulator/.ready ## end the local stack and every process of it
	$(LOCAL) down

# The stack has to run: `make up`. A debug build on one machine is slow; the figures compare runs, not platforms.
load: $(VENV)/emulator/.ready ## a mix of orders against the running stack: FRACTION=… of the profile's rate for SECONDS=…
	PYTHONPATH=tests $(PYTHON) -m benchmarks.drive --seconds $(or $(SECONDS),30) --fraction $(or $(FRACTION),0.1) \
	  $(if $(SEED),--seed $(SEED))

check: lint check-templates check-rust ## formatting, lints, units, contracts, templates, security of templates

lint: setup style ## formatting and lints alone
	cargo clippy --workspace --all-targets --locked -- --deny warnings

style: check-python
	cargo fmt --all --check

check-rust:
	cargo test $(TESTED) --locked
	cargo test $(CONTRACTS) --locked
	cargo test $(OPENAPI) --locked

check-python:
	$(RUFF) check tools tests
	$(RUFF) format --check tools tests
	$(PYTHON) tools/render_templates.py --check

OF_TEMPLATES := tests/test_templates tests/benchmarks

check-templates:
	$(PYTHON) -m pytest -q $(OF_TEMPLATES)

test: test-stack test-rust test-templates instructions ## everything that needs no docker: units, properties, simulation, contracts, templates, flows

test-rust: build
	cargo test $(TESTED) --locked --no-fail-fast -- --include-ignored
	cargo test $(CONTRACTS) --locked
	cargo test $(OPENAPI) --locked

test-stack: build
	$(PYTHON) -m pytest -q tests/test_local
	$(PYTHON) -m pytest -q tests/test_flows

test-templates: build
	$(PYTHON) -m pytest -q $(OF_TEMPLATES)

instructions: build ## what hot functions take, as callgrind counts it, against what is stored [WRITE=1]; needs valgrind
	$(call debian,valgrind,valgrind)
	PYTHONPATH=tests $(PYTHON) -m benchmarks.gate $(if $(WRITE),--write)

SIM := cargo run --quiet --locked --package quoin-simulation --example sim
HISTORIES ?= 1000

# In place of STEPS, CROWD=… people become members at once.
LENGTH = $(if $(STEPS),--steps $(STEPS)) $(if $(CROWD),--crowd $(CROWD))

sim: setup ## one history under faults, readably: SEED=… STEPS=… [BUG=…]; a failing one is made shorter
	$(SIM) -- --seed $(or $(SEED),1) $(LENGTH) $(if $(BUG),--bug $(BUG)) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(WITHOUT),--without $(WITHOUT)) $(if $(CHANCE),--chance $(CHANCE))

# Optimised, and beside all other builds: the first one takes some minutes.
soak: setup ## HISTORIES=… under faults on all cores, from SEED=… on (a fresh one if none is given) [STEPS=… | CROWD=…]
	$(SIM) --profile soak -- --histories $(HISTORIES) --first $(or $(SEED),$$RANDOM$$RANDOM) $(LENGTH)

test-flows: build ## only the flows over HTTP on a freshly deployed local stack, IAM enforced
	$(PYTHON) -m pytest -q tests/test_flows

test-sam: build docker ## every function's sample under `sam local invoke`; needs docker
	nice $(PYTHON) -m pytest -q tests/test_sam

# Of the functions that money and every request wait for, and of the largest; apart from target/lambda, which tests use.
SIZED := place-bet authorizer publisher create-deposit notify
SIZES := target/lambda-sizes

# What the benchmark measures, apart from what tests use; peers beside it.
MEASURED := wallet-command place-bet settle-bets place-order authorizer wallet-bonuses publisher
BENCH := .local/bench
PEERS := tests/benchmarks/peers

bench: build peers ## what functions and their peers take, as docs/benchmarks.md: [RUNS=… CALLS=… ONLY=…]; an hour
	# With the names of functions, for callgrind; what is zipped is without them.
	CARGO_PROFILE_RELEASE_STRIP=none CARGO_LAMBDA_COMPILER=cargo $(CARGO_LAMBDA) build --release --skip-target-check $(DEPLOYED) \
	  $(MEASURED:%=--bin %) --locked --lambda-dir target/lambda-bench
	PYTHONPATH=tests $(PYTHON) -m pytest -q tests/benchmarks/test_limit.py
	PYTHONPATH=tests $(PYTHON) -m benchmarks.bench $(if $(RUNS),--runs $(RUNS)) $(if $(CALLS),--calls $(CALLS)) \
	  $(if $(ONLY),--only "$(ONLY)")
	$(if $(ONLY),,PYTHONPATH=tests $(PYTHON) -m benchmarks.growth)
	$(if $(ONLY),,PYTHONPATH=tests $(PYTHON) -m benchmarks.flow)
	PYTHONPATH=tests $(VENV)/bench/bin/python -m benchmarks.page $(if $(ONLY),--show $(BENCH)/figures.json)

peers: $(VENV)/emulator/.ready $(VENV)/bench/.ready # what the benchmark compares with
	rm -rf $(BENCH)
	mkdir -p $(BENCH)/python
	cp -r $(PEERS)/node $(BENCH)/source
	cd $(BENCH)/source && npm ci --silent && npm run --silent build -- ../node
	$(VENV)/bench/bin/pip install --quiet --disable-pip-version-check --target $(BENCH)/python \
	  --requirement $(PEERS)/python/requirements.txt
	cp $(PEERS)/python/*.py $(BENCH)/python
	# One after the other: built together, each would have the other's features.
	cd $(PEERS)/rust && for peer in limit sdk; do \
	  CARGO_TARGET_DIR=$(CURDIR)/target/peers cargo build --release --locked --package $$peer; done

size: setup ## release builds of the hottest functions; fails when a zip is over 3 MB
	rm -rf $(SIZES)
	CARGO_LAMBDA_COMPILER=cargo $(CARGO_LAMBDA) build --release --skip-target-check $(DEPLOYED) \
	  $(SIZED:%=--bin %) --locked --lambda-dir $(SIZES)
	$(PYTHON) tools/check_sizes.py $(SIZES)

deploy: setup templates ## to AWS: STAGE=dev|prod ARCH=arm64|x86_64 PARAMETERS="Name=value …"
	@rustup target list --installed | grep -qx '$(TARGET.$(ARCH))' || { \
	  echo "first: rustup target add $(TARGET.$(ARCH))"; exit 1; }
	$(CARGO_LAMBDA) build --release $(DEPLOYED) --bins --locked --skip-target-check \
	  --target $(TARGET.$(ARCH))
	$(SAM) deploy --config-env $(STAGE) \
	  --parameter-overrides Stage=$(STAGE) Architecture=$(ARCH) $(PARAMETERS)

clean: stop ## remove what was built and installed here
	rm -rf target .local .aws-sam

.PHONY: help test-rust test-stack test-templates setup mold docker build templates contracts run up stop load \
  check check-rust check-python check-templates test instructions sim soak bench peers test-flows test-sam size deploy clean
