"""CSVLogger: one line per epoch in a file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyengine.callbacks.base import Callback


class CSVLogger(Callback):
    """Writes the values of every epoch to a CSV file, complete after each epoch.

    A value that an epoch does not have is written as NA; a name that first appears in a later epoch (validation every
    few epochs) gets its column then.

    Arguments:
        filename: path of the file.
        separator: text between the values.
        append: whether to append to an existing file instead of overwriting it.
    Errors: OSError where the file cannot be written.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "log.csv"
    >>> logger = CSVLogger(file)
    >>> logger.on_train_begin()
    >>> logger.on_epoch_end(0, {"loss": 0.5, "acc": 0.75})
    >>> file.read_text().split()
    ['epoch,loss,acc', '0,0.5,0.75']

    Source: Keras 3, whose columns are fixed after the first epoch.
    """

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False) -> None:
        self.filename = filename
        self.separator = separator
        self.append = append

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        file = Path(self.filename)
        self._rows: list[dict[str, Any]] = []
        self._columns: list[str] = []
        if self.append and file.exists():
            with open(file, newline="", encoding="utf-8") as existing:
                reader = csv.DictReader(existing, delimiter=self.separator)
                self._rows = list(reader)
                self._columns = list(reader.fieldnames or ())
        else:
            file.write_text("", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        row = {"epoch": epoch, **(logs or {})}
        self._rows.append(row)
        new = [name for name in row if name not in self._columns]
        self._columns += new
        if new:
            self._write("w", self._rows, header=True)
        else:
            self._write("a", [row], header=False)

    def _write(self, mode: str, rows: list[dict[str, Any]], *, header: bool) -> None:
        with open(self.filename, mode, newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns, restval="NA", delimiter=self.separator)
            if header:
                writer.writeheader()
            writer.writerows(rows)
