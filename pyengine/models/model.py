"""Model: a network of layers that can be trained. It is a layer itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from pyengine.errors import ArgumentError, describe, unknown_name
from pyengine.layers import Connection, Input, Layer, Operation, SymbolicTensor
from pyengine.layers.symbolic import AnyShape
from pyengine.models.config import MODELS, model_config, model_from_config
from pyengine.models.network import network
from pyengine.models.summary import summary_lines
from pyengine.structure import leaves, packed, places
from pyengine.training import Trainer


def _read_only(name: str, description: str, source: str = "", without: tuple[type, ...] = ()) -> Any:
    """A property that gives a copy of the list `_<source>`, which is `_<name>`, and refuses to be set."""

    def read(self: Model) -> list[Any]:
        return [item for item in getattr(self, f"_{source or name}") if not isinstance(item, without)]

    def refuse(self: Model, value: Any) -> None:
        raise ArgumentError(
            where=self.label,
            argument=name,
            expected="to be read, not set",
            got=describe(value),
            fix="Make a new model, or use `add` and `pop` of a Sequential.",
        )

    return property(read, refuse, doc=description)


class Model(Layer, Trainer):
    """A network of layers between some inputs and some outputs.

    Layers may be used twice (their weights are shared) and models may be used as layers.

    Arguments:
        inputs: symbolic tensor from `Input`, a list of them, or a map by name.
        outputs: what layers made of them; one, or a list, tuple or map by name, also nested. Calls and `predict` give
            the same structure.
        name: what errors and summaries call it; default None, "model" and a number.
        trainable: whether training may change its weights; default True.
    Errors: ArgumentError for anything but symbolic tensors; GraphError for outputs that need inputs that are not given.

    >>> from pyengine import layers
    >>> x = layers.Input(shape=(4,))
    >>> model = Model(x, layers.Dense(2, kernel_initializer="ones")(x))
    >>> model.output_shape, model.count_params()
    ((None, 2), 10)
    >>> model.call(np.ones((1, 4), "float32"))
    array([[4., 4.]], dtype=float32)
    >>> copy = Model.from_config(model.get_config())
    >>> copy.set_weights(model.get_weights())
    >>> model.clone().count_params()
    10

    Source: Keras `Model`, the functional API.
    """

    casts = False

    def __init__(self, inputs: Any, outputs: Any, *, name: str | None = None, trainable: bool = True):
        super().__init__(name=name)
        self._init_training()
        self._inputs, input_names = _tensors("inputs", inputs)
        self._outputs, output_names = _tensors("outputs", outputs)
        found = network(self._inputs, self._outputs)
        self._layers: list[Layer] = found.layers
        self._uses: list[Connection] = found.connections
        self._input_names = input_names or _names(self._inputs)
        self._output_names = output_names or _names(self._outputs)
        self._structure: Any = places(outputs)
        self.built, self.built_shapes = True, tuple(tensor.shape for tensor in self.inputs)
        if not trainable:
            self.trainable = False

    # What it consists of: lists of the caller's own, so that changing one changes no model

    layers = _read_only("layers", "The layers, inputs first. A new list each time.", without=(Operation,))
    operations = _read_only(
        "operations", "The layers and the ops between them. A new list each time.", "layers"
    )
    inputs = _read_only("inputs", "Its symbolic inputs. A new list each time.")
    outputs = _read_only("outputs", "Its symbolic outputs. A new list each time.")
    input_names = _read_only("input_names", "The names of its inputs. A new list each time.")
    output_names = _read_only("output_names", "The names of its outputs. A new list each time.")

    # A layer like any other

    def children(self) -> list[Layer]:
        return list(self._layers)

    @property
    def arity(self) -> tuple[int, int | None]:  # type: ignore[override]
        return (len(self.inputs), len(self.inputs)) if self.built else (1, 1)

    def flat(self, *inputs: Any) -> tuple[Any, ...]:
        """The inputs of a call as a flat tuple, in the order of `inputs`.

        Arguments:
            inputs: given singly, in a list, or in a map by input name.
        Errors: UnknownNameError for an input that the model does not have; ArgumentError for one that is missing.

        >>> from pyengine import layers
        >>> x = layers.Input(shape=(4,), name="points")
        >>> Model(x, layers.Dense(2)(x)).flat({"points": 1})
        (1,)
        """
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            for name in inputs[0]:
                if name not in self.input_names:
                    raise unknown_name(f"input of {self.label}", name, self.input_names)
            missing = [name for name in self.input_names if name not in inputs[0]]
            if missing:
                raise ArgumentError(
                    where=self.label,
                    argument="the inputs",
                    expected=f"an array for each of {', '.join(self.input_names)}",
                    got=f"none for {', '.join(missing)}",
                    fix="Give a map with all of them, or a list in that order.",
                )
            return tuple(inputs[0][name] for name in self.input_names)
        return super().flat(*inputs)

    def prepare(self, *input_shapes: AnyShape) -> None:
        for tensor, shape in zip(self.inputs, input_shapes, strict=True):
            fits = len(shape) == len(tensor.shape) and all(
                wanted in (None, length) or length is None
                for wanted, length in zip(tensor.shape, shape, strict=True)
            )
            if not fits:
                raise self.shape_error(
                    f"its input {tensor.name!r} to have shape {tensor.shape}, where None is any length",
                    shape,
                    "Give it inputs of that shape.",
                )

    def call(self, *inputs: Any, training: bool = False) -> Any:
        """The output (or a list of them) that the layers compute from the inputs.

        Shapes: as `input_shape` and `output_shape` say.
        Arguments:
            inputs: one array per input, in the order of `inputs`.
            training: whether layers behave as in training; default False.
        """
        values = dict(zip(self.inputs, inputs, strict=True))
        for use in self._uses:
            if all(tensor in values for tensor in use.outputs):
                continue
            inputs_of_use = (values[tensor] for tensor in use.inputs)
            outputs = use.layer.run(*inputs_of_use, training=training, keywords=use.keywords)
            values.update(zip(use.outputs, leaves(outputs), strict=True))
        return self.packed([values[tensor] for tensor in self.outputs])

    def packed(self, outputs: Sequence[Any]) -> Any:
        """One per output as the model's outputs were given: a single one, or a list, tuple or map of them.

        Arguments:
            outputs: in the order of `outputs`.

        >>> from pyengine import layers
        >>> x = layers.Input(shape=(4,))
        >>> Model(x, {"double": 2 * x, "half": x / 2}).packed([1, 2])
        {'double': 1, 'half': 2}
        """
        return packed(self._structure, outputs)

    @property
    def input(self) -> Any:
        """Its own input (or a list of them), from which another model may begin."""
        self._require_built("say its inputs")
        return self.inputs[0] if len(self.inputs) == 1 else list(self.inputs)

    @property
    def output(self) -> Any:
        """The output (or a list of them), which another model may use as an input."""
        self._require_built("say its outputs")
        return self.packed(self.outputs)

    @property
    def input_shape(self) -> Any:
        """The shape (or list of shapes) of its inputs; None where a length is unknown."""
        self._require_built("say the shape of its input")
        return self.inputs[0].shape if len(self.inputs) == 1 else [tensor.shape for tensor in self.inputs]

    @property
    def output_shape(self) -> Any:
        """The shape (or list of shapes) of its outputs; None where a length is unknown."""
        self._require_built("say the shape of its output")
        return self.packed([tensor.shape for tensor in self.outputs])

    # Its weights

    def get_weights(self) -> list[np.ndarray]:
        """A list of copies of all weights, in the order of `weights`. A step that has begun is finished first.

        >>> from pyengine import layers
        >>> x = layers.Input(shape=(4,))
        >>> [weight.shape for weight in Model(x, layers.Dense(2)(x)).get_weights()]
        [(4, 2), (2,)]
        """
        self.settle()
        return super().get_weights()

    def set_weights(self, values: Sequence[Any]) -> None:
        """Overwrite all weights; a step that has begun is finished first.

        Shapes: every array has the shape of its weight.
        Arguments:
            values: arrays in the order of `weights`, as `get_weights` gives them.
        Errors: ShapeError for another number of arrays, or another shape; no weight is changed then.
        """
        self.settle()
        super().set_weights(values)

    # Its layers

    def get_layer(self, name: str | None = None, *, index: int | None = None) -> Layer:
        """The layer of a name, or the one at a place in `layers`.

        Arguments:
            name: of the layer; default None, see `index`.
            index: its place in `layers`, from 0 or, negative, from the end; default None. Give one of the two.
        Errors: UnknownNameError with the nearest names; ArgumentError for an index out of range, for both or neither.

        >>> from pyengine import layers
        >>> x = layers.Input(shape=(4,))
        >>> Model(x, layers.Dense(2, name="head")(x)).get_layer("head").units
        2
        """
        if isinstance(name, int) and index is None:
            name, index = None, name
        if (name is None) == (index is None):
            raise ArgumentError(
                where=f"{self.label}.get_layer",
                argument="name",
                expected="a name or an index, one of the two",
                got="none" if name is None else "both",
                fix="Give, for example, `model.get_layer('head')`.",
            )
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(
                    where=f"{self.label}.get_layer",
                    argument="index",
                    expected=f"a place among its {len(self.layers)} layers, from 0",
                    got=describe(index),
                    fix="`model.summary()` lists them.",
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise unknown_name(f"layer of {self.label}", name, [layer.name for layer in self.layers])

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] = print,
    ) -> None:
        """Print name (type), output shape and parameters of every layer, and the totals.

        Arguments:
            line_length: width in characters; default None, as wide as the content needs.
            positions: where the columns end, as fractions of the width or in characters; default None, as the content
                needs.
            print_fn: called with each line; default print.

        >>> from pyengine import layers
        >>> x = layers.Input(shape=(4,), name="x")
        >>> lines = []
        >>> Model(x, layers.Dense(2, name="head")(x)).summary(print_fn=lines.append)
        >>> next(line for line in lines if "head" in line).split()
        ['head', '(Dense)', '(None,', '2)', '10']

        Source: Keras `Model.summary`.
        """
        for line in summary_lines(self, line_length, positions):
            print_fn(line)

    # Copies

    def clone(self) -> Self:
        """A model of the same layers with weights of its own, newly initialized."""
        return clone_with(self, lambda layer: layer.clone())

    def get_config(self) -> dict[str, Any]:
        """Its configuration, enough for `from_config`: name, layers and how they are connected, inputs, outputs."""
        return model_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new model from a configuration, its weights newly initialized.

        Arguments:
            config: what `get_config` returned.
        Errors: UnknownNameError for a layer class that does not exist.
        """
        return model_from_config(cls, config)

    def __repr__(self) -> str:
        shapes = f"{self.input_shape} -> {self.output_shape}" if self.built else "not built"
        return f"<{type(self).__name__} {self.name!r}: {len(self.layers)} layers, {shapes}>"


MODELS["Model"] = Model


def clone_with(model: Model, copy: Callable[[Layer], Layer]) -> Any:
    """The same network of other layers: `copy` gives the new layer for each old one."""
    tensors = {
        tensor: Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
        for tensor in model.inputs
    }
    copies: dict[int, Layer] = {}
    for use in model._uses:
        layer = copies.get(id(use.layer))
        if layer is None:
            layer = copies[id(use.layer)] = copy(use.layer)
        outputs = layer.connect(*(tensors[tensor] for tensor in use.inputs), keywords=use.keywords)
        tensors.update(zip(use.outputs, leaves(outputs), strict=True))
    clone = Model(
        dict(zip(model.input_names, (tensors[t] for t in model.inputs), strict=True)),
        dict(zip(model.output_names, (tensors[t] for t in model.outputs), strict=True)),
        name=model.name,
        trainable=model.trainable,
    )
    clone._structure = model._structure
    return clone


def _tensors(what: str, given: Any) -> tuple[list[SymbolicTensor], list[str] | None]:
    """A flat list of symbolic tensors, and their names if they came in a map."""
    tensors = leaves(given) if what == "outputs" or not isinstance(given, (list, tuple)) else list(given)
    names = list(given) if isinstance(given, Mapping) and len(tensors) == len(given) else None
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            raise ArgumentError(
                where="Model",
                argument=what,
                expected="symbolic tensors",
                got=describe(tensor),
                fix="They come from `layers.Input(shape=(784,))` and from layers called on it.",
            )
    if not tensors:
        raise ArgumentError(
            where="Model", argument=what, expected="at least one tensor", got="none", fix=f"Give its {what}."
        )
    if what == "inputs" and len(set(tensors)) < len(tensors):
        raise ArgumentError(
            where="Model",
            argument=what,
            expected="tensors that differ from each other",
            got="one twice",
            fix="Give each input once; layers may be called on it several times.",
        )
    return tensors, names


def _names(tensors: Sequence[SymbolicTensor]) -> list[str]:
    """The names of the layers that make them; equal ones are numbered."""
    names: list[str] = []
    for tensor in tensors:
        name, number = tensor.name, 1
        while name in names:
            name, number = f"{tensor.name}_{number}", number + 1
        names.append(name)
    return names
