# The two commands are `make run` and `make test`. Both install what is missing first.
SHELL := /bin/bash
BIN := .venv/bin
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
# One more than there are cores: many tests wait for devices, links and other processes.
WORKERS := $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

.PHONY: run test check format benchmark fuzz chaos power-cuts exchange-runs voyage satellite screens lock setup setup-test clean help

run: setup ## start the station in training mode (without a display: play a lesson, leave screenshots)
	@$(BIN)/inspection-station run

test: setup-test ## run every test
	@QT_QPA_PLATFORM=offscreen $(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not benchmark"

check: setup-test ## format, lint, types, import contracts, file lengths
	@$(BIN)/ruff format --check --quiet . || { echo "run 'make format'"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python installer/checks.py

format: setup-test ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

benchmark: setup-test ## measure speed, accuracy and memory
	@QT_QPA_PLATFORM=offscreen $(BIN)/pytest tests/benchmarks -m benchmark -s

fuzz: setup-test ## feed altered files to the parsers for MINUTES=n; with atheris installed: ENGINE=atheris
	@nice -n 15 $(BIN)/python tests/fuzz/run_fuzz.py --minutes $(or $(MINUTES),10) --engine $(or $(ENGINE),blind)

chaos: setup-test ## kill station and gateway on a bad link, many times, and count what is lost
	@$(BIN)/python tests/chaos/chaos_run.py --station-kills 1000 --gateway-kills 25 --json

power-cuts: setup-test ## cut the power of station and gateway on a disk that loses what was not synchronised (root)
	@$(BIN)/python tests/chaos/power_run.py --cuts $(or $(CUTS),300) --json

exchange-runs: setup-test ## any order of copies, restorations, lost answers, purges and crashes, RUNS times (default 10,000)
	@nice $(BIN)/python tests/headquarters/exchange_machine.py $(or $(RUNS),10000)

voyage: setup-test ## 3,000 records over a lossy satellite link that is cut three times (root, half an hour)
	@$(BIN)/python tests/chaos/voyage_run.py --records 3000 --json

satellite: setup-test ## decisions, alerts and photographs over the same link, row by row (root, twenty minutes)
	@for row in decisions alerts photographs "photographs --loss 0.2"; do $(BIN)/python tests/chaos/satellite_run.py $$row --json || exit; done

screens: setup ## take the documentation's screenshots again
	@$(BIN)/inspection-station play --travellers 1 --seed 5 --fault listed_face --pace 0.3 --screenshots docs/screens
	@$(BIN)/inspection-station play --travellers 1 --seed 4 --fault impostor --pace 0.3 --screenshots docs/screens
	@$(BIN)/inspection-station play --travellers 6 --seed 3 --pace 0.3 --screenshots docs/screens --headquarters .run/headquarters

lock: setup-test ## write requirements.lock again
	@$(BIN)/python -m venv .venv/.lock && .venv/.lock/bin/pip -q install uv
	@.venv/.lock/bin/uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-emit-index-url \
	  --no-header --python-version 3.11 -o requirements.lock

setup: ## install what the station needs
	@installer/linux/setup.sh run

setup-test: ## install what its tests need
	@installer/linux/setup.sh test

clean: ## remove the environment and everything generated
	rm -rf .venv .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
