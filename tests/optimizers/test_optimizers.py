"""Optimizers: the numbers of Keras, PyTorch and the formulas; the same in a step; rates, slots, clips, decay."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from pyengine import constraints, optimizers
from pyengine.errors import ArgumentError, ShapeError, UnknownNameError
from pyengine.graph import Variable
from pyengine.optimizers import OPTIMIZERS, SGD, Adam, Optimizer
from pyengine.optimizers.schedules import ExponentialDecay
from tests.cases.losses import uniform
from tests.cases.optimizers import CASES
from tests.cases.run import execute, traced
from tests.golden.load import load

GOLDEN = load("keras_optimizers")
TORCH = [row for row in load("torch_ops") if row["op"] == "optimizer"]
# Keras computes 1 - beta_2**t in float32, so its first steps are off by up to 3e-5 of the rate.
ROUNDED_BY_KERAS = ("Adam", "AdamW", "Nadam")


def row_name(row):
    return f"{row['optimizer']} {row['config'] or ''}"


def made(name, config):
    rate = config.get("learning_rate")
    if isinstance(rate, dict):
        schedule = getattr(optimizers.schedules, rate["schedule"])(**rate["config"])
        config = {**config, "learning_rate": schedule}
    return getattr(optimizers, name)(**config)


def variables_of(arrays):
    return [
        Variable(array, name=f"layer/weight_{i}", dtype=array.dtype.name) for i, array in enumerate(arrays)
    ]


def test_every_optimizer_has_a_row_here_and_in_the_golden_file():
    classes = {type(optimizers.get(name)).__name__ for name in OPTIMIZERS}
    assert {case.optimizer for case in CASES} == classes
    assert {row["optimizer"] for row in GOLDEN} == {case.optimizer for case in CASES if case.in_keras}


@pytest.mark.parametrize("row", GOLDEN, ids=row_name)
def test_updates_are_those_of_keras(row):
    epsilon_hat = {"epsilon_hat": True} if row["optimizer"] in ("Adam", "AdamW") else {}
    optimizer = made(row["optimizer"], {**row["config"], **epsilon_hat})
    variables = variables_of(row["variables"])
    rate = optimizer.learning_rate
    for step, (given, expected) in enumerate(zip(row["gradients"], row["after_steps"], strict=True), 1):
        optimizer.apply(given, variables)
        slack = 1e-4 * rate * step if row["optimizer"] in ROUNDED_BY_KERAS else 0
        for variable, array in zip(variables, expected, strict=True):
            np.testing.assert_allclose(variable.value, array, rtol=2e-7, atol=1e-7 + slack)
    assert optimizer.iterations.value == len(row["gradients"])
    if "finalized" in row:
        optimizer.finalize_variable_values(variables)
        for variable, array in zip(variables, row["finalized"], strict=True):
            np.testing.assert_allclose(variable.value, array, rtol=2e-7, atol=1e-7)


@pytest.mark.parametrize("row", TORCH, ids=row_name)
def test_updates_are_those_of_pytorch(row):
    optimizer = made(row["optimizer"], row["config"])
    (variable,) = variables_of([row["variable"]])
    for gradient, expected in zip(row["gradients"], row["after_steps"], strict=True):
        optimizer.apply([gradient], [variable])
        np.testing.assert_allclose(variable.value, expected, rtol=1e-6, atol=2e-7)


def test_epsilon_hat_is_a_truth_value():
    with pytest.raises(ArgumentError, match=r"AdamW: epsilon_hat expects `True` or `False`, but got `1e-07`"):
        optimizers.AdamW(epsilon_hat=1e-7)


def gradient_at(step):
    return uniform(2, 3, seed=20 + step)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_updates_are_those_of_the_formula(case):
    optimizer = getattr(optimizers, case.optimizer)(**case.config)
    (variable,) = variables_of([uniform(2, 3, seed=1)])
    optimizer.build([variable])
    slots = {name: np.float64(start) for name, start in optimizer.slots(variable).items()}
    weight = variable.value.astype(np.float64)
    for step in range(1, 7):
        optimizer.apply([gradient_at(step)], [variable])
        weight = case.update(weight, gradient_at(step).astype("f8"), step, optimizer.learning_rate, slots)
        np.testing.assert_allclose(variable.value, weight, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_step_that_was_traced_once_gives_the_same_bits_at_every_run(case):
    def run(traces):
        optimizer = getattr(optimizers, case.optimizer)(**case.config)
        variables = variables_of([uniform(2, 3, seed=1), uniform(4, seed=2)])
        others = [uniform(4, seed=30 + step) for step in range(5)]

        def step(a, b):
            optimizer.apply([a, b], variables)
            return {}

        graph = traced(step, a=gradient_at(0), b=others[0]) if traces else None
        for number, other in enumerate(others):
            if graph is None:
                optimizer.apply([gradient_at(number), other], variables)
            else:
                execute(graph, a=gradient_at(number), b=other)
        return [*variables, *optimizer.variables]

    for eager, planned in zip(run(False), run(True), strict=True):
        np.testing.assert_array_equal(planned.value, eager.value, err_msg=eager.name)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_variables_are_the_count_the_rate_and_the_slots_by_keras_names(case):
    optimizer = getattr(optimizers, case.optimizer)(**case.config)
    variables = variables_of([uniform(2, 3), uniform(4)])
    optimizer.build(variables)
    first = optimizer.variables
    name = case.optimizer.lower()
    slots = [f"{name}/layer_weight_{i}_{slot}" for i in range(2) for slot in case.slots]
    assert [v.name for v in first] == [f"{name}/iteration", f"{name}/learning_rate", *slots]
    optimizer.build(variables)
    assert all(a is b for a, b in zip(first, optimizer.variables, strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float64_weights_are_updated_in_float64(case):
    optimizer = getattr(optimizers, case.optimizer)(**case.config)
    (variable,) = variables_of([uniform(2, 3).astype(np.float64)])
    optimizer.apply([gradient_at(1).astype(np.float64)], [variable])
    assert {slot.dtype for slot in optimizer.variables[2:]} <= {"float64"}
    slots = {name: np.float64(start) for name, start in optimizer.slots(variable).items()}
    rate = float(np.float32(optimizer.learning_rate))
    expected = case.update(uniform(2, 3).astype("f8"), gradient_at(1).astype("f8"), 1, rate, slots)
    np.testing.assert_allclose(variable.value, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_optimizer_is_made_again_from_its_config(case):
    optimizer = getattr(optimizers, case.optimizer)(**case.config, clipnorm=2.0)
    again = optimizer.clone()
    assert again.get_config() == optimizer.get_config()
    assert (again.clipnorm, again.learning_rate) == (2.0, optimizer.learning_rate)
    assert repr(again) == repr(optimizer)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_goes_downhill(case):
    optimizer = getattr(optimizers, case.optimizer)(**case.config)
    (variable,) = variables_of([np.float32([3.0, -2.0])])
    before = np.square(variable.value).sum()
    for _ in range(50):
        optimizer.apply([2 * variable.numpy()], [variable])
    assert np.square(variable.value).sum() < before


# --- The learning rate


def test_the_rate_is_read_as_it_was_given_and_set_without_a_new_trace():
    optimizer = SGD(0.1)
    assert optimizer.learning_rate == 0.1
    (variable,) = variables_of([np.float32([1.0])])
    graph = traced(lambda g: optimizer.apply([g], [variable]) or {}, g=np.float32([1.0]))
    optimizer.learning_rate = 0.25
    execute(graph, g=np.float32([1.0]))
    assert variable.value == 0.75
    assert optimizer.learning_rate == 0.25


def test_a_schedule_is_evaluated_in_the_step():
    optimizer = SGD(ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5))
    (variable,) = variables_of([np.float32([0.0])])
    graph = traced(lambda g: optimizer.apply([g], [variable]) or {}, g=np.float32([-1.0]))
    seen = []
    for _ in range(3):
        seen.append(optimizer.learning_rate)
        execute(graph, g=np.float32([-1.0]))
    assert seen == [0.5, 0.25, 0.125]
    assert variable.value == 0.875


def test_a_schedule_cannot_be_overwritten_or_set_later():
    schedule = ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5)
    with pytest.raises(
        ArgumentError, match=r"learning_rate expects to follow its schedule, ExponentialDecay"
    ):
        SGD(schedule).learning_rate = 0.1
    with pytest.raises(ArgumentError, match=r"learning_rate expects a number, once the optimizer is made"):
        SGD(0.1).learning_rate = schedule


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_a_rate_must_be_finite_and_not_negative(rate):
    with pytest.raises(ArgumentError, match=r"learning_rate expects a finite number of at least 0, but got"):
        Adam(rate)
    optimizer = Adam()
    with pytest.raises(ArgumentError, match=r"Adam 'adam': learning_rate expects a finite number"):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0.001


# --- What the base does


def updated(optimizer, gradients, starts=None):
    starts = starts or [np.zeros_like(np.float32(g)) for g in gradients]
    variables = variables_of([np.float32(start) for start in starts])
    optimizer.apply([np.float32(g) for g in gradients], variables)
    return [variable.numpy() for variable in variables]


def test_clips_shorten_one_gradient_all_of_them_or_every_number():
    gradients = [[3.0, 4.0], [0.0, 12.0]]
    one = updated(SGD(1.0, clipnorm=2.5), gradients)
    np.testing.assert_allclose(one, [[-1.5, -2.0], [0, -2.5]], rtol=1e-6)
    together = updated(SGD(1.0, global_clipnorm=6.5), gradients)
    np.testing.assert_allclose(together, [[-1.5, -2.0], [0, -6]], rtol=1e-6)
    np.testing.assert_allclose(updated(SGD(1.0, clipvalue=3.5), gradients), [[-3, -3.5], [0, -3.5]])
    np.testing.assert_array_equal(updated(SGD(1.0, global_clipnorm=100.0), gradients), -np.float32(gradients))
    assert np.isfinite(updated(SGD(1.0, clipnorm=1.0), [[0.0, 0.0]])).all()


def test_only_one_way_of_clipping():
    with pytest.raises(
        ArgumentError, match=r"the only way of clipping, but got `clipnorm=1.0`, `clipvalue=2.0`"
    ):
        SGD(clipnorm=1.0, clipvalue=2.0)
    with pytest.raises(ArgumentError, match=r"clipnorm expects a number above 0, but got `0`"):
        SGD(clipnorm=0)


def test_weights_decay_apart_from_the_gradient_unless_left_out():
    optimizer = SGD(0.5, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(["weight_1"])
    kernel, bias = updated(optimizer, [[1.0], [1.0]], [[2.0], [2.0]])
    assert kernel == pytest.approx(2 * (1 - 0.05) - 0.5)
    assert bias == 1.5


def test_a_weight_without_gradient_stays_as_it_is():
    optimizer = SGD(0.5, weight_decay=0.1)
    first, second = variables_of([np.float32([1.0]), np.float32([1.0])])
    optimizer.apply([None, np.float32([1.0])], [first, second])
    assert first.value == 1
    assert second.value == pytest.approx(0.45)
    assert optimizer.iterations.value == 1


def test_constraints_are_applied_after_the_update():
    (variable,) = variables_of([np.float32([0.1, 1.0])])
    variable.constraint = constraints.NonNeg()
    SGD(1.0).apply([np.float32([0.5, 0.5])], [variable])
    np.testing.assert_array_equal(variable.value, np.float32([0, 0.5]))


def test_moving_averages_can_replace_the_weights_every_few_steps():
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    (variable,) = variables_of([np.float32([0.0])])
    optimizer.apply([np.float32([-4.0])], [variable])
    assert variable.value == 4
    optimizer.apply([np.float32([-4.0])], [variable])
    assert variable.value == 6  # (4 + 8) / 2


def test_a_gradient_of_another_shape_is_refused():
    (variable,) = variables_of([np.float32([1.0, 2.0])])
    with pytest.raises(
        ShapeError, match=r"expects shape \(2,\), that of 'layer/weight_0', but got shape \(3,\)"
    ):
        SGD().apply([np.ones(3, "f4")], [variable])


# --- Names and signatures


@pytest.mark.parametrize(
    ("name", "rate"),
    {
        "sgd": 0.01,
        "momentum": 0.01,
        "adam": 0.001,
        "rmsprop": 0.001,
        "adagrad": 0.01,
        "adadelta": 0.001,
        "adamax": 0.002,
        "nadam": 0.001,
        "adamw": 0.001,
        "lion": 0.001,
        "ftrl": 0.001,
    }.items(),
)
def test_a_name_has_the_learning_rate_of_the_table(name, rate):
    assert set(OPTIMIZERS) >= {name}
    assert optimizers.get(name).learning_rate == rate
    assert optimizers.get(name.upper()).learning_rate == rate


def test_names_configs_classes_and_objects_are_optimizers():
    assert optimizers.get("momentum").momentum == 0.9
    assert optimizers.get({"class_name": "RMSprop", "config": {"rho": 0.5}}).rho == 0.5
    assert optimizers.get({"class_name": "Adagrad", "config": {}}).learning_rate == 0.001
    assert isinstance(optimizers.get(Adam), Adam)
    optimizer = SGD()
    assert optimizers.get(optimizer) is optimizer


def test_an_unknown_optimizer_or_argument_comes_with_the_nearest_names():
    with pytest.raises(UnknownNameError, match=r"Unknown optimizer 'adma'. Did you mean .*'adam'"):
        optimizers.get("adma")
    with pytest.raises(
        UnknownNameError, match=r"Unknown argument of Adam 'clip_norm'. Did you mean 'clipnorm'"
    ):
        Adam(clip_norm=1.0)
    with pytest.raises(ArgumentError, match=r"optimizer expects a name, .* but got a function"):
        optimizers.get(lambda: None)
    with pytest.raises(ArgumentError, match=r"optimizer expects a name, an object or a function"):
        optimizers.get(3)


@pytest.mark.parametrize(
    ("optimizer", "positional"),
    {
        "SGD": ["learning_rate", "momentum", "nesterov"],
        "Adam": ["learning_rate", "beta_1", "beta_2", "epsilon"],
        "RMSprop": ["learning_rate", "rho", "momentum", "epsilon", "centered"],
        "Adagrad": ["learning_rate", "initial_accumulator_value", "epsilon"],
        "Adadelta": ["learning_rate", "rho", "epsilon"],
        "Adamax": ["learning_rate", "beta_1", "beta_2", "epsilon", "decay"],
    }.items(),
)
def test_arguments_by_position_are_those_of_tensorflow_js_and_all_have_a_name(optimizer, positional):
    parameters = inspect.signature(getattr(optimizers, optimizer)).parameters
    assert list(parameters)[: len(positional)] == positional
    assert {"weight_decay", "clipnorm", "use_ema", "name"} <= set(parameters)
    assert all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters.values())


@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        ("SGD", {"momentum": 2}, r"SGD: momentum expects a number from 0 to 1, but got `2`"),
        ("Adam", {"beta_1": 1.0}, r"beta_1 expects a number of at least 0 and less than 1, but got `1.0`"),
        ("RMSprop", {"rho": -1}, r"rho expects a number of at least 0 and less than 1, but got `-1`"),
        (
            "Adagrad",
            {"initial_accumulator_value": -1},
            r"initial_accumulator_value expects a number of at least 0, but got `-1`",
        ),
        (
            "Ftrl",
            {"learning_rate_power": 1},
            r"Ftrl: learning_rate_power expects a number of at most 0, but got `1`",
        ),
        ("Adamax", {"decay": -1}, r"Adamax: decay expects a number of at least 0, but got `-1`"),
        ("SGD", {"ema_momentum": 2}, r"ema_momentum expects a number from 0 to 1, but got `2`"),
        ("SGD", {"learning_rate": "fast"}, r"expects a number or a LearningRateSchedule, but got `'fast'`"),
    ],
)
def test_settings_out_of_range_are_refused(name, config, words):
    with pytest.raises(ArgumentError, match=words):
        getattr(optimizers, name)(**config)


def test_an_optimizer_of_ones_own_needs_slots_and_update():
    class Signed(Optimizer):
        def __init__(self, learning_rate=0.1, **common):
            super().__init__(learning_rate, **common)

        def update(self, variable, gradient, rate):
            variable.assign(variable - rate * np.float32([1, -1]))

    (variable,) = variables_of([np.float32([0.0, 0.0])])
    Signed(0.5, clipvalue=1.0).apply([np.float32([9.0, 9.0])], [variable])
    np.testing.assert_array_equal(variable.value, np.float32([-0.5, 0.5]))
