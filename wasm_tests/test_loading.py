"""A server that sends a file badly: what must work works, and what cannot is said in words, soon, by the file's name.

`loadPyEngine` settles in every case; the seconds that it may take are those of a busy machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from wasm_tests.harness import BLANK, Complaints
from web.tools.paths import SITE, WEB

LOAD = """async () => {
  const { loadPyEngine } = await import("/pyengine.js");
  return loadPyEngine().then((tf) => tf.version.pyengine, String);
}"""
NUMPY, ENGINE = "numpy-*.whl", "pyengine-*.whl"
FILES = {
    "pyodide.mjs": "a JavaScript module",
    "pyodide.asm.mjs": "a JavaScript module",
    "pyodide.asm.wasm": "WebAssembly",
    "python_stdlib.zip": "a ZIP archive",
    "pyodide-lock.json": "JSON",
    NUMPY: "a ZIP archive",
    ENGINE: "a ZIP archive",
}
MEND = "Build the site (make site) and put the whole folder dist/site on the server, its files unchanged."
TYPES = {"mjs": "text/javascript", "wasm": "application/wasm"}


def content(name: str) -> bytes:
    (file,) = (SITE / "pyodide").glob(name)
    return file.read_bytes()


def loaded(page: Page, complaints: Complaints, name: str, **answer: Any) -> str:
    """What `loadPyEngine` comes to when the server answers so for this file; what browsers log is put aside."""
    page.goto(BLANK)
    page.route(f"**/pyodide/{name}", lambda route: route.fulfill(**answer))
    said = page.evaluate(LOAD)
    complaints.clear()
    assert "[object" not in said
    assert "Traceback" not in said
    assert "micropip" not in said
    return said


def is_named(name: str, said: str) -> bool:
    """Whether the words name the file by its address."""
    begin, end = name.split("*") if "*" in name else (name, "")
    return f"/pyodide/{begin}" in said and end in said


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(page: Page, complaints: Complaints, name: str) -> None:
    said = loaded(page, complaints, name, status=404, body="nothing here")
    assert said.startswith("Error: Python could not be started: http://")
    assert is_named(name, said)
    assert "is missing: the server answered 404 Not Found" in said
    assert said.endswith(MEND)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_off_is_named(page: Page, complaints: Complaints, name: str) -> None:
    whole = content(name)
    kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    half = whole[: len(whole) // 2]
    said = loaded(page, complaints, name, body=half, content_type=kind)
    assert is_named(name, said)
    assert f"is damaged or cut off: its {len(half)} bytes are not {FILES[name]}" in said
    assert said.endswith(MEND)


@pytest.mark.parametrize("name", FILES)
def test_a_page_in_place_of_a_file_is_recognized(page: Page, complaints: Complaints, name: str) -> None:
    said = loaded(
        page, complaints, name, body="<!doctype html><title>My app</title>", content_type="text/html"
    )
    assert is_named(name, said)
    assert f"is not {FILES[name]} but a page of HTML, which servers send in place of missing files" in said


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/wasm; charset=utf-8"])
def test_webassembly_of_any_mime_type_loads(page: Page, complaints: Complaints, kind: str) -> None:
    name = "pyodide.asm.wasm"
    assert loaded(page, complaints, name, body=content(name), content_type=kind) == "0.1.0"


def test_a_server_that_knows_no_mime_types_at_all_serves_the_runtime(
    page: Page, complaints: Complaints
) -> None:
    page.goto(BLANK)

    def untyped(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={"content-type": "application/octet-stream"})

    page.route("**/pyodide/*", untyped)
    assert page.evaluate(LOAD) == "0.1.0"
    complaints.clear()  # browsers log that they refused the modules at first


def test_a_file_that_does_not_arrive_is_named(page: Page, complaints: Complaints) -> None:
    page.goto(BLANK)
    page.route("**/pyodide.asm.wasm", lambda route: route.abort())
    said = page.evaluate(LOAD)
    complaints.clear()
    assert "/pyodide/pyodide.asm.wasm did not arrive (Failed to fetch)" in said


def test_a_wheel_of_another_build_is_named(page: Page, complaints: Complaints) -> None:
    said = loaded(page, complaints, NUMPY, body=content(ENGINE))
    assert is_named(NUMPY, said)
    assert "is not the file that pyodide-lock.json lists" in said


def test_a_list_without_the_engine_is_named(page: Page, complaints: Complaints) -> None:
    said = loaded(page, complaints, "pyodide-lock.json", body='{"packages": {}}')
    assert "/pyodide/pyodide-lock.json does not list pyengine" in said


def test_webassembly_of_another_version_is_refused(page: Page, complaints: Complaints) -> None:
    """A module without what the runtime expects: linking fails, where Pyodide by itself waits for ever."""
    empty = b"\0asm\1\0\0\0"
    said = loaded(page, complaints, "pyodide.asm.wasm", body=empty, content_type="application/wasm")
    assert "are they of one version?" in said


def test_a_second_call_loads_after_a_failed_one(page: Page, complaints: Complaints) -> None:
    assert "404" in loaded(page, complaints, "pyodide-lock.json", status=404)
    page.unroute("**/pyodide/pyodide-lock.json")
    assert page.evaluate(LOAD) == "0.1.0"


@pytest.fixture
def under_policy(page: Page) -> Callable[[str], str]:
    """What `loadPyEngine` comes to in a page of this Content-Security-Policy."""

    def load(policy: str) -> str:
        page.route(
            f"**/{BLANK}",
            lambda route: route.fulfill(
                body="<!doctype html><link rel='icon' href='data:,'>",
                content_type="text/html",
                headers={"content-security-policy": policy, "content-type": "text/html"},
            ),
        )
        page.goto(BLANK)
        return page.evaluate(LOAD)

    return load


def test_a_policy_that_forbids_webassembly_is_named(
    under_policy: Callable[[str], str], complaints: Complaints
) -> None:
    said = under_policy("default-src 'self'; img-src data:; script-src 'self'")
    complaints.clear()
    assert "the Content-Security-Policy of this page forbids" in said
    assert "Add 'wasm-unsafe-eval' to its script-src" in said


def test_a_policy_that_allows_webassembly_and_no_eval_suffices(
    under_policy: Callable[[str], str],
) -> None:
    policy = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'"
    assert under_policy(policy) == "0.1.0"


def test_no_file_is_fetched_twice(page: Page) -> None:
    page.goto(BLANK)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    page.evaluate(LOAD)
    large = [name for name in fetched if name != "pyodide-lock.json"]
    assert len(large) == len(set(large))


MODULES = [
    *sorted(f"demo/{file.name}" for file in (WEB / "demo").glob("*.js")),
    "pyengine.js",
    "tensor.js",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_demo_says_which_of_its_modules_is_missing(page: Page, complaints: Complaints, name: str) -> None:
    page.route(f"**/{name}", lambda route: route.fulfill(status=404, body="nothing here"))
    page.goto("/")
    expect(page.locator("#trouble")).to_contain_text("A part of this page is missing")
    expect(page.locator("#trouble")).to_contain_text(f"/{name} is missing: the server answered 404")
    expect(page.locator("#status")).to_have_text("This page could not be opened.")
    complaints.clear()


def test_the_demo_says_that_a_module_is_broken(page: Page, complaints: Complaints) -> None:
    page.route(
        "**/demo/words.js", lambda route: route.fulfill(body="export const (", content_type="text/javascript")
    )
    page.goto("/")
    expect(page.locator("#trouble")).to_contain_text("Something on this page went wrong")
    complaints.clear()


def test_the_demo_says_which_file_of_the_runtime_is_bad(page: Page, complaints: Complaints) -> None:
    page.route("**/pyodide.asm.wasm", lambda route: route.fulfill(status=404))
    page.goto("/")
    expect(page.locator("#trouble")).to_contain_text("Loading failed")
    expect(page.locator("#trouble")).to_contain_text("/pyodide/pyodide.asm.wasm is missing")
    complaints.clear()
