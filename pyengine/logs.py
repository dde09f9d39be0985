"""The values of a batch or an epoch by name, where 'accuracy' and 'acc' are the same name.

Accuracy is recorded as `accuracy`, `val_accuracy` or `<output>_accuracy` in Python, as Keras does, and as `acc`,
`val_acc`, … in JavaScript, as TensorFlow.js does. People ask for it under both names, so every lookup tries the other
one too.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

_ALIASES = {"accuracy": "acc", "acc": "accuracy"}


def other_name(name: str) -> str | None:
    """The alias of a name, or None where it has none.

    >>> other_name("val_accuracy"), other_name("digit_acc"), other_name("loss")
    ('val_acc', 'digit_accuracy', None)
    """
    front, separator, last = name.rpartition("_")
    return front + separator + _ALIASES[last] if last in _ALIASES else None


def key_for(name: Any, keys: Container[Any]) -> Any:
    """`name`, or its alias where only that is among `keys`."""
    if name in keys or not isinstance(name, str):
        return name
    alias = other_name(name)
    return alias if alias is not None and alias in keys else name


class Logs(dict[str, Any]):
    """A dictionary whose lookups know both names of accuracy; iterating shows the recorded names only.

    >>> logs = Logs(loss=0.3, val_accuracy=0.9)
    >>> logs["val_acc"], logs.get("acc"), "val_acc" in logs
    (0.9, None, True)
    >>> list(logs)
    ['loss', 'val_accuracy']
    """

    def __missing__(self, name: str) -> Any:
        key = key_for(name, self.keys())
        if key == name:
            raise KeyError(name)
        return self[key]

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or dict.__contains__(self, key_for(name, self.keys()))

    def get(self, name: str, default: Any = None) -> Any:
        return dict.get(self, key_for(name, self.keys()), default)

    def copy(self) -> Logs:
        return Logs(self)
