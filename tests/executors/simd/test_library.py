"""The C library as a file: known by its checksum, rebuilt when it is damaged or old, refused in words."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyengine import ops
from pyengine.executors.simd import LibraryError, SimdExecutor, build, library, selftest
from pyengine.executors.simd.build import MODES, cached_library_path
from pyengine.executors.simd.encode import NAMES, Named
from pyengine.executors.simd.executor import encode
from pyengine.executors.simd.library import ABI, Library, load
from pyengine.graph import Spec
from pyengine.plan import Call, Slot
from tests.executors.simd.support import executor


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of this machine's strict build, with its record."""
    original = load("strict").path
    for path in (original, build.record_of(original)):
        shutil.copy(path, tmp_path)
    return tmp_path / original.name


@pytest.mark.parametrize("mode", MODES)
def test_the_library_loads_and_passes_its_test(mode: str) -> None:
    one = SimdExecutor(mode)
    selftest.check(one)
    assert one.library.tested.startswith("passed: ")
    assert one.library.kernel("host") == 0
    assert one.library.lanes in (4, 8, 16)
    assert mode in repr(one.library)


@pytest.mark.parametrize("size", [0, 1000, -1])
def test_part_of_a_library_is_refused_before_the_system_loads_it(copy: Path, size: int) -> None:
    copy.write_bytes(copy.read_bytes()[:size])
    with pytest.raises(LibraryError, match=r"damaged or incomplete.*Delete it: it is then built again"):
        Library(copy, "strict")


def test_a_changed_byte_is_seen(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    with pytest.raises(LibraryError, match="damaged"):
        Library(copy, "strict")


@pytest.mark.parametrize("record", [None, "", "[]", "{}"])
def test_without_a_record_a_library_is_not_trusted(copy: Path, record: str | None) -> None:
    build.record_of(copy).unlink()
    if record is not None:
        build.record_of(copy).write_text(record)
    with pytest.raises(LibraryError, match="damaged"):
        Library(copy, "strict")


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=str(tmp_path / "none.so")):
        Library(tmp_path / "none.so", "strict")


def test_a_file_that_is_no_library_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("no machine code")
    build.deliver(tmp_path / "made", tmp_path / "strict.so", "strict")
    with pytest.raises(LibraryError, match="cannot be loaded"):
        Library(tmp_path / "strict.so", "strict")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"int pe_abi(void) {{ return {ABI + 1}; }}", f"speaks ABI {ABI + 1}, but this engine speaks {ABI}"),
        ("int something_else(void) { return 1; }", "cannot be loaded"),
    ],
)
def test_a_library_of_another_kind_is_refused(tmp_path: Path, code: str, words: str) -> None:
    (tmp_path / "other.c").write_text(code)
    build.zig("cc", "-shared", "-fPIC", "other.c", "-o", "other.so", cwd=tmp_path)
    build.deliver(tmp_path / "other.so", tmp_path / "strict.so", "strict")
    with pytest.raises(LibraryError, match=words):
        Library(tmp_path / "strict.so", "strict")


def test_a_damaged_build_of_this_machine_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = load("strict").path
    monkeypatch.setenv("PYENGINE_CACHE", str(tmp_path))
    path = cached_library_path("strict")
    path.write_bytes(whole.read_bytes()[:100])
    rebuilt = []

    def build_host(mode: str, target: Path) -> None:
        rebuilt.append(mode)
        build.deliver(whole, target, mode)

    monkeypatch.setattr(build, "build_host", build_host)
    assert load("strict").path == path
    assert load("strict").path == path
    assert rebuilt == ["strict"]
    assert "building its C library once" in capsys.readouterr().err


def test_without_a_compiler_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENGINE_CACHE", str(tmp_path))
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ziglang" else find(name))
    with pytest.raises(LibraryError, match="`pip install ziglang`"):
        load("strict")


def test_a_compiler_that_refuses_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong.c").write_text("int f(void) { return undeclared; }")
    monkeypatch.setenv("PYENGINE_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "sources", lambda: [tmp_path / "wrong.c"])
    with pytest.raises(LibraryError, match=r"(?s)could not be built.*undeclared"):
        load("strict")


def test_a_folder_of_libraries_may_be_named(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (copy, build.record_of(copy)):
        path.rename(path.with_stem("strict"))
    monkeypatch.setenv(library.FOLDER, str(copy.parent))
    assert load("strict").path == copy.with_stem("strict")
    with pytest.raises(LibraryError, match=r"relaxed\.so"):
        load("relaxed")


def test_a_build_is_fresh_until_its_sources_change(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.fresh(copy, "strict")
    assert not build.fresh(copy, "relaxed")
    kernels = copy.parent / "kernels"
    shutil.copytree(build.KERNELS, kernels)
    monkeypatch.setattr(build, "KERNELS", kernels)
    assert build.fresh(copy, "strict")
    with (kernels / "simd.h").open("a") as header:
        header.write("// changed")
    assert not build.fresh(copy, "strict")


@pytest.mark.parametrize("mode", MODES)
def test_the_webassembly_build_is_the_same_bytes_wherever_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    (shipped,) = [path for path in build.ship() if path.stem == mode]
    kernels = tmp_path / "elsewhere"
    shutil.copytree(build.KERNELS, kernels)
    monkeypatch.setattr(build, "KERNELS", kernels)
    again = build.build_wasm(mode, tmp_path / "again.wasm")
    assert again.read_bytes() == shipped.read_bytes()
    assert json.loads(build.record_of(again).read_text()) == json.loads(build.record_of(shipped).read_text())


def test_the_relaxed_build_comes_out_of_the_strict_one_and_the_delta(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict, relaxed = (path.read_bytes() for path in build.ship())
    assert len(build.DELTA.read_bytes()) < 0.2 * len(relaxed)
    for name in ("strict.wasm", "relaxed.delta", "relaxed.json"):
        shutil.copy(build.SHIPPED / name, tmp_path)
    monkeypatch.setattr(build, "SHIPPED", tmp_path)
    monkeypatch.setattr(build, "DELTA", tmp_path / "relaxed.delta")
    build.unpack()
    assert build.intact(tmp_path / "relaxed.wasm")
    assert (tmp_path / "relaxed.wasm").read_bytes() == relaxed != strict


def test_an_installed_wheel_builds_from_the_c_files_that_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict, _ = build.ship()
    names = sorted(path.name for path in build.KERNELS.glob("*.[ch]"))
    monkeypatch.setenv("PYENGINE_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "KERNELS", tmp_path / "not there")
    folder = build.kernels()
    assert folder.is_relative_to(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == names
    assert build.kernels() == folder
    assert build.build_wasm("strict", tmp_path / "again.wasm").read_bytes() == strict.read_bytes()


@given(old=st.binary(max_size=9000), new=st.binary(max_size=9000), share=st.floats(0, 1))
def test_a_delta_gives_back_what_it_was_made_of(old: bytes, new: bytes, share: float) -> None:
    new = old[: int(share * len(old))] + new
    assert build.apply_delta(old, build.delta(old, new)) == new


def test_every_kernel_of_the_list_is_in_the_library() -> None:
    listed = [
        line.removeprefix("KERNEL(").partition(")")[0]
        for line in (build.KERNELS / "kernels.h").read_text().splitlines()
        if line.startswith("KERNEL(")
    ]
    for mode in MODES:
        assert list(executor(mode).library.numbers["kernel"]) == listed


@pytest.mark.parametrize("mode", MODES)
def test_the_library_and_the_encoders_know_the_same_names(mode: str) -> None:
    numbers = executor(mode).library.numbers
    assert {list: tuple(numbers[list]) for list in library.ORDERED} == library.ORDERED
    assert numbers.keys() == {"kernel", *library.ORDERED, *NAMES}
    assert {list: numbers[list].keys() for list in NAMES} == NAMES


def test_a_library_without_a_name_that_the_encoders_use_is_refused(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(library.NAMES, "operation", {"add", "arctan", "arcsin"})
    monkeypatch.setitem(library.NAMES, "colour", {"red"})
    missing = "lacks the operation 'arcsin', the operation 'arctan', the colour 'red'"
    with pytest.raises(LibraryError, match=missing):
        Library(copy, "strict")


def test_a_library_with_its_control_words_in_another_order_is_refused(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(library.ORDERED, "control", library.CONTROL[::-1])
    with pytest.raises(LibraryError, match=r"'control' as position, stop, .* as interrupted, watched"):
        Library(copy, "strict")


def test_a_kernel_that_the_library_lacks_is_named() -> None:
    with pytest.raises(LibraryError, match=r"lacks the kernel 'fft'\. Delete it: it is then built again\."):
        executor("strict").library.kernel("fft")


def test_numbers_are_those_of_the_library_in_whatever_order_its_names_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = executor("strict").library
    call = Call(ops.make("add"), tuple(Slot(n, 0, Spec((4,))) for n in range(2)), (Slot(2, 0, Spec((4,))),))
    encoded = encode(call)
    assert encoded is not None
    (word,) = [word for word in encoded.words if isinstance(word, Named)]
    number, above = of.numbers["operation"]["add"], word.above
    assert of.bits(word) == number + above
    assert above & 255 == 0
    monkeypatch.setitem(of.numbers, "operation", {"add": 77})
    assert of.bits(word) == 77 + above


def test_files_that_fuse_products_with_sums_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "FUSED", {"chain", "convolution"})
    with pytest.raises(build.BuildError, match="FUSED names convolution"):
        build.build_wasm("relaxed", tmp_path / "made.so")
