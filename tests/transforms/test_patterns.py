"""Each pattern: what it finds, that it means the same, and what it leaves alone."""

import numpy as np
import pytest

from pyengine import losses, ops
from pyengine.executors.dry import follow, meaning
from pyengine.graph import Spec, Variable, check
from pyengine.plan import plan
from pyengine.transforms import differentiate, fuse, simplify, trace
from tests.random_graphs import interpret

RNG = np.random.default_rng(0)


def fused(function, feeds, wrt=(), forbidden=()):
    """The names of the nodes after fusing, aliases left out; outputs are compared with those before."""
    specs = {name: Spec(array.shape, array.dtype.name) for name, array in feeds.items()}
    graph = trace(function, specs)
    if wrt:
        graph = differentiate(graph, "loss", wrt)
    graph = check(simplify(graph))
    result = check(fuse(graph))
    program = plan(result)
    assert follow(program) == meaning(result, program)
    for before, after in zip(interpret(graph, feeds), interpret(result, feeds), strict=True):
        assert before.keys() == after.keys()
        for name, expected in before.items():
            scale = float(np.abs(expected[np.isfinite(expected)]).max(initial=0))
            np.testing.assert_allclose(after[name], expected, rtol=2e-6, atol=2e-6 * scale, err_msg=name)
    return [node.op.name for node in result.nodes if not node.op.alias]


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


X, W, B = normal(5, 4), normal(4, 3), normal(3)
IMAGE, KERNEL = normal(2, 6, 6, 3), normal(3, 3, 3, 4)


@pytest.mark.parametrize("activation", [None, ops.relu, ops.tanh])
@pytest.mark.parametrize("shape", [(5, 4), (2, 5, 4)])
def test_a_matrix_product_with_its_bias_is_one_call(activation, shape):
    def step(x, w, b):
        y = ops.add(ops.matmul(x, w), b)
        return {"y": activation(y) if activation else y}

    names = fused(step, {"x": normal(*shape), "w": W, "b": B})
    assert names == ["matmul_bias", *(["tanh"] if activation is ops.tanh else [])]


def test_a_bias_is_added_elsewhere_when_the_bare_product_is_needed_too():
    def step(x, w, b):
        y = ops.matmul(x, w)
        return {"y": ops.relu(y + b), "bare": y}

    assert fused(step, {"x": X, "w": W, "b": B}) == ["matmul", "chain"]


def test_what_stretches_a_product_or_has_no_number_per_channel_is_no_bias():
    assert fused(lambda x, w, b: {"y": ops.matmul(x, w) + b}, {"x": X, "w": W, "b": normal(5, 1)}) == [
        "matmul",
        "add",
    ]
    assert fused(lambda x, w, b: {"y": ops.matmul(x, w) + b}, {"x": X, "w": W, "b": normal(2, 1, 3)}) == [
        "matmul",
        "add",
    ]


@pytest.mark.parametrize("shape", [(5, 4), (2, 5, 4)])
def test_a_product_added_to_an_array_of_its_size_is_one_call(shape):
    def step(x, w, c):
        return {"y": ops.add(c, ops.matmul(x, w))}

    assert fused(step, {"x": normal(*shape), "w": W, "c": normal(*shape[:-1], 3)}) == ["matmul_add"]


@pytest.mark.parametrize(
    ("after", "count"),
    [
        (lambda y, b: y + b, 1),
        (lambda y, b: ops.relu(b + y), 1),
        (lambda y, b: ops.minimum(ops.relu(y + b), 6.0), 1),
        (lambda y, b: ops.minimum(ops.relu(y + b), 5.0), 2),
        (lambda y, b: ops.relu(y - b), 2),
    ],
)
def test_a_convolution_with_bias_and_activation_is_one_call(after, count):
    def step(x, kernel, bias):
        return {"y": after(ops.conv2d(x, kernel, padding="same"), bias)}

    names = fused(step, {"x": IMAGE, "kernel": KERNEL, "bias": normal(4) * 4})
    assert "conv2d_bias" in names
    assert len(names) == count


@pytest.mark.parametrize("depthwise", [False, True])
def test_fixed_normalization_behind_a_convolution_goes_into_its_kernel(depthwise):
    def step(x, kernel, mean, variance, gamma, beta):
        y = ops.depthwise_conv2d(x, kernel) if depthwise else ops.conv2d(x, kernel)
        factor = ops.rsqrt(variance + 1e-3) * gamma
        return {"y": ops.minimum(ops.relu((y - mean) * factor + beta), 6.0)}

    channels = 3 if depthwise else 4
    kernel = normal(3, 3, 3, 1) if depthwise else KERNEL
    feeds = {name: normal(channels) for name in ("mean", "gamma", "beta")}
    names = fused(step, {"x": IMAGE, "kernel": kernel, "variance": normal(channels) ** 2, **feeds})
    assert names == ["chain", "multiply", "conv2d_bias"]


@pytest.mark.parametrize("smooth", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_crossentropy_of_a_softmax_and_its_gradient_are_one_call(smooth, weighted):
    loss = losses.CategoricalCrossentropy(label_smoothing=smooth)

    def step(x, y, weight):
        return {"loss": loss(y, ops.softmax(x), sample_weight=weight if weighted else None)}

    feeds = {"x": normal(6, 4), "y": np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 1, 1]], "weight": normal(6)}
    names = fused(step, feeds, ["x"])
    assert names.count("softmax_crossentropy") == 1
    assert not {"log_softmax", "softmax", "exp"} & set(names)
    assert len(names) <= 6 if weighted else 4


@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_crossentropy_and_its_gradient_are_one_call(weighted):
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(x, y, weight):
        return {"loss": loss(y, x, sample_weight=weight if weighted else None)}

    feeds = {"x": normal(2, 3, 4), "y": np.int32([[0, 1, 3], [2, 2, 0]]), "weight": normal(2, 3)}
    names = fused(step, feeds, ["x"])
    assert names.count("sparse_softmax_crossentropy") == 1
    assert not {"log_softmax", "add_along_axis", "take_along_axis"} & set(names)


def test_crossentropy_whose_slope_depends_on_itself_is_left_alone():
    def step(x, y):
        losses = -ops.sum(y * ops.log_softmax(x), axis=-1)
        return {"loss": ops.sum(ops.square(losses))}

    feeds = {"x": normal(6, 4), "y": np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 1, 1]]}
    assert "softmax_crossentropy" not in fused(step, feeds, ["x"])


def test_crossentropy_is_found_where_its_scores_come_from_a_model_and_weights_are_updated():
    weight = Variable(normal(4, 3), name="weight")

    def step(x, y):
        return {"loss": losses.CategoricalCrossentropy()(y, ops.softmax(ops.matmul(x, weight)))}

    feeds = {"x": X, "y": np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1]]}
    names = fused(step, feeds, [weight])
    assert names[:2] == ["matmul", "softmax_crossentropy"]


def test_the_mask_of_relu_goes_before_the_gradient_of_a_pool_and_sums_go_past_both():
    def step(x, bias):
        h = ops.max_pool2d(ops.relu(x + bias))
        return {"loss": ops.sum(ops.square(h))}

    feeds = {"x": normal(2, 6, 6, 3), "bias": normal(3)}
    specs = {name: Spec(array.shape) for name, array in feeds.items()}
    graph = simplify(differentiate(trace(step, specs), "loss", ["x", "bias"]))
    sizes = {
        node.inputs[0].shape
        for node in fuse(graph).nodes
        if node.op.name == "sum" and node.output.shape == (3,)
    }
    assert sizes == {(2, 3, 3, 3)}
    names = fused(step, feeds, ["x", "bias"])
    assert names[-1] == "max_pool2d_gradient" or names[-2] == "max_pool2d_gradient"


def test_the_mask_of_relu_is_right_where_windows_overlap_and_nothing_is_above_0():
    def step(x):
        h = ops.max_pool2d(ops.relu(x), pool_size=3, strides=1, padding="same")
        return {"loss": ops.sum(ops.square(h - 1.0))}

    fused(step, {"x": normal(2, 6, 6, 3) - 1.0}, ["x"])


def test_sums_of_sums_and_of_negatives_are_one_sum():
    def step(x):
        return {"y": ops.sum(-ops.sum(x, axis=1), axis=1), "z": ops.sum(ops.sum(x, axis=(0, 2)))}

    assert sorted(fused(step, {"x": normal(3, 4, 5)})) == ["negative", "sum", "sum"]


def test_a_mean_of_means_is_one_sum():
    names = fused(lambda x: {"y": ops.mean(ops.mean(x, axis=1))}, {"x": normal(3, 4)})
    assert names == ["sum", "chain"]


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
def test_the_gradient_of_softmax_is_one_call(shape):
    def step(x, w):
        return {"loss": ops.sum(ops.softmax(x) * w)}

    assert "softmax_gradient" in fused(step, {"x": normal(*shape), "w": normal(*shape)}, ["x"])
    elsewhere = fused(
        lambda x, w: {"loss": ops.sum(ops.softmax(x, axis=0) * w)},
        {"x": normal(*shape), "w": normal(*shape)},
        ["x"],
    )
    assert "softmax_gradient" not in elsewhere


def test_a_pattern_is_found_although_its_numbers_are_reshaped_on_the_way():
    def step(dy, y):
        total = ops.reshape(ops.sum(dy * y, axis=-1), (3, 1))
        return {"x": y * (dy - total)}

    assert fused(step, {"dy": normal(3, 4), "y": normal(3, 4)}) == ["softmax_gradient"]

    def bias(x, w, b):
        return {
            "y": ops.relu(
                ops.reshape(ops.reshape(ops.matmul(x, w), (5, 1, 3)) + ops.reshape(b, (1, 3)), (15,))
            )
        }

    assert fused(bias, {"x": X, "w": W, "b": B}) == ["matmul_bias"]


def test_numbers_that_meet_others_because_of_a_reshape_are_no_pattern():
    def step(dy, y):
        total = ops.reshape(ops.sum(dy * y, axis=-1), (1, 4))
        return {"x": y * (dy - total)}

    def bias(x, w, b):
        return {"y": ops.reshape(ops.matmul(x, w), (4, 4)) + b}

    assert "softmax_gradient" not in fused(step, {"dy": normal(4, 4), "y": normal(4, 4)})
    assert fused(bias, {"x": normal(8, 3), "w": normal(3, 2), "b": normal(4)}) == ["matmul", "add"]


def test_what_is_needed_elsewhere_on_the_way_is_no_pattern():
    def step(dy, y):
        product = dy * y
        return {"x": y * (dy - ops.sum(product, axis=-1, keepdims=True)), "product": product}

    assert "softmax_gradient" not in fused(step, {"dy": normal(3, 4), "y": normal(3, 4)})


@pytest.mark.parametrize("axis", [0, 1])
def test_the_gradient_of_a_split_is_put_together_at_once(axis):
    def step(x):
        a, b, c = ops.split(x, 3, axis=axis)
        return {"loss": ops.sum(a * ops.tanh(b) * c)}

    names = fused(step, {"x": normal(6, 9)}, ["x"])
    assert names.count("concatenate") == 1
    assert "pad" not in names


def test_padded_parts_that_leave_a_gap_or_overlap_are_added():
    def gap(x):
        return {"y": ops.pad(x, [(0, 4), (0, 0)]) + ops.pad(x, [(3, 1), (0, 0)])}

    def overlap(x):
        return {"y": ops.pad(x, [(0, 1), (0, 0)]) + ops.pad(x, [(1, 0), (0, 0)])}

    assert "concatenate" not in fused(gap, {"x": normal(2, 3)})
    assert "concatenate" not in fused(overlap, {"x": normal(2, 3)})
