"""Names for layers that were not given one: dense, dense_1, max_pooling2d, …"""

from __future__ import annotations

from collections import Counter

from pyengine.names import snake

_taken: Counter[str] = Counter()


def unique(class_name: str) -> str:
    """The next free automatic name of a class: the first has no number.

    >>> reset_names()
    >>> unique("Dense"), unique("Dense"), unique("Conv2D")
    ('dense', 'dense_1', 'conv2d')
    """
    base = snake(class_name)
    number = _taken[base]
    _taken[base] += 1
    return f"{base}_{number}" if number else base


def reset_names() -> None:
    """Count automatic names from the beginning again, as in a fresh process.

    >>> reset_names()
    >>> unique("Dense")
    'dense'
    """
    _taken.clear()
