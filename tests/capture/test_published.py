"""Old runs of other visualisers become recordings, and nothing of theirs is run."""

import json
import pickle

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from bathyscope.capture.published import import_published
from bathyscope.cli import app
from bathyscope.errors import ShapeError, SourceError

N_TRAIN, N_TEST, D, C = 6, 4, 3, 2
GENERATOR = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path):
    """A run of two epochs; in the second only four training samples were labelled."""
    root = tmp_path / "published"
    for split, size in (("Training_data/training", N_TRAIN), ("Testing_data/testing", N_TEST)):
        (root / split).parent.mkdir(parents=True)
        torch.save(torch.rand(size, 1, 5, 5) * 4 - 2, root / f"{split}_dataset_data.pth")
        torch.save(torch.arange(size) % C, root / f"{split}_dataset_label.pth")
    for epoch, members in ((2, [5, 0, 3, 1]), (10, range(N_TRAIN))):
        place = root / "Model" / f"Epoch_{epoch}"
        place.mkdir(parents=True)
        np.save(place / "train_data.npy", GENERATOR.normal(size=(len(members), D)).astype(np.float16))
        np.save(place / "test_data.npy", GENERATOR.normal(size=(N_TEST, D)).astype(np.float16))
        (place / "index.json").write_text(json.dumps(list(members)))
        state = {
            "conv.weight": torch.rand(4, 1, 3, 3),
            "hidden.weight": torch.rand(D, 7),
            "hidden.bias": torch.rand(D),
            "prediction.weight": torch.rand(C, D),
            "prediction.bias": torch.rand(C),
        }
        torch.save(state, place / "subject_model.pth")
    (root / "config.json").write_text(json.dumps({"TimeVis": {"CLASSES": ["cat", "dog"], "EPOCH_START": 2}}))
    (root / "Model" / "model.py").write_text("raise SystemExit('a foreign model was run')")
    return root


def test_samples_representations_and_decision_layers_arrive(folder, tmp_path):
    recording = import_published(folder, tmp_path / "run")
    assert recording.classes == ("cat", "dog")
    assert recording.kind == "image"
    assert recording.sample_ids.to_pylist()[:7] == [f"train/{n}" for n in range(6)] + ["test/0"]
    assert recording.labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert recording.info.splits == {"train": 6, "test": 4}
    assert [(point.step, point.epoch) for point in recording.checkpoints] == [(2, 2.0), (10, 10.0)]
    embedding = recording.activations("embedding", 10)
    np.testing.assert_array_equal(embedding[:6], np.load(folder / "Model/Epoch_10/train_data.npy"))
    np.testing.assert_array_equal(embedding[6:], np.load(folder / "Model/Epoch_10/test_data.npy"))
    head = torch.load(folder / "Model/Epoch_10/subject_model.pth", weights_only=True)
    logits = embedding.astype(np.float32) @ head["prediction.weight"].numpy().T + head["prediction.bias"].numpy()
    np.testing.assert_allclose(recording.logits(10), logits, atol=1e-6)
    np.testing.assert_array_equal(recording.head(10).weight, head["prediction.weight"].numpy())


def test_rows_belong_to_the_samples_that_the_epoch_lists(folder, tmp_path):
    recording = import_published(folder, tmp_path / "run")
    stored = np.load(folder / "Model/Epoch_2/train_data.npy")
    embedding = recording.activations("embedding", 2)
    np.testing.assert_array_equal(embedding[[5, 0, 3, 1]], stored)
    assert np.isnan(embedding[[2, 4]]).all()


def test_without_a_decision_layer_only_representations_are_recorded(folder, tmp_path):
    for epoch in (2, 10):
        (folder / f"Model/Epoch_{epoch}/subject_model.pth").unlink()
    recording = import_published(folder, tmp_path / "run")
    assert not any(point.has_head for point in recording.checkpoints)
    assert recording.activations("embedding", 10).shape == (10, D)


class Attack:
    def __reduce__(self):
        return (exec, ("open('attacked', 'w')",))


def test_a_file_that_holds_more_than_tensors_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = folder / "Model/Epoch_2/subject_model.pth"
    torch.save({"prediction": Attack()}, model)
    with pytest.raises(SourceError) as error:
        import_published(folder, tmp_path / "run")
    assert str(error.value) == (
        f"{model} holds more than tensors, so it is not loaded. Save the state dict: torch.save(model.state_dict(), …)."
    )
    (folder / "Model/Epoch_2/train_data.npy").write_bytes(pickle.dumps(Attack()))
    with pytest.raises(SourceError, match="cannot be read as an array of numbers"):
        import_published(folder, tmp_path / "run")
    assert not (tmp_path / "attacked").exists()
    assert not (tmp_path / "run").exists()


def test_another_folder_is_explained(folder, tmp_path):
    with pytest.raises(SourceError) as error:
        import_published(tmp_path, tmp_path / "run")
    assert str(error.value) == (
        f"{tmp_path} has no folder Model/Epoch_<i> with a train_data.npy. Only stored representations are read, and no "
        "model of such a folder is run: have the visualiser store them, or train again with bs.Recorder."
    )
    (folder / "Model/Epoch_2/index.json").write_text("[0, 1, 2, 2]")
    with pytest.raises(ShapeError, match="must list each sample once, by a number from 0 to 5"):
        import_published(folder, tmp_path / "run")
    (folder / "Model/Epoch_2/index.json").write_text("[0, 1]")
    with pytest.raises(ShapeError, match="has 4 representations, but index.json lists 2 samples and the split has 6"):
        import_published(folder, tmp_path / "run")
    (folder / "Model/Epoch_2/index.json").unlink()
    for split, count in (("train", N_TRAIN), ("test", N_TEST)):
        np.save(folder / f"Model/Epoch_2/{split}_data.npy", np.zeros((count, D + 1)))
    with pytest.raises(
        ShapeError, match="of several widths: 4 \\(epoch 2\\), 3 \\(epoch 10\\). One run has one width."
    ):
        import_published(folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_command_records_and_tells_what_came(folder, tmp_path):
    done = CliRunner().invoke(app, ["import", str(folder), str(tmp_path / "run"), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["n_samples"] == N_TRAIN + N_TEST
