"""The functions that JavaScript calls. `web/border.js` finds them here by name.

Most of what a page does to an object is reading, setting or calling something of it by name; what needs more has a
function of its own.
"""

from __future__ import annotations

import gc
import inspect
import json
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import pyengine
from pyengine import activations, executors, layers, losses, metrics, models, random
from pyengine.bridge import callbacks, catalogue, crossing, data, eager, engine, names
from pyengine.bridge.crossing import outward, page
from pyengine.bridge.failures import at_border, take_thrown
from pyengine.bridge.javascript import text_for_javascript
from pyengine.configurable import Configurable
from pyengine.errors import ArgumentError, called
from pyengine.names import camel, snake
from pyengine.structure import leaves
from pyengine.training.entry import parameters
from pyengine.training.feeding import EveryEpoch
from pyengine.training.host import host

FIRST_SLICE = 8  # milliseconds that predict and evaluate work before they return; planning comes on top
DATA = ("x", "y", "dataset")  # what fit and its kin take by position in JavaScript
LARGE = 1 << 22  # bytes: copying so much took a slice of its own


# Beginning -----------------------------------------------------------------------------------------------------


def connect(make: Any) -> str:
    """Connect the page: store its functions and return the catalogue."""
    crossing.connect(make)
    host.pause = make.pause
    warnings.simplefilter("always", UserWarning)
    warnings.showwarning = show_warning
    executors.default()  # loads the C library now, not in the first step
    gc.freeze()  # no collection looks again at what has been loaded: that takes longer than a frame
    version = {"pyengine": pyengine.__version__, "python": sys.version.split()[0], "numpy": np.__version__}
    return json.dumps({"version": version, "offers": catalogue.describe()})


def show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """A warning in the page's console: its words only, code in them as JavaScript writes it."""
    page.make.warn(text_for_javascript(str(message)))


# Objects -------------------------------------------------------------------------------------------------------


def make(kind: str, name: str, positional: list[Any], keywords: dict[str, Any]) -> Any:
    """An object of what the catalogue offers."""
    return outward(catalogue.make(kind, name, positional, keywords))


def get(thing: Any, name: str) -> Any:
    """A property, by its Python name."""
    return outward(getattr(thing, name))


def count(thing: Any, name: str) -> int:
    """How many there are in a property."""
    return len(getattr(thing, name))


def put(thing: Any, name: str, value: Any) -> None:
    """Set a property."""
    setattr(thing, name, value)


def call(thing: Any, method: str, positional: list[Any], keywords: Mapping[str, Any]) -> Any:
    """A method, by its Python name; keywords as JavaScript spells them."""
    function = getattr(thing, method)
    accepted = list(inspect.signature(function).parameters)
    return outward(function(*positional, **names.arguments(camel(method), keywords, accepted)))


def class_name(thing: Any) -> str:
    return type(thing).__name__


def config(thing: Configurable) -> Any:
    """What an object was made of, with names as JavaScript spells them."""
    return outward({camel(name): value for name, value in thing.get_config().items()})


def described(thing: Any) -> str:
    return repr(thing)


# Arrays --------------------------------------------------------------------------------------------------------


def operate(name: str, inputs: list[Any]) -> Any:
    """An op on arrays (evaluated at once) or on values of a step that is being recorded."""
    function = catalogue.operation(name)
    parameters = inspect.signature(function).parameters
    if len(inputs) > len(parameters):
        wanted = ", ".join(map(camel, parameters))
        raise ArgumentError(
            where=f"tf.{name}",
            expected=f"at most {len(parameters)} arguments ({wanted})",
            got=str(len(inputs)),
            fix="Leave out the rest.",
        )
    positional, keywords = catalogue.arguments(function, inputs)
    return outward(function(*positional, **keywords))


def activation(name: str, x: Any, *settings: float) -> Any:
    """An activation function by name, with what else it takes in order."""
    return outward(activations.get(name)(x, *settings))


def draw(distribution: str, shape: list[int], first: float, second: float, seed: int | None) -> Any:
    """Random numbers: "uniform" from first to second, "normal" with mean and deviation."""
    key = random.next_key(seed)
    if distribution == "uniform":
        return outward(random.uniform(key, shape, low=first, high=second))
    if distribution == "truncated_normal":
        return outward(random.truncated_normal(key, shape, mean=first, stddev=second))
    return outward(random.normal(key, shape, mean=first, stddev=second))


def measure(kind: str, name: str, y_true: Any, y_pred: Any) -> Any:
    """A loss of arrays, as a number; a metric, as one value per sample where it is a mean of such values."""
    table = {"losses": losses, "metrics": metrics}[kind]
    if kind == "losses":
        return outward(table.get(name)(y_true, y_pred))
    metric = table.get(name)
    if isinstance(metric, metrics.base.MeanMetric):
        return outward(metric.values(y_true, y_pred))
    return outward(metric.compute(*metric.contributions(y_true, y_pred)))


def set_random_seed(seed: int) -> None:
    random.set_random_seed(seed)


# Models --------------------------------------------------------------------------------------------------------


def symbolic_input(settings: Mapping[str, Any]) -> Any:
    """`tf.input({shape})`."""
    accepted = catalogue.parameters(layers.Input)
    return outward(layers.Input(**names.arguments("tf.input", settings, accepted)))


def model(settings: Mapping[str, Any]) -> Any:
    """`tf.model({inputs, outputs, name})`."""
    given = names.arguments("tf.model", settings, ["inputs", "outputs", "name"])
    outputs = given.get("outputs")
    if isinstance(outputs, list) and len(outputs) == 1:  # a list of one is that one in JavaScript
        given["outputs"] = outputs[0]
    return outward(models.Model(**given))


def sequential(settings: Mapping[str, Any]) -> Any:
    """`tf.sequential({layers, name})`."""
    return outward(models.Sequential(**names.arguments("tf.sequential", settings, ["layers", "name"])))


def apply(layer: Any, inputs: Any, training: bool | None, keywords: Mapping[str, Any]) -> Any:
    """A layer called on symbolic tensors, on arrays or on graph values, and with what else it takes by name."""
    inputs = inputs if isinstance(inputs, list) else [inputs]
    accepted = [*inspect.signature(layer.__call__).parameters, *inspect.signature(layer.call).parameters]
    accepted = [name for name in accepted if name not in ("inputs", "x", "training", "words")]
    return outward(
        layer(*inputs, training=training, **names.arguments(f"{layer.label}.apply", keywords, accepted))
    )


def compile_model(model: Any, settings: Mapping[str, Any]) -> None:
    accepted = [name for name in inspect.signature(models.Model.compile).parameters if name != "self"]
    given = names.arguments("model.compile", settings, accepted)
    for kind in ("metrics", "weighted_metrics"):
        if kind in given:
            given[kind] = logged_as_acc(given[kind])
    model.compile(**given)


def logged_as_acc(given: Any) -> Any:
    """Metrics of which accuracy is logged as `acc`, as in TensorFlow.js.

    >>> logged_as_acc(["accuracy", "mse"])
    [{'class_name': 'accuracy', 'config': {'name': 'acc'}}, 'mse']
    """
    if isinstance(given, str):
        return {"class_name": "accuracy", "config": {"name": "acc"}} if metrics.is_accuracy(given) else given
    if isinstance(given, (list, tuple)):
        return [logged_as_acc(entry) for entry in given]
    if isinstance(given, Mapping) and not ("class_name" in given or "className" in given):
        return {name: logged_as_acc(entry) for name, entry in given.items()}
    return given


def arguments_of(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of fit, evaluate and predict by their Python names."""
    accepted = [name for name in parameters(kind) if name not in DATA]
    given = names.arguments(f"model.{camel(kind)}", settings, accepted)
    given = {name: value for name, value in given.items() if value is not None}  # null is the default
    if kind == "fit_dataset" and type(given.get("steps_per_epoch")) is int:
        given["steps_per_epoch"] = EveryEpoch(given["steps_per_epoch"])
    if isinstance(given.get("validation_data"), list):
        given["validation_data"] = tuple(given["validation_data"])
    return {"verbose": 0, **given}


def claim(model: Any, kind: str) -> None:
    """A fit has been called, its data are on their way: the model is busy until `release`."""
    model.claim(kind)


def release(model: Any) -> None:
    """The fit that claimed the model is over, or its data could not be had."""
    model.release()


async def fit(model: Any, kind: str, positional: list[Any], settings: Mapping[str, Any]) -> Any:
    """`fit` and `fit_dataset` of a model that was claimed: the history, once it is over."""
    job = model.claimed_job(kind, *positional, **arguments_of(kind, settings))
    return callbacks.history_of(await job.wait())


def begin(model: Any, kind: str, positional: list[Any], settings: Mapping[str, Any]) -> Any:
    """Start predict or evaluate; what takes longer than a frame continues when its result is read."""
    job = model.job(kind, *positional, **arguments_of(kind, settings))
    job.run(FIRST_SLICE if sum(map(bytes_in, positional)) < LARGE else 0)
    return crossing.handle(job)


def bytes_in(arrays: Any) -> int:
    """How large an array is, or several in a list or map.

    >>> bytes_in([np.zeros(2, "float32"), {"y": np.zeros(3, "uint8")}])
    11
    """
    if isinstance(arrays, Mapping):
        arrays = list(arrays.values())
    return sum(map(bytes_in, arrays)) if isinstance(arrays, list) else getattr(arrays, "nbytes", 0)


def finish(job: Any) -> Any:
    """The result of a job, at once; of several outputs a list, as TensorFlow.js gives them."""
    return outward(outputs_as_list(job.finish()))


async def wait(job: Any) -> Any:
    """The same, yielding to the page."""
    return outward(outputs_as_list(await job.wait()))


def outputs_as_list(result: Any) -> Any:
    """What several outputs gave, in their order; a single one as it is."""
    return leaves(result) if isinstance(result, (dict, list, tuple)) else result


def shares_weights(model: Any, other: Any) -> bool:
    """Whether two models are one, or have a weight in common."""
    return model is other or not {*map(id, model.weights)}.isdisjoint(map(id, other.weights))


def values_count(model: Any) -> int:
    """How many numbers `evaluate` gives."""
    with called("model.evaluate"):
        chosen = model.ensure_compiled()
    return 1 + (len(model.outputs) if len(model.outputs) > 1 else 0) + len(chosen.tracked)


def on_batch(model: Any, method: str, positional: list[Any], settings: Mapping[str, Any]) -> Any:
    """train_on_batch, test_on_batch and predict_on_batch."""
    function = getattr(model, method)
    accepted = [name for name in inspect.signature(function).parameters if name not in DATA]
    given = names.arguments(f"model.{camel(method)}", settings, accepted)
    return outward(outputs_as_list(function(*positional, **given)))


def summary(model: Any, line_length: int | None, positions: list[float] | None) -> Any:
    """The lines of a model's summary."""
    lines: list[str] = []
    model.summary(line_length, positions, lines.append)
    return outward(lines)


# Datasets ------------------------------------------------------------------------------------------------------


def dataset(source: str, *details: Any) -> Any:
    """A dataset: "reader", "arrays", "zip" or "csv", or a step of one: "map", "filter"."""
    makers: dict[str, Callable[..., Any]] = {
        "reader": data.from_reader,
        "arrays": data.from_arrays,
        "zip": data.zipped,
        "csv": data.from_csv,
        "map": data.mapped,
        "filter": data.filtered,
    }
    return outward(makers[source](*details))


def reading(dataset: Any) -> Any:
    """One pass over a dataset, for the page."""
    return data.Reading(dataset)


async def next_of(reading: data.Reading) -> Any:
    return await reading.next()


async def close_reading(reading: data.Reading) -> None:
    await reading.close()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "connect": connect,
    "make": make,
    "get": get,
    "count": count,
    "put": put,
    "call": call,
    "className": class_name,
    "config": config,
    "described": described,
    "operate": operate,
    "planned": eager.planned,
    "activation": activation,
    "draw": draw,
    "measure": measure,
    "setRandomSeed": set_random_seed,
    **engine.CALLS,
    "input": symbolic_input,
    "model": model,
    "sequential": sequential,
    "apply": apply,
    "compile": compile_model,
    "claim": claim,
    "release": release,
    "fit": fit,
    "begin": begin,
    "finish": finish,
    "wait": wait,
    "sharesWeights": shares_weights,
    "valuesCount": values_count,
    "onBatch": on_batch,
    "summary": summary,
    "dataset": dataset,
    "reading": reading,
    "next": next_of,
    "close": close_reading,
    "list": crossing.new_list,
    "map": crossing.new_map,
    "array": crossing.array,
    "empty": crossing.empty,
    "fill": crossing.fill,
    "function": crossing.function,
    "callback": callbacks.callback,
    "takeThrown": take_thrown,
    "snake": snake,
}
"""Name in JavaScript → function."""

CALLS = {name: at_border(function) for name, function in FUNCTIONS.items()}
"""The same, with errors made ready for JavaScript."""
