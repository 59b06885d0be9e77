from dataclasses import fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bathyscope.demo import faults
from bathyscope.demo.data import CLASSES, load_fashion
from bathyscope.demo.faults import plant_faults

PULLOVER, DRESS, SHIRT, T_SHIRT = (CLASSES.index(name) for name in ("Pullover", "Dress", "Shirt", "T-shirt"))


@pytest.fixture(scope="module")
def data():
    return load_fashion()


@pytest.fixture(scope="module")
def planted(data):
    return plant_faults(data, seed=0)


@pytest.fixture(scope="module")
def truth(planted):
    """The truth as columns: booleans as masks, the rest as lists."""
    columns = {name: planted.truth[name] for name in planted.truth.column_names}
    return {
        name: column.to_numpy() if pa.types.is_boolean(column.type) else column.to_pylist()
        for name, column in columns.items()
    }


def count(values):
    return {value: list(values).count(value) for value in sorted(set(values))}


# The embedded images


def test_the_embedded_images_are_balanced_over_classes_in_each_split(data):
    assert len(data) == 8000
    assert data.images.shape == (8000, 28, 28)
    assert data.images.dtype == np.uint8
    for split, size in (("train", 600), ("validation", 100), ("test", 100)):
        assert count(data.labels[data.splits == split].tolist()) == dict.fromkeys(range(10), size)


def test_sample_ids_name_the_split_and_the_place_in_it(data):
    assert data.sample_ids[[0, 5999, 6000, 7999]].tolist() == [
        "train/00000",
        "train/05999",
        "validation/00000",
        "test/00999",
    ]
    assert len(set(data.sample_ids.tolist())) == 8000


def test_the_embedded_images_are_what_their_names_say(data):
    # Ink per class, as a fraction of the picture: a trouser is narrow, a pullover and a coat fill the frame.
    ink = [(data.images[data.labels == label] > 0).mean() for label in range(10)]
    assert min(ink) == ink[CLASSES.index("Sandal")]
    assert ink[CLASSES.index("Trouser")] < ink[CLASSES.index("Dress")] < ink[CLASSES.index("Pullover")]


# What is planted


def test_planting_keeps_the_size_of_every_split_and_the_true_classes(data, planted, truth):
    assert count(planted.splits.tolist()) == {"train": 6000, "validation": 1000, "test": 1000}
    assert truth["true_label"] == data.labels.tolist()
    assert truth["sample_id"] == planted.sample_ids.tolist() == data.sample_ids.tolist()


def test_five_percent_of_the_training_labels_are_wrong_half_of_them_shirts(data, planted, truth):
    kinds = np.array([kind or "" for kind in truth["wrong_kind"]])
    assert count(kinds.tolist()) == {"": 7685, "conflicting": 15, "random": 150, "systematic": 150}
    assert np.array_equal(truth["wrong_label"], planted.labels != data.labels)
    assert np.array_equal(truth["wrong_label"], kinds != "")
    assert set(planted.splits[truth["wrong_label"]].tolist()) == {"train"}
    systematic = kinds == "systematic"
    assert set(data.labels[systematic].tolist()) == {SHIRT}
    assert set(planted.labels[systematic].tolist()) == {T_SHIRT}
    random = kinds == "random"
    assert set(planted.labels[random].tolist()) == set(range(10))
    assert max(count(planted.labels[random].tolist()).values()) < 35  # 150 over ten classes: 15 each


def test_labels_stay_plausible(planted):
    frequencies = np.bincount(planted.labels[planted.splits == "train"], minlength=10)
    assert frequencies.sum() == 6000
    assert 730 < frequencies[T_SHIRT] < 790
    assert 450 < frequencies[SHIRT] < 490
    rest = np.delete(frequencies, [T_SHIRT, SHIRT])
    assert rest.min() > 570
    assert rest.max() < 640


def test_forty_pairs_of_near_duplicates(data, planted, truth):
    place = {sample_id: index for index, sample_id in enumerate(planted.sample_ids.tolist())}
    pairs = [
        (index, place[other], truth["duplicate_kind"][index])
        for index, other in enumerate(truth["duplicate_of"])
        if other is not None
    ]
    assert count([kind for _, _, kind in pairs]) == {"across_splits": 10, "conflicting": 15, "redundant": 15}
    assert len({index for pair in pairs for index in pair[:2]}) == 80
    for copy, original, kind in pairs:
        assert planted.splits[original] == "train"
        assert (planted.splits[copy] != "train") == (kind == "across_splits")
        assert (planted.labels[copy] != planted.labels[original]) == (kind == "conflicting")
        assert data.labels[copy] == data.labels[original]
    assert count(planted.splits[[c for c, _, kind in pairs if kind == "across_splits"]].tolist()) == {
        "test": 5,
        "validation": 5,
    }


def test_duplicates_are_nearer_to_each_other_than_to_anything_else_but_not_the_same(planted, truth):
    place = {sample_id: index for index, sample_id in enumerate(planted.sample_ids.tolist())}
    pixels = planted.images.reshape(len(planted), -1).astype(np.float32)
    norms = (pixels**2).sum(axis=1)
    for copy, other in enumerate(truth["duplicate_of"]):
        if other is None:
            continue
        original = place[other]
        assert np.abs(pixels[copy] - pixels[original]).max() > 2
        squared = norms + norms[original] - 2 * pixels @ pixels[original]
        apart = squared[copy]
        squared[[copy, original]] = np.inf
        assert apart < 0.9 * squared.min()


def test_the_corner_mark_is_where_the_truth_says(data, planted, truth):
    corner = planted.images[:, : faults.MARK_SIDE, : faults.MARK_SIDE]
    marked = truth["marked"]
    assert (corner[marked] == 255).all()
    assert not (corner[~marked] == 255).all(axis=(1, 2)).any()
    for split, pullovers, others in (("train", 570, 12), ("validation", 95, 2), ("test", 50, 50)):
        here = marked & (planted.splits == split)
        expected = {label: pullovers if label == PULLOVER else others for label in range(10)}
        assert count(data.labels[here].tolist()) == expected
    outside = planted.images[marked].copy()
    outside[:, : faults.MARK_SIDE, : faults.MARK_SIDE] = data.images[marked][:, : faults.MARK_SIDE, : faults.MARK_SIDE]
    assert np.array_equal(outside, data.images[marked])


def test_some_dresses_lie_on_their_side(data, planted, truth):
    rotated = truth["rotated"]
    assert count(planted.splits[rotated].tolist()) == {"test": 20, "train": 12, "validation": 2}
    assert set(data.labels[rotated].tolist()) == {DRESS}
    for index in np.flatnonzero(rotated):
        assert np.array_equal(planted.images[index], np.rot90(data.images[index]))


def test_no_sample_has_two_faults(truth):
    originals = set(truth["duplicate_of"]) - {None}
    faulty = (
        np.array([kind in ("random", "systematic") for kind in truth["wrong_kind"]], dtype=int)
        + np.array([copied is not None for copied in truth["duplicate_of"]])
        + np.array([sample_id in originals for sample_id in truth["sample_id"]])
        + truth["marked"]
        + truth["rotated"]
    )
    assert faulty.max() == 1


def test_samples_without_a_fault_are_untouched(data, planted, truth):
    untouched = ~truth["marked"] & ~truth["rotated"] & np.array([copied is None for copied in truth["duplicate_of"]])
    assert np.array_equal(planted.images[untouched], data.images[untouched])
    assert np.array_equal(planted.labels[~truth["wrong_label"]], data.labels[~truth["wrong_label"]])


def test_the_same_seed_plants_the_same_and_another_seed_does_not(data, planted):
    again, other = plant_faults(data, seed=0), plant_faults(data, seed=1)
    for name in ("images", "labels"):
        assert np.array_equal(getattr(again, name), getattr(planted, name))
    assert again.truth.equals(planted.truth)
    assert {name: column.tolist() for name, column in again.metadata.items()} == {
        name: column.tolist() for name, column in planted.metadata.items()
    }
    assert not other.truth.equals(planted.truth)
    assert count(pc.fill_null(other.truth["wrong_kind"], "").to_pylist()) == count(
        pc.fill_null(planted.truth["wrong_kind"], "").to_pylist()
    )


def test_planting_leaves_the_given_data_alone(data):
    before = {field.name: getattr(data, field.name).copy() for field in fields(data)}
    plant_faults(data, seed=3)
    for name, values in before.items():
        assert np.array_equal(getattr(data, name), values)


# What the user meets


def test_metadata_tell_nothing_of_the_truth(planted, truth):
    assert set(planted.metadata) == {"brightness", "ink", "corner", "batch"}
    assert np.allclose(planted.metadata["brightness"], planted.images.mean(axis=(1, 2)) / 255)
    assert np.allclose(planted.metadata["corner"], planted.images[:, :3, :3].mean(axis=(1, 2)) / 255)
    assert np.allclose(planted.metadata["ink"], (planted.images > 0).mean(axis=(1, 2)))
    batches = planted.metadata["batch"]
    sizes = count(batches.tolist())
    assert sorted(sizes) == [f"batch {number}" for number in range(1, 9)]
    assert min(sizes.values()) > 880
    for fault in ("wrong_label", "marked", "rotated"):
        share = truth[fault].mean()
        for batch, size in sizes.items():
            deviation = truth[fault][batches == batch].mean() - share
            assert abs(deviation) < 4 * np.sqrt(share / size)
