import hashlib

import numpy as np
import pyarrow as pa
import pytest

from bathyscope.errors import LabelError, MediaError, MissingInputError, SampleIdError, ShapeError, UnknownSampleError
from bathyscope.recording import Recording, RecordingWriter


def write(path, ids, *, kind=None, task="multiclass", classes=("a", "b"), metadata=None, **batch):
    with RecordingWriter.create(path, kind=kind, task=task, classes=classes) as writer:
        shape = np.asarray(batch["media"]).shape[1:] if kind == "array" else ()
        with writer.samples(metadata=metadata, array_shape=shape) as samples:
            samples.write(ids, **batch)
    return Recording(path)


def test_repeated_ids_are_named_and_nothing_is_kept(tmp_path):
    ids = ["a", "b", "a", "c", "b"]
    with pytest.raises(SampleIdError) as raised:
        write(tmp_path, ids)
    assert str(raised.value) == (
        "Sample ids must be unique; these occur more than once: 'a', 'b'. Give each sample its own id."
    )
    assert not (tmp_path / "recording.json").exists()
    assert list((tmp_path / "samples").iterdir()) == []


def test_repeated_ids_are_found_across_batches(tmp_path):
    with RecordingWriter.create(tmp_path) as writer, pytest.raises(SampleIdError, match="'x7'"):
        with writer.samples() as samples:
            samples.write([f"x{index}" for index in range(10)])
            samples.write(["y", "x7"])


@pytest.mark.parametrize(("name", "shown"), [(None, "None"), (7, "7"), (float("nan"), "nan")])
def test_ids_that_are_no_strings_are_refused(tmp_path, name, shown):
    with pytest.raises(SampleIdError) as raised:
        write(tmp_path, ["a", name])
    assert str(raised.value) == (
        f"Sample ids must be strings; the one at position 1 is {shown}. Convert them with str()."
    )


@pytest.mark.parametrize(("label", "shown"), [(2, "2"), (-1, "-1")])
def test_labels_outside_the_classes_are_refused(tmp_path, label, shown):
    with pytest.raises(LabelError) as raised:
        write(tmp_path, ["a", "b"], labels=[0, label])
    assert str(raised.value) == (
        f"A label is {shown}; class indices run over 0 … 1. "
        "Give None (or NaN) for a missing label, and all class names with classes=[…]."
    )


def test_labels_and_samples_of_different_length_are_refused(tmp_path):
    with pytest.raises(ShapeError) as raised:
        write(tmp_path, ["a", "b"], labels=[0])
    assert str(raised.value) == "2 samples came with 1 values for 'label'. Give one per sample."


def test_names_of_the_format_cannot_be_metadata(tmp_path):
    with pytest.raises(ShapeError, match=r"A metadata column is called 'label', which is a name of the format"):
        write(tmp_path, ["a"], metadata=pa.schema([("label", pa.int64())]))


def test_missing_labels_may_be_none_or_nan(tmp_path):
    recording = write(tmp_path, ["a", "b", "c"], labels=[1, None, float("nan")])
    assert recording.info.n_missing_labels == 2
    assert recording.labels.tolist() == [1, None, None]


def test_several_labels_a_sample(tmp_path):
    recording = write(tmp_path, ["a", "b", "c"], task="multilabel", labels=[[0, 1], [], None])
    assert recording.label_lists.to_pylist() == [[0, 1], [], None]
    assert recording.info.n_missing_labels == 1
    with pytest.raises(MissingInputError, match=r"is multi-label; read its labels with label_lists\.$"):
        recording.labels  # noqa: B018


def test_sparse_scores_come_back_in_sample_order(tmp_path):
    write(tmp_path, ["a", "b", "c"], task="multilabel", labels=[[0], [1], []])
    with RecordingWriter.resume(tmp_path) as writer, writer.checkpoint(0) as checkpoint:
        scores = pa.array([[{"label": 1, "score": 0.5}], [{"label": 0, "score": 1.0}, {"label": 1, "score": 0.25}]])
        checkpoint.write_scores(np.array([2, 0]), scores)
    assert Recording(tmp_path).scores(0).to_pylist() == [
        [{"label": 0, "score": 1.0}, {"label": 1, "score": 0.25}],
        None,
        [{"label": 1, "score": 0.5}],
    ]


def test_texts_and_tables_are_samples_too(tmp_path):
    texts = write(tmp_path / "text", ["a", "b"], kind="text", media=["grüße", None])
    assert (texts.text(0), texts.text(1)) == ("grüße", None)
    with pytest.raises(MediaError, match="are not images"):
        texts.media(0)
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    table = write(tmp_path / "table", ["a", "b"], kind="array", media=rows)
    assert table.column("array").to_pylist() == rows.tolist()


def test_metadata_keeps_types_nulls_and_big_integers(tmp_path):
    schema = pa.schema(
        [("big", pa.int64()), ("number", pa.float64()), ("word", pa.string()), ("tags", pa.list_(pa.string()))]
    )
    values = {
        "big": [2**53 + 1, None],
        "number": [float("inf"), None],
        "word": ["<script>", None],
        "tags": [["a", "b"], []],
    }
    with RecordingWriter.create(tmp_path) as writer, writer.samples(metadata=schema) as samples:
        samples.write(["a", "b"], metadata=values)
    recording = Recording(tmp_path)
    assert recording.metadata.to_pydict() == values
    assert recording.metadata_schema.equals(schema)


def test_the_fingerprint_does_not_depend_on_batches_but_on_labels(tmp_path):
    ids = [f"s{index}" for index in range(10)]

    def fingerprint(name, cuts, labels):
        with RecordingWriter.create(tmp_path / name, classes=["a", "b"]) as writer, writer.samples() as samples:
            for start, stop in zip(cuts, cuts[1:], strict=False):
                samples.write(ids[start:stop], labels=labels[start:stop])
        return Recording(tmp_path / name).fingerprint

    labels = [0, 1] * 5
    assert fingerprint("one", [0, 10], labels) == fingerprint("two", [0, 3, 10], labels)
    assert fingerprint("four", [0, 10], labels) != fingerprint("three", [0, 10], [1, *labels[1:]])


def test_rows_of_a_column_read_only_their_groups_and_keep_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr("bathyscope.recording.samples.GROUP_ROWS", 4)
    with RecordingWriter.create(tmp_path) as writer, writer.samples() as samples:
        for start in range(0, 20, 4):
            samples.write([f"s{index}" for index in range(start, start + 4)])
    recording = Recording(tmp_path)
    for rows in ([19, 0, 7, 7, 4], [], [3]):
        assert recording.column("sample_id", rows).to_pylist() == [f"s{row}" for row in rows]
    with pytest.raises(UnknownSampleError):
        recording.column("sample_id", [20])
    assert recording._samples.value("sample_id", 13) == "s13"


def test_an_unknown_sample_is_named(recording):
    with pytest.raises(UnknownSampleError, match="No sample has the id 'nobody'"):
        recording.index_of("nobody")
    with pytest.raises(UnknownSampleError, match="There is no sample 60; .* has samples 0 … 59"):
        recording.media(60)


def test_no_samples_at_all_is_a_recording(tmp_path):
    assert len(write(tmp_path, [])) == 0


def test_arrow_columns_and_python_lists_make_the_same_recording(tmp_path):
    ids, splits, labels = ["b", "a", "ü🙂"], ["train", None, "test"], [1, None, 0]
    prints = []
    for name, given in (("lists", list), ("arrow", pa.array)):
        with RecordingWriter.create(tmp_path / name, classes=["x", "y"]) as writer:
            with writer.samples() as samples:
                samples.write(given(ids), splits=given(splits), labels=given(labels))
            prints.append(writer.info.fingerprint)
    slow = [hashlib.sha256("".join(f"{value}\n" for value in part).encode()) for part in (ids, splits, labels)]
    digests = [*(one.digest() for one in slow), hashlib.sha256(b"").digest()]
    assert prints == ["sha256:" + hashlib.sha256(b"".join(digests)).hexdigest()] * 2


@pytest.mark.parametrize("batches", [[["a", "b"], ["b", "c"]], [["b"], ["a"], ["b"]], [["a", "a"]]])
def test_repeated_ids_are_found_whether_or_not_ids_rise(tmp_path, batches):
    with (
        RecordingWriter.create(tmp_path / "run") as writer,
        pytest.raises(SampleIdError, match="more than once: '[ab]'"),
    ):
        with writer.samples() as samples:
            for batch in batches:
                samples.write(pa.array(batch))


def test_a_recording_without_some_columns_is_as_if_they_had_not_been_recorded(recording_path):
    shown = Recording(recording_path, hidden=["camera"])
    assert shown.metadata_schema.names == ["brightness"]
    assert "camera" not in shown.samples.column_names
    with pytest.raises(MissingInputError) as error:
        shown.column("camera")
    assert "Columns: sample_id, split, label, image, brightness." in str(error.value)
    assert shown.reopened().hidden == {"camera"}
    assert shown.reopened(hidden=()).column("camera")[0].as_py() == "right"


def test_roles_and_a_name_are_kept_and_older_recordings_have_none(tmp_path, recording):
    roles = {"guess": "prediction"}
    with RecordingWriter.create(tmp_path / "named", roles=roles, name="My run") as writer, writer.samples():
        pass
    assert (Recording(tmp_path / "named").roles, Recording(tmp_path / "named").name) == (roles, "My run")
    assert (recording.roles, recording.name) == ({}, "run")
