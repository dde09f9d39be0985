"""The weights that an unfinished evaluate or predict reads: those of the moment when it was begun.

Between two stretches of its work a training, `set_weights` or `Variable.set` may change them. Each of these announces
the change first, and unfinished work then reads copies. Nothing is copied as long as nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyengine.graph import Variable
from pyengine.graph.variable import READERS


class WeightsRead:
    """What a piece of work reads of a model's weights.

    Attributes:
        copies: by variable, what to read in its place; empty as long as the variables hold what is to be read.
    """

    def __init__(self, model: Any):
        self.model = model
        self.copies: Mapping[Variable, Variable] = {}
        self._weights: set[int] = set()
        READERS.add(self)

    def reads(self, variables: Iterable[Variable]) -> bool:
        """Whether one of these variables is among the weights."""
        if not self._weights:
            self._weights = {id(variable) for variable in self.model.weights}
        return any(id(variable) in self._weights for variable in variables)

    def before_change(self, variables: Iterable[Variable]) -> None:
        """Copy all weights, if one of them is about to change and they have not been copied yet."""
        if not self.copies and self.reads(variables):
            self.copies = {
                variable: Variable(variable.value, name=variable.name, dtype=variable.dtype)
                for variable in self.model.weights
            }


def before_training(model: Any) -> None:
    """A stretch of training is about to change a model's weights: to be called between two of its steps, or inside one.

    What is unfinished reads weights of a whole step, so a step that stands still is finished first.
    """
    if not len(READERS) or all(reader.copies for reader in READERS):
        return
    weights = model.weights
    if any(not reader.copies and reader.reads(weights) for reader in READERS):
        model.settle()
        for reader in list(READERS):
            reader.before_change(weights)
