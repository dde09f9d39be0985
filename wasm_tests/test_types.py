"""pyengine.d.ts has the members that the page's objects have: no more, no fewer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from wasm_tests.harness import run
from web.tools.types import declarations

# Interface → the object that has its members, and the interfaces that it extends, their members included.
OBJECTS = {
    "Engine": ("tf", ["PythonOperations", "Composed"]),
    "Tensor": ("tf.tensor([1])", ["PythonOperations", "Composed"]),
    "Sequential": ("model", ["LayersModel", "Layer", "Handle"]),
    "Layer": ("model.layers[0]", ["Handle"]),
    "LayerVariable": ("model.weights[0]", ["Handle"]),
    "SymbolicTensor": ("model.inputs[0]", ["Handle"]),
    "Optimizer": ("tf.train.adam()", ["Handle"]),
    "Dataset": ("tf.data.array([1])", ["Handle"]),
    "DataSources": ("tf.data", []),
    "Callback": ("new tf.Callback()", []),
    "Layers": ("tf.layers", []),
    "Optimizers": ("tf.train", []),
    "Schedules": ("tf.schedules", []),
    "Initializers": ("tf.initializers", []),
    "Regularizers": ("tf.regularizers", []),
    "Constraints": ("tf.constraints", []),
    "Losses": ("tf.losses", []),
    "Metrics": ("tf.metrics", []),
    "MadeCallbacks": ("tf.callbacks", []),
}
# Named elsewhere in the types: in `Engine` itself, or as methods that only tensors have.
ADDED = {"Layers": {"input"}, "Initializers": {"leCunNormal", "leCunUniform"}}
NO_METHODS = {"concatenate", "stack", "addN", "copy"}

MEMBERS = """(object) => {
  const names = new Set();
  for (let level = object; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
  }
  return [...names];
}"""


def members(interface: str) -> set[str]:
    """The names that an interface lists itself."""
    found = re.search(rf"^export interface {interface}\b[^\n]*\{{\n(.*?)^\}}", declarations(), re.M | re.S)
    assert found, interface
    return set(re.findall(r"^  (?:readonly )?(\w+)\??(?=[(<:])", found[1], re.M))


@pytest.mark.parametrize("interface", OBJECTS)
def test_types_have_the_members_of_the_objects(engine: Page, interface: str) -> None:
    expression, extended = OBJECTS[interface]
    there = run(
        engine,
        f"""() => {{
          const model = tf.sequential({{ layers: [tf.layers.dense({{ units: 1, inputShape: [1] }})] }});
          return ({MEMBERS})({expression});
        }}""",
    )
    typed = members(interface).union(*map(members, extended)) | ADDED.get(interface, set())
    if interface == "Tensor":
        typed -= NO_METHODS
    assert {name for name in there if name not in ("constructor", "toString")} == typed


def test_the_site_has_the_types(page: Page) -> None:
    answer = page.request.get("/pyengine.d.ts")
    assert answer.text() == declarations()
