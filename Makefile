# What a person does with Jiomosa. `make` alone lists it. The set-up behind each target is .ci/setup: quick and silent when nothing is missing.
SETUP = @MAKE_GOAL=$(or $(firstword $(MAKECMDGOALS)),setup) .ci/setup
BIN = .venv/bin
CODE = engine api capture encoder bench tests docs/examples/python .ci
ARGS =
WORKERS = 2

.PHONY: help serve test setup doctor lint types audit format bench screenshots readme lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

serve: ## install what is missing, then serve on http://127.0.0.1:5000 (PORT=8000; ARGS="--help" for more)
	$(SETUP) system runtime
	@exec $(BIN)/jiomosa serve $(ARGS)

# Two, whatever the machine: a test of a browser takes a core for itself. A module stays with one of them, which shares its server.
test: ## install what is missing, then run the tests (ARGS="-k click" for some of them; WORKERS=0 for a debugger)
	$(SETUP) system node dev clients
	@exec $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

setup: ## the set-up alone, for both serving and testing
	$(SETUP) system node dev clients

doctor: ## check this machine, one line for each thing
	$(SETUP) runtime
	@exec $(BIN)/jiomosa doctor

lint: ## style, who imports whom, and that the locks fit pyproject.toml
	$(SETUP) dev
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/check_locks.py

types: ## mypy, strictly
	$(SETUP) dev
	@$(BIN)/mypy
	@$(BIN)/mypy .ci/*.py

# pip-audit lives in a folder of its own, as uv does below; users and tests get by without.
audit: ## look the locked packages up in a list of known holes; says so where that list cannot be reached
	@build/audit/bin/pip-audit --version >/dev/null 2>&1 || \
		{ python3 -m venv build/audit && build/audit/bin/pip install --quiet pip-audit==2.10.1; }
	@build/audit/bin/python .ci/audit.py requirements.lock requirements-dev.lock

format: ## let ruff rewrite the code in its style
	$(SETUP) dev
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

bench: ## measure (ARGS="--help" for what)
	$(SETUP) system dev
	@exec $(BIN)/jiomosa bench $(ARGS)

screenshots: ## take the pictures in docs/images anew, of a real server (ARGS="start movie" for some of them)
	$(SETUP) system dev
	@$(BIN)/python -m tests.e2e.web.screenshots $(ARGS)

readme: ## write the tables of settings into README.md and docs/settings.md
	$(SETUP) runtime
	@$(BIN)/python .ci/readme.py

# uv resolves for every Python and processor at once and reads no pip configuration, so that nothing of this machine gets in.
# Pins stay where they are unless pyproject.toml rules them out; ARGS=--upgrade moves all of them.
COMPILE = build/uv/bin/uv pip compile --quiet --no-config --no-emit-index-url \
	--no-emit-find-links --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(ARGS) pyproject.toml -
lock: ## write the locks anew from pyproject.toml (ARGS=--upgrade for the newest of everything)
	@python3 -m venv build/uv && build/uv/bin/pip install --quiet uv==0.13.9
	@echo 'setuptools>=77' | $(COMPILE) --output-file requirements.lock
	@echo 'setuptools>=77' | $(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove what the set-up made in this folder
	rm -rf .venv build
