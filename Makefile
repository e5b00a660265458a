# Bombus: `make help` lists the targets. Every target does its own set-up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.bombus-ready
DEV    := $(VENV)/.bombus-dev-ready
KILLS  ?= 200
FUZZ_SECONDS ?= 60
REVISION ?= 1
SOURCES := pyproject.toml setup.py $(wildcard firmware_bridge/*_build.py firmware_bridge/firmware/*.[ch] sim/render/*_build.py sim/render/*.[ch] sim/native/*_build.py sim/native/*.[ch])

.DEFAULT_GOAL := help
.PHONY: help setup setup-train model sim check test test-slow campaign firmware test-firmware fuzz prove mutate lint-c deb rehearse units bench pictures clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## make a ready .venv/bin/bombus (virtual environment, install, C core)

# The stamp depends on the package list and the C sources: nothing changed, nothing done.
$(STAMP): $(SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bombus needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Set PYTHON=python3.11."; exit 1; }
	@command -v $${CC:-cc} >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || \
		{ echo "Bombus needs a C compiler: apt-get install build-essential python3-dev"; exit 1; }
	@test -x $(BIN)/python || { echo "[1/2] virtual environment in $(VENV)"; \
		$(PYTHON) -m venv $(VENV) || { echo "No venv module: apt-get install python3-venv"; exit 1; }; }
	@echo "[2/2] installing Bombus and compiling its C core (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $(STAMP)
	@echo "ready: $(BIN)/bombus --help"

$(DEV): $(STAMP)
	@echo "[dev] adding the tools of check and test"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(DEV)

setup-train: $(STAMP)  ## add the training extra (torch, CPU)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train]'

model: setup-train  ## train the shipped detector anew in build/model, three hours; DATA=folder of labelled photographs
	@test -n "$(DATA)" || { echo "make model DATA=FOLDER: name the labelled photographs (COCO or YOLO)"; exit 1; }
	$(BIN)/bombus train --config vision/models/rendered.toml --out build/model/rendered
	$(BIN)/bombus train --config vision/models/flowers.toml --start build/model/rendered/checkpoint.pt \
		--data $(DATA) --out build/model/photos
	$(BIN)/bombus train --config vision/models/longer.toml --start build/model/photos/checkpoint.pt \
		--data $(DATA) --out build/model/flowers

sim: $(STAMP)  ## drive one simulated row in real time, dashboard on http://127.0.0.1:8080, until Ctrl-C
	@$(BIN)/bombus sim --scenario demo --mode realtime --stay

check: $(DEV)  ## lint, types, architecture rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/architecture

test: $(DEV)  ## the quick test suite (under 5 minutes)
	$(BIN)/pytest -q -n 2 -m "not slow"

pictures: $(DEV)  ## a picture of each page at three sizes into docs/pages/
	@$(BIN)/python -m tests.browser.pictures

test-slow: $(DEV)  ## the slow suites: whole rows, kill campaign, training smoke run
	$(BIN)/pytest -q -m slow

firmware:  ## build/firmware: the emulated board's image; the RP2040's too where PICO_SDK_PATH is set
	@command -v arm-none-eabi-gcc >/dev/null 2>&1 || { echo "no arm-none-eabi-gcc:" \
		"apt-get install --no-install-recommends gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"; exit 1; }
	@$(MAKE) --no-print-directory -C firmware_bridge/firmware/mps2 BUILD=$(CURDIR)/build/firmware
	@if [ -n "$$PICO_SDK_PATH" ]; then cmake -S firmware_bridge/firmware/rp2040 -B build/firmware/rp2040 && \
		cmake --build build/firmware/rp2040; else echo "RP2040 image skipped: PICO_SDK_PATH is not set"; fi

test-firmware: $(DEV) firmware  ## the shipped core on an emulated Cortex-M3; the bus trace is the witness
	BOMBUS_EMULATOR_REQUIRED=1 $(BIN)/pytest -q tests/firmware/emulated

campaign: $(STAMP)  ## kill the daemon KILLS times (200) and hold its ledger against the valves
	@$(BIN)/python -m sim.kill_campaign --kills $(KILLS)

CORE := $(filter-out $(wildcard firmware_bridge/firmware/board*.c firmware_bridge/firmware/caps.c),$(wildcard firmware_bridge/firmware/*.c))

fuzz: $(STAMP)  ## libFuzzer with ASan and UBSan on the C core for FUZZ_SECONDS (60), then 10 million spoiled frames
	@command -v clang >/dev/null 2>&1 || { echo "no clang: apt-get install clang libclang-rt-14-dev"; exit 1; }
	@mkdir -p build/fuzz/corpus
	clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Ifirmware_bridge/firmware firmware_bridge/proofs/fuzz.c $(CORE) -o build/fuzz/fuzz
	@$(BIN)/python -m firmware_bridge.proofs.seeds build/fuzz/seeds
	build/fuzz/fuzz -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
		-artifact_prefix=build/fuzz/ build/fuzz/corpus build/fuzz/seeds
	cc -std=c11 -O2 -Wall -Wextra -Werror -Ifirmware_bridge/firmware firmware_bridge/proofs/corrupt.c \
		firmware_bridge/firmware/frame.c -o build/fuzz/corrupt
	build/fuzz/corrupt 10000000 1

prove: $(STAMP)  ## prove the C core with the model checker cbmc, fetched into build/ where the system has none
	@$(BIN)/python -m firmware_bridge.proofs.prove

mutate: $(DEV)  ## change the C core in every small way; a test must notice each change
	@$(BIN)/python -m firmware_bridge.proofs.mutate

lint-c: $(STAMP)  ## compiler warnings, cppcheck and MISRA C:2012 on the C core, against the reviewed deviations
	@$(BIN)/python -m firmware_bridge.proofs.lint

deb: $(STAMP)  ## build/deb: one Debian package with everything it imports, for Debian's own Python
	@$(BIN)/python packaging/build_deb.py --revision $(REVISION)

rehearse: deb  ## install that package into a scratch root and work a row through its units' own commands
	@$(BIN)/python -m sim.rehearsal "$$(ls -t build/deb/bombus_*.deb | head -n 1)"

units: $(DEV)  ## the systemd units before systemd-analyze: nothing wrong, well confined
	@command -v systemd-analyze >/dev/null 2>&1 || { echo "no systemd-analyze: apt-get install systemd"; exit 1; }
	$(BIN)/pytest -q -n 0 tests/packaging/test_units.py

bench: $(STAMP)  ## time each stage of a frame's way on this machine
	@$(BIN)/bombus bench

clean:  ## remove what the build made (not the virtual environment)
	rm -rf build *.egg-info firmware_bridge/bin firmware_bridge/_core*.so firmware_bridge/_core.c \
		sim/render/_raster*.so sim/render/_raster.c \
		sim/native/_native*.so sim/native/_native.c .mypy_cache .ruff_cache .pytest_cache
