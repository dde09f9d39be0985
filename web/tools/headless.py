"""`make demo HEADLESS=1`: the demo page trains in a Chromium without a window, and the terminal shows it.

The page is driven as it stands, through its `window.demo`. The exit status says whether the network learnt:
0 only if it reads at least 97.5 % of the 10,000 test digits. Other settings: MODEL=cnn EPOCHS=3 BATCH_SIZE=64
OPTIMIZER=sgd LEARNING_RATE=0.1 YIELD_EVERY=batch.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from web.tools.browser import launch_browser
from web.tools.failure import StepFailed, step
from web.tools.serve import serving
from web.tools.site import site

if TYPE_CHECKING:
    from playwright.sync_api import Page

ENOUGH = 0.975
LOADING_SECONDS = 120
SILENCE_SECONDS = 180
SETTINGS: dict[str, type] = {
    "model": str,
    "epochs": int,
    "batchSize": int,
    "optimizer": str,
    "learningRate": float,
    "yieldEvery": str,
}

# Promises are kept in the page, so that it can be asked how far it is.
AWAIT_READY = """() => {
  const said = (error) => (error instanceof Error ? error.message : String(error));
  const look = () => {
    if (!window.demo?.ready) return setTimeout(look, 50);
    const done = (outcome) => { window.ready = outcome; };
    window.demo.ready.then(() => done({ error: null }), (error) => done({ error: said(error) }));
  };
  look();
}"""
START = """(settings) => {
  window.outcome = null;
  const said = (error) => (error instanceof Error ? error.message : String(error));
  window.demo.start(settings).then(
    ({ testAccuracy, history }) => { window.outcome = { testAccuracy, history }; },
    (error) => { window.outcome = { error: said(error) }; },
  );
}"""
LOOK = "() => ({ progress: window.demo.progress, history: window.demo.history, outcome: window.outcome })"


def chosen_settings() -> dict[str, Any]:
    """What the environment says differently from the page's own choice."""
    settings: dict[str, Any] = {"model": "mlp"}
    for name, kind in SETTINGS.items():
        variable = "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name)
        if value := os.environ.get(variable):
            try:
                settings[name] = kind(value)
            except ValueError:
                raise StepFailed(
                    f"a number for {variable}",
                    happened=f"{variable}={value}",
                    remedy=f"Give one, or leave {variable} out.",
                ) from None
    return settings


def train(page: Page, settings: dict[str, Any], troubles: list[str]) -> dict[str, Any]:
    """Train on the page, showing a bar and a line per epoch; gives the test accuracy and the history."""
    from tqdm import tqdm

    page.evaluate(START, settings)
    # Into a log file a bar is a line each time: then seldom.
    pause = 0.1 if sys.stderr.isatty() else 10.0
    lines = 0
    last: tuple[Any, float] = (None, time.monotonic())
    with tqdm(unit="batch", desc="training", dynamic_ncols=True, mininterval=pause) as bar:
        while True:
            state = page.evaluate(LOOK)
            progress, outcome = state["progress"] or {}, state["outcome"]
            history: dict[str, list[float]] = state["history"] or {}
            if troubles:
                raise failure_in_page("the page complained:\n" + "\n".join(dict.fromkeys(troubles)))
            if outcome and "error" in outcome:
                raise failure_in_page(f"the page said: {outcome['error']}")

            where = (progress.get("epoch"), progress.get("batch"), len(history.get("loss", [])))
            if where != last[0]:
                last = (where, time.monotonic())
            elif time.monotonic() - last[1] > SILENCE_SECONDS:
                raise failure_in_page(
                    f"no batch ended for {SILENCE_SECONDS} s; the last state was {progress}"
                )

            if progress.get("batches"):
                bar.total = progress["epochs"] * progress["batches"]
                bar.update(progress["epoch"] * progress["batches"] + progress["batch"] + 1 - bar.n)
                bar.set_postfix_str(f"{progress.get('samplesPerSecond') or 0:,.0f} samples/s", refresh=False)
            finished = history.get("loss", [])
            for epoch in range(lines, len(finished)):
                values = "  ".join(f"{name} {series[epoch]:.4f}" for name, series in history.items())
                tqdm.write(f"epoch {epoch + 1}/{progress['epochs']}  {values}")
            lines = len(finished)
            if outcome:
                return outcome
            page.wait_for_timeout(250)


def failure_in_page(happened: str) -> StepFailed:
    """The failure of a training in the page."""
    remedy = "Run `make demo` and look at the page and its console."
    return StepFailed("a demo page that trains to its end", happened=happened, remedy=remedy)


def open_demo(page: Page, address: str, troubles: list[str]) -> None:
    """Open the demo and wait until it can train; fails as soon as the page is in trouble."""
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("crash", lambda _: troubles.append("the page crashed"))
    page.on("requestfailed", lambda request: troubles.append(f"{request.url}: {request.failure}"))
    page.on(
        "response",
        lambda answer: (
            troubles.append(f"{answer.url}: status {answer.status}") if answer.status >= 400 else None
        ),
    )
    page.goto(address)
    page.evaluate(AWAIT_READY)
    began = time.monotonic()
    while not (ready := page.evaluate("() => window.ready")):
        if troubles:
            raise failure_in_page("the page complained:\n" + "\n".join(dict.fromkeys(troubles)))
        if time.monotonic() - began > LOADING_SECONDS:
            raise failure_in_page(f"the page was not ready within {LOADING_SECONDS} s")
        page.wait_for_timeout(100)
    if ready["error"]:
        raise failure_in_page(f"the page said: {ready['error']}")


@step
def main() -> int:
    from playwright.sync_api import Error

    settings = chosen_settings()
    with serving(site()) as address, launch_browser() as browser:
        page = browser.new_page()
        troubles: list[str] = []
        try:
            began = time.monotonic()
            open_demo(page, address, troubles)
            print(
                f"The page was ready after {time.monotonic() - began:.1f} s. Training: {settings}", flush=True
            )
            began = time.monotonic()
            result = train(page, settings, troubles)
        except Error as error:
            raise failure_in_page("\n".join([*dict.fromkeys(troubles), error.message])) from None
        accuracy = result["testAccuracy"]
        print(
            f"test accuracy {accuracy:.2%} on the 10,000 test digits, after {time.monotonic() - began:.0f} s"
        )
        if accuracy < ENOUGH:
            print(f"That is less than {ENOUGH:.1%}: the training did not succeed.")
            return 1
    return 0


if __name__ == "__main__":
    main()
