"""An executor as a GPU's would be: its memory is its own, and whatever it does must be awaited."""

import asyncio
from weakref import WeakKeyDictionary

import numpy as np

from pyengine.executors import Batches, NumpyExecutor
from pyengine.executors.blocks import Blocks, address
from pyengine.executors.numpy import NumpyMemory


class ApartMemory(NumpyMemory):
    """A program whose variables are the executor's copies."""

    def __init__(self, program, copies):
        blocks = Blocks(program)
        for number, copy in enumerate(copies):
            blocks.of[number] = copy.reshape(-1).view(np.uint8)
            blocks.address_of[number] = address(copy)
        super().__init__(program, blocks)


class ApartExecutor(NumpyExecutor):
    """Runs on copies: of variables, inputs, data sets and outputs.

    Attributes:
        waits: how often it has made somebody wait.
        running: how many runs are on their way.
    """

    name = "apart"

    def __init__(self):
        self.copies = WeakKeyDictionary()  # variable → its copy
        self.versions = WeakKeyDictionary()  # variable → its version when it was last looked at
        self.waits = 0
        self.running = 0

    async def waited(self):
        self.waits += 1
        await asyncio.sleep(0)

    def allocate(self, program, beside=None):
        for variable in program.variables:
            if variable not in self.copies:
                self.copies[variable] = np.full(variable.shape, 7, variable.dtype)
        return ApartMemory(program, [self.copies[variable] for variable in program.variables])

    async def write(self, memory, name, array):
        kept = array.copy()
        await self.waited()
        super().write(memory, name, kept)

    def bind(self, memory, batches):
        if batches is None:
            return super().bind(memory, None)
        return self.upload(memory, batches)

    async def upload(self, memory, batches):
        await self.waited()
        own = {name: array.copy() for name, array in batches.arrays.items()}
        super().bind(memory, Batches(own, batches.order, batches.first))

    async def run(self, memory, start=0, deadline=None, stop=None):
        assert start % memory.length == 0, "it was left inside a step"
        for variable in memory.program.variables:
            if self.versions.get(variable) != variable.version:
                self.copies[variable][...] = variable.value
                self.versions[variable] = variable.version
        self.running += 1
        try:
            await self.waited()
            reached = super().run(memory, start, None, stop)
            return reached + -reached % memory.length
        finally:
            self.running -= 1

    async def read(self, memory, name, out=None):
        await self.waited()
        return super().read(memory, name, out)

    async def fetch(self, memory):
        await self.waited()
        for variable in memory.program.variables:
            if self.versions.get(variable) == variable.version:
                variable.value[...] = self.copies[variable]
