"""The demo page as a person uses it: train, pause, stop, draw, errors in words, on a phone's width too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from pyengine.executors.simd.library import MODES
from wasm_tests.harness import Complaints, opened

READY = "async () => { while (!window.demo) await new Promise((r) => setTimeout(r, 50)); await demo.ready; }"


@pytest.fixture(scope="module")
def _demo(browser: Browser, site_url: str) -> Iterator[tuple[Page, Complaints]]:
    # Without motion nothing scrolls on while the pen is on its way.
    desk = {"width": 1280, "height": 900}
    with opened(browser, site_url, viewport=desk, reduced_motion="reduce") as (page, complaints):
        page.goto("/")
        page.evaluate(READY)
        yield page, complaints


@pytest.fixture
def demo(_demo: tuple[Page, Complaints]) -> Iterator[Page]:
    """The demo, loaded and idle; shared by the tests of this file."""
    page, complaints = _demo
    yield page
    page.evaluate("() => demo.stop()")
    page.wait_for_selector("#train:not([disabled])")
    complaints.settle()


def start(demo: Page, **settings: object) -> None:
    """Start a training and wait until it has done some batches."""
    demo.evaluate(
        """(settings) => {
          window.outcome = null;
          demo.start(settings).then((result) => { window.outcome = result; });
        }""",
        settings,
    )
    demo.wait_for_function("() => demo.progress.batch > 3", polling=50)


def batches(demo: Page) -> int:
    return demo.evaluate("() => demo.progress.epoch * demo.progress.batches + demo.progress.batch")


def test_the_facts_name_version_and_executor(demo: Page) -> None:
    assert demo.inner_text("#facts").startswith(f"pyengine 0.1.0 · executor simd {MODES[0]} · ")


def test_it_trains_and_reads_the_test_digits(demo: Page) -> None:
    start(demo, model="mlp", epochs=1, batchSize=100, trainingImages=10000)
    demo.wait_for_function("() => window.outcome !== null", polling=200)
    accuracy, history = demo.evaluate("() => [outcome.testAccuracy, outcome.history]")
    assert accuracy > 0.85
    assert list(history) == ["loss", "acc", "val_loss", "val_acc"]
    assert history["val_acc"][0] == pytest.approx(accuracy, abs=1e-6)


def test_pause_holds_and_resume_goes_on(demo: Page) -> None:
    start(demo, model="mlp", epochs=50)
    demo.click("#pause")
    demo.wait_for_timeout(400)
    held = batches(demo)
    demo.wait_for_timeout(600)
    assert batches(demo) == held
    demo.click("#pause")
    demo.wait_for_function(
        "(held) => demo.progress.epoch > 0 || demo.progress.batch > held", arg=held, polling=50
    )


def test_stop_ends_the_training(demo: Page) -> None:
    start(demo, model="mlp", epochs=1000)
    demo.click("#stop")
    demo.wait_for_function("() => window.outcome !== null", polling=100)
    assert demo.evaluate("() => outcome.stopped") is True


def test_a_drawn_digit_is_answered_while_it_trains(demo: Page) -> None:
    start(demo, model="mlp", epochs=50)
    demo.locator("#paper").scroll_into_view_if_needed()
    box = demo.locator("#paper").bounding_box()
    assert box is not None
    demo.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.2)
    demo.mouse.down()
    demo.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8, steps=10)
    demo.mouse.up()
    demo.wait_for_function("() => /\\d/.test(document.getElementById('verdict').textContent)", polling=100)


def test_an_error_is_said_on_the_page(demo: Page) -> None:
    demo.fill("#batchSize", "0")
    demo.click("#train")
    demo.wait_for_selector("#trouble:not([hidden])")
    assert "Batch size must be a whole number from 1 up" in demo.inner_text("#trouble")
    demo.fill("#batchSize", "32")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_nothing_is_wider_than_the_page(demo: Page, width: int, colors: str) -> None:
    demo.emulate_media(color_scheme=colors)  # type: ignore[arg-type]
    demo.set_viewport_size({"width": width, "height": 900})
    assert demo.evaluate("() => document.documentElement.scrollWidth") <= width
