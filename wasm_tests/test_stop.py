"""`model.stopTraining = true` ends every fit in a page, and what a hook throws comes back as it was."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from wasm_tests.test_training import in_page

HOOKS = [
    "onTrainBegin", "onEpochBegin", "onTrainBatchBegin", "onTrainBatchEnd", "onTestBegin", "onTestBatchBegin",
    "onTestBatchEnd", "onTestEnd", "onEpochEnd", "onTrainEnd",
]  # fmt: skip

STOPPED = """
  // What a fit gives that is asked to stop once it waits for what never comes, as BusyError advises.
  let wait;
  const never = () => new Promise(() => setTimeout(wait, 50));
  const stopped = async (model, fit) => {
    const waiting = await Promise.race([new Promise((resolve) => { wait = resolve; }).then(() => true), fit]);
    const advice = await model.fit(points(4), kinds(4)).then(() => "nothing", (error) => error.message);
    if (waiting !== true || !advice.includes("model.stopTraining = true")) throw new Error(`not busy, but ${advice}`);
    model.stopTraining = true;
    const history = await fit;
    const again = await model.fit(points(4), kinds(4));
    return { epochs: history.epoch, values: Object.keys(history.history), again: again.epoch };
  };
  const batches = () => tf.data.array([0, 1]).map(() => ({ xs: points(4), ys: kinds(4) }));
"""


def test_a_stop_ends_a_hook_whose_promise_never_resolves(engine: Page) -> None:
    said = in_page(
        engine,
        f"""
        {STOPPED}
        const said = [];
        const kept = console.warn;
        console.warn = (words) => said.push(words);
        try {{
          for (const hook of {HOOKS}) {{
            const model = compiled();
            const validationData = [points(4), kinds(4)];
            await stopped(model, model.fit(points(8), kinds(8), {{ validationData, callbacks: {{ [hook]: never }} }}));
          }}
        }} finally {{
          console.warn = kept;
        }}
        return said;
        """,
    )
    assert said == [
        f"The hook `{hook}` was still waiting after the training had been asked to stop. "
        "The training ends without it."
        for hook in HOOKS
    ]


@pytest.mark.parametrize(
    ("source", "epochs"),
    [
        ("async function* () { await never(); }", []),
        ("async function* () { yield { xs: points(4), ys: kinds(4) }; await never(); }", [0]),
        ("() => ({ next: never })", []),
        ("function* () { never(); for (;;) yield { xs: points(4), ys: kinds(4) }; }", [0]),
    ],
)
def test_a_stop_ends_waiting_for_data(engine: Page, source: str, epochs: list[int]) -> None:
    training, validation = in_page(
        engine,
        f"""
        {STOPPED}
        const data = tf.data.generator({source});
        const model = compiled();
        const training = await stopped(model, model.fitDataset(data, {{ epochs: 5 }}));
        const fit = model.fitDataset(batches(), {{ epochs: 5, validationData: data }});
        return [training, await stopped(model, fit)];
        """,
    )
    assert (training["epochs"], training["again"]) == (epochs, [0])
    assert validation == {"epochs": [0], "values": ["loss", "acc"], "again": [0]}


def test_endless_data_without_a_limit_are_refused(engine: Page) -> None:
    said = in_page(
        engine,
        f"""
        {STOPPED}
        const endless = batches().repeat();
        const calls = [
          (model) => model.fitDataset(endless, {{ epochs: 1 }}),
          (model) => model.fitDataset(batches(), {{ epochs: 1, validationData: endless }}),
          (model) => model.evaluateDataset(endless),
        ];
        const said = [];
        for (const call of calls) {{
          try {{ await call(compiled()); }} catch (error) {{ said.push(`${{error.name}}: ${{error.message}}`); }}
        }}
        await compiled().fitDataset(endless, {{ epochs: 2, batchesPerEpoch: 3 }});
        return said;
        """,
    )
    assert said == [
        "DataError: model.fitDataset: dataset expects data that end, or `stepsPerEpoch` to say how many batches to "
        "take, but got a dataset that repeats for ever. Give it, for example as `stepsPerEpoch: 100`, or a count to "
        "`repeat`.",
        "DataError: model.fitDataset: validationData expects data that end, or `validationSteps` to say how many "
        "batches to take, but got a dataset that repeats for ever. Give it, for example as `validationSteps: 100`, "
        "or a count to `repeat`.",
        "DataError: model.evaluateDataset: dataset expects data that end, or `steps` to say how many batches to "
        "take, but got a dataset that repeats for ever. Give it, for example as `steps: 100`, or a count to "
        "`repeat`.",
    ]


def test_steps_beyond_the_data_end_the_epoch_in_fit_and_the_training_in_fit_dataset(engine: Page) -> None:
    sizes, epochs, said = in_page(
        engine,
        f"""
        {STOPPED}
        const said = [];
        const kept = console.warn;
        console.warn = (words) => said.push(words);
        const sizes = [];
        const onBatchEnd = (batch, logs) => {{ sizes.push(logs.size); }};
        const settings = {{ epochs: 2, batchSize: 4, stepsPerEpoch: 4, callbacks: {{ onBatchEnd }} }};
        await compiled().fit(points(10), kinds(10), settings);
        const fit = await compiled().fitDataset(batches().repeat(3), {{ epochs: 5, batchesPerEpoch: 4 }});
        console.warn = kept;
        return [sizes, fit.epoch, said];
        """,
    )
    assert (sizes, epochs) == ([4, 4, 2] * 2, [0, 1])
    assert said == [
        "The data ended after 3 of the 4 steps that were asked for. Ask for fewer, or give more data, for example "
        "with `dataset.repeat()`.",
        "The dataset ended after 6 batches, and so does the training: `batchesPerEpoch` asks for 4 in every epoch. "
        "Use `dataset.repeat()`, or ask for fewer steps or epochs.",
    ]


def test_what_a_function_throws_comes_back_as_it_was(engine: Page) -> None:
    found = in_page(
        engine,
        """
        const values = ["text", "", null, undefined, 0, 5, false, 12345678901234567890n, { code: 5 }, [1],
          Symbol("mine"), () => 1, Object.create(null), new RangeError("mine"),
          Object.freeze(new Error("mine")), new DOMException("mine", "AbortError")];
        const same = [];
        for (const value of values) {
          const throwing = () => { throw value; };
          const rejecting = async () => { throw value; };
          const model = compiled();
          const lossy = small();
          lossy.compile({ optimizer: "sgd", loss: throwing });
          const data = (produce) => tf.data.generator(produce);
          const row = { xs: points(4), ys: kinds(4) };
          const calls = [
            () => model.fit(points(4), kinds(4), { callbacks: { onEpochEnd: throwing } }),
            () => model.fit(points(4), kinds(4), { callbacks: { onTrainEnd: rejecting } }),
            () => lossy.fit(points(4), kinds(4)),
            () => model.fitDataset(data(throwing), { epochs: 1 }),
            () => model.fitDataset(data(function* () { yield row; throw value; }), { epochs: 1 }),
            () => model.fitDataset(data(async function* () { yield row; throw value; }), { epochs: 1 }),
            () => model.fitDataset(data(function* () { yield row; }).map(throwing), { epochs: 1 }),
            () => model.fitDataset(data(function* () { yield row; }).map(rejecting), { epochs: 1 }),
            () => model.fitDataset(data(function* () { yield row; }).filter(rejecting), { epochs: 1 }),
            () => data(function* () { yield row; }).filter(throwing).toArray(),
          ];
          for (const call of calls) {
            try { await call(); same.push("nothing was thrown"); }
            catch (error) { if (!Object.is(error, value)) same.push([String(call), typeof value, String(error)]); }
          }
        }
        return same;
        """,
    )
    assert found == []


def test_every_callback_hears_the_end_and_no_error_is_lost(engine: Page) -> None:
    said, first, ended = in_page(
        engine,
        """
        const said = [];
        const kept = console.warn;
        console.warn = (words) => said.push(words);
        const mine = new RangeError("mine");
        let ended = 0;
        let first;
        const end = () => { ended += 1; };
        const yours = { onTrainEnd: () => { throw "yours"; } };
        const callbacks = [{ onEpochEnd: () => { throw mine; } }, yours, { onTrainEnd: end }];
        try { await compiled().fit(points(4), kinds(4), { callbacks }); } catch (error) { first = error === mine; }
        console.warn = kept;
        return [said, first, ended];
        """,
    )
    assert (first, ended) == (True, 1)
    assert len(said) == 1
    assert said[0].startswith("Another error followed: ")
