"""Types of the JavaScript face: pyengine.d.ts, of what Python offers and of a part that is written by hand.

What comes of Python's tables and signatures (layers, optimizers, losses, …, ops, the settings of fit and its kin)
follows them by itself; the rest, `pyengine.d.ts.in`, is checked by tsc against the page's own code.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pyengine.activations import ACTIVATIONS
from pyengine.bridge import catalogue
from pyengine.bridge.calls import DATA
from pyengine.names import camel
from pyengine.training.entry import parameters
from web.tools.failure import step
from web.tools.fetch import write_whole
from web.tools.paths import DIST, WEB, short

TYPES = DIST / "types" / "pyengine.d.ts"
BY_HAND = WEB / "tools" / "pyengine.d.ts.in"

# Kind → the interface of its factories, and what they make.
KINDS = {
    "layers": ("Layers", "Layer"),
    "train": ("Optimizers", "Optimizer"),
    "schedules": ("Schedules", "Schedule"),
    "initializers": ("Initializers", "Initializer"),
    "regularizers": ("Regularizers", "Regularizer"),
    "constraints": ("Constraints", "Constraint"),
    "losses": ("Losses", "Loss"),
    "metrics": ("Metrics", "Metric"),
    "callbacks": ("MadeCallbacks", "MadeCallback"),
}
SETTINGS = {
    "FitSettings": "fit",
    "FitDatasetSettings": "fit_dataset",
    "EvaluateSettings": "evaluate",
    "EvaluateDatasetSettings": "evaluate_dataset",
    "PredictSettings": "predict",
}
# As TensorFlow.js calls them; Python's names are known, too.
TENSORFLOW_NAMES = {"steps_per_epoch": "batchesPerEpoch", "validation_steps": "validationBatches"}

SHAPE = "readonly (number | null)[]"
PLAIN = {
    "str": "string",
    "str | None": "string | null",
    "str | Path": "string",
    "bool": "boolean",
    "int": "number",
    "float": "number",
    "int | None": "number | null",
    "float | None": "number | null",
    "int | Sequence[int]": "number | readonly number[]",
    "int | Sequence[int] | None": "number | readonly number[] | null",
    "int | Sequence[int] | Sequence[Sequence[int]]": "number | readonly number[] | readonly (readonly number[])[]",
    "str | Sequence[int]": "string | readonly number[]",
    "str | Sequence[Sequence[int]]": "string | readonly (readonly number[])[]",
    "Sequence[int]": "readonly number[]",
    "Sequence[int] | None": "readonly number[] | null",
    "Sequence[float]": "readonly number[]",
    "Sequence[int | None] | None": f"{SHAPE} | null",
    "Sequence[tuple[int, int]]": "readonly (readonly [number, number])[]",
    "Sequence[Array]": "readonly Values[]",
    "Array": "Values",
    "Axis": "Axes",
    "Thresholds": "number | readonly number[] | null",
    "float | LearningRateSchedule": "number | Schedule",
    "str | float": "string | number",
    "int | str": "number | string",
    "Callable[..., float]": "(epoch: number, learningRate: number) => number",
    "Callable[..., Any] | None": "((...place: never[]) => unknown) | null",
    "TextIO | None": "null",
}
NAMED = {
    "activation": "Word<ActivationName> | ((x: Tensor) => Tensor) | null",
    "callbacks": "Callbacks",
    "class_weight": "ClassWeights",
    "sample_weight": "Data",
    "validation_data": "readonly [x: Data, y: Data] | readonly [x: Data, y: Data, weights: Data] | Dataset",
    "yield_every": '"auto" | "batch" | "epoch" | "never" | number',
    "value": "number",
}
ENDINGS = {
    "_initializer": "Word<InitializerName> | Initializer",
    "_regularizer": "Word<RegularizerName> | Regularizer | null",
    "_constraint": "Word<ConstraintName> | Constraint | null",
    "_activation": "Word<ActivationName> | ((x: Tensor) => Tensor) | null",
}
NAMES = {
    "OptimizerName": "train",
    "InitializerName": "initializers",
    "RegularizerName": "regularizers",
    "ConstraintName": "constraints",
    "LossName": "losses",
    "MetricName": "metrics",
}


def typescript(parameter: inspect.Parameter) -> str:
    """The type of an argument.

    >>> typescript(inspect.Parameter("units", inspect.Parameter.KEYWORD_ONLY, annotation="int"))
    'number'
    """
    if parameter.name in NAMED:
        return NAMED[parameter.name]
    for ending, kind in ENDINGS.items():
        if parameter.name.endswith(ending):
            return kind
    annotation = str(parameter.annotation)
    if annotation not in PLAIN:
        raise KeyError(f"No type for {parameter}: add {annotation!r} to PLAIN in web/tools/types.py.")
    return PLAIN[annotation]


def argument(parameter: inspect.Parameter) -> str:
    """Name and type of an argument."""
    mark = "" if parameter.default is inspect.Parameter.empty else "?"
    name = TENSORFLOW_NAMES.get(parameter.name, camel(parameter.name))
    return f"{name}{mark}: {typescript(parameter)}"


def arguments(parameters: Iterable[inspect.Parameter], separator: str) -> str:
    return separator.join(map(argument, parameters))


def summary(offer: Callable[..., Any]) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(inspect.cleandoc(offer.__doc__ or "").split("\n\n")[0].split())


def javascript_parameters(offer: Callable[..., Any]) -> list[inspect.Parameter]:
    """What JavaScript may give it."""
    known = catalogue.parameters(offer)
    return [one for name, one in inspect.signature(offer).parameters.items() if name in known]


def factories(kind: str) -> Iterator[str]:
    """The interface of `tf.<kind>`."""
    interface, made = KINDS[kind]
    yield f"export interface {interface} {{"
    for name, offer in catalogue.offers()[kind].items():
        given = javascript_parameters(offer)
        settings = arguments(given, "; ")
        needed = any(one.default is inspect.Parameter.empty for one in given)
        yield f"  /** {summary(offer)} */"
        yield f"  {name}: {{"
        yield f"    (settings{'' if needed else '?'}: {{ {settings} }}): {made};"
        if given and kind != "layers":
            yield f"    ({arguments(given, ', ')}): {made};"
        if kind in ("losses", "metrics"):
            yield "    (yTrue: Values, yPred: Values): Tensor;"
        yield "  };"
    yield "}"
    if kind in ("losses", "metrics"):
        yield f"export type {made}Factory = {interface}[keyof {interface}];"


def operations() -> Iterator[str]:
    """Python's ops."""
    yield "export interface PythonOperations {"
    for name in catalogue.operations():
        operation = catalogue.operation(name)
        signature = inspect.signature(operation)
        result = "Tensor[]" if signature.return_annotation == "list[Any]" else "Tensor"
        yield f"  /** {summary(operation)} */"
        yield f"  {name}({arguments(signature.parameters.values(), ', ')}): {result};"
    yield "}"


def settings(interface: str, call: str) -> Iterator[str]:
    """What a method of models takes by name."""
    yield f"export interface {interface} {{"
    for parameter in parameters(call).values():
        if parameter.name not in DATA:
            yield f"  {argument(parameter)};"
    yield "}"


def names() -> Iterator[str]:
    """The words that stand for objects."""
    known = {name: list(catalogue.offers()[kind]) for name, kind in NAMES.items()}
    known["ActivationName"] = sorted({camel(name) for name in ACTIVATIONS})
    for name, words in known.items():
        yield f"export type {name} = {' | '.join(map(json.dumps, words))};"


def declarations() -> str:
    """The text of pyengine.d.ts."""
    lines = [BY_HAND.read_text(), *names()]
    for interface, call in SETTINGS.items():
        lines += settings(interface, call)
    for kind in KINDS:
        lines += factories(kind)
    lines += operations()
    return "\n".join(lines) + "\n"


def types() -> Path:
    """Bring the file up to date and return it."""
    text = declarations().encode()
    if not (TYPES.is_file() and TYPES.read_bytes() == text):
        write_whole(TYPES, text)
    return TYPES


@step
def main() -> None:
    print(f"{short(types())} is up to date")


if __name__ == "__main__":
    main()
