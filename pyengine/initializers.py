"""What weights hold at first.

An initializer is called with a shape and returns an array. The distributions are those of Keras 3, the
numbers pyengine's own (`pyengine.random`): the same seed gives the same bits on every machine.

To add one: 1. a subclass of `Initializer` here 2. its name in INITIALIZERS 3. a row in
`tests/cases/initializers.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyengine import random, shapes
from pyengine.aliases import aliases
from pyengine.configurable import Configurable
from pyengine.errors import ShapeError, require_number, unknown_name
from pyengine.names import resolve

# The standard deviation of a normal distribution that is cut off at two of its own.
TRUNCATED_DEVIATION = 0.87962566103423978


class Initializer(Configurable):
    """Base of all initializers: subclasses give `draw`.

    Shapes: called with a shape; a kernel's is (…, inputs, outputs).
    Arguments:
        seed: a whole number for the same numbers at every call; default None, new ones each time, decided by
            `pyengine.set_random_seed`.

    >>> class Checkerboard(Initializer):
    ...     def draw(self, shape, dtype, key):
    ...         return (np.indices(shape).sum(0) % 2).astype(dtype)
    >>> Checkerboard()((2, 3))
    array([[0., 1., 0.],
           [1., 0., 1.]], dtype=float32)

    Source: Keras 3.
    """

    seed: int | None = None

    def __call__(
        self, shape: Sequence[int], dtype: str = "float32", key: random.Key | None = None
    ) -> np.ndarray:
        """An array of a shape, for a weight to begin with.

        Shapes: -> `shape`.
        Arguments:
            shape: the weight's shape; for a kernel (…, inputs, outputs).
            dtype: of the array, default "float32".
            key: where the random numbers come from, if the caller decides it; default None, `seed` decides.
        """
        shape = tuple(int(length) for length in shape)
        return self.draw(shape, dtype, random.next_key(self.seed) if key is None else key)

    def draw(self, shape: shapes.Shape, dtype: str, key: random.Key) -> np.ndarray:
        """The array, drawn with a key.

        Shapes: -> `shape`.
        Arguments:
            shape: the weight's shape.
            dtype: of the array.
            key: where the random numbers come from, see `pyengine.random`.
        """
        raise NotImplementedError


class Zeros(Initializer):
    """All 0.

    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)

    Source: Keras 3.
    """

    def draw(self, shape, dtype, key):
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All 1.

    >>> Ones()((2,))
    array([1., 1.], dtype=float32)

    Source: Keras 3.
    """

    def draw(self, shape, dtype, key):
        return np.ones(shape, dtype)


class Constant(Initializer):
    """All the same number.

    Arguments:
        value: that number, or an array that broadcasts to the shape; default 0.0.

    >>> Constant(0.1)((2,))
    array([0.1, 0.1], dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def draw(self, shape, dtype, key):
        return np.broadcast_to(np.asarray(self.value, dtype), shape).copy()


class RandomNormal(Initializer):
    """Numbers from the normal distribution N(mean, stddev²).

    Arguments:
        mean: their mean, default 0.0.
        stddev: their standard deviation, at least 0; default 0.05.
        seed: see `Initializer`.

    >>> RandomNormal(stddev=0.1, seed=1)((3,)).round(4)
    array([-0.1184, -0.0173, -0.0648], dtype=float32)

    Source: Keras 3; its numbers differ.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def draw(self, shape, dtype, key):
        return random.normal(key, shape, mean=self.mean, stddev=self.stddev, dtype=dtype)


class RandomUniform(Initializer):
    """Numbers from the uniform distribution over minval ≤ x < maxval.

    Arguments:
        minval: the lower bound, default -0.05.
        maxval: the upper bound, default 0.05.
        seed: see `Initializer`.

    >>> RandomUniform(0.0, 1.0, seed=1)((3,)).round(4)
    array([0.1182, 0.4315, 0.2586], dtype=float32)

    Source: Keras 3; its numbers differ.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def draw(self, shape, dtype, key):
        return random.uniform(key, shape, low=self.minval, high=self.maxval, dtype=dtype)


class TruncatedNormal(Initializer):
    """Numbers from the normal distribution N(mean, stddev²), none further than 2 · stddev from the mean.

    Arguments:
        mean: their mean, default 0.0.
        stddev: the standard deviation before the truncation, at least 0 (theirs is 0.88 times as large); default 0.05.
        seed: see `Initializer`.

    >>> TruncatedNormal(stddev=0.1, seed=1)((3,)).round(4)
    array([-0.1101, -0.0165, -0.0614], dtype=float32)

    Source: Keras 3; its numbers differ.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def draw(self, shape, dtype, key):
        return random.truncated_normal(key, shape, mean=self.mean, stddev=self.stddev, dtype=dtype)


DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
MODES = ("fan_in", "fan_out", "fan_avg")


class VarianceScaling(Initializer):
    """Numbers whose variance is scale / n, where n is how many inputs or outputs the weight has.

    A normal distribution has the standard deviation √(scale / n) after its truncation, if it is truncated; a uniform
    one the bounds ±√(3 · scale / n).

    Arguments:
        scale: above 0, default 1.0.
        mode: n is "fan_in" (inputs of a unit), "fan_out" (units that an input reaches) or "fan_avg" (their mean);
            default "fan_in".
        distribution: "truncated_normal" ("normal" is the same), "untruncated_normal" or "uniform"; default
            "truncated_normal".
        seed: see `Initializer`.
    Errors: ArgumentError for a scale of 0 or less; UnknownNameError for another mode or distribution.

    >>> float(abs(VarianceScaling(distribution="uniform")((3, 4))).max()) < 1
    True

    Source: He et al., "Delving deep into rectifiers" (2015); Keras 3, its numbers differ.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ):
        where = type(self).__name__
        require_number(where, "scale", scale, "a number above 0", lambda number: number > 0, 1.0)
        if mode not in MODES:
            raise unknown_name("mode of VarianceScaling", mode, MODES)
        if distribution not in (*DISTRIBUTIONS, "normal"):
            raise unknown_name("distribution of VarianceScaling", distribution, (*DISTRIBUTIONS, "normal"))
        self.scale = scale
        self.mode = mode
        self.distribution = "truncated_normal" if distribution == "normal" else distribution
        self.seed = seed

    def draw(self, shape, dtype, key):
        fan_in, fan_out = fans(shape)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            bound = math.sqrt(3 * variance)
            return random.uniform(key, shape, low=-bound, high=bound, dtype=dtype)
        if self.distribution == "untruncated_normal":
            return random.normal(key, shape, stddev=math.sqrt(variance), dtype=dtype)
        stddev = math.sqrt(variance) / TRUNCATED_DEVIATION
        return random.truncated_normal(key, shape, stddev=stddev, dtype=dtype)


def fans(shape: shapes.Shape) -> tuple[int, int]:
    """How many inputs a unit has and how many units an input reaches: (fan_in, fan_out).

    Shapes: (inputs, outputs), or a convolution's (…, channels, filters) whose window multiplies both.

    >>> fans((6, 10)), fans((3, 3, 4, 8)), fans((7,)), fans(())
    ((6, 10), (36, 72), (7, 7), (1, 1))
    """
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    window = shapes.size(shape[:-2])
    return window * shape[-2], window * shape[-1]


class GlorotUniform(VarianceScaling):
    """Uniform within ±√(6 / (inputs + outputs)): keeps the variance of activations and gradients alike.

    Arguments:
        seed: see `Initializer`.

    >>> GlorotUniform(seed=1)((2, 3)).round(3)
    array([[-0.837, -0.15 , -0.529],
           [-0.565, -0.096, -0.263]], dtype=float32)

    Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010); Keras 3.
    """

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal with standard deviation √(2 / (inputs + outputs)).

    Arguments:
        seed: see `Initializer`.

    >>> GlorotNormal(seed=1)((2, 3)).round(3)
    array([[-0.791, -0.118, -0.442],
           [-0.476, -0.076, -0.209]], dtype=float32)

    Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010); Keras 3.
    """

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform within ±√(6 / inputs): for relu, which halves the variance.

    Arguments:
        seed: see `Initializer`.

    >>> HeUniform(seed=1)((2, 3)).round(3)
    array([[-1.323, -0.237, -0.836],
           [-0.893, -0.152, -0.416]], dtype=float32)

    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers" (2015); Keras 3.
    """

    def __init__(self, seed: int | None = None):
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal with standard deviation √(2 / inputs): for relu.

    Arguments:
        seed: see `Initializer`.

    >>> HeNormal(seed=1)((2, 3)).round(3)
    array([[-1.251, -0.187, -0.698],
           [-0.753, -0.12 , -0.331]], dtype=float32)

    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers" (2015); Keras 3.
    """

    def __init__(self, seed: int | None = None):
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform within ±√(3 / inputs).

    Arguments:
        seed: see `Initializer`.

    >>> LecunUniform(seed=1)((2, 3)).round(3)
    array([[-0.935, -0.168, -0.591],
           [-0.632, -0.108, -0.294]], dtype=float32)

    Source: LeCun, Bottou, Orr, Müller, "Efficient backprop" (1998); Keras 3.
    """

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal with standard deviation √(1 / inputs): for selu.

    Arguments:
        seed: see `Initializer`.

    >>> LecunNormal(seed=1)((2, 3)).round(3)
    array([[-0.885, -0.132, -0.494],
           [-0.533, -0.085, -0.234]], dtype=float32)

    Source: LeCun, Bottou, Orr, Müller, "Efficient backprop" (1998); Keras 3.
    """

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


class Orthogonal(Initializer):
    """A random matrix with orthogonal rows or columns, whichever are fewer, each of length `gain`.

    A shape of more than two axes is taken as the matrix (product of all axes but the last, last axis).

    Arguments:
        gain: length of the rows or columns, default 1.0.
        seed: see `Initializer`.
    Errors: when it is called: ShapeError for a shape of rank below 2.

    >>> kernel = Orthogonal(seed=1)((4, 3))
    >>> bool(np.allclose(kernel.T @ kernel, np.eye(3), atol=1e-6))
    True

    Source: Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
        networks" (2014); Keras 3.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None):
        self.gain = gain
        self.seed = seed

    def draw(self, shape, dtype, key):
        if len(shape) < 2:
            raise no_matrix("Orthogonal", "a shape of rank 2 or more", shape)
        rows, columns = shapes.size(shape[:-1]), shape[-1]
        tall = random.normal(key, (max(rows, columns), min(rows, columns)), dtype="float64")
        basis, triangle = np.linalg.qr(tall)
        basis *= np.where(np.diag(triangle) < 0, -1.0, 1.0)  # else the choice would not be an even one
        matrix = basis if rows >= columns else basis.T
        return (self.gain * matrix).reshape(shape).astype(dtype)


class Identity(Initializer):
    """`gain` on the main diagonal of a matrix, 0 elsewhere.

    Arguments:
        gain: the numbers on the diagonal, default 1.0.
    Errors: when it is called: ShapeError for a shape of a rank other than 2.

    >>> Identity()((2, 2))
    array([[1., 0.],
           [0., 1.]], dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def draw(self, shape, dtype, key):
        if len(shape) != 2:
            raise no_matrix("Identity", "a shape of rank 2", shape)
        return self.gain * np.eye(*shape, dtype=dtype)


def no_matrix(where: str, expected: str, shape: Sequence[int]) -> ShapeError:
    """The error of an initializer of matrices for another shape."""
    fix = "Use another initializer, for example `'glorot_uniform'`."
    return ShapeError(where=where, argument="shape", expected=expected, got=str(tuple(shape)), fix=fix)


INITIALIZERS: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "zero": Zeros,
    "ones": Ones,
    "one": Ones,
    "constant": Constant,
    "random_normal": RandomNormal,
    "normal": RandomNormal,
    "random_uniform": RandomUniform,
    "uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "orthogonal": Orthogonal,
    "identity": Identity,
}


def get(identifier: Any) -> Callable[..., np.ndarray] | None:
    """The initializer that a name, a config, an object or a function `(shape, dtype)` stands for; None stays None.

    Arguments:
        identifier: "glorot_uniform" in any spelling, `{"class_name": …, "config": {…}}`, an `Initializer` or its class,
            or a function.
    Errors: UnknownNameError with the nearest known names; ArgumentError for anything else.

    >>> get("glorotUniform")
    GlorotUniform()
    >>> get({"class_name": "Constant", "config": {"value": 2.0}})
    Constant(value=2.0)
    """
    return None if identifier is None else resolve("initializer", identifier, INITIALIZERS)


# Keras' lower-case names: `initializers.glorot_uniform` is the class.
__getattr__ = aliases(__name__, INITIALIZERS)
