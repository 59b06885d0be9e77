"""The whole analysis on small recordings: planted copies, what cannot run, what cannot be read."""

import numpy as np
import pyarrow as pa
import pytest

from bathyscope.analyses import Duplicates
from bathyscope.demo.data import load_fashion
from bathyscope.demo.faults import near_duplicate, plant_faults
from bathyscope.errors import ParameterError, UnknownCheckpointError, UnknownLayerError
from bathyscope.recording import Recording, RecordingWriter
from bathyscope.recording.media import encode_png
from bathyscope.recording.results import silent


def pictures_recording(path, images, *, broken=(), **options):
    with RecordingWriter.create(path, kind="image") as writer, writer.samples() as samples:
        media = [{"bytes": b"x" if i in broken else encode_png(image), "path": None} for i, image in enumerate(images)]
        samples.write([f"s{i}" for i in range(len(images))], media=media, **options)
    return Recording(path)


def run(recording, **parameters):
    return Duplicates(**parameters).run(recording, silent)


def grouped(result):
    return {(row["a"], row["b"], row["tier"]) for row in result.pairs.to_pylist() if row["grouped"]}


@pytest.fixture(scope="module")
def images():
    return load_fashion().images[::40].copy()  # 200


@pytest.fixture
def planted(tmp_path, images):
    """Exact copies of 0 at 10 and 20, a near one of 1 at 11; splits and labels as each test of them says."""
    generator = np.random.default_rng(0)
    images = images[:60].copy()
    images[10] = images[20] = images[0]
    images[11] = near_duplicate(images[1], generator)
    splits = ["train"] * 15 + ["test"] * 45
    labels = [0] * 60
    labels[11] = 1
    return pictures_recording(tmp_path / "planted", images, splits=splits, labels=labels, broken=(30, 31))


def test_planted_copies_are_found_and_described(planted):
    result = run(planted)
    assert grouped(result) == {(0, 10, "exact"), (0, 20, "exact"), (1, 11, "perceptual")}
    first, second = result.clusters.to_pylist()
    assert first.pop("nearest") < 1
    assert first == {
        "cluster": 0, "size": 2, "tier": "perceptual", "spans_splits": False, "splits": ["train"],
        "label_conflict": True,
    }  # fmt: skip
    assert second == {
        "cluster": 1, "size": 3, "tier": "exact", "spans_splits": True, "splits": ["train", "test"],
        "label_conflict": False, "nearest": 0,
    }  # fmt: skip
    clusters, tier = result.samples["cluster"].to_pylist(), result.samples["tier"].to_pylist()
    assert {i: (clusters[i], tier[i]) for i in range(60) if clusters[i] is not None} == {
        0: (1, "exact"), 10: (1, "exact"), 20: (1, "exact"), 1: (0, "perceptual"), 11: (0, "perceptual"),
    }  # fmt: skip
    flags = {(row["a"], row["b"]): (row["spans_splits"], row["label_conflict"]) for row in result.pairs.to_pylist()}
    assert flags[0, 10] == (False, False)
    assert flags[0, 20] == (True, False)
    assert flags[1, 11] == (False, True)


def test_tiers_that_cannot_run_say_why_and_broken_pictures_are_counted(planted):
    exact, perceptual, embedding = run(planted).coverage.to_pylist()
    assert (exact["ran"], exact["compared"], exact["skipped"], exact["pairs"]) == (True, 58, 2, 2)
    assert (perceptual["ran"], perceptual["compared"], perceptual["skipped"]) == (True, 56, 2)
    assert (embedding["ran"], embedding["reason"]) == (False, "no layer of role 'embedding' was recorded")


def test_what_could_not_be_read_is_named(planted):
    readable = run(planted).samples["readable"].to_pylist()
    assert [i for i, one in enumerate(readable) if not one] == [30, 31]


def test_pairs_say_how_many_cuts_they_are_apart(planted, recording):
    close = recording.run(Duplicates(times=1.0))
    cut = close.coverage.to_pylist()[2]["cut"]
    assert close.pairs.num_rows > 0
    for row in close.pairs.to_pylist():
        assert row["in_cuts"] == pytest.approx(row["distance"] / cut, rel=1e-4)
    rows = run(planted, noise=4.0, share=1.0).pairs.to_pylist()  # with any share, only grey levels count
    assert [row["in_cuts"] for row in rows if row["tier"] == "exact"] == [0, 0]
    pictures = [row for row in rows if row["tier"] == "perceptual"]
    assert pictures
    for row in pictures:
        assert row["in_cuts"] == pytest.approx(row["distance"] / 4, rel=1e-4)
        assert row["grouped"] == (row["in_cuts"] <= 1)


def test_another_layer_can_stand_for_the_embedding(record_arrays):
    generator = np.random.default_rng(0)
    embedding, other = generator.normal(size=(2, 60, 8)).astype(np.float32)
    embedding[5], other[7] = embedding[3], other[6]
    recording = record_arrays({1: np.zeros((60, 2))}, labels=[0] * 60, embedding=embedding, layers={"conv": other})
    assert {pair[:2] for pair in grouped(recording.run(Duplicates()))} == {(3, 5)}
    assert {pair[:2] for pair in grouped(recording.run(Duplicates(layer="conv")))} == {(6, 7)}
    assert recording.run(Duplicates()).samples["readable"].null_count == 60
    with pytest.raises(UnknownLayerError) as error:
        recording.run(Duplicates(layer="conv2"))
    assert str(error.value) == (
        "No layer 'conv2' was recorded. Recorded layers: pool, conv. Give one of them, or None."
    )


def test_without_a_checkpoint_pictures_are_still_compared(planted):
    assert planted.checkpoints == ()
    assert planted.run(Duplicates()).clusters.num_rows == 2


def test_reordering_samples_reorders_the_result(tmp_path, images):
    generator = np.random.default_rng(1)
    images = images.copy()
    for copy in range(100, 110):
        images[copy] = near_duplicate(images[copy - 100], generator)
    order = generator.permutation(len(images))
    first = run(pictures_recording(tmp_path / "a", images))
    second = run(pictures_recording(tmp_path / "b", images[order]))
    back = {(*sorted((int(order[a]), int(order[b]))), tier) for a, b, tier in grouped(second)}
    assert back == grouped(first)
    assert len(back) >= 10


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_near_duplicates_of_the_demo_are_found(tmp_path, seed):
    data = plant_faults(load_fashion(), seed)
    index_of = {name: index for index, name in enumerate(data.sample_ids)}
    originals = data.truth["duplicate_of"].to_pylist()
    pairs = {tuple(sorted((copy, index_of[name]))) for copy, name in enumerate(originals) if name is not None}
    rows = np.unique(np.concatenate([np.array(sorted(pairs)).ravel(), np.arange(0, len(data), 8)]))
    result = run(pictures_recording(tmp_path / "demo", data.images[rows]))
    found = {(int(rows[a]), int(rows[b])) for a, b, _ in grouped(result)}
    assert len(found & pairs) >= 39
    assert len(found - pairs) <= 1


def test_larger_pictures_are_found_by_hash(tmp_path, images):
    large = [np.kron(image, np.ones((3, 3), np.uint8)) for image in images[:80]]
    generator = np.random.default_rng(0)
    for copy in range(40, 60):
        noisy = large[copy - 40] * 1.04 + generator.normal(0, 3, large[0].shape)
        large[copy] = noisy.clip(0, 255).astype(np.uint8)
    found = grouped(run(pictures_recording(tmp_path / "large", large)))
    assert {(i, i + 40, "perceptual") for i in range(20)} <= found
    assert len(found) <= 21


def test_texts_and_arrays_are_compared_exactly(tmp_path):
    with RecordingWriter.create(tmp_path / "text", kind="text") as writer, writer.samples() as samples:
        samples.write(list("abcd"), media=["one", "two", None, "one"])
    result = run(Recording(tmp_path / "text"))
    assert grouped(result) == {(0, 3, "exact")}
    assert result.coverage.to_pylist()[0]["skipped"] == 1
    assert result.coverage.to_pylist()[1]["reason"] == "the samples are no pictures"


def test_outputs_alone_leave_the_embedding(record_arrays):
    generator = np.random.default_rng(0)
    embedding = generator.normal(size=(100, 16)).astype(np.float32)
    embedding[50] = embedding[3] * 2  # the same direction
    embedding[60] = embedding[4] + 1e-3
    embedding[7] = np.nan
    recording = record_arrays({1: np.zeros((100, 2))}, labels=[0] * 100, embedding=embedding)
    result = recording.run(Duplicates())
    assert {pair[:2] for pair in grouped(result)} == {(3, 50), (4, 60)}
    exact, perceptual, embedding_row = result.coverage.to_pylist()
    assert exact["reason"] == "the recording holds no pictures, texts or arrays to compare"
    assert not perceptual["ran"]
    assert (embedding_row["compared"], embedding_row["skipped"]) == (99, 1)
    assert grouped(run(recording, embedding_joins=False)) == set()
    assert run(recording, embedding_joins=False).pairs.num_rows == 2
    with pytest.raises(UnknownCheckpointError):
        run(recording, checkpoint="000009")


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_no_sample_one_sample_and_equal_samples(tmp_path, count):
    result = run(pictures_recording(tmp_path / "equal", np.full((count, 28, 28), 9, np.uint8)))
    assert result.samples.num_rows == count
    assert result.pairs.num_rows == max(count - 1, 0)
    assert result.clusters["size"].to_pylist() == ([count] if count > 1 else [])


def test_nothing_readable_gives_nothing(tmp_path, images):
    result = run(pictures_recording(tmp_path / "broken", images[:5], broken=range(5)))
    assert result.pairs.num_rows == 0
    assert result.coverage["skipped"].to_pylist()[:2] == [5, 5]


def test_the_embedding_only_proposes_where_there_are_pictures(recording):
    result = recording.run(Duplicates(times=1.0))
    proposed = result.pairs.filter(pa.compute.equal(result.pairs["tier"], "embedding"))
    assert proposed.num_rows > 0
    assert not any(proposed["grouped"].to_pylist())
    assert result.clusters.num_rows == 0
    joined = recording.run(Duplicates(times=1.0, embedding_joins=True))
    assert joined.clusters.num_rows > 0


def test_a_threshold_out_of_range_is_refused():
    with pytest.raises(ParameterError) as error:
        Duplicates(share=1.5)
    assert str(error.value) == (
        "share=1.5 is no threshold. Give a number above 0 and up to 1; lower finds fewer duplicates."
    )
