# Everything starts here: `make help`.
PYTHON ?=
UV_VERSION := 0.13.8
INPUT ?= examples
OUTPUT ?= results
MANIFEST ?= tools/evaluation/mini/manifest.json

UPLOADS ?= 1000
SECONDS ?= 300
IMAGES ?= 5000

DEPLOYMENT ?= toonmask
RATE ?= 20

TARGET ?= gpu
CHECKPOINT ?= facebook/sam2.1-hiera-large
REVISION ?= main

VENV := .venv
RUN := $(VENV)/bin/python -W ignore::FutureWarning
UV := $(VENV)/bin/uv
READY := $(VENV)/.ready check-variables
FUNCTIONS := landmarks segmentation drain sam2 api
FUZZED := envelope notification prompts decoder tiff webp sam2 rle

# the functions that a goal starts on this machine: each reads its settings from the environment
run evaluate chaos bench soak: STARTS := landmarks segmentation sam2
up: STARTS := landmarks segmentation sam2 api

# Tests start many processes. Where Python is told to write no bytecode, each compiles all of its
# imports again, which is more than half of the time that it needs to start.
test test-slow test-model: export PYTHONDONTWRITEBYTECODE =

# what was given to make, and what the environment has that can hardly be meant for others
from = $(foreach name,$(.VARIABLES),$(if $(filter $(1),$(firstword $(origin $(name)))),$(name)))
GIVEN = $(call from,command)
AROUND = $(filter SAM2_%,$(call from,environment))

need = command -v $(1) >/dev/null || { echo "$(1) is missing: install it first"; exit 1; }
need_project = test -n "$(PROJECT)" || { echo "Say which project: PROJECT=my-project"; exit 1; }

.DEFAULT_GOAL := help
.NOTPARALLEL:  # what a goal needs is made from left to right
.PHONY: help check-variables run up redrive backfill test test-slow test-model chaos fuzz audit lint format evaluate bench \
  simulate soak bench-model docs deploy destroy sam2-image lock clean

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  INPUT=folder or files  OUTPUT=folder  MANIFEST=corpus manifest, and every setting of"
	@echo "  the functions: make run INPUT=~/pictures OUTPUT=/tmp/masks TARGETS=face,hand"

run: $(READY) ## Masks, overlays and cutouts of INPUT into OUTPUT, with a gallery
	$(RUN) -m local.run $(INPUT) --output $(OUTPUT)

up: $(READY) ## Keep the whole system running, for gsutil, gcloud and curl
	$(RUN) -m local.up --root .toonmask/up

redrive: $(READY) ## Send the dead letters of `make up`, or of PROJECT, through the pipeline again
	$(RUN) -m local.operations.redrive --project "$(PROJECT)" --deployment "$(DEPLOYMENT)"

backfill: $(READY) ## Reprocess uploads without a result (ALL=1: all) under PREFIX; GO=1 does it
	$(RUN) -m local.operations.backfill --project "$(PROJECT)" --deployment "$(DEPLOYMENT)" \
	  --prefix "$(PREFIX)" --rate $(RATE) $(if $(ALL),--all) $(if $(GO),--go)

test: $(READY) ## All tests but the slow ones and those of real SAM2
	$(VENV)/bin/pytest -n auto --maxprocesses 4 --dist loadfile --ignore tests/model

test-slow: $(READY) ## The slow tests: chaos, interleavings, fuzzing, Terraform's own, installs, kills
	$(VENV)/bin/pytest -m slow

test-model: $(READY) ## The tests of real SAM2; installs torch for them (3 GB to download)
	$(UV) sync --quiet --locked --group model --python $(VENV)/bin/python
	$(VENV)/bin/pytest tests/model

chaos: $(READY) ## Everything goes wrong at once; UPLOADS, SEED, CHAOS="--errors 0.3 --kill-every 2 …"
	$(RUN) -m tools.chaos.run --uploads $(UPLOADS) $(if $(SEED),--seed $(SEED)) $(CHAOS)

fuzz: $(READY) ## Look for input that breaks what reads it, SECONDS for each target
	for target in $(FUZZED); do $(RUN) -m tools.fuzz $$target .toonmask/fuzz \
	  -max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=2048 || exit 1; done

audit: $(READY) ## Known vulnerabilities in dependencies, and bandit; fails (code 3) if no audit is possible
	$(RUN) -m tools.audit

lint: $(READY) ## ruff, import-linter and mypy
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/mypy
	for function in $(FUNCTIONS); do $(VENV)/bin/mypy functions/$$function/main.py || exit 1; done

format: $(READY) ## Let ruff mend what it can
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

evaluate: $(READY) ## Run the pipeline on the corpus of MANIFEST and score it
	$(RUN) -m tools.evaluation.evaluate $(MANIFEST) $(if $(filter command line,$(origin MANIFEST)),--document docs/quality.md)

bench: $(READY) ## What everything costs, beside the plain recipe, into docs/performance.md
	$(RUN) -m tools.benchmarks

simulate: $(READY) ## What a deployment takes and costs at a few loads, into docs/scale.md
	$(RUN) -m tools.simulation

soak: $(READY) ## IMAGES through the whole local system, and what its memory does
	$(RUN) -m tools.benchmarks.soak --images $(IMAGES)

bench-model: $(READY) ## What real SAM2 costs on this machine's device; installs torch
	$(UV) sync --quiet --locked --group model --python $(VENV)/bin/python
	$(RUN) -m tools.benchmarks.sam2

docs: $(READY) ## Write the generated parts of docs/ anew
	$(RUN) -m tools.documentation

deploy: check-variables ## terraform apply into PROJECT; TF="-var deploy_sam2=true" and the like add to it
	@$(call need,terraform)
	@$(call need_project)
	@echo "Applies terraform/ to the project $(PROJECT). Terraform shows its plan and asks first."
	cd terraform && terraform init -input=false && terraform apply -var project_id=$(PROJECT) $(TF)

destroy: check-variables ## terraform destroy in PROJECT
	@$(call need,terraform)
	@$(call need_project)
	@echo "Destroys what terraform/ made in the project $(PROJECT). Terraform shows its plan and asks first."
	cd terraform && terraform init -input=false && terraform destroy -var project_id=$(PROJECT) $(TF)

sam2-image: check-variables ## Build the SAM2 service's image into IMAGE with PROJECT's Cloud Build (TARGET=cpu: no GPU)
	@$(call need,gcloud)
	@$(call need_project)
	@test -n "$(IMAGE)" || { echo "Say where to: IMAGE=REGION-docker.pkg.dev/PROJECT/REPOSITORY/sam2:TAG"; exit 1; }
	@echo "Sends functions/sam2 and shared/ to Cloud Build in $(PROJECT), which builds and pushes $(IMAGE)."
	gcloud builds submit . --config=functions/sam2/cloudbuild.yaml --ignore-file=functions/sam2/.gcloudignore \
	  --project=$(PROJECT) --substitutions=_IMAGE=$(IMAGE),_TARGET=$(TARGET),_CHECKPOINT=$(CHECKPOINT),_REVISION=$(REVISION)

lock: $(UV) check-variables ## Lock all dependencies; the functions follow the root's versions
	$(UV) lock
	for function in $(FUNCTIONS); do \
	  cp uv.lock functions/$$function/uv.lock && $(UV) lock --directory functions/$$function || exit 1; \
	done

clean: check-variables ## Remove the environment and everything that was made
	rm -rf $(VENV) .toonmask results evaluation

check-variables:
	@$(if $(GIVEN)$(AROUND),for python in $(VENV)/bin/python python3; do \
	  command -v $$python >/dev/null || continue; \
	  $$python -m local.make_variables "$(MAKECMDGOALS)" "$(GIVEN)" "$(AROUND)"; break; done; true)

$(VENV)/.ready: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --locked --python $(VENV)/bin/python
	@touch $@

$(UV):
	@local/environment.sh $(VENV) $(UV_VERSION) $(PYTHON)
