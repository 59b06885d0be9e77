"""Fit a small Keras model with and without the callback; run by test_keras in a process with the torch backend."""

import sys
from pathlib import Path

import keras
import numpy as np
import torch

import bathyscope as bs
from bathyscope.capture.keras import RecordEpochs
from bathyscope.errors import ModelOutputError

torch.set_num_threads(1)
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
LABELS = np.arange(40) % 3


def fit(callbacks):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(3, activation="softmax", name="scores"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(IMAGES[..., None] / 255.0, LABELS, epochs=3, batch_size=16, verbose=0, callbacks=callbacks)
    return model, history.history["loss"]


def main(path):
    _, bare = fit([])
    with bs.Recorder(path, IMAGES, labels=LABELS, layers=["conv"]) as recorder:
        model, losses = fit([RecordEpochs(recorder)])
    recording = recorder.recording
    assert losses == bare, (losses, bare)
    assert recorder.steps == (0, 1, 2)
    assert not any("call" in vars(layer) for layer in model.layers), "a listener stayed"
    assert recording.info.provenance["head"] == "scores"
    assert recording.info.provenance["output"] == "softmax"
    probabilities = torch.softmax(torch.from_numpy(recording.logits("last")), 1).numpy()
    np.testing.assert_allclose(probabilities, model.predict(IMAGES[..., None] / 255.0, verbose=0), rtol=1e-3)
    convolved = keras.Model(model.inputs, model.get_layer("conv").output).predict(IMAGES[..., None] / 255.0, verbose=0)
    np.testing.assert_allclose(recording.activations("conv", "last"), convolved.mean((1, 2)), rtol=5e-3, atol=1e-4)
    assert set(recording.checkpoints[0].metrics) == {"accuracy", "loss"}
    keras.backend.backend = lambda: "jax"  # the other backends are not installed here
    try:
        RecordEpochs(None)
    except ModelOutputError as refusal:
        print(refusal)  # noqa: T201 -- the test reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
