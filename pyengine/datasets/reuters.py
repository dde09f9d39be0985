"""Reuters: 11,228 news of 1987 in 46 topics."""

from __future__ import annotations

import json

import numpy as np

from pyengine.datasets import safe
from pyengine.datasets.cache import HOST, find
from pyengine.datasets.housing import check_split
from pyengine.datasets.words import Vocabulary, shuffle_like_keras

Arrays = tuple[np.ndarray, np.ndarray]
TOPICS = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass
    crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi
    iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Arrays, Arrays]:
    """The news as numbers of words, the most frequent word first, and their topics.

    Shapes: x (rows,), lists of whole numbers; y (rows,), from 0 to 45.

    Arguments:
        path: of the file, relative to Keras' cache folder or absolute; downloaded there if it is missing.
        num_words: words with this number or a larger one are left out as rare; default none.
        skip_top: words with a smaller number than this are left out as frequent; default none.
        maxlen: only texts shorter than this are kept; default all.
        test_split: fraction of the news for the test, 0 ≤ test_split < 1; default 0.2.
        seed: of the order; the same as in Keras.
        start_char: number that begins each text; default 1.
        oov_char: number in place of a word left out; default 2. None drops it.
        index_from: what is added to the number of each word; default 3.

    Returns: (x_train, y_train), (x_test, y_test); `pyengine.utils.pad_sequences` makes an array of x.

    Errors: ArgumentError for settings; DataError that says which file to put where, if it is missing and cannot be
    downloaded, and for a `maxlen` that no text has.

    >>> (x_train, y_train), _ = load_data(num_words=10000)  # doctest: +SKIP

    Source: Keras `datasets.reuters`.
    """
    words = Vocabulary("reuters.load_data", num_words, skip_top, maxlen, start_char, oov_char, index_from)
    check_split("reuters.load_data", test_split)
    digest = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
    arrays = safe.arrays_of(find("reuters.load_data", path, f"{HOST}reuters.npz", digest))
    x, labels = shuffle_like_keras(arrays["x"], arrays["y"], np.random.RandomState(seed))
    texts, labels = words.short(words.numbered(x), labels)
    (x,) = words.limited(texts)
    end = int(len(x) * (1 - test_split))
    return (x[:end], labels[:end]), (x[end:], labels[end:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The number of each word, from 1 on; `index_from` of `load_data` is not yet added.

    Arguments:
        path: of the file, relative to Keras' cache folder or absolute; downloaded there if it is missing.

    Returns: a map from word to number.

    Errors: DataError that says which file to put where, if it is missing and cannot be downloaded.

    >>> get_word_index()["the"]  # doctest: +SKIP
    1

    Source: Keras `datasets.reuters.get_word_index`.
    """
    url, digest = f"{HOST}reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921"
    return json.loads(find("reuters.get_word_index", path, url, digest).read_text(encoding="utf-8"))


def get_label_names() -> tuple[str, ...]:
    """The 46 topics, in the order of their numbers.

    >>> get_label_names()[3]
    'earn'

    Source: Keras `datasets.reuters.get_label_names`.
    """
    return tuple(TOPICS.split())
