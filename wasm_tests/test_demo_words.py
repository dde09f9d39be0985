"""The demo page: what it says when something is wrong, what it reads in a drawn digit, and that it stays smooth."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from wasm_tests.harness import Complaints, opened, run
from wasm_tests.processor import processor_tasks

DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def _opened_demo(browser: Browser, site_url: str) -> Iterator[tuple[Page, Complaints]]:
    # Without motion nothing scrolls on while the pen is on its way.
    with opened(browser, site_url, viewport=DESK, reduced_motion="reduce") as (page, complaints):
        page.goto("/")
        page.evaluate("async () => { while (!window.demo) await new Promise((go) => setTimeout(go, 20)); }")
        page.evaluate("() => demo.ready")
        yield page, complaints


@pytest.fixture
def demo(_opened_demo: tuple[Page, Complaints]) -> Iterator[Page]:
    """The demo page, ready to train; one for all tests of this file."""
    page, complaints = _opened_demo
    page.set_viewport_size(DESK)
    yield page
    complaints.settle()


def choose(
    page: Page, *, epochs: int = 1, batch_size: int = 32, images: int = 1000, rate: str = "0.001"
) -> None:
    """Fill in the form."""
    page.locator("input[name=model][value=mlp]").check()
    page.locator("#optimizer").select_option("adam")
    page.locator("#trainingImages").select_option(str(images))
    for name, value in (("epochs", str(epochs)), ("batchSize", str(batch_size)), ("learningRate", rate)):
        page.locator(f"#{name}").fill(value)


def stroke(page: Page, *points: tuple[float, float]) -> None:
    """One stroke of the pen; points as shares of the box, from its upper left corner."""
    page.locator("#clear").click()
    page.locator("#paper").scroll_into_view_if_needed()
    box = page.locator("#paper").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def probabilities(page: Page) -> list[float]:
    """The bars of the ten digits."""
    scales = page.locator("#probabilities .fill").evaluate_all(
        "(bars) => bars.map((bar) => bar.style.transform)"
    )
    return [float(scale.removeprefix("scaleX(").removesuffix(")")) for scale in scales]


def test_a_drawn_digit_is_read_also_while_training_is_paused(demo: Page) -> None:
    demo.evaluate(
        """() => {
          window.finished = demo.start({ model: "mlp", epochs: 30, batchSize: 32, trainingImages: 10000 });
        }"""
    )
    # Half of the images make a reader to whom a plain stroke is a one.
    demo.wait_for_function("() => demo.progress.batch > 150")
    demo.locator("#pause").click()
    stroke(demo, (0.52, 0.15), (0.5, 0.85))
    expect(demo.locator("#verdict")).to_contain_text(re.compile(r"a 1: \d"))
    shares = probabilities(demo)
    assert len(shares) == 10
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert max(range(10), key=shares.__getitem__) == 1

    stroke(demo, (0.25, 0.2), (0.75, 0.2), (0.45, 0.85))
    expect(demo.locator("#verdict")).not_to_contain_text("a 1:")
    other = probabilities(demo)
    assert sum(other) == pytest.approx(1, abs=1e-3)
    assert other != shares
    demo.locator("#stop").click()
    assert demo.evaluate("async () => (await finished).stopped")


def test_training_leaves_the_page_without_long_tasks(demo: Page) -> None:
    """From the click to the last test digit: building, compiling and drawing the curves included."""
    with processor_tasks(demo) as tasks:
        accuracy = run(
            demo,
            """async () => (await demo.start({
              model: "mlp", epochs: 1, batchSize: 128, trainingImages: 5000, yieldEvery: "auto",
            })).testAccuracy""",
        )
    assert accuracy > 0.6
    assert tasks.above(50) == [], "milliseconds of processor time, of tasks that were too long"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("learningRate", "-1", "Learning rate must be a number above 0"),
        ("epochs", "2.5", "Epochs must be a whole number from 1 up"),
        ("batchSize", "", "Batch size must be a whole number"),
    ],
)
def test_what_is_wrong_in_the_form_is_said_in_words(demo: Page, field: str, value: str, words: str) -> None:
    choose(demo)
    demo.locator(f"#{field}").fill(value)
    demo.locator("#train").click()
    expect(demo.locator("#trouble")).to_be_visible()
    expect(demo.locator("#trouble")).to_contain_text(words)
    expect(demo.locator("#train")).to_be_enabled()


def test_an_error_of_the_engine_is_said_in_its_words_and_training_works_afterwards(demo: Page) -> None:
    choose(demo)
    # A page that is told nonsense by its own list: what the engine says arrives as it is.
    demo.locator("#yieldEvery").evaluate(
        "(list) => { list.add(new Option('sometimes')); list.value = 'sometimes'; }"
    )
    demo.locator("#train").click()
    expect(demo.locator("#trouble")).to_contain_text("sometimes")
    expect(demo.locator("#trouble")).to_contain_text("'auto'")
    expect(demo.locator("#trouble")).not_to_contain_text("Traceback")
    demo.locator("#yieldEvery").select_option("auto")
    demo.locator("#train").click()
    expect(demo.locator("#trouble")).to_be_hidden()
    expect(demo.locator("#status")).to_contain_text("Finished")


def test_a_lost_loss_is_said_in_words(demo: Page) -> None:
    choose(demo, rate="1e38")
    demo.locator("#train").click()
    expect(demo.locator("#trouble")).to_contain_text("the loss became")
    expect(demo.locator("#trouble")).to_contain_text("smaller learning rate")
    expect(demo.locator("#train")).to_be_enabled()


def test_light_and_dark_are_both_readable(demo: Page) -> None:
    """Text and what it stands on differ in brightness by far, one way in the light and the other in the dark."""
    brightness = """() => {
      const context = document.createElement("canvas").getContext("2d");
      const of = (color) => {
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
        return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
      };
      const style = getComputedStyle(document.body);
      return { text: of(style.color), page: of(style.backgroundColor) };
    }"""
    demo.emulate_media(color_scheme="light")
    light = demo.evaluate(brightness)
    demo.emulate_media(color_scheme="dark")
    dark = demo.evaluate(brightness)
    assert light["page"] - light["text"] > 0.6
    assert dark["text"] - dark["page"] > 0.6
