"""What elementwise ops are in operations of kernels/chain.c, and expressions made of these.

To add one: its function and its name in kernels/chain.c, and the recipe of the op that needs it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pyengine.executors.simd.encode.base import uses
from pyengine.graph import Spec
from pyengine.ops.base import OPS, make
from pyengine.plan import Call, Slot
from pyengine.shapes import size

# Tenths of a nanosecond for each number, as measured in WebAssembly; 1 where nothing is said.
COSTS = {
    **dict.fromkeys(("divide", "sqrt", "floor", "ceil", "round"), 3),
    **dict.fromkeys(("rsqrt", "root_step"), 5),
    **dict.fromkeys(("exp", "expm1", "sigmoid", "tanh"), 10),
    **dict.fromkeys(("log", "log1p", "sin", "cos"), 15),
    **{"erf": 20, "softplus": 30, "power": 70, "floor_divide": 100, "modulo": 100},
    **dict.fromkeys(("floor_divide_int", "modulo_int", "divide_unsigned", "modulo_unsigned"), 30),
}
LARGEST = (2 - 2**-23) * 2.0**127  # of float32

# What an op is, by the dtype of its last input: an operation and its operands, which are inputs ("a", "b", "c"),
# numbers, or operations again. Bool is a mask of 32 bits; uint8 an int32 that is never negative.
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
    **dict.fromkeys(((INT, UNSIGNED), (UNSIGNED, INT), (BYTE, INT), (BYTE, UNSIGNED)), "a"),
    (TRUTH, FLOAT): ("bits_and", "a", 1.0),
    **{(TRUTH, dtype): ("bits_and", "a", 1) for dtype in (INT, UNSIGNED, BYTE)},
}


class Unsupported(Exception):
    """The library has no operation for this; the message names it. The reference runs the call."""


@dataclass(eq=False, slots=True)
class Operand:
    """An array that instructions read or make.

    Attributes:
        dtype: of its numbers; "longs_…" are 64-bit integers that become something else while they are loaded.
        source: where an input lies, or the bits of a constant; None for what an instruction makes.
        scalar: it is one number for the whole expression, or made of such numbers alone.
        number: its place among the kernel's operands.
    """

    dtype: str
    source: Slot | int | None = None
    scalar: bool = False
    number: int = -1


@dataclass(eq=False, slots=True)
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
        several = size(self.target) > 1
        self.instructions: list[Instruction] = []
        self.constants: dict[int, Operand] = {}
        self.inputs = [
            Operand(slot.spec.dtype, slot, several and slot.spec.size == 1) for slot in call.inputs
        ]
        results: list[Operand] = []

        def operand(number: int) -> Operand:
            return self.inputs[number] if number >= 0 else results[-1 - number]

        for name, operands, settings in code:
            results.append(self.apply(name, [operand(number) for number in operands], dict(settings)))
        self.outputs = [operand(number) for number in outputs]
        for find in FUSIONS:
            self.fuse(find)

    def constant(self, value: float, dtype: str) -> Operand:
        if dtype == FLOAT and (abs(value) <= LARGEST or math.isinf(value)):
            (bits,) = struct.unpack("<I", struct.pack("<f", value))
        elif dtype == INT and -(2**31) <= value < 2**31 and value == int(value):
            bits = int(value) & 0xFFFFFFFF
        else:
            raise Unsupported(f"{value} as {dtype}")
        return self.constants.setdefault(bits, Operand(dtype, bits, True))

    def apply(self, name: str, inputs: list[Operand], settings: dict[str, Any]) -> Operand:
        """Write an op down as operations; its value."""
        dtype = inputs[-1].dtype
        if name == "cast":
            result_dtype = settings["dtype"]
            if dtype == "int64":
                return self.narrowed_longs(inputs[0], result_dtype)
            recipe = CASTS.get((dtype, result_dtype))
        else:
            result_dtype = getattr(OPS[name], "dtype", None) or dtype
            recipe = RECIPES.get(name, {}).get(dtype)
        if recipe is None:
            raise Unsupported(f"{dtype} {name}{f' to {result_dtype}' if name == 'cast' else ''}")
        given: dict[str, Operand] = dict(zip("abc", inputs, strict=False))
        given |= {key: self.constant(settings[key], dtype) for key in ("low", "high") if key in settings}
        result = self.write(recipe, given, dtype, result_dtype)
        # The same bits seen as another dtype: how they are loaded, and what ops make of them, are two things.
        return result if result.dtype == result_dtype else self.emit("move", result_dtype, result)

    def narrowed_longs(self, x: Operand, dtype: str) -> Operand:
        """64-bit integers become what they are cast to while they are loaded."""
        if dtype in (FLOAT, INT, TRUTH):
            longs = Operand(f"longs_{dtype}", x.source, x.scalar)
            self.inputs.append(longs)
            return self.emit("move", dtype, longs)
        if dtype in (UNSIGNED, BYTE):
            return self.apply("cast", [self.narrowed_longs(x, INT)], {"dtype": dtype})
        raise Unsupported(f"{x.dtype} cast to {dtype}")

    def write(self, recipe: Recipe, given: dict[str, Operand], dtype: str, result_dtype: str) -> Operand:
        if isinstance(recipe, str):
            return given[recipe]
        if isinstance(recipe, (int, float)):
            return self.constant(recipe, FLOAT if isinstance(recipe, float) or dtype == FLOAT else INT)
        operation, *parts = recipe
        inner = INT if operation == "bits_and" and result_dtype == BYTE else dtype
        return self.emit(operation, result_dtype, *(self.write(part, given, inner, inner) for part in parts))

    def emit(self, operation: str, dtype: str, *operands: Operand) -> Operand:
        out = Operand(dtype, scalar=all(x.scalar for x in operands))
        self.instructions.append(Instruction(operation, out, operands))
        return out

    def fuse(self, find: Fusion) -> None:
        """Replace several instructions by one that does the same, where the intermediate results have no other use."""
        uses: dict[Operand, int] = {}
        for x in [x for instruction in self.instructions for x in instruction.operands] + self.outputs:
            uses[x] = uses.get(x, 0) + 1
        inner = {
            instruction.out: instruction
            for instruction in self.instructions
            if uses.get(instruction.out) == 1 and not instruction.out.scalar
        }
        taken: set[Operand] = set()
        for instruction in self.instructions:
            found = None if instruction.out.scalar else find(Pattern(inner), instruction)
            if found:
                instruction.operation, instruction.operands, between = found
                taken.update(between)
                for x in between:
                    del inner[x]
        self.instructions = [instruction for instruction in self.instructions if instruction.out not in taken]


@lru_cache(1024)
def expressible(key: tuple[Any, ...], dtypes: tuple[str, ...]) -> bool:
    """Whether the op with these name and settings is an expression on inputs of these dtypes."""
    name, *items = key
    slots = [Slot(number, 0, Spec((), dtype)) for number, dtype in enumerate(dtypes)]
    try:
        Expression(Call(make(name, **dict(items)), tuple(slots), (Slot(len(slots), 0, Spec(())),)))
    except Unsupported:
        return False
    return True


class Pattern:
    """Queries about the operands of an instruction: each returns None or what an operand is computed from."""

    def __init__(self, inner: dict[Operand, Instruction]):
        self.inner = inner

    def operands_if(self, x: Operand, operation: str) -> tuple[Operand, ...] | None:
        """The operands of the instruction that computes x, if it is this operation and x has no other use."""
        instruction = self.inner.get(x)
        return instruction.operands if instruction and instruction.operation == operation else None

    def scaled(self, x: Operand) -> tuple[Operand, Operand] | None:
        """y and a, if x is y · a with a scalar a."""
        product = self.operands_if(x, "multiply")
        if product is None or product[0].scalar == product[1].scalar:
            return None
        a, b = product
        return (a, b) if b.scalar else (b, a)


Found = tuple[str, tuple[Operand, ...], list[Operand]]  # operation, operands, what lay between
Fusion = Callable[[Pattern, Instruction], Found | None]


def weighted_sum(pattern: Pattern, instruction: Instruction) -> Found | None:
    """x · a + y · b, or x · a + y² · b."""
    if instruction.operation != "add":
        return None
    first, second = map(pattern.scaled, instruction.operands)
    if first is None or second is None or instruction.operands[0] is instruction.operands[1]:
        return None
    between = list(instruction.operands)
    for (x, a), (y, b) in ((first, second), (second, first)):
        square = pattern.operands_if(y, "multiply")
        if square and square[0] is square[1]:
            return "weighted_square_sum", (x, square[0], a, b), [*between, y]
    return "weighted_sum", (first[0], second[0], first[1], second[1]), between


def root_step(pattern: Pattern, instruction: Instruction) -> Found | None:
    """x - y · a / (√z + b): a step of Adam and its relatives."""
    if instruction.operation != "subtract":
        return None
    x, step = instruction.operands
    quotient = pattern.operands_if(step, "divide")
    above = quotient and pattern.scaled(quotient[0])
    below = quotient and pattern.operands_if(quotient[1], "add")
    if not (quotient and above and below) or below[0].scalar == below[1].scalar:
        return None
    root, b = below if below[1].scalar else (below[1], below[0])
    inside = pattern.operands_if(root, "sqrt")
    if inside is None:
        return None
    return "root_step", (x, above[0], inside[0], above[1], b), [step, *quotient, root]


def gate(pattern: Pattern, instruction: Instruction) -> Found | None:
    """x · [condition]: how gradients pass where a function has a corner."""
    if instruction.operation != "multiply":
        return None
    for x, factor in (instruction.operands, instruction.operands[::-1]):
        number = pattern.operands_if(factor, "bits_and")
        if number is None or number[1].source != ONE:
            continue
        compared = pattern.operands_if(number[0], "less")
        if compared:
            return "gate_less", (x, *compared), [factor, number[0]]
        return "gate", (x, number[0]), [factor]
    return None


def product_sum(pattern: Pattern, instruction: Instruction) -> Found | None:
    """x · y + z and its relatives. Strict builds round the product all the same."""
    if instruction.operation not in ("add", "subtract"):
        return None
    a, b = instruction.operands
    added = instruction.operation == "add"
    if product := pattern.operands_if(b, "multiply"):
        return "multiply_add" if added else "negative_multiply_add", (*product, a), [b]
    if product := pattern.operands_if(a, "multiply"):
        return "multiply_add" if added else "multiply_subtract", (*product, b), [a]
    return None


ONE = 0x3F800000  # the bits of 1.0
# And which operations they make.
FUSIONS: dict[Fusion, tuple[str, ...]] = {
    weighted_sum: ("weighted_sum", "weighted_square_sum"),
    root_step: ("root_step",),
    gate: ("gate", "gate_less"),
    product_sum: ("multiply_add", "multiply_subtract", "negative_multiply_add"),
}


def operations(recipe: Recipe) -> Iterator[str]:
    """The operations in a recipe."""
    if isinstance(recipe, tuple):
        yield recipe[0]
        for part in recipe[1:]:
            yield from operations(part)


uses("operation", "move")
for recipe in (*CASTS.values(), *(one for recipes in RECIPES.values() for one in recipes.values())):
    uses("operation", *operations(recipe))
for made in FUSIONS.values():
    uses("operation", *made)
