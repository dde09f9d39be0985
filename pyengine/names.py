"""Names in their spellings, and looking something up by any of them.

Everything with a name (a loss, a layer, an optimizer, …) is found under its class name and its snake_case or
camelCase spelling: `CategoricalCrossentropy`, `categorical_crossentropy`, `categoricalCrossentropy`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pyengine.errors import ArgumentError, describe, unknown_name

Found = TypeVar("Found")


def snake(name: str) -> str:
    """A class or camelCase name in snake_case, split where Keras splits it.

    >>> snake("MaxPooling2D"), snake("KLDivergence"), snake("batchSize"), snake("LeakyReLU")
    ('max_pooling2d', 'kl_divergence', 'batch_size', 'leaky_re_lu')
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def camel(name: str) -> str:
    """A snake_case name in camelCase.

    >>> camel("validation_split"), camel("beta_1"), camel("mse")
    ('validationSplit', 'beta1', 'mse')
    """
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def spelling_key(name: str) -> str:
    """What all spellings of a name have in common.

    >>> {spelling_key(name) for name in ("L1L2", "l1_l2", "l1l2")}
    {'l1l2'}
    """
    return re.sub(r"[\W_]", "", name).lower()


def lookup(kind: str, name: str, table: Mapping[str, Found]) -> Found:
    """The entry of a table under a name in any spelling.

    Arguments:
        kind: what is looked up, for the error: "loss".
        table: entries by snake_case name.
    Errors: UnknownNameError with the nearest known names.

    >>> lookup("loss", "meanSquaredError", {"mean_squared_error": 1, "mse": 2})
    1
    """
    if name in table:
        return table[name]
    wanted = spelling_key(name)
    for known, entry in table.items():
        if spelling_key(known) == wanted:
            return entry
    raise unknown_name(kind, name, table)


def resolve(kind: str, identifier: Any, table: Mapping[str, Callable[..., Any]]) -> Any:
    """What an identifier means, where a table has classes (or functions that make objects) by name.

    Arguments:
        kind: what is looked up, for errors: "loss".
        identifier: a name; a saved `{"class_name": …, "config": {…}}`; a class of the table's kind, which is
            made without arguments; or something callable, returned as it is.
    Errors: UnknownNameError; ArgumentError for anything else.

    >>> class Zeros:
    ...     pass
    >>> type(resolve("initializer", {"class_name": "Zeros", "config": {}}, {"zeros": Zeros})).__name__
    'Zeros'
    """
    if isinstance(identifier, str):
        return lookup(kind, identifier, table)()
    if isinstance(identifier, Mapping):
        name, config = class_and_config(kind, identifier)
        return lookup(kind, name, table)(**config)
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise not_resolved(kind, identifier, table)


def not_resolved(
    kind: str, given: Any, known: Iterable[str], expected: str = "a name, an object or a function"
) -> ArgumentError:
    """The error for what does not say which loss, optimizer, … it means.

    Arguments:
        kind: "loss".
        known: the names that there are.
        expected: what would say it.
    """
    fix = f"Known names: {', '.join(sorted(known))}."
    return ArgumentError(argument=kind, expected=expected, got=describe(given), fix=fix)


def class_and_config(kind: str, saved: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The class name and the arguments of a saved object; JavaScript may write className.

    >>> class_and_config("loss", {"className": "Huber", "config": {"delta": 2.0}})
    ('Huber', {'delta': 2.0})
    """
    name = saved.get("class_name", saved.get("className"))
    if not isinstance(name, str):
        raise ArgumentError(
            argument=kind,
            expected="a map with 'class_name' and 'config'",
            got=describe(dict(saved)),
            fix="Give, for example, `{'class_name': 'Huber', 'config': {'delta': 2.0}}`.",
        )
    return name, dict(saved.get("config") or {})
