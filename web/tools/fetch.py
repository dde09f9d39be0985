"""Download a file whose checksum is known. The checksum, not the source, makes it acceptable."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

TIMEOUT_SECONDS = 30


class NotFetched(Exception):
    """A source that did not give the file; the message says why."""


def download(address: str, target: Path, *, sha256: str) -> None:
    """Fetch `address` into `target`, which appears only when it is complete and its checksum is right."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as response:
            content = response.read()
    except (urllib.error.URLError, OSError) as error:
        raise NotFetched(f"{address}: {getattr(error, 'reason', error)}") from None
    accept(content, target, sha256=sha256, source=address)


def accept(content: bytes, target: Path, *, sha256: str, source: str) -> None:
    """Write `content` to `target` if it has the checksum; else say what came instead."""
    came = hashlib.sha256(content).hexdigest()
    if came != sha256:
        raise NotFetched(f"{source}: its sha256 is {came}, expected {sha256} ({len(content):,} bytes came)")
    write_whole(target, content)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(name, 0o644)
    os.replace(name, target)
