"""Sequential: a stack of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pyengine.errors import ArgumentError, NotBuiltError
from pyengine.layers import Input, InputLayer, Layer, SymbolicTensor
from pyengine.layers.symbolic import AnyShape
from pyengine.models.config import MODELS, stack_config, stack_from_config
from pyengine.models.model import Model
from pyengine.structure import leaves


class Sequential(Model):
    """Layers one after another, each with one input and one output.

    Without the shape of its input (an `Input` in front, or `input_shape` of the first layer) it is built when the
    first data arrive.

    Arguments:
        layers: the layers, first to last; more may be added. Default None, none yet.
        name: what errors and summaries call it; default None, "sequential" and a number.
        trainable: whether training may change its weights; default True.
    Errors: as in `add`: ArgumentError, ShapeError.

    >>> from pyengine import layers
    >>> model = Sequential([layers.Dense(8, activation="relu", input_shape=(4,)), layers.Dense(2)])
    >>> model.output_shape, model.count_params()
    ((None, 2), 58)
    >>> model.add(layers.Softmax())
    >>> model.pop().name
    'softmax'

    Source: Keras `Sequential`.
    """

    def __init__(
        self, layers: Sequence[Any] | None = None, *, name: str | None = None, trainable: bool = True
    ):
        Layer.__init__(self, name=name)
        self._init_training()
        self._layers: list[Layer] = []
        self._trainable = bool(trainable)
        self._forget()
        for layer in layers or ():
            self.add(layer)

    def _forget(self) -> None:
        """Back to what it is before its input's shape is known."""
        self.built, self.built_shapes = False, ()
        self._inputs: list[SymbolicTensor] = []
        self._outputs: list[SymbolicTensor] = []
        self._input_names: list[str] = []
        self._structure = 0
        self._output_names: list[str] = []
        self._uses = []

    def add(self, layer: Any) -> None:
        """Put a layer on top. A compiled model must be compiled again afterwards.

        Arguments:
            layer: a layer, a model with one input and one output, or, first, an `Input`.
        Errors: ArgumentError for anything else, for a layer or a name that it has already; ShapeError where the layer
            does not fit; BusyError while a fit runs.
        """
        self.refuse_while_fitting("add")
        if isinstance(layer, SymbolicTensor):
            layer = layer.layer
        if not isinstance(layer, Layer):
            raise self.refusal("layer", "a layer", layer, "Use, for example, `layers.Dense(10)`.")
        if layer is self or self in layer.all_layers():
            raise ArgumentError(
                where=self.label,
                argument="layer",
                expected="another layer or model",
                got="the model itself, or one that contains it",
                fix="A model cannot be one of its own layers.",
            )
        if isinstance(layer, InputLayer):
            if self.layers or self.inputs:
                raise ArgumentError(
                    where=self.label,
                    argument="layer",
                    expected="an Input only in front of all layers",
                    got="one behind others",
                    fix="Put it first.",
                )
            self._begin(layer.output)
            return
        if any(layer is other for other in self.layers):
            raise ArgumentError(
                where=self.label,
                argument="layer",
                expected="each layer once",
                got=f"{layer.label} again",
                fix="To share one, write a `Model` with layers called on tensors.",
            )
        if any(layer.name == other.name for other in self.layers):
            raise ArgumentError(
                where=self.label,
                argument="layer",
                expected="layers of different names",
                got=f"another one named {layer.name!r}",
                fix=f"Give the new one another name: `name='{layer.name}_2'`.",
            )
        self._changed()
        if not self.layers and not self.inputs:
            start = self._start_of(layer)
            if start is not None:
                self._begin(start)
        self._layers.append(layer)
        if self.inputs:
            try:
                self._extend(layer)
            except Exception:
                self._layers.pop()
                raise
        if not self._trainable:
            layer.trainable = False

    def pop(self) -> Layer:
        """Take the topmost layer off. A compiled model must be compiled again afterwards.

        Returns: the layer.
        Errors: ArgumentError where there is none; BusyError while a fit runs.
        """
        self.refuse_while_fitting("pop")
        if not self.layers:
            raise ArgumentError(
                where=self.label,
                argument="pop",
                expected="a layer to take off",
                got="none",
                fix="Add one first: `model.add(layers.Dense(10))`.",
            )
        self._changed()
        layer = self._layers.pop()
        if self.inputs:
            use = self._uses.pop()
            layer.disconnect(use)
            self._end(use.inputs[0])
        return layer

    def build(self, *input_shapes: Any) -> None:
        """Create all weights for inputs of a shape, the batch first: `model.build((None, 784))`.

        Arguments:
            input_shapes: the shape of its input, or a list of that one.
        Errors: as in `build_from`.

        >>> from pyengine import layers
        >>> model = Sequential([layers.Dense(2)])
        >>> model.build((None, 3))
        >>> model.count_params()
        8
        """
        if len(input_shapes) == 1 and input_shapes[0] and isinstance(input_shapes[0][0], (list, tuple)):
            input_shapes = tuple(input_shapes[0])
        self.build_from(input_shapes)

    def build_from(self, shapes: Sequence[AnyShape]) -> None:
        """Create all weights for inputs of these shapes (one, as a Sequential has one input); nothing if it is built.

        Arguments:
            shapes: the shapes, the batch first.
        Errors: ArgumentError for more than one shape; NotBuiltError without layers.

        >>> from pyengine import layers
        >>> model = Sequential([layers.Dense(2)])
        >>> model.build_from([(None, 3)])
        >>> model.count_params()
        8
        """
        if self.built or self.inputs:
            return
        if len(shapes) != 1:
            raise ArgumentError(
                where=self.label,
                argument="build",
                expected="one shape, as it has one input",
                got=str(len(shapes)),
                fix="Use, for example, `model.build((None, 784))`.",
            )
        if not self.layers:
            raise NotBuiltError(
                where=self.label,
                argument="layers",
                expected="at least one layer",
                got="none",
                fix="Add one: `model.add(layers.Dense(10))`.",
            )
        first = self.layers[0]
        self._begin(
            Input(batch_shape=(None, *shapes[0][1:]), dtype=first.input_dtype, name=f"{first.name}_input")
        )
        try:
            for layer in self.layers:
                self._extend(layer)
        except Exception:
            for use in self._uses:
                use.layer.disconnect(use)
            self._forget()
            raise

    def prepare(self, *input_shapes: AnyShape) -> None:
        if not self.built:
            self.build_from([(None, *shape[1:]) for shape in input_shapes])
        super().prepare(*input_shapes)

    def _start_of(self, layer: Layer) -> SymbolicTensor | None:
        """The input that a first layer declares, or a first model has."""
        if isinstance(layer, Model) and layer.built:
            first = layer.inputs[0]
            return Input(batch_shape=first.shape, dtype=first.dtype)
        while isinstance(layer, Sequential) and layer.layers:
            layer = layer.layers[0]
        if layer.declared_shape is None:
            return None
        return Input(batch_shape=layer.declared_shape, dtype=layer.input_dtype, name=f"{layer.name}_input")

    def _begin(self, tensor: SymbolicTensor) -> None:
        self._inputs, self._input_names = [tensor], [tensor.name]
        self._outputs = [tensor]

    def _extend(self, layer: Layer) -> None:
        output = layer(self.outputs[0])
        if not isinstance(output, SymbolicTensor):
            layer.disconnect(leaves(output)[0].connection)
            raise ArgumentError(
                where=self.label,
                argument="layer",
                expected="layers of exactly one output",
                got=f"{layer.label}, which gives a {type(output).__name__} of {len(leaves(output))}",
                fix="Use `Model(inputs, outputs)`.",
            )
        self._uses.append(output.connection)
        self._end(output)

    def _end(self, tensor: SymbolicTensor) -> None:
        self._outputs, self._output_names = [tensor], [tensor.name]
        self.built = bool(self.layers)
        self.built_shapes = (self.inputs[0].shape,)

    def _changed(self) -> None:
        """Another stack: planned steps do not fit any more, and what was compiled must be compiled again."""
        self.forget_steps()
        if self.compiled is not None:
            self.compiled = self._compile_arguments = None

    def clone(self) -> Self:
        copies = [layer.clone() for layer in self.layers]
        start: list[Any] = []
        if self.inputs:
            first = self.inputs[0]
            start = [Input(batch_shape=first.shape, dtype=first.dtype, name=first.name)]
        return type(self)([*start, *copies], name=self.name, trainable=self.trainable)

    def get_config(self) -> dict[str, Any]:
        return stack_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return stack_from_config(cls, config)


MODELS["Sequential"] = Sequential
