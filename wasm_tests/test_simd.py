"""The C library in a page: it runs there, gives the same bits as in CPython, and its absence is said in words."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pyengine.executors.choice import set_executor
from pyengine.executors.simd.build import MODES
from wasm_tests import strict_training
from wasm_tests.conftest import PAGES
from wasm_tests.harness import BLANK, opened
from web.tools.lock import site_lock
from web.tools.paths import SITE
from web.tools.runtime import runtime
from web.tools.serve import serving

LOAD = """async (settings) => {
  const { loadPyEngine } = await import("/pyengine.js");
  window.tf = await loadPyEngine(settings);
  return tf.engineConfig();
}"""
LOAD_PYTHON = """async ([source, environment]) => {
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  window.python = await loadPyodide({ indexURL: "/pyodide/", env: environment });
  await python.loadPackage("pyengine");
  python.FS.writeFile("strict_training.py", source);
  python.runPython("import json, strict_training");
}"""
TRAIN_XOR = """async () => {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, activation: "tanh", inputShape: [2] }));
  model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
  model.compile({ optimizer: tf.train.adam(0.1), loss: "meanSquaredError" });
  const { history } = await model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], { epochs: 200 });
  return history.loss.at(-1);
}"""


@pytest.fixture
def blank(page: Page) -> Page:
    page.goto(BLANK)
    return page


# --- what runs, and how it is chosen


@pytest.mark.parametrize("mode", MODES)
def test_a_page_chooses_the_build_of_the_library(blank: Page, mode: str) -> None:
    config = blank.evaluate(LOAD, {"simd": mode})
    assert (config["executor"], config["build"], config["lanes"]) == ("simd", mode, 4)
    assert config["selfTest"].startswith("passed: ")
    assert config["library"].endswith(f"{mode}.wasm")
    assert config["trouble"] is None
    assert blank.evaluate(TRAIN_XOR) < 0.02


def test_a_page_can_do_without_the_library(blank: Page) -> None:
    config = blank.evaluate(LOAD, {"simd": "off"})
    assert (config["executor"], config["build"], config["trouble"]) == ("numpy", None, None)
    assert blank.evaluate(TRAIN_XOR) < 0.02


def test_another_word_for_the_build_is_refused(blank: Page) -> None:
    said = blank.evaluate(f"({LOAD})({{ simd: 'fast' }}).catch((error) => error.message)")
    assert 'loadPyEngine: simd expects "strict", "relaxed" or "off", but got `"fast"`' in said


def test_the_executor_is_chosen_while_the_page_runs(engine: Page) -> None:
    assert engine.evaluate("() => tf.setBackend('numpy').then(() => tf.getBackend())") == "numpy"
    config = engine.evaluate("() => tf.setBackend('simd', { mode: 'relaxed' }).then(() => tf.engineConfig())")
    assert (config["executor"], config["build"]) == ("simd", "relaxed")
    engine.evaluate("() => tf.setBackend('simd')")


def test_show_config_says_it_on_the_console(engine: Page) -> None:
    with engine.expect_console_message() as message:
        engine.evaluate("() => tf.showConfig()")
    words = message.value.text
    assert words.startswith("pyengine   0.1.0\npython     3.14")
    assert "self-test  passed: " in words


# --- a library that cannot be used


@pytest.fixture
def site_with(
    tmp_path: Path, site_url: str
) -> Iterator[Callable[[Callable[[str, bytes], bytes | None]], str]]:
    """A function that serves the site with other files in its wheel; they are changed by name and content."""
    served = []

    def make(change: Callable[[str, bytes], bytes | None]) -> str:
        folder = tmp_path / "site"
        shutil.copytree(SITE, folder)
        (wheel,) = folder.glob("pyodide/pyengine-*.whl")
        with zipfile.ZipFile(wheel) as old:
            contents = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(wheel, "w") as new:
            for name, content in contents.items():
                changed = change(name, content)
                if changed is not None:
                    new.writestr(name, changed)
        (folder / "pyodide" / "pyodide-lock.json").write_bytes(site_lock(runtime().lock, wheel))
        server = serving(folder, mounts={"/wasm_tests/": PAGES})
        served.append(server)
        return server.__enter__()

    yield make
    for server in served:
        server.__exit__(None, None, None)


def truncated(name: str, content: bytes) -> bytes:
    return content[: len(content) // 2] if name.endswith(".wasm") else content


def missing(name: str, content: bytes) -> bytes | None:
    return None if name.endswith(".wasm") else content


def nonsense(name: str, content: bytes) -> bytes:
    """Files that are no libraries, with records that belong to them."""
    garbage = b"\0asm\1\0\0\0 and then nothing that makes sense"
    if name.endswith(".wasm"):
        return garbage
    if "/simd/lib/" in name:
        return json.dumps({"library": hashlib.sha256(garbage).hexdigest()}).encode()
    return content


@pytest.mark.parametrize(
    ("change", "words"),
    [(truncated, "is damaged or incomplete"), (missing, "is missing from"), (nonsense, "cannot be loaded")],
)
def test_without_a_good_library_the_page_says_so_and_trains_on_numpy(
    browser: Browser, site_with: Callable[..., str], change: Any, words: str
) -> None:
    with opened(browser, site_with(change)) as (page, complaints):
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(BLANK)
        config = page.evaluate(LOAD, {})
        assert config["executor"] == "numpy"
        assert words in config["trouble"]
        assert "`make site`" in config["trouble"]
        assert any(words in one and "Until then pyengine runs on NumPy" in one for one in said)
        assert page.evaluate(TRAIN_XOR) < 0.02
        complaints.settle()


def test_a_damaged_relaxed_build_leaves_the_strict_one(
    browser: Browser, site_with: Callable[..., str]
) -> None:
    address = site_with(lambda name, content: content[:999] if name.endswith(".delta") else content)
    with opened(browser, address) as (page, complaints):
        page.goto(BLANK)
        config = page.evaluate(LOAD, {"simd": "relaxed"})
        assert (config["executor"], config["build"]) == ("simd", "strict")
        assert "relaxed.wasm is not the file that was built" in config["trouble"]
        complaints.settle()


# --- the same bits everywhere


@pytest.fixture
def strict() -> Iterator[None]:
    """CPython on the strict build, as the page is."""
    set_executor("simd", mode="strict")
    yield
    set_executor("simd")


@pytest.mark.parametrize("network", strict_training.NETWORKS)
def test_the_strict_build_trains_to_the_same_bits_in_a_page_and_in_cpython(
    blank: Page, strict: None, network: str
) -> None:
    here = strict_training.trained(network)
    assert here["fallbacks"] == []
    assert strict_training.trained(network) == here, "CPython disagrees with itself"
    source = Path(strict_training.__file__).read_text()
    blank.evaluate(LOAD_PYTHON, [source, {"PYENGINE_EXECUTOR": "simd:strict"}])
    train = f"() => JSON.parse(python.runPython('json.dumps(strict_training.trained(\"{network}\"))'))"
    there = blank.evaluate(train)
    assert there["fallbacks"] == []
    np.testing.assert_array_equal(there["losses"], here["losses"])
    assert there["weights"] == here["weights"]
    assert blank.evaluate(train) == there, "the page disagrees with itself"
