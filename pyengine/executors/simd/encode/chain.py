"""Encoding of elementwise expressions, run block by block: where operands are kept, and the words of the record.

An op on its own is an expression of one instruction. Nothing here depends on the machine, and results do not depend on
how an array is cut into blocks.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from pyengine.dtypes import itemsize
from pyengine.executors.simd.encode.base import Encoded, Named, Word, encodes, uses
from pyengine.executors.simd.encode.operations import (
    BYTE,
    COSTS,
    FLOAT,
    INT,
    RECIPES,
    TRUTH,
    UNSIGNED,
    Expression,
    Instruction,
    Operand,
    Unsupported,
)
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call, Slot
from pyengine.shapes import Shape, size

# What loads make of memory; numbers of other dtypes are words.
LOADS = (TRUTH, BYTE, "longs_float32", "longs_int32", "longs_bool")
WORDS, CONSTANT = "words", "constant"
uses("load", *LOADS, WORDS, CONSTANT)
SHORT, SPACE, AXES, OPERANDS, HEAD = 64, 16, 8, 255, 11  # as in kernels/chain.c
BLOCK = 1024  # numbers; up to FEW arrays of it fit the first-level cache, beyond these half of it is taken
FEW = 10
WORKSPACE = 1 << 18  # numbers
HOISTED = {
    "weighted_sum": 2,
    "weighted_square_sum": 2,
    "root_step": 2,
}  # so many last operands are one vector each

Runs = list[tuple[int, bool]]


def runs(shape: Shape, target: Shape) -> Runs:
    """Lengths of the target's axes, merged while the array of `shape` has them or is stretched along them.

    >>> runs((32, 1, 5), (32, 4, 5))
    [(32, False), (4, True), (5, False)]
    """
    padded = (1,) * (len(target) - len(shape)) + shape
    axes = [(n, own != n) for own, n in zip(padded, target, strict=True) if n != 1]
    return [(size(n for n, _ in run), stretched) for stretched, run in groupby(axes, lambda axis: axis[1])]


class Placement:
    """Where the operands of an expression are: whole arrays as they lie in memory, and registers of one block."""

    def __init__(self, expression: Expression, slots: Sequence[Slot]):
        self.expression = expression
        self.count = size(expression.target)
        self.code = expression.instructions
        self.whole_inputs: list[Operand] = []
        self.whole_outputs: list[tuple[Operand, Slot]] = []
        self.stores: list[tuple[Operand, Slot]] = []
        self.scalars: list[Operand] = []
        self.loads: list[tuple[Operand, Runs]] = []
        self.place_inputs()
        self.place_outputs(slots)
        self.code.sort(
            key=lambda instruction: not instruction.out.scalar
        )  # operations on scalars alone come first
        self.constants = sum(instruction.out.scalar for instruction in self.code)
        self.block = self.cut()
        self.loads.sort(key=lambda load: not self.lasts(load[1]))
        self.lasting = sum(self.lasts(shape) for _, shape in self.loads)
        self.registers = self.number()

    def place_inputs(self) -> None:
        used = {x for instruction in self.code for x in instruction.operands} | set(self.expression.outputs)
        for x in (*self.expression.inputs, *self.expression.constants.values()):
            if x not in used:
                continue
            if x.dtype in ("float64", "int64"):
                raise Unsupported(x.dtype)
            if x.scalar:
                self.scalars.append(x)
                continue
            assert isinstance(x.source, Slot)
            shape = runs(x.source.spec.shape, self.expression.target)
            if x.dtype in (FLOAT, INT, UNSIGNED) and not any(stretched for _, stretched in shape):
                self.whole_inputs.append(x)
            else:
                self.loads.append((x, shape or [(1, False)]))

    def place_outputs(self, slots: Sequence[Slot]) -> None:
        """Results are made where they belong, unless something there is still needed: then they move there last."""
        producer = {
            instruction.out: index
            for index, instruction in enumerate(self.code)
            if not instruction.out.scalar
        }
        late: list[tuple[Operand, Slot]] = []
        for x, slot in zip(self.expression.outputs, slots, strict=True):
            if slot.spec.dtype in (TRUTH, BYTE):
                self.stores.append((x, slot))
            elif (
                x not in producer
                or any(x is y for y, _ in self.whole_outputs)
                or self.is_read_after(producer[x], slot)
            ):
                late.append((x, slot))
            else:
                self.whole_outputs.append((x, slot))
        # Inputs that change places: kept where the moves below cannot reach them.
        exposed = dict.fromkeys(x for x, _ in late if any(overlap(x.source, slot) for _, slot in late))
        kept = {x: self.moved(x) for x in exposed}
        for x, slot in late:
            self.whole_outputs.append((self.moved(kept.get(x, x)), slot))

    def moved(self, x: Operand) -> Operand:
        out = Operand(x.dtype)
        self.code.append(Instruction("move", out, (x,)))
        return out

    def is_read_after(self, index: int, slot: Slot) -> bool:
        """Whether the slot is read after instruction `index`."""
        later = [
            x for instruction in self.code[index + 1 :] for x in instruction.operands
        ] + self.expression.outputs
        return any(x in self.whole_inputs and overlap(x.source, slot) for x in later)

    def cut(self) -> int:
        """Numbers in a block: all, where no register is needed; else a multiple of the periods of stretched inputs."""
        registers = self.scalars or self.loads or self.stores or len(self.code) > len(self.whole_outputs)
        arrays = len(self.whole_inputs) + len(self.whole_outputs) + len(self.loads) + len(self.scalars)
        block = BLOCK if arrays <= FEW else BLOCK // 2
        if not registers or self.count <= block:
            return math.ceil(self.count / SPACE) * SPACE
        common = SPACE
        for _, shape in self.loads:
            if periodic(shape) and math.lcm(common, shape[1][0]) <= 2 * BLOCK:
                common = math.lcm(common, shape[1][0])
        return common * max(1, block // common)

    def lasts(self, shape: Runs) -> bool:
        """Whether a load of this shape serves all blocks."""
        return self.count <= self.block or (periodic(shape) and self.block % shape[1][0] == 0)

    def number(self) -> int:
        """Number the operands in the kernel's order; how many registers there are. Registers whose content nobody
        needs any more take the next result."""
        loaded = [x for x, _ in self.loads]
        computed_scalars = [instruction.out for instruction in self.code[: self.constants]]
        inputs_outputs = [*self.whole_inputs, *(x for x, _ in self.whole_outputs)]
        for index, x in enumerate([*inputs_outputs, *self.scalars, *computed_scalars, *loaded]):
            x.number = index
        first = len(inputs_outputs)
        count = first + len(self.scalars) + len(computed_scalars) + len(loaded)
        ends = {x: index for index, instruction in enumerate(self.code) for x in instruction.operands}
        ends |= {x: len(self.code) for x, _ in self.stores}
        busy = set(loaded[self.lasting :])
        free: list[int] = []
        for index, instruction in enumerate(self.code):
            for x in [x for x in busy if ends.get(x, 0) <= index]:
                free.append(x.number)
                busy.remove(x)
            if instruction.out.number < 0:
                if not free:
                    free.append(count)
                    count += 1
                free.sort(reverse=True)
                instruction.out.number = free.pop()
                busy.add(instruction.out)
        if count > OPERANDS or SHORT * first + (count - first) * (self.block + SPACE) > WORKSPACE:
            raise Unsupported("too many operands")
        return count - first

    def words(self) -> Iterator[Word]:
        yield from (self.count, self.block, len(self.whole_inputs), len(self.whole_outputs), self.registers)
        yield from (len(self.scalars), self.constants, self.lasting, len(self.loads) - self.lasting)
        yield from (len(self.code), len(self.stores))
        for x in self.whole_inputs:
            assert isinstance(x.source, Slot)
            yield x.source
        yield from (slot for _, slot in self.whole_outputs)
        for instruction in self.code:
            operands = in_bytes(0, instruction.out.number, *(x.number for x in instruction.operands))
            yield Named("operation", instruction.operation, operands)
        for x, slot in self.stores:
            yield in_bytes(x.number, 1 if slot.spec.dtype == TRUTH else 255)
            yield slot
        filling = {
            x
            for instruction in self.code
            for x in instruction.operands[: len(instruction.operands) - HOISTED.get(instruction.operation, 0)]
        }
        filling |= {x for x, _ in self.stores}
        for x in self.scalars:
            repeats = 1 if x in filling else 2
            yield from (head(x, repeats, 0), x.source, self.block)
        for x, shape in self.loads:
            yield from load(x, shape)

    def axes(self) -> Iterator[Axis]:
        """What blocks can be divided along: axes of the target, merged where every load is stretched or none is."""
        whole = len(self.whole_inputs) + len(self.whole_outputs)
        stores = HEAD + whole + len(self.code)
        place = stores + 2 * len(self.stores) + 3 * len(self.scalars)
        moving = {HEAD + number: itemsize(FLOAT) for number in range(whole)}
        moving |= {stores + 2 * number + 1: 1 for number in range(len(self.stores))}
        sources: dict[int, tuple[int, Shape]] = {}  # by place: bytes of a number, shape with all axes
        for x, merged in self.loads:
            assert isinstance(x.source, Slot)
            own = x.source.spec.shape
            padded = (1,) * (len(self.expression.target) - len(own)) + own
            sources[place + 1] = itemsize(x.source.spec.dtype), padded
            place += 3 + 2 * (len(merged) - 1)
        target = self.expression.target
        long = [axis for axis, n in enumerate(target) if n != 1]
        stretched = {axis: [shape[axis] == 1 for _, shape in sources.values()] for axis in long}
        for _, run in groupby(long, stretched.__getitem__):
            behind = [*run][-1] + 1
            unit = size(target[behind:])
            steps = {place: step * unit for place, step in moving.items()}
            for place, (width, shape) in sources.items():
                if shape[behind - 1] != 1:
                    steps[place] = width * size(shape[behind:])
            yield Axis(0, steps, BLOCK if unit == 1 else 1, unit)

    def nanoseconds(self) -> int:
        """About how long it takes: deciding when the library next looks at the clock."""
        work = sum(
            COSTS.get(instruction.operation, 1) for instruction in self.code[self.constants :]
        ) + 2 * len(self.loads)
        return 20 + 6 * (len(self.code) + len(self.scalars)) + self.count * work // 10


def periodic(shape: Runs) -> bool:
    """A row that is repeated."""
    return len(shape) == 2 and shape[0][1]


def head(x: Operand, repeats: int, rank: int) -> Word:
    """The first word of a load."""
    kind = CONSTANT if isinstance(x.source, int) else x.dtype if x.dtype in LOADS else WORDS
    return Named("load", kind, in_bytes(0, x.number, repeats, rank))


def load(x: Operand, shape: Runs) -> Iterator[Word]:
    """The words that load a stretched input, or numbers of another width."""
    (length, repeated), axes = shape[-1], shape[-2::-1]
    if len(axes) > AXES:
        raise Unsupported("too many axes")
    yield head(x, repeated, len(axes))
    yield x.source
    yield length
    step = 1 if repeated else length
    for n, stretched in axes:
        yield from (n, 0 if stretched else step)
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


def record(call: Call) -> tuple[Encoded, tuple[Axis, ...]]:
    """The call's record, and what it is divided along; raises Unsupported, which says what is in the way."""
    placed = Placement(Expression(call), call.outputs)
    return Encoded("chain", tuple(placed.words()), placed.nanoseconds()), tuple(placed.axes())


def obstacle(call: Call) -> str:
    """Why a Chain or a single op cannot be encoded, as text; empty if it can."""
    try:
        record(call)
    except Unsupported as reason:
        return str(reason)
    return ""


@dataclass(frozen=True, slots=True)
class Template:
    """The record of all calls that differ only in the addresses of their arrays.

    Attributes:
        axes: what the record can be divided along.
        slots: places among the record's words, and the number of the input or output each of them stands for.
    """

    record: Encoded
    axes: tuple[Axis, ...]
    slots: tuple[tuple[int, int], ...]


TEMPLATES: OrderedDict[tuple, Template | None] = OrderedDict()
KEPT = 1024


@encodes("chain", "cast", *RECIPES)
def chain(call: Call) -> Encoded | None:
    """A model has many chains of few kinds: each kind is worked out once."""
    shared = tuple([tuple([overlap(x, slot) for x in call.inputs]) for slot in call.outputs])
    slots = (*call.inputs, *call.outputs)
    key = (call.op.key, len(call.inputs), *[slot.spec for slot in slots], *shared)
    if key in TEMPLATES:
        template = TEMPLATES[key]
    else:
        template = TEMPLATES[key] = template_of(call)
        if len(TEMPLATES) > KEPT:
            TEMPLATES.popitem(last=False)
    if template is None:
        return None
    words = list(template.record.words)
    for place, number in template.slots:
        words[place] = slots[number]
    return in_rounds(replace(template.record, words=tuple(words)), *template.axes)


def template_of(call: Call) -> Template | None:
    """What calls like this one have in common; None where an operation is missing."""
    # Slots that can be told apart even where the call names one twice.
    inputs, outputs = (tuple(replace(slot) for slot in slots) for slots in (call.inputs, call.outputs))
    try:
        encoded, axes = record(Call(call.op, inputs, outputs))
    except Unsupported:
        return None
    number = {id(slot): number for number, slot in enumerate((*inputs, *outputs))}
    slots = tuple(
        (place, number[id(word)]) for place, word in enumerate(encoded.words) if isinstance(word, Slot)
    )
    return Template(encoded, axes, slots)
