"""Every row of `tests/cases/layers.py`: shapes, values, graph = eager, gradients, copies, configuration."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pyengine import layers, ops
from pyengine.executors import DryExecutor, NumpyExecutor
from pyengine.graph import Graph, Spec, check
from pyengine.plan import plan
from pyengine.random import set_random_seed
from pyengine.transforms import differentiate, simplify, trace
from pyengine.transforms.differentiate import gradient_name
from tests.cases.layers import CASES, Case

NOT_ALONE = {"InputLayer"}  # its shape is given, not found


def by_case_where(fits: Callable[[Case], Any]) -> Any:
    """One test a row that it has something to say about."""
    return pytest.mark.parametrize("case", [case for case in CASES if fits(case)], ids=str)


by_case = by_case_where(lambda case: True)


def random_for(case: Case) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(str(case).encode()))


def inputs_of(case: Case, dtype: str = "float32") -> list[np.ndarray]:
    random = random_for(case)
    if case.whole:
        return [random.integers(0, case.whole, shape).astype("int32") for shape in case.inputs]
    # Distinct numbers away from 0: no ties in a maximum, no kink of relu under a finite difference.
    arrays = []
    for shape in case.inputs:
        steps = random.permutation(int(np.prod(shape))) + 0.5
        steps = steps / len(steps) * 4 - 2
        arrays.append(np.where(np.abs(steps) < 0.05, 0.1, steps).reshape(shape).astype(dtype))
    return arrays


def layer_of(case: Case, dtype: str = "float32") -> layers.Layer:
    """The layer, with random weights."""
    set_random_seed(7)
    config = {**case.config, "dtype": dtype}
    layer = layers.LAYERS[case.layer](**config)
    layer(*inputs_of(case, dtype))
    random = random_for(case)
    layer.set_weights([random.uniform(0.4, 1.6, weight.shape) for weight in layer.weights])
    return layer


def run(graph: Graph, arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a graph, planned and run; the dry executor refuses a plan whose live values overlap."""
    program = plan(simplify(check(graph)))
    DryExecutor().allocate(program)
    executor = NumpyExecutor()
    memory = executor.allocate(program)
    for number, array in enumerate(arrays):
        if f"x{number}" in memory.inputs:
            executor.write(memory, f"x{number}", array)
    executor.run(memory)
    return {name: executor.read(memory, name) for name in memory.outputs}


def traced(layer: layers.Layer, arrays: list[np.ndarray], training: bool, cotangent: Any = None) -> Graph:
    """The layer's call as a graph with the outputs "y", and "loss" if there is a cotangent."""

    def function(**values: Any) -> dict[str, Any]:
        y = layer(*values.values(), training=training)
        outputs = {"y": ops.multiply(y, np.ones((), y.dtype))}
        if cotangent is not None:
            outputs["loss"] = ops.sum(ops.multiply(y, cotangent))
        return outputs

    return trace(function, {f"x{n}": Spec(a.shape, a.dtype.name) for n, a in enumerate(arrays)})


def test_every_layer_has_a_row() -> None:
    assert {case.layer for case in CASES} == set(layers.LAYERS)


@by_case
def test_weights_have_the_shapes_of_the_row(case: Case) -> None:
    layer = layer_of(case)
    assert tuple(weight.shape for weight in layer.weights) == case.weights
    assert layer.count_params() == sum(int(np.prod(shape)) for shape in case.weights)


@by_case_where(lambda case: case.expected)
def test_value_is_what_numpy_says(case: Case) -> None:
    assert case.expected is not None
    layer, arrays = layer_of(case), inputs_of(case)
    expected = case.expected(*arrays, *layer.get_weights())
    np.testing.assert_allclose(layer(*arrays, training=case.training), expected, rtol=2e-6, atol=2e-6)


@by_case
def test_symbolic_shape_and_dtype_are_those_of_the_result(case: Case) -> None:
    layer, arrays = layer_of(case), inputs_of(case)
    result = layer(*arrays, training=case.training)
    if case.layer in NOT_ALONE:
        assert layer.output_shape == (None, *result.shape[1:])
        return
    known = [layers.SymbolicTensor((None, *array.shape[1:]), array.dtype.name) for array in arrays]
    made = layer(*known)
    assert (made.shape, made.dtype) == ((None, *result.shape[1:]), result.dtype.name)
    assert layer.output_shape == made.shape
    static = [layers.SymbolicTensor(array.shape, array.dtype.name) for array in arrays]
    assert layer(*static).shape == result.shape


@by_case_where(lambda case: case.varying)
def test_lengths_that_are_unknown_stay_unknown_or_are_found(case: Case) -> None:
    layer, arrays = layers.LAYERS[case.layer](**case.config), inputs_of(case)
    unknown = [
        layers.SymbolicTensor(
            [None if i in (0, *case.varying) and n > 1 else n for i, n in enumerate(array.shape)],
            array.dtype.name,
        )
        for array in arrays
    ]
    made = layer(*unknown)
    result = layer(*arrays)
    assert made.ndim == result.ndim
    assert all(have in (None, want) for have, want in zip(made.shape, result.shape, strict=True))


@by_case
def test_a_graph_gives_what_the_call_gives(case: Case) -> None:
    layer, arrays = layer_of(case), inputs_of(case)
    before = [state.numpy() for state in (*layer.weights, *layer.states)]
    eager = layer(*arrays, training=case.training)
    after = [state.numpy() for state in (*layer.weights, *layer.states)]
    for state, value in zip((*layer.weights, *layer.states), before, strict=True):
        state.set(value)
    planned = run(traced(layer, arrays, case.training), arrays)["y"]
    np.testing.assert_allclose(planned, eager, rtol=1e-6, atol=1e-6)
    for state, value in zip((*layer.weights, *layer.states), after, strict=True):
        np.testing.assert_allclose(state.numpy(), value, rtol=1e-6, atol=1e-6)


@by_case_where(lambda case: case.differentiable)
def test_gradients_agree_with_finite_differences(case: Case) -> None:
    layer, arrays = layer_of(case, "float64"), inputs_of(case, "float64")
    start = [weight.numpy() for weight in layer.weights]
    y = layer(*arrays, training=case.training)
    cotangent = random_for(case).uniform(-1, 1, y.shape)
    graph = traced(layer, arrays, case.training, cotangent)
    names = [f"x{number}" for number in range(len(arrays)) if not case.whole]
    sources = [*names, *layer.trainable_weights]
    graph = differentiate(graph, "loss", sources)

    def loss() -> float:
        for weight, value in zip(layer.weights, start, strict=True):
            if not weight.trainable:
                weight.set(value)
        return float(np.sum(np.multiply(layer(*arrays, training=case.training), cotangent)))

    for weight, value in zip(layer.weights, start, strict=True):
        weight.set(value)
    found = run(graph, arrays)
    places = [*(arrays if names else []), *(weight.value for weight in layer.trainable_weights)]
    for source, place in zip(sources, places, strict=True):
        np.testing.assert_allclose(
            found[gradient_name(source)], slopes(loss, place), rtol=2e-6, atol=2e-7, err_msg=str(source)
        )


def slopes(loss: Any, place: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of `loss` for every number of an array that it reads."""
    result = np.zeros_like(place)
    for index in np.ndindex(place.shape):
        middle = place[index]
        place[index] = middle + step
        above = loss()
        place[index] = middle - step
        result[index] = (above - loss()) / (2 * step)
        place[index] = middle
    return result


@by_case
def test_an_empty_batch_gives_an_empty_result(case: Case) -> None:
    layer, arrays = layer_of(case), inputs_of(case)
    result = layer(*arrays)
    empty = layer(*(array[:0] for array in arrays))
    assert empty.shape == (0, *result.shape[1:])


@by_case
def test_a_copy_has_the_same_words_and_computes_the_same(case: Case) -> None:
    layer, arrays = layer_of(case), inputs_of(case)
    for copy in (layer.clone(), type(layer).from_config(layer.get_config())):
        assert copy.get_config() == layer.get_config()
        assert copy.name == layer.name
        if case.layer not in NOT_ALONE:
            assert copy.weights == []
        copy(*arrays)
        copy.set_weights(layer.get_weights())
        np.testing.assert_array_equal(
            copy(*arrays, training=False), layer(*arrays, training=False), err_msg=repr(copy)
        )


@by_case
def test_what_it_prints_makes_it_again(case: Case) -> None:
    layer = layers.LAYERS[case.layer](**case.config)
    again = eval(repr(layer), dict(layers.LAYERS))
    assert type(again) is type(layer)
    different = {
        key for key, value in again.get_config().items() if key != "name" and value != layer.get_config()[key]
    }
    assert not different
    assert layer.get_class_name() == case.layer


@by_case
def test_an_unknown_argument_is_refused_with_the_nearest_known(case: Case) -> None:
    with pytest.raises(ValueError, match=r"Unknown argument of \w+ 'nam'. Did you mean 'name'"):
        layers.LAYERS[case.layer](**case.config, nam="x")
