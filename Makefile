# `make help` lists what there is. On a fresh machine each target makes the environment first.

HOST ?= 127.0.0.1
PORT ?= 8000
SEED ?= 0
# TensorFlow has no packages for Python 3.14 yet, so the first of these that fits is taken
PYTHON = $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c \
	"import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" 2>/dev/null && echo $(name))))
BIN = .venv/bin
# Two test processes share the cores, so each gets one thread
ONE_THREAD = OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
export TF_CPP_MIN_LOG_LEVEL = 3
export PYTHONUNBUFFERED = 1
export NO_MKDOCS_2_WARNING = 1

.DEFAULT_GOAL := help
.PHONY: help setup serve test check lint freeze reproduce site pdf clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed ## make the environment: .venv with the pinned versions

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found: install one, or say make PYTHON=/its/path"; exit 1; }
	@echo "Making the environment with $$($(PYTHON) --version): this takes some minutes the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@
	@echo "The environment is ready in .venv."

serve: setup ## serve the site on http://127.0.0.1:8000 (HOST=... PORT=...)
	@echo "Serving on http://$(HOST):$(PORT)/ - an edit to a page shows at once; stop with Ctrl-C."
	@$(BIN)/mkdocs serve --livereload --dev-addr $(HOST):$(PORT)

test: setup ## run every test: package, snippets, site build, links, browser
	@echo "Testing the package, every code block, the frozen results and the site in a browser."
	@$(MAKE) --no-print-directory lint
	@$(ONE_THREAD) $(BIN)/pytest -n 2 --dist worksteal --doctest-modules --cov --cov-fail-under=95
	@echo "All tests passed."

check: setup lint ## the fast loop: lint, package tests, census, stale results; under a minute
	@$(ONE_THREAD) $(BIN)/pytest -n 2 --dist worksteal -m "not slow" tests/unit tests/docs
	@echo "The fast checks passed; make test runs everything."

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

freeze: setup ## execute the experiments whose inputs changed, and keep their results (ONLY=05)
	@$(BIN)/python tools/freeze.py $(ONLY)

reproduce: setup ## run every experiment again and compare with the frozen results (SEED=100, ONLY=05)
	@$(BIN)/python tools/freeze.py --reproduce --seed $(SEED) $(ONLY)

site: setup ## build the site into site/
	@$(BIN)/mkdocs build --strict
	@echo "Built the site into site/: put the folder on any web server."

pdf: site ## print the whole course to site/lstm-guide.pdf (needs Chromium)
	@$(BIN)/python tools/pdf.py

clean: ## remove what was built, the environment too
	@rm -rf .venv site dist .cache .pytest_cache .ruff_cache .hypothesis .coverage
	@echo "Removed the environment and everything built."
