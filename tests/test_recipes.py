"""The recipes of the README, followed in a clean copy: what they name is enough, and the tests hold it."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pyengine import ops

ROOT = Path(__file__).resolve().parents[1]


class House:
    """A copy of the repository's files."""

    def __init__(self, root):
        self.root = root
        files = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-z", "pyengine", "tests", "pyproject.toml"],
            capture_output=True,
            check=True,
        )
        for name in files.stdout.decode().rstrip("\0").split("\0"):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes((ROOT / name).read_bytes())

    def append(self, name, text):
        """Write at the end of a file, new or old."""
        with (self.root / name).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{inspect.cleandoc(text)}\n")

    def replace(self, name, old, new):
        """Change what stands exactly once."""
        before = (self.root / name).read_text(encoding="utf-8")
        assert before.count(old) == 1, f"{name} has {before.count(old)} times {old!r}"
        (self.root / name).write_text(before.replace(old, new), encoding="utf-8")

    def run(self, *arguments):
        """Run Python there; returns what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def test(self, *arguments):
        """Run tests there; returns how many passed."""
        printed = self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
        passed = re.search(r"(\d+) passed", printed)
        assert passed, printed[-2000:]
        return int(passed.group(1))


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "house")


def file_of(thing):
    return Path(inspect.getsourcefile(thing)).relative_to(ROOT)


def test_an_op_without_a_kernel(house):
    family = file_of(ops.OPS["sin"])
    house.append(
        family,
        '''
        class Versine(Unary):
            name = "versine"

            def evaluate(self, x):
                return 1 - np.cos(x)

            def slope(self, output, x):
                return sin(x)


        def versine(x: Array) -> Any:
            """1 - cos(x); radians."""
            return apply(Versine(), floats(x))
        ''',
    )
    imports = f"from pyengine.ops.{family.stem} import ("
    house.replace("pyengine/ops/__init__.py", imports, f"{imports}\n    versine,")
    house.replace("pyengine/ops/__init__.py", "__all__ = [", '__all__ = [\n    "versine",')
    house.append(
        "tests/cases/ops.py",
        'CASES.append(Case("versine", ops.versine, (real(2, 3),), lambda x: 2 * np.sin(x / 2) ** 2))',
    )
    house.replace(
        "tests/executors/simd/test_cases.py",
        "WITHOUT_KERNEL: set[str] = set()",
        'WITHOUT_KERNEL = {"versine"}',
    )
    rows = "versine or every_op or without_a_kernel"
    assert house.test("tests/ops", "tests/executors/simd/test_cases.py", "-k", rows) >= 12
    assert "1 of 1 calls ran on numpy: float32 versine" in house.run(
        "-c",
        """if True:
            import numpy as np, pyengine
            from pyengine import executors, ops
            from pyengine.graph import Spec
            from pyengine.plan import plan
            from pyengine.transforms import trace
            program = plan(trace(lambda x: {"y": ops.versine(x)}, {"x": Spec((3,), "float32")}))
            print(executors.default().allocate(program).on_numpy())
        """,
    )


def test_an_optimizer_that_keras_lacks(house):
    house.append(
        "pyengine/optimizers/signum.py",
        '''
        """The sign of a moving average."""

        from typing import Any

        from pyengine import ops
        from pyengine.graph import Variable
        from pyengine.ops.base import Array
        from pyengine.optimizers.base import Optimizer
        from pyengine.optimizers.schedules import LearningRateSchedule


        class Signum(Optimizer):
            """m ← momentum · m + (1 - momentum) · g and w ← w - rate · sign(m)."""

            def __init__(
                self, learning_rate: float | LearningRateSchedule = 0.001, momentum: float = 0.9, **common: Any
            ):
                super().__init__(learning_rate, **common)
                self.momentum = momentum

            def slots(self, variable: Variable) -> dict[str, float]:
                return {"momentum": 0.0}

            def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
                average = ops.multiply(slots["momentum"], self.momentum)
                average = ops.add(average, ops.multiply(gradient, 1 - self.momentum))
                average = ops.assign(slots["momentum"], average)
                ops.assign(variable, ops.subtract(variable, ops.multiply(rate, ops.sign(average))))
        ''',
    )
    house.replace(
        "pyengine/optimizers/__init__.py",
        "from pyengine.optimizers.sgd import SGD\n",
        "from pyengine.optimizers.sgd import SGD\nfrom pyengine.optimizers.signum import Signum\n",
    )
    house.replace(
        "pyengine/optimizers/__init__.py", '    "lion": Lion,\n', '    "lion": Lion,\n    "signum": Signum,\n'
    )
    house.replace("pyengine/optimizers/__init__.py", '    "RMSprop",\n', '    "RMSprop",\n    "Signum",\n')
    house.append(
        "tests/cases/optimizers.py",
        """
        def signum(w, g, t, rate, s):
            s["momentum"] = 0.9 * s["momentum"] + 0.1 * g
            return w - rate * np.sign(s["momentum"])


        CASES.append(Case("Signum", {}, signum, ("momentum",), in_keras=False))
        """,
    )
    assert (
        house.test(
            "tests/optimizers", "tests/test_configurable.py", "-k", "signum or Signum or every_optimizer"
        )
        >= 8
    )


def test_a_layer(house):
    house.append(
        "pyengine/layers/scaled.py",
        '''
        """A layer that multiplies."""

        from typing import Any

        from pyengine import ops
        from pyengine.layers.base import Layer


        class Scaled(Layer):
            """y = factor · x.

            Arguments:
                factor: any number; default 2.
            """

            def __init__(self, factor: float = 2.0, **common: Any):
                super().__init__(**common)
                self.factor = factor

            def call(self, x: Any) -> Any:
                return ops.multiply(x, self.factor)
        ''',
    )
    listed = (house.root / "pyengine/layers/__init__.py").read_text(encoding="utf-8")
    first = re.search(r"^from pyengine\.layers\.recurrent .*$", listed, re.M).group()
    house.replace("pyengine/layers/__init__.py", first, f"from pyengine.layers.scaled import Scaled\n{first}")
    house.append(
        "tests/cases/layers.py", 'CASES.append(Case("Scaled", {"factor": 3.0}, expected=lambda x: 3 * x))'
    )
    assert house.test("tests/layers/test_layers.py", "-k", "Scaled or every_layer") >= 8
    assert (
        house.run("-c", "from pyengine.bridge import catalogue; print('scaled' in str(catalogue.describe()))")
        == "True\n"
    )


def test_an_executor(house):
    house.append(
        "pyengine/executors/careful.py",
        '''
        """NumPy again, counting its runs."""

        from pyengine.executors.numpy import NumpyExecutor


        class CarefulExecutor(NumpyExecutor):
            """The reference, and how often it has run."""

            name = "careful"

            def __init__(self):
                self.runs = 0

            def run(self, memory, start=0, deadline=None, stop=None):
                self.runs += 1
                return super().run(memory, start, deadline, stop)
        ''',
    )
    house.replace(
        "pyengine/executors/table.py",
        "from pyengine.executors.numpy import",
        "from pyengine.executors.careful import CarefulExecutor\nfrom pyengine.executors.numpy import",
    )
    house.replace("pyengine/executors/table.py", "NumpyExecutor)", "NumpyExecutor, CarefulExecutor)")
    assert (
        house.test("tests/ops/test_ops.py", "-k", "every_executor_agrees and careful and (matmul or softmax)")
        >= 10
    )
    printed = house.run(
        "-c",
        """if True:
            import numpy as np, pyengine
            pyengine.set_executor("careful")
            model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(2,))])
            model.compile("sgd", "mse")
            model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=3, verbose=0)
            print(pyengine.config()["executor"], model.step.executor.runs)
        """,
    )
    assert printed == "careful 3\n"
