"""Translation of error messages: code in them, written in Python, becomes JavaScript.

Code stands between backticks. It is parsed as Python and printed as JavaScript; what is not Python stays as it is.
"""

from __future__ import annotations

import ast
import re

from pyengine.bridge.names import factory
from pyengine.losses import LOSSES
from pyengine.names import camel

CODE = re.compile(r"`([^`]*)`")
# A shape in a sentence: lengths, None, or the words that stand for them.
SHAPE = re.compile(r"(?<![\w.])\((?:(?:\d+|None|batch|any)(?:, ?|(?=\))))+\)")
CONSTANTS = {None: "null", True: "true", False: "false"}
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "-"}
MODULES = ("layers", "losses", "metrics", "initializers", "regularizers", "constraints", "callbacks", "data")


def text_for_javascript(text: str) -> str:
    """A message, its code and its shapes as JavaScript writes them.

    >>> text_for_javascript("Use `batch_size=32`, or set `model.stop_training = True`.")
    'Use `batchSize: 32`, or set `model.stopTraining = true`.'
    >>> text_for_javascript("inputs of shape (batch, 784), but got shape (32, None)")
    'inputs of shape [batch, 784], but got shape [32, null]'
    """
    pieces = CODE.split(text)  # text and code in turn
    for index, piece in enumerate(pieces):
        pieces[index] = f"`{code(piece)}`" if index % 2 else SHAPE.sub(shape_for_javascript, piece)
    return "".join(pieces)


def shape_for_javascript(shape: re.Match[str]) -> str:
    """A shape as an array."""
    lengths = [length for length in re.split(r"[(), ]+", shape[0]) if length]
    return f"[{', '.join(length.replace('None', 'null') for length in lengths)}]"


def name(text: str) -> str:
    """The name of an argument, a method or a function; words that are no names stay.

    >>> name("validation_data[0]"), name("model.fit_dataset"), name("Dense 'my_head'"), name("x of batch 3")
    ('validationData[0]', 'model.fitDataset', "Dense 'my_head'", 'x of batch 3')
    """
    spelled, rest = re.fullmatch(r"([\w.\[\]]*)(| of .*)|.*", text, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{code(spelled)}{rest}" if spelled else text


def code(python: str) -> str:
    """A piece of Python in JavaScript's spelling.

    >>> code("model.fit(x, y, epochs=5, shuffle=False)")
    'model.fit(x, y, { epochs: 5, shuffle: false })'
    >>> code("return_sequences=True"), code("on_epoch_end"), code("layers.Dense(10)")
    ('returnSequences: true', 'onEpochEnd', 'tf.layers.dense(10)')
    >>> code("x[None]"), code("np.transpose(x, (0, 2, 1))")
    ('tf.expandDims(x, 0)', 'tf.transpose(x, [0, 2, 1])')
    >>> code("nan"), code("loss='sparse_categorical_crossentropy'")
    ('NaN', "loss: 'sparseCategoricalCrossentropy'")
    >>> code("no code at all")
    'no code at all'
    """
    try:
        body = ast.parse(python.strip()).body
        if len(body) != 1:
            return python
        return statement(body[0], setting="=" in python and " = " not in python)
    except (SyntaxError, ValueError, NotImplementedError):
        return python


def statement(node: ast.stmt, setting: bool) -> str:
    """An expression, an assignment, or a setting as it stands in a call: `epochs=5`."""
    if isinstance(node, ast.Expr):
        return expression(node.value)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = expression(node.targets[0]), expression(node.value)
        return f"{target}: {value}" if setting else f"{target} = {value}"
    raise NotImplementedError


def expression(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return repr(camel(text) if text in LOSSES else text)
        case ast.Constant(value=bool() | None):
            return CONSTANTS[node.value]  # type: ignore[index]
        case ast.Constant(value=int() | float()):
            return repr(node.value)
        case ast.Name(id="ops"):
            return "tf"
        case ast.Name(id="nan" | "inf" as identifier):
            return {"nan": "NaN", "inf": "Infinity"}[identifier]
        case ast.Name(id=identifier):
            return camel(identifier) if "_" in identifier.strip("_") else identifier
        case ast.Attribute(value=value, attr=attribute):
            return member(value, attribute, called=False)
        case ast.Subscript(value=value, slice=ast.Constant(value=None)):
            return f"tf.expandDims({expression(value)}, 0)"
        case ast.Subscript(value=value, slice=index):
            return f"{expression(value)}[{expression(index)}]"
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return f"[{', '.join(map(expression, parts))}]"
        case ast.Dict(keys=keys, values=values) if all(keys):
            pairs = [f"{expression(k)}: {expression(v)}" for k, v in zip(keys, values, strict=True) if k]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return f"{OPERATORS[type(op)]}{expression(operand)}"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return f"{expression(left)} {OPERATORS[type(op)]} {expression(right)}"
        case ast.Call(func=function, args=places, keywords=settings) if all(s.arg for s in settings):
            arguments = list(map(expression, places))
            if settings:
                pairs = [f"{camel(setting.arg or '')}: {expression(setting.value)}" for setting in settings]
                arguments.append(f"{{ {', '.join(pairs)} }}")
            called = (
                member(function.value, function.attr, called=True)
                if isinstance(function, ast.Attribute)
                else expression(function)
            )
            return f"{called}({', '.join(arguments)})"
    raise NotImplementedError


def member(owner: ast.expr, attribute: str, called: bool) -> str:
    """`a.b`: functions that make objects are found in `tf`, under their names there."""
    name = owner.id if isinstance(owner, ast.Name) else None
    if name in MODULES and called:
        return f"tf.{name}.{factory(attribute) if attribute[:1].isupper() else camel(attribute)}"
    if name == "optimizers" and called:
        return f"tf.train.{attribute.lower()}"
    if name in ("ops", "pyengine", "np"):
        return f"tf.{camel(attribute.strip('_'))}"
    return f"{expression(owner)}.{camel(attribute)}"
