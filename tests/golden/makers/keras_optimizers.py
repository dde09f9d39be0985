"""Optimizers of Keras: the variables after each of five updates, and learning-rate schedules."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import keras
from load import make
from specs import stored, uniform, write

from makers.versions import versions

STEPS = 5
CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.05}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}),
    ("SGD", {"learning_rate": 0.1, "clipvalue": 0.3}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.7}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.5, "use_ema": True, "ema_momentum": 0.9}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4}),
    ("Adam", {"learning_rate": 0.05, "amsgrad": True}),
    ("Adam", {"learning_rate": 0.05, "weight_decay": 0.1}),
    ("Adam", {"learning_rate": 0.05, "clipnorm": 0.5}),
    ("Adam", {"learning_rate": 0.05, "global_clipnorm": 0.5}),
    ("Adam", {"learning_rate": 0.05, "epsilon": 0.1}),
    ("Adam", {"learning_rate": 0.05, "epsilon": 0.1, "amsgrad": True}),
    ("AdamW", {}),
    ("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1}),
    ("AdamW", {"learning_rate": 0.05, "epsilon": 0.1}),
    ("Nadam", {}),
    ("Nadam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95}),
    ("Adamax", {}),
    ("Adamax", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 0.05, "rho": 0.8}),
    ("RMSprop", {"learning_rate": 0.05, "momentum": 0.7}),
    ("RMSprop", {"learning_rate": 0.05, "centered": True}),
    ("RMSprop", {"learning_rate": 0.05, "centered": True, "momentum": 0.5, "epsilon": 1e-3}),
    ("Adagrad", {}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-5}),
    ("Adadelta", {}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-4}),
    ("Ftrl", {}),
    ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.05, "l2_regularization_strength": 0.1}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.7,
            "initial_accumulator_value": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.3,
        },
    ),
    ("Lion", {}),
    ("Lion", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1}),
]
SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [2, 5], "values": [0.1, 0.05, 0.01]}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 10}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "alpha": 0.2}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": 0.1, "warmup_steps": 4},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1},
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10}),
    (
        "PolynomialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 4,
            "end_learning_rate": 0.01,
            "power": 2.0,
            "cycle": True,
        },
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "staircase": True},
    ),
]


def trajectory(optimizer: str, config: dict[str, Any]) -> dict[str, Any]:
    """Five `apply` calls on a (2, 3) and a (4,) variable; the third step's second gradient is all zero."""
    instance = getattr(keras.optimizers, optimizer)(**config)
    initial = [uniform((2, 3), 1), uniform((4,), 2)]
    variables = [keras.Variable(make(spec)) for spec in initial]
    instance.build(variables)
    gradients, after = [], []
    for step in range(STEPS):
        specs = [uniform((2, 3), 10 + step), uniform((4,), 20 + step, *((0, 0) if step == 2 else (-2, 2)))]
        instance.apply([jnp.asarray(make(spec)) for spec in specs])
        gradients.append(specs)
        after.append([stored(variable.value) for variable in variables])
    row = {
        "optimizer": optimizer,
        "config": config,
        "variables": initial,
        "gradients": gradients,
        "after_steps": after,
    }
    if config.get("use_ema"):
        instance.finalize_variable_values(variables)
        row["finalized"] = [stored(variable.value) for variable in variables]
    return row


def scheduled_trajectory() -> dict[str, Any]:
    """SGD whose learning rate is a schedule: which step number the first update sees matters."""
    schedule = {"initial_learning_rate": 0.5, "decay_steps": 1, "decay_rate": 0.5}
    instance = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(**schedule))
    variable = keras.Variable(make(uniform((3,), 1)))
    instance.build([variable])
    specs = [uniform((3,), 10 + step) for step in range(STEPS)]
    after = []
    for spec in specs:
        instance.apply([jnp.asarray(make(spec))])
        after.append([stored(variable.value)])
    return {
        "optimizer": "SGD",
        "config": {"learning_rate": {"schedule": "ExponentialDecay", "config": schedule}},
        "variables": [uniform((3,), 1)],
        "gradients": [[spec] for spec in specs],
        "after_steps": after,
    }


def schedule_row(schedule: str, config: dict[str, Any]) -> dict[str, Any]:
    instance = getattr(keras.optimizers.schedules, schedule)(**config)
    steps = [*range(13), 20, 50]
    rates = jnp.asarray([jnp.asarray(instance(jnp.asarray(step))) for step in steps])
    return {"schedule": schedule, "config": config, "steps": steps, "rates": stored(rates)}


def make_optimizers() -> None:
    packages = versions("keras", "jax", "jaxlib", "numpy")
    rows = [trajectory(name, config) for name, config in CASES]
    write("keras_optimizers", packages, [*rows, scheduled_trajectory()])
    write("keras_schedules", packages, [schedule_row(name, config) for name, config in SCHEDULES])
