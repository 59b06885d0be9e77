"""Familiarity on small recordings: by hand, against slow versions, planted oddities, what is too small."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata

from bathyscope.analyses import Familiarity
from bathyscope.analyses.familiarity import density
from bathyscope.errors import MissingInputError, ParameterError, UnknownCheckpointError, UnknownLayerError
from bathyscope.recording.results import silent


def make(record_arrays, embedding, **options):
    options.setdefault("labels", [0] * len(embedding))
    logits = np.zeros((len(embedding), len(options.get("classes", "ab"))))
    return record_arrays({1: logits}, embedding=embedding.astype(np.float32), **options)


def cloud(count, seed=0, dimensions=6, centre=3.0):
    """Samples around one direction."""
    return np.random.default_rng(seed).normal(size=(count, dimensions)) + centre * np.eye(dimensions)[0]


def test_distances_and_density_by_hand():
    fitted = np.array([[0.0], [1.0], [3.0], [7.0]], np.float32)
    got = density.neighbour_distances(fitted, fitted, 2, np.ones(4, bool))
    assert_allclose(got, [3, 2, 3, 6])  # without itself
    assert_allclose(density.neighbour_distances(fitted, np.array([[0.0]], np.float32), 2, np.zeros(1, bool)), [1])
    # 2 of 3 samples within a ball of one dimension, length 2 · 3.
    assert_allclose(density.log_density(np.array([3.0]), 2, 3, 1), np.log(2 / 3 / 6))
    # In two dimensions the ball has π r².
    assert_allclose(density.log_density(np.array([3.0]), 2, 3, 2), np.log(2 / 3 / (9 * np.pi)))


def test_the_density_estimate_is_near_the_true_one():
    points = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    probes = np.array([[0, 0], [1, 0], [1, 1]], np.float32)
    distances = density.neighbour_distances(points, probes, 200, np.zeros(3, bool))
    truth = -(probes**2).sum(axis=1) / 2 - np.log(2 * np.pi)
    assert_allclose(density.log_density(distances, 200, 20_000, 2), truth, atol=0.2)


def test_ranks_by_hand():
    assert_allclose(
        density.percentile_ranks(np.array([0, 1, 2.5, 9]), np.array([1.0, 2, 2.5, 3])), [0, 1 / 8, 5 / 8, 1]
    )
    assert_allclose(density.percentile_ranks(np.ones(3), np.ones(3)), 0.5)


def test_directions_keep_what_varies():
    vectors = np.random.default_rng(0).normal(size=(500, 3)) * [10, 5, 0.01]
    project = density.principal_directions(vectors.astype(np.float32))
    points = project(vectors.astype(np.float32))
    assert points.shape == (500, 2)
    assert 0.99 < project.kept <= 1
    assert_allclose(np.abs(np.corrcoef(points[:, 0], vectors[:, 0])[0, 1]), 1, atol=1e-3)


def test_planted_strangers_are_the_least_familiar(record_arrays):
    embedding = cloud(400)
    embedding[:8] = cloud(8, seed=1) * [-1, 1, 1, 1, 1, 1]
    splits = ["train" if i % 4 else "test" for i in range(400)]
    recording = make(record_arrays, embedding, splits=splits)
    samples = recording.run(Familiarity()).samples["familiarity"].to_numpy()
    assert set(np.argsort(samples)[:8].tolist()) == set(range(8))
    train = np.array(splits) == "train"
    assert_allclose(samples[train].mean(), 0.5, atol=1e-3)
    assert abs(samples[~train].mean() - 0.5) < 0.1


def test_scores_agree_with_a_slow_version(record_arrays):
    embedding = cloud(80)
    units = embedding.astype(np.float32)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    distances = np.linalg.norm(units[:, None] - units[None], axis=2)
    kth = np.sort(distances, axis=1)[:, 5]  # position 0 is the sample itself
    got = make(record_arrays, embedding).run(Familiarity(neighbours=5)).samples["familiarity"].to_numpy()
    assert_allclose(got, (rankdata(-kth) - 0.5) / 80, atol=0.02)


def test_within_a_group_a_sample_is_compared_with_its_own_kind(record_arrays):
    embedding = np.concatenate([cloud(200), cloud(60, seed=1) * [-1, 1, 1, 1, 1, 1], cloud(30, seed=2)])
    labels = [0] * 200 + [1] * 60 + [2] * 30
    embedding[0] = [-3, 0, 0, 0, 0, 0]  # looks like class 1
    result = make(record_arrays, embedding, labels=labels, classes=["a", "b", "c"]).run(Familiarity(by=("label",)))
    rows = {row["sample_index"]: row for row in result.by_group.to_pylist()}
    assert rows[0]["familiarity"] < 0.01
    assert result.samples["familiarity"][0].as_py() > 0.02
    assert rows[200]["value"] == "b"
    assert not rows.keys() & set(range(260, 290))
    groups = {(row["attribute"], row["value"]): row for row in result.groups.to_pylist()}
    assert groups["", ""]["fitted"] == 290
    assert groups["label", "b"]["fitted"] == 60
    assert groups["label", "c"]["reason"] == "30 members with an embedding; at least 50 are needed"
    assert groups["label", "c"]["fitted"] == 0
    assert groups["label", "b"]["reason"] is None
    assert 0 < groups["label", "a"]["agreement"] <= 1


def test_splits_are_fitted_on_themselves_and_columns_on_the_training_split(record_arrays):
    embedding = cloud(240)
    splits = ["train"] * 120 + ["test"] * 120
    camera = ["left"] * 100 + ["right"] * 140
    recording = make(record_arrays, embedding, splits=splits, metadata={"camera": camera})
    groups = recording.run(Familiarity(by=("split", "camera"))).groups.to_pylist()
    told = {(row["attribute"], row["value"]): (row["members"], row["fitted"], row["reason"]) for row in groups}
    assert told == {
        ("", ""): (240, 120, None),
        ("split", "train"): (120, 120, None),
        ("split", "test"): (120, 120, None),
        ("camera", "left"): (100, 100, None),
        ("camera", "right"): (140, 0, "20 members in the split that is fitted on; at least 50 are needed"),
    }


def test_a_split_that_differs_shows_in_the_shift(record_arrays):
    alike = make(record_arrays, cloud(400), splits=["train", "test"] * 200)
    moved = np.concatenate([cloud(200), cloud(200, seed=1, centre=0)])
    other = make(record_arrays, moved, splits=["train"] * 200 + ["test"] * 200)
    first, second = (one.run(Familiarity()).groups.to_pylist()[0] for one in (alike, other))
    assert first["shift"] < 0.15 < 0.5 < second["shift"]
    assert second["log_density_held_out"] < first["log_density_held_out"]


def test_reordering_samples_reorders_the_result(record_arrays):
    embedding = cloud(150)
    order = np.random.default_rng(5).permutation(150)
    labels = np.arange(150) % 2
    first = make(record_arrays, embedding, labels=labels).run(Familiarity())
    second = make(record_arrays, embedding[order], labels=labels[order]).run(Familiarity())
    assert_allclose(second.samples["log_density"].to_numpy(), first.samples["log_density"].to_numpy()[order], rtol=1e-4)
    mine, theirs = (
        {(row["sample_index"], row["attribute"]): row["familiarity"] for row in one.by_group.to_pylist()}
        for one in (first, second)
    )
    assert len(mine) == 150  # every label; no split was recorded
    assert_allclose(
        [theirs[i, "label"] for i in range(150)], [mine[int(order[i]), "label"] for i in range(150)], atol=0.02
    )


@pytest.mark.parametrize("count", [2, 20])
def test_too_few_samples_are_told(record_arrays, count):
    result = make(record_arrays, cloud(count)).run(Familiarity())
    assert result.samples["familiarity"].null_count == count
    assert result.by_group.num_rows == 0
    assert result.groups.to_pylist()[0]["reason"] == f"{count} members with an embedding; at least 21 are needed"


def test_equal_samples_are_equally_familiar(record_arrays):
    samples = make(record_arrays, np.ones((70, 4))).run(Familiarity()).samples
    assert_array_equal(samples["familiarity"].to_numpy(), np.full(70, 0.5, np.float32))
    assert np.isfinite(samples["log_density"].to_numpy()).all()


def test_copies_make_no_infinite_density(record_arrays):
    embedding = cloud(100)
    embedding[:40] = embedding[0]
    assert np.isfinite(make(record_arrays, embedding).run(Familiarity()).samples["log_density"].to_numpy()).all()


def test_samples_without_an_embedding_have_no_score(record_arrays):
    embedding = cloud(100)
    embedding[3], embedding[4] = np.nan, 0
    samples = make(record_arrays, embedding).run(Familiarity()).samples
    assert np.flatnonzero(samples["familiarity"].is_null().to_numpy()).tolist() == [3, 4]


def test_labels_that_make_no_groups_say_why(record_arrays):
    unlabelled = make(record_arrays, cloud(60), labels=[None] * 60).run(Familiarity(by=("label",)))
    assert unlabelled.groups.to_pylist()[1]["reason"] == "no sample has a label"


def test_wrong_parameters_are_explained(record_arrays):
    recording = make(record_arrays, cloud(60), splits=["a"] * 60)
    with pytest.raises(ParameterError) as error:
        Familiarity(fit_split="train").run(recording, silent)
    assert str(error.value) == "There is no split 'train' to fit on. Splits: a. Give one of them, or None."
    with pytest.raises(ParameterError) as error:
        Familiarity(neighbours=50)
    assert str(error.value) == "neighbours=50 makes no density. Give a number from 1 to 49."
    with pytest.raises(UnknownCheckpointError):
        recording.run(Familiarity(checkpoint="000009"))
    bare = record_arrays({1: np.zeros((3, 2))}, labels=[0, 0, 1])
    with pytest.raises(MissingInputError):
        bare.run(Familiarity())


def test_neighbours_agree_with_a_slow_version(record_arrays):
    embedding = cloud(80)
    embedding[5] = np.nan
    splits = ["train" if i % 2 else "test" for i in range(80)]
    units = embedding.astype(np.float32)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    apart = np.linalg.norm(units[:, None] - units[None], axis=2)
    nearest = make(record_arrays, embedding, splits=splits).run(Familiarity()).nearest.to_pylist()
    assert nearest[5] == {"neighbours": None, "distances": None}
    for i in set(range(80)) - {5}:
        candidates = [j for j in range(1, 80, 2) if j not in (i, 5)]
        wanted = sorted(candidates, key=lambda j, i=i: apart[i, j])[:8]
        assert nearest[i]["neighbours"] == wanted, i
        assert_allclose(nearest[i]["distances"], apart[i, wanted], atol=1e-3)


def test_few_neighbours_are_as_many_as_were_asked_for(record_arrays):
    nearest = make(record_arrays, cloud(60)).run(Familiarity(neighbours=3)).nearest
    assert {len(row) for row in nearest["neighbours"].to_pylist()} == {3}


def test_any_recorded_layer_can_be_measured_by_its_exact_name(record_arrays):
    layers = {"conv": cloud(60, seed=3), "conv1": cloud(60, seed=4)[:, :, None]}
    recording = make(record_arrays, cloud(60), layers={name: a.astype(np.float32) for name, a in layers.items()})
    alone = make(record_arrays, layers["conv1"][:, :, 0]).run(Familiarity()).samples
    assert recording.run(Familiarity(layer="conv1")).samples.equals(alone)
    assert not recording.run(Familiarity(layer="conv")).samples.equals(alone)
    with pytest.raises(UnknownLayerError) as error:
        recording.run(Familiarity(layer="con"))
    assert str(error.value) == (
        "No layer 'con' was recorded. Recorded layers: pool, conv, conv1. Give one of them, or None."
    )
