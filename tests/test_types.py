"""pyengine.d.ts: what Python offers has its type, and tsc accepts right programs and refuses wrong ones."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from pathlib import Path

import pytest

from pyengine.bridge import catalogue
from web.tools.packages import node_package
from web.tools.paths import WEB
from web.tools.types import BY_HAND, declarations, types, typescript

PROGRAM = """
import { loadPyEngine, type Tensor } from "pyengine";
const tf = await loadPyEngine({ simd: "strict", onProgress: ({ stage }) => console.log(stage) });
const model = tf.sequential({ layers: [tf.layers.dense({ units: 8, activation: "relu", inputShape: [4] })] });
model.add(tf.layers.dense({ units: 3, kernelInitializer: tf.initializers.heNormal(), kernelRegularizer: "l2" }));
const loss = (yTrue: Tensor, yPred: Tensor) => tf.mean(tf.square(yTrue.sub(yPred)), -1);
model.compile({ optimizer: tf.train.adam(tf.schedules.exponentialDecay(0.1, 100, 0.5)), loss, metrics: ["accuracy"] });
const { history } = await model.fit(tf.ones([4, 4]), [[1, 0, 0]], {
  epochs: 2,
  validationSplit: 0.5,
  callbacks: [{ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) }, tf.callbacks.earlyStopping("loss")],
});
const last: number = history.loss[0];
const predictions: Float32Array | Int32Array | Uint8Array = await model.predict(tf.zeros([1, 4])).data();
const x = tf.input({ shape: [4] });
const functional = tf.model({ inputs: x, outputs: tf.layers.dense({ units: 2 }).apply(x) });
const value = tf.losses.meanSquaredError([1], [2]).dataSync()[0] + last + predictions[0];
const dataset = tf.data.array([1, 2]).map((row) => row + 1).batch(2);
await functional.fitDataset(dataset, { epochs: 1, batchesPerEpoch: 3 });
export { value };
"""
WRONG = [
    ("tf.layers.dense({ unit: 8 })", "'unit'"),
    ("tf.layers.dense({})", "units"),
    ("tf.layers.dens({ units: 8 })", "'dens'"),
    ("tf.layers.dense({ units: '8' })", "'number'"),
    ("tf.train.adam('0.1')", "string"),
    ("tf.sequential().compile({ optimizer: 'adam' })", "'loss'"),
    ("tf.sequential().compile({ optimizer: tf.layers.flatten(), loss: 'meanSquaredError' })", "'Layer'"),
    ("tf.sequential().fit([1], [1], { epoch: 1 })", "'epoch'"),
    ("tf.sequential().fit([1], [1], { yieldEvery: 'sometimes' })", "sometimes"),
    ("tf.square('1')", "'Values'"),
    ("tf.ones([1]).squareRoot()", "'squareRoot'"),
    ("loadPyEngine({ simd: 'fast' })", "fast"),
]


def complaints(folder: Path, program: str) -> str:
    """What tsc says of a program."""
    folder.joinpath("program.ts").write_text(program)
    tsc = node_package("typescript") / "bin" / "tsc"
    return subprocess.run(["node", str(tsc)], cwd=folder, capture_output=True, text=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which `pyengine` is the page's, for programs as strict as the page's own."""
    settings = json.loads((WEB / "jsconfig.json").read_text())
    settings["compilerOptions"]["paths"] = {"pyengine": [str(types())]}
    settings["include"] = ["program.ts"]
    tmp_path.joinpath("tsconfig.json").write_text(json.dumps(settings))
    return tmp_path


def test_everything_that_python_offers_has_its_type():
    lines = [line.strip() for line in declarations().split("\n")]
    for table in catalogue.offers().values():
        for name in table:
            assert f"{name}: {{" in lines
    for name in catalogue.operations():
        assert any(line.startswith(f"{name}(") for line in lines)


def test_a_program_in_the_manner_of_tensorflow_js_is_accepted(folder):
    assert complaints(folder, PROGRAM) == ""


def test_wrong_programs_are_refused_where_they_are_wrong(folder):
    lines = ['import { loadPyEngine } from "pyengine";', "const tf = await loadPyEngine();"]
    said = complaints(folder, "\n".join([*lines, *(f"{wrong};" for wrong, _ in WRONG), "export {};"]))
    # Each error begins a line; more of its words may follow in lines that are indented.
    errors = re.findall(r"^program\.ts\((\d+),.*\n(?:  .*\n)*", said, re.M)
    texts = re.split(r"^(?=program\.ts\()", said, flags=re.M)[1:]
    by_line = {int(line): text for line, text in zip(errors, texts, strict=True)}
    for number, (wrong, words) in enumerate(WRONG, len(lines) + 1):
        assert words in by_line.get(number, "nothing"), wrong


def test_an_argument_of_an_unknown_kind_is_named():
    with pytest.raises(KeyError, match="add 'complex' to PLAIN"):
        typescript(inspect.Parameter("phase", inspect.Parameter.KEYWORD_ONLY, annotation="complex"))


def test_the_part_written_by_hand_names_nothing_twice():
    names = [
        line.split()[2].split("<")[0]
        for line in BY_HAND.read_text().split("\n")
        if line.startswith("export ")
    ]
    assert len(names) == len(set(names))


def test_the_demo_has_no_any():
    for file in (WEB / "demo").glob("*.js"):
        assert not re.search(r"@\w+ \{.*\bany\b.*\}", file.read_text()), file.name
