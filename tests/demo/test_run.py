import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

import bathyscope as bs
from bathyscope.demo.data import CLASSES, load_fashion
from bathyscope.demo.faults import PlantedData, plant_faults
from bathyscope.demo.model import SmallNet
from bathyscope.demo.run import summary, train_and_record
from bathyscope.errors import RecordingExistsError


@pytest.fixture(scope="module")
def few():
    """Every twentieth sample of the demo: 300 for training, 50 for validation, 50 for test."""
    whole = plant_faults(load_fashion(), seed=0)
    rows = np.arange(0, len(whole), 20)
    return PlantedData(
        images=whole.images[rows],
        labels=whole.labels[rows],
        splits=whole.splits[rows],
        sample_ids=whole.sample_ids[rows],
        metadata={name: column[rows] for name, column in whole.metadata.items()},
        truth=whole.truth.take(rows),
    )


@pytest.fixture(scope="module")
def run(few, tmp_path_factory):
    """A recorded run of three epochs, and what it told about its progress."""
    told = []
    path = tmp_path_factory.mktemp("demo") / "demo"
    recording = train_and_record(
        path, epochs=3, seed=5, planted=few, progress=lambda done, text: told.append((done, text))
    )
    return recording, told


def test_every_epoch_is_recorded_with_its_layers_head_and_loss(run, few):
    recording, _ = run
    assert [(checkpoint.step, checkpoint.epoch) for checkpoint in recording.checkpoints] == [(1, 1), (2, 2), (3, 3)]
    assert {name: layer.shape for name, layer in recording.layers.items()} == {
        "embedding": (128,),
        "conv1": (16,),
        "conv2": (32,),
    }
    losses = [checkpoint.metrics["train_loss"] for checkpoint in recording.checkpoints]
    assert losses[2] < losses[0]
    head = recording.head("last")
    embedding = recording.activations("embedding", "last").astype(np.float32)
    assert np.allclose(embedding @ head.weight.T + head.bias, recording.logits("last"), atol=0.05)
    assert recording.program_path is not None
    assert recording.classes == CLASSES
    assert recording.labels.tolist() == few.labels.tolist()
    assert np.array_equal(np.asarray(recording.image(7)), few.images[7])


def test_the_truth_is_kept_apart_from_what_analyses_read(run, few):
    recording, _ = run
    assert recording.truth.equals(few.truth)
    assert pq.read_table(recording.path / "truth.parquet").equals(few.truth)
    assert set(recording.metadata.column_names) == {"brightness", "ink", "corner", "batch"}
    columns = set(recording.samples.column_names) | set(
        pq.read_schema(recording.path / "samples" / "part-00000.parquet").names
    )
    assert columns.isdisjoint(set(few.truth.column_names) - {"sample_id"})


def test_the_same_seed_gives_the_same_run(run, few, tmp_path):
    recording, _ = run
    torch.rand(3)  # the state of torch's own generator must not matter
    again = train_and_record(tmp_path / "again", epochs=3, seed=5, planted=few)
    other = train_and_record(tmp_path / "other", epochs=3, seed=6, planted=few)
    assert np.array_equal(again.logits("last"), recording.logits("last"))
    assert not np.array_equal(other.logits("last"), recording.logits("last"))


def test_training_leaves_the_random_state_of_the_caller_alone(few, tmp_path):
    before = torch.get_rng_state()
    train_and_record(tmp_path / "run", epochs=1, planted=few)
    assert torch.equal(torch.get_rng_state(), before)


def test_progress_never_goes_back(run):
    _, told = run
    parts = [done for done, _ in told]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0.0, 1.0)
    texts = list(dict.fromkeys(text for _, text in told))
    assert texts == [
        "storing the images",
        "training epoch 1 of 3",
        "recording epoch 1",
        "training epoch 2 of 3",
        "recording epoch 2",
        "training epoch 3 of 3",
        "recording epoch 3",
        "recorded",
    ]


def test_an_earlier_demo_is_replaced_but_nothing_else(few, tmp_path):
    train_and_record(tmp_path / "run", epochs=2, planted=few)
    assert len(train_and_record(tmp_path / "run", epochs=1, planted=few).checkpoints) == 1
    bs.from_arrays(tmp_path / "mine", labels=[0, 1], logits=np.eye(2, dtype=np.float32)[None], classes=["a", "b"])
    with pytest.raises(RecordingExistsError):
        train_and_record(tmp_path / "mine", epochs=1, planted=few)
    assert len(bs.load(tmp_path / "mine")) == 2


def test_the_summary_agrees_with_counting(run, few):
    recording, _ = run
    lines = summary(recording)
    predictions = {c.step: recording.logits(c).argmax(axis=1) for c in recording.checkpoints}
    right = {step: prediction == few.labels for step, prediction in predictions.items()}
    validation, test, train = (few.splits == split for split in ("validation", "test", "train"))
    best = max(right, key=lambda step: (right[step][validation].mean(), -step))
    assert lines[0].startswith(
        f"Best checkpoint: {best} of 3, with {right[best][validation].mean():.1%} right in validation. "
        f"In test it has {right[best][test].mean():.1%} right (95 % interval "
    )
    assert lines[0].endswith(f", in train {right[best][train].mean():.1%}.")
    recalls = {name: right[best][test & (few.labels == index)].mean() for index, name in enumerate(CLASSES)}
    name = lines[1].removeprefix("Weakest class: ").split(";")[0]
    size = (test & (few.labels == CLASSES.index(name))).sum()
    assert recalls[name] == min(recalls.values())
    assert lines[1] == f"Weakest class: {name}; {recalls[name]:.0%} of its {size} test images are found."
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (few.labels[test], predictions[best][test]), 1)
    np.fill_diagonal(confusion, 0)
    assert lines[2].startswith(f"Most confused: {confusion.max()} of ")
    never = train & ~np.any(list(right.values()), axis=0)
    assert lines[3].startswith(f"Suspicious labels: {never.sum()} training images were never predicted as labelled. ")
    flips = np.abs(np.diff(np.array(list(right.values())).astype(int), axis=0)).sum(axis=0)
    assert lines[4].startswith(
        f"Restless images: {(flips >= 3).sum()} changed between right and wrong at least 3 times"
    )
    # Every twentieth sample: no planted copy is there together with its original.
    assert lines[5] == (
        "Duplicates: 0 groups of images are nearly the same picture; 0 span the splits, 0 carry conflicting labels."
    )
    truth = few.truth.to_pydict()
    assert lines[6] == (
        f"Planted, for comparison: {sum(truth['wrong_label'])} wrong labels, "
        f"{sum(other is not None for other in truth['duplicate_of'])} near-duplicate pairs, a corner mark on "
        f"{(np.array(truth['marked']) & train).sum():,} training images, "
        f"{sum(truth['rotated'])} images lying on their side."
    )
    assert len(lines) == 7


def test_only_the_last_line_changes_when_the_truth_is_gone(run):
    recording, _ = run
    with_truth = summary(recording)
    kept = (recording.path / "truth.parquet").read_bytes()
    (recording.path / "truth.parquet").unlink()
    try:
        assert summary(bs.load(recording.path)) == with_truth[:-1]
    finally:
        (recording.path / "truth.parquet").write_bytes(kept)


def test_the_network_is_small_and_its_layers_have_names():
    model = SmallNet()
    assert [name for name, _ in model.named_children()] == ["conv1", "conv2", "embedding", "head"]
    assert sum(parameter.numel() for parameter in model.parameters()) == 206_922
    assert model(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
