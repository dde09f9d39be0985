"""`make bench`: how long a training step takes, in CPython and in the browser.

Each row first proves agreement (the losses of five steps are those of PyTorch), then times, then compares
with the machine's limit: the best that NumPy's matrix product reaches in the same place.

    make bench                  every workload, both places
    make bench ONLY=mlp32       some of them (names with spaces between)
    make bench WHERE=cpython    one place: cpython or browser

To add one: a row in `workloads.WORKLOADS`; its reference losses come from PyTorch with the same rule.
"""
