"""What every layer is: a function on arrays with weights of its own.

A layer knows only ops. Called on arrays it computes at once, called on values of a graph it writes itself down,
called on symbolic tensors it becomes part of a model.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar

from pyengine import ops
from pyengine.dtypes import canonical, is_float
from pyengine.errors import (
    ArgumentError,
    DtypeError,
    NotBuiltError,
    PyEngineError,
    ShapeError,
    describe,
    unknown_name,
)
from pyengine.graph import Graph, Value, Variable, recording
from pyengine.layers import naming
from pyengine.layers.holder import COMMON, Holder
from pyengine.layers.signature import complete_signature
from pyengine.layers.symbolic import NONE, AnyShape, Connection, Keywords, SymbolicTensor, infer
from pyengine.layers.weight import declared_weights, documentation
from pyengine.ops.base import to_array
from pyengine.structure import leaves, packed

_training: ContextVar[bool] = ContextVar("training", default=False)  # of the layer that is being called


class Layer(Holder):
    """A function on arrays with weights of its own.

    A layer of your own needs at most three methods: a constructor that keeps its words, `build` that makes weights
    once the inputs' shapes are known, and `call` that computes with ops.

    Shapes: whatever `call` takes and returns, the batch first.
    Arguments:
        name: what errors, summaries and files call it; by default the class's name and a number.
        trainable: whether an optimizer may change its weights.
        dtype: "float32" or "float64", of weights and arithmetic; floating inputs are cast to it.
        input_shape: shape of one sample, without the batch; for the first layer of a Sequential.
        batch_input_shape: the same with the batch's length (or None) in front.
    Errors: ArgumentError for a setting out of its range, UnknownNameError for an argument or a name that there is not;
        when it is called, ShapeError for inputs of a shape that it cannot read. Each names the layer.

    >>> from pyengine import layers, ops
    >>> class Scale(layers.Layer):
    ...     factor = layers.Weight("ones")
    ...     def build(self, shape):
    ...         self.add_weights(factor=(shape[-1],))
    ...     def call(self, x):
    ...         return ops.multiply(x, self.factor)
    >>> Scale()([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)

    Source: Keras `Layer`.
    """

    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """The least and the largest number of inputs (None: any)."""
    input_rank: int | None = None
    """The rank that every input must have, the batch counted (None: any)."""
    casts: ClassVar[bool] = True
    """Whether floating inputs are cast to the layer's dtype."""

    _takes_training: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.declared_weights = declared_weights(cls)
        cls.__signature__ = complete_signature(cls, COMMON)  # type: ignore[attr-defined]
        if "build" in cls.__dict__:
            cls.build = _once(cls.__dict__["build"])  # type: ignore[method-assign]
        if "call" in cls.__dict__:
            parameters = inspect.signature(cls.call).parameters
            cls._takes_training = "training" in parameters or any(
                p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()
            )

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: str = "float32",
        input_shape: Sequence[int | None] | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        **of_weights: Any,
    ):
        self._named = name is not None
        self.name = naming.unique(type(self).__name__) if name is None else name
        self.dtype = canonical(dtype)
        if self.casts and not is_float(self.dtype):
            raise self.refusal("dtype", "'float32' or 'float64'", dtype, "Use `dtype='float32'`.")
        self._keep(of_weights)
        self._trainable = bool(trainable)
        self._weights: list[Variable] = []
        self._states: list[Variable] = []
        self._connected: list[weakref.ref[Connection]] = []
        self.built = False
        self.built_shapes: tuple[AnyShape, ...] = ()
        self.known_lengths: dict[int, int] = {}
        self.declared_shape: AnyShape | None = None
        if batch_input_shape is not None:
            self.declared_shape = _lengths(self.label, batch_input_shape, "batch_input_shape")
        elif input_shape is not None:
            self.declared_shape = (None, *_lengths(self.label, input_shape, "input_shape"))

    @classmethod
    def described_arguments(cls) -> dict[tuple[str, ...], str]:
        """What documentation says of the arguments that the class need not describe itself.

        >>> from pyengine import layers
        >>> layers.Dense.described_arguments()["kernel_initializer", "bias_initializer"]
        'how they begin.'
        """
        if cls is Layer:
            return {}
        return {**documentation(cls.declared_weights.values()), COMMON: "see `Layer`."}

    # What a subclass writes

    def build(self, *input_shapes: AnyShape) -> None:
        """Make the weights. Shapes have the batch first and None where a length is unknown.

        Arguments:
            input_shapes: the shape of each input, the batch first; None where a length is unknown.
        """
        self.built, self.built_shapes = True, input_shapes

    def call(self, *inputs: Any, training: bool = False) -> Any:
        """Compute the output with ops. A layer that does the same in training and after may leave `training` out.

        Arguments:
            inputs: arrays, or values of a graph that is being recorded.
            training: whether it is called in training; default False.
        Returns: an array or value, or a list of them.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no `call`. Write one: call(self, x) -> ops of x."
        )

    takes: ClassVar[str] = ""
    """What it reads, for errors: "sequences (batch, steps, features)", "images (batch, height, width, channels)"."""

    def advice_to(self, reader: Layer) -> str:
        """How another layer that rejects this one's output could read it; empty if there is no advice.

        Arguments:
            reader: the layer that is called on what this one gives.

        >>> from pyengine import layers
        >>> layers.LSTM(3, name="a").advice_to(layers.LSTM(2))
        "Give LSTM 'a' `return_sequences=True`: it returns only its last output."
        """
        return ""

    # Calling

    def __call__(self, *inputs: Any, training: bool | None = None, **words: Any) -> Any:
        """The output for arrays, graph values or symbolic tensors; several inputs singly or in one list.

        Arguments:
            inputs: arrays, values of a graph that is being recorded, or symbolic tensors; several singly or in
                one list.
            training: whether to behave as in training; by default, None, as the layer does from whose `call` this is
                called, and False outside of any. On symbolic tensors it becomes a fixed part of the model:
                `base(x, training=False)` stays in inference mode, also when `base` is thawed later, and
                `Dropout(0.5)(x, training=True)` drops in `predict`, too. By default the model decides.
            words: what else the layer's `call` takes by name: settings, or further arrays and tensors.
        Errors: ShapeError, DtypeError and ArgumentError for inputs that it cannot read; each names the layer.
        """
        inputs = self.flat(*inputs)
        least, most = self.arity
        if not least <= len(inputs) <= (most or len(inputs)):
            wanted = (
                f"{least} or more" if most is None else f"{least}" if most == least else f"{least} to {most}"
            )
            wanted += " input" if most == 1 else " inputs"
            fix = "Give several in one list: `layer([a, b])`." if len(inputs) < least else "Leave some out."
            raise ArgumentError(
                where=self.label, argument="the inputs", expected=wanted, got=str(len(inputs)), fix=fix
            )
        keywords = self.keywords(words) if words else NONE
        inputs = (*inputs, *(words[name] for name in keywords.arrays))
        symbolic = [isinstance(x, SymbolicTensor) for x in inputs]
        if any(symbolic):
            if not all(symbolic):
                raise ArgumentError(
                    where=self.label,
                    argument="the inputs",
                    expected="symbolic tensors, or arrays",
                    got="both",
                    fix="Give an array of a model its own `Input`.",
                )
            return self.connect(*inputs, keywords=keywords.in_mode(training))
        try:
            arrays = [x if isinstance(x, (Value, Variable)) else to_array(x) for x in inputs]
        except DtypeError as error:
            raise error.inside(self.label) from None
        training = _training.get() if training is None else bool(training)
        return self.run(*arrays, training=training, keywords=keywords)

    def keywords(self, words: dict[str, Any]) -> Keywords:
        """What a call gives by name, arrays and settings apart.

        Arguments:
            words: the arguments by name.
        Errors: UnknownNameError for a name that `call` does not take.

        >>> from pyengine import layers
        >>> layers.MultiHeadAttention(2, 3).keywords({"use_causal_mask": True}).settings
        {'use_causal_mask': True}
        """
        accepted = [
            name for name in inspect.signature(self.call).parameters if name not in ("training", "kwargs")
        ]
        for name in words:
            if name not in accepted:
                raise unknown_name(f"argument of calling {self.label}", name, accepted, self.label)
        arrays = tuple(name for name, value in words.items() if hasattr(value, "shape"))
        return Keywords(arrays, {name: value for name, value in words.items() if name not in arrays})

    def flat(self, *inputs: Any) -> tuple[Any, ...]:
        """Inputs given singly, from inputs given singly or as one list (of arrays, not of numbers).

        Arguments:
            inputs: arrays or tensors, or one list of them.
        Returns: the inputs, singly.

        >>> from pyengine import layers
        >>> import numpy as np
        >>> len(layers.Add().flat([np.ones(2), np.ones(2)]))
        2
        """
        first = inputs[0] if len(inputs) == 1 else None
        if isinstance(first, (list, tuple)) and first and all(hasattr(x, "shape") for x in first):
            return tuple(first)
        return inputs

    def connect(self, *inputs: SymbolicTensor, keywords: Keywords = NONE) -> Any:
        """Become part of a model: a symbolic tensor (or a list of them) that this layer makes of others.

        Arguments:
            inputs: the symbolic tensors.
            keywords: what the call is given by name; default Keywords(arrays=(), settings={}).
        Returns: its output, or a list of them.
        Errors: ShapeError for a shape that it cannot read, with advice of the layer that made the input.

        >>> from pyengine import layers
        >>> layers.Flatten().connect(layers.Input((2, 3))).shape
        (None, 6)
        """
        try:
            self.prepare(*(tensor.shape for tensor in keywords.split(inputs)[0]))
            specs, structure = infer(self, inputs, keywords)
        except PyEngineError as error:
            located = error.inside(self.label, [tensor.shape for tensor in inputs])
            if isinstance(error, ShapeError) and located.where == self.label:
                advice = (tensor.layer.advice_to(self) for tensor in inputs if tensor.history)
                located = located.advising(next(filter(None, advice), located.fix))
            if located is error:  # an error that were its own cause would have no first one
                raise
            raise located from error
        return packed(structure, self.connected(Connection(self, inputs, specs, keywords)).outputs)

    def connected(self, connection: Connection) -> Connection:
        """Remember a use of this layer as long as a tensor or a model refers to it.

        Arguments:
            connection: the use.
        Returns: the same.

        >>> from pyengine import layers
        >>> layer = layers.Flatten()
        >>> output = layer(layers.Input((2, 3)))
        >>> layer.connected(output.connection) is output.connection
        True
        """
        self._connected = [ref for ref in self._connected if ref() is not None]
        self._connected.append(weakref.ref(connection))
        return connection

    def disconnect(self, connection: Connection) -> None:
        """Forget a use of this layer.

        Arguments:
            connection: the use.

        >>> from pyengine import layers
        >>> layer = layers.Flatten()
        >>> output = layer(layers.Input((2, 3)))
        >>> layer.disconnect(output.connection)
        >>> layer.connections
        []
        """
        self._connected = [ref for ref in self._connected if ref() not in (None, connection)]

    @property
    def connections(self) -> list[Connection]:
        """Its uses in models and on symbolic tensors that still exist, the first one first."""
        return [connection for ref in self._connected if (connection := ref()) is not None]

    def run(self, *inputs: Any, training: bool, keywords: Keywords = NONE) -> Any:
        """`call`, after the inputs were checked and cast and the weights made if there were none.

        Arguments:
            inputs: arrays, or values of a graph that is being recorded.
            training: whether the model is being trained; what the call has fixed wins.
            keywords: what the call is given by name; default Keywords(arrays=(), settings={}).
        Errors: those of `call`. A PyEngineError names the innermost layer that it happens in; others get that as a
            note.

        >>> from pyengine import layers
        >>> import numpy as np
        >>> layers.Flatten().run(np.ones((1, 2, 2)), training=False).shape
        (1, 4)
        """
        training = keywords.mode(training)
        outside = _training.set(training)
        graph = recording() or Graph()
        outer, graph.layer = graph.layer, self.label
        try:
            self.prepare(*(x.shape for x in keywords.split(inputs)[0]))
            if self.casts:
                inputs = tuple(ops.in_dtype(x, self.dtype) if is_float(x.dtype) else x for x in inputs)
            arrays, call_keywords = keywords.split(inputs)
            call_keywords.pop("training", None)
            if self._takes_training:
                call_keywords["training"] = training
            return self._checked(self.call(*arrays, **call_keywords))
        except PyEngineError as error:
            located = error.inside(self.label, [x.shape for x in inputs])
            if located is error:
                raise
            raise located from error
        except Exception as error:
            if not hasattr(error, "__notes__"):
                shapes = " and ".join(str(x.shape) for x in inputs)
                error.add_note(f"In {self.label}, called on shape {shapes}.")
            raise
        finally:
            graph.layer = outer
            _training.reset(outside)

    def _checked(self, outputs: Any) -> Any:
        """What `call` returned, if that can be the output of a layer."""
        for output in leaves(outputs):
            if not hasattr(output, "shape"):
                raise self.refusal(
                    "call",
                    "to return an array made with `ops`, or a list or map of them",
                    output,
                    "End it with `return`." if output is None else "Compute the output with `ops`.",
                )
        return outputs

    def prepare(self, *input_shapes: AnyShape) -> None:
        """Check shapes, and make the weights at the first call.

        Arguments:
            input_shapes: the shape of each input, the batch first.
        Errors: ShapeError for another rank, or other lengths than it was built for.

        >>> from pyengine import layers
        >>> layer = layers.Dense(2)
        >>> layer.prepare((8, 3))
        >>> layer.kernel.shape
        (3, 2)
        """
        if self.input_rank is not None:
            for shape in input_shapes:
                if len(shape) != self.input_rank:
                    raise self.shape_error(
                        f"{self.takes or 'inputs'} of rank {self.input_rank}, the batch counted",
                        f"shape {shape} of rank {len(shape)}",
                        self.rank_hint(),
                    )
        if not self.built:
            self.build(*((None, *shape[1:]) for shape in input_shapes))
        for axis, length in self.known_lengths.items():
            self._check_length(input_shapes[0], axis, length)

    def _check_length(self, shape: AnyShape, axis: int, length: int) -> None:
        place = axis % len(shape) if -len(shape) <= axis < len(shape) else len(shape)
        if place < len(shape) and shape[place] in (None, length):
            return
        where = f"ending in {length}" if axis == -1 else f"with length {length} on axis {axis}"
        fix = f"Give it such inputs, or make a new {type(self).__name__} for these."
        if axis == -1 and len(shape) > 2 and shape[1] == length:
            order = (0, *range(2, len(shape)), 1)
            fix = f"Move the channels to the last axis: `ops.transpose(x, {order})`."
        raise self.shape_error(f"inputs {where}, as it was built for", shape, fix)

    def rank_hint(self) -> str:
        """What to do about an input of the wrong rank.

        >>> from pyengine import layers
        >>> layers.Conv2D(2, 3).rank_hint()[:32]
        'Give grey images a last axis of '
        """
        return "Give it inputs of that rank; `layers.Reshape` changes the axes of a sample."

    # What it is called, what it has

    @property
    def input_dtype(self) -> str:
        """The dtype of the input that it declares as the first layer of a model."""
        return self.dtype

    @classmethod
    def get_class_name(cls) -> str:
        """The name of its class, as Keras and files have it.

        >>> from pyengine import layers
        >>> layers.Dense.get_class_name()
        'Dense'
        """
        return cls.__name__

    # Its place in a model

    def _first(self) -> Connection:
        connections = self.connections
        if not connections:
            raise NotBuiltError(
                where=self.label,
                argument="input",
                expected="a symbolic tensor that it was called on",
                got="none, or one that nobody holds any more",
                fix="Call it on one first, `layer(layers.Input((784,)))`, and keep what it returns.",
            )
        return connections[0]

    @property
    def input(self) -> Any:
        """The symbolic tensor (or list of them) that it was first called on."""
        tensors = self._first().inputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    @property
    def output(self) -> Any:
        """The symbolic tensor (or list of them) that its first use makes."""
        tensors = self._first().outputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    @property
    def input_shape(self) -> Any:
        """The shape (or list of shapes) of what it was first called on; None where a length is unknown."""
        if self.connections or not self.built:
            return _shapes([tensor.shape for tensor in self._first().inputs])
        return _shapes(list(self.built_shapes))

    @property
    def output_shape(self) -> Any:
        """The shape (or list of shapes) of its output; None where a length is unknown."""
        if self.connections or not self.built:
            return _shapes([tensor.shape for tensor in self._first().outputs])
        return self.compute_output_shape(*self.built_shapes)

    def compute_output_shape(self, *input_shapes: Sequence[int | None]) -> Any:
        """The output's shape for inputs of these shapes; None where a length is unknown.

        Arguments:
            input_shapes: the shape of each input, the batch first.
        Errors: ShapeError for shapes that it cannot read.

        >>> from pyengine import layers
        >>> layers.Flatten().compute_output_shape((None, 4, 4))
        (None, 16)
        """
        tensors = [SymbolicTensor(shape, self.dtype) for shape in input_shapes]
        self.prepare(*(tensor.shape for tensor in tensors))
        specs, structure = infer(self, tensors)
        return packed(structure, [tensor.shape for tensor in specs])

    # Its words

    def get_config(self) -> dict[str, Any]:
        """Every argument of the constructor by name; the name and `trainable` are those it has now."""
        now = {"name": self.name, "trainable": self.trainable}
        return {key: now.get(key, value) for key, value in super().get_config().items()}

    def _given(self) -> dict[str, Any]:
        given = super()._given()
        if not self._named:
            given.pop("name", None)
        return given


_OWN = list(inspect.signature(Layer.__init__).parameters.values())[1:-1]
Layer.__signature__ = inspect.Signature(_OWN)  # type: ignore[attr-defined]


def _once(build: Callable) -> Callable:
    """`build` that does nothing the second time and remembers for which shapes the layer was built."""

    @functools.wraps(build)
    def built_once(self: Layer, *input_shapes: Any) -> None:
        if self.built:
            return
        if len(input_shapes) == 1 and input_shapes[0] and isinstance(input_shapes[0][0], (list, tuple)):
            input_shapes = tuple(input_shapes[0])
        given = tuple(tuple(shape) for shape in input_shapes)
        build(self, *given)
        self.built, self.built_shapes = True, given

    return built_once


def _shapes(shapes: list[AnyShape]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes


def _lengths(where: str, shape: Any, name: str) -> AnyShape:
    try:
        lengths = tuple(None if length is None else int(length) for length in shape)
    except (TypeError, ValueError):
        lengths = (-1,)
    if any(length is not None and length < 0 for length in lengths):
        raise ArgumentError(
            where=where,
            argument=name,
            expected="a list of whole numbers (or None)",
            got=describe(shape),
            fix=f"Use, for example, `{name}={'[28, 28, 1]' if name == 'input_shape' else '[None, 28, 28, 1]'}`.",
        )
    return lengths
