"""What the browser tests stand on: a watched page, the engine in it, the long tasks of its main thread."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

# Loading Python and NumPy takes 3 to 4 s on a quiet machine; a busy one may take much longer.
TIMEOUT_MILLISECONDS = 120_000
BLANK = "wasm_tests/blank.html"

LOAD_ENGINE = """async () => {
  const { loadPyEngine } = await import("/pyengine.js");
  window.tf = await loadPyEngine();
}"""

WATCH_LONG_TASKS = """() => {
  window.longTasks = [];
  const take = (list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration);
  };
  window.longTaskObserver = new PerformanceObserver(take);
  window.longTaskObserver.observe({ type: "longtask" });
  window.takeLongTasks = async () => {
    // An entry is queued when its task has ended: give the last one the turns it needs to arrive.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    take({ getEntries: () => window.longTaskObserver.takeRecords() });
    window.longTaskObserver.disconnect();
    return window.longTasks;
  };
}"""


class Complaints(list[str]):
    """What went wrong in a page without a test having asked: errors, and requests to other hosts.

    A test that expects an error takes it out: `assert "NaN" in complaints.pop()`.
    """

    def watch(self, page: Page, site_url: str) -> None:
        """Listen to everything that the page and its workers do."""
        home = urlsplit(site_url).netloc

        def on_request(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme not in ("data", "blob") and address.netloc != home:
                self.append(f"a request to another host: {request.url}")

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                where = message.location.get("url", "")
                self.append(f"an error on the console: {message.text} ({where})")

        page.on(
            "pageerror", lambda error: self.append(f"an error that nobody caught: {error.stack or error}")
        )
        page.on("crash", lambda _: self.append("the page crashed"))
        page.on("console", on_console)
        page.context.on("request", on_request)

    def settle(self) -> None:
        """Fail if anything was complained about, and start afresh."""
        found = [*self]
        self.clear()
        assert not found, "The page complained:\n" + "\n".join(found)


@contextlib.contextmanager
def opened(browser: Browser, site_url: str, **settings: Any) -> Iterator[tuple[Page, Complaints]]:
    """A page in a context of its own (no cookies, no cache, nothing from other tests), and its complaints.

    settings: of Playwright's `new_context`, such as `viewport={"width": 360, "height": 740}`.
    """
    complaints = Complaints()
    context = browser.new_context(base_url=site_url, **settings)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    try:
        page = context.new_page()
        complaints.watch(page, site_url)
        yield page, complaints
    finally:
        context.close()


def load_engine(page: Page) -> Page:
    """Open the blank page and load the engine in it: `window.tf`."""
    page.goto(BLANK)
    page.evaluate(LOAD_ENGINE)
    return page


class LongTasks(list[float]):
    """Durations in milliseconds of the tasks of 50 ms and more that ran on the main thread."""

    @property
    def longest(self) -> float:
        """0 if no task took 50 ms."""
        return max(self, default=0.0)


@contextlib.contextmanager
def long_tasks(page: Page) -> Iterator[LongTasks]:
    """Watch the main thread while the block runs; the list is filled at its end.

    with long_tasks(engine) as tasks:
        run(engine, "() => model.fit(xs, ys, { epochs: 1 })")
    assert tasks.longest == 0

    What `page.evaluate` runs directly is the debugger's doing and not counted, so start the work with `run`.
    """
    tasks = LongTasks()
    page.evaluate(WATCH_LONG_TASKS)
    yield tasks
    tasks.extend(page.evaluate("() => window.takeLongTasks()"))


def run(page: Page, function: str, argument: Any = None) -> Any:
    """Call a JavaScript function in a task of the page's own, as a click would; gives what it resolves to."""
    return page.evaluate(
        f"""(argument) => new Promise((resolve, reject) => {{
          setTimeout(async () => {{
            try {{ resolve(await ({function})(argument)); }} catch (error) {{ reject(error); }}
          }});
        }})""",
        argument,
    )
