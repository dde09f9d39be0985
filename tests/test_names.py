"""Names in their spellings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyengine import activations, constraints, initializers, losses, metrics, optimizers, regularizers
from pyengine.errors import ArgumentError, UnknownNameError
from pyengine.names import camel, class_and_config, lookup, resolve, snake, spelling_key

TABLES = {
    "activation": activations.ACTIVATIONS,
    "constraint": constraints.CONSTRAINTS,
    "initializer": initializers.INITIALIZERS,
    "loss": losses.LOSSES,
    "metric": metrics.METRICS,
    "optimizer": optimizers.OPTIMIZERS,
    "regularizer": regularizers.REGULARIZERS,
}
words = st.lists(st.from_regex(r"[a-z][a-z0-9]*", fullmatch=True), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "Dense": "dense",
        "Conv2D": "conv2d",
        "DepthwiseConv2D": "depthwise_conv2d",
        "GlobalAveragePooling1D": "global_average_pooling1d",
        "BatchNormalization": "batch_normalization",
        "ReLU": "re_lu",
        "LeakyReLU": "leaky_re_lu",
        "KLDivergence": "kl_divergence",
        "validationSplit": "validation_split",
        "already_snake": "already_snake",
    }.items(),
)
def test_class_names_become_those_that_keras_gives(name, expected):
    assert snake(name) == expected


@given(words)
def test_every_spelling_of_a_name_finds_the_same(parts):
    name = "_".join(parts)
    table = {name: 1, "something_else_entirely": 2}
    pascal = "".join(part.capitalize() for part in parts)
    assert (
        lookup("thing", name, table)
        == lookup("thing", camel(name), table)
        == lookup("thing", pascal, table)
        == 1
    )
    assert spelling_key(camel(name)) == spelling_key(name)


@pytest.mark.parametrize("kind", TABLES)
def test_names_of_a_table_differ_by_more_than_their_spelling(kind):
    table = TABLES[kind]
    seen = [spelling_key(name) for name in table]
    assert len(set(seen)) == len(seen)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in table)


@pytest.mark.parametrize("kind", ["constraint", "initializer", "loss", "metric", "regularizer"])
def test_every_class_is_found_under_its_own_name(kind):
    for made in TABLES[kind].values():
        assert lookup(kind, made.__name__, TABLES[kind]) is made


def test_an_unknown_name_lists_the_nearest_and_all():
    with pytest.raises(UnknownNameError) as caught:
        lookup("colour", "gren", {"green": 1, "blue": 2})
    assert str(caught.value) == "Unknown colour 'gren'. Did you mean 'green'? Known: blue, green."


def test_a_dictionary_needs_a_class_name():
    with pytest.raises(ArgumentError, match=r"loss expects a map with 'class_name' and 'config'"):
        resolve("loss", {"name": "mse"}, losses.LOSSES)
    assert class_and_config("loss", {"class_name": "Huber", "config": None}) == ("Huber", {})
