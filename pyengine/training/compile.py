"""What `compile` decides: optimizer, a loss and metrics per output, and which weights are trained."""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyengine import losses, metrics, optimizers
from pyengine.errors import ArgumentError, describe, unknown_name
from pyengine.graph import Variable
from pyengine.logs import Logs
from pyengine.training.doubts import doubts


@dataclass
class Tracked:
    """A number that is logged: the name, how its additive totals come from a batch, and what they mean."""

    name: str
    metric: Any
    output: int
    weighted: bool = False


@dataclass
class Compiled:
    """Everything that `compile` was given, resolved.

    Attributes:
        losses: one Loss (or None) per output; loss_weights: one number per output.
        tracked: the metrics, in the order in which they are logged.
        layers, flags: the model and every layer inside, and their `trainable` as it was at compile.
        trained: the weights that the optimizer may change.
    """

    optimizer: Any
    losses: list[Any]
    loss_weights: list[float]
    tracked: list[Tracked]
    layers: list[Any]
    flags: tuple[bool, ...]
    trained: list[Variable]


def resolve_compile_arguments(
    model: Any, *, optimizer: Any, loss: Any, metrics: Any, loss_weights: Any, weighted_metrics: Any
) -> Compiled:
    """Resolve the arguments of `compile` for a built model."""
    names = model.output_names
    chosen = [losses.get(identifier) for identifier in by_output("loss", loss, names)]
    if all(found is None for found in chosen):
        raise ArgumentError(
            where="model.compile",
            argument="loss",
            expected="a loss for at least one output",
            got=describe(loss),
            fix="Give, for example, `model.compile(optimizer='adam', loss='mse')`.",
        )
    weights = [loss_weight(given) for given in by_output("loss_weights", loss_weights, names)]
    for doubt in doubts(model.outputs, chosen):
        model.warn_once(doubt, key=doubt)
    tracked = track(model, metrics, weighted_metrics, chosen)
    trained = list(model.trainable_weights)
    instance = optimizers.get(optimizer)
    instance.build(trained)
    # A weak reference to the model, so that it is freed as soon as its last user drops it.
    layers = [weakref.proxy(model), *model.all_layers()]
    flags = tuple(layer.trainable for layer in layers)
    return Compiled(instance, chosen, weights, tracked, layers, flags, trained)


def loss_weight(given: Any) -> float:
    """The factor of one output's loss; 1 where none is given."""
    if given is None:
        return 1.0
    if isinstance(given, (int, float, np.integer, np.floating)) and math.isfinite(given):
        return float(given)
    is_metric = isinstance(given, (str, metrics.Metric))
    raise ArgumentError(
        where="model.compile",
        argument="loss_weights",
        expected="a finite number for each output's loss",
        got=describe(given),
        fix="The third argument is the weights of the losses; give metrics as `metrics=['accuracy']`."
        if is_metric
        else "Give a number, a list of numbers, or a map by output name.",
    )


def by_output(what: str, given: Any, names: Sequence[str]) -> list[Any]:
    """One entry per output, from a single value, a list in order, or a map by output name."""
    if isinstance(given, Mapping) and not ("class_name" in given or "className" in given):
        for name in given:
            if name not in names:
                raise unknown_name(f"output in {what}", name, names)
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ArgumentError(
                where="model.compile",
                argument=what,
                expected=f"one entry for each output ({', '.join(names)})",
                got=f"{len(given)} entries",
                fix="Give a single one, a list in the order of the outputs, or a map by output name.",
            )
        return list(given)
    return [given] * len(names)


def track(model: Any, plain: Any, weighted_metrics: Any, chosen: Sequence[Any]) -> list[Tracked]:
    """The metrics of all outputs, named as they are logged: `mae`, or `<output>_mae` with several outputs.

    A weighted metric whose name a plain one has is called `weighted_<name>`; further ones of a name are numbered.

    Source: Keras `CompileMetrics`.
    """
    names = model.output_names
    loss_names = {"loss"} | ({f"{name}_loss" for name in names} if len(names) > 1 else set())
    taken: set[str] = set()
    result: list[Tracked] = []
    for weighted, given in ((False, plain), (True, weighted_metrics)):
        for index, metric in metrics_of_outputs(model, given, chosen):
            prefix = f"{names[index]}_" if len(names) > 1 else ""
            name = f"{prefix}{metric.name}"
            if name in loss_names:
                raise ArgumentError(
                    where="model.compile",
                    argument="weighted_metrics" if weighted else "metrics",
                    expected="metrics with names of their own",
                    got=f"one that would be logged as {name!r}, as the loss is",
                    fix="Give it another name, for example `name='my_loss'`.",
                )
            if weighted and name in taken:
                name = f"{prefix}weighted_{metric.name}"
            numbered = (name if not number else f"{name}_{number}" for number in itertools.count())
            name = next(free for free in numbered if free not in taken)
            taken.add(name)
            result.append(Tracked(name, metric, index, weighted))
    refuse_names_of_validation(Logs(dict.fromkeys((*loss_names, *taken))))
    return result


def refuse_names_of_validation(logged: Logs) -> None:
    """An error where validation would log a value under a name that training has."""
    for name in logged:
        if name.startswith("val_") and name.removeprefix("val_") in logged:
            raise ArgumentError(
                where="model.compile",
                argument="metrics",
                expected="names that validation does not use",
                got=f"{name!r}, under which {name.removeprefix('val_')!r} of the validation data is logged",
                fix="Give the metric or the output another name.",
            )


def metrics_of_outputs(model: Any, given: Any, chosen: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Each metric with the number of its output."""
    names = model.output_names
    if (
        isinstance(given, (list, tuple))
        and len(names) > 1
        and any(isinstance(entry, (list, tuple)) for entry in given)
    ) or (isinstance(given, Mapping) and not ("class_name" in given or "className" in given)):
        per_output = by_output("metrics", given, names)
    else:
        per_output = [given] * len(names)
    for index, entries in enumerate(per_output):
        for entry in entries if isinstance(entries, (list, tuple)) else [entries]:
            if entry is not None:
                shape = model.outputs[index].shape
                yield index, metrics.get(entry, loss=chosen[index], output_shape=shape)
