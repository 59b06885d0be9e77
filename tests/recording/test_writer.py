import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from bathyscope.errors import (
    LabelError,
    RecordingExistsError,
    RecordingLockedError,
    ShapeError,
    StorageError,
    UnknownSampleError,
)
from bathyscope.recording import LayerInfo, Recording, RecordingWriter
from recordings import CLASSES, N_SAMPLES, write_checkpoint


def test_a_recording_reads_back_as_it_was_written(recording):
    assert len(recording) == N_SAMPLES
    assert recording.classes == CLASSES
    assert recording.info.splits == {"train": 40, "test": 20}
    assert recording.layers["features.norm"] == LayerInfo("features.norm", (5,), role="embedding")
    assert [checkpoint.step for checkpoint in recording.checkpoints] == [0, 1, 2]
    assert recording.checkpoints[1].metrics == {"loss": 0.5}
    assert recording.labels[:8].tolist() == [0, 1, 2, 0, 1, 2, 0, None]
    assert recording.index_of("s/0041") == 41


def test_the_recorded_head_gives_the_recorded_logits(recording):
    head = recording.head("last")
    embedding = recording.activations("features.norm", "last").astype(np.float32)
    np.testing.assert_allclose(embedding @ head.weight.T + head.bias, recording.logits("last"), rtol=1e-5)


def test_rows_come_in_the_order_asked_for(recording):
    whole = recording.logits(1)
    np.testing.assert_array_equal(recording.logits(1, rows=[59, 0, 17]), whole[[59, 0, 17]])


def test_samples_outside_a_checkpoint_are_nan_not_shifted(make_recording):
    with make_recording(n_checkpoints=0) as writer, writer.checkpoint(4) as checkpoint:
        checkpoint.write_outputs(np.array([50, 3]), np.array([[1, 2, 3], [4, 5, 6]], np.float32))
    logits = Recording(writer.path).logits(4)
    assert logits[50].tolist() == [1, 2, 3]
    assert logits[3].tolist() == [4, 5, 6]
    assert np.isnan(logits).all(axis=1).sum() == N_SAMPLES - 2


def test_an_exception_inside_a_checkpoint_leaves_nothing_of_it(make_recording):
    with make_recording() as writer:
        with pytest.raises(RuntimeError, match="out of memory"), writer.checkpoint(3) as checkpoint:
            checkpoint.write_outputs(np.arange(4), np.zeros((4, 3), np.float32))
            raise RuntimeError("out of memory")
        assert [entry.name for entry in sorted((writer.path / "checkpoints").iterdir())] == [
            "000000",
            "000001",
            "000002",
        ]
        write_checkpoint(writer, 3)
    assert len(Recording(writer.path).checkpoints) == 4


def test_a_checkpoint_is_invisible_until_it_is_whole(make_recording):
    with make_recording(n_checkpoints=1) as writer:
        reader = Recording(writer.path)
        with writer.checkpoint(1) as checkpoint:
            checkpoint.write_outputs(np.arange(4), np.zeros((4, 3), np.float32))
            assert not reader.refresh()
            assert len(Recording(writer.path).checkpoints) == 1
        assert reader.refresh()
        assert [checkpoint.step for checkpoint in reader.checkpoints] == [0, 1]
        assert not reader.refresh()


def test_a_reader_sees_that_a_writer_is_at_work(make_recording):
    writer = make_recording()
    reader = Recording(writer.path)
    assert reader.writing
    writer.close()
    assert not reader.writing


def test_a_second_writer_is_told_so(make_recording):
    with make_recording() as writer:
        for begin in (RecordingWriter.resume, lambda path: RecordingWriter.create(path, overwrite=True)):
            with pytest.raises(RecordingLockedError) as raised:
                begin(writer.path)
            assert str(raised.value) == (
                f"Another process is writing the recording {writer.path}. "
                "Wait until it ends, or record into another folder."
            )
    RecordingWriter.resume(writer.path).close()


def test_a_folder_that_holds_a_recording_is_not_overwritten_by_chance(recording_path):
    with pytest.raises(RecordingExistsError) as raised:
        RecordingWriter.create(recording_path)
    assert str(raised.value) == (
        f"{recording_path} already holds a recording. Give another folder, resume=True to go on with it, "
        "or overwrite=True to replace it."
    )
    assert len(Recording(recording_path).checkpoints) == 3
    RecordingWriter.create(recording_path, overwrite=True).close()
    assert not (recording_path / "recording.json").exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_others_keep_in_a_folder_is_not_touched(tmp_path, overwrite):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "best.pt").write_text("weeks of training")
    with pytest.raises(RecordingExistsError) as raised:
        RecordingWriter.create(tmp_path, overwrite=overwrite)
    assert str(raised.value) == (
        f"{tmp_path} is no recording, but holds checkpoints, which one would replace; nothing was touched. "
        "Give another folder."
    )
    assert [file.name for file in tmp_path.rglob("*")] == ["checkpoints", "best.pt"]
    (tmp_path / "checkpoints" / "best.pt").unlink()
    (tmp_path / "notes.txt").write_text("stays")
    RecordingWriter.create(tmp_path).close()
    assert (tmp_path / "notes.txt").read_text() == "stays"


def test_resuming_removes_half_a_checkpoint_and_goes_on(make_recording):
    writer = make_recording()
    writer.close()
    (writer.path / "checkpoints" / ".writing-000003").mkdir()
    with RecordingWriter.resume(writer.path) as again:
        assert not (writer.path / "checkpoints" / ".writing-000003").exists()
        write_checkpoint(again, 3)
    assert [checkpoint.step for checkpoint in Recording(writer.path).checkpoints] == [0, 1, 2, 3]


def test_a_step_is_recorded_once(make_recording):
    with make_recording() as writer, pytest.raises(RecordingExistsError) as raised, writer.checkpoint(2):
        pass
    assert str(raised.value) == (
        f"Checkpoint 000002 (step 2) is recorded already in {writer.path}. "
        "Give each checkpoint its own step, for instance a running number with step=…."
    )


def test_outputs_must_fit_samples_and_classes(make_recording):
    with make_recording(n_checkpoints=0) as writer:
        with pytest.raises(
            UnknownSampleError, match=r"^Sample index 60 was written, but the recording has samples 0 … 59\.$"
        ):
            with writer.checkpoint(0) as checkpoint:
                checkpoint.write_outputs(np.array([3, 60]), np.zeros((2, 3), np.float32))
        with pytest.raises(ShapeError, match=r"^A sample came twice in one checkpoint\. Give each sample once\.$"):
            with writer.checkpoint(0) as checkpoint:
                checkpoint.write_outputs(np.array([3, 4]), np.zeros((2, 3), np.float32))
                checkpoint.write_outputs(np.array([4]), np.zeros((1, 3), np.float32))
        with pytest.raises(LabelError, match=r"^The model gives 7 outputs a sample, but the recording names 3 classes"):
            with writer.checkpoint(0) as checkpoint:
                checkpoint.write_outputs(np.array([3]), np.zeros((1, 7), np.float32))
        with pytest.raises(ShapeError, match="layers/late has 1 rows, but outputs of 2 samples were written"):
            with writer.checkpoint(0) as checkpoint:
                checkpoint.write_outputs(np.array([3, 4]), np.zeros((2, 3), np.float32))
                checkpoint.write_activations("late", np.array([3]), np.zeros((1, 2), np.float16))
    assert Recording(writer.path).checkpoints == ()


def test_a_layer_that_overflows_late_becomes_float32_and_loses_nothing(make_recording):
    narrow, wide = np.full((3, 2), 1.5, np.float16), np.array([[1e6, -1e6]], np.float32)
    with make_recording(n_checkpoints=0) as writer, writer.checkpoint(0) as checkpoint:
        checkpoint.write_outputs(np.arange(4), np.zeros((4, 3), np.float32))
        checkpoint.write_activations("wide", np.arange(3), narrow)
        checkpoint.write_activations("wide", np.array([3]), wide)
    values = Recording(writer.path).activations("wide", 0, rows=[0, 1, 2, 3])
    assert values.dtype == np.float32
    assert values.tolist() == [[1.5, 1.5]] * 3 + [[1e6, -1e6]]


def test_a_batch_without_samples_changes_nothing(make_recording):
    with make_recording(n_checkpoints=0) as writer, writer.checkpoint(0) as checkpoint:
        for count in (0, 2):
            checkpoint.write_outputs(np.arange(count), np.ones((count, 3), np.float32))
            checkpoint.write_activations("maps", np.arange(count), np.ones((count, 2, 1, 1), np.float16))
    recording = Recording(writer.path)
    assert recording.logits(0, rows=[0, 1]).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert recording.activations("maps", 0, rows=[1]).shape == (1, 2, 1, 1)


def test_rows_that_are_not_finite_are_counted_per_layer(make_recording):
    values = np.array([[0, np.nan], [1, 2], [np.inf, 1]], np.float16)
    with make_recording(n_checkpoints=0) as writer, writer.checkpoint(0) as checkpoint:
        checkpoint.write_outputs(np.arange(3), np.zeros((3, 3), np.float32))
        checkpoint.write_activations("odd", np.arange(3), values)
    assert Recording(writer.path).checkpoints[0].non_finite == {"odd": 2}


def test_feature_maps_and_layers_with_slashes_keep_name_and_shape(make_recording):
    maps = np.arange(2 * 3 * 4 * 4, dtype=np.float16).reshape(2, 3, 4, 4)
    with make_recording(n_checkpoints=0) as writer, writer.checkpoint(0) as checkpoint:
        checkpoint.write_outputs(np.arange(2), np.zeros((2, 3), np.float32))
        checkpoint.write_activations("block/conv.1", np.arange(2), maps)
    reader = Recording(writer.path)
    assert reader.checkpoints[0].layers == ("block/conv.1",)
    np.testing.assert_array_equal(reader.activations("block/conv.1", 0, rows=[0, 1]), maps)


@pytest.mark.parametrize(
    ("owner", "name", "refused"),
    [(Path, "replace", "000003"), (os, "fsync", "000003")],
    ids=["renaming", "writing"],
)
def test_a_full_disk_says_what_is_safe(make_recording, monkeypatch, owner, name, refused):
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with make_recording() as writer:
        monkeypatch.setattr(owner, name, full)
        with pytest.raises(StorageError) as raised:
            write_checkpoint(writer, 3)
        monkeypatch.undo()
    assert raised.value.errno == errno.ENOSPC
    assert raised.value.strerror == (
        f"Could not write {writer.path / 'checkpoints' / refused}: No space left on device. "
        "What was finished before is safe. "
        "Free some space or give another folder, then go on with resume=True."
    )
    assert [checkpoint.step for checkpoint in Recording(writer.path).checkpoints] == [0, 1, 2]
    assert not list((writer.path / "checkpoints").glob(".writing*"))


def test_metrics_that_json_lacks_survive_as_nan(make_recording):
    with make_recording(n_checkpoints=0) as writer, writer.checkpoint(0, metrics={"loss": float("nan")}) as checkpoint:
        checkpoint.write_outputs(np.arange(1), np.zeros((1, 3), np.float32))
    text = (writer.path / "checkpoints" / "000000" / "checkpoint.json").read_text()
    assert json.loads(text)["metrics"] == {"loss": None}
    assert np.isnan(Recording(writer.path).checkpoints[0].metrics["loss"])
