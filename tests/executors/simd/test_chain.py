"""Elementwise ops and chains of them: every op, dtype and kind of stretching, several outputs, outputs over inputs."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pyengine import ops
from pyengine.executors.simd.encode.chain import BLOCK, Placement, record
from pyengine.executors.simd.encode.operations import CASTS, RECIPES, Expression
from pyengine.executors.simd.executor import encode
from pyengine.graph import Spec
from pyengine.ops import OPS
from pyengine.plan import Call, Slot
from tests.executors.simd.support import MODES, run

FLOAT, WHOLE = ("float32",), ("int32", "uint32")
SPECIAL = np.float32([0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 0.5, 2.5, -7, 3e38, 1e-40])
# Ops whose kernel rounds otherwise than NumPy: units in the last place by which they may differ.
INEXACT = {
    "exp": 2,
    "expm1": 3,
    "log": 2,
    "log1p": 2,
    "sin": 3,
    "cos": 3,
    "tanh": 7,
    "sigmoid": 4,
    "softplus": 3,
}
INEXACT |= {"erf": 2, "power": 2}
TWO = {"add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "floor_divide", "mod"}
TWO |= {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"}
SETTINGS = {"clip": {"low": -1.0, "high": 2.0}}


def numbers(dtype: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    if dtype == "float32":
        x = random.normal(0, 3, shape).astype(np.float32)
        return np.where(random.random(shape) < 0.2, random.choice(SPECIAL, shape), x)
    if dtype == "bool":
        return random.random(shape) < 0.5
    info = np.iinfo(dtype)
    any_of_all = random.integers(info.min, info.max, shape, dtype, endpoint=True)
    edge = random.choice(np.array([info.min, info.max, 0, 1, 2, 3, 7], dtype), shape)
    return np.where(random.random(shape) < 0.5, any_of_all, edge)


def arity(name: str) -> int:
    return 3 if name == "where" else 2 if name in TWO else 1


def assert_agree(found: np.ndarray, expected: np.ndarray, units: int = 0) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if units and found.dtype == np.float32:
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
        with np.errstate(all="ignore"):
            near = np.abs(found.astype(np.float64) - expected) <= units * np.spacing(np.abs(expected))
        assert np.all(same | near), (found[~(same | near)], expected[~(same | near)])
    else:
        np.testing.assert_array_equal(found, expected)


def reference(op, *arrays):
    with np.errstate(all="ignore"):
        return op.evaluate(*arrays)


SUPPORTED = [
    (name, dtype) for name, recipes in RECIPES.items() for dtype in recipes if name != "broadcast_to"
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "dtype"), SUPPORTED)
def test_every_op_agrees_with_its_meaning_for_every_length(name, dtype, mode):
    random = np.random.default_rng(0)
    op = ops.make(name, **SETTINGS.get(name, {}))
    for count in (0, 1, 3, 4, 7, 16, 31, 64, 65, 127, BLOCK, BLOCK + 1, 3 * BLOCK + 5):
        arrays = [numbers(dtype, (count,), random) for _ in range(arity(name))]
        if name == "where":
            arrays[0] = (
                arrays[0].view(arrays[0].dtype) != 0 if dtype == "bool" else random.random(count) < 0.5
            )
        found, expected = run(op, *arrays, mode=mode), np.asarray(reference(op, *arrays))
        assert_agree(found, expected.astype(found.dtype), INEXACT.get(name, 0))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("given_", "made"),
    [*CASTS, *(("int64", made) for made in ("float32", "int32", "uint32", "uint8", "bool"))],
)
def test_casts_agree_where_the_number_fits(given_, made, mode):
    random = np.random.default_rng(1)
    for count in (0, 1, 5, 64, 130, BLOCK + 3):
        x = numbers(given_, (count,), random)
        if given_ == "float32" and made != "bool":
            # Others have no meaning in C, and NumPy gives what the CPU gives.
            low, high = {"int32": (-(2.0**31), 2.0**31), "uint32": (0, 2.0**32), "uint8": (0, 256)}.get(
                made, (-np.inf, np.inf)
            )
            x = np.concatenate([x, random.uniform(max(low, -1e12), min(high, 1e12), count).astype("f4")])
            x = x[(x > low - 1) & (x < high)] if made != "float32" else x
        op = ops.make("cast", dtype=made)
        assert_agree(run(op, x, mode=mode), reference(op, x))


def test_floats_that_fit_no_int32_become_its_smallest_number():
    x = np.float32([np.nan, np.inf, -np.inf, 2.0**31, -(2.0**32)])
    np.testing.assert_array_equal(run(ops.make("cast", dtype="int32"), x), np.int32([-(2**31)] * 5))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("add", "float64"),
        ("power", "int32"),
        ("add", "uint8"),
        ("add", "int64"),
        ("round", "int32"),
        ("sqrt", "int32"),
    ],
)
def test_what_has_no_operation_is_left_to_the_reference(name, dtype):
    slots = [Slot(number, 0, Spec((3,), dtype)) for number in range(arity(name) + 1)]
    assert encode(Call(ops.make(name), tuple(slots[:-1]), slots[-1:])) is None


@st.composite
def stretched_shapes(draw, count: int):
    """Shapes that broadcast to a target of up to five axes: axes of length 1 and missing ones."""
    target = tuple(draw(st.lists(st.sampled_from([0, 1, 1, 2, 3, 4, 5, 8, 16, 17, 40]), max_size=5)))
    assume(np.prod(target, dtype=int) <= 20000)
    shapes = []
    for _ in range(count):
        begin = draw(st.integers(0, len(target)))
        shapes.append(tuple(n if draw(st.booleans()) else 1 for n in target[begin:]))
    return target, shapes


@given(stretched_shapes(3), st.sampled_from(MODES), st.sampled_from(["float32", "int32", "bool"]))
@settings(max_examples=150, deadline=None)
def test_inputs_stretch_along_any_axes(drawn, mode, dtype):
    _, shapes = drawn
    random = np.random.default_rng(2)
    condition = random.random(shapes[0]) < 0.5
    a, b = (numbers(dtype, shape, random) for shape in shapes[1:])
    op = ops.make("where")
    assert_agree(run(op, condition, a, b, mode=mode), reference(op, condition, a, b))


@given(stretched_shapes(1), st.sampled_from(MODES), st.sampled_from(["float32", "uint8", "uint32", "bool"]))
@settings(max_examples=100, deadline=None)
def test_broadcast_to_repeats_along_any_axes(drawn, mode, dtype):
    target, (shape,) = drawn
    x = numbers(dtype, shape, np.random.default_rng(3))
    op = ops.make("broadcast_to", target=target)
    assert_agree(run(op, x, mode=mode), reference(op, x))


@pytest.mark.parametrize(
    "shapes", [((1024, 8), (1024, 1)), ((2000, 10), (10,)), ((3, 700), (700,)), ((40, 48), (48,))]
)
@pytest.mark.parametrize("mode", MODES)
def test_rows_and_columns_are_added_across_many_blocks(shapes, mode):
    random = np.random.default_rng(4)
    a, b = (numbers("float32", shape, random) for shape in shapes)
    assert_agree(run(ops.make("add"), a, b, mode=mode), reference(ops.make("add"), a, b))


FLOAT_OPS = [
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "divide",
    "negative",
    "abs",
    "square",
    "relu",
    "sqrt",
]
TRUTHS = ["less", "equal", "greater_equal"]


@st.composite
def chains(draw):
    """A chain of up to 12 instructions over float inputs that stretch, with several outputs."""
    target, shapes = draw(stretched_shapes(draw(st.integers(1, 4))))
    dtypes = dict.fromkeys(range(len(shapes)), "float32")
    code: list[tuple] = []

    def operand(dtype="float32"):
        return draw(st.sampled_from([x for x, of in dtypes.items() if of == dtype]))

    for index in range(draw(st.integers(1, 12))):
        truths = "bool" in dtypes.values()
        name = draw(st.sampled_from(FLOAT_OPS + TRUTHS + ["where", "logical_not", "cast", "clip"] * truths))
        made, items = "float32", ()
        if name in TRUTHS:
            operands, made = (operand(), operand()), "bool"
        elif name == "where":
            operands = (operand("bool"), operand(), operand())
        elif name == "logical_not":
            operands, made = (operand("bool"),), "bool"
        elif name == "cast":
            operands, items = (operand("bool"),), (("dtype", "float32"),)
        elif name == "clip":
            operands, items = (operand(),), (("low", -0.5), ("high", 6.0))
        else:
            operands = tuple(operand() for _ in range(arity(name)))
        code.append((name, operands, items))
        dtypes[-1 - index] = made
    outputs = tuple(draw(st.lists(st.sampled_from(list(dtypes)), min_size=1, max_size=4)))
    return ops.make("chain", code=tuple(code), outputs=outputs, target=target), shapes


@given(chains(), st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None)
def test_chains_are_their_instructions_one_after_another_to_the_bit(chain, seed):
    op, shapes = chain
    random = np.random.default_rng(seed)
    arrays = [numbers("float32", shape, random) for shape in shapes]
    for found, expected in zip(run(op, *arrays), reference(op, *arrays), strict=True):
        assert_agree(found, expected)


@given(stretched_shapes(3), st.sampled_from(["int32", "uint32", "uint8", "bool"]), st.data())
@settings(max_examples=150, deadline=None)
def test_chains_of_whole_numbers_and_truths_are_their_instructions_to_the_bit(drawn, dtype, data):
    target, shapes = drawn
    same = [name for name, dtypes in RECIPES.items() if dtype in dtypes and name not in ("where", "clip")]
    same = [name for name in same if name != "broadcast_to" and OPS[name].dtype in (None, dtype)]
    code = []
    for index in range(data.draw(st.integers(2, 6))):
        name = data.draw(st.sampled_from(same))
        operand = st.integers(-index, len(shapes) - 1)
        code.append((name, tuple(data.draw(operand) for _ in range(arity(name))), ()))
    outputs = (-len(code), data.draw(st.integers(-len(code), len(shapes) - 1)))
    op = ops.make("chain", code=tuple(code), outputs=outputs, target=target)
    arrays = [numbers(dtype, shape, np.random.default_rng(6)) for shape in shapes]
    for found, expected in zip(run(op, *arrays), reference(op, *arrays), strict=True):
        assert_agree(found, expected)


@given(chains(), st.data())
@settings(max_examples=150, deadline=None)
def test_the_first_output_may_lie_over_any_input_of_its_shape(chain, data):
    op, shapes = chain
    specs = op.shape(*(Spec(shape) for shape in shapes))
    alike = [number for number, shape in enumerate(shapes) if Spec(shape) == specs[0]]
    assume(alike)
    over = data.draw(st.sampled_from(alike))
    arrays = [numbers("float32", shape, np.random.default_rng(5)) for shape in shapes]
    for found, expected in zip(run(op, *arrays, over=over), reference(op, *arrays), strict=True):
        assert_agree(found, expected)


@pytest.mark.parametrize("count", [1, 6, 8, 64, 100, 5000])
def test_a_result_waits_while_the_input_that_it_will_lie_over_is_read(count):
    a, b = np.random.default_rng(6).normal(size=(2, count)).astype(np.float32)
    op = ops.make(
        "chain", code=(("add", (0, 1), ()), ("multiply", (0, -1), ())), outputs=(-1, -2), target=(count,)
    )
    found = run(op, a, b, over=0)
    np.testing.assert_array_equal(found[0], a + b)
    np.testing.assert_array_equal(found[1], a * (a + b))


@pytest.mark.parametrize("count", [1, 6, 8, 64, 100, 5000])
def test_inputs_may_change_places(count):
    random = np.random.default_rng(6)
    a, b = random.normal(size=(2, count)).astype(np.float32)
    op = ops.make("chain", code=(("add", (0, 1), ()),), outputs=(1, -1), target=(count,))
    found = run(op, a, b, over=0)
    np.testing.assert_array_equal(found[0], b)
    np.testing.assert_array_equal(found[1], a + b)


def adam():
    """The step of `optimizers.Adam` as a chain: w, m, v, g and six scalars to w, m, v."""
    code = (
        *(("multiply", (1, 4), ()), ("multiply", (3, 5), ()), ("add", (-1, -2), ())),
        *(("multiply", (2, 6), ()), ("square", (3,), ()), ("multiply", (-5, 7), ()), ("add", (-4, -6), ())),
        *(("multiply", (-3, 8), ()), ("sqrt", (-7,), ()), ("add", (-9, 9), ()), ("divide", (-8, -10), ())),
        ("subtract", (0, -11), ()),
    )
    return code, (-12, -3, -7)


@pytest.mark.parametrize("count", [1, 5, 128, 1003])
def test_adam_is_three_instructions_and_the_same_bits(count):
    code, outputs = adam()
    random = np.random.default_rng(7)
    arrays = [np.abs(random.normal(size=count)).astype(np.float32) for _ in range(4)]
    scalars = [np.float32(x) for x in (0.9, 0.1, 0.999, 0.001, 0.01, 1e-7)]
    op = ops.make("chain", code=code, outputs=outputs, target=(count,))
    for found, expected in zip(
        run(op, *arrays, *scalars, over=0), op.evaluate(*arrays, *scalars), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    slots = [Slot(number, 0, Spec((count,))) for number in range(4)]
    slots += [Slot(number, 0, Spec(())) for number in range(4, 10)]
    placed = Placement(Expression(Call(op, tuple(slots), tuple(slots[:3]))), slots[:3])
    if count > 1:
        assert [one.operation for one in placed.code] == ["weighted_sum", "weighted_square_sum", "root_step"]


@pytest.mark.parametrize("mode", MODES)
def test_scalars_among_themselves_are_worked_out_once(mode):
    x = np.random.default_rng(8).normal(size=3 * BLOCK + 2).astype(np.float32)
    code = (("exp", (1,), ()), ("multiply", (-1, 2), ()), ("multiply", (0, -2), ()))
    op = ops.make("chain", code=code, outputs=(-3, -2), target=x.shape)
    slots = (Slot(0, 0, Spec(x.shape)), Slot(1, 0, Spec(())), Slot(2, 0, Spec((1,))))
    outputs = tuple(Slot(number, 0, Spec(x.shape)) for number in (3, 4))
    assert Placement(Expression(Call(op, slots, outputs)), outputs).constants == 2
    given_ = np.float32(0.5), np.float32([3])
    for found, expected in zip(run(op, x, *given_, mode=mode), reference(op, x, *given_), strict=True):
        assert_agree(found, expected, 3)


@pytest.mark.parametrize("seed", range(20))
def test_calls_of_one_kind_differ_in_their_arrays_only(seed):
    random = np.random.default_rng(seed)
    code = (("multiply", (0, 1), ()), ("subtract", (-1, 2), ()), ("add", (0, 2), ()))
    outputs = [(-2, -3), (0, 2), (-3, 1)][seed % 3]
    op = ops.make("chain", code=code, outputs=outputs, target=(40,))
    for _ in range(20):
        places = random.integers(0, 5, 5)  # several inputs may be one array, and outputs may lie over inputs
        while places[3] == places[4]:
            places = random.integers(0, 5, 5)
        slots = tuple(Slot("arena", 160 * int(place), Spec((40,))) for place in places)
        call = Call(op, slots[:3], slots[3:])
        assert encode(call) == record(call)[0]


def test_relaxed_chains_differ_by_no_more_than_the_rounding_of_products():
    random = np.random.default_rng(9)
    a, b, c = random.normal(size=(3, 2000)).astype(np.float32)
    op = ops.make(
        "chain", code=(("multiply", (0, 1), ()), ("add", (-1, 2), ())), outputs=(-2,), target=(2000,)
    )
    (found,) = run(op, a, b, c, mode="relaxed")
    exact = a.astype(np.float64) * b + c
    assert np.all(np.abs(found - exact) <= (np.abs(a * b) + np.abs(exact)) * 2.0**-24)


def test_recipes_are_of_ops():
    assert set(RECIPES) <= set(OPS)
