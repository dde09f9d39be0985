"""IMDB: 50,000 reviews of films, liked or not."""

from __future__ import annotations

import json

import numpy as np

from pyengine.datasets import safe
from pyengine.datasets.cache import HOST, find
from pyengine.datasets.words import Vocabulary, shuffle_like_keras

Arrays = tuple[np.ndarray, np.ndarray]


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Arrays, Arrays]:
    """The reviews as numbers of words, the most frequent word first, and whether they praise.

    Shapes: x (25000,) and (25000,), lists of whole numbers; y (25000,) and (25000,), 1 praise, 0 not.

    Arguments:
        path: of the file, relative to Keras' cache folder or absolute; downloaded there if it is missing.
        num_words: words with this number or a larger one are left out as rare; default none.
        skip_top: words with a smaller number than this are left out as frequent; default none.
        maxlen: only texts shorter than this are kept; default all.
        seed: of the order; the same as in Keras.
        start_char: number that begins each text; default 1.
        oov_char: number in place of a word left out; default 2. None drops it.
        index_from: what is added to the number of each word; default 3.

    Returns: (x_train, y_train), (x_test, y_test); `pyengine.utils.pad_sequences` makes an array of x.

    Errors: ArgumentError for settings; DataError that says which file to put where, if it is missing and cannot be
    downloaded, and for a `maxlen` that no text has.

    >>> (x_train, y_train), _ = load_data(num_words=10000)  # doctest: +SKIP

    Source: Maas et al., "Learning word vectors for sentiment analysis" (2011); Keras `datasets.imdb`.
    """
    words = Vocabulary("imdb.load_data", num_words, skip_top, maxlen, start_char, oov_char, index_from)
    digest = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
    arrays = safe.arrays_of(find("imdb.load_data", path, f"{HOST}imdb.npz", digest))
    random = np.random.RandomState(seed)
    parts = [
        shuffle_like_keras(arrays[f"x_{part}"], arrays[f"y_{part}"], random) for part in ("train", "test")
    ]
    (train, y_train), (test, y_test) = (words.short(words.numbered(x), y) for x, y in parts)
    x_train, x_test = words.limited(train, test)
    return (x_train, y_train), (x_test, y_test)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The number of each word, from 1 on; `index_from` of `load_data` is not yet added.

    Arguments:
        path: of the file, relative to Keras' cache folder or absolute; downloaded there if it is missing.

    Returns: a map from word to number.

    Errors: DataError that says which file to put where, if it is missing and cannot be downloaded.

    >>> get_word_index()["the"]  # doctest: +SKIP
    1

    Source: Keras `datasets.imdb.get_word_index`.
    """
    url, digest = f"{HOST}imdb_word_index.json", "bfafd718b763782e994055a2d397834f"
    return json.loads(find("imdb.get_word_index", path, url, digest).read_text(encoding="utf-8"))
