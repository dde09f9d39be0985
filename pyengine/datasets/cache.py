"""Paths of the files of data sets: the user's own, or Keras' cache folder, filled by verified downloads."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from pyengine.errors import DataError

HOST = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
CHUNK = 1 << 20
TIMEOUT = 60  # seconds without an answer


def folder() -> Path:
    """Keras' folder for data sets: `datasets` in $KERAS_HOME, by default in ~/.keras."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"


def find(where: str, path: str | os.PathLike[str], url: str, digest: str | None = None) -> Path:
    """The file of a data set, downloaded if it is missing.

    Arguments:
        where: what the user called, for errors.
        path: absolute, or relative to the cache folder; a file of that name in the working folder is taken, too.
        url: where to download it from.
        digest: SHA-256 or MD5 of what it must be, in hexadecimal digits; None where its maker names none.

    Errors: DataError that says which file to put where.
    """
    given = Path(path).expanduser()
    place = given if given.is_absolute() or given.is_file() else folder() / given
    if place.is_file():
        check(where, place, url, digest)
    else:
        download(where, place, url, digest)
    return place


def find_folder(where: str, name: str, inside: str, url: str, digest: str) -> Path:
    """The folder `inside` of an archive that is unpacked in the folder `name` of the cache."""
    place = folder() / name / inside
    if not place.is_dir():
        archive = find(where, Path(url).name, url, digest)
        with tarfile.open(archive) as files:
            files.extractall(folder() / name, filter="data")
    return place


def check(where: str, place: Path, url: str, digest: str | None) -> None:
    """Refuse a file that is not what it should be."""
    if digest is None:
        return
    found = digest_of(place, "md5" if len(digest) == 32 else "sha256")
    if found != digest:
        raise DataError(
            where=where,
            argument=str(place),
            expected=f"the file of {url} (checksum {digest})",
            got=f"another one (checksum {found})",
            fix="Delete it to have it downloaded anew, or put the right file there.",
        )


def digest_of(place: Path, algorithm: str) -> str:
    """The checksum of a file."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def download(where: str, place: Path, url: str, digest: str | None) -> None:
    """Fetch a file to its place: all of it, checked, or nothing."""
    if sys.platform == "emscripten":
        raise missing(where, place, url, "none; Python in a page downloads nothing")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix=f"{place.name}.", delete=False) as part:
        try:
            print(f"Downloading {url}", file=sys.stderr)
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
                shutil.copyfileobj(answer, part, CHUNK)
            part.close()
            check(where, Path(part.name), url, digest)
            os.replace(part.name, place)
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            raise missing(where, place, url, f"none, and it cannot be downloaded ({error})") from error
        finally:
            Path(part.name).unlink(missing_ok=True)


def missing(where: str, place: Path, url: str, got: str) -> DataError:
    return DataError(
        where=where,
        argument=str(place),
        expected="the file of the data set",
        got=got,
        fix=f"Fetch {url} where there is a network, and put it there.",
    )
