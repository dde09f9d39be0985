# Two commands do everything: `make demo` and `make test`. Each target is a small script in web/tools that reuses
# what is already there, and says what it needed and what to do when it fails.

PYTHON ?= python3
STEP := .venv/bin/python -m web.tools

.PHONY: help demo quick test site wheel bench lint clean environment

help:
	@echo "make demo             train a network in your browser, on localhost (PORT=8000)"
	@echo "make demo HEADLESS=1  the same in a browser without a window: trains MNIST, prints the accuracy"
	@echo "make quick            the smoke test: in seconds, whether anything at all is broken (CPython only)"
	@echo "make test             every test, CPython and browser (TESTS='tests/ops -k matmul' for some)"
	@echo "make site             dist/site, a static folder to put on any server"
	@echo "make wheel            dist/pyengine-*.whl"
	@echo "make bench            time steps and kernels, CPython and browser, with TensorFlow.js; makes the README's table"
	@echo "make lint             style and types, Python and JavaScript"
	@echo "make clean            remove what was made (ALL=1: also what was downloaded)"

demo: environment
	@$(STEP).$(if $(HEADLESS),headless,serve)

quick: environment
	@.venv/bin/python -m pytest --quiet tests/test_smoke.py

test: quick
	@$(STEP).test $(TESTS)

site wheel bench lint: environment
	@$(STEP).$@

clean:
	@$(PYTHON) -m web.tools.clean

environment:
	@$(PYTHON) -m web.tools.environment
