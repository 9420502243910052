# Two commands for a newcomer: make demo, make test. All others are for those who work on Pantau.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SUDO   := $(if $(filter 0,$(shell id -u)),,sudo -n)
APT    := $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
MAIL   := tests/mail

.DEFAULT_GOAL := help
.PHONY: help demo demo-servers test check check-mail mail-tools train lint types docs docs-check bench bench-digest bench-night crash fuzz audit-deps lock wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(VENV)/.runtime: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.ocr: requirements-ocr.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-ocr.lock
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

# Printing needs Pango and fonts from the system; without them Pantau works, and says that there is no PDF.
$(VENV)/.print: $(VENV)/.runtime
	$(BIN)/python -c "import weasyprint" 2>/dev/null && fc-list | grep -q Liberation && fc-list | grep -qi emoji \
	|| { $(APT) libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-liberation fonts-noto-color-emoji; } \
	|| echo "PDF: pasang libpango-1.0-0 libpangoft2-1.0-0 fonts-liberation dengan tangan"
	touch $@

$(VENV)/.poppler: $(VENV)/.print
	command -v pdftotext >/dev/null || { $(APT) poppler-utils; } || echo "PDF: poppler-utils tidak ada, sebagian uji dilewati"
	touch $@

demo: $(VENV)/.runtime $(VENV)/.ocr $(VENV)/.print ## install, then a whole night on bundled data, without credentials; the digest lies in out/demo
	$(BIN)/pantau demo --out out/demo

demo-servers: $(VENV)/.dev ## one night through the real clients against local servers; some accounts fail on purpose (exit code 1)
	$(BIN)/pantau demo --servers --out out/demo-servers || test $$? -eq 1

test: $(VENV)/.dev $(VENV)/.poppler ## install, then all tests
	$(BIN)/python -m pytest -n 2

check: lint types docs-check audit-deps test ## everything CI asks for, but for check-mail

$(MAIL)/node_modules/.package-lock.json: $(MAIL)/package-lock.json $(MAIL)/package.json
	cd $(MAIL) && npm ci

mail-tools: $(VENV)/.dev $(VENV)/.print ## what check-mail needs: Debian packages that are missing, node packages
	APT='$(APT)' SUDO='$(SUDO)' sh $(MAIL)/install.sh
	@$(MAKE) --no-print-directory $(MAIL)/node_modules/.package-lock.json

check-mail: mail-tools ## the mails in validators, Chromium, a spam filter, and on their way through Postfix and Dovecot (as root)
	PANTAU_CHECK_MAIL=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(MAIL)

lint: $(VENV)/.dev ## format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev ## strict type check
	$(BIN)/mypy

train: $(VENV)/.dev ## fit the second signal on rules/training and write rules/model
	$(BIN)/python -m pantau.checks.train

shapes: $(VENV)/.dev ## learn the expected shapes of answers again from recordings and local servers
	$(BIN)/python -m tests.renew_shapes

docs: $(VENV)/.runtime ## write the generated pages: rules and commands
	$(BIN)/python -m jobs.docs

docs-check: $(VENV)/.dev ## fail when a generated page is out of date
	$(BIN)/python -m jobs.docs --check

bench: $(VENV)/.dev ## how fast reruns, checks and starts are, one table; about half an hour (BENCH=--quick: small sizes)
	$(BIN)/python -m benchmarks $(BENCH)

bench-digest: $(VENV)/.dev ## a digest of 1,000 accounts, and mails to 300 heads
	$(BIN)/python -m benchmarks.digest

bench-night: $(VENV)/.dev ## whole nights of 1,000 accounts a platform against instant local servers, one table
	$(BIN)/python -m benchmarks.night

crash: $(VENV)/.dev ## nights disturbed at 200 random moments (needs strace), then 30 nights of network faults; prints the seed
	$(BIN)/python -m tests.crash --moments 200
	$(BIN)/python -m tests.crash --nights 30

fuzz: $(VENV)/.dev ## every parser against inputs that nobody meant; one table (FUZZ='--minutes 5' for less)
	$(BIN)/python -m pip install --quiet --require-hashes -r tests/fuzz/atheris.lock || echo "atheris: no wheel for this Python; the plain engine is used"
	$(BIN)/python -m tests.fuzz $(FUZZ)

audit-deps: $(VENV)/.dev ## the locks against docs/dependencies.md: hashes, bounds, licences, advisories; ROWS=1 prints rows to be looked at
	$(BIN)/python -m tests.lock_review $(if $(ROWS),--rows)

lock: $(VENV)/.dev ## resolve the dependencies again and write the locks
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra ocr -c requirements.lock pyproject.toml -o requirements-ocr.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --extra ocr -c requirements-ocr.lock pyproject.toml -o requirements-dev.lock

wheel: $(VENV)/.dev ## build the wheel into dist/
	$(BIN)/python -m build --wheel --outdir dist .

clean: ## remove what the targets made
	rm -rf $(VENV) $(MAIL)/node_modules dist build out .mypy_cache .ruff_cache
