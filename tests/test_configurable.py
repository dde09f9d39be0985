"""The configuration of every public class has its constructor's parameters and nothing else."""

import inspect

import pytest

from pyengine import callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from pyengine.configurable import Configurable
from pyengine.errors import ArgumentError, UnknownNameError
from pyengine.optimizers import schedules

TABLES = {
    "layers": layers.LAYERS,
    "initializers": initializers.INITIALIZERS,
    "constraints": constraints.CONSTRAINTS,
    "regularizers": regularizers.REGULARIZERS,
    "losses": losses.LOSSES,
    "metrics": metrics.METRICS,
    "optimizers": vars(optimizers),
    "callbacks": vars(callbacks),
    "schedules": schedules.SCHEDULES,
}
CLASSES = sorted(
    {
        (f"{table}.{cls.__name__}", cls)
        for table, classes in TABLES.items()
        for cls in classes.values()
        if isinstance(cls, type) and issubclass(cls, Configurable) and not inspect.isabstract(cls)
    },
    key=lambda row: row[0],
)
# Values for parameters without a default.
NEEDED = {
    "units": 3,
    "filters": 3,
    "kernel_size": 2,
    "rate": 0.25,
    "input_dim": 5,
    "output_dim": 2,
    "num_heads": 2,
    "key_dim": 2,
    "n": 2,
    "dims": (2, 1),
    "target_shape": (4,),
    "shape": (4,),
    "initial_learning_rate": 0.5,
    "decay_steps": 10,
    "decay_rate": 0.5,
    "boundaries": [1],
    "values": [0.5, 0.25],
    "first_decay_steps": 10,
    "filename": "log.csv",
    "schedule": len,
    "activation": "relu",
}


@pytest.mark.parametrize(("name", "cls"), CLASSES, ids=[name for name, _ in CLASSES])
def test_the_configuration_of_every_class_has_only_parameters_of_its_constructor(name, cls):
    own = inspect.signature(cls).parameters
    assert not [p for p in own.values() if p.kind is p.VAR_POSITIONAL]
    # LambdaCallback's hooks come by name; the configuration has those that were given, here none.
    own = {key: p for key, p in own.items() if p.kind is not p.VAR_KEYWORD}
    needed = [key for key, p in own.items() if p.default is p.empty]
    needed += ["shape"] if cls is layers.InputLayer else []  # this or batch_shape
    missing = [key for key in needed if key not in NEEDED]
    assert not missing, f"{name}: give {missing} in NEEDED"
    made = cls(**{key: NEEDED[key] for key in needed})
    config = made.get_config()
    assert set(config) == set(own)
    again = cls.from_config(config)
    assert again.get_config() == config


def test_a_class_without_a_constructor_has_an_empty_configuration():
    assert constraints.NonNeg().get_config() == {}
    assert initializers.Ones().get_config() == {}
    assert repr(constraints.NonNeg()) == "NonNeg()"
    assert isinstance(constraints.NonNeg().clone(), constraints.NonNeg)


def test_a_class_without_a_constructor_takes_no_arguments():
    with pytest.raises(ArgumentError, match="expects 0 arguments by place"):
        constraints.NonNeg(3)
    with pytest.raises(UnknownNameError, match="axis"):
        initializers.Ones(axis=1)


def test_the_signature_of_a_class_without_a_constructor_is_empty():
    assert not inspect.signature(constraints.NonNeg).parameters
    assert not inspect.signature(initializers.Ones).parameters
