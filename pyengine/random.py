"""Random numbers that are the same bits everywhere, from one seed.

A *key* is a pair of 32-bit numbers. It names an endless stream of random 32-bit words, and any word of it can
be computed on its own: word `i` is a pure function of `(key, i)`. Nothing is consumed and nothing hides in a
global, so NumPy, C and WGSL agree by following one rule:

    block b = threefry2x32(key, counter = (b mod 2**32, b div 2**32))    0 ≤ b < 2**63
    word 2b is its first output, word 2b + 1 its second

Everything drawn here takes exactly one word per number, in C order: element `i` of an array comes from word
`start + i`. Counters with their highest bit set never occur in a stream; `fold_in` uses those to derive new
keys, so one key may be drawn from and derived from.

The mixing function is Threefry-2x32 with 20 rounds: additions, exclusive ors and rotations of 32-bit words,
nothing else. The numbers made from the words need only operations that IEEE 754 rounds in exactly one way
(`pyengine.quantile` says how), so normal numbers agree to the last bit too.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), and its Random123
test vectors.
"""

from __future__ import annotations

import math
import operator
import secrets
from collections.abc import Sequence
from typing import Any, SupportsIndex

import numpy as np

from pyengine.errors import ArgumentError, DtypeError, describe
from pyengine.quantile import normal_quantile

Key = tuple[int, int]
Shape = int | Sequence[int]

_WORD = 2**32
_DERIVED = 2**63  # counters from here on derive keys, those below number the blocks of a stream
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)
_CHUNK = 16384  # blocks mixed at a time: hides the cost of a NumPy call, fits a second-level cache


def threefry2x32(key0: Any, key1: Any, counter0: Any, counter1: Any) -> tuple[np.ndarray, np.ndarray]:
    """Two random words for a key and a counter: Threefry-2x32, 20 rounds.

    Shapes: the four arguments broadcast against each other; both results have their common shape, uint32.

    >>> [hex(word) for word in threefry2x32(0, 0, 0, 0)]
    ['0x6b200159', '0x99ba4efe']
    """
    keys = (np.asarray(key0, np.uint32), np.asarray(key1, np.uint32))
    shape = np.broadcast_shapes(*(np.shape(argument) for argument in (*keys, counter0, counter1)))
    first, second = np.empty(shape, np.uint32), np.empty(shape, np.uint32)
    first[...], second[...] = counter0, counter1
    _mix(keys, first, second, np.empty(shape, np.uint32))
    return first, second


def bits(key: Key, count: int, start: int = 0) -> np.ndarray:
    """Words number `start` to `start + count` of the stream of `key`, which has 2**64 of them.

    Shapes: `(count,)`, uint32.

    >>> bits((0, 0), 3)
    array([1797259609, 2579123966, 1351547692], dtype=uint32)
    >>> bits((0, 0), 1, start=2)
    array([1351547692], dtype=uint32)
    """
    start = _whole("start", start, 0, 2 * _DERIVED)
    count = _whole("count", count, 0, 2 * _DERIVED - start + 1)
    first_block = start // 2
    blocks = (start + count + 1) // 2 - first_block
    keys = tuple(np.asarray(part, np.uint32) for part in _check_key(key))
    words = np.empty((blocks, 2), np.uint32)
    size = min(blocks, _CHUNK)
    low, high, spare = np.empty(size, np.uint32), np.empty(size, np.uint32), np.empty(size, np.uint32)
    steps = np.arange(size, dtype=np.uint64)
    for done in range(0, blocks, _CHUNK):
        n = min(_CHUNK, blocks - done)
        counters = steps[:n] + np.uint64(first_block + done)
        low[:n] = counters & np.uint64(_WORD - 1)
        high[:n] = counters >> np.uint64(32)
        _mix(keys, low[:n], high[:n], spare[:n])
        words[done : done + n, 0] = low[:n]
        words[done : done + n, 1] = high[:n]
    offset = start - 2 * first_block
    return words.reshape(-1)[offset : offset + count]


def _mix(keys: tuple[np.ndarray, ...], x0: np.ndarray, x1: np.ndarray, spare: np.ndarray) -> None:
    """Threefry's 20 rounds, in place: (x0, x1) enter as the counter and leave as the random words."""
    # Ufuncs, not operators: these wrap around silently for scalars too, as 32-bit words are meant to.
    schedule = (*keys, np.bitwise_xor(np.bitwise_xor(keys[0], keys[1]), _PARITY))
    np.add(x0, schedule[0], out=x0)
    np.add(x1, schedule[1], out=x1)
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            np.add(x0, x1, out=x0)
            np.left_shift(x1, np.uint32(rotation), out=spare)
            np.right_shift(x1, np.uint32(32 - rotation), out=x1)
            np.bitwise_or(x1, spare, out=x1)
            np.bitwise_xor(x1, x0, out=x1)
        np.add(x0, schedule[(group + 1) % 3], out=x0)
        np.add(x1, schedule[(group + 2) % 3], out=x1)
        np.add(x1, np.uint32(group + 1), out=x1)


def key_from_seed(seed: SupportsIndex) -> Key:
    """The key of a whole number, 0 ≤ seed < 2**64: `(seed div 2**32, seed mod 2**32)`.

    >>> key_from_seed(42)
    (0, 42)
    """
    return divmod(_whole("seed", seed, 0, 2**64), _WORD)


def fold_in(key: Key, number: SupportsIndex) -> Key:
    """A new key from a key and a number, 0 ≤ number < 2**63: independent for every pair of the two.

    >>> shuffling = key_from_seed(7)
    >>> fold_in(shuffling, 0) != fold_in(shuffling, 1)
    True
    """
    counter = _DERIVED + _whole("number", number, 0, _DERIVED)
    return _threefry_scalar(*_check_key(key), counter % _WORD, counter // _WORD)


def _threefry_scalar(key0: int, key1: int, x0: int, x1: int) -> Key:
    """`threefry2x32` of single numbers, ten times as fast as NumPy is with those."""
    mask = _WORD - 1
    schedule = (key0, key1, key0 ^ key1 ^ int(_PARITY))
    x0, x1 = (x0 + key0) & mask, (x1 + key1) & mask
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x0 = (x0 + x1) & mask
            x1 = (x1 << rotation & mask | x1 >> 32 - rotation) ^ x0
        x0 = (x0 + schedule[(group + 1) % 3]) & mask
        x1 = (x1 + schedule[(group + 2) % 3] + group + 1) & mask
    return x0, x1


class Stream:
    """Keys one after another from one seed; its state is two small values that can be saved and put back.

    Without a seed it starts from the operating system's entropy.

    >>> stream = Stream(1)
    >>> state = stream.get_state()
    >>> key = stream.next_key()
    >>> stream.set_state(state)
    >>> stream.next_key() == key
    True
    """

    def __init__(self, seed: SupportsIndex | None = None) -> None:
        self.seed(secrets.randbits(64) if seed is None else seed)

    def seed(self, seed: SupportsIndex) -> None:
        """Restart from this seed."""
        # One derivation away from key_from_seed(seed): someone's explicit seed may be the same number.
        self._root = fold_in(key_from_seed(seed), 0)
        self._count = 0

    def next_key(self) -> Key:
        """The next key: `fold_in(root, 0)`, `fold_in(root, 1)`, …"""
        key = fold_in(self._root, self._count)
        self._count += 1
        return key

    def get_state(self) -> dict[str, Any]:
        """Where this stream is, as plain values: `{"key": [int, int], "count": int}`."""
        return {"key": list(self._root), "count": self._count}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on exactly where the stream that gave this state was."""
        self._root = _check_key(tuple(state["key"]))
        self._count = _whole("count", state["count"], 0, _DERIVED)


def uniform(
    key: Key, shape: Shape, *, low: float = 0.0, high: float = 1.0, dtype: str = "float32", start: int = 0
) -> np.ndarray:
    """Numbers spread evenly over low ≤ x < high.

    u = (word >> 8) · 2⁻²⁴, which float32 holds exactly, then x = u · (high - low) + low, each operation
    rounded to `dtype` (that rounding may reach `high`; with low 0 and high 1 there is none).

    Shapes: `shape`.
    Arguments:
        dtype: "float32" or "float64"; both see the same u.
        start: number of the stream's word that makes the first element.

    >>> uniform((0, 0), 3)
    array([0.4184571 , 0.60049903, 0.3146817 ], dtype=float32)
    """
    number = _floating(dtype)
    words = bits(key, _size(shape), start)
    values = np.right_shift(words, np.uint32(8), out=words).astype(number)
    values *= number(2.0**-24)
    if (low, high) != (0, 1):
        values *= number(high) - number(low)
        values += number(low)
    return values.reshape(shape)


def normal(
    key: Key, shape: Shape, *, mean: float = 0.0, stddev: float = 1.0, dtype: str = "float32", start: int = 0
) -> np.ndarray:
    """Numbers of the normal distribution: mean + stddev · Φ⁻¹((word + ½) · 2⁻³²).

    Computed in float64 and rounded to `dtype` once, at the end. No value is further than 6.4 stddev out.

    Shapes: `shape`.
    Arguments:
        dtype: "float32" or "float64".
        start: number of the stream's word that makes the first element.

    >>> normal((0, 0), 3)
    array([-0.20584214,  0.25463915, -0.482623  ], dtype=float32)
    """
    number = _floating(dtype)
    probability = (bits(key, _size(shape), start) + 0.5) / _WORD
    return (normal_quantile(probability) * stddev + mean).astype(number).reshape(shape)


def truncated_normal(
    key: Key, shape: Shape, *, mean: float = 0.0, stddev: float = 1.0, dtype: str = "float32", start: int = 0
) -> np.ndarray:
    """Normal numbers that stay within two stddev of the mean, as Keras draws its initial weights.

    Every word is placed between Φ(-2) and Φ(2), so nothing is drawn twice. `stddev` is that of the normal
    distribution before the cut; the result's own is 0.8796 times as large (divide by that to correct it).

    Shapes: `shape`.
    Arguments:
        dtype: "float32" or "float64".
        start: number of the stream's word that makes the first element.

    >>> bool(abs(truncated_normal((0, 0), 1000)).max() <= 2)
    True
    """
    number = _floating(dtype)
    below = 0.022750131948179207  # Φ(-2)
    probability = (bits(key, _size(shape), start) + 0.5) / _WORD * (1 - 2 * below) + below
    return (normal_quantile(probability) * stddev + mean).astype(number).reshape(shape)


def integers(
    key: Key, shape: Shape, *, low: int = 0, high: int, dtype: str = "int32", start: int = 0
) -> np.ndarray:
    """Whole numbers, low ≤ x < high: low + (word · (high - low) div 2**32).

    No word is rejected, so a value's probability is off by at most 2⁻³².

    Shapes: `shape`.
    Arguments:
        high: at most 2**32 above `low`.
        dtype: any integer type that holds every value.

    >>> integers((0, 0), 5, high=10)
    array([4, 6, 3, 7, 3], dtype=int32)
    """
    number = np.dtype(dtype)
    if number.kind not in "iu":
        raise DtypeError(
            where="random.integers",
            argument="dtype",
            expected="a type of whole numbers",
            got=repr(dtype),
            fix="Use, for example, 'int32'.",
        )
    if not 0 < high - low <= _WORD:
        raise ArgumentError(
            where="random.integers",
            argument="high",
            expected="low < high ≤ low + 2**32",
            got=f"low={low}, high={high}",
            fix="Give a range of at least one and at most 2**32 numbers.",
        )
    if low < np.iinfo(number).min or high - 1 > np.iinfo(number).max:
        raise ArgumentError(
            where="random.integers",
            argument="dtype",
            expected=f"a type that holds all of {low} … {high - 1}",
            got=str(number),
            fix="Choose a wider dtype.",
        )
    steps = bits(key, _size(shape), start).astype(np.uint64) * np.uint64(high - low) >> np.uint64(32)
    values = steps.astype(number)  # wraps for steps beyond a signed type's range; adding low wraps them back
    return np.add(values, np.asarray(low, np.int64).astype(number), out=values).reshape(shape)


def permutation(key: Key, count: int) -> np.ndarray:
    """The numbers 0 … count - 1 in random order: sorted by their words, equal words by number.

    Shapes: `(count,)`, of NumPy's index type.

    >>> permutation((0, 0), 5)
    array([2, 4, 0, 1, 3])
    """
    count = _whole("count", count, 0, _WORD)
    return _sort_by_words(bits(key, count)).astype(np.intp)


def permutations(keys: Sequence[Key], count: int) -> np.ndarray:
    """`permutation` for each of some keys: where `count` is small, all at once take no longer than one.

    Shapes: `(keys, count)`, int64.

    >>> permutations([(0, 0), (0, 1)], 5).tolist()
    [[2, 4, 0, 1, 3], [0, 3, 2, 1, 4]]
    """
    count = _whole("count", count, 0, _WORD)
    pairs = np.array([_check_key(key) for key in keys], np.uint32).reshape(len(keys), 2, 1)
    first, second = pairs.transpose(1, 0, 2)
    blocks = (count + 1) // 2
    words = np.stack(threefry2x32(first, second, np.arange(blocks), 0), -1).reshape(len(keys), 2 * blocks)
    return _sort_by_words(words[:, :count]).astype(np.int64)


def _sort_by_words(words: np.ndarray) -> np.ndarray:
    """Numbers of words along the last axis, in the order of the words; equal ones as they are."""
    # Word and number side by side in one 64-bit value: a plain sort is the stable one, and the quicker.
    pairs = words.astype(np.uint64)
    pairs <<= np.uint64(32)
    pairs |= np.arange(pairs.shape[-1], dtype=np.uint64)
    pairs.sort()
    pairs &= np.uint64(_WORD - 1)
    return pairs


def _whole(name: str, value: Any, least: int, limit: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if not least <= number < limit:
        raise ArgumentError(
            where="random",
            argument=name,
            expected=f"a whole number of at least {least} and less than {limit}",
            got=describe(value),
            fix=f"Use, for example, {max(least, 1)}.",
        )
    return number


def _check_key(key: Any) -> Key:
    try:
        first, second = (operator.index(part) for part in key)
    except (TypeError, ValueError):
        raise ArgumentError(
            where="random",
            argument="key",
            expected="a pair of 32-bit numbers",
            got=describe(key),
            fix="Make one with `key_from_seed`.",
        ) from None
    return _whole("key", first, 0, _WORD), _whole("key", second, 0, _WORD)


def _floating(dtype: Any) -> type[np.float32] | type[np.float64]:
    number = np.dtype(dtype).type
    if number is not np.float32 and number is not np.float64:
        raise DtypeError(
            where="random",
            argument="dtype",
            expected="float32 or float64",
            got=repr(dtype),
            fix="Cast the result.",
        )
    return number


def _size(shape: Shape) -> int:
    return math.prod(shape) if isinstance(shape, Sequence) else operator.index(shape)


process_stream = Stream()
"""The one stream behind everything that was not given a seed of its own."""


def set_random_seed(seed: SupportsIndex) -> None:
    """One seed for initialization, shuffling and dropout: two runs after it give the same bits.

    Arguments:
        seed: whole number, 0 ≤ seed < 2**64.

    >>> set_random_seed(42)
    >>> first = next_key()
    >>> set_random_seed(42)
    >>> next_key() == first
    True
    """
    process_stream.seed(seed)


def next_key(seed: SupportsIndex | None = None) -> Key:
    """The key of an explicit seed (always the same), or else the next one of the process.

    >>> next_key(42) == next_key(42)
    True
    """
    return process_stream.next_key() if seed is None else key_from_seed(seed)
