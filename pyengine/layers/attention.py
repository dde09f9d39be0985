"""Layers in which the places of a sequence look at each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pyengine import ops
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import AnyShape
from pyengine.layers.weight import Weight
from pyengine.ops.attention import masked_softmax


class MultiHeadAttention(Layer):
    """Every place of `query` takes a mean of the places of `value`, weighted by how well it fits their `key`.

    In each head, softmax(Q Kᵀ / √key_dim) V for projections Q, K, V of the inputs; then a projection of all heads.

    Called as layer(query, value), layer(query, value, key) or layer(query, value, attention_mask=…,
    use_causal_mask=True, return_attention_scores=True); with the same tensor twice it is self-attention.

    Shapes: query (batch, queries, features), value (batch, keys, features), key like value (by default it is value), to
    (batch, queries, features of query); with return_attention_scores a list: that and (batch, heads, queries, keys).
    Weights: kernel and bias of query, key and value, (features, heads, length) and (heads, length), and of the output,
    (heads, value_dim, features) and (features,).
    Arguments:
        num_heads: how many heads, at least 1.
        key_dim: length of the projections Q and K in each head.
        value_dim: that of V; by default key_dim.
        dropout: fraction of the weights that are dropped, in training only.
        use_bias: whether the projections add a bias.
        output_shape: length of the output's last axis; by default that of query.
        attention_axes: None or (1,): attention goes along the axis of time.
        seed: of the dropped ones; by default the process's seed decides.

    >>> import numpy as np
    >>> x = np.zeros((2, 5, 8))
    >>> MultiHeadAttention(num_heads=2, key_dim=4)(x, x, use_causal_mask=True).shape
    (2, 5, 8)

    Agrees with Keras 3. Source: Vaswani et al., "Attention is all you need" (2017).
    """

    arity = (2, 3)
    takes = "sequences (batch, time, features)"

    kernel = Weight("glorot_uniform")
    bias = Weight("zeros", when="use_bias")

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        *,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.num_heads = check.whole(self, "num_heads", num_heads)
        self.key_dim = check.whole(self, "key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else check.whole(self, "value_dim", value_dim)
        self.dropout = check.fraction(self, "dropout", dropout)
        self.use_bias = use_bias
        self.features = (
            None if output_shape is None else check.wholes(self, "output_shape", output_shape, 1)[0]
        )
        if attention_axes not in (None, 1, (1,), [1]):
            raise self.refusal(
                "attention_axes", "`None` or `(1,)`, the axis of time", attention_axes, "Leave it out."
            )
        self.seed = seed

    def __call__(self, *inputs: Any, key: Any = None, **words: Any) -> Any:
        """The output for query, value and, if it is not value, key.

        Arguments:
            inputs: query, value and, if it is not value, key; singly or in one list.
            key: the key by name; by default, None, value is the key.
            words: attention_mask, return_attention_scores, use_causal_mask, training.
        """
        if key is not None:
            inputs = (*self.flat(*inputs), key)
        return super().__call__(*inputs, **words)

    def build(self, query: AnyShape, value: AnyShape, key: AnyShape | None = None) -> None:
        key = value if key is None else key
        for what, shape in (("query", query), ("value", value), ("key", key)):
            if len(shape) != 3 or shape[2] is None:
                raise self.shape_error(
                    "sequences (batch, time, features) of a known number of features",
                    shape,
                    "Give `Input` that length."
                    if len(shape) == 3
                    else "Give a recurrent layer in front of it `return_sequences=True`, or the data an axis more.",
                    what,
                )
        heads, features = self.num_heads, self.features or query[2]
        self.query = self._projection("query", (query[2], heads, self.key_dim), (heads, self.key_dim))
        self.key = self._projection("key", (key[2], heads, self.key_dim), (heads, self.key_dim))
        self.value = self._projection("value", (value[2], heads, self.value_dim), (heads, self.value_dim))
        self.out = self._projection("attention_output", (heads, self.value_dim, features), (features,))
        self.random_state = self.add_random_state(self.seed) if self.dropout else None

    def _projection(self, name: str, kernel: AnyShape, bias: AnyShape) -> tuple[Any, Any]:
        """Kernel and bias, or None for the latter."""
        return (
            self.add_declared("kernel", kernel, f"{name}/kernel"),
            self.add_declared("bias", bias, f"{name}/bias"),
        )

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        *,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
        training: bool = False,
    ) -> Any:
        key = value if key is None else key
        q = ops.multiply(self._heads(query, *self.query), 1 / math.sqrt(self.key_dim))
        k, v = self._heads(key, *self.key), self._heads(value, *self.value)
        scores = ops.matmul(q, k, transpose_b=True)  # (batch, heads, queries, keys)
        weights = masked_softmax(scores, broadcast_mask(attention_mask), causal=use_causal_mask)
        mixed = ops.matmul(self._thinned(weights) if training and self.dropout else weights, v)
        batch, heads, length, width = mixed.shape
        flat = ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (batch, length, heads * width))
        kernel, bias = self.out
        output = ops.matmul(flat, ops.reshape(kernel, (heads * width, kernel.shape[2])))
        if bias is not None:
            output = ops.add(output, bias)
        return [output, weights] if return_attention_scores else output

    def _heads(self, x: Any, kernel: Any, bias: Any) -> Any:
        """(batch, time, features) to (batch, heads, time, length)."""
        features, heads, length = kernel.shape
        sums = ops.matmul(x, ops.reshape(kernel, (features, heads * length)))
        if bias is not None:
            sums = ops.add(sums, ops.reshape(bias, (heads * length,)))
        return ops.transpose(ops.reshape(sums, (*x.shape[:2], heads, length)), (0, 2, 1, 3))

    def _thinned(self, weights: Any) -> Any:
        """Without a random part of the weights."""
        assert self.random_state is not None
        noise = ops.random_uniform(self.random_state, shape=weights.shape)
        ops.assign(self.random_state, ops.next_random_state(self.random_state))
        kept = ops.greater_equal(noise, self.dropout)
        return ops.where(kept, ops.multiply(weights, 1 / (1 - self.dropout)), 0.0)


def broadcast_mask(mask: Any) -> Any:
    """A mask (batch, queries, keys) as it broadcasts over the heads; numbers other than 0 are true."""
    if mask is None:
        return None
    if mask.dtype != "bool":
        mask = ops.not_equal(mask, 0)
    return ops.expand_dims(mask, 1) if len(mask.shape) == 3 else mask
