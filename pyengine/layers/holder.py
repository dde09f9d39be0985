"""What a layer holds: weights, states, and the layers inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from pyengine import constraints, initializers, memory, random, regularizers
from pyengine.configurable import Configurable
from pyengine.dtypes import itemsize
from pyengine.errors import (
    ArgumentError,
    NotBuiltError,
    OutOfMemoryError,
    ShapeError,
    describe,
    readable,
    unknown_name,
)
from pyengine.graph import Variable
from pyengine.layers import check
from pyengine.layers.weight import KINDS, Weight
from pyengine.shapes import size

COMMON = ("name", "trainable", "dtype", "input_shape", "batch_input_shape")
"""What every layer takes, last."""


class Holder(Configurable):
    """Base of `Layer`: its weights, its states, and the layers inside, however they are kept.

    Attributes:
        name, dtype: what it is called; of its weights.
        built: whether its weights are made.

    >>> from pyengine import layers
    >>> layer = layers.Dense(2, name="head")
    >>> layer.build((None, 3))
    >>> [weight.name for weight in layer.weights]
    ['head/kernel', 'head/bias']
    """

    declared_weights: ClassVar[dict[str, Weight]] = {}
    """The weights that the class declares, by attribute."""

    name: str
    dtype: str
    built: bool
    _trainable: bool
    _weights: list[Variable]
    _states: list[Variable]

    @property
    def label(self) -> str:
        """How errors call it: Dense 'head'."""
        return f"{type(self).__name__} {self.name!r}"

    def refusal(self, argument: str, expected: str, got: Any, fix: str) -> ArgumentError:
        """The error for a setting that it cannot have.

        Arguments:
            argument: the name of the setting.
            expected: what would have been right.
            got: what came.
            fix: how to mend it, a sentence.

        >>> from pyengine import layers
        >>> print(layers.Flatten(name="flat").refusal("axis", "a whole number", 0.5, "Use `axis=1`."))
        Flatten 'flat': axis expects a whole number, but got `0.5`. Use `axis=1`.
        """
        return ArgumentError(
            where=self.label, argument=argument, expected=expected, got=describe(got), fix=fix
        )

    def shape_error(self, expected: str, got: Any, fix: str, argument: str = "the inputs") -> ShapeError:
        """The error for inputs of a shape that it cannot read.

        Arguments:
            expected: what would have been right.
            got: the shape that came, or words.
            fix: how to mend it, a sentence.
            argument: which of its arguments is wrong; default "the inputs".

        >>> from pyengine import layers
        >>> print(layers.Flatten(name="flat").shape_error("images", (2, 3), "Give images."))
        Flatten 'flat' expects images, but got shape (2, 3). Give images.
        """
        shape = f"shape {got}" if isinstance(got, tuple) else got
        return ShapeError(where=self.label, argument=argument, expected=expected, got=shape, fix=fix)

    # Making weights

    def _keep(self, of_weights: dict[str, Any]) -> None:
        """The initializers, regularizers and constraints of the declared weights, as attributes."""
        arguments = {
            name: (KINDS[kind], weight.initializer if kind == "initializer" else None)
            for weight in self.declared_weights.values()
            for kind, name in weight.arguments().items()
        }
        for name in of_weights:
            if name not in arguments:
                raise unknown_name(f"argument of {type(self).__name__}", name, [*arguments, *COMMON])
        for name, (get, default) in arguments.items():
            setattr(self, name, check.resolve_identifier(self, name, get, of_weights.get(name, default)))

    def add_weight(
        self,
        name: str,
        shape: Sequence[int | None],
        initializer: Any = "glorot_uniform",
        *,
        regularizer: Any = None,
        constraint: Any = None,
        trainable: bool = True,
        dtype: str | None = None,
    ) -> Variable:
        """A new weight, to be kept in an attribute by `build`.

        Arguments:
            name: its own part of the name: "kernel" of layer "dense" is called "dense/kernel".
            shape: its lengths, all known.
            initializer: how it begins: a name, a configuration or an object; default "glorot_uniform".
            regularizer: its penalty, added to the loss; default None.
            constraint: what it is brought back to after every update; default None.
            trainable: False for what is no matter of gradients, as moving averages; default True.
            dtype: by default, None, that of the layer.
        Errors: ShapeError for a length that is not known, UnknownNameError for a name that there is not.

        >>> from pyengine import layers
        >>> layer = layers.Layer(name="mine")
        >>> layer.add_weight("scale", (3,), "ones").numpy()
        array([1., 1., 1.], dtype=float32)
        """
        if None in shape:
            raise self.shape_error(
                f"inputs whose lengths are known where its weight {name!r} needs them",
                f"None in its shape {tuple(shape)}",
                "Give the first layer (or `Input`) that length.",
            )
        lengths = tuple(int(length) for length in shape if length is not None)
        dtype = dtype or self.dtype
        make = initializers.get(initializer) or initializers.get("glorot_uniform")
        assert make is not None
        nbytes = size(lengths) * itemsize(dtype)
        try:
            memory.require(2 * nbytes)  # drawing it takes as much again
            value = make(lengths, dtype)
            weight = Variable(value, name=f"{self.name}/{name}", dtype=dtype, trainable=trainable)
        except MemoryError as error:
            raise OutOfMemoryError(
                where=self.label,
                argument=name,
                expected=f"a weight that fits into memory ({readable(memory.available())} here)",
                got=f"shape {lengths}, which takes {readable(nbytes)}",
                fix="Use fewer units or filters, or smaller inputs.",
            ) from error
        weight.regularizer = regularizers.get(regularizer)
        weight.constraint = constraints.get(constraint)
        self._weights.append(weight)
        return weight

    def add_weights(self, **shapes: Sequence[int | None]) -> None:
        """The declared weights of these shapes, in this order, as attributes; None where a setting leaves one out.

        >>> from pyengine import layers
        >>> class Scale(layers.Layer):
        ...     factor = layers.Weight("ones")
        ...     def build(self, shape):
        ...         self.add_weights(factor=(shape[-1],))
        >>> layer = Scale(name="scale")
        >>> layer.build((None, 3))
        >>> layer.factor.name, layer.factor.shape
        ('scale/factor', (3,))
        """
        for name, shape in shapes.items():
            setattr(self, name, self.add_declared(name, shape))

    def add_declared(self, declared: str, shape: Sequence[int | None], name: str = "") -> Variable | None:
        """A new weight with the initializer, the regularizer and the constraint of a declared one.

        Arguments:
            declared: the attribute that declares it.
            shape: its lengths, all known.
            name: its own part of the name; by default, "", it is called as it is declared.
        Returns: the weight, or None where a setting leaves it out.

        >>> from pyengine import layers
        >>> layer = layers.Dense(2, name="mine")
        >>> layer.add_declared("kernel", (3, 2), "other").name
        'mine/other'
        """
        weight = self.declared_weights[declared]
        if weight.when and not getattr(self, weight.when):
            return None
        words = {kind: getattr(self, argument) for kind, argument in weight.arguments().items()}
        return self.add_weight(name or declared, shape, **words, trainable=weight.trainable)

    def add_random_state(self, seed: int | None = None) -> Variable:
        """A counter for `ops.random_uniform` and its like: (key, key, step). It is a state, not a weight.

        Arguments:
            seed: whole number; by default, None, the process's seed decides.

        >>> from pyengine import layers
        >>> layers.Layer().add_random_state(seed=1).shape
        (3,)
        """
        state = np.array([*random.next_key(seed), 0], np.uint32)
        variable = Variable(state, name=f"{self.name}/random_state", trainable=False)
        self._states.append(variable)
        return variable

    # What it has

    def children(self) -> list[Any]:
        """The layers kept in its attributes, directly or in lists, tuples and maps.

        >>> from pyengine import layers
        >>> from pyengine import Sequential
        >>> Sequential([layers.Flatten(name="flat")]).children()
        [Flatten(name='flat')]
        """
        found: dict[int, Any] = {}
        for key, kept in vars(self).items():
            if key != "_arguments":
                found.update((id(layer), layer) for layer in _kept_in(kept, Holder))
        return list(found.values())

    def own_weights(self) -> list[Variable]:
        """The weights of `add_weight`, then Variables kept in attributes, directly or in lists, tuples and maps.

        >>> from pyengine import layers
        >>> layer = layers.Dense(2, name="head")
        >>> layer.build((None, 3))
        >>> [weight.name for weight in layer.own_weights()]
        ['head/kernel', 'head/bias']
        """
        states = {id(state) for state in self._states}
        kept = [value for key, value in vars(self).items() if key != "_arguments"]
        found = (variable for value in kept for variable in _kept_in(value, Variable))
        return _distinct([*self._weights, *(variable for variable in found if id(variable) not in states)])

    def all_layers(self) -> list[Any]:
        """The layers inside, at every depth, each once (not this one itself).

        >>> from pyengine import layers
        >>> from pyengine import Sequential
        >>> Sequential([layers.Flatten(name="flat")]).all_layers()
        [Flatten(name='flat')]
        """
        found: dict[int, Any] = {}
        for child in self.children():
            for layer in (child, *child.all_layers()):
                found.setdefault(id(layer), layer)
        return list(found.values())

    @property
    def trainable(self) -> bool:
        """Whether an optimizer may change its weights. Setting it sets it for every layer inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        self._trainable = bool(trainable)
        for child in self.children():
            child.trainable = trainable

    @property
    def weights(self) -> list[Variable]:
        """All weights in the order of making, those of the layers inside after its own."""
        return _distinct([*self.own_weights(), *(w for child in self.children() for w in child.weights)])

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes by gradients; none if the layer is frozen."""
        if not self.trainable:
            return []
        own = [weight for weight in self.own_weights() if weight.trainable]
        return _distinct([*own, *(w for child in self.children() for w in child.trainable_weights)])

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        changing = {id(weight) for weight in self.trainable_weights}
        return [weight for weight in self.weights if id(weight) not in changing]

    @property
    def states(self) -> list[Variable]:
        """What it remembers itself besides weights: random counters. A new list each time."""
        return list(self._states)

    @property
    def all_states(self) -> list[Variable]:
        """What it remembers besides weights (random counters), those of the layers inside after its own."""
        return _distinct([*self._states, *(s for child in self.children() for s in child.all_states)])

    def count_params(self) -> int:
        """How many numbers its weights hold.

        Errors: NotBuiltError before the shape of its input is known.

        >>> from pyengine import layers
        >>> layer = layers.Dense(2)
        >>> layer.build((None, 3))
        >>> layer.count_params()
        8
        """
        self._require_built("count its parameters")
        return sum(size(weight.shape) for weight in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in the order of `weights`.

        Returns: NumPy arrays.
        Errors: NotBuiltError before the shape of its input is known.

        >>> from pyengine import layers
        >>> layer = layers.Dense(2)
        >>> layer.build((None, 3))
        >>> [weight.shape for weight in layer.get_weights()]
        [(3, 2), (2,)]
        """
        self._require_built("give its weights")
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, values: Sequence[Any]) -> None:
        """Overwrite all weights, in the order of `weights`. Nothing is changed unless all shapes fit.

        Arguments:
            values: one array per weight.
        Errors: ShapeError for another count or other shapes, ArgumentError for what is no number, NotBuiltError
            before the shape of its input is known.

        >>> from pyengine import layers
        >>> import numpy as np
        >>> layer = layers.Dense(1)
        >>> layer.build((None, 2))
        >>> layer.set_weights([np.ones((2, 1)), np.zeros(1)])
        >>> layer([[1.0, 2.0]])
        array([[3.]], dtype=float32)
        """
        self._require_built("take weights")
        weights, arrays = self.weights, [np.asarray(value) for value in values]
        if len(arrays) != len(weights):
            listed = ", ".join(f"{weight.name} {weight.shape}" for weight in weights) or "none"
            raise self.shape_error(
                f"{len(weights)} arrays, one per weight",
                str(len(arrays)),
                f"Give them in this order: {listed}.",
                "set_weights",
            )
        for position, (weight, array) in enumerate(zip(weights, arrays, strict=True)):
            if array.shape != weight.shape:
                raise self.shape_error(
                    f"an array of shape {weight.shape} for weight {position}, {weight.name!r}",
                    array.shape,
                    "No weight was changed: give arrays as `get_weights` returns them.",
                    "set_weights",
                )
            if array.dtype.kind not in "fiub":
                raise ArgumentError(
                    where=self.label,
                    argument="set_weights",
                    expected=f"numbers for {weight.name!r}",
                    got=f"dtype {array.dtype}",
                    fix="No weight was changed: give arrays of numbers.",
                )
        for weight, array in zip(weights, arrays, strict=True):
            weight.set(array)

    def regularization_losses(self) -> list[Any]:
        """One scalar per trainable weight that has a regularizer: its penalty, written in ops.

        >>> from pyengine import layers
        >>> layer = layers.Dense(2, kernel_regularizer="l2")
        >>> layer.build((None, 3))
        >>> len(layer.regularization_losses())
        1
        """
        return [w.regularizer(w) for w in self.trainable_weights if w.regularizer is not None]

    def _require_built(self, wish: str) -> None:
        if not self.built:
            raise NotBuiltError(
                where=self.label,
                argument="input_shape",
                expected=f"a known shape before it can {wish}",
                got="none yet",
                fix="Call it once, or build it with a shape: `layer.build((None, 784))`.",
            )


def _kept_in(kept: Any, kind: type) -> Iterator[Any]:
    """What is of a kind, directly or in lists, tuples and maps."""
    if isinstance(kept, kind):
        yield kept
    elif isinstance(kept, (list, tuple)):
        for one in kept:
            yield from _kept_in(one, kind)
    elif isinstance(kept, dict):
        for one in kept.values():
            yield from _kept_in(one, kind)


def _distinct(items: list[Variable]) -> list[Variable]:
    return list({id(item): item for item in items}.values())
