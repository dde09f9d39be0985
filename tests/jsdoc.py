"""The public members of the JavaScript face, with the JSDoc that stands before each: read from the sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "web"

# File → where its public members stand: classes by name, objects by how they begin.
PUBLIC = {
    "pyengine.js": ("export async function loadPyEngine",),
    "namespace.js": ('  const tf = guard("tf", {',),
    "creation.js": ("export const creation",),
    "operations.js": ("  return {",),
    "models.js": ("export class LayersModel", "export class Sequential", "export const models"),
    "handles.js": (
        "export class Handle",
        "export class Optimizer",
        "export class LayerVariable",
        "export class SymbolicTensor",
        "export class Layer ",
    ),
    "tensor.js": ("export class TensorLike", "export class Tensor "),
    "data.js": ("export class Dataset", "export const data"),
    "callbacks.js": ("export class Callback ", "export class CustomCallback"),
}
FUNCTION = re.compile(r"^(?:export )?(?:async )?function (\w+)\(")
MEMBER = re.compile(
    r"^(?:static )?(?:async )?\*?(?:(get|set) )?(\w+)\(|^(\w+): (?:async )?\(|^(\w+): |^(\w+),$"
)


@dataclass(frozen=True)
class Member:
    """A public function, method or getter.

    Attributes:
        name: file, class or object, and name: "models.js LayersModel.fit".
        kind: "function" or "get"; a setter goes without words of its own.
        parameters: as written, with defaults: {"step": "1"}; without a default the value is "".
        doc: the JSDoc's text, without its stars.
        body: what comes after the parameters.
    """

    name: str
    kind: str
    parameters: dict[str, str]
    doc: str
    body: str

    @property
    def description(self) -> str:
        """The text before the first tag."""
        return re.split(r"^@|\s@(?=returns|param)", self.doc, maxsplit=1, flags=re.MULTILINE)[0].strip()

    def tags(self, tag: str) -> list[str]:
        """The text behind each tag of this name."""
        parts = re.split(r"(?:^|(?<=\s))@(?=[a-z]+\b)", self.doc, flags=re.MULTILINE)
        return [part[len(tag) :].strip() for part in parts if re.match(rf"{tag}\b", part)]

    @property
    def returns(self) -> bool:
        """Whether it gives something back."""
        return self.kind == "get" or bool(re.search(r"\breturn [^;]|^ *=> (?!\{)", self.body, re.MULTILINE))


@cache
def members() -> dict[str, Member]:
    """Every public member by its name."""
    return {member.name: member for file in PUBLIC for member in of_file(file)}


def of_file(file: str) -> Iterator[Member]:
    lines = (WEB / file).read_text(encoding="utf-8").splitlines()
    for start in PUBLIC[file]:
        first = next(number for number, line in enumerate(lines) if line.startswith(start))
        scope = start.split()[-1]
        if "function" in start:
            yield member(lines, first, f"{file} {scope}", "function")
            continue
        indent = len(start) - len(start.lstrip())
        inside = " " * (indent + 2)
        for number in range(first + 1, len(lines)):
            line = lines[number]
            if line.startswith(" " * indent + "}"):
                break
            found = MEMBER.match(line[len(inside) :]) if line.startswith(inside) else None
            if (
                found is None
                or line[len(inside)] == " "
                or found[2] in ("constructor", "super")
                or found[1] == "set"
            ):
                continue
            name = found[2] or found[3] or found[4] or found[5]
            table = found[4] and re.search(r": (?:made\(|measures\(|table\(|\{)", line)
            if name[0].isupper() or table or name in ("data", "version"):
                continue  # classes and tables of what Python offers
            full = f"{file} {'tf' if scope in ('{', 'creation') else scope}.{name}"
            if found[5]:
                yield shorthand(lines, name, full)
            else:
                yield member(lines, number, full, found[1] or "function")


def shorthand(lines: list[str], name: str, full: str) -> Member:
    """A member that is a function of the same file, or of tensor.js."""
    for source in (lines, (WEB / "tensor.js").read_text(encoding="utf-8").splitlines()):
        for number, line in enumerate(source):
            if (found := FUNCTION.match(line)) and found[1] == name:
                return member(source, number, full, "function")
    raise LookupError(full)


def member(lines: list[str], number: int, name: str, kind: str) -> Member:
    """The member that is declared at a line."""
    text = "\n".join(lines[number:])
    indent = len(text) - len(text.lstrip())
    end = re.search(rf"^ {{{indent}}}\}}|\n\n|\n {{{indent}}}/\*\*", text[1:], re.MULTILINE)
    text = text[: end.start() + 1] if end else text
    value = re.match(r"\s*\w+: (?!(?:async )?\()", text)
    inside, body = ("", text[value.end() :]) if value else between(text)
    return Member(name, kind, parameters(inside), before(lines, number), body)


def between(text: str) -> tuple[str, str]:
    """What stands in the first parentheses, and what comes after."""
    start = text.index("(")
    depth = 0
    for place, letter in enumerate(text[start:], start):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return text[start + 1 : place], text[place + 1 :]
    raise ValueError(text)


def parameters(inside: str) -> dict[str, str]:
    """Names and defaults of parameters; one that is taken apart has the name "settings"."""
    inside = re.sub(r"/\*.*?\*/", "", inside).replace("=>", "⇒")
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    found = {}
    for part in filter(None, map(str.strip, parts)):
        name, _, default = part.rpartition(" = ") if part.startswith("{") else part.partition(" = ")
        found["settings" if part.startswith("{") else name.strip(". ")] = default
    return found


def before(lines: list[str], number: int) -> str:
    """The JSDoc that ends right before a line, without its stars."""
    if number == 0 or not lines[number - 1].rstrip().endswith("*/"):
        return ""
    start = number - 1
    while "/**" not in lines[start]:
        start -= 1
    text = "\n".join(lines[start:number])
    text = text[text.index("/**") + 3 : text.rindex("*/")]
    return re.sub(r"^ *\*? ?", "", text, flags=re.MULTILINE).strip()
