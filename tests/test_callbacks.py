"""Callbacks: which hooks are called in which order, and what each of ours decides."""

import ast
import csv
import doctest
import importlib
import io
import math
import pkgutil
import sys
import types
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyengine.callbacks
import pyengine.logs
from pyengine.callbacks import (
    HOOKS,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    EpochLines,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ProgressBar,
    ReduceLROnPlateau,
    TerminateOnNaN,
    progress_display,
)
from pyengine.errors import ArgumentError, UnknownNameError
from pyengine.logs import Logs


class Model:
    """As much of a model as callbacks may see; its weights say which epoch they are from."""

    def __init__(self):
        self.weights = ["untrained"]
        self.stop_training = False
        self.optimizer = types.SimpleNamespace(learning_rate=1.0)

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = list(weights)


def run(callbacks, epochs, *, model=None, params=None, initial_epoch=0):
    """A training as the loop does it, with made-up logs, one dictionary per epoch: (model, epochs run)."""
    model = model or Model()
    listed = CallbackList(callbacks, model, {"epochs": len(epochs), **(params or {})})

    def call(hook, *args):
        assert list(listed.call(hook, *args)) == []

    call("on_train_begin", Logs())
    done = 0
    for epoch, values in enumerate(epochs, initial_epoch):
        call("on_epoch_begin", epoch, Logs())
        model.weights = [f"epoch {epoch}"]
        call("on_epoch_end", epoch, Logs(values))
        done += 1
        if model.stop_training:
            break
    call("on_train_end", Logs())
    return model, done


def losses(*values):
    return [{"loss": value, "val_loss": value} for value in values]


# ---- logs


def test_logs_find_accuracy_under_both_names_and_show_the_recorded_one():
    logs = Logs(loss=1.0, acc=0.5, val_acc=0.4, digit_accuracy=0.3)
    assert logs["accuracy"] == logs["acc"] == 0.5
    assert logs.get("val_accuracy") == 0.4
    assert logs["digit_acc"] == 0.3
    assert "val_accuracy" in logs
    assert "val_digit_accuracy" not in logs
    assert list(logs) == ["loss", "acc", "val_acc", "digit_accuracy"]
    assert logs.copy()["accuracy"] == 0.5


def test_logs_prefer_the_recorded_name_to_its_alias():
    logs = Logs(acc=1, accuracy=2)
    assert (logs["acc"], logs["accuracy"], logs.get("accuracy")) == (1, 2, 2)


@pytest.mark.parametrize("name", ["los", "account", "acc_val", "my_account"])
def test_logs_have_no_alias_for_other_names(name):
    logs = Logs(acc=1, loss=2)
    assert name not in logs
    assert logs.get(name, 7) == 7
    with pytest.raises(KeyError, match=name):
        logs[name]


# ---- the list


class Recorder(Callback):
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def on_epoch_end(self, epoch, logs=None):
        self.log.append((self.name, epoch, logs))


def test_callbacks_are_called_in_list_order_with_their_arguments():
    log = []
    listed = CallbackList([Recorder("a", log), [Recorder("b", log), (Recorder("c", log),)], None])
    assert list(listed.call("on_epoch_end", 3, {"loss": 1})) == []
    assert log == [(name, 3, {"loss": 1}) for name in "abc"]
    assert len(listed) == 3


def test_each_awaitable_is_handed_out_before_the_next_callback_is_called():
    log = []

    class Slow(Callback):
        async def on_train_end(self, logs=None):
            log.append("slow finished")

    listed = CallbackList([Slow(), LambdaCallback(on_train_end=lambda logs: log.append("next called"))])
    for awaitable in listed.call("on_train_end", {}):
        log.append("waiting")
        with pytest.raises(StopIteration):
            awaitable.send(None)
    assert log == ["waiting", "slow finished", "next called"]


def test_results_that_cannot_be_awaited_are_ignored():
    assert list(CallbackList({"on_train_end": lambda logs: 42}).call("on_train_end", {})) == []


def test_the_list_knows_which_hooks_anyone_has():
    listed = CallbackList([History(), LambdaCallback(on_yield=print)])
    assert [hook for hook in HOOKS if listed.wants(hook)] == ["on_train_begin", "on_epoch_end", "on_yield"]
    assert not any(CallbackList().wants(hook) for hook in HOOKS)


def test_every_hook_of_a_subclass_is_called():
    seen = []
    hooks = {hook: (lambda self, *args, hook=hook: seen.append((hook, args))) for hook in HOOKS}
    listed = CallbackList(type("Everything", (Callback,), hooks)())
    for hook in HOOKS:
        list(listed.call(hook, 1, 2))
    assert seen == [(hook, (1, 2)) for hook in HOOKS]
    assert len(HOOKS) == 15


def test_old_names_of_batch_hooks_are_honoured():
    seen = []

    class Old(Callback):
        def on_batch_begin(self, batch, logs=None):
            seen.append(("begin", batch))

        def on_batch_end(self, batch, logs=None):
            seen.append(("end", batch))

    listed = CallbackList([Old(), {"onBatchEnd": lambda batch, logs: seen.append(("js", batch))}])
    list(listed.call("on_train_batch_begin", 0, {}))
    list(listed.call("on_train_batch_end", 0, {}))
    assert seen == [("begin", 0), ("end", 0), ("js", 0)]


def test_callbacks_know_their_model_and_parameters():
    model, callback = Model(), Callback()
    CallbackList(callback, model, {"epochs": 5})
    assert callback.model is model
    assert callback.params == {"epochs": 5}
    assert Callback.model is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (History, r"the class History\. Make an instance of it: `History\(\)`"),
        (print, r"the function print\. Say when to call it: `\{'on_epoch_end': function\}`"),
        (5, "callbacks expects instances of Callback, .* but got `5`"),
        ("early", "but got `'early'`"),
    ],
)
def test_what_is_no_callback_is_refused_in_words(wrong, message):
    with pytest.raises(ArgumentError, match=message):
        CallbackList([History(), wrong])


def test_lambda_callback_takes_both_spellings_and_refuses_unknown_hooks():
    seen = []
    callback = LambdaCallback(onTrainBegin=lambda logs: seen.append("begin"), on_train_end=None)
    assert CallbackList(callback).wants("on_train_begin")
    assert not CallbackList(callback).wants("on_train_end")
    list(CallbackList(callback).call("on_train_begin", {}))
    assert seen == ["begin"]
    with pytest.raises(UnknownNameError, match=r"'onEpochEnds'\. Did you mean .*'on_epoch_end'"):
        LambdaCallback(onEpochEnds=print)
    with pytest.raises(ArgumentError, match="on_epoch_end expects a function, but got `3`"):
        LambdaCallback(on_epoch_end=3)


def test_no_callback_file_awaits():
    for file in Path(pyengine.callbacks.__path__[0]).glob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        assert not any(isinstance(node, (ast.Await, ast.AsyncFunctionDef)) for node in nodes), file


# ---- History


def test_history_keeps_every_value_as_a_plain_number():
    history = History()
    run(history, [{"loss": 1, "acc": 0.5}, {"loss": 0.5, "acc": 0.75, "val_acc": 0.7}], initial_epoch=4)
    assert history.epoch == [4, 5]
    assert dict(history.history) == {"loss": [1.0, 0.5], "acc": [0.5, 0.75], "val_acc": [0.7]}
    assert history.history["val_accuracy"] == [0.7]
    assert all(type(value) is float for value in history.history["loss"])


def test_history_starts_anew_with_every_training():
    history = History()
    run(history, losses(1, 2))
    run(history, losses(3))
    assert history.history["loss"] == [3]
    assert history.epoch == [0]


# ---- EarlyStopping


def stops_after(values, **settings):
    """How many epochs run."""
    return run(EarlyStopping(**settings), losses(*values))[1]


@pytest.mark.parametrize(
    ("values", "settings", "expected"),
    [
        ([3, 2, 1, 0], {}, 4),
        ([3, 2, 2, 0], {}, 3),
        ([3, 2, 2, 0], {"patience": 1}, 3),
        ([3, 2, 2, 0, 0], {"patience": 2}, 5),
        ([3, 4, 4, 4], {"patience": 2}, 3),
        ([3, 4, 2, 4, 4, 4], {"patience": 2}, 5),
        ([3, 2.6, 2.2, 1], {"min_delta": 0.5}, 2),
        ([3, 2.6, 2.2, 1], {"min_delta": -0.5}, 2),
        ([3, 2.6, 2.2, 1], {"min_delta": 0.5, "patience": 2}, 4),
        ([1, 2, 3], {"mode": "max"}, 3),
        ([1, 2, 2, 3], {"mode": "max"}, 3),
        ([9, 8, 7, 6], {"baseline": 5, "patience": 2}, 2),
        ([9, 4, 3, 3], {"baseline": 5, "patience": 2}, 4),
        ([9, 8], {"baseline": 5}, 2),
        ([1, 2, 3, 2, 3], {"start_from_epoch": 2}, 5),
        ([1, 2, 3, 4, 5], {"start_from_epoch": 2}, 4),
        ([math.nan, math.nan, 1], {}, 2),
        ([math.nan, 2, 1, 1], {"patience": 2}, 4),
        ([2, math.nan, 1], {}, 2),
    ],
)
def test_early_stopping_stops_after_the_right_epoch(values, settings, expected):
    assert stops_after(values, **settings) == expected


def test_a_stop_at_the_very_last_epoch_is_known():
    callback = EarlyStopping()
    model, done = run(callback, losses(1, 1))
    assert (done, callback.stopped_epoch, model.stop_training) == (2, 1, True)


@given(
    values=st.lists(st.integers(0, 5), min_size=1, max_size=12),
    patience=st.integers(0, 4),
    min_delta=st.integers(0, 2),
)
def test_early_stopping_stops_when_patience_epochs_in_a_row_did_not_improve(values, patience, min_delta):
    best, bad, expected = math.inf, 0, len(values)
    for epoch, value in enumerate(values):
        bad = 0 if value < best - min_delta else bad + 1
        best = value if value < best - min_delta else best
        if bad and bad >= patience:
            expected = epoch + 1
            break
    assert stops_after(values, patience=patience, min_delta=min_delta) == expected


@pytest.mark.parametrize(
    ("name", "larger"),
    [
        ("val_loss", False),
        ("val_acc", True),
        ("accuracy", True),
        ("val_auc", True),
        ("precision", True),
        ("recall", True),
        ("f1_score", True),
        ("mse", False),
    ],
)
def test_auto_mode_knows_by_name_which_direction_is_better(name, larger):
    rising = [{name: value} for value in (1, 2, 3)]
    assert run(EarlyStopping(monitor=name), rising)[1] == (3 if larger else 2)


def test_early_stopping_finds_accuracy_under_both_names():
    epochs = [{"val_acc": value} for value in (0.5, 0.6, 0.6, 0.7)]
    assert run(EarlyStopping(monitor="val_accuracy"), epochs)[1] == 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 1, 2, 2], "epoch 1"),
        ([3, 1], "epoch 1"),
        ([3, 2, 1], "epoch 2"),
        ([math.nan, math.nan], "epoch 0"),
        ([math.nan, 5, 6, 7], "epoch 1"),
    ],
)
def test_best_weights_come_back_whatever_ended_the_training(values, expected):
    model, _ = run(EarlyStopping(patience=2, restore_best_weights=True), losses(*values))
    assert model.weights == [expected]
    model, done = run(EarlyStopping(patience=2), losses(*values))
    assert model.weights == [f"epoch {done - 1}"]


def test_best_weights_come_back_when_another_callback_stops():
    def stop(epoch, logs):
        model.stop_training = epoch == 2

    model = Model()
    run(
        [EarlyStopping(patience=9, restore_best_weights=True), {"onEpochEnd": stop}],
        losses(3, 1, 2, 0),
        model=model,
    )
    assert model.weights == ["epoch 1"]


def test_epochs_before_the_start_are_not_among_the_best():
    callback = EarlyStopping(start_from_epoch=2, restore_best_weights=True, patience=9)
    model, _ = run(callback, losses(0, 0, 5, 4, 6))
    assert model.weights == ["epoch 3"]
    assert (callback.best, callback.best_epoch) == (4, 3)


def test_early_stopping_forgets_the_last_training():
    callback = EarlyStopping()
    run(callback, losses(1, 1))
    assert run(callback, losses(5, 4, 3))[1] == 3


def test_a_missing_metric_warns_once_and_lists_what_there_is():
    with pytest.warns(
        UserWarning, match=r"monitors 'val_loss', which .*Available: loss, acc\. Give validation"
    ) as caught:
        _, done = run(EarlyStopping(restore_best_weights=True), [{"loss": 1, "acc": 0}] * 3)
    assert done == 3
    assert len(caught) == 1


def test_epochs_without_validation_are_no_reason_to_warn():
    epochs = [{"loss": 1}, {"loss": 1, "val_loss": 2}, {"loss": 1}, {"loss": 1, "val_loss": 2}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(EarlyStopping(), epochs, params={"do_validation": True})[1] == 4


def test_early_stopping_says_what_it_does_when_asked(capsys):
    run(EarlyStopping(verbose=1, restore_best_weights=True), losses(2, 1, 1))
    assert (
        capsys.readouterr().out == "Epoch 3: early stopping.\nRestoring the weights of the best epoch, 2.\n"
    )
    run(EarlyStopping(restore_best_weights=True), losses(2, 1, 1))
    assert capsys.readouterr().out == ""


def test_early_stopping_refuses_settings_that_cannot_be():
    with pytest.raises(UnknownNameError, match=r"mode of EarlyStopping 'maximum'.*'max'"):
        EarlyStopping(mode="maximum")
    with pytest.raises(ArgumentError, match="patience expects a number of epochs, at least 0, but got `-1`"):
        EarlyStopping(patience=-1)
    with pytest.raises(UnknownNameError, match="Did you mean 'patience'"):
        EarlyStopping(patiense=3)


def test_callbacks_print_as_they_were_made():
    assert (
        repr(EarlyStopping(monitor="val_acc", patience=3)) == "EarlyStopping(monitor='val_acc', patience=3)"
    )


# ---- TerminateOnNaN


@pytest.mark.parametrize(
    ("loss", "stops"), [(math.nan, True), (math.inf, True), (-math.inf, True), (1e30, False)]
)
def test_a_loss_that_is_no_finite_number_stops_training(loss, stops, capsys):
    model = Model()
    listed = CallbackList(TerminateOnNaN(), model)
    list(listed.call("on_train_batch_end", 7, Logs(loss=loss)))
    assert model.stop_training is stops
    assert capsys.readouterr().out == (f"Batch 7: the loss is {loss}, stopping training.\n" if stops else "")


# ---- learning rates


def rates(callback, epochs):
    history = History()
    run([callback, history], epochs)
    return history.history["learning_rate"]


@pytest.mark.parametrize(
    ("values", "settings", "expected"),
    [
        ([1, 1, 1, 1], {"patience": 2, "factor": 0.5}, [1, 1, 1, 0.5]),
        ([1, 1, 1, 1], {"patience": 1, "factor": 0.5}, [1, 1, 0.5, 0.25]),
        ([1, 1, 1, 1, 1, 1], {"patience": 1, "factor": 0.5, "cooldown": 2}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ([1, 1, 1, 1], {"patience": 1, "factor": 0.5, "min_lr": 0.4}, [1, 1, 0.5, 0.4]),
        ([3, 2, 1, 0], {"patience": 1}, [1, 1, 1, 1]),
        ([1, 0.99995, 0.9999], {"patience": 1, "factor": 0.5}, [1, 1, 0.5]),
        ([1, 2, 3], {"patience": 1, "mode": "max"}, [1, 1, 1]),
    ],
)
def test_the_rate_falls_when_nothing_improves(values, settings, expected):
    assert rates(ReduceLROnPlateau(**settings), losses(*values)) == expected


def test_reduction_refuses_a_factor_that_does_not_reduce():
    with pytest.raises(ArgumentError, match=r"factor expects a number above 0 and below 1, but got `1\.5`"):
        ReduceLROnPlateau(factor=1.5)


def test_a_schedule_sets_the_rate_of_every_epoch():
    epochs = losses(1, 1, 1)
    assert rates(LearningRateScheduler(lambda epoch: 0.1 * (epoch + 1)), epochs) == pytest.approx(
        [0.1, 0.2, 0.3]
    )
    assert rates(LearningRateScheduler(lambda epoch, rate: rate / 2), epochs) == [0.5, 0.25, 0.125]


@pytest.mark.parametrize("wrong", [None, "fast", math.nan, -1])
def test_a_schedule_that_gives_no_rate_is_named(wrong):
    with pytest.raises(ArgumentError, match=f"one that returned .*{wrong}"):
        run(LearningRateScheduler(lambda epoch: wrong), losses(1))


# ---- CSVLogger


def read(file):
    with open(file, newline="") as lines:
        return list(csv.reader(lines))


def test_every_epoch_becomes_a_line(tmp_path):
    file = tmp_path / "log.csv"
    run(CSVLogger(file), [{"loss": 1.5, "acc": 0.5}, {"loss": 1, "acc": 0.75}])
    assert read(file) == [["epoch", "loss", "acc"], ["0", "1.5", "0.5"], ["1", "1", "0.75"]]
    run(CSVLogger(file, append=True), [{"loss": 0.5, "acc": 1}], initial_epoch=2)
    assert read(file)[-1] == ["2", "0.5", "1"]
    run(CSVLogger(file), [{"loss": 9}])
    assert read(file) == [["epoch", "loss"], ["0", "9"]]


def test_columns_that_come_later_are_filled_up(tmp_path):
    file = tmp_path / "log.csv"
    run(CSVLogger(file, separator=";"), [{"loss": 1}, {"loss": 2, "val_loss": 3}, {"loss": 4}])
    assert file.read_text().split() == ["epoch;loss;val_loss", "0;1;NA", "1;2;3", "2;4;NA"]


# ---- progress


def test_verbose_chooses_the_display(monkeypatch):
    assert progress_display(0) == []
    assert [type(c) for c in progress_display(2)] == [EpochLines]
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert [type(c) for c in progress_display(1)] == [EpochLines]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert [type(c) for c in progress_display(1)] == [ProgressBar]
    assert [type(c) for c in progress_display("auto")] == [ProgressBar]
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert [type(c) for c in progress_display(1)] == [EpochLines]
    with pytest.raises(ArgumentError, match="verbose expects 0, 1, 2 or 'auto', but got `3`"):
        progress_display(3)


def test_a_line_per_epoch_tells_its_values():
    screen = io.StringIO()
    run(EpochLines(screen), [{"loss": 0.5, "acc": 0.98765}, {"loss": 0.00001, "acc": 1}])
    first, second = screen.getvalue().splitlines()
    assert first.startswith("Epoch 1/2 - 0.")
    assert first.endswith("s - loss: 0.5000 - acc: 0.9877")
    assert second.endswith("s - loss: 1.000e-05 - acc: 1.0000")


def test_lines_do_not_ask_for_batches():
    assert not CallbackList(EpochLines()).wants("on_train_batch_end")


def test_a_bar_counts_batches_and_ends_with_the_values_of_the_epoch():
    screen = io.StringIO()
    listed = CallbackList(ProgressBar(screen), Model(), {"epochs": 2, "steps": 3})
    list(listed.call("on_train_begin", {}))
    list(listed.call("on_epoch_begin", 0, {}))
    for batch in range(3):
        list(listed.call("on_train_batch_end", batch, Logs(loss=0.25, batch=batch, size=32)))
    list(listed.call("on_test_begin", {}))
    list(listed.call("on_test_batch_end", 0, Logs(loss=9)))
    list(listed.call("on_test_end", {}))
    list(listed.call("on_epoch_end", 0, Logs(loss=0.5, val_loss=0.75)))
    list(listed.call("on_train_end", {}))
    last = screen.getvalue().rstrip().split("\r")[-1]
    assert last.startswith("Epoch 1/2: 100%")
    assert "3/3" in last
    assert "loss=0.5000, val_loss=0.7500" in last
    assert "size" not in screen.getvalue()


def test_evaluate_and_predict_have_bars_of_their_own():
    screen = io.StringIO()
    listed = CallbackList(ProgressBar(screen), Model(), {"steps": 1})
    for name in ("test", "predict"):
        list(listed.call(f"on_{name}_begin", {}))
        list(listed.call(f"on_{name}_batch_end", 0, Logs(loss=1)))
        list(listed.call(f"on_{name}_end", Logs(loss=1)))
    assert "Evaluate: 100%" in screen.getvalue()
    assert "Predict: 100%" in screen.getvalue()


# ---- the docstrings


MODULES = ["pyengine.logs"] + [
    f"pyengine.callbacks.{module.name}" for module in pkgutil.iter_modules(pyengine.callbacks.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
