"""Nested lists, tuples and maps: their leaves in order, and the same structure of other leaves.

>>> leaves({"a": [1, 2], "b": (3,)})
[1, 2, 3]
>>> packed({"a": [1, 2], "b": (3,)}, "xyz")
{'a': ['x', 'y'], 'b': ('z',)}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def leaves(structure: Any) -> list[Any]:
    """What is no list, tuple or map in it, in order."""
    if isinstance(structure, Mapping):
        return [leaf for part in structure.values() for leaf in leaves(part)]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves(part)]
    return [structure]


def packed(structure: Any, values: Iterable[Any]) -> Any:
    """The same structure with these leaves, in order."""
    return _packed(structure, iter(values))


def _packed(structure: Any, values: Iterator[Any]) -> Any:
    if isinstance(structure, Mapping):
        return {name: _packed(part, values) for name, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        parts = [_packed(part, values) for part in structure]
        if isinstance(structure, tuple):
            return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
        return parts
    return next(values)


def places(structure: Any) -> Any:
    """The same structure with the numbers of its leaves.

    >>> places({"a": ["x", "y"], "b": "z"})
    {'a': [0, 1], 'b': 2}
    """
    return packed(structure, iter(range(len(leaves(structure)))))


def described(structure: Any) -> Any:
    """A structure of whole numbers as lists and maps alone, for a configuration.

    >>> described({"a": (0, 1), "b": 2})
    {'map': {'a': {'tuple': [0, 1]}, 'b': 2}}
    """
    if isinstance(structure, Mapping):
        return {"map": {name: described(part) for name, part in structure.items()}}
    if isinstance(structure, (list, tuple)):
        return {"list" if isinstance(structure, list) else "tuple": [described(part) for part in structure]}
    return structure


def undescribed(description: Any) -> Any:
    """The structure of a description.

    >>> undescribed({"map": {"a": {"tuple": [0, 1]}, "b": 2}})
    {'a': (0, 1), 'b': 2}
    """
    if not isinstance(description, Mapping):
        return description
    ((kind, parts),) = description.items()
    if kind == "map":
        return {name: undescribed(part) for name, part in parts.items()}
    return [undescribed(part) for part in parts] if kind == "list" else tuple(map(undescribed, parts))
