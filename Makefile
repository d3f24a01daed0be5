.PHONY: setup demo serve test check format lock clean
.DELETE_ON_ERROR:

VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.ready

lock: ## Renew the pinned versions (needs uv); the file names no index
	env -u PIP_FIND_LINKS uv pip compile --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade \
	  --extra dev pyproject.toml -o requirements.lock

setup: $(READY) ## Virtual environment with the pinned packages

$(READY): requirements.lock pyproject.toml
	./setup.sh $(VENV)
	touch $@
