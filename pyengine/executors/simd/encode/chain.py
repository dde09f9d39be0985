"""Elementwise expressions: ops become operations of kernels/chain.c, and their values registers of one block.

An op on its own is a chain of one instruction. Nothing here depends on the machine, and results do not depend on how an
array is cut into blocks.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pyengine.executors.simd.encode.base import Encoded, Word, encodes
from pyengine.ops.base import OPS
from pyengine.plan import Call, Slot
from pyengine.shapes import Shape, size

# In the order of kernels/chain.c.
OPERATIONS = (
    "add subtract multiply divide maximum minimum power floor_divide modulo equal not_equal less less_equal "
    "multiply_add multiply_subtract negative_multiply_add clip negative absolute sign floor ceil round is_finite "
    "sqrt rsqrt exp expm1 log log1p sin cos tanh sigmoid softplus erf relu "
    "add_int subtract_int multiply_int maximum_int minimum_int maximum_unsigned minimum_unsigned "
    "floor_divide_int modulo_int divide_unsigned modulo_unsigned equal_int not_equal_int less_int less_equal_int "
    "less_unsigned less_equal_unsigned sign_int bits_and bits_or bits_not select "
    "float_from_int float_from_unsigned int_from_float unsigned_from_float move"
).split()
NUMBER = {name: number for number, name in enumerate(OPERATIONS)}
SLOW = {"power": 32, "softplus": 16, "erf": 10} | dict.fromkeys(
    "floor_divide modulo floor_divide_int modulo_int divide_unsigned modulo_unsigned".split(), 40
)
KINDS = {
    kind: number
    for number, kind in enumerate("words truths bytes longs_float32 longs_int32 longs_bool constant".split())
}
SHORT, SPACE, AXES, OPERANDS = 64, 16, 8, 255  # as in kernels/chain.c
BLOCK = 512  # numbers; a dozen registers of it fit the first-level cache
WORKSPACE = 1 << 18  # numbers
LARGEST = (2 - 2**-23) * 2.0**127  # of float32

# What an op is, by the dtype of its last input: an operation and its operands, which are inputs ("a", "b", "c"), numbers,
# or operations again. Bool is a mask; uint8 an int32 that is never negative.
Recipe = Any
FLOAT, INT, UNSIGNED, TRUTH, BYTE = "float32", "int32", "uint32", "bool", "uint8"


def two(operation: str) -> Recipe:
    return (operation, "a", "b")


def comparison(name: str, *, swapped: bool = False) -> dict[str, Recipe]:
    order = ("b", "a") if swapped else ("a", "b")
    return {
        FLOAT: (name, *order),
        **dict.fromkeys((INT, BYTE), (f"{name}_int", *order)),
        **dict.fromkeys((UNSIGNED, TRUTH), (f"{name}_unsigned", *order)),
    }


def of_floats(*names: str) -> dict[str, dict[str, Recipe]]:
    return {name: {FLOAT: (name, "a")} for name in names}


def whole(name: str) -> dict[str, Recipe]:
    return dict.fromkeys((INT, UNSIGNED), two(name))


def same(*dtypes: str) -> dict[str, Recipe]:
    return dict.fromkeys(dtypes, "a")


RECIPES: dict[str, dict[str, Recipe]] = {
    "add": {FLOAT: two("add"), **whole("add_int"), TRUTH: two("bits_or")},
    "subtract": {FLOAT: two("subtract"), **whole("subtract_int")},
    "multiply": {FLOAT: two("multiply"), **whole("multiply_int"), TRUTH: two("bits_and")},
    "divide": {FLOAT: two("divide")},
    "power": {FLOAT: two("power")},
    "maximum": {
        FLOAT: two("maximum"),
        **dict.fromkeys((INT, BYTE), two("maximum_int")),
        UNSIGNED: two("maximum_unsigned"),
        TRUTH: two("bits_or"),
    },
    "minimum": {
        FLOAT: two("minimum"),
        **dict.fromkeys((INT, BYTE), two("minimum_int")),
        UNSIGNED: two("minimum_unsigned"),
        TRUTH: two("bits_and"),
    },
    "floor_divide": {
        FLOAT: two("floor_divide"),
        INT: two("floor_divide_int"),
        **dict.fromkeys((UNSIGNED, BYTE), two("divide_unsigned")),
    },
    "mod": {
        FLOAT: two("modulo"),
        INT: two("modulo_int"),
        **dict.fromkeys((UNSIGNED, BYTE), two("modulo_unsigned")),
    },
    "equal": {FLOAT: two("equal"), **dict.fromkeys((INT, BYTE, UNSIGNED, TRUTH), two("equal_int"))},
    "not_equal": {
        FLOAT: two("not_equal"),
        **dict.fromkeys((INT, BYTE, UNSIGNED, TRUTH), two("not_equal_int")),
    },
    "less": comparison("less"),
    "less_equal": comparison("less_equal"),
    "greater": comparison("less", swapped=True),
    "greater_equal": comparison("less_equal", swapped=True),
    "logical_and": {TRUTH: two("bits_and")},
    "logical_or": {TRUTH: two("bits_or")},
    "logical_not": {TRUTH: ("bits_not", "a")},
    "where": dict.fromkeys((FLOAT, INT, UNSIGNED, TRUTH, BYTE), ("select", "a", "b", "c")),
    "clip": {
        FLOAT: ("clip", "a", "low", "high"),
        INT: ("minimum_int", ("maximum_int", "a", "low"), "high"),
    },
    **of_floats("round", "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sigmoid"),
    **of_floats("softplus", "erf"),
    "negative": {FLOAT: ("negative", "a"), **dict.fromkeys((INT, UNSIGNED), ("subtract_int", 0, "a"))},
    "abs": {
        FLOAT: ("absolute", "a"),
        INT: ("maximum_int", "a", ("subtract_int", 0, "a")),
        **same(UNSIGNED, TRUTH, BYTE),
    },
    "sign": {FLOAT: ("sign", "a"), INT: ("sign_int", "a"), UNSIGNED: ("minimum_unsigned", "a", 1)},
    "floor": {FLOAT: ("floor", "a"), **same(INT, UNSIGNED)},
    "ceil": {FLOAT: ("ceil", "a"), **same(INT, UNSIGNED)},
    "isfinite": {FLOAT: ("is_finite", "a")},
    "isnan": {FLOAT: ("not_equal", "a", "a")},
    "square": {
        FLOAT: ("multiply", "a", "a"),
        **dict.fromkeys((INT, UNSIGNED), ("multiply_int", "a", "a")),
    },
    "relu": {FLOAT: ("relu", "a"), INT: ("maximum_int", "a", 0), **same(UNSIGNED, BYTE)},
    "broadcast_to": same(FLOAT, INT, UNSIGNED, TRUTH, BYTE),
}
# From … to …
CASTS: dict[tuple[str, str], Recipe] = {
    **{(dtype, dtype): "a" for dtype in (FLOAT, INT, UNSIGNED, TRUTH, BYTE)},
    (FLOAT, INT): ("int_from_float", "a"),
    (FLOAT, UNSIGNED): ("unsigned_from_float", "a"),
    (FLOAT, TRUTH): ("not_equal", "a", 0),
    (FLOAT, BYTE): ("bits_and", ("int_from_float", "a"), 255),
    **{(dtype, FLOAT): ("float_from_int", "a") for dtype in (INT, BYTE)},
    (UNSIGNED, FLOAT): ("float_from_unsigned", "a"),
    **{(dtype, TRUTH): ("not_equal_int", "a", 0) for dtype in (INT, UNSIGNED, BYTE)},
    **{(dtype, BYTE): ("bits_and", "a", 255) for dtype in (INT, UNSIGNED)},
    **{pair: "a" for pair in ((INT, UNSIGNED), (UNSIGNED, INT), (BYTE, INT), (BYTE, UNSIGNED))},
    (TRUTH, FLOAT): ("bits_and", "a", 1.0),
    **{(TRUTH, dtype): ("bits_and", "a", 1) for dtype in (INT, UNSIGNED, BYTE)},
}


class Unsupported(Exception):
    """The library has no operation for this: the reference runs the call."""


@dataclass(eq=False)
class Operand:
    """An array that instructions read or make. `source`: where an input lies, or the bits of a constant."""

    dtype: str
    source: Slot | int | None = None
    number: int = -1  # its place among the kernel's operands


@dataclass(eq=False)
class Instruction:
    operation: str
    out: Operand
    operands: tuple[Operand, ...]


class Expression:
    """The instructions of a call, in single-assignment form."""

    def __init__(self, call: Call):
        op = call.op
        if op.name == "chain":
            code, outputs, self.target = op.settings["code"], op.settings["outputs"], op.settings["target"]
        else:
            code = ((op.name, tuple(range(len(call.inputs))), tuple(op.settings.items())),)
            outputs, self.target = (-1,), call.output.spec.shape
        self.instructions: list[Instruction] = []
        self.constants: dict[int, Operand] = {}
        self.inputs = [Operand(slot.spec.dtype, slot) for slot in call.inputs]
        results: list[Operand] = []

        def operand(number: int) -> Operand:
            return self.inputs[number] if number >= 0 else results[-1 - number]

        for name, operands, settings in code:
            results.append(self.apply(name, [operand(number) for number in operands], dict(settings)))
        self.outputs = [operand(number) for number in outputs]
        self.fuse_products()

    def constant(self, value: float, dtype: str) -> Operand:
        if dtype == FLOAT and (abs(value) <= LARGEST or math.isinf(value)):
            (bits,) = struct.unpack("<I", struct.pack("<f", value))
        elif dtype == INT and value == int(value) and -(2**31) <= value < 2**31:
            bits = int(value) & 0xFFFFFFFF
        else:
            raise Unsupported
        return self.constants.setdefault(bits, Operand(dtype, bits))

    def apply(self, name: str, inputs: list[Operand], settings: dict[str, Any]) -> Operand:
        """Write an op down as operations; its value."""
        dtype = inputs[-1].dtype
        if name == "cast":
            made = settings["dtype"]
            if dtype == "int64":
                return self.narrowed(inputs[0], made)
            recipe = CASTS.get((dtype, made))
        else:
            made = getattr(OPS[name], "dtype", None) or dtype
            recipe = RECIPES.get(name, {}).get(dtype)
        if recipe is None:
            raise Unsupported
        given: dict[Any, Operand] = dict(zip("abc", inputs, strict=False))
        for key in ("low", "high"):
            if key in settings:
                given[key] = self.constant(settings[key], dtype)
        result = self.write(recipe, given, dtype, made)
        # A value in another dtype is another operand only where it must be told apart: in memory.
        return result if result.dtype == made else self.renamed(result, made)

    def renamed(self, x: Operand, dtype: str) -> Operand:
        return self.emit("move", dtype, x)

    def narrowed(self, x: Operand, dtype: str) -> Operand:
        """64-bit integers become what they are cast to while they are loaded."""
        if dtype in (FLOAT, INT, TRUTH):
            made = Operand(f"longs_{dtype}", x.source)
            self.inputs.append(made)
            return self.renamed(made, dtype)
        if dtype in (UNSIGNED, BYTE):
            return self.apply("cast", [self.narrowed(x, INT)], {"dtype": dtype})
        raise Unsupported

    def write(self, recipe: Recipe, given: dict[Any, Operand], dtype: str, made: str) -> Operand:
        if isinstance(recipe, str):
            return given[recipe]
        if isinstance(recipe, (int, float)):
            return self.constant(recipe, FLOAT if isinstance(recipe, float) or dtype == FLOAT else INT)
        operation, *parts = recipe
        inner = INT if operation == "bits_and" and made == BYTE else dtype
        return self.emit(operation, made, *(self.write(part, given, inner, inner) for part in parts))

    def emit(self, operation: str, dtype: str, *operands: Operand) -> Operand:
        out = Operand(dtype)
        self.instructions.append(Instruction(operation, out, operands))
        return out

    def fuse_products(self) -> None:
        """A product that only one sum needs becomes part of it. Strict builds round it all the same."""
        uses = [x for one in self.instructions for x in one.operands] + self.outputs
        products = {
            one.out: one
            for one in self.instructions
            if one.operation == "multiply" and sum(x is one.out for x in uses) == 1
        }
        for one in self.instructions:
            if one.operation not in ("add", "subtract"):
                continue
            a, b = one.operands
            # The later product: the earlier one may be old enough to be there without another register.
            if b in products:
                name = "multiply_add" if one.operation == "add" else "negative_multiply_add"
                product, rest = products.pop(b), a
            elif a in products:
                name = "multiply_add" if one.operation == "add" else "multiply_subtract"
                product, rest = products.pop(a), b
            else:
                continue
            one.operation, one.operands = name, (*product.operands, rest)
            self.instructions.remove(product)


def runs(shape: Shape, target: Shape) -> list[tuple[int, bool]]:
    """Lengths of the target's axes, merged while the array of `shape` has them or is stretched along them.

    >>> runs((32, 1, 5), (32, 4, 5))
    [(32, False), (4, True), (5, False)]
    """
    padded = (1,) * (len(target) - len(shape)) + shape
    axes = [(n, own != n) for own, n in zip(padded, target, strict=True) if n != 1]
    return [(size(n for n, _ in run), stretched) for stretched, run in groupby(axes, lambda axis: axis[1])]


class Placement:
    """Where the operands of an expression are while it runs, and the words that say so."""

    def __init__(self, expression: Expression, call: Call):
        self.expression = expression
        self.count = size(expression.target)
        self.code = list(expression.instructions)
        self.stores: list[tuple[Operand, Slot]] = []
        self.loads: list[tuple[Operand, list[tuple[int, bool]]]] = []
        self.whole_outputs: list[tuple[Operand, Slot]] = []
        used = {id(x) for one in self.code for x in one.operands} | {id(x) for x in expression.outputs}
        inputs = [x for x in expression.inputs if id(x) in used]
        self.whole_inputs: list[Operand] = []
        for x in inputs:
            assert isinstance(x.source, Slot)
            shape = runs(x.source.spec.shape, expression.target)
            if x.dtype in (FLOAT, INT, UNSIGNED) and not any(stretched for _, stretched in shape):
                self.whole_inputs.append(x)
            elif x.dtype in ("float64", "int64"):
                raise Unsupported
            else:
                self.loads.append((x, shape))
        self.loads += [(x, [(self.count, True)]) for x in expression.constants.values() if id(x) in used]
        self.place_outputs(call.outputs)
        self.block, lasting = self.cut()
        self.loads.sort(key=lambda load: not lasting(load[1]))
        self.lasting = sum(lasting(shape) for _, shape in self.loads)
        self.registers = self.number()

    def place_outputs(self, slots: Sequence[Slot]) -> None:
        """Results are made where they belong, unless something there is still needed."""
        made = {one.out: index for index, one in enumerate(self.code)}
        late: list[tuple[Operand, Slot]] = []
        for x, slot in zip(self.expression.outputs, slots, strict=True):
            if slot.spec.dtype in (TRUTH, BYTE):
                self.stores.append((x, slot))
            elif (
                x not in made
                or self.needed_after(made[x], slot)
                or any(x is y for y, _ in self.whole_outputs)
            ):
                late.append((x, slot))
            else:
                self.whole_outputs.append((x, slot))
        for x, slot in late:
            # An input that leaves as it is: kept where later moves cannot reach it.
            if x in self.whole_inputs and any(
                overlap(x.source, other) for _, other in self.whole_outputs + late
            ):
                kept = Operand(x.dtype)
                self.code.append(Instruction("move", kept, (x,)))
                late[[y for y, _ in late].index(x)] = (kept, slot)
        for x, slot in late:
            out = Operand(x.dtype)
            self.code.append(Instruction("move", out, (x,)))
            self.whole_outputs.append((out, slot))

    def needed_after(self, index: int, slot: Slot) -> bool:
        """Whether an instruction behind number `index` (or an output that is an input) reads what lies in the slot."""
        later = [x for one in self.code[index + 1 :] for x in one.operands] + self.expression.outputs
        return any(x in self.whole_inputs and overlap(x.source, slot) for x in later)

    def cut(self) -> tuple[int, Any]:
        """Numbers in a block, and which loads then serve all blocks: the numbers that a stretched input repeats from
        block to block are loaded once."""
        count = max(self.count, 1)
        only_whole = not self.loads and not self.stores and len(self.code) == len(self.whole_outputs)
        if only_whole or count <= BLOCK:
            block = math.ceil(count / SPACE) * SPACE
            return block, lambda shape: True
        periods = [
            shape[1][0]
            for _, shape in self.loads
            if len(shape) == 2 and shape[0][1] and shape[1][0] <= 4 * BLOCK
        ]
        common = SPACE
        for period in periods:
            longer = math.lcm(common, period)
            common = longer if longer <= 4 * BLOCK else common
        block = common * max(1, BLOCK // common)

        def lasting(shape: list[tuple[int, bool]]) -> bool:
            if len(shape) == 1:
                return shape[0][1]
            return not shape or (len(shape) == 2 and shape[0][1] and block % shape[1][0] == 0)

        return block, lasting

    def number(self) -> int:
        """Number all operands: whole inputs, whole outputs, registers. How many registers there are."""
        for index, x in enumerate(self.whole_inputs):
            x.number = index
        first = len(self.whole_inputs)
        for index, (x, _) in enumerate(self.whole_outputs, first):
            x.number = index
        first += len(self.whole_outputs)
        last_use: dict[Operand, int] = {}
        for index, one in enumerate(self.code):
            last_use.update((x, index) for x in one.operands)
        last_use.update((x, len(self.code)) for x, _ in self.stores)
        registers = len(self.loads)
        ends: dict[Operand, int] = {}
        for index, (x, _) in enumerate(self.loads):
            x.number = first + index
            if index >= self.lasting:
                ends[x] = last_use.get(x, 0)
        free: list[int] = []
        for index, one in enumerate(self.code):
            for x in [x for x, end in ends.items() if end <= index]:
                free.append(x.number)
                del ends[x]
            if one.out.number < 0:
                if not free:
                    free.append(first + registers)
                    registers += 1
                one.out.number = free.pop()
                ends[one.out] = last_use.get(one.out, index)
        if first + registers > OPERANDS or SHORT * first + registers * (self.block + SPACE) > WORKSPACE:
            raise Unsupported
        return registers

    def words(self) -> Iterator[Word]:
        yield self.count
        yield self.block
        yield len(self.whole_inputs)
        yield len(self.whole_outputs)
        yield self.registers
        yield self.lasting
        yield len(self.loads)
        yield len(self.code)
        yield len(self.stores)
        for x in self.whole_inputs:
            assert isinstance(x.source, Slot)
            yield x.source
        yield from (slot for _, slot in self.whole_outputs)
        for one in self.code:
            operands = [x.number for x in one.operands]
            operands += operands[:1] * (3 - len(operands))
            yield in_bytes(NUMBER[one.operation], one.out.number, *operands)
        for x, slot in self.stores:
            yield in_bytes(x.number, 1 if slot.spec.dtype == TRUTH else 255)
            yield slot
        for x, shape in self.loads:
            yield from load(x, shape, self.count)

    def nanoseconds(self) -> int:
        """Measured in WebAssembly: a quarter of a nanosecond for a plain operation on a number, more for functions."""
        plain = sum(
            SLOW.get(one.operation, 4 if one.operation in FUNCTIONS else 1) for one in self.code
        ) + len(self.loads)
        return 30 + 8 * len(self.code) + self.count * plain // 4


FUNCTIONS = frozenset("exp expm1 log log1p sin cos tanh sigmoid divide sqrt rsqrt".split())


def load(x: Operand, shape: list[tuple[int, bool]], count: int) -> Iterator[Word]:
    """The words that load a stretched input, a constant, or numbers of another width."""
    shape = shape or [(count, False)]
    kind = {TRUTH: "truths", BYTE: "bytes"}.get(x.dtype, x.dtype if x.dtype.startswith("longs") else "words")
    if isinstance(x.source, int):
        kind = "constant"
    (length, repeated), axes = shape[-1], shape[-2::-1]
    if len(axes) > AXES:
        raise Unsupported
    yield in_bytes(x.number, KINDS[kind], repeated, len(axes))
    yield x.source
    yield length
    step = 1 if repeated else length
    for n, stretched in axes:
        yield n
        yield 0 if stretched else step
        step *= 1 if stretched else n


def in_bytes(*numbers: int) -> int:
    return sum(number << 8 * place for place, number in enumerate(numbers))


def overlap(a: Any, b: Slot) -> bool:
    return (
        isinstance(a, Slot)
        and a.region == b.region
        and a.offset < b.offset + b.spec.nbytes
        and b.offset < a.offset + a.spec.nbytes
    )


@encodes("chain", "cast", *RECIPES)
def chain(call: Call) -> Encoded | None:
    try:
        placed = Placement(Expression(call), call)
        return Encoded("chain", tuple(placed.words()), placed.nanoseconds())
    except Unsupported:
        return None
