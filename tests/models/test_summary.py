"""What summary prints."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import errors, layers
from pyengine.models import Model, Sequential
from tests.golden.load import load
from tests.golden_models import build

ROWS = {row["name"]: row for row in load("tfjs_training") if row.get("kind") == "summary"}


def lines_of(model: Model, **words) -> list[str]:
    lines: list[str] = []
    model.summary(print_fn=lines.append, **words)
    return lines


def totals(lines: list[str]) -> dict[str, int]:
    pairs = [line.split(" params: ") for line in lines if " params: " in line]
    return {kind: int(count.split()[0].replace(",", "")) for kind, count in pairs}


@pytest.mark.parametrize("name", ["summary_sequential", "summary_frozen_first_layer"])
def test_it_counts_as_tensorflow_js_does(name):
    row = ROWS[name]
    model = build(row["model"])
    if "frozen" in name:
        model.layers[0].trainable = False
    assert totals(lines_of(model)) == totals(row["lines"])
    assert totals(lines_of(model))["Total"] == row["parameters"]


def test_shared_layers_count_as_in_tensorflow_js():
    left, right = layers.Input((4,), name="left"), layers.Input((4,), name="right")
    shared = layers.Dense(3, name="shared")
    joined = layers.Concatenate(name="joined")([shared(left), shared(right)])
    model = Model([left, right], layers.Dense(1, name="out")(joined))
    row = ROWS["summary_functional_shared"]
    assert totals(lines_of(model)) == totals(row["lines"])
    theirs = [line.split()[0] for line in row["lines"] if "(" in line and "Layer (type)" not in line]
    assert [line.split()[0] for line in lines_of(model) if "(None" in line] == theirs


def test_a_stack_shows_name_type_shape_and_parameters():
    layers.reset_names()
    model = Sequential(
        [layers.Conv2D(8, 3, input_shape=(28, 28, 1)), layers.Flatten(), layers.Dense(10)], name="cnn"
    )
    assert lines_of(model) == [
        'Model: "cnn"',
        "───────────────────────────────────────────────",
        "Layer (type)        Output shape        Param #",
        "═══════════════════════════════════════════════",
        "conv2d (Conv2D)     (None, 26, 26, 8)        80",
        "flatten (Flatten)   (None, 5408)              0",
        "dense (Dense)       (None, 10)           54,090",
        "═══════════════════════════════════════════════",
        "Total params: 54,170 (211.60 KB)",
        "Trainable params: 54,170 (211.60 KB)",
        "Non-trainable params: 0 (0 B)",
        "───────────────────────────────────────────────",
    ]


def test_a_network_with_branches_shows_where_inputs_come_from():
    layers.reset_names()
    x = layers.Input((3,), name="x")
    model = Model(x, layers.Add()([layers.Dense(2)(x), layers.Dense(2)(x)]))
    assert lines_of(model)[-6].split("  ")[-1].strip() == "dense, dense_1"
    assert "Takes its input from" in lines_of(model)[2]


def test_a_model_that_is_not_built_says_so():
    lines = lines_of(Sequential([layers.Dense(2)]))
    assert any("? (not built)" in line for line in lines)
    assert any(line.startswith("Total params: unknown until the model is built") for line in lines)


def test_width_and_columns_can_be_chosen():
    model = Sequential([layers.Dense(2, input_shape=(3,))])
    assert max(map(len, lines_of(model, line_length=80))) == 80
    header = lines_of(model, line_length=100, positions=[0.5, 0.8, 1.0])[2]
    assert header.index("Output") == 50
    assert lines_of(model, positions=[30, 60, 70])[2].index("Output") == 30
    with pytest.raises(errors.ArgumentError, match="positions expects numbers that grow"):
        model.summary(positions=[50, 20, 70])


def test_names_too_long_for_their_column_are_cut():
    model = Sequential([layers.Dense(2, input_shape=(3,), name="a" * 60)])
    assert all(len(line) <= 50 for line in lines_of(model, positions=[20, 40, 50])[1:])


def test_it_prints_by_itself(capsys):
    Sequential([layers.Dense(2, input_shape=(3,), name="head")]).summary()
    assert "head (Dense)" in capsys.readouterr().out


def test_shared_weights_count_once():
    x = layers.Input((3,))
    shared = layers.Dense(3)
    model = Model(x, shared(shared(x)))
    assert model.count_params() == 12
    assert any(line.startswith("Total params: 12 ") for line in lines_of(model))
    assert np.asarray(model(np.ones((1, 3)))).shape == (1, 3)
