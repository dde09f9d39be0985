"""`make bench`: how long training steps and single kernels take, in CPython and in the browser, strict and relaxed.

Each row first proves agreement (steps: their first losses are PyTorch's; kernels: NumPy's numbers), then gives the
time, the rate in GFLOP/s or GB/s, and the share of what the same place can do at most: multiplications and additions
on registers alone, or a copy of 4 MB. TensorFlow.js runs the same steps in the same browser.

    make bench                        everything
    make bench ONLY="cnn, exp"        some workloads or kernels (commas between)
    make bench WHERE="browser torch"  some places: cpython, browser, tensorflow, torch
    make bench MODE=strict            one build of the library
    TORCH=path/to/python make bench   PyTorch as well, where that Python has it
    make bench AGAINST=HEAD~1         steps in CPython against those of another commit, in turn; keeps nothing

What was found replaces those rows of `results.json`; the README's table is made from it.

    workloads.py, charlm.py  the models        steps.py, page.js   steps in Python, in JavaScript
    kernels.py, peak.c       single kernels    cpython.py, page.py, torch_steps.py   where they run
    measure.py, results.py   figures, the file and the table    against.py   two commits in turn
    planning.py              deep models

To add a workload: a row in `workloads.WORKLOADS`, its losses from PyTorch with the same rule. A kernel: `kernels.ROWS`.
"""
