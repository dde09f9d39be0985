"""What a step can say. Functions on arrays (done at once) or on graph values (written down).

To add one:
1. a class with `shape`, `evaluate` and `gradient`, and its function, in the file of its family
2. its name in the imports below
3. a row in `tests/cases/ops.py` (values, gradient by finite differences and every executor follow from it)
"""

# ruff: noqa: F401
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
from pyengine.ops.attention import masked_softmax
from pyengine.ops.base import OPS, Op, apply, dtype_of, make, shape_of
from pyengine.ops.broadcast import broadcast_to, sum, sum_to
from pyengine.ops.cast import cast, in_dtype, meet
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
from pyengine.ops.fused import Chain, Conv2DBias, MatmulAdd, MatmulBias
from pyengine.ops.index import add_along_axis, gather, one_hot, scatter_add, take_along_axis
from pyengine.ops.matmul import matmul
from pyengine.ops.normalize import log_softmax, logsumexp, softmax
from pyengine.ops.pool import average_pool1d, average_pool2d, max_pool1d, max_pool2d
from pyengine.ops.random import next_random_state, random_normal, random_uniform
from pyengine.ops.recurrent import gru_cell, lstm_cell
from pyengine.ops.reduce import all, any, argmax, argmin, cumsum, max, mean, min, variance
from pyengine.ops.scan import scan
from pyengine.ops.standardize import batch_normalization, layer_normalization
from pyengine.ops.state import assign, assign_add
from pyengine.ops.structure import (
    concatenate,
    copy,
    expand_dims,
    flatten,
    pad,
    reshape,
    reverse,
    slice_,
    split,
    squeeze,
    stack,
    stop_gradient,
    transpose,
)
