"""What the data sets of texts share: texts as numbers of words, the most frequent word first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyengine.errors import ArgumentError, DataError, describe

Texts = list[list[int]]


@dataclass(frozen=True)
class Vocabulary:
    """Which words of a text are kept, and by which numbers.

    Arguments:
        where: what the user called, for errors.
        num_words: words with this number or a larger one are rare and left out; None keeps all.
        skip_top: words with a smaller number than this are frequent and left out.
        maxlen: only texts shorter than this are kept; None keeps all.
        start_char: the number that begins each text; None for none.
        oov_char: the number that stands for a word left out; None drops it.
        index_from: what is added to the number of each word.
    """

    where: str
    num_words: Any
    skip_top: Any
    maxlen: Any
    start_char: Any
    oov_char: Any
    index_from: Any

    def __post_init__(self) -> None:
        for name in ("num_words", "skip_top", "maxlen", "start_char", "oov_char", "index_from"):
            value = getattr(self, name)
            optional = name not in ("skip_top", "index_from")
            whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 0
            if not whole and not (optional and value is None):
                raise ArgumentError(
                    where=self.where,
                    argument=name,
                    expected=f"a whole number of at least 0{', or None' if optional else ''}",
                    got=describe(value),
                    fix="Leave it out for the default.",
                )

    def numbered(self, texts: Iterable[Sequence[int]]) -> Texts:
        """Each text with its start, and its words moved by `index_from`."""
        start = [] if self.start_char is None else [self.start_char]
        return [start + [word + self.index_from for word in text] for text in texts]

    def short(self, texts: Texts, labels: np.ndarray) -> tuple[Texts, np.ndarray]:
        """Only the texts shorter than `maxlen`."""
        if not self.maxlen:
            return texts, labels
        kept = [number for number, text in enumerate(texts) if len(text) < self.maxlen]
        if not kept:
            raise DataError(
                where=self.where,
                argument="maxlen",
                expected="a length that some texts have",
                got=str(self.maxlen),
                fix="Choose a larger one: no text is shorter.",
            )
        return [texts[number] for number in kept], labels[kept]

    def limited(self, *parts: Texts) -> list[np.ndarray]:
        """The words within the vocabulary, as arrays of lists."""
        limit = self.num_words or max((max(text) for texts in parts for text in texts if text), default=0)
        return [_lists([self._kept(text, limit) for text in texts]) for texts in parts]

    def _kept(self, text: list[int], limit: int) -> list[int]:
        if self.oov_char is None:
            return [word for word in text if self.skip_top <= word < limit]
        return [word if self.skip_top <= word < limit else self.oov_char for word in text]


def _lists(texts: Texts) -> np.ndarray:
    """An array of lists, of equal length or not."""
    result = np.empty(len(texts), object)
    result[:] = texts
    return result


def shuffle_like_keras(
    texts: np.ndarray, labels: np.ndarray, random: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """In Keras' order for a state."""
    order = np.arange(len(texts))
    random.shuffle(order)
    return texts[order], labels[order]
