import numpy as np
import pyarrow as pa
import pytest

from bathyscope.errors import MissingInputError
from bathyscope.recording import Recording, RecordingWriter
from bathyscope.workbench.course import course_table
from recordings import write_checkpoint
from workbench.served import OWNER, table_of


def test_numbers_worked_by_hand(tmp_path, serve_path):
    with RecordingWriter.create(tmp_path / "hand", classes=["a", "b"]) as writer:
        with writer.samples() as samples:
            samples.write(["x", "y", "z"], labels=[1, 0, None])
        three = np.log(3).astype(np.float32)
        for step, rows in ((0, [[0, 0], [0, three], [0, three]]), (1, [[0, three], [np.nan, 0]]), (2, [[three, 0]])):
            with writer.checkpoint(step, epoch=step / 2) as checkpoint:
                checkpoint.write_outputs(np.arange(len(rows)), np.array(rows, np.float32))
    client = serve_path(tmp_path / "hand", headers=OWNER)
    first = table_of(client.get("/api/tables/course?sample=0"))
    assert first.schema.field("probabilities").type == pa.list_(pa.float32(), 2)
    assert first["checkpoint"].to_pylist() == ["000000", "000001", "000002"]
    assert first["epoch"].to_pylist() == [0.0, 0.5, 1.0]
    assert first["prediction"].to_pylist() == [0, 1, 0]
    assert first["confidence"].to_pylist() == pytest.approx([0.5, 0.75, 0.75])
    assert first["loss"].to_pylist() == pytest.approx([np.log(2), -np.log(0.75), np.log(4)])
    assert np.allclose(first["probabilities"].to_pylist(), [[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]])
    # y: outputs that are no numbers at step 1, no outputs at step 2
    second = table_of(client.get("/api/tables/course?sample=1"))
    assert second["prediction"].to_pylist() == [1, None, None]
    assert second["probabilities"].to_pylist()[1:] == [None, None]
    assert second["loss"].to_pylist() == [pytest.approx(np.log(4)), None, None]
    # z: no label, so no loss
    third = table_of(client.get("/api/tables/course?sample=2"))
    assert third["prediction"].to_pylist()[0] == 1
    assert third["loss"].to_pylist() == [None, None, None]


def test_the_course_agrees_with_the_performance_of_each_checkpoint(recording):
    from bathyscope.analyses import Performance

    course = course_table(recording, 11)
    for row, checkpoint in enumerate(recording.checkpoints):
        told = recording.run(Performance(checkpoint=checkpoint.name)).to_tables()["samples"]
        for name in ("prediction", "confidence", "loss"):
            assert course[name][row].as_py() == pytest.approx(told[name][11].as_py(), rel=1e-6)


def test_of_many_classes_the_likeliest_of_the_last_checkpoint_are_told(tmp_path):
    count = 51
    logits = np.zeros((2, 1, count), np.float32)
    logits[1, 0] = -np.arange(count)[::-1]  # the last class is the likeliest
    with RecordingWriter.create(tmp_path / "many", classes=[str(index) for index in range(count)]) as writer:
        with writer.samples() as samples:
            samples.write(["x"], labels=[0])
        for step in (0, 1):
            with writer.checkpoint(step) as checkpoint:
                checkpoint.write_outputs(np.array([0]), logits[step])
    course = course_table(Recording(tmp_path / "many"), 0)
    assert course["class_indices"].to_pylist() == [list(range(50, 30, -1))] * 2
    assert len(course["probabilities"][1]) == 20
    assert course["probabilities"].to_pylist()[0] == pytest.approx([1 / 51] * 20)
    assert course["prediction"].to_pylist() == [0, 50]


def test_a_multi_label_sample_tells_the_scores_of_its_likeliest_labels(tmp_path):
    kind = pa.list_(pa.struct([("label", pa.int32()), ("score", pa.float32())]))
    with RecordingWriter.create(tmp_path / "tags", task="multilabel", classes=["a", "b", "c"]) as writer:
        with writer.samples() as samples:
            samples.write(["x", "y"], labels=[[0, 2], None])
        for step, scores in enumerate(([(1, 0.5)], [(0, 0.25), (2, 0.75), (1, 0.5)])):
            cell = [{"label": label, "score": score} for label, score in scores]
            with writer.checkpoint(step) as checkpoint:
                checkpoint.write_scores(np.array([0]), pa.array([cell], kind))
    course = course_table(Recording(tmp_path / "tags"), 0)
    assert course["prediction"].to_pylist() == [1, 2]
    assert course["confidence"].to_pylist() == [0.5, 0.75]
    assert course["class_indices"].to_pylist() == [[2, 1, 0]] * 2
    assert course["probabilities"].to_pylist() == [[None, 0.5, None], [0.75, 0.5, 0.25]]
    # Binary cross entropy over all three; the first checkpoint scores only one of them.
    assert course["loss"].to_pylist() == [None, pytest.approx(-np.log([0.25, 0.5, 0.75]).mean())]
    absent = course_table(Recording(tmp_path / "tags"), 1)
    assert absent["prediction"].to_pylist() == [None, None]


def test_before_the_first_checkpoint_there_are_no_rows(make_recording):
    writer = make_recording("fresh", n_checkpoints=0)
    assert len(course_table(Recording(writer.path), 0)) == 0
    write_checkpoint(writer, 0)
    assert len(course_table(Recording(writer.path), 0)) == 1
    writer.close()


def test_without_classes_the_course_says_when_they_come(tmp_path):
    with RecordingWriter.create(tmp_path / "unnamed") as writer, writer.samples() as samples:
        samples.write(["x"], labels=[0])
    path = tmp_path / "unnamed"
    with pytest.raises(MissingInputError) as error:
        course_table(Recording(path), 0)
    assert str(error.value) == f"{path} names no classes yet; they are known from the first checkpoint on."
