"""Courses worked by hand, laws, teleports that must be found, and bad input."""

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from bathyscope.analyses import Trajectories
from bathyscope.analyses.recommend.features import odd_course
from bathyscope.analyses.trajectories.histogram import histogram
from bathyscope.analyses.trajectories.movement import Movement, distance_to_centroid, significant
from bathyscope.errors import MissingInputError, ParameterError
from bathyscope.recording import LayerInfo, Recording, RecordingWriter

SURE = 3.0
SCORES = pa.list_(pa.struct([("label", pa.int32()), ("score", pa.float32())]))


def says(*classes, n_classes=3):
    """Logits that are sure of these classes."""
    return np.eye(n_classes)[list(classes)] * SURE


def moving_recording(path, frames, *, logits=None, labels=None, epochs=None, rows=None, task="multiclass"):
    """A recording whose embedding differs between the checkpoints: frames (T, N, D)."""
    n_samples = len(frames[0])
    with RecordingWriter.create(path, task=task, classes=["a", "b", "c"]) as writer:
        with writer.samples() as samples:
            samples.write([f"s{i}" for i in range(n_samples)], labels=labels)
        writer.set_layers([LayerInfo("pool", (np.shape(frames[0])[1],), "float32", "embedding", None)])
        for step, vectors in enumerate(frames):
            which = np.arange(n_samples) if rows is None else np.asarray(rows[step])
            epoch = None if epochs is None else epochs[step]
            with writer.checkpoint(step, epoch=epoch) as checkpoint:
                checkpoint.write_activations("pool", which, np.asarray(vectors, np.float32)[which])
                if task == "multilabel":
                    checkpoint.write_scores(which, pa.array([[{"label": 0, "score": 0.5}]] * len(which), SCORES))
                else:
                    outputs = np.zeros((n_samples, 3)) if logits is None else logits[step]
                    checkpoint.write_outputs(which, np.asarray(outputs, np.float32)[which])
    return Recording(path)


def test_the_course_of_two_samples_by_hand(record_arrays):
    logits = {1: says(0, 0), 3: says(1, 0), 4: says(0, 0), 8: says(1, 1)}
    result = record_arrays(logits, labels=[1, 0], classes=["a", "b", "c"]).run(Trajectories())
    first, second = result.samples.to_pylist()
    assert (first["flips"], first["last_flip"], first["first_learned"], first["forgotten"]) == (3, 8, 3, 1)
    assert (second["flips"], second["last_flip"], second["first_learned"], second["forgotten"]) == (1, 8, 1, 1)
    assert (first["rival"], first["rival_share"], first["correct_share"]) == (0, 0.5, 0.5)
    assert first["aum"] == pytest.approx(0)
    assert second["aum"] == pytest.approx((3 * SURE - SURE) / 4)
    assert first["prediction_entropy"] == pytest.approx(np.log(2))
    sure = np.exp(SURE) / (np.exp(SURE) + 2)
    unsure = 1 / (np.exp(SURE) + 2)
    assert first["mean_label_probability"] == pytest.approx((sure + unsure) / 2)
    assert first["std_label_probability"] == pytest.approx((sure - unsure) / 2)
    assert first["early_label_probability"] == pytest.approx((sure + unsure) / 2)  # of the first two of four
    assert first["last_loss"] == pytest.approx(-np.log(sure))
    assert result.predictions.to_pydict() == {
        "000001": [0, 0],
        "000003": [1, 0],
        "000004": [0, 0],
        "000008": [1, 1],
    }
    assert result.label_probability["000001"].to_pylist() == [round(255 * unsure), round(255 * sure)]


def test_frames_and_events_tell_the_same(record_arrays):
    logits = {1: says(0, 0), 3: says(1, 0), 4: says(0, 0), 8: says(1, 1)}
    result = record_arrays(logits, labels=[1, 0], classes=["a", "b", "c"]).run(Trajectories())
    counts = [(row["flips"], row["learned"], row["forgotten"]) for row in result.frames.to_pylist()]
    assert counts == [(None, None, None), (1, 1, 0), (1, 0, 1), (2, 1, 1)]
    told = [
        (row["sample_index"], row["checkpoint"], row["from"], row["to"])
        for row in result.events.to_pylist()
        if row["kind"] == "flip"
    ]
    assert told == [(0, "000003", "a", "b"), (0, "000004", "b", "a"), (0, "000008", "a", "b"), (1, "000008", "a", "b")]
    jumps = [row for row in result.events.to_pylist() if row["kind"] == "confidence"]
    assert len(jumps) == sum(row["confidence_jumps"] or 0 for row in result.frames.to_pylist()) == 4
    assert jumps[0]["amount"] > 0.5 > jumps[1]["amount"]


def test_movement_by_hand():
    movement = Movement(np.array([[3.0, 4.0], [0.0, 0.0]]), late=2.0)
    movement.update(np.array([[0.0, 0.0], [0.0, 0.0]]), 0.0)
    first = movement.update(np.array([[0.0, 4.0], [0.0, 0.0]]), 2.0)
    assert_allclose(first.speed, [2, 0])  # 4 in two units of time
    assert_allclose(first.approach, [2, 0])  # from 5 away to 3 away
    movement.update(np.array([[3.0, 4.0], [0.0, 0.0]]), 3.0)
    columns = movement.columns()
    scale = movement.scale
    assert_allclose(columns["path_length"] * scale, [7, 0])
    assert_allclose(columns["straightness"], [5 / 7, 1])
    assert_allclose(columns["max_speed"] * scale, [3, 0])
    assert columns["max_speed_at"][0] == 3
    assert_allclose(columns["late_speed"] * scale, [(2 + 3) / 2, 0])


def test_significant_movements_are_judged_among_those_of_the_same_sense():
    approach = np.array([0.1] * 30 + [2.0] + [-0.1] * 30 + [-1.0, np.nan, 0.0])
    assert np.flatnonzero(significant(approach)).tolist() == [30, 61]


def test_histogram_agrees_with_a_slow_one():
    generator = np.random.default_rng(0)
    predictions = [generator.integers(0, 4, 50) for _ in range(7)]
    usable = [generator.random(50) < 0.8 for _ in range(7)]
    own = generator.integers(-1, 4, 50)
    found = histogram(predictions, usable, own)
    for row in range(50):
        said = [p[row] for p, there in zip(predictions, usable, strict=True) if there[row]]
        if not said:
            assert np.isnan(found.entropy[row])
            continue
        shares = np.array([said.count(c) / len(said) for c in range(4)])
        assert found.entropy[row] == pytest.approx(-sum(s * np.log(s) for s in shares if s))
        shares[own[row]] = 0 if own[row] >= 0 else shares[own[row]]
        assert found.rival[row] == (shares.argmax() if shares.any() else -1)
        assert found.share[row] == pytest.approx(shares.max())


def test_a_distance_to_the_middle_is_in_units_of_the_class():
    vectors = np.array([[0.0], [2.0], [4.0], [100.0], [7.0]])
    found = distance_to_centroid(vectors, np.array([0, 0, 0, 1, -1]))
    assert_allclose(found, [1, 0, 1, np.nan, np.nan])


def blobs(seed=0, n=600, d=32, frames=12):
    """Four classes whose middles leave the origin; 12 samples swap class in mid-run, 12 follow a random walk."""
    generator = np.random.default_rng(seed)
    centres, labels = generator.normal(size=(4, d)) * 2, np.arange(n) % 4
    noise = generator.normal(size=(n, d)) * 0.3
    odd = generator.permutation(n)[:24]
    swaps, walks = odd[:12], odd[12:]
    when = generator.integers(5, 8, 12)
    walk = np.cumsum(generator.normal(size=(frames, 12, d)), axis=0)
    found = []
    for t in range(frames):
        now = labels.copy()
        now[swaps] = (now[swaps] + (t >= when)) % 4
        vectors = centres[now] * (t + 1) / frames + noise + generator.normal(size=(n, d)) * 0.02
        vectors[walks] = walk[t]
        logits = -np.square(vectors[:, None] - centres * (t + 1) / frames).sum(axis=2) * 5
        found.append((vectors, logits))
    return [v for v, _ in found], [x for _, x in found], labels, swaps, walks, when


def test_teleports_are_the_oddest_courses_and_their_flips_are_listed(tmp_path):
    vectors, logits, labels, swaps, walks, when = blobs()
    with RecordingWriter.create(tmp_path / "run", classes=list("abcd")) as writer:
        with writer.samples() as samples:
            samples.write([f"s{i}" for i in range(600)], labels=labels)
        writer.set_layers([LayerInfo("pool", (32,), "float32", "embedding", None)])
        for t in range(12):
            with writer.checkpoint(t, epoch=t) as checkpoint:
                checkpoint.write_activations("pool", np.arange(600), vectors[t].astype(np.float32))
                checkpoint.write_outputs(np.arange(600), logits[t].astype(np.float32))
    result = Recording(tmp_path / "run").run(Trajectories())
    odd = odd_course(result.speeds, np.arange(600))
    planted = np.isin(np.arange(600), [*swaps, *walks])
    assert roc_auc_score(planted, odd) >= 0.95
    assert set(swaps) <= set(np.argsort(-odd)[:40])
    late = [row for row in result.events.to_pylist() if row["kind"] == "flip" and int(row["checkpoint"]) >= 4]
    for sample, frame in zip(swaps, when, strict=True):
        assert [row["checkpoint"] for row in late if row["sample_index"] == sample] == [f"{frame:06d}"]
    told = {row["sample_index"] for row in late}
    assert told <= {*swaps.tolist(), *walks.tolist()}


def shape_of(result):
    return {name: result.samples[name].to_numpy() for name in result.samples.column_names}


@pytest.mark.parametrize("change", ["scale", "rotate"])
def test_scale_and_direction_of_the_embedding_do_not_matter(tmp_path, change):
    frames = np.cumsum(np.random.default_rng(1).normal(size=(5, 40, 6)), axis=0)
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    other = frames * 10 if change == "scale" else frames @ turn
    labels = np.arange(40) % 3
    first = shape_of(moving_recording(tmp_path / "a", frames, labels=labels).run(Trajectories()))
    second = shape_of(moving_recording(tmp_path / "b", other, labels=labels).run(Trajectories()))
    for name in ("path_length", "straightness", "max_speed", "late_speed", "distance_to_centroid"):
        assert_allclose(second[name], first[name], rtol=1e-3)


def test_a_sample_that_stands_still_has_no_speed(tmp_path):
    frames = np.broadcast_to(np.random.default_rng(0).normal(size=(20, 4)), (4, 20, 4))
    result = moving_recording(tmp_path / "run", frames).run(Trajectories())
    assert max(result.samples["path_length"].to_pylist()) == 0
    assert result.samples["straightness"].to_pylist() == [1.0] * 20
    assert not [row for row in result.events.to_pylist() if row["kind"] == "movement"]


# Bad input


def test_gaps_between_epochs_count(tmp_path):
    frames = np.array([[[0.0]], [[1.0]], [[2.0]]]) * np.ones((1, 3, 1)) * [[[1.0]], [[1.0]], [[1.0]]]
    frames[:, 1] = 0
    quick = moving_recording(tmp_path / "a", frames, epochs=[1, 2, 3]).run(Trajectories())
    slow = moving_recording(tmp_path / "b", frames, epochs=[1, 2, 12]).run(Trajectories())
    ratio = quick.speeds["000002"].to_numpy()[0] / slow.speeds["000002"].to_numpy()[0]
    assert ratio == pytest.approx(10)


@pytest.mark.parametrize("epochs", [[1, 1, 2], [1, None, 2]])
def test_a_repeated_or_missing_epoch_makes_steps_the_clock(tmp_path, epochs):
    result = moving_recording(tmp_path / "run", np.zeros((3, 4, 2)), epochs=epochs).run(Trajectories())
    assert result.frames["time"].to_pylist() == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 2])
def test_few_checkpoints_leave_out_what_they_cannot_tell(tmp_path, count):
    frames, logits = np.random.default_rng(0).normal(size=(2, count, 6, 3))
    result = moving_recording(tmp_path / "run", frames, logits=logits, labels=[0, 1, 2] * 2).run(Trajectories())
    samples = result.samples
    assert samples["path_length"].null_count == (6 if count == 1 else 0)
    assert samples["straightness"].null_count == 6  # one step is always straight
    assert samples["aum"].null_count == 0
    assert result.notes["text"].to_pylist()[0].startswith(f"{count} checkpoint(s)")


def test_samples_that_a_checkpoint_lacks_are_followed_over_the_gap(tmp_path):
    frames = np.array([[[0.0], [0.0]], [[50.0], [1.0]], [[2.0], [2.0]]])
    logits = [says(0, 0), says(1, 1), says(0, 1)]
    recording = moving_recording(tmp_path / "run", frames, logits=logits, labels=[0, 0], rows=[[0, 1], [1], [0, 1]])
    result = recording.run(Trajectories())
    assert result.samples["flips"].to_pylist() == [0, 1]
    assert result.predictions["000001"].to_pylist() == [None, 1]
    path = result.samples["path_length"].to_numpy()
    assert path[0] == pytest.approx(path[1])  # 2 in one go, and 1 + 1
    assert result.speeds["000001"].to_pylist()[0] is None


def test_rows_that_are_no_numbers_are_left_out_and_told(tmp_path):
    frames = np.random.default_rng(0).normal(size=(3, 5, 2))
    logits = np.random.default_rng(1).normal(size=(3, 5, 3))
    frames[1, 0], logits[1, 1] = np.nan, np.nan
    frames[2, 2, 0] = np.inf
    result = moving_recording(tmp_path / "run", frames, logits=logits, labels=[0] * 5).run(Trajectories())
    assert result.notes["text"].to_pylist() == [
        "Checkpoint 000001: the outputs of 1 samples are no numbers and left out.",
        "Checkpoint 000002: the vectors of 1 samples are not finite and left out.",
    ]
    assert result.predictions["000001"].to_pylist()[1] is None
    assert np.isfinite(result.samples["path_length"].to_numpy()).all()


def test_a_collapsed_embedding_moves_nowhere(tmp_path):
    result = moving_recording(tmp_path / "run", np.zeros((3, 6, 4)), labels=[0, 1, 2] * 2).run(Trajectories())
    assert result.samples["path_length"].to_pylist() == [0.0] * 6
    assert result.samples["distance_to_centroid"].null_count == 6


def test_without_labels_predictions_and_movement_are_told(record_arrays):
    result = record_arrays({1: says(0, 1), 2: says(1, 1)}, labels=[None, None], classes=["a", "b", "c"]).run(
        Trajectories()
    )
    samples = result.samples
    assert samples["flips"].to_pylist() == [1, 0]
    assert samples["aum"].null_count == samples["forgotten"].null_count == samples["first_learned"].null_count == 2
    assert result.label_probability["000001"].null_count == 2
    assert samples["rival"].to_pylist() == [0, None]  # what it was taken for before


def test_several_labels_a_sample_leave_movement_only(tmp_path):
    frames = np.random.default_rng(0).normal(size=(3, 4, 2))
    recording = moving_recording(tmp_path / "run", frames, task="multilabel", labels=[[0], [1], [0, 1], [2]])
    result = recording.run(Trajectories())
    assert result.samples["flips"].null_count == 4
    assert result.samples["path_length"].null_count == 0
    assert "several labels each" in result.notes["text"].to_pylist()[0]


def test_nothing_to_follow_is_refused(record_arrays):
    scores = [[(0, 0.5)], [(1, 0.5)]]
    recording = record_arrays({1: scores}, labels=[[0], [1]], task="multilabel", classes=["a", "b"])
    with pytest.raises(MissingInputError) as error:
        recording.run(Trajectories())
    assert str(error.value) == (
        f"trajectories cannot run on {recording.path}: it has samples with several labels each, and no embedding to "
        "follow. Record a layer with embedding='name of the layer'."
    )


def test_a_jump_must_be_a_change_of_a_probability():
    with pytest.raises(ParameterError) as error:
        Trajectories(jump=1.0)
    assert str(error.value) == "jump=1.0 is no change of a probability. Give a number between 0 and 1."
