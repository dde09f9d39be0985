"""Blocking calls in a page: `fit` in Python code keeps the page responsive where the browser can switch stacks."""

from __future__ import annotations

from pyengine.training.host import host


def use_stack_switching() -> None:
    """Have blocking calls run on Pyodide's stack switching. Whether it works is checked each time: it depends on the
    browser and on how Python was called (from `runPythonAsync`, say, but not from `runPython`)."""
    from pyodide.ffi import can_run_sync, run_sync

    host.run_sync, host.can_run_sync = run_sync, can_run_sync
