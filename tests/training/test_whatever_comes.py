"""Whatever a caller gives for an argument, it is taken, or refused by an error with all its parts: no raw error."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.data import Dataset
from pyengine.errors import PyEngineError

X = np.random.default_rng(0).normal(size=(12, 4)).astype("f4")
Y = np.eye(3, dtype="f4")[np.arange(12) % 3]


class Shaped:
    """Has a shape, and is no array."""

    shape = (12, 4)


VALUES: dict[str, Any] = {
    "None": None,
    "NaN": np.nan,
    "-1": -1,
    "half": 0.5,
    "True": True,
    "text": "a",
    "text of a number": "3",
    "bytes": b"x",
    "a list": [1, 2],
    "ragged": [[1, [2]]],
    "nothing": [],
    "a map": {"a": 1},
    "a set": {1},
    "Decimal": Decimal(2),
    "Fraction": Fraction(3, 2),
    "complex": 1j,
    "an object": object(),
    "shaped": Shaped(),
    "a class": int,
    "a function": print,
    "a layer": layers.Dense(3),
    "one number": np.array(2),
    "int64": np.int64(2),
    "a row": np.ones(12),
    "objects": np.array([None] * 12),
    "texts": np.array(["a"] * 12),
    "fields": np.zeros(12, [("a", "f4")]),
    "no samples": np.zeros((0, 4)),
    "no features": np.zeros((12, 0)),
    "masked": np.ma.masked_less(X, 0),
    "dates": np.full((12, 4), np.datetime64("2020")),
    "uint64": np.full((12, 4), 2**63 + 5, np.uint64),
    "a dataset": Dataset.from_arrays(X, Y).batch(4),
}


def fitted(**arguments: Any) -> Callable[[Any, Any], object]:
    """A fit with one argument, whose name is the key of None, taken from outside."""
    (name,) = [name for name, value in arguments.items() if value is None]
    return lambda model, value: model.fit(X, Y, **{"verbose": 0, **arguments, name: value})


CALLS: dict[str, Callable[[Any, Any], object]] = {
    "fit: x": lambda model, value: model.fit(value, Y, verbose=0),
    "fit: y": lambda model, value: model.fit(X, value, verbose=0),
    "predict": lambda model, value: model.predict(value, verbose=0),
    "evaluate": lambda model, value: model.evaluate(value, Y, verbose=0),
    "train_on_batch": lambda model, value: model.train_on_batch(value, Y),
    "fit_dataset": lambda model, value: model.fit_dataset(value, epochs=1, verbose=0),
    "an element": lambda model, value: model.fit_dataset(
        Dataset.from_iterable([value]), epochs=1, verbose=0
    ),
    "x of a batch": lambda model, value: model.fit_dataset(
        Dataset.from_iterable([(value, Y)]), epochs=1, verbose=0
    ),
    "compile: optimizer": lambda model, value: model.compile(value, "mse"),
    "compile: loss": lambda model, value: model.compile("adam", value),
    "compile: metrics": lambda model, value: model.compile("adam", "mse", metrics=value),
    "compile: loss_weights": lambda model, value: model.compile("adam", "mse", loss_weights=value),
    **{
        f"fit: {name}": fitted(**{name: None})
        for name in ("batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data",
                     "shuffle", "class_weight", "sample_weight", "initial_epoch", "steps_per_epoch", "yield_every")
    },
    **{
        f"fit: {name}": fitted(validation_data=(X, Y), **{name: None})
        for name in ("validation_freq", "validation_steps", "validation_batch_size")
    },
}  # fmt: skip


def refusal(call: str, model: Any, value: Any) -> PyEngineError | None:
    """The error of a call, or None where the value is taken."""
    model.compile("sgd", "categorical_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            CALLS[call](model, value)
        except PyEngineError as error:
            return error
    return None


@pytest.mark.parametrize("call", CALLS)
def test_it_is_taken_or_refused_in_words(call: str) -> None:
    model = pyengine.Sequential([layers.Dense(3, "softmax", input_shape=(4,))])
    for name, value in VALUES.items():
        error = refusal(call, model, value)
        if error is not None:
            missing = [part for part in ("where", "expected", "got", "fix") if not getattr(error, part)]
            assert not missing, f"{name}: {error} lacks {missing}"
