"""Who runs programs: chosen once, by words, and explained when it is not what was wanted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pyengine
from pyengine import about, executors
from pyengine.errors import ArgumentError, UnknownNameError
from pyengine.executors import NumpyExecutor, SimdExecutor, choice
from pyengine.executors.choice import VARIABLE, chosen
from pyengine.executors.simd import LibraryError, library, selftest
from pyengine.executors.simd.library import MODES, NotHere


@pytest.fixture(autouse=True)
def undecided(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing has been chosen, and afterwards it is as before."""
    monkeypatch.delenv(VARIABLE, raising=False)
    before = chosen.executor, chosen.trouble
    chosen.executor, chosen.trouble = None, ""
    choice.tested_library.cache_clear()
    yield
    choice.tested_library.cache_clear()
    chosen.executor, chosen.trouble = before


def refusing(
    monkeypatch: pytest.MonkeyPatch, *modes: str, failure: type[LibraryError] = LibraryError
) -> None:
    """Libraries of these modes cannot be had."""
    load = library.load

    def refuse(mode: str) -> library.Library:
        if mode in modes:
            raise failure(f"there is no {mode} one")
        return load(mode)

    monkeypatch.setattr("pyengine.executors.simd.executor.load", refuse)


def test_the_c_library_is_the_default_and_always_the_same() -> None:
    executor = executors.default()
    assert isinstance(executor, SimdExecutor)
    assert executor.library.mode == MODES[0]
    assert executors.default() is executor


@pytest.mark.parametrize(
    ("words", "name", "mode"),
    [("numpy", "numpy", None), ("simd", "simd", MODES[0]), ("simd:relaxed", "simd", "relaxed")],
)
def test_the_environment_chooses(
    monkeypatch: pytest.MonkeyPatch, words: str, name: str, mode: str | None
) -> None:
    monkeypatch.setenv(VARIABLE, words)
    executor = executors.default()
    assert executor.name == name
    assert not isinstance(executor, SimdExecutor) or executor.library.mode == mode


def test_a_choice_holds_until_the_next_one() -> None:
    pyengine.set_executor("simd", mode="relaxed")
    relaxed = executors.default()
    pyengine.set_executor("numpy")
    assert isinstance(executors.default(), NumpyExecutor)
    pyengine.set_executor("simd", mode="relaxed")
    assert executors.default() is relaxed


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("smd", None), UnknownNameError, "Unknown executor 'smd'. Did you mean 'simd'?"),
        (("simd", "fast"), UnknownNameError, "Known: relaxed, strict."),
        (
            ("numpy", "strict"),
            ArgumentError,
            "The executor numpy: mode expects none, as it has no modes, but got `'strict'`.",
        ),
    ],
)
def test_words_that_mean_nothing_are_refused(arguments: tuple, error: type[Exception], words: str) -> None:
    name, mode = arguments
    with pytest.raises(error) as failure:
        pyengine.set_executor(name, mode=mode)
    assert words in str(failure.value)


def test_without_the_library_numpy_runs_and_one_warning_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, "strict", "relaxed")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert isinstance(executors.default(), NumpyExecutor)
        assert isinstance(executors.default(), NumpyExecutor)
    assert [str(one.message) for one in said] == [
        f"pyengine's C library cannot be used: there is no {MODES[0]} one "
        "Until then pyengine runs on NumPy, many times slower."
    ]
    assert f"there is no {MODES[0]} one" in about.config_lines()


def test_who_asks_for_the_library_by_name_gets_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, "strict")
    with pytest.raises(LibraryError, match="there is no strict one"):
        pyengine.set_executor("simd", mode="strict")


def test_without_the_relaxed_build_the_strict_one_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "simd:relaxed")
    refusing(monkeypatch, "relaxed")
    with pytest.warns(UserWarning, match=r"there is no relaxed one Until then the strict build runs\."):
        executor = executors.default()
    assert isinstance(executor, SimdExecutor)
    assert executor.library.mode == "strict"


def test_a_browser_without_relaxed_instructions_is_no_reason_to_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "simd:relaxed")
    refusing(monkeypatch, "relaxed", failure=NotHere)
    assert isinstance(executors.default(), SimdExecutor)
    assert pyengine.config()["build"] == "strict"
    assert pyengine.config()["trouble"] == "there is no relaxed one"


def test_a_kernel_that_disagrees_is_named_and_the_library_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = selftest.near
    seen = []

    def near(found: np.ndarray, truth: np.ndarray) -> bool:
        seen.append(found)
        return calls(found + (len(seen) == 3), truth)

    monkeypatch.setattr(selftest, "near", near)
    with pytest.warns(UserWarning, match=r"its kernel '\w+' gives other numbers than the reference for `"):
        assert isinstance(executors.default(), NumpyExecutor)


def test_config_tells_the_build_its_test_and_what_it_did_not_run() -> None:
    pyengine.set_executor("simd", mode="strict")
    executor = executors.default()
    assert isinstance(executor, SimdExecutor)
    before = executor.programs
    model = pyengine.Sequential([pyengine.layers.Dense(3, input_shape=(2,))])
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((4, 2), "f4"), np.ones((4, 3), "f4"))
    config = pyengine.config()
    assert config["executor"] == "simd"
    assert config["build"] == "strict"
    assert config["lanes"] == executor.library.lanes
    assert Path(config["library"]).stat().st_size == config["library_bytes"]
    assert config["self_test"].startswith("passed: ")
    assert config["programs"] == before + 1


def test_calls_without_a_kernel_are_counted_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyengine.executors.simd import executor as simd

    monkeypatch.setattr(simd, "ENCODERS", {})
    one = SimdExecutor("strict")
    chosen.executor = one
    model = pyengine.Sequential([pyengine.layers.Dense(3, use_bias=False, input_shape=(2,))])
    model.predict(np.ones((4, 2), "f4"), batch_size=4)
    assert pyengine.config()["fallbacks"] == ["1 of 1 calls ran on numpy: matmul"]
    assert "1 of 1 calls ran on numpy: matmul" in about.config_lines()


def test_show_config_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    pyengine.show_config()
    printed = capsys.readouterr().out
    for words in (pyengine.__version__, np.__version__, "simd", MODES[0], "self-test"):
        assert words in printed
