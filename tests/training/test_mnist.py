"""The real thing: all of MNIST, in CPython. The browser's turn is in wasm_tests."""

import numpy as np

import pyengine
from pyengine import callbacks, layers
from web.tools.mnist import load_mnist


def test_a_small_convolutional_network_reads_digits_at_985_in_three_epochs():
    (x, y), (x_test, y_test) = load_mnist()
    x, x_test = (images[..., None] / np.float32(255) for images in (x, x_test))
    pyengine.set_random_seed(1)
    model = pyengine.Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", input_shape=(28, 28, 1)),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rates = callbacks.LearningRateScheduler(lambda epoch: (0.002, 0.001, 0.0003)[epoch])
    model.fit(x, y, batch_size=32, epochs=3, callbacks=rates, verbose=2)
    _, accuracy = model.evaluate(x_test, y_test, batch_size=256)
    assert model.builds == 3  # the training step, and the test step for 256 and for the last 16 images
    assert accuracy >= 0.985
