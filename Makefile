# Two commands do all the set-up: `make serve` to play, `make test` to check. ARGS="…" passes options on.
# Nothing is written outside this folder but Debian packages, and those only as root or with a password-free sudo.

VENV ?= .venv
ARGS ?=
# the newest Python that all wheels exist for, python3 first
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --constraint constraints.txt
PLAY := $(VENV)/.installed
DEVELOP := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help serve test lint bench install clients peers clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

serve: $(PLAY) ## install what is missing and play (ARGS="--clip break --audio jack")
	@$(BIN)/ear-engine serve $(ARGS)

test: $(DEVELOP) peers lint ## install what is missing, then lint and run all tests (ARGS for pytest)
	@$(BIN)/python -m pytest $(ARGS)

lint: $(DEVELOP) ## ruff and mypy --strict
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

bench: $(BENCH) ## measure every part against a plain reference
	@$(BIN)/ear-engine bench $(ARGS)

install: $(DEVELOP) ## the environment with everything for development, nothing run

clients: $(DEVELOP) ## write the files for Max, TouchOSC, Pd and others anew, and their pictures
	@$(BIN)/python -m ear_engine.clients.generate
	@$(BIN)/python -m ear_engine.clients.picture

clean: ## remove the environment and everything generated
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Once for each pyproject.toml and constraints.txt. PyTorch goes first and alone, so that pip takes the build it
# finds for this machine and nothing that needs PyTorch chooses another.
$(PLAY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "ear-engine needs Python 3.11 to 3.14: sudo apt-get install python3"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		.ci/apt-install "Python environments" $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing into $(VENV); the first time this takes a few minutes and 1.5 GB."
	$(PIP) torch
	$(PIP) --quiet hatchling
	$(PIP) --quiet --no-build-isolation --editable '.[discovery,midi]'
	@touch $@

$(DEVELOP): $(PLAY)
	$(PIP) --quiet --no-build-isolation --editable '.[discovery,midi,link,train,bench,dev]'
	@touch $@

$(BENCH): $(PLAY)
	$(PIP) --quiet --no-build-isolation --editable '.[bench]'
	@touch $@

# The real sclang, scsynth, Pd, liblo, Node (with OSC clients that are not ours), JACK and FluidSynth that some tests talk to,
# and a screen for windows with hands to touch it, also several screens of which one can be unplugged.
# Without them those tests are skipped, and say so.
peers:
	@missing=; \
	command -v sclang >/dev/null || missing="$$missing supercollider-language"; \
	command -v scsynth >/dev/null || missing="$$missing supercollider-server"; \
	command -v pd >/dev/null || missing="$$missing puredata-core"; \
	command -v oscsend >/dev/null || missing="$$missing liblo-tools"; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	command -v jackd >/dev/null || missing="$$missing jackd2"; \
	command -v fluidsynth >/dev/null || missing="$$missing fluidsynth"; \
	has() { ls /usr/lib/*/$$1 /usr/lib64/$$1 /usr/lib/$$1 2>/dev/null | grep -q .; }; \
	has libEGL.so.1 || missing="$$missing libegl1"; \
	has libGL.so.1 || missing="$$missing libgl1"; \
	has libEGL_mesa.so.0 || missing="$$missing libegl-mesa0"; \
	has dri/swrast_dri.so || has "libgallium*" || missing="$$missing libgl1-mesa-dri"; \
	command -v Xvfb >/dev/null || missing="$$missing xvfb"; \
	command -v xdotool >/dev/null || missing="$$missing xdotool"; \
	command -v Xorg >/dev/null || missing="$$missing xserver-xorg-core"; \
	command -v xrandr >/dev/null || missing="$$missing x11-xserver-utils"; \
	ls /usr/lib/xorg/modules/drivers/dummy_drv.so /usr/lib64/xorg/modules/drivers/dummy_drv.so 2>/dev/null \
		| grep -q . || missing="$$missing xserver-xorg-video-dummy"; \
	test -z "$$missing" || .ci/apt-install "Real clients for the tests" $$missing || test -z "$$CI"
	@test -d tests/clients/node/node_modules || ! command -v npm >/dev/null || \
		npm ci --prefix tests/clients/node --omit=optional --ignore-scripts --no-audit --no-fund --silent || test -z "$$CI"
