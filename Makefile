# `make help` lists the targets. Environments are created when first needed, and again when their
# sources have changed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# uv installs packages. If it is missing, it is installed with pip.
UV_VERSION := 0.13.9
UV := $(shell command -v uv || echo .venv-uv/bin/uv)
PYTHON ?= >=3.11,<3.14

PROJECT_FILES := $(wildcard meltano/*/meltano.yml)
PROJECTS := $(patsubst meltano/%/meltano.yml,%,$(filter meltano/%/meltano.yml,$(PROJECT_FILES)))
PLUGIN_PACKAGES := $(patsubst %/pyproject.toml,%,$(wildcard meltano/*/*/pyproject.toml))
PLUGINS := $(PROJECTS:%=.run/meltano/%/.installed)

# $(call quote,TEXT): TEXT as one shell argument.
quote = '$(subst ','\'',$1)'

# $(call if-true,NAME,TEXT): TEXT if the variable is 1, true or yes.
if-true = $(if $(filter 1 true yes,$($1)),$2,$(if $(filter-out 0 false no,$($1)),$(error \
	make $@: $1=$($1) is neither yes nor no; expected one of: 1, true, yes, 0, false, no. Example: make $@ $1=1)))

# Make ignores misspelled variables, so that a target would not do what was intended.
ifeq ($(MAKELEVEL),0)
OVERRIDES := $(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name)$(if $($(name)),,=)))
ifneq ($(OVERRIDES),)
UNKNOWN_VARIABLE := $(shell bash tools/make_variables.sh "$(MAKECMDGOALS)" $(OVERRIDES))
ifneq ($(UNKNOWN_VARIABLE),)
$(error $(UNKNOWN_VARIABLE))
endif
endif
endif

# To make, a space ends a name, so a part of one is left here. No project can have such a name.
ifneq ($(filter plugins bench,$(MAKECMDGOALS)),)
ifneq ($(filter-out meltano/%/meltano.yml,$(PROJECT_FILES)),)
$(error make $(MAKECMDGOALS): a project's folder has a space in its name: \
	$(filter-out meltano/%/meltano.yml,$(PROJECT_FILES)); rename it, and its DAG file with it, \
	to letters, digits, `_` and `-`, such as meltano/my-shop)
endif
endif

# A target that there is not.
.DEFAULT:
	@near=$$(bash tools/make_nearest.sh $(call quote,$@) $(TARGETS)); \
	echo "make: there is no target \`$@\`.$${near:+ Did you mean \`make $$near\`?} \`make help\` lists the targets." >&2; \
	exit 2

TARGETS = $(shell sed -nE 's/^([a-z-]+):.*\#\# .*/\1/p' Makefile)

# Before anything is installed.
ifneq ($(filter push,$(MAKECMDGOALS)),)
ifeq ($(REGISTRY),)
$(error make push needs the registry to push to. Example: make push REGISTRY=ghcr.io/acme)
endif
endif

##@ Try it

.PHONY: run
run: .venv/.airflow .venv-meltano/.done ## Run a DAG in Airflow on this machine, resuming from its state; no Docker, no cluster (DAG=, FULL_REFRESH=1)
	@.venv/bin/python -m tools.local_run --dag=$(call quote,$(DAG)) $(call if-true,FULL_REFRESH,--full-refresh) $(if $(findstring command,$(origin PROJECT)),--project=$(call quote,$(PROJECT)))

.PHONY: airflow
airflow: .venv/.airflow .venv-meltano/.done ## Start the Airflow UI on this machine until Ctrl+C; no Docker (AIRFLOW_PORT=)
	@projects=$$(.venv/bin/python -m tools.airflow_here --check); \
	for project in $$projects; do $(MAKE) --silent .run/meltano/$$project/.installed || echo "Airflow starts all the same."; done
	@.venv/bin/python -m tools.airflow_here

.PHONY: reset
reset: .venv/.airflow ## Remove the state and output of a project's local runs (PROJECT=)
	@.venv/bin/python -m tools.local_reset $(call quote,$(PROJECT))

.PHONY: up
up: .venv/.dev ## Create or update a kind cluster with Airflow and the images (CLUSTER_IMAGES=registry|offline)
	@.venv/bin/python -m tools.cluster up

.PHONY: demo
demo: .venv/.dev ## Run a DAG on the cluster and follow it (DAG=, FULL_REFRESH=1)
	@.venv/bin/python -m tools.cluster demo $(if $(DAG),--dag=$(call quote,$(DAG))) $(call if-true,FULL_REFRESH,--full-refresh)

.PHONY: output
output: .venv/.dev ## List the output on the cluster, or print a file of it (FILE=)
	@.venv/bin/python -m tools.cluster output $(if $(FILE),$(call quote,$(FILE)))

.PHONY: astro-kind
astro-kind: .venv/.dev ## Let `astro dev start` run its tasks as pods in the cluster (OFF=1)
	@.venv/bin/python -m tools.cluster astro-kind$(call if-true,OFF,-off)

.PHONY: down
down: .venv/.dev ## Remove the cluster with its state, output and history
	@.venv/bin/python -m tools.cluster down

##@ Ship it

.PHONY: images
images: .venv/.dev ## Build both images (BASES=registry|offline)
	@.venv/bin/python -m tools.images build

.PHONY: push
push: .venv/.dev ## Publish the Meltano image and pin it for Airflow (REGISTRY=ghcr.io/acme, TAG=)
	@.venv/bin/python -m tools.images push $(if $(REGISTRY),$(call quote,$(REGISTRY))) $(if $(TAG),--tag=$(call quote,$(TAG)))

.PHONY: plan
plan: .venv/.airflow ## Print the DAGs that Airflow will create (PROJECT=; PODS=astro|external|default: their pods; DIFF=main: what changes)
	@.venv/bin/meltano-pods plan $(if $(PROJECT),$(call quote,$(PROJECT))) $(if $(and $(PODS),$(DIFF)),$(error make plan: PODS and DIFF print different things; leave one out))$(if $(PODS),--pods=$(call quote,$(PODS))) $(if $(DIFF),--diff=$(call quote,$(DIFF)))

.PHONY: validate
validate: .venv/.airflow ## Report every error of every project, or of one (PROJECT=)
	@.venv/bin/meltano-pods validate $(if $(PROJECT),$(call quote,$(PROJECT)))

.PHONY: doctor
doctor: .venv/.dev ## Check everything that runs depend on, and show how to fix problems (PROJECT=)
	@.venv/bin/python -m tools.doctor_here $(if $(PROJECT),$(call quote,$(PROJECT)))

.PHONY: astro-check
astro-check: .venv/.dev ## Report what Astro would reject, with fixes (UNPINNED=1 before an image is pinned)
	@.venv/bin/python -m tools.astro_check $(call if-true,UNPINNED,--unpinned)

##@ Work on it

.PHONY: test
test: ## Run every test that this machine can run, and time each part
	@bash tools/test.sh all

.PHONY: test-fast
test-fast: ## Run linters, types, unit tests and DAG integrity: no cluster, no browser
	@bash tools/test.sh fast

.PHONY: meltano
meltano: .venv/.airflow .venv-meltano/.done ## Run Meltano itself in a project, with the state of `make run` (PROJECT=, ARGS='invoke tap-csv --discover')
	@.venv/bin/python -m tools.meltano_here $(call quote,$(or $(PROJECT),csv_to_json)) $(ARGS)

.PHONY: plugins
plugins: .venv-meltano/.done ## Install the plugins of every project
	@$(MAKE) --silent --keep-going $(PLUGINS)

.PHONY: test-plugins
test-plugins: $(UV) ## Test the plugins that are part of projects
	@for plugin in $(PLUGIN_PACKAGES); do \
		echo "$$plugin"; \
		$(UV) run --quiet --directory $$plugin mypy; \
		$(UV) run --quiet --directory $$plugin pytest -q; \
	done

.PHONY: lint
lint: lint-code lint-prose ## Check style, types, import contracts and the words of all texts

.PHONY: lint-code
lint-code: .venv/.dev ## Check style, types and import contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

.PHONY: lint-prose
lint-prose: .venv/.dev ## Check the words of pages, comments and messages with Vale, which Go builds once
	@bash tests/prose/lint.sh

.PHONY: lint-workflows
lint-workflows: ## Check the GitHub workflows with actionlint, zizmor and shellcheck
	@bash tests/workflows/lint.sh

.PHONY: fix
fix: .venv/.dev ## Fix what the linters can fix
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.PHONY: docs
docs: .venv/.dev ## Generate reference pages from the code
	.venv/bin/python -m tools.reference

.PHONY: docs-site
docs-site: .venv/.dev ## Build the documentation as a site and check every link: .run/docs/html/index.html
	@.venv/bin/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky \
		--conf-dir docs --doctree-dir .run/docs/trees . .run/docs/html

.PHONY: bench
bench: .venv/.dev .venv-meltano/.done ## Measure against baselines in the same run (bench/README.md)
	@$(MAKE) --silent $(PLUGINS)
	.venv/bin/python -m bench

.PHONY: bench-parse
bench-parse: .venv/.dev .venv-meltano/.done ## Measure the cost of reading and parsing projects, next to Meltano and Airflow
	@.venv/bin/python -m bench.parse

.PHONY: bench-against
bench-against: .venv/.dev .venv-meltano/.done ## Measure parsing and the runner's start next to an earlier commit (COMMIT=...)
	@.venv/bin/python -m bench.against $(COMMIT)

.PHONY: bench-pods
bench-pods: .venv/.dev ## Measure what Airflow adds to a pod, on the cluster of `make up`
	@.venv/bin/python -m bench.pods

# Packages published after these dates are ignored. Airflow's constraint files are on no package registry,
# so a date shortly after the release of the pinned Airflow keeps its loosely bounded dependencies, such as
# SQLAlchemy, at versions it was tested with. The dates are not in pyproject.toml, where they would also
# apply to every `meltano install` below this folder.
AIRFLOW_DATE := 2026-09-21
MELTANO_DATE := 2026-11-22

.PHONY: lock
lock: $(UV) ## Resolve every lock again
	$(UV) lock --quiet --exclude-newer $(AIRFLOW_DATE) \
		--exclude-newer-package apache-airflow-providers-cncf-kubernetes=$(MELTANO_DATE)
	$(UV) export $(EXPORT) --all-groups --output-file locks/dev.txt
	$(UV) export $(EXPORT) --output-file locks/airflow.txt
	$(UV) pip compile $(COMPILE) --universal --python-version 3.11 \
		locks/meltano.in --output-file locks/meltano.txt
	cd k8s/offline/bases/runtime && $(abspath $(UV)) pip compile $(COMPILE) --python-version 3.13 \
		--python-platform linux --constraint $(CURDIR)/locks/dev.txt \
		packages.in later.in --output-file packages.txt

COMPILE := --quiet --no-config --generate-hashes --no-header --no-annotate --exclude-newer $(MELTANO_DATE)
EXPORT := --quiet --frozen --no-header --no-annotate --no-emit-workspace

.PHONY: clean
clean: ## Remove environments, plugins and builds; keep state, output and history
	rm -rf .venv .venv-meltano .venv-uv .cache .run/meltano .run/docs

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Environments. The locks contain hashes. The two packages of this workspace are editable.

.venv-uv/bin/uv:
	@echo "Fetching uv $(UV_VERSION)"
	@python3 -m venv .venv-uv && .venv-uv/bin/pip install --quiet uv==$(UV_VERSION)

.venv/bin/python: | $(UV)
	@$(UV) venv --quiet --no-config --python '$(PYTHON)' --allow-existing .venv

WORKSPACE := --editable include/meltano_runner --editable include/meltano_pods

# The development environment includes the one for Airflow.
.venv/.airflow: locks/airflow.txt include/meltano_pods/pyproject.toml include/meltano_runner/pyproject.toml | .venv/bin/python
	@if [ -e .venv/.dev ]; then $(MAKE) --silent .venv/.dev; touch $@; exit; fi; \
	echo "Installing Airflow (.venv)"; \
	$(UV) pip sync --quiet --python .venv --require-hashes locks/airflow.txt; \
	$(UV) pip install --quiet --python .venv --no-deps $(WORKSPACE); \
	rm -f .venv/.dev; touch $@; echo "  $$SECONDS s"

.venv/.dev: locks/dev.txt include/meltano_pods/pyproject.toml include/meltano_runner/pyproject.toml | .venv/bin/python
	@echo "Installing Airflow and the development tools (.venv)"
	@$(UV) pip sync --quiet --python .venv --require-hashes locks/dev.txt; \
	$(UV) pip install --quiet --python .venv --no-deps $(WORKSPACE); \
	touch $@ .venv/.airflow; echo "  $$SECONDS s"

.venv-meltano/.done: meltano_requirements.txt locks/meltano.txt include/meltano_runner/pyproject.toml | $(UV)
	@echo "Installing Meltano (.venv-meltano)"
	@$(UV) venv --quiet --no-config --python '$(PYTHON)' --clear .venv-meltano; \
	install="$(UV) pip install --quiet --no-config --python .venv-meltano"; \
	$$install --requirements meltano_requirements.txt; \
	$$install --no-deps --editable include/meltano_runner; \
	touch $@; echo "  $$SECONDS s"

# A project's plugins, each in a separate environment. They are checked when a file that may concern them is
# touched, and reinstalled if they differ.
.SECONDEXPANSION:
.run/meltano/%/.installed: meltano/%/meltano.yml $$(shell find meltano/% $(PLUGIN_PACKAGES) -path '*/.*' -prune -o \( -name '*.py' -o -name '*.toml' -o -name '*.txt' -o -name '*.lock' -o -name '*.yml' \) -print 2>/dev/null) .venv-meltano/.done
	@.venv-meltano/bin/python -m tools.plugins meltano/$* $(@D)
