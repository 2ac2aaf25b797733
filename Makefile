# make run: everything for chat and API on 127.0.0.1:7860, on a fresh machine with Python 3.11+ and git.
# make test: everything CI runs. Both install what is missing into .venv and say each step.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install run test check nightly-clients nightly-webui nightly-matrix nightly-providers nightly-teams fix rules acceptance evals questions confidence bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP)  ## make the environment and install what is missing

$(STAMP): pyproject.toml
	@echo "[1/3] environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "[2/3] torch, the plain CPU build first (the default one pulls gigabytes of CUDA)"
	@$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	@echo "[3/3] the assistant and its tools (about two minutes)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[serve,postgresql,slack,teams,matrix]" \
	  $$($(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['dev'])")
	@touch $(STAMP)

run: install  ## serve chat and API on http://127.0.0.1:7860
	@$(BIN)/python app.py

test: install check  ## lint, types, proof, tests, acceptance figures and evaluation suites
	@echo "tests"
	@$(BIN)/python -m pytest
	@$(MAKE) --no-print-directory acceptance
	@$(MAKE) --no-print-directory evals

check: install
	@echo "ruff"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@echo "mypy --strict"
	@$(BIN)/mypy
	@echo "pack lint"
	@$(BIN)/assistant pack lint | tail -n 1

acceptance: install  ## grade the sample questions, where they are at hand beside the checkout
	@$(BIN)/python tests/acceptance.py

SUITES ?= $(filter-out %-blind.yaml,$(wildcard evals/suites/*.yaml))
evals: install  ## run the evaluation suites against the accepted baseline (SUITES="…")
	@$(BIN)/assistant eval run $(SUITES) --baseline main --gate

SETS ?= train dev
questions: install  ## score the annotated questions (SETS="train dev")
	@$(BIN)/python evals/questions/score.py $(SETS)

confidence: install  ## count how often each situation was answered right on `train`, into the pack's confidence.toml
	@$(BIN)/python evals/questions/calibrate.py

rules: install  ## write corpus/azure-backup/RULES.md from the rules
	@$(BIN)/python -m assistant.catalogue corpus/azure-backup

bench: install  ## the measured figures of the README
	@$(BIN)/python benchmarks/start.py && $(BIN)/python benchmarks/ask.py

CLIENTS := /tmp/clients
nightly-clients: install  ## OpenAI's other client libraries, MCP's Inspector and Redocly's lint at the served house, in a network of its own (root, npm)
	@test -x $(CLIENTS)/bin/python || \
	  { $(PYTHON) -m venv $(CLIENTS) && $(CLIENTS)/bin/pip install --quiet --disable-pip-version-check openai==2.54.0; }
	@test -x $(CLIENTS)/node_modules/.bin/redocly || \
	  npm install --silent --prefix $(CLIENTS) node@22 openai@7.57.0 openai6@npm:openai@6.49.0 \
	    @modelcontextprotocol/inspector@2.12.0 @redocly/cli@2.77.0
	@CLIENTS=$(CLIENTS) unshare -n sh -c 'ip link set lo up && $(BIN)/python -m pytest tests/nightly/test_clients.py'

OPENWEBUI := /tmp/openwebui
nightly-webui: install  ## our citations in Open WebUI, in a network of its own (root, 3 GB, Debian's chromium)
	@test -x $(OPENWEBUI)/bin/open-webui || \
	  { $(PYTHON) -m venv $(OPENWEBUI) && $(OPENWEBUI)/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 && \
	    $(OPENWEBUI)/bin/pip install --quiet --disable-pip-version-check open-webui==0.12.4; }
	@OPENWEBUI=$(OPENWEBUI) unshare -n sh -c 'ip link set lo up && $(BIN)/python -m pytest tests/nightly/test_openwebui.py'

SYNAPSE := /tmp/synapse
nightly-matrix: install  ## the Matrix bot in a room of a real Synapse on 127.0.0.1
	@test -x $(SYNAPSE)/bin/register_new_matrix_user || \
	  { $(PYTHON) -m venv $(SYNAPSE) && $(SYNAPSE)/bin/pip install --quiet --disable-pip-version-check matrix-synapse==1.163.2; }
	@SYNAPSE=$(SYNAPSE) $(BIN)/python -m pytest tests/nightly/test_synapse.py

PROVIDERS := /tmp/providers
nightly-providers: install  ## the chat models of four providers, each by its own client, on 127.0.0.1
	@test -d $(PROVIDERS)/langchain_ollama || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target $(PROVIDERS) \
	  langchain-anthropic==1.7.7 anthropic==2.12.0 docstring-parser==0.18.0 langchain-ollama==1.1.0 ollama==0.6.3
	@PYTHONPATH=$(PROVIDERS):$$PYTHONPATH $(BIN)/python -m pytest tests/nightly/test_providers.py

PLAYGROUND := /tmp/playground
nightly-teams: install  ## answers in Microsoft's Agents Playground, in a network of its own (root, npm, Debian's chromium)
	@test -x $(PLAYGROUND)/node_modules/.bin/agentsplayground || \
	  npm install --silent --prefix $(PLAYGROUND) @microsoft/m365agentsplayground@0.2.28
	@PLAYGROUND=$(PLAYGROUND) unshare -n sh -c 'ip link set lo up && $(BIN)/python -m pytest tests/nightly/test_playground.py'

fix: install  ## repair what ruff can repair
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
