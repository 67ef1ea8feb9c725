# Nothing is needed but Python 3.11+, make and the package registry; uv is bootstrapped into var/uv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo var/uv/bin/uv)
RUN := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export PYTHONPATH := $(CURDIR)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: setup
setup: .venv/.locked ## install everything from uv.lock into .venv

var/uv/bin/uv:
	$(PYTHON) -m venv var/uv
	var/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

.venv/.locked: pyproject.toml uv.lock | $(filter var/uv/bin/uv,$(UV))
	$(UV) sync --locked --all-groups --python $(PYTHON)
	@touch $@

.PHONY: demo
demo: setup ## one night of the simulated town through a real Airflow (KEEP=1 leaves the UI up)
	$(RUN) -m simulator.demo $(if $(KEEP),--keep)

.PHONY: demo-history
demo-history: setup ## the years 2018-2022 of all systems backfilled in two orders, once with a stop: one result
	$(RUN) -m simulator.demo.history

.PHONY: test
test: setup ## all tests, half an hour at most on two cores
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: soak
soak: setup ## the slow lane: random kills and long property tests
	$(RUN) -m pytest -m slow -o addopts="-q --strict-markers"

.PHONY: test-airflow
test-airflow: setup ## the lane of a whole Airflow, killed, held, cleared and backfilled through its API (20 minutes)
	$(RUN) -m pytest -m airflow_lane -o addopts="-q --strict-markers" tests/airflow

.PHONY: check
check: setup ## the guards: format, lint with banned imports, strict types, docs drift, secrets
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy .
	$(RUN) -m docs.generate --check
	$(RUN) -m docs.secrets

.PHONY: docs
docs: setup ## rewrite the generated blocks of README and docs/
	$(RUN) -m docs.generate

.PHONY: bench
bench: setup ## the quick benchmarks, side by side with their peers
	$(RUN) -m bench

.PHONY: bench-full
bench-full: setup ## street-size benchmarks (an hour)
	$(RUN) -m bench --full

.PHONY: bench-truth
bench-truth: setup ## every figure against the truth of the town: a night, sixty nights, five years in three orders
	$(RUN) -m bench.truth --past --record
	$(RUN) -m bench.truth --nights 60 --record
	$(RUN) -m bench.truth --years 2018-2022 --past --record
	$(RUN) -m bench.truth --years 2018-2022 --order backward --record
	$(RUN) -m bench.truth --years 2018-2022 --order shuffled --kill --record
	$(RUN) -m bench.truth --profile street --nights 60 --record
	$(RUN) -m bench.truth --profile street --years 2018-2022 --record
	$(RUN) -m docs.generate

.PHONY: train
train: setup ## learn the person model anew; fails when it is not, byte for byte, the one in use
	$(RUN) -m bench.train

.PHONY: source
source: setup ## start a new source: make source NAME=my_system
	$(RUN) -m extractors._kit.scaffold $(NAME)

.PHONY: report
report: setup ## the steward's quality report of the last judged night, as a static site
	$(RUN) -m warehouse.report

.PHONY: dictionary
dictionary: setup ## the data dictionary of the marts as a static site (PUBLISHED=file shows the answers)
	$(RUN) -m docs.dictionary $(if $(PUBLISHED),--published $(PUBLISHED))

.PHONY: rebuild
rebuild: setup ## rebuild warehouse, register and marts from the landing zone, side by side, then swap
	$(RUN) -m warehouse.engine rebuild

.PHONY: town
town: setup ## the twelve simulated systems alone, until Ctrl-C
	$(RUN) -m simulator serve --profile small --seed 7

.PHONY: up down
up: ## the whole office in containers, with the town; needs docker and an .env (see .env.example)
	AIRFLOW_SECRETS_BACKEND=airflow.secrets.local_filesystem.LocalFilesystemBackend \
	AIRFLOW_SECRETS_KWARGS='{"connections_file_path": "/var/register/town.json"}' \
	docker compose --profile demo up --detach --wait
down: ## stop the containers, keep the volumes
	docker compose --profile demo down
