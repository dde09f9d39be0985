"""Fixtures of the browser tests: dist/site served, a headless Chromium, pages in it.

    page      a fresh page on the site, nothing opened yet
    engine    a blank page with `window.tf = await loadPyEngine()`; one for all tests of a file, since loading
              takes seconds: a test keeps its variables inside its own function
    fresh_engine   the same, for one test alone
    complaints     what the page or engine of this test complained about; see harness.Complaints

An error in the page that no test expected, or a request to another host, fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from wasm_tests.harness import Complaints, load_engine, opened
from web.tools.browser import launch_browser
from web.tools.paths import DIST
from web.tools.serve import serving
from web.tools.site import site

PAGES = Path(__file__).parent / "pages"
# No name but localhost's resolves: what the site asks of other hosts, it does not get.
ALONE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",)


@pytest.fixture(scope="session")
def site_url() -> Iterator[str]:
    """The address of dist/site, brought up to date before; tests see it as it was at their start."""
    folder = site()
    snapshot = DIST / f".served-by-{os.getpid()}"
    shutil.copytree(folder, snapshot, copy_function=os.link)
    try:
        with serving(snapshot, mounts={"/wasm_tests/": PAGES}) as address:
            yield address
    finally:
        shutil.rmtree(snapshot)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with launch_browser(more_flags=ALONE) as browser:
        yield browser


@pytest.fixture
def _fresh(browser: Browser, site_url: str) -> Iterator[tuple[Page, Complaints]]:
    with opened(browser, site_url) as (page, complaints):
        yield page, complaints


@pytest.fixture(scope="module")
def _loaded(browser: Browser, site_url: str) -> Iterator[tuple[Page, Complaints]]:
    with opened(browser, site_url) as (page, complaints):
        load_engine(page)
        yield page, complaints


@pytest.fixture
def page(_fresh: tuple[Page, Complaints]) -> Iterator[Page]:
    """A fresh page on the site, with nothing opened yet: `page.goto("/")` opens the demo."""
    opened_page, found = _fresh
    yield opened_page
    found.settle()


@pytest.fixture
def engine(_loaded: tuple[Page, Complaints]) -> Iterator[Page]:
    """A page with the engine loaded as `tf`, shared by the tests of one file."""
    loaded_page, found = _loaded
    yield loaded_page
    found.settle()


@pytest.fixture
def complaints(request: pytest.FixtureRequest) -> Complaints:
    """What this test's engine complained about, or its page if it has no shared engine.

    Anything left in it at the end fails the test.
    """
    watched: tuple[Page, Complaints]
    watched = request.getfixturevalue("_loaded" if "engine" in request.fixturenames else "_fresh")
    return watched[1]


@pytest.fixture
def fresh_engine(page: Page) -> Page:
    """A page of this test's own with the engine loaded as `tf`."""
    return load_engine(page)
