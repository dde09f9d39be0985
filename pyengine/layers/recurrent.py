"""Layers that read a sequence step by step and remember: SimpleRNN, LSTM, GRU.

What a layer remembers goes from step to step; what the inputs add to its sums is one product for all steps at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyengine import activations, ops
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import AnyShape
from pyengine.layers.weight import Weight
from pyengine.ops.recurrent import gru_cell, lstm_cell

Step = Callable[[tuple, tuple, tuple], tuple[Sequence[Any], Sequence[Any]]]


class Recurrent(Layer):
    """Base of what reads sequences: everything but the step itself.

    Arguments:
        units: length of what it remembers and gives, at least 1.
        activation: name or function of ops.
        use_bias: whether a bias is added.
        dropout: fraction of each sample's inputs that is dropped, the same ones in every step; in training only.
        recurrent_dropout: the same of what it remembers.
        seed: of the dropped ones; by default the process's seed decides.
        return_sequences: give the output of every step, not only that of the last one.
        return_state: give what it remembers at the end, too, behind the output.
        go_backwards: read the sequence from its end (outputs come in the order in which they are made).
        stateful: must be False: give initial_state instead.
        unroll: accepted for Keras's sake; the loop is the library's own in any case.
    Errors: ShapeError for inputs that are no sequences (a recurrent layer in front of it needs return_sequences=True)
        and for another number of states; else as `Layer`.
    """

    kernel = Weight("glorot_uniform")
    recurrent_kernel = Weight("orthogonal", words="recurrent")
    bias = Weight("zeros", when="use_bias")

    takes = "sequences (batch, time, features)"
    gates = 1
    """How many sums there are for each unit."""
    remembered = 1
    """How many arrays it remembers."""

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        *,
        use_bias: bool = True,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.units = check.whole(self, "units", units)
        self.activation = check.activation(self, "activation", activation)
        self.use_bias = use_bias
        self.dropout = check.fraction(self, "dropout", dropout)
        self.recurrent_dropout = check.fraction(self, "recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        if stateful:
            raise self.refusal(
                "stateful",
                "`False`: a layer remembers nothing between calls",
                stateful,
                "Give the state of one call to the next: `return_state=True`, and `initial_state` when it is called.",
            )

    @property
    def arity(self) -> tuple[int, int | None]:  # type: ignore[override]
        return 1, 1 + self.remembered

    def __call__(self, *inputs: Any, initial_state: Any = None, **words: Any) -> Any:
        """The output for sequences (batch, time, features).

        Arguments:
            inputs: sequences (batch, time, features); what it remembers at first may stand behind them.
            initial_state: what it remembers at first, (batch, units) each; by default, None, zeros. As `return_state`
                gives it: one array, or a list.
            words: training, or what else `call` takes.
        """
        if initial_state is not None:
            states = initial_state if isinstance(initial_state, (list, tuple)) else (initial_state,)
            inputs = (*self.flat(*inputs), *states)
        return super().__call__(*inputs, **words)

    def build(self, shape: AnyShape, *states: AnyShape) -> None:
        if len(shape) != 3 or shape[2] is None:
            raise self.shape_error(
                "sequences (batch, time, features) of a known number of features",
                shape,
                self.rank_hint() if len(shape) != 3 else "Give `Input` (or the first layer) that length.",
            )
        if len(states) not in (0, self.remembered):
            raise self.shape_error(
                f"{self.remembered} arrays (batch, {self.units})",
                str(len(states)),
                "Give one for each that `return_state=True` returns, or none.",
                "initial_state",
            )
        width = self.gates * self.units
        self.add_weights(
            kernel=(shape[2], width), recurrent_kernel=(self.units, width), bias=self.bias_shape()
        )
        self.random_state = (
            self.add_random_state(self.seed) if self.dropout or self.recurrent_dropout else None
        )
        self.known_lengths = {-1: shape[2]}

    def rank_hint(self) -> str:
        return (
            "Give sequences of numbers a last axis of length 1, `x[..., None]`, and a recurrent layer in front of "
            "it `return_sequences=True`."
        )

    def advice_to(self, reader: Layer) -> str:
        if self.return_sequences or not reader.takes.startswith("sequences"):
            return ""
        return f"Give {self.label} `return_sequences=True`: it returns only its last output."

    def bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def call(self, x: Any, *initial_state: Any, training: bool = False) -> Any:
        batch, _, features = x.shape
        if training and self.dropout:
            kept = ops.reshape(self._mask((batch, features), self.dropout), (batch, 1, features))
            x = ops.multiply(x, kept)
        sums = ops.matmul(ops.transpose(x, (1, 0, 2)), self.kernel)
        bias = self.outer_bias()
        if bias is not None:
            sums = ops.add(sums, bias)
        states = initial_state or [
            ops.broadcast_to(np.zeros((), self.dtype), (batch, self.units)) for _ in range(self.remembered)
        ]
        constants = [*self.constants()]
        if training and self.recurrent_dropout:
            constants.append(self._mask((batch, self.units), self.recurrent_dropout))

        def step(states: tuple, slices: tuple, constants: tuple) -> tuple[Sequence[Any], Sequence[Any]]:
            if training and self.recurrent_dropout:
                *constants, kept = constants  # type: ignore[assignment]
                new = self.step(slices[0], ops.multiply(states[0], kept), *states, *constants)
            else:
                new = self.step(slices[0], states[0], *states, *constants)
            return new, new[:1] if self.return_sequences else ()

        states, outputs = ops.scan(step, states, [sums], constants, reverse=self.go_backwards)
        if self.return_sequences:
            output = ops.transpose(outputs[0], (1, 0, 2))
            output = ops.reverse(output, axis=1) if self.go_backwards else output
        else:
            output = states[0]
        return [output, *states] if self.return_state else output

    def outer_bias(self) -> Any:
        """What is added to the inputs' part of the sums.

        >>> from pyengine import layers
        >>> layer = layers.SimpleRNN(2)
        >>> layer.build((None, 4, 3))
        >>> layer.outer_bias().shape
        (2,)
        """
        return self.bias

    def constants(self) -> Sequence[Any]:
        """What every step is given: by default the weights of what it remembers.

        >>> from pyengine import layers
        >>> layer = layers.SimpleRNN(2)
        >>> layer.build((None, 4, 3))
        >>> [weight.shape for weight in layer.constants()]
        [(2, 2)]
        """
        return (self.recurrent_kernel,)

    def step(self, sums: Any, seen: Any, *rest: Any) -> Sequence[Any]:
        """What it remembers next, the output first.

        Arguments:
            sums: the inputs' part of the sums, (batch, gates · units).
            seen: the output of the step before, as far as it is not dropped, (batch, units).
            rest: what it remembers, then the constants.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `step`.")

    def _mask(self, shape: tuple[int, ...], rate: float) -> Any:
        """0 with probability `rate`, else 1 / (1 - rate)."""
        assert self.random_state is not None
        noise = ops.random_uniform(self.random_state, shape=shape)
        ops.assign(self.random_state, ops.next_random_state(self.random_state))
        kept = ops.cast(ops.greater_equal(noise, rate), dtype=self.dtype)
        return ops.multiply(kept, 1 / (1 - rate))


class SimpleRNN(Recurrent):
    """Its output is what it remembers: h' = activation(x W + h U + b).

    Shapes: (batch, time, features) to (batch, units), or (batch, time, units) with return_sequences. With return_state
    a list: the output and the last h.
    Weights: kernel (features, units), recurrent_kernel (units, units), bias (units,).
    Arguments: see `Recurrent`.

    >>> SimpleRNN(4)(np.zeros((2, 5, 3))).shape
    (2, 4)

    Agrees with Keras 3 (masks apart, which the engine does not have).
    """

    def step(self, sums: Any, seen: Any, h: Any, kernel: Any) -> Sequence[Any]:
        return (self.activation(ops.add(sums, ops.matmul(seen, kernel))),)


class LSTM(Recurrent):
    """Remembers long: a cell c that gates write, keep and show.

    i, f, o = recurrent_activation(…), g = activation(…) of x W + h U + b; c' = f c + i g, h' = o activation(c').

    Shapes: (batch, time, features) to (batch, units), or (batch, time, units) with return_sequences. With return_state
    a list: the output, the last h, the last c.
    Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units,); in the order i, f, g, o.
    Arguments:
        recurrent_activation: of the gates.
        unit_forget_bias: the bias of f begins at 1, so that it keeps at first.
        …: see `Recurrent`.

    >>> LSTM(4, return_sequences=True)(np.zeros((2, 5, 3))).shape
    (2, 5, 4)

    Agrees with Keras 3 (masks apart, which the engine does not have). Source: Hochreiter, Schmidhuber, "Long short-term
    memory" (1997).
    """

    gates = 4
    remembered = 2

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        *,
        unit_forget_bias: bool = True,
        **kwargs: Any,
    ):
        super().__init__(units, activation, **kwargs)
        self.recurrent_activation = check.activation(self, "recurrent_activation", recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def build(self, shape: AnyShape, *states: AnyShape) -> None:
        super().build(shape, *states)
        if self.bias is not None and self.unit_forget_bias:
            self.bias.value[self.units : 2 * self.units] = 1

    def step(self, sums: Any, seen: Any, h: Any, c: Any, kernel: Any) -> Sequence[Any]:
        sums = ops.add(sums, ops.matmul(seen, kernel))
        if self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid:
            return lstm_cell(sums, c)
        i, f, g, o = ops.split(sums, 4)
        i, f, o = (self.recurrent_activation(gate) for gate in (i, f, o))
        c = ops.add(ops.multiply(f, c), ops.multiply(i, self.activation(g)))
        return ops.multiply(o, self.activation(c)), c


class GRU(Recurrent):
    """Remembers long with two gates: h' = z h + (1 - z) g.

    z, r = recurrent_activation(…) of x W + h U + b; g = activation(x W + r (h U + b)), or activation(x W + (r h) U + b)
    without reset_after.

    Shapes: (batch, time, features) to (batch, units), or (batch, time, units) with return_sequences. With return_state
    a list: the output and the last h.
    Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units): that of the inputs' sums,
    that of the others'; (3 units,) without reset_after. In the order z, r, g.
    Arguments:
        recurrent_activation: of the gates.
        reset_after: whether the reset gate comes after the product with U, as in cuDNN.
        …: see `Recurrent`.

    >>> GRU(4, return_sequences=True)(np.zeros((2, 5, 3))).shape
    (2, 5, 4)

    Agrees with Keras 3 (masks apart, which the engine does not have). Source: Cho et al., "Learning phrase
    representations using RNN encoder-decoder" (2014).
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        *,
        reset_after: bool = True,
        **kwargs: Any,
    ):
        super().__init__(units, activation, **kwargs)
        self.recurrent_activation = check.activation(self, "recurrent_activation", recurrent_activation)
        self.reset_after = reset_after

    def bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def outer_bias(self) -> Any:
        if self.bias is None or not self.reset_after:
            return self.bias
        return ops.slice_(self.bias, (0, 0), (1, 3 * self.units))

    def constants(self) -> Sequence[Any]:
        width = 3 * self.units
        if self.reset_after and self.bias is not None:
            inner = ops.reshape(ops.slice_(self.bias, (1, 0), (2, width)), (width,))
            return self.recurrent_kernel, inner
        if self.reset_after:
            return (self.recurrent_kernel,)
        gates = ops.slice_(self.recurrent_kernel, (0, 0), (self.units, 2 * self.units))
        return gates, ops.slice_(self.recurrent_kernel, (0, 2 * self.units), (self.units, width))

    def step(self, sums: Any, seen: Any, h: Any, *constants: Any) -> Sequence[Any]:
        return (
            self._reset_after(sums, seen, h, *constants)
            if self.reset_after
            else self._reset_first(sums, seen, h, *constants),
        )

    def _reset_after(self, sums: Any, seen: Any, h: Any, kernel: Any, bias: Any = None) -> Any:
        """The reset gate weighs the candidate's part of h U."""
        inner = ops.matmul(seen, kernel)
        if bias is not None:
            inner = ops.add(inner, bias)
        if self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid:
            return gru_cell(sums, inner, h)
        (xz, xr, xg), (sz, sr, sg) = ops.split(sums, 3), ops.split(inner, 3)
        z = self.recurrent_activation(ops.add(xz, sz))
        r = self.recurrent_activation(ops.add(xr, sr))
        return interpolate(z, h, self.activation(ops.add(xg, ops.multiply(r, sg))))

    def _reset_first(self, sums: Any, seen: Any, h: Any, gates: Any, candidate: Any) -> Any:
        """The reset gate weighs h itself."""
        xz, xr, xg = ops.split(sums, 3)
        sz, sr = ops.split(ops.matmul(seen, gates), 2)
        z = self.recurrent_activation(ops.add(xz, sz))
        r = self.recurrent_activation(ops.add(xr, sr))
        return interpolate(z, h, self.activation(ops.add(xg, ops.matmul(ops.multiply(r, seen), candidate))))


def interpolate(z: Any, old: Any, new: Any) -> Any:
    return ops.add(ops.multiply(z, old), ops.multiply(ops.subtract(1.0, z), new))
