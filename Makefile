# Every command sets up what it needs; see CONTRIBUTING.md.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON_IN_VENV := .venv/bin/python
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

.PHONY: help run test races outage check fix fuzz bench screenshots stack stack-stop clean lock setup setup-dev

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup $(CATALOGUES) ## install, build, migrate, seed and serve on http://127.0.0.1:8000 (PORT=…)
	@bin/frontend build
	@exec $(PYTHON_IN_VENV) manage.py serve

test: setup-dev $(CATALOGUES) ## run all tests on SQLite, then on MariaDB + Redis (ARGS=…, TIER=…, STRICT=1)
	@bin/frontend build
	@$(PYTHON_IN_VENV) bin/run_tests.py $(ARGS)

races: setup-dev ## race eight callers 200 times for every one-time secret, on MariaDB + Redis (RACE_ROUNDS=…)
	@RACE_ROUNDS=$(or $(RACE_ROUNDS),200) TIER=real WORKERS=1 $(PYTHON_IN_VENV) bin/run_tests.py tests/test_races.py accounts/tests/test_otp_races.py

outage: setup-dev ## cut KIS off for a minute and see clients through it, on MariaDB + Redis (PROVIDER_CUT_S=…)
	@PROVIDER_CUT_S=$(or $(PROVIDER_CUT_S),60) TIER=real WORKERS=1 $(PYTHON_IN_VENV) bin/run_tests.py tests/test_kis_feed_faults.py

check: setup-dev $(CATALOGUES) ## run every static gate (GATES="mypy ruff" for some)
	@bin/frontend build
	@$(PYTHON_IN_VENV) bin/check.py $(GATES)

fix: setup-dev ## format the code and templates and repair what the linters can
	@.venv/bin/ruff check --fix --quiet || true
	@.venv/bin/ruff format
	@.venv/bin/djlint . --reformat --quiet || true

fuzz: setup-dev ## send many cases to every operation, and mutated tokens (FUZZ_CASES=…, FUZZ_SEED=…)
	@$(PYTHON_IN_VENV) bin/fuzz.py

bench: setup-dev ## run the benchmarks, each beside a peer (BENCH=fanout for one)
	@for file in benchmarks/$(or $(BENCH),[a-z]*).py; do echo "== $$file"; $(PYTHON_IN_VENV) $$file || exit 1; done

screenshots: setup-dev $(CATALOGUES) ## take the pictures of the README anew; needs chromium and a Korean font
	@bin/frontend build
	@$(PYTHON_IN_VENV) bin/screenshots.py

stack: setup ## start a private MariaDB (with replica) and Redis in var/stack; prints lines for .env
	@$(PYTHON_IN_VENV) bin/stack.py start --replica

stack-stop: ## stop what `make stack` started
	@python3 bin/stack.py stop

clean: ## forget all data and build output (keeps .env and what was installed)
	@test ! -d var/stack || python3 bin/stack.py stop
	@rm -rf var static/dist
	@find . \( -path ./.venv -o -path ./frontend/node_modules \) -prune -o -name __pycache__ -prune -exec rm -rf {} +
	@rm -f $(CATALOGUES)

lock: setup-dev ## re-make requirements*.txt from pyproject.toml (UPGRADE=1 takes newer versions)
	@bin/lock

setup:
	@bin/setup base

setup-dev:
	@bin/setup base dev

%.mo: %.po
	@$(PYTHON_IN_VENV) -m babel.messages.frontend -q compile --input-file $< --output-file $@
