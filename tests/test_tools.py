"""The steps behind the Makefile: what they refuse, what they say, what they reuse."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import lzma
import shutil
import stat
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pyengine.executors.simd import build as simd
from web.tools import browser, environment, fetch, runtime
from web.tools.failure import StepFailed, run
from web.tools.lock import site_lock
from web.tools.mnist import read_idx
from web.tools.pack import repack
from web.tools.paths import ROOT
from web.tools.serve import serving
from web.tools.site import update
from web.tools.stamps import fingerprint, is_fresh, write_stamp
from web.tools.wheel import build, wheel


def test_a_failed_step_says_what_it_needed_what_happened_and_what_to_do() -> None:
    words = str(StepFailed("npm", happened="no npm on PATH\nnor elsewhere", remedy="Install Node.js."))
    assert words == (
        "needed:   npm\n"
        "happened: no npm on PATH\n"
        "          nor elsewhere\n"
        "to do:    Install Node.js."
    )  # fmt: skip


def test_a_failed_command_shows_its_last_lines() -> None:
    with pytest.raises(StepFailed, match=r"(?s)ended with status 3:.*the last words") as failure:
        run(["sh", "-c", "echo the last words >&2; exit 3"], needed="a shell", remedy="Mend it.")
    assert failure.value.remedy == "Mend it."


def test_a_command_that_is_not_there_fails_in_words() -> None:
    with pytest.raises(StepFailed, match="`no-such-command` could not be started"):
        run(["no-such-command"], needed="a command", remedy="Install it.")


# --- fetch: only the checksum makes a file acceptable


def test_a_download_with_the_right_checksum_is_kept(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "file").write_bytes(b"content")
    target = tmp_path / "cache" / "file"
    with serving(tmp_path / "shelf") as address:
        fetch.download(address + "file", target, sha256=hashlib.sha256(b"content").hexdigest())
    assert target.read_bytes() == b"content"


def test_a_download_with_another_checksum_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"something else")
    target = tmp_path / "cache" / "file"
    with serving(tmp_path) as address, pytest.raises(fetch.NotFetched, match="expected 00ff"):
        fetch.download(address + "file", target, sha256="00ff")
    assert not target.exists()


def test_a_source_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        pass  # nobody listens there any more
    with pytest.raises(fetch.NotFetched, match=address):
        fetch.download(address + "file", tmp_path / "file", sha256="00ff")


def test_numpy_is_looked_for_at_the_address_that_pyodide_itself_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyodide.mjs").write_text("let u=`https://cdn.example/pyodide/v${X}/full/`;")
    asked: list[str] = []

    def download(address: str, target: Path, *, sha256: str) -> None:
        asked.append(address)

    monkeypatch.setattr(fetch, "download", download)
    runtime.from_content_network(tmp_path, "1.2.3", tmp_path / "numpy.whl", sha256="00ff")
    assert asked == ["https://cdn.example/pyodide/v1.2.3/full/numpy.whl"]


def test_when_no_source_has_numpy_every_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(reason: str):
        def source(*arguments: object, **settings: object) -> None:
            raise fetch.NotFetched(reason)

        return source

    monkeypatch.setattr(runtime, "from_content_network", nothing("the CDN is silent"))
    monkeypatch.setattr(runtime, "from_fallback_wheel", nothing("the index is silent"))
    with pytest.raises(StepFailed, match=r"(?s)the CDN is silent.*the index is silent.*by hand"):
        runtime.fetch_wheel(tmp_path, "1.2.3", tmp_path / "numpy.whl", sha256="00ff")


# --- environment: a Python that works


def interpreter(path: Path, answer: str) -> list[str]:
    """A command that answers the question about itself in this way."""
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return [str(path)]


def test_a_pyenv_shim_that_fails_is_no_python(tmp_path: Path) -> None:
    shim = interpreter(tmp_path / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    assert environment.ask(shim) is None


def test_the_preferred_python_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [
        interpreter(tmp_path / f"python{minor}", f"""echo '["/made/up/python3.{minor}", 3, {minor}]'""")
        for minor in (11, 12, 15, 14)
    ]
    monkeypatch.setattr(environment, "candidates", lambda: iter(commands))
    assert environment.best_python() == "/made/up/python3.14"


def test_the_python_that_runs_make_is_taken_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = [
        interpreter(tmp_path / f"python{minor}", f"""echo '["/made/up/python3.{minor}", 3, {minor}]'""")
        for minor in (13, 12)
    ]
    monkeypatch.setattr(environment, "candidates", lambda: iter(commands))
    monkeypatch.setattr(environment.sys, "executable", "/made/up/python3.12")
    assert environment.best_python() == "/made/up/python3.12"


def test_with_an_old_python_only_one_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = interpreter(tmp_path / "python3", """echo '["/made/up/python3", 3, 11]'""")
    monkeypatch.setattr(environment, "candidates", lambda: iter([old]))
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    with pytest.raises(StepFailed, match=r"(?s)found only /made/up/python3 \(3\.11\).*Install Python 3\.13"):
        environment.best_python()


# --- browser: found, or installed


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine without any browser; gives the list of what would be installed."""
    tried: list[str] = []

    def install(name: str, result: str | None) -> Callable[[], str]:
        def attempt() -> str:
            tried.append(name)
            if result is None:
                raise StepFailed(name, happened=f"{name} cannot be reached", remedy="Wait.")
            return result

        return attempt

    monkeypatch.setattr(browser, "playwrights_own", lambda: "/made/up/playwright/chrome")
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    monkeypatch.setattr(browser, "install_playwrights_own", install("Playwright's download", None))
    monkeypatch.setattr(
        browser, "install_system_package", install("the system's package", "/made/up/chromium")
    )
    return tried


def test_a_browser_is_installed_where_there_is_none(
    no_browser: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    works = "/made/up/chromium"
    monkeypatch.setattr(browser, "why_not", lambda path: None if path == works else "no such file")
    assert browser.find_or_install() == works
    assert no_browser == ["Playwright's download", "the system's package"]


def test_without_any_browser_every_attempt_is_told(
    no_browser: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "why_not", lambda path: "it does not start")
    with pytest.raises(StepFailed) as failure:
        browser.find_or_install()
    assert str(failure.value.happened).splitlines() == [
        "/made/up/playwright/chrome: it does not start",
        "Playwright's download cannot be reached",
        "/made/up/chromium: it does not start",
    ]


def test_a_browser_that_is_named_and_does_not_start_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/made/up/chrome")
    with pytest.raises(StepFailed, match="CHROMIUM=/made/up/chrome: no such file"):
        browser.chromium()


# --- what is reused


def test_the_wheel_is_pure_and_the_same_bytes_every_time(tmp_path: Path) -> None:
    first, second = (build(tmp_path / name) for name in ("first", "second"))
    assert first.name.endswith("-py3-none-any.whl")
    assert first.read_bytes() == second.read_bytes()


def test_a_repacked_archive_holds_the_same_in_less_room(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    contents = {
        "text.txt": b"again and " * 500,
        "folder/é.bin": bytes(range(256)) * 9,
        "empty": b"",
        "one": b"1",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, (2001, 2, 3, 4, 5, 6))
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    before = path.stat().st_size
    repack(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        for entry in archive.infolist():
            assert (entry.date_time, entry.external_attr) == ((2001, 2, 3, 4, 5, 6), 0o100755 << 16)
    assert path.stat().st_size < before
    extracted = run(
        ["unzip", "-t", path] if shutil.which("unzip") else ["true"], needed="unzip", remedy="none"
    )
    assert "No errors" in extracted or not extracted


def test_the_wheel_holds_the_c_library_and_stays_small() -> None:
    """What a page loads before it can train: under 600 kB with both builds, the sources that hosts build from, and the
    public docstrings and the words of errors."""
    path = wheel()
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        folder = "pyengine/executors/simd/lib"
        strict, delta = (archive.read(f"{folder}/{name}") for name in ("strict.wasm", "relaxed.delta"))
        for mode, library in (("strict", strict), ("relaxed", simd.apply_delta(strict, delta))):
            record = json.loads(archive.read(f"{folder}/{mode}.json"))
            assert library.startswith(b"\0asm")
            assert record == {
                "library": hashlib.sha256(library).hexdigest(),
                "sources": simd.fingerprint(mode),
            }
        sources = json.loads(lzma.decompress(archive.read(f"{folder}/kernels.xz")))
        assert sorted(sources) == sorted(path.name for path in simd.KERNELS.glob("*.[ch]"))
        # Pyodide would load files of this name by itself, both builds, and fail where it cannot.
        assert not [name for name in names if name.endswith(".so")]
        largest = sorted(archive.infolist(), key=lambda entry: -entry.compress_size)[:10]
    listed = ", ".join(f"{Path(entry.filename).name} {entry.compress_size / 1000:.0f}" for entry in largest)
    assert path.stat().st_size < 600_000, f"{path.stat().st_size / 1000:.0f} kB: {listed}"


def test_a_wheel_from_sources_is_not_made_of_an_old_library(tmp_path: Path) -> None:
    """As pip does it: sources packed, unpacked, and setup.py builds what is missing or stale."""
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "pyengine", tmp_path / "pyengine", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (tmp_path / "pyengine" / "executors" / "simd" / "lib").iterdir():
        path.write_bytes(b"old")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path / "out", tmp_path]
    run(command, needed="a wheel", remedy="none")
    (made,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        for path in (simd.wasm_library_path("strict"), simd.DELTA, simd.PACKED):
            assert archive.read(f"pyengine/executors/simd/lib/{path.name}") == path.read_bytes()
    assert not [name for name in names if name.endswith((".c", ".h"))]


def test_a_stamp_is_fresh_until_an_input_changes_or_an_output_is_gone(tmp_path: Path) -> None:
    source, output, stamp = tmp_path / "source", tmp_path / "output", tmp_path / "stamp"
    source.write_text("one")
    output.write_text("made")
    write_stamp(stamp, fingerprint([source], "fact"))
    assert is_fresh(stamp, fingerprint([source], "fact"), [output])
    assert not is_fresh(stamp, fingerprint([source], "another fact"), [output])
    source.write_text("two")
    assert not is_fresh(stamp, fingerprint([source], "fact"), [output])
    source.write_text("one")
    output.unlink()
    assert not is_fresh(stamp, fingerprint([source], "fact"), [output])


def test_a_file_of_the_site_is_replaced_not_rewritten(tmp_path: Path) -> None:
    target, held = tmp_path / "file", tmp_path / "held"
    assert update(target, b"old")
    held.hardlink_to(target)
    assert not update(target, b"old")
    assert update(target, b"new")
    assert (target.read_bytes(), held.read_bytes()) == (b"new", b"old")


# --- the site's package list


def wheel_that_requires(folder: Path, requirement: str) -> Path:
    """The smallest wheel of a package named pyengine."""
    path = folder / "pyengine-0.1.0-py3-none-any.whl"
    metadata = f"Metadata-Version: 2.4\nName: pyengine\nVersion: 0.1.0\nRequires-Dist: {requirement}\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pyengine/__init__.py", "")
        archive.writestr("pyengine-0.1.0.dist-info/METADATA", metadata)
    return path


def pyodide_lock(folder: Path) -> Path:
    """A package list of Pyodide with NumPy and another package."""
    path = folder / "pyodide-lock.json"
    package = (
        '{{"name": "{0}", "version": "1.0", "file_name": "{0}-1.0-py3-none-any.whl", "install_dir": "site",'
        ' "sha256": "00ff"}}'
    )
    info = '{"arch": "wasm32", "platform": "emscripten_5_0_3", "python": "3.14.0", "abi_version": "2026_0"}'
    packages = ", ".join(f'"{name}": {package.format(name)}' for name in ("numpy", "scipy"))
    path.write_text(f'{{"info": {info}, "packages": {{{packages}}}}}')
    return path


def test_the_sites_list_holds_numpy_and_the_engine_and_nothing_else(tmp_path: Path) -> None:
    wheel = wheel_that_requires(tmp_path, "numpy>=2")
    packages = json.loads(site_lock(pyodide_lock(tmp_path), wheel))["packages"]
    assert sorted(packages) == ["numpy", "pyengine"]
    assert packages["pyengine"]["depends"] == ["numpy"]
    assert packages["pyengine"]["file_name"] == wheel.name
    assert packages["pyengine"]["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_a_requirement_for_cpython_only_does_not_reach_the_site(tmp_path: Path) -> None:
    wheel = wheel_that_requires(tmp_path, "tqdm; sys_platform != 'emscripten'")
    assert b"tqdm" not in site_lock(pyodide_lock(tmp_path), wheel)


def test_a_requirement_that_the_site_lacks_is_refused(tmp_path: Path) -> None:
    wheel = wheel_that_requires(tmp_path, "scipy")
    with pytest.raises(StepFailed, match=r"(?s)scipy.*sys_platform != 'emscripten'"):
        site_lock(pyodide_lock(tmp_path), wheel)


# --- data and server


def test_an_idx_file_is_read_in_its_shape(tmp_path: Path) -> None:
    file = tmp_path / "digits.gz"
    header = bytes([0, 0, 8, 3]) + b"".join(size.to_bytes(4, "big") for size in (2, 3, 1))
    file.write_bytes(gzip.compress(header + bytes(range(6))))
    np.testing.assert_array_equal(read_idx(file), np.arange(6, dtype=np.uint8).reshape(2, 3, 1))


def test_a_mounted_folder_is_served_beside_the_other_on_one_connection(tmp_path: Path) -> None:
    site, pages = tmp_path / "site", tmp_path / "pages"
    for folder, text in ((site, "of the site"), (pages, "of the tests")):
        folder.mkdir()
        (folder / "file.txt").write_text(text)
    with serving(site, mounts={"/pages/": pages}) as address:
        connection = http.client.HTTPConnection(address.split("/")[2])
        said = []
        for path in ("/file.txt", "/pages/file.txt", "/file.txt", "/pages/../../secret"):
            connection.request("GET", path)
            answer = connection.getresponse()
            said.append((answer.status, answer.read() if answer.status == 200 else answer.read() and b""))
        connection.close()
    assert said == [(200, b"of the site"), (200, b"of the tests"), (200, b"of the site"), (404, b"")]


def test_a_served_file_may_be_kept_but_is_asked_for_each_time(tmp_path: Path) -> None:
    (tmp_path / "module.mjs").write_text("export {};")
    with serving(tmp_path) as address, urllib.request.urlopen(address + "module.mjs") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Type"] == "text/javascript"
