import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_info

from bathyscope.analyses import TimeTravel
from bathyscope.analyses.timetravel import frames, modes
from bathyscope.analyses.timetravel.maps import Autoencoder
from bathyscope.errors import (
    AnalysisCancelled,
    BathyscopeWarning,
    MissingInputError,
    ParameterError,
    ShapeError,
    UnknownCheckpointError,
    UnknownLayerError,
)

QUICK = TimeTravel(landscape=16)


def value(result, measure, split="train", neighbours=None):
    """A measure at every checkpoint."""
    rows = [row for row in result.quality.to_pylist() if (row["measure"], row["split"]) == (measure, split)]
    return np.array([row["value"] for row in rows if neighbours in (None, row["neighbours"])], float)


def drawn(result):
    """(T, N, 2) positions on the canvas."""
    return np.stack([result.positions_at(name) for name in result.frames["checkpoint"].to_pylist()])


def notes(result):
    return result.notes["text"].to_pylist()


def verdict(result):
    return result.rating["rating"][0].as_py()


def bytes_of(result):
    return {name: table.to_pydict() for name, table in result.to_tables().items()}


# The picture


def test_moving_classes_keep_their_neighbours_and_predictions(travelled):
    _, result = travelled
    apart = slice(2, None)  # before that the classes lie on top of each other
    assert (value(result, "prediction_kept")[apart] >= 0.97).all()
    assert (value(result, "prediction_kept", "test")[apart] >= 0.9).all()
    assert (value(result, "landscape_agreement")[apart] >= 0.95).all()
    assert value(result, "neighbours_kept", neighbours=15)[-1] > 2.5 * 15 / 127
    assert (value(result, "trustworthiness")[apart] >= 0.85).all()
    assert value(result, "temporal_ranking").mean() >= 0.6


def test_every_sample_has_a_place_at_every_checkpoint(travelled):
    recording, result = travelled
    names = [checkpoint.name for checkpoint in recording.checkpoints]
    assert result.positions.column_names == names
    assert result.misplaced.column_names == names
    assert result.frames["checkpoint"].to_pylist() == names
    assert result.positions.num_rows == len(recording)
    assert result.positions.column(0).null_count == 0
    assert result.frames["n_samples"].to_pylist() == [len(recording)] * 5


def test_few_dots_lie_and_those_that_do_are_listed_by_both_tables(travelled):
    recording, result = travelled
    for checkpoint in recording.checkpoints[2:]:
        flags = result.misplaced.column(checkpoint.name).to_numpy()
        assert flags.mean() < 0.1


def test_territories_are_what_the_decoder_and_the_head_say(travelled):
    recording, result = travelled
    row = result.landscapes.to_pylist()[-1]
    classes = np.frombuffer(row["classes"], "<u2").reshape(40, 40)
    x, y, size = result.canvas
    place = (7, 31)  # row from the lowest y, column
    centre = np.array([[x + size * (place[1] + 0.5) / 40, y + size * (place[0] + 0.5) / 40]])
    head = recording.head(row["checkpoint"])
    logits = result.invert(centre, row["checkpoint"]) @ head.weight.T + head.bias
    assert classes[place] == logits.argmax()
    for name in ("confidence", "gap", "support"):
        assert len(row[name]) == 1600
    assert set(row["support"]) == {0, 255}
    assert set(classes.ravel().tolist()) <= set(range(4))


def test_a_dot_stands_on_supported_ground(travelled):
    recording, result = travelled
    name = recording.checkpoints[-1].name
    support = np.frombuffer(result.landscapes.to_pylist()[-1]["support"], np.uint8)
    cells = result.canvas.cell_of(result.positions_at(name), 40)
    assert (support[cells] == 255).mean() > 0.9


def test_new_vectors_land_where_the_recorded_ones_did(travelled):
    recording, result = travelled
    name = recording.checkpoints[-1].name
    vectors = recording.activations("embedding", name)
    again = result.project(vectors)
    inside = np.setdiff1d(np.arange(len(vectors)), result.outside["sample_index"].to_numpy())
    assert_allclose(again[inside], result.positions_at(name)[inside], atol=2 * result.canvas.size / 65535)
    assert result.invert(again[:3], name).shape == (3, 8)


def test_what_cannot_be_placed_is_explained(travelled):
    _, result = travelled
    with pytest.raises(ShapeError, match=r"^project was given vectors of shape \(2, 3\); this map takes \(N, 8\)\.$"):
        result.project(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match="give \\(N, 2\\) positions on the canvas"):
        result.invert(np.zeros((2, 3)))
    with pytest.raises(UnknownCheckpointError, match="The map has no checkpoint 'later'. It has: 000000, "):
        result.invert(np.zeros((2, 2)), "later")


def test_another_seed_keeps_predictions_as_well(travelled):
    recording, result = travelled
    other = recording.run(TimeTravel(landscape=40, seed=1))
    assert bytes_of(other)["positions"] != bytes_of(result)["positions"]
    mine, theirs = (value(one, "prediction_kept")[2:].mean() for one in (result, other))
    assert abs(mine - theirs) < 0.02


def test_random_positions_are_rated_poor(travelled, monkeypatch):
    recording, result = travelled
    assert result.rating["rating"][5].as_py() != "poor"  # the last frame

    def anywhere(self, vectors, frame):
        return np.random.default_rng(frame).normal(size=(len(vectors), 2)).astype(np.float32)

    monkeypatch.setattr(Autoencoder, "project", anywhere)
    monkeypatch.setattr(modes, "fit", lambda clouds, settings, told, **rest: _untrained(clouds, settings))
    spoiled = TimeTravel(landscape=40, neighbours=14).run(recording, lambda done, message="": None)
    assert set(spoiled.rating["rating"].to_pylist()) == {"poor"}
    assert np.nanmax(value(spoiled, "trustworthiness")) < 0.7


def _untrained(clouds, settings):
    from bathyscope.analyses.timetravel.network import Shape, initial

    return initial(Shape(clouds[0].inputs.shape[1], 8, 2, len(clouds)), np.random.default_rng(0))


# Stillness


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("mode", ["joint", "per_epoch", "live", "pca"])
def test_a_run_that_stands_still_does_not_move(make_blobs, record, mode):
    run = make_blobs(120, t=1)
    still = run._replace(vectors=np.repeat(run.vectors, 4, axis=0), heads=run.heads * 4)
    result = record(still).run(dataclasses.replace(QUICK, mode=mode))
    places = drawn(result)
    moved = np.linalg.norm(np.diff(places, axis=0), axis=2)
    if mode in ("joint", "pca"):
        assert moved.max() == 0
    else:
        assert np.median(moved) <= 0.02 * result.canvas.size * np.sqrt(2)
    assert value(result, "temporal_ranking").tolist() == [0] * 4


# The same again


@pytest.mark.usefixtures("cheap_fit")
def test_the_same_seed_gives_the_same_bytes_and_leaves_the_process_as_it_was(make_blobs, record):
    recording = record(make_blobs(t=2))
    np.random.seed(5)
    threads, state = [one["num_threads"] for one in threadpool_info()], np.random.get_state()[1].copy()
    first, second = (QUICK.run(recording, lambda done, message="": None) for _ in range(2))
    assert bytes_of(first) == bytes_of(second)
    assert [one["num_threads"] for one in threadpool_info()] == threads
    assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.usefixtures("cheap_fit")
def test_a_cancelled_fit_stops_at_once_and_keeps_nothing(make_blobs, record):
    recording = record(make_blobs(t=2))
    heard = []

    def stop(done, message=""):
        heard.append(message)
        if message.startswith("fitting the map, about"):
            raise AnalysisCancelled("stopped")

    with pytest.raises(AnalysisCancelled):
        recording.run(QUICK, stop)
    assert recording.cached(QUICK) is None
    assert heard[-1].endswith("s left")


# Other modes


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("mode", ["per_epoch", "live", "pca"])
def test_other_modes_give_the_same_tables(make_blobs, record, mode):
    recording = record(make_blobs(t=3))
    result = recording.run(dataclasses.replace(QUICK, mode=mode))
    assert len(result.landscapes) == 3
    assert np.isfinite(value(result, "neighbours_kept", neighbours=15)).all()
    again = recording.cached(dataclasses.replace(QUICK, mode=mode))
    vectors = recording.activations("embedding", "000001")
    assert_array_equal(again.project(vectors, "000001"), result.project(vectors, "000001"))
    assert again.invert(np.zeros((2, 2)), "000001").shape == (2, 8)
    if mode == "per_epoch":
        assert value(result, "prediction_kept")[-1] > 0.9


# Odd input


@pytest.mark.usefixtures("cheap_fit")
def test_one_checkpoint_is_a_still_map(make_blobs, record):
    result = record(make_blobs(t=1)).run(QUICK)
    assert "There is one checkpoint, so this is a still map: nothing can move." in notes(result)
    assert result.frames["motion"].to_pylist() == [None]
    assert len(value(result, "temporal_ranking")) == 0


@pytest.mark.usefixtures("cheap_fit")
def test_two_checkpoints_have_no_ranking(make_blobs, record):
    result = record(make_blobs(t=2)).run(QUICK)
    assert len(value(result, "temporal_ranking")) == 0
    assert result.frames["motion"].to_pylist()[1] > 0


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("n", [1, 2, 3, 9])
def test_few_samples_have_few_neighbours(make_blobs, record, n):
    result = record(make_blobs(n, t=2), split=None).run(QUICK)
    assert result.positions.num_rows == n
    assert np.isfinite(drawn(result)).all()
    assert notes(result)[-1] == (
        f"There are {n} samples to fit on, so each has at most {n - 1} neighbours instead of 15."
    )


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("fill", [0.0, 2.0])
def test_collapsed_vectors_fall_on_one_spot(make_blobs, record, fill):
    run = make_blobs(t=3)
    run.vectors[0] = fill
    result = record(run).run(QUICK)
    places = drawn(result)
    assert np.isfinite(places).all()
    assert np.ptp(places[0], axis=0).max() == 0
    assert np.ptp(places[2], axis=0).max() > 0
    assert result.rating["rating"][1].as_py() == "poor"
    assert "At checkpoint 000000 a single class is predicted: it has no border." in notes(result)


@pytest.mark.usefixtures("cheap_fit")
def test_a_run_of_zeros_only_has_a_defined_picture(make_blobs, record):
    run = make_blobs(t=2)
    run.vectors[:] = 0
    result = record(run).run(QUICK)
    assert np.isfinite(drawn(result)).all()
    assert verdict(result) == "poor"


@pytest.mark.usefixtures("cheap_fit")
def test_samples_without_finite_vectors_have_no_place_and_are_listed(make_blobs, record):
    run = make_blobs(t=3)
    run.vectors[:, 7] = np.nan
    run.vectors[1, 20, 3] = np.inf
    with pytest.warns(BathyscopeWarning, match="NaN or infinite"):
        recording = record(run)
    result = recording.run(QUICK)
    assert result.positions["000000"].null_count == 1
    assert result.positions["000001"].null_count == 2
    assert result.misplaced["000001"].null_count == 2
    assert result.positions["000001"][20].as_py() is None
    assert notes(result)[:2] == [
        "1 samples have no finite vector at any checkpoint and no place: sample_index 7.",
        "1 samples are missing or not finite at some checkpoints: sample_index 20.",
    ]


@pytest.mark.usefixtures("cheap_fit")
def test_checkpoints_may_hold_different_samples(record_arrays):
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(40, 5)).astype(np.float32)
    logits = vectors[:, :3]
    rows = {0: np.arange(0, 30), 1: np.arange(10, 40)}
    recording = record_arrays(
        {step: logits[held] for step, held in rows.items()}, labels=[0] * 40, rows=rows, embedding=vectors
    )
    result = recording.run(QUICK)
    assert result.frames["n_samples"].to_pylist() == [30, 30]
    places = result.positions.to_pydict()
    assert places["000000"][35] is None
    assert places["000001"][5] is None
    assert places["000000"][15] is not None


@pytest.mark.usefixtures("cheap_fit")
def test_in_which_order_a_checkpoint_holds_its_samples_changes_nothing(record_arrays):
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(40, 5)).astype(np.float32)
    pictures = []
    for order in (np.arange(40), generator.permutation(40)):
        held, rows = vectors[order], {0: order, 1: order}
        logits = dict.fromkeys(rows, held[:, :3])
        pictures.append(drawn(record_arrays(logits, labels=[0] * 40, rows=rows, embedding=held).run(QUICK)))
    assert np.isfinite(pictures).all()
    assert_array_equal(*pictures)


@pytest.mark.usefixtures("cheap_fit")
def test_half_precision_is_for_storing_and_not_for_distances(make_blobs, record):
    run = make_blobs(40, t=1, spread=600)
    run = run._replace(vectors=run.vectors.astype(np.float16).astype(np.float32))
    assert (run.vectors[-1] ** 2).sum(axis=1).min() > np.finfo(np.float16).max
    half, single = (record(run, dtype=dtype).run(QUICK) for dtype in ("float16", "float32"))
    assert np.isfinite(drawn(half)).all()
    assert_array_equal(drawn(half), drawn(single))


@pytest.mark.usefixtures("cheap_fit")
def test_without_a_decision_layer_there_is_a_map_without_territories(make_blobs, record):
    result = record(make_blobs(t=2), heads=None).run(QUICK)
    assert len(result.landscapes) == 0
    assert result.misplaced.column(0).null_count == 120
    assert len(value(result, "prediction_kept")) == 0
    assert notes(result) == [
        "No linear decision layer was recorded for this layer, so there are no territories and predictions "
        "cannot be checked. Record it with head='name of the last linear layer'."
    ]


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("dimensions", [1, 2])
def test_few_dimensions_are_drawn(make_blobs, record, dimensions):
    assert np.isfinite(drawn(record(make_blobs(d=dimensions, t=2)).run(QUICK))).all()


@pytest.mark.usefixtures("cheap_fit")
def test_copies_do_not_break_the_graph(make_blobs, record):
    run = make_blobs(t=2)
    run.vectors[:, 1::2] = run.vectors[:, ::2]
    assert np.isfinite(drawn(record(run).run(QUICK))).all()


@pytest.mark.usefixtures("cheap_fit")
def test_labels_may_be_missing(make_blobs, record):
    assert np.isfinite(drawn(record(make_blobs(t=2), labels=[None] * 120).run(QUICK))).all()


@pytest.mark.usefixtures("cheap_fit")
def test_several_labels_a_sample_are_no_hindrance(record_arrays):
    generator = np.random.default_rng(0)
    scores = [[(0, 0.9), (2, 0.4)] for _ in range(40)]
    recording = record_arrays(
        {0: scores, 1: scores},
        labels=[[0, 2]] * 40,
        task="multilabel",
        classes=["a", "b", "c"],
        embedding=generator.normal(size=(40, 5)).astype(np.float32),
    )
    assert np.isfinite(drawn(recording.run(QUICK))).all()


def test_outliers_do_not_shrink_the_rest(make_blobs, record):
    run = make_blobs(400, t=2)
    run.vectors[:, 0] *= 1000
    result = record(run).run(dataclasses.replace(QUICK, mode="pca"))
    assert 0 in result.outside["sample_index"].to_pylist()
    codes = np.stack(result.positions["000001"].to_pylist())
    assert np.ptp(codes[1:], axis=0).max() > 20_000
    assert codes.max() <= 65535


@pytest.mark.usefixtures("cheap_fit")
def test_test_samples_are_never_fitted(make_blobs, record):
    run = make_blobs(t=2)
    other = run._replace(vectors=run.vectors.copy())
    other.vectors[:, ::5] += 1  # those of the split "test"
    mine, theirs = (record(one).run(QUICK) for one in (run, other))
    assert mine.model["encoder"] == theirs.model["encoder"]


def test_mistakes_are_explained(make_blobs, record, record_arrays):
    with pytest.raises(ParameterError, match=r"^neighbours=1 is out of range\. Give a number from 2 to 200\.$"):
        TimeTravel(neighbours=1)
    with pytest.raises(ParameterError, match="seed=-1 is negative"):
        TimeTravel(seed=-1)
    with pytest.raises(UnknownLayerError, match="No layer 'pol' was recorded"):
        record(make_blobs(t=1)).run(TimeTravel(layer="pol"))
    with pytest.raises(MissingInputError, match="no layer of role 'embedding'"):
        record_arrays({0: np.zeros((4, 2))}, labels=[0] * 4).run(QUICK)


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("classes", [2, 1000])
def test_there_may_be_two_classes_or_more_than_samples(make_blobs, record, classes):
    result = record(make_blobs(60, t=2, classes=classes)).run(QUICK)
    assert np.isfinite(drawn(result)).all()
    found = [np.frombuffer(row["classes"], "<u2") for row in result.landscapes.to_pylist()]
    assert max(plane.max() for plane in found) < classes


def test_large_maps_are_averaged_and_that_is_said(make_blobs, record, monkeypatch):
    monkeypatch.setattr(frames, "MOST_DIMENSIONS", 10)
    run = make_blobs(40, d=3, t=2)
    maps = run.vectors[..., None, None] + np.array([[-1, 1], [2, -2]], np.float32)  # their mean is the vector
    recording = record(run, heads=None, activations={"embedding": maps})
    result = recording.run(dataclasses.replace(QUICK, mode="pca"))
    plain = record(run, heads=None).run(dataclasses.replace(QUICK, mode="pca"))
    assert notes(result)[-1] == "The layer's maps are large; they were averaged over their positions."
    assert_allclose(drawn(result), drawn(plain), atol=1e-2 * plain.canvas.size)


def test_vectors_of_another_length_name_their_checkpoint(make_blobs, record):
    found = frames.frames_of(record(make_blobs(20, t=2)), None)
    with pytest.raises(ShapeError) as refused:
        dataclasses.replace(found, shape=(9,)).read(1)
    assert str(refused.value) == (
        "Checkpoint 000001 has vectors of 8 dimensions in layer 'embedding', but 9 were recorded for it. "
        "Record the run again with one model."
    )


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("mode", ["joint", "per_epoch", "live", "pca"])
def test_a_checkpoint_where_nothing_is_finite_has_no_frame(make_blobs, record, mode):
    run = make_blobs(40, t=3)
    run.vectors[-1] = np.nan
    with pytest.warns(BathyscopeWarning, match="NaN or infinite"):
        recording = record(run)
    result = recording.run(dataclasses.replace(QUICK, mode=mode))
    assert result.frames["checkpoint"].to_pylist() == ["000000", "000001"]
    assert result.positions.column_names == ["000000", "000001"]
    assert notes(result)[0] == "No sample has a finite vector at checkpoint 000002: there is no frame."
    assert len(notes(result)) == 1


def test_a_run_without_a_finite_vector_is_refused(make_blobs, record):
    run = make_blobs(40, t=2)
    run.vectors[:] = np.nan
    with pytest.warns(BathyscopeWarning, match="NaN or infinite"):
        recording = record(run)
    with pytest.raises(MissingInputError, match="has a finite vector in layer 'embedding' at any checkpoint, so there"):
        recording.run(QUICK)


@pytest.mark.usefixtures("cheap_fit")
@pytest.mark.parametrize("mode", ["joint", "per_epoch", "live"])
def test_a_checkpoint_may_hold_no_sample_that_was_fitted(make_blobs, record, mode):
    run = make_blobs(40, t=2)
    fitted = np.array(run.split) == "train"
    run.vectors[0, ~fitted], run.vectors[1, fitted] = np.nan, np.nan
    with pytest.warns(BathyscopeWarning, match="NaN or infinite"):
        places = record(run).run(dataclasses.replace(QUICK, mode=mode)).positions.to_pydict()
    assert [place is not None for place in places["000000"]] == fitted.tolist()
    assert [place is None for place in places["000001"]] == fitted.tolist()
