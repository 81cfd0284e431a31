# make demo    own environment, install, run the main case        make lint         ruff and mypy
# make test    own environment, test needs, run the tests         make clean        remove environment and caches
# make test PYTEST_ARGS="--validate tests/dem"                    make constraints  resolve the pins anew (needs uv)
# make gpu     test and measure the CUDA backend with $(PYTHON) as it is, without network; make gpu-wheels carries what lacks
# PYTHON chooses the interpreter (3.11 to 3.13), VENV the folder of the environment.

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
TEST_PROCESSES ?= 2
CASE ?= cases/high-shear-granulator
GPU_ARGS ?=
GPU_PYTHON ?= 3.12
WHEELS ?= .wheels
CARRIED := pydantic pydantic-core annotated-types typing-inspection typing-extensions pint flexparser flexcache \
  platformdirs ruamel.yaml trimesh jinja2 markupsafe pytest iniconfig pluggy packaging pygments hypothesis sortedcontainers
GPU_MODULES := numpy scipy numba h5py pydantic pint ruamel trimesh jinja2 pytest hypothesis
TEST_EXTRAS := dev,viz,mpi,twin,sundials

.DEFAULT_GOAL := help
.PHONY: help demo test lint clean constraints gpu gpu-wheels

UV := $(shell command -v uv 2>/dev/null)
BIN := $(VENV)/bin
ENVIRONMENT := $(BIN)/.environment
RUN_INSTALLED := $(BIN)/.installed-run
TEST_INSTALLED := $(BIN)/.installed-test

ifneq ($(UV),)
MAKE_ENVIRONMENT = "$(UV)" venv --quiet --clear --python "$(PYTHON)" "$(VENV)"
INSTALL = "$(UV)" pip install --quiet --python "$(BIN)/python" --constraint constraints.txt
else
MAKE_ENVIRONMENT = "$(PYTHON)" -m venv --clear "$(VENV)"
INSTALL = "$(BIN)/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
endif

help:
	@sed -n '/^#/!q; s/^# //p' Makefile

demo: $(RUN_INSTALLED)
	"$(BIN)/dempbm" run "$(CASE)"

test: $(TEST_INSTALLED)
	"$(BIN)/python" -m pytest --numprocesses $(TEST_PROCESSES) --dist loadgroup $(PYTEST_ARGS)

# On a machine with a CUDA image and no network: what the image lacks comes as wheels in $(WHEELS), made by gpu-wheels.
gpu:
	@if ls "$(WHEELS)"/*.whl >/dev/null 2>&1; then \
	  "$(PYTHON)" -m pip install --quiet --no-index --no-deps --no-compile --upgrade --target "$(WHEELS)/site" "$(WHEELS)"/*.whl; fi
	@PYTHONPATH="$(WHEELS)/site$${PYTHONPATH:+:$$PYTHONPATH}" "$(PYTHON)" -c 'import importlib.util, sys; \
	  found = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]; \
	  old = not (3, 11) <= sys.version_info[:2] < (3, 14); \
	  sys.exit(f"Python {sys.version.split()[0]} lacks {found}; on a machine with a network: make gpu-wheels GPU_PYTHON=3." \
	  f"{sys.version_info[1]}, then bring $(WHEELS)/ here" if found else "Python 3.11, 3.12 or 3.13 is needed" if old else 0)' \
	  $(GPU_MODULES)
	PYTHONPATH="$(CURDIR):$(WHEELS)/site$${PYTHONPATH:+:$$PYTHONPATH}" "$(PYTHON)" -m benchmarks.gpu $(GPU_ARGS)

gpu-wheels:
	"$(PYTHON)" -m pip download --quiet --no-deps --only-binary=:all: --dest "$(WHEELS)" \
	  --python-version "$(GPU_PYTHON)" --implementation cp $(foreach p,17 24 27 28 31 34,--platform manylinux_2_$(p)_x86_64) \
	  --platform manylinux2014_x86_64 --platform any --constraint constraints.txt $(CARRIED)

lint: $(TEST_INSTALLED)
	"$(BIN)/ruff" check .
	"$(BIN)/mypy"

# Checked in this order: is there a Python, is it one we support, can it make an environment.
$(ENVIRONMENT):
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "No '$(PYTHON)' on PATH. Install Python 3.11 to 3.13 (Debian, Ubuntu: apt-get install python3 python3-venv)" \
	       "or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
	  echo "'$(PYTHON)' is $$("$(PYTHON)" --version 2>&1); Python 3.11, 3.12 or 3.13 is needed." \
	       "Name one: make PYTHON=python3.12" >&2; exit 1; }
ifeq ($(UV),)
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make an environment: its venv module is not complete." \
	       "Debian, Ubuntu: apt-get install python3-venv (or put uv on PATH)." >&2; exit 1; }
endif
	@echo "Making the environment $(VENV) with $$("$(PYTHON)" --version 2>&1)$(if $(UV), and uv)"
	@$(MAKE_ENVIRONMENT)
	@touch "$@"

$(RUN_INSTALLED): pyproject.toml constraints.txt | $(ENVIRONMENT)
	@echo "Installing dempbm into $(VENV)"
	@$(INSTALL) --editable .
	@touch "$@"

# The test environment is the run environment and more, so it serves `make demo` too.
$(TEST_INSTALLED): pyproject.toml constraints.txt | $(ENVIRONMENT)
	@echo "Installing dempbm and what its tests need into $(VENV)"
	@$(INSTALL) --editable '.[$(TEST_EXTRAS)]'
	@touch "$(RUN_INSTALLED)" "$@"

constraints:
	uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --upgrade \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file constraints.tmp \
	  $(foreach extra,$(subst $(comma), ,$(TEST_EXTRAS)),--extra $(extra)) pyproject.toml
	sed 's/ ;.*//' constraints.tmp > constraints.txt
	rm constraints.tmp

clean:
	rm -rf "$(VENV)" build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find compute dem pbm coupling tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

comma := ,
