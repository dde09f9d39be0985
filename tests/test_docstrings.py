"""Every public docstring is complete: summary, formula, shapes, arguments with defaults, what is returned, errors, an
example and the source, each where it applies. The examples run in `test_examples.py`.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType
from typing import Any

import pytest

import pyengine
from pyengine import activations, constraints, errors, initializers, ops, regularizers
from pyengine.configurable import Configurable
from pyengine.ops.base import Op
from pyengine.optimizers import schedules

TABLES = {
    activations: activations.ACTIVATIONS,
    constraints: constraints.CONSTRAINTS,
    initializers: initializers.INITIALIZERS,
    regularizers: regularizers.REGULARIZERS,
    schedules: schedules.SCHEDULES,
}
# Families in which everything is computed by a formula, and those that were first published somewhere.
COMPUTED = ("losses", "metrics", "activations", "regularizers", "constraints", "optimizers")
PUBLISHED = (*COMPUTED, "initializers", "callbacks")

SECTION = re.compile(r"^(Shapes|Arguments|Attributes|Returns|Yields|Errors|Source|Weights):", re.MULTILINE)
ENTRY = re.compile(r"^    (?! )((?:\*{0,2}\w+(?:, )?)+):[ \n]((?:.*\n?)(?:(?:     .*)?\n?)*)", re.MULTILINE)
REFERENCE = re.compile(r"(?:see|as in) `(\w+)`")
INTERNAL = ("TrainingState",)  # bases whose methods are for the package itself
EXAMPLE = re.compile(r"^\s*(?:>>>|\.\.\.) .*$", re.MULTILINE)
FORMULA = re.compile(
    r"[=·←/²√Σ≤≥<>+∫ˣ|]|\w - \w|\b(?:max|min|mean|log|tanh|softplus|half)\b|TP|FP|TN|FN|\bx\b"
)
NAMES_WHAT_IT_GIVES = re.compile(
    r"(?:Whether|How|What|Which|Where|The|A|An|All|Every|Each|One|New|This|Its|Returns)\b|\W|\d|x\b|log\("
)


# --- What is public


@cache
def surface() -> dict[str, Any]:
    """Everything public, by package and name: classes, their methods, functions."""
    found: dict[str, Any] = {}
    for thing in offered():
        found.setdefault(package_and_name(thing), thing)
        if inspect.isclass(thing) and not issubclass(thing, Exception):
            for base in thing.__mro__:
                if base.__module__.startswith("pyengine.") and base.__name__ not in INTERNAL:
                    for name, member in vars(base).items():
                        if documentable(name, member) and not inherits(base, name):
                            found.setdefault(f"{package_and_name(base)}.{name}", member)
    return found


def package_and_name(thing: Any) -> str:
    """A class's or function's name behind that of its package, in whichever file of it that may stand."""
    depth = 3 if thing.__module__ == schedules.__name__ else 2
    return ".".join([*thing.__module__.split(".")[:depth], thing.__qualname__])


def offered() -> Iterator[Any]:
    """The classes and functions that pyengine and its public packages name."""
    modules = [value for name in pyengine.__all__ if inspect.ismodule(value := getattr(pyengine, name))]
    for module in [pyengine, *modules, schedules]:
        named = [getattr(module, name) for name in getattr(module, "__all__", ())]
        if module in TABLES:
            named = [*TABLES[module].values(), module.get, *subclassed(module)]
        elif module is ops and not named:
            named = [value for value in vars(ops).values() if isinstance(value, FunctionType)]
        elif module is errors:
            named = [value for value in vars(errors).values() if inspect.isclass(value)]
        for value in named:
            if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith(
                "pyengine"
            ):
                yield value


def subclassed(module: Any) -> list[type]:
    """The bases that users subclass, in a module with a table."""
    return [
        value
        for name, value in vars(module).items()
        if name in ("Initializer", "Regularizer", "Constraint", "LearningRateSchedule")
    ]


def documentable(name: str, member: Any) -> bool:
    return (name == "__call__" or not name.startswith("_")) and isinstance(
        member, (FunctionType, property, classmethod, staticmethod)
    )


def inherits(cls: type, name: str) -> bool:
    """Whether a method without a docstring overrides one that has it: that docstring says what there is to say."""
    if vars(cls)[name].__doc__:
        return False
    return any(getattr(vars(base).get(name), "__doc__", None) for base in cls.__mro__[1:])


# --- What a docstring has


def own_docstring(cls: type) -> str:
    """A class's docstring, but not one that it inherits."""
    return inspect.cleandoc(cls.__doc__ or "") if vars(cls).get("__doc__") else ""


class Item:
    """A public class, function, method or property, and what stands in its docstring."""

    def __init__(self, name: str):
        self.name = name
        self.thing = surface()[name]
        self.function = getattr(self.thing, "__func__", getattr(self.thing, "fget", None) or self.thing)
        self.owner = surface().get(name.rpartition(".")[0]) or owner(self.function)
        self.text = inspect.cleandoc(self.thing.__doc__ or "")
        self.family = name.split(".")[1]
        self.bases = self.thing.__mro__[1:] if inspect.isclass(self.thing) else ()

    def texts(self) -> list[str]:
        """Its docstring, those of its bases, and those of methods beside it to which it refers: "as in `fit`"."""
        beside = (f"{self.name.rpartition('.')[0]}.{name}" for name in REFERENCE.findall(self.text))
        related = [Item(name).texts() for name in beside if name in surface() and name != self.name]
        return [self.text, *(own_docstring(base) for base in self.bases), *itertools.chain(*related)]

    def code(self) -> str:
        """The source of what runs when it is called: of a class its constructor."""
        function = self.thing.__init__ if inspect.isclass(self.thing) else self.function
        try:
            return textwrap.dedent(inspect.getsource(function))
        except (OSError, TypeError):
            return ""

    def parameters(self) -> dict[str, inspect.Parameter]:
        """What it takes, without self and without keywords of any name."""
        found = dict(
            inspect.signature(self.thing if inspect.isclass(self.thing) else self.function).parameters
        )
        return {
            name: parameter
            for name, parameter in found.items()
            if name not in ("self", "cls") and parameter.kind is not parameter.VAR_KEYWORD
        }


def owner(function: Any) -> Any:
    """The class in which a method is defined."""
    parts = getattr(function, "__qualname__", "").split(".")[:-1]
    found: Any = inspect.getmodule(function)
    for part in parts:
        found = getattr(found, part, None)
    return found if inspect.isclass(found) else None


def section(text: str, title: str) -> str:
    """A section's text, without the title."""
    starts = list(SECTION.finditer(text))
    ends = [*(start.start() for start in starts[1:]), len(text)]
    bodies = {start[1]: text[start.end() : end] for start, end in zip(starts, ends, strict=False)}
    return re.split(r"\n\n(?! )", bodies.get(title, ""))[0]


def entries(text: str) -> dict[str, str]:
    """What the section of arguments says, by name."""
    return {
        name.strip("* "): said
        for names, said in ENTRY.findall(section(text, "Arguments").lstrip("\n") + "\n")
        for name in names.split(",")
    }


def tells_default(said: str, default: Any) -> bool:
    """Whether an argument's entry says its default, and the right one."""
    if default is None:
        return "default" in said.lower() or "None" in said
    spelled = {repr(default), repr(default).replace("'", '"'), getattr(default, "__name__", "")} - {""}
    if isinstance(default, (int, float)) and not isinstance(default, bool):
        numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", said)
        return "default" in said.lower() and float(default) in map(float, numbers)
    return "default" in said.lower() and any(word in said for word in spelled)


# --- The parts


def lacks_summary(item: Item) -> bool:
    """The docstring begins with a sentence."""
    first = item.text.split("\n\n")[0].replace("\n", " ")
    return not re.search(r"[.:](?: |$)", first)


def lacks_formula(item: Item) -> bool:
    text = "\n".join(SECTION.split(EXAMPLE.sub("", item.text))[:1])
    return registered(item) and item.family in COMPUTED and not FORMULA.search(text)


def lacks_shapes(item: Item) -> bool:
    """Where arrays go in or out, their shapes stand in it, or in the docstring of its class."""
    annotations = [parameter.annotation for parameter in item.parameters().values()]
    if inspect.isclass(item.thing):
        takes_arrays = issubclass(item.thing, Configurable) and any(
            name in vars(base)
            for base in item.thing.__mro__
            for name in ("call", "__call__", "contributions")
        )
    else:
        annotations.append(inspect.signature(item.function).return_annotation)
        taken = (re.sub(r"Callable\[\[.*?\]", "", str(annotation)) for annotation in annotations)
        takes_arrays = any(re.search(r"\bArray\b|ndarray", annotation) for annotation in taken)
    texts = [
        *item.texts(),
        *(Item(full_name(item.owner)).texts() if item.owner and full_name(item.owner) else []),
    ]
    return takes_arrays and not any(re.search(r"^Shapes:|[Ss]hapes?\b|\(batch", text, re.M) for text in texts)


def lacks_arguments(item: Item) -> list[str]:
    """Every argument is described with its default, and none that does not exist."""
    told = [entries(text) for text in item.texts()]
    shapes = [section(text, "Shapes") for text in item.texts()]
    parameters, lacking = item.parameters(), []
    for name, parameter in parameters.items():
        described = [each[name] for each in told if name in each]
        if parameter.default is not parameter.empty:
            if not any(tells_default(said, parameter.default) for said in described):
                lacking.append(name)
        elif not described and not any(re.search(rf"\b{name}\b", said) for said in shapes):
            lacking.append(name)
    taken = inspect.signature(
        item.thing.__init__ if inspect.isclass(item.thing) else item.function
    ).parameters
    if inspect.isclass(item.thing) and not registered(item):
        return lacking  # a base describes the arguments of its subclasses
    return lacking + [f"no such argument: {name}" for name in told[0] if name not in {*parameters, *taken}]


def lacks_returns(item: Item) -> bool:
    if inspect.isclass(item.thing):
        return False
    annotation = inspect.signature(item.function).return_annotation
    if annotation in (None, "None", "Self", inspect.Signature.empty):
        return False
    return not (
        section(item.text, "Returns")
        or "->" in section(item.text, "Shapes")
        or NAMES_WHAT_IT_GIVES.match(item.text)
    )


def lacks_errors(item: Item) -> bool:
    """What raises errors names their classes."""
    raised = raises(item.code(), inspect.getmodule(item.function))
    if not raised:
        return False
    said = " ".join(section(text, "Errors") for text in item.texts())
    return not any(known_error(word) for word in re.findall(r"\w+", said))


def raises(code: str, module: Any, *, follow: bool = True) -> bool:
    """Whether code raises something on purpose, itself or in a function of its module that it calls."""
    tree = ast.parse(code) if code else ast.Module([], [])
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Raise)
            and node.exc is not None
            and "NotImplementedError" not in ast.dump(node.exc)
        ):
            return True
    names = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    helpers = [getattr(module, name, None) for name in names] if follow else []
    return any(
        raises(textwrap.dedent(inspect.getsource(helper)), module, follow=False)
        for helper in helpers
        if isinstance(helper, FunctionType) and helper.__module__ == module.__name__
    )


def known_error(word: str) -> bool:
    kind = getattr(errors, word, None) or getattr(builtins, word, None)
    return inspect.isclass(kind) and issubclass(kind, Exception)


def lacks_example(item: Item) -> bool:
    """It is shown in its own docstring or in that of its class, or its blocking twin is."""
    if ">>> " in item.text or (item.name.endswith("_async") and any(">>> " in text for text in item.texts())):
        return False
    if inspect.isclass(item.thing) or item.owner is None:
        return True
    shown = "\n".join(line for cls in item.owner.__mro__ for line in EXAMPLE.findall(own_docstring(cls)))
    name = item.name.rpartition(".")[2]
    return name != "__call__" and not re.search(rf"\b{name}\b", shown)


def lacks_source(item: Item) -> bool:
    if not registered(item) or item.family not in PUBLISHED:
        return False
    # A file of functions that come from one place says so once.
    texts = (
        [item.text]
        if inspect.isclass(item.thing)
        else [item.text, inspect.getmodule(item.thing).__doc__ or ""]
    )
    return not any(re.search(r"^Source:|^Agrees with|Source: ", text, re.MULTILINE) for text in texts)


@cache
def full_name(cls: Any) -> str:
    """The name under which a class is public, or nothing."""
    return next((name for name, thing in surface().items() if thing is cls), "")


def registered(item: Item) -> bool:
    """Whether a name of it stands in a table: it is not a base, a method or a helper."""
    tables = [
        *TABLES.values(),
        pyengine.losses.LOSSES,
        pyengine.metrics.METRICS,
        pyengine.optimizers.OPTIMIZERS,
    ]
    shown = [vars(pyengine.callbacks)[name] for name in pyengine.callbacks.__all__ if name[0].isupper()]
    everything = [*(value for table in tables for value in table.values()), *shown]
    return any(value is item.thing for value in everything)


def is_hook(function: Callable[..., Any]) -> bool:
    """Whether a method is there to be overridden: it does nothing itself."""
    body = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0].body  # type: ignore[attr-defined]
    return all(
        isinstance(statement, (ast.Expr, ast.Pass)) or "NotImplementedError" in ast.dump(statement)
        for statement in body
    )


def lacking(name: str) -> list[str]:
    """The parts that a public name's docstring does not have."""
    item = Item(name)
    if lacks_summary(item):
        return ["summary"]
    if inspect.isclass(item.thing) and issubclass(item.thing, Exception):
        return []
    if isinstance(item.thing, property):
        return ["errors"] * lacks_errors(item)
    if inspect.isclass(item.thing) and issubclass(item.thing, Op):
        return []
    found = [f"argument {argument}" for argument in lacks_arguments(item)]
    checks = {
        "formula": lacks_formula,
        "shapes": lacks_shapes,
        "returns": lacks_returns,
        "errors": lacks_errors,
        "example": lacks_example,
        "source": lacks_source,
    }
    if not inspect.isclass(item.thing) and is_hook(item.function):
        del checks["example"], checks["errors"]
    return found + [part for part, lacks in checks.items() if lacks(item)]


@pytest.mark.parametrize("name", sorted(surface()))
def test_a_public_docstring_has_every_part_that_applies(name: str) -> None:
    assert not lacking(name)
