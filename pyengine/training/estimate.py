"""How much memory a model takes in training, and the error where that is more than available."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pyengine import memory
from pyengine.errors import ArgumentError, OutOfMemoryError, readable
from pyengine.graph import Spec
from pyengine.training.job import Job
from pyengine.training.pacing import Pacer
from pyengine.training.step import Builder, Planned, Totals, new_totals, predict_step, train_step


class MemoryEstimate(NamedTuple):
    """What a model takes in memory, in bytes.

    Attributes:
        parameters: its weights.
        optimizer: what the optimizer keeps for each weight; 0 before compile.
        step: what one step needs beside them: activations, gradients, inputs and targets of a batch.
        total: the sum.

    >>> print(MemoryEstimate(31_400, 62_800, 5_000))
    weights 31 kB, optimizer 63 kB, step 5.0 kB: 99 kB
    """

    parameters: int
    optimizer: int
    step: int

    @property
    def total(self) -> int:
        return sum(self)

    def __str__(self) -> str:
        return (
            f"weights {readable(self.parameters)}, optimizer {readable(self.optimizer)}, "
            f"step {readable(self.step)}: {readable(self.total)}"
        )


def estimate(model: Any, batch_size: int) -> MemoryEstimate:
    """What a built model takes with batches of a size: in training where it is compiled, else in `predict`."""
    if model.compiled is None:
        return estimate_of(model, predict_step, specs_of(model, batch_size, targets=False), ())
    return estimate_of(model, train_step, specs_of(model, batch_size, targets=True), new_totals(model))


def estimate_of(
    model: Any, build: Builder, specs: Mapping[str, Spec], totals: Sequence[Totals]
) -> MemoryEstimate:
    """What it takes with one kind of step on inputs like these; the step is planned, not allocated."""
    pacer = Pacer("never")
    planned: Planned = Job(build(model, dict(specs), totals, pacer), pacer).finish()
    return MemoryEstimate(*held(model), planned.program.arena + len(planned.program.constants))


def held(model: Any) -> tuple[int, int]:
    """Bytes of the weights, and of what the optimizer keeps for them."""
    slots = model.optimizer.variables if model.compiled else ()
    return sum(weight.value.nbytes for weight in model.weights), sum(slot.value.nbytes for slot in slots)


def specs_of(model: Any, batch_size: int, *, targets: bool) -> dict[str, Spec]:
    """The inputs of a step, and its targets, by the names that steps give them."""
    specs = {
        f"x/{name}": Spec((batch_size, *known(model, tensor.shape[1:])), tensor.dtype)
        for name, tensor in zip(model.input_names, model.inputs, strict=True)
    }
    if targets:
        for name, tensor, loss in zip(model.output_names, model.outputs, model.compiled.losses, strict=True):
            shape = (batch_size, *known(model, tensor.shape[1:]))
            classes = loss is not None and loss.targets == "classes"
            specs[f"y/{name}"] = Spec(shape[:-1], "int32") if classes else Spec(shape, tensor.dtype)
    return specs


def known(model: Any, lengths: Sequence[int | None]) -> tuple[int, ...]:
    if None in lengths:
        raise ArgumentError(
            where="model.memory_estimate",
            expected="a model whose inputs have known lengths",
            got=f"{model.name!r} with shape {(None, *lengths)}",
            fix="Give the `Input` its lengths: memory depends on them.",
        )
    return tuple(length for length in lengths if length is not None)


def out_of_memory(
    model: Any, build: Builder, specs: Mapping[str, Spec], totals: Sequence[Totals]
) -> OutOfMemoryError:
    """The error for a step that does not fit: what it would need, and which batch size would fit."""
    batch_size = next(iter(specs.values())).shape[0]
    needed = estimate_of(model, build, specs, totals)
    smaller = batch_size
    while smaller := smaller // 2:
        smaller = 1 << (smaller.bit_length() - 1)
        fewer = {name: Spec((smaller, *spec.shape[1:]), spec.dtype) for name, spec in specs.items()}
        if estimate_of(model, build, fewer, totals).total <= memory.available():
            break
    return OutOfMemoryError(
        argument="batch_size",
        expected=f"a batch for which there is memory ({readable(memory.available())} here)",
        got=f"`{batch_size}`, which needs {readable(needed.total)} ({needed})",
        fix=f"`batch_size={smaller}` would fit."
        if smaller
        else "Not even one sample fits: use fewer or smaller layers, or smaller inputs.",
    )
