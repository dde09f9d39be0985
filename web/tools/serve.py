"""Serve a folder on localhost, with the MIME types that browsers insist on for modules and WebAssembly.

`make demo` serves dist/site and prints the address; PORT chooses the port. Any static server does as well.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from web.tools.failure import StepFailed, step
from web.tools.site import site

PORT = 8000


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of one folder, and of further folders under prefixes (`mounts`); nothing is logged."""

    protocol_version = "HTTP/1.1"  # keeps connections open: the page asks for some twenty files
    extensions_map = {  # noqa: RUF012 (the base class has it so)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
        ".webmanifest": "application/manifest+json",
        ".svg": "image/svg+xml",
        ".whl": "application/zip",
        # Not Content-Encoding: the page itself unpacks the data, so that any server will do.
        ".gz": "application/gzip",
    }

    def __init__(self, *arguments: Any, directory: str, mounts: Mapping[str, Path]) -> None:
        self.folder, self.mounts = directory, mounts
        super().__init__(*arguments, directory=directory)

    def translate_path(self, path: str) -> str:
        """The file behind an address."""
        # One handler answers many requests of a connection, so the folder is chosen anew each time.
        self.directory = self.folder
        for prefix, folder in self.mounts.items():
            if path.startswith(prefix):
                self.directory, path = str(folder), "/" + path[len(prefix) :]
        return super().translate_path(path)

    def end_headers(self) -> None:
        """A browser asks each time whether its copy is still right, so a rebuilt site is seen at once."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """A server that does not mind browsers that hang up in the middle of a file."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let everything but a lost connection be seen."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serving(folder: Path, *, port: int = 0, mounts: Mapping[str, Path] | None = None) -> Iterator[str]:
    """Serve `folder` while the block runs; gives the address. Port 0: any free one.

    mounts: further folders by prefix, `{"/wasm_tests/": Path("wasm_tests/pages")}`.
    """
    handler = functools.partial(Handler, directory=str(folder), mounts=mounts or {})
    with Server(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@step
def main() -> None:
    wanted = os.environ.get("PORT", "")
    if not wanted.isdigit() and wanted:
        raise StepFailed(
            "a port to serve on", happened=f"PORT is {wanted!r}", remedy="Give a number: make demo PORT=8000"
        )
    folder = site()
    try:
        opened = contextlib.ExitStack()
        address = opened.enter_context(serving(folder, port=int(wanted or PORT)))
    except OSError as error:
        if wanted:
            raise StepFailed(
                f"port {wanted}", happened=str(error), remedy="Choose another: make demo PORT=8080"
            ) from None
        address = opened.enter_context(serving(folder))
    with opened:
        print(f"\n  The demo is at {address}\n  Ctrl-C ends it.\n", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
