"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import pytest

from pyengine.executors.choice import chosen

ROOT = Path(__file__).resolve().parents[1]
# What only a browser has, or only the Python that the benchmark compares with.
ELSEWHERE = {"js", "pyodide", "pyodide_js", "torch"}


def modules() -> list[str]:
    """Dotted names of the engine's and the tools' modules."""
    files = [*ROOT.joinpath("pyengine").rglob("*.py"), *ROOT.joinpath("web", "tools").rglob("*.py")]
    names = (file.relative_to(ROOT).with_suffix("").parts for file in files if file.stem != "__main__")
    return sorted(".".join(parts).removesuffix(".__init__") for parts in names)


def needed_from_elsewhere(name: str) -> set[str]:
    """Modules that are not here and that this one imports at once."""
    file = ROOT.joinpath(*name.split("."))
    tree = ast.parse((file / "__init__.py" if file.is_dir() else file.with_suffix(".py")).read_text())
    needed = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            needed |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            needed.add(node.module.split(".")[0])
    return needed & ELSEWHERE


@pytest.mark.parametrize("name", modules())
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "executor", chosen.executor)  # an example may choose another for all
    if needed := needed_from_elsewhere(name):
        pytest.skip(f"{name} imports {', '.join(sorted(needed))}, which is not here")
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for example in doctest.DocTestFinder().find(importlib.import_module(name), name):
        runner.run(example, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
