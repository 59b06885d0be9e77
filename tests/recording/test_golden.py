"""Recordings written by every released format version stay readable. Expected values are literal, not computed."""

from pathlib import Path

import numpy as np
import pytest

from bathyscope.recording import Recording
from bathyscope.recording.schema import FORMAT_VERSION

GOLDEN = Path(__file__).parent / "golden"


def test_every_version_has_golden_files():
    assert sorted(folder.name for folder in GOLDEN.iterdir()) == [f"v{number + 1}" for number in range(FORMAT_VERSION)]


@pytest.fixture(params=sorted(folder.name for folder in GOLDEN.iterdir()))
def golden(request):
    return GOLDEN / request.param


def test_a_multiclass_recording_still_loads(golden):
    recording = Recording(golden / "multiclass")
    assert (recording.task, recording.kind, recording.classes) == ("multiclass", "image", ("day", "night"))
    assert recording.info.splits == {"train": 2, "test": 1}
    assert recording.info.provenance["made_by"] == "golden"
    assert recording.samples.select(["sample_id", "split", "label", "camera", "size"]).to_pydict() == {
        "sample_id": ["a", "b", "ü/c"],
        "split": ["train", "train", "test"],
        "label": [0, None, 1],
        "camera": ["left", None, "right"],
        "size": [9007199254740993, 2, 3],
    }
    assert [str(value) for value in recording.column("taken").to_pylist()] == [
        "1970-01-01 00:00:00+00:00",
        "1970-01-02 00:00:00+00:00",
        "None",
    ]
    assert np.asarray(recording.image(0)).tolist() == [[0, 255], [255, 0]]
    assert recording.media(2).path == "2.png"
    assert [(c.name, c.step, c.epoch, c.layers) for c in recording.checkpoints] == [
        ("000001", 1, 0.5, ("pool", "block/conv")),
        ("000003", 3, 1.5, ("pool", "block/conv")),
    ]
    assert recording.checkpoints[1].metrics["loss"] == pytest.approx(1 / 3)
    assert np.isnan(recording.checkpoints[1].metrics["odd"])
    assert recording.layers["block/conv"].shape == (2, 1, 2)
    assert recording.embedding_layer == "pool"
    assert recording.logits(3).tolist() == [[1.0, 0.75], [0.0, 2.25], [3.0, -2.25]]
    assert recording.activations("pool", 1).tolist() == [[1, 0], [0, 1], [1, -2]]
    assert recording.activations("block/conv", 1, rows=[1]).tolist() == [[[[4, 5]], [[6, 7]]]]
    head = recording.head(1)
    assert (head.weight.tolist(), head.bias.tolist()) == ([[1, 0], [0.5, 2]], [0, 0.25])
    assert recording.truth.to_pydict() == {"sample_id": ["a"], "wrong_label": [True]}


def test_a_multilabel_recording_still_loads(golden):
    recording = Recording(golden / "multilabel")
    assert (recording.task, recording.kind, recording.classes) == ("multilabel", "text", ("x", "y", "z"))
    assert recording.label_lists.to_pylist() == [[0, 2], []]
    assert (recording.text(0), recording.text(1)) == ("eins", None)
    assert recording.scores(0).to_pylist() == [None, [{"label": 2, "score": 0.75}]]
