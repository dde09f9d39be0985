"""Graph in, graph out: `trace` (from a Python function), `differentiate`, `simplify`, `fuse`.

To add one: a file with one function here, and its property in `tests/transforms/` (what must stay the same).
"""

from pyengine.transforms.differentiate import differentiate, gradient_name, gradient_names
from pyengine.transforms.fuse import fuse
from pyengine.transforms.rebuild import rebuild
from pyengine.transforms.simplify import simplify
from pyengine.transforms.target import Target
from pyengine.transforms.trace import trace

__all__ = [
    "Target",
    "differentiate",
    "fuse",
    "gradient_name",
    "gradient_names",
    "rebuild",
    "simplify",
    "trace",
]
