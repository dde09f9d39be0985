"""From Calls to records of the C library, one file a family of kernels.

To add a kernel: the function `kernel_<name>` in a file of `kernels/`, its name in `kernels/kernels.h`, and an encoder
in the file of its family here, which says with `in_rounds` along which axes a long call can be divided. The rows of
`tests/cases/ops.py` then run on it; a row in `LARGE` of `tests/executors/simd/test_rounds.py` asks for the rounds.
"""

# ruff: noqa: F401
from pyengine.executors.simd.encode import (
    chain,
    conv,
    index,
    matmul,
    move,
    normalize,
    pool,
    random,
    recurrent,
    reduce,
    scan,
    structure,
)
from pyengine.executors.simd.encode.base import ENCODERS, NAMES, Encoded, Moving, Named, Table, Word
