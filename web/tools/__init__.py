"""What stands behind the Makefile: one small script a step, each run as `python -m web.tools.<step>`.

    environment   finds a Python, makes .venv          site      puts dist/site together
    packages      what comes from npm                  serve     serves it on localhost
    runtime       Pyodide and NumPy for the browser    browser   finds or installs a Chromium
    mnist         the data set                         headless  trains the demo without a person
    wheel, lock   the engine as the browser loads it   bench, lint, test, clean

Each step can be run again at any time: what is already there and still right is reused.
"""
