# `make help` lists all targets.
PYTHON ?=
UV_VERSION := 0.13.8
INPUT ?= examples
OUTPUT ?= results
MANIFEST ?= tools/evaluation/mini/manifest.json

UPLOADS ?= 1000
SECONDS ?= 300
IMAGES ?= 5000

DEPLOYMENT ?= toonmask
REGION ?= us-central1
REGION_OPTION = $(if $(filter command environment,$(firstword $(origin REGION))),-var region=$(REGION))
KEPT = deployments/$(PROJECT)/$(DEPLOYMENT).tfvars
VARIABLES = -var-file=$(KEPT) $(TF)
WORKSPACE = terraform workspace select -or-create=true $(PROJECT)_$(DEPLOYMENT)
# a first upload waits for cold starts, and for roles that take effect late
SMOKE_SECONDS := 600
RATE ?= 20

FORMAT ?= coco
SPLIT ?= 0.8
# OUTPUT has a default for `make run`, whose results are no place for a dataset
DATASET = $(if $(filter file,$(firstword $(origin OUTPUT))),dataset,$(OUTPUT))

TRAIN_MINUTES ?= 150
TRAIN_SEED ?= 0
TRAIN_MODEL ?= drawn-face

VENV := .venv
TRAINING := .toonmask/training/venv
SPRITES := .toonmask/training/sprites
RUN := $(VENV)/bin/python -W ignore::FutureWarning
UV := $(VENV)/bin/uv
READY := $(VENV)/.ready check-variables
SAM2_READY := $(VENV)/.sam2-ready
TRAINABLE := $(TRAINING)/.ready check-variables
FUNCTIONS := landmarks segmentation drain sam2 api
FUZZED := envelope notification prompts decoder tiff webp sam2 rle

# The functions that a goal starts on this machine. They read their settings from the environment.
run evaluate chaos bench soak: STARTS := landmarks segmentation sam2
up: STARTS := landmarks segmentation sam2 api

# Real SAM2 needs more packages.
run up: $(if $(filter sam2,$(SAM2_BACKEND)),$(SAM2_READY))

# Tests start many processes. Where Python is told to write no bytecode, each compiles all of its
# imports again, which is more than half of the time that it needs to start.
test test-slow test-model: export PYTHONDONTWRITEBYTECODE =

# The variables on make's command line, and those of the environment that look like our settings.
from = $(foreach name,$(.VARIABLES),$(if $(filter $(1),$(firstword $(origin $(name)))),$(name)))
GIVEN = $(call from,command)
ENVIRONMENT = $(filter SAM2_%,$(call from,environment))

need = command -v $(1) >/dev/null || { echo "$(1) is not installed. Install it first."; exit 1; }
need_project = test -n "$(PROJECT)" || { echo "Name the project: PROJECT=my-project"; exit 1; }

.DEFAULT_GOAL := help
.NOTPARALLEL:  # the prerequisites of a goal depend on each other, from left to right
.PHONY: help check-variables run up redrive backfill correct export smoke test test-slow test-model chaos fuzz audit lint format evaluate \
  bench simulate soak bench-model train test-train docs sbom terraform-real preflight deploy destroy images lock clean

help: ## List all targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: INPUT=folder or files  OUTPUT=folder  MANIFEST=corpus manifest, and every setting"
	@echo "  of the functions, as in: make run INPUT=~/pictures OUTPUT=/tmp/masks TARGETS=face,hand"

run: $(READY) ## Write masks, overlays and cutouts of INPUT into OUTPUT, with a gallery; SAM2_BACKEND=sam2: with real SAM2
	$(RUN) -m local.run $(INPUT) --output $(OUTPUT)

up: $(READY) ## Run the complete system until Ctrl-C, for gsutil, gcloud and curl
	$(RUN) -m local.up --root .toonmask/up

redrive: $(READY) ## Send the dead letters of `make up`, or of PROJECT, through the pipeline again
	$(RUN) -m local.operations.redrive --project "$(PROJECT)" --deployment "$(DEPLOYMENT)"

backfill: $(READY) ## Count uploads without a result (ALL=1: all) under PREFIX; with GO=1, reprocess them
	$(RUN) -m local.operations.backfill --project "$(PROJECT)" --deployment "$(DEPLOYMENT)" \
	  --prefix "$(PREFIX)" --rate $(RATE) $(if $(ALL),--all) $(if $(GO),--go)

export: $(READY) ## Export results under PREFIX as a dataset into OUTPUT; FORMAT=coco,yolo,…, SPLIT, EMPTY=1, NO_IMAGES=1, RESULTS=results
	$(RUN) -m local.operations.export --project "$(PROJECT)" --deployment "$(DEPLOYMENT)" --results "$(RESULTS)" \
	  --prefix "$(PREFIX)" --format "$(FORMAT)" --output "$(DATASET)" --split "$(SPLIT)" \
	  $(if $(EMPTY),--empty) $(if $(NO_IMAGES),--no-images)

correct: $(READY) ## Save PROMPTS, the edited prompts.json of UPLOAD, as a correction; UPLOAD is segmented again
	@test -n "$(UPLOAD)" && test -n "$(PROMPTS)" || { echo "Name both: UPLOAD=album/cat.png PROMPTS=prompts.json"; exit 1; }
	$(RUN) -m local.operations.correct --project "$(PROJECT)" --deployment "$(DEPLOYMENT)" -- "$(UPLOAD)" "$(PROMPTS)"

smoke: $(READY) ## Upload an example to `make up`, or to PROJECT, wait SECONDS for its result, clean up
	$(RUN) -m tools.deployment.smoke --project "$(PROJECT)" --deployment "$(DEPLOYMENT)" --seconds $(SECONDS)

test: $(READY) ## Run all tests except the slow ones and those of real SAM2
	$(VENV)/bin/pytest -n auto --dist loadfile --ignore tests/model

test-slow: $(READY) ## Run the slow tests: chaos, interleavings, fuzzing, Terraform's own, installs, killed processes
	$(VENV)/bin/pytest -m slow

test-model: $(READY) ## Run the tests of real SAM2; installs torch (3 GB to download)
	$(UV) sync --quiet --locked --group sam2-gpu --python $(VENV)/bin/python
	$(VENV)/bin/pytest tests/model

chaos: $(READY) ## Test the system under many faults at once; UPLOADS, SEED, CHAOS="--errors 0.3 --kill-every 2 …"
	$(RUN) -m tools.chaos.run --uploads $(UPLOADS) $(if $(SEED),--seed $(SEED)) $(CHAOS)

fuzz: $(READY) ## Search for input that breaks a parser or a decoder, SECONDS for each target
	for target in $(FUZZED); do $(RUN) -m tools.fuzz $$target .toonmask/fuzz \
	  -max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=2048 || exit 1; done

audit: $(READY) ## Check dependencies for known vulnerabilities, and run bandit; code 3: could not audit
	$(RUN) -m tools.audit

lint: $(READY) ## Run ruff, import-linter and mypy
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/mypy
	for function in $(FUNCTIONS); do $(VENV)/bin/mypy functions/$$function/main.py || exit 1; done

format: $(READY) ## Format the code and apply ruff's fixes
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

evaluate: $(READY) ## Run the pipeline on the corpus of MANIFEST and score it
	$(RUN) -m tools.evaluation.evaluate $(MANIFEST) $(if $(filter command line,$(origin MANIFEST)),--document docs/quality.md)

bench: $(READY) ## Measure the cost of each step beside plain MediaPipe and SAM2; writes docs/performance.md
	$(RUN) -m tools.benchmarks

simulate: $(READY) ## Simulate the resources and cost of a deployment at several loads; writes docs/scale.md
	$(RUN) -m tools.simulation

soak: $(READY) ## Run IMAGES images through the local system and report its memory
	$(RUN) -m tools.benchmarks.soak --images $(IMAGES)

bench-model: $(READY) ## Measure the cost of real SAM2 on this machine's device; installs torch
	$(UV) sync --quiet --locked --group sam2-gpu --python $(VENV)/bin/python
	$(RUN) -m tools.benchmarks.sam2

train: $(TRAINABLE) $(SPRITES)/.ready ## Train TRAIN_MODEL (drawn-face, face-parsing) for TRAIN_MINUTES, or continue; installs torch (tools/training/README.md)
	$(TRAINING)/bin/python -m tools.training.train $(TRAIN_MODEL) --minutes $(TRAIN_MINUTES) --seed $(TRAIN_SEED)

test-train: $(TRAINABLE) ## Run the tests of training; installs torch into an environment of its own
	$(TRAINING)/bin/python -m pytest tests/tools/training

docs: $(READY) ## Update the generated parts of the documentation
	$(RUN) -m tools.documentation

sbom: $(UV) check-variables ## Write an SBOM of each function (CycloneDX) into OUTPUT
	@mkdir -p $(OUTPUT)
	for function in $(FUNCTIONS); do $(UV) export --directory functions/$$function --locked --quiet --all-groups \
	  --format cyclonedx1.5 --output-file $(abspath $(OUTPUT))/$$function.cdx.json >/dev/null || exit 1; done

terraform-real: $(READY) ## Check terraform/ with the real providers, from Terraform's registry, and plan all its variants
	@$(call need,terraform)
	$(RUN) -m tools.deployment.terraform_check

preflight: $(READY) ## Check whether `make deploy` can succeed in PROJECT; takes its TF, changes nothing
	@$(call need_project)
	@$(RUN) -m tools.deployment.preflight $(PROJECT) -var prefix=$(DEPLOYMENT) \
	  $(if $(wildcard terraform/$(KEPT)),-var-file=$(KEPT)) $(REGION_OPTION) $(TF)

deploy: $(READY) preflight ## Run terraform apply in PROJECT, with checks before and after; TF="-var deploy_sam2=true" adds options
	@$(call need,terraform)
	@$(call need_project)
	$(RUN) -m tools.deployment.variables --project $(PROJECT) --deployment $(DEPLOYMENT) $(REGION_OPTION) $(TF)
	@echo "Applies terraform/ to the project $(PROJECT). Terraform first shows its plan and asks for confirmation."
	cd terraform && terraform init -input=false && $(WORKSPACE)
	cd terraform && terraform apply $(VARIABLES)
	$(RUN) -m tools.deployment.smoke --project $(PROJECT) --deployment $(DEPLOYMENT) --seconds $(SMOKE_SECONDS)

destroy: $(READY) ## Run terraform destroy in PROJECT; stops if buckets hold objects, unless FORCE=1
	@$(call need,terraform)
	@$(call need_project)
	$(RUN) -m tools.deployment.destroy_guard --project $(PROJECT) --deployment $(DEPLOYMENT) $(if $(FORCE),--force)
	@echo "Destroys all resources of terraform/ in the project $(PROJECT). Terraform first shows its plan and asks for confirmation."
	cd terraform && terraform init -input=false && $(WORKSPACE)
	$(if $(FORCE),cd terraform && terraform apply $(VARIABLES) -var deletion_protection=false -target=google_storage_bucket.data)
	cd terraform && terraform destroy $(VARIABLES) $(if $(FORCE),-var deletion_protection=false)

images: $(READY) ## Build the images of PROJECT that are not built yet, and name them in its variables
	@$(call need,gcloud)
	@$(call need_project)
	$(RUN) -m tools.deployment.images --project $(PROJECT) --deployment $(DEPLOYMENT)

lock: $(UV) check-variables ## Lock all dependencies; the functions get the versions of the root's lock file
	$(UV) lock
	for function in $(FUNCTIONS); do \
	  cp uv.lock functions/$$function/uv.lock && $(UV) lock --directory functions/$$function || exit 1; \
	done

clean: check-variables ## Remove the virtual environment and all generated files
	rm -rf $(VENV) .toonmask results evaluation

check-variables:
	@$(if $(GIVEN)$(ENVIRONMENT),for python in $(VENV)/bin/python python3; do \
	  command -v $$python >/dev/null || continue; \
	  $$python -m local.make_variables "$(MAKECMDGOALS)" "$(GIVEN)" "$(ENVIRONMENT)"; break; done; true)

$(VENV)/.ready: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --locked --python $(VENV)/bin/python
	@touch $@

$(SAM2_READY): $(VENV)/.ready
	@echo "Installs OpenVINO, which computes SAM2 (60 MB to download)."
	$(UV) sync --quiet --locked --group sam2-cpu --python $(VENV)/bin/python
	@touch $@

$(TRAINING)/.ready: $(VENV)/.ready
	UV_PROJECT_ENVIRONMENT=$(TRAINING) $(UV) sync --quiet --locked --group training --python $(VENV)/bin/python
	@touch $@

$(SPRITES)/.ready: | $(TRAINING)/.ready
	PATH="$(CURDIR)/$(TRAINING)/bin:$$PATH" $(TRAINING)/bin/python -m tools.training.packages $(SPRITES)
	$(TRAINING)/bin/python -m tools.training.procedural $(SPRITES)
	@touch $@

$(UV):
	@local/environment.sh $(VENV) $(UV_VERSION) $(PYTHON)
