"""The operations of a step: functions on arrays (evaluated at once) or on graph values (recorded).

To add one:
1. a class with `shape`, `evaluate` and `gradient`, and its function, in the file of its family
2. its name in the imports and in `__all__` below
3. a row in `tests/cases/ops.py` (values, gradient by finite differences and every executor follow from it)

What `__all__` does not list is for those who write executors and transforms.
"""

# Layers and transforms use their ops; imported here so that a graph's text and an executor know them by name.
from pyengine.ops import attention as attention
from pyengine.ops import fused as fused
from pyengine.ops import recurrent as recurrent
from pyengine.ops import symbolic as symbolic
from pyengine.ops.arithmetic import (
    abs,
    add,
    ceil,
    clip,
    divide,
    floor,
    floor_divide,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    round,
    sign,
    square,
    subtract,
)
from pyengine.ops.base import OPS as OPS
from pyengine.ops.base import Op as Op
from pyengine.ops.base import apply, dtype_of, shape_of
from pyengine.ops.base import make as make
from pyengine.ops.broadcast import broadcast_to, sum
from pyengine.ops.cast import cast, in_dtype
from pyengine.ops.comparison import (
    equal,
    greater,
    greater_equal,
    isfinite,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
    where,
)
from pyengine.ops.conv import conv1d, conv2d, depthwise_conv2d
from pyengine.ops.functions import (
    cos,
    erf,
    exp,
    expm1,
    log,
    log1p,
    power,
    relu,
    rsqrt,
    sigmoid,
    sin,
    softplus,
    sqrt,
    tanh,
)
from pyengine.ops.index import gather, one_hot, scatter_add, take_along_axis
from pyengine.ops.matmul import matmul
from pyengine.ops.normalize import log_softmax, logsumexp, softmax
from pyengine.ops.pieces import concatenate, pad, slice_, split, stack
from pyengine.ops.pool import average_pool1d, average_pool2d, max_pool1d, max_pool2d
from pyengine.ops.random import next_random_state, random_normal, random_uniform
from pyengine.ops.reduce import all, any, argmax, argmin, cumsum, max, mean, min, variance
from pyengine.ops.scan import scan
from pyengine.ops.standardize import batch_normalization, layer_normalization
from pyengine.ops.state import assign, assign_add
from pyengine.ops.structure import (
    copy,
    expand_dims,
    flatten,
    reshape,
    reverse,
    squeeze,
    stop_gradient,
    transpose,
)

__all__ = [
    "abs",
    "add",
    "all",
    "any",
    "apply",
    "argmax",
    "argmin",
    "assign",
    "assign_add",
    "average_pool1d",
    "average_pool2d",
    "batch_normalization",
    "broadcast_to",
    "cast",
    "ceil",
    "clip",
    "concatenate",
    "conv1d",
    "conv2d",
    "copy",
    "cos",
    "cumsum",
    "depthwise_conv2d",
    "divide",
    "dtype_of",
    "equal",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "flatten",
    "floor",
    "floor_divide",
    "gather",
    "greater",
    "greater_equal",
    "in_dtype",
    "isfinite",
    "isnan",
    "layer_normalization",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "matmul",
    "max",
    "max_pool1d",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "next_random_state",
    "not_equal",
    "one_hot",
    "pad",
    "power",
    "random_normal",
    "random_uniform",
    "relu",
    "reshape",
    "reverse",
    "round",
    "rsqrt",
    "scan",
    "scatter_add",
    "shape_of",
    "sigmoid",
    "sign",
    "sin",
    "slice_",
    "softmax",
    "softplus",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "subtract",
    "sum",
    "take_along_axis",
    "tanh",
    "transpose",
    "variance",
    "where",
]

ONLY_ON_VALUES = (
    apply,
    assign,
    assign_add,
    dtype_of,
    in_dtype,
    next_random_state,
    random_normal,
    random_uniform,
    scan,
    shape_of,
)
ON_TENSORS = [name for name in __all__ if globals()[name] not in ONLY_ON_VALUES]
"""The functions that take symbolic tensors, too, and give symbolic tensors then."""
for _name in ON_TENSORS:
    globals()[_name] = symbolic.dispatch_symbolic(_name, globals()[_name])
