"""The golden files themselves: complete, readable, small, and their inputs the same bits everywhere."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.golden.load import fractions, load, made_with, make, read

FOLDER = Path(__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))
LAYERS = {
    "Activation",
    "Add",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Embedding",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPooling1D",
    "MaxPooling2D",
    "Multiply",
    "Permute",
    "ReLU",
    "Reshape",
    "SeparableConv2D",
    "Softmax",
    "ZeroPadding2D",
}
SCRIPTS = {"keras": "keras", "torch": "torch", "tfjs": "@tensorflow/tfjs", "jax": "jax"}


def arrays(item):
    if isinstance(item, np.ndarray):
        yield item
    elif isinstance(item, dict):
        for value in item.values():
            yield from arrays(value)
    elif isinstance(item, list):
        for value in item:
            yield from arrays(value)


@pytest.mark.parametrize("name", FILES)
def test_every_file_names_its_library_and_holds_only_finite_numbers(name):
    assert SCRIPTS[name.split("_")[0]] in made_with(name)
    rows = load(name)
    assert rows
    for row in rows:
        assert all(np.isfinite(array).all() for array in arrays(row)), row


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_described_in_the_readme(name):
    assert f"| `{name}` |" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_all_files_together_stay_small():
    assert sum((FOLDER / f"{name}.json").stat().st_size for name in FILES) < 1_500_000


def test_every_layer_has_at_least_two_rows():
    names = [row["layer"] for row in load("keras_layers")]
    assert set(names) == LAYERS
    assert {name for name in LAYERS if names.count(name) < 2} == set()


def test_layer_rows_hold_a_gradient_for_every_input_and_trainable_weight():
    for row, written in zip(load("keras_layers"), read("keras_layers")["rows"], strict=True):
        assert row["output"].shape == row["cotangent"].shape == tuple(row["output_shape"])
        for array, gradient in zip(row["inputs"], row["input_gradients"], strict=True):
            assert gradient is None if array.dtype == np.int32 else gradient.shape == array.shape
        trainable = [
            array for array, spec in zip(row["weights"], written["weights"], strict=True) if spec["trainable"]
        ]
        assert [array.shape for array in trainable] == [array.shape for array in row["weight_gradients"]]


def test_fractions_are_spread_over_zero_to_one_and_depend_on_the_seed():
    values = fractions(10_000, 1)
    assert values.min() >= 0
    assert values.max() < 1
    np.testing.assert_allclose(np.histogram(values, 10, (0, 1))[0], 1000, rtol=0.1)
    assert abs(np.corrcoef(values, fractions(10_000, 2))[0, 1]) < 0.05
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.05


def test_a_matrix_made_by_rule_has_full_rank():
    matrix = make({"shape": [8, 8], "rule": "uniform", "seed": 5, "low": -1, "high": 1})
    assert np.linalg.matrix_rank(matrix) == 8


def test_distributions_sum_to_one_and_one_hot_rows_have_one_one():
    np.testing.assert_allclose(
        make({"shape": [9, 4], "rule": "distribution", "seed": 3}).sum(-1), 1, rtol=1e-6
    )
    np.testing.assert_array_equal(make({"shape": [9, 4], "rule": "one_hot", "seed": 3}).sum(-1), 1)


def test_an_unknown_rule_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown rule 'sine': known are uniform"):
        make({"shape": [2], "rule": "sine"})


def test_a_missing_file_is_an_error_that_lists_the_others():
    with pytest.raises(
        FileNotFoundError, match=r"no golden file keras_layer\.json; there are .*keras_layers"
    ):
        load("keras_layer")


def test_javascript_makes_the_same_bits():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: rules.mjs cannot be compared with load.py")
    script = (
        f"import {{ make, uniform, integers, oneHot }} from {str((FOLDER / 'rules.mjs').as_uri())!r};"
        "const made = [uniform([50], 7, -3, 2), integers([50], 8, 6), oneHot([10, 5], 9)];"
        "console.log(JSON.stringify(made.map((spec) => Array.from(make(spec)))));"
    )
    command = [node, "--input-type=module", "--eval", script]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    specs = [
        {"shape": [50], "rule": "uniform", "seed": 7, "low": -3, "high": 2},
        {"shape": [50], "rule": "integers", "seed": 8, "low": 0, "high": 6},
        {"shape": [10, 5], "rule": "one_hot", "seed": 9},
    ]
    for values, spec in zip(np.array(json.loads(printed)), specs, strict=True):
        np.testing.assert_array_equal(values.astype(np.float32), make(spec).ravel().astype(np.float32))
