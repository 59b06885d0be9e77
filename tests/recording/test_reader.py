import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bathyscope.errors import (
    DamagedRecordingError,
    FormatVersionError,
    NotARecordingError,
    UnknownCheckpointError,
    UnknownLayerError,
)
from bathyscope.recording import Recording, load


def change(path, **fields):
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **fields}))


def test_a_folder_without_a_recording_says_what_to_give(tmp_path):
    with pytest.raises(NotARecordingError) as raised:
        load(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path} is not a recording: it holds no recording.json. Give the folder that Recorder or record() wrote."
    )


def test_another_format_is_not_taken_for_ours(recording_path):
    change(recording_path / "recording.json", format="something-else")
    with pytest.raises(NotARecordingError, match="its 'format' is not 'bathyscope-recording'"):
        load(recording_path)


def test_a_format_of_the_future_names_both_versions(recording_path):
    change(recording_path / "recording.json", format_version=7)
    with pytest.raises(FormatVersionError) as raised:
        load(recording_path)
    assert str(raised.value) == (
        f"{recording_path / 'recording.json'} has format version 7; this Bathyscope reads versions up to 1. "
        "Upgrade with: pip install --upgrade bathyscope"
    )


def test_fields_that_a_later_release_adds_are_ignored(recording_path):
    change(recording_path / "recording.json", colour="blue")
    change(recording_path / "checkpoints" / "000001" / "checkpoint.json", mood="good")
    assert len(load(recording_path).checkpoints) == 3


@pytest.mark.parametrize("name", ["recording.json", "checkpoints/000001/checkpoint.json"])
def test_a_truncated_json_file_is_named(recording_path, name):
    path = recording_path / name
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DamagedRecordingError) as raised:
        load(recording_path)
    assert str(path) in str(raised.value)
    assert "Restore it from a copy, or move its folder away to open the rest." in str(raised.value)


def test_a_truncated_array_is_named_and_the_rest_still_opens(recording_path):
    path = recording_path / "checkpoints" / "000001" / "outputs" / "part-00000.arrow"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:100])
    recording = load(recording_path)
    with pytest.raises(DamagedRecordingError) as raised:
        recording.logits(1)
    assert str(raised.value) == (
        f"{path} has 100 bytes; {size:,} were written. "
        "Restore it from a copy, or move its checkpoint folder away to open the rest."
    )
    assert recording.logits(2).shape == (60, 3)


def test_an_array_with_broken_bytes_is_named(recording_path):
    path = recording_path / "checkpoints" / "000001" / "outputs" / "part-00000.arrow"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(
        DamagedRecordingError, match=r"part-00000\.arrow cannot be read \(.*\)\. It is damaged or cut off"
    ):
        load(recording_path).logits(1)


def test_samples_that_are_gone_or_broken_are_named(recording_path):
    path = recording_path / "samples" / "part-00000.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedRecordingError, match=r"part-00000\.parquet cannot be read"):
        load(recording_path).labels  # noqa: B018
    path.unlink()
    with pytest.raises(DamagedRecordingError, match=r"holds no part-\*\.parquet"):
        load(recording_path).labels  # noqa: B018


def test_a_missing_checkpoint_lists_those_there_are(recording):
    with pytest.raises(UnknownCheckpointError) as raised:
        recording.logits("000009")
    assert str(raised.value) == (
        f"No checkpoint '000009' in {recording.path}. Recorded checkpoints: 000000, 000001, 000002."
    )


def test_a_missing_layer_lists_those_there_are(recording):
    with pytest.raises(UnknownLayerError) as raised:
        recording.activations("conv1", 1)
    assert str(raised.value) == (
        "No activations for layer 'conv1' at checkpoint 000001. Recorded layers: features.norm. "
        "Record it with record(model, samples, path, layers=['conv1'])."
    )


def test_batches_add_up_to_the_whole(recording):
    whole = recording.logits(2)
    seen = np.full_like(whole, np.nan)
    for indices, logits in recording.logit_batches(2):
        assert len(indices) <= 16
        seen[indices] = logits
    np.testing.assert_array_equal(seen, whole)


def test_a_recording_that_may_only_be_read_can_be_read(recording_path):
    for path in [*recording_path.rglob("*"), recording_path]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    recording = Recording(recording_path)
    assert not recording.writing
    assert recording.logits("last").shape == (60, 3)


def test_threads_may_read_at_the_same_time(recording):
    expected = [recording.column(name).to_pylist() for name in ("label", "split")]

    def read(_):
        return [[recording.column(name).to_pylist() for name in ("label", "split")] for _ in range(100)]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(read, range(4)):
            assert found == [expected] * 100
