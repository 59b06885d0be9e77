"""Counterfactuals of a recording: what is chosen, what the tables say, and what bad input is answered with."""

import json

import numpy as np
import pyarrow as pa
import pytest

from bathyscope.analyses import Counterfactual
from bathyscope.errors import HeadNotFoundError, InputError, MissingInputError, ParameterError, UnknownSampleError
from bathyscope.recording import LayerInfo, Recording, RecordingWriter

CLASSES = ("cat", "dog", "owl")
W = np.array([[4.0, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0]], np.float32)
"""Each class has its neuron; the fourth is for nothing."""


def write(path, features, labels, *, splits=None, logits=None, weight=W, task="multiclass", classes=CLASSES):
    """A recording of one checkpoint whose embedding and head are these."""
    features = np.asarray(features, np.float32)
    n, bias = len(features), np.zeros(len(weight), np.float32)
    with RecordingWriter.create(path, task=task, classes=classes) as writer:
        with writer.samples() as samples:
            samples.write([f"s{row}" for row in range(n)], splits=splits, labels=labels)
        writer.set_layers([LayerInfo("pool", features.shape[1:], "float32", "embedding", None)])
        with writer.checkpoint(1, epoch=1, metrics={}) as checkpoint:
            if task == "multiclass":
                given = features @ weight.T + bias if logits is None else logits
                checkpoint.write_outputs(np.arange(n), np.asarray(given, np.float32))
            else:
                kind = pa.list_(pa.struct([("label", pa.int32()), ("score", pa.float32())]))
                checkpoint.write_scores(np.arange(n), pa.array([[]] * n, kind))
            checkpoint.write_activations("pool", np.arange(n), features)
            checkpoint.write_head(weight, bias)
    return Recording(path)


@pytest.fixture
def pets(tmp_path):
    """60 training samples, each near its class; in validation four mistakes, a correct sample, one without a label."""
    generator = np.random.default_rng(0)
    train = np.eye(4)[np.arange(60) % 3] + generator.uniform(0, 0.2, (60, 4))
    held = [[0.2, 0.9, 0, 0], [0.4, 0.8, 0.1, 0], [0, 0.3, 0.9, 0], [0.9, 0.6, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    labels = [*(np.arange(60) % 3).tolist(), 0, 0, 1, 1, 0, None]
    return write(tmp_path / "pets", np.vstack([train, held]), labels, splits=["train"] * 60 + ["validation"] * 6)


def test_mistakes_of_the_validation_split_are_explained_by_the_neurons_of_their_classes(pets):
    result = pets.run(Counterfactual(margin=0.01))
    samples = result.samples.to_pylist()
    assert [row["sample_index"] for row in samples] == [60, 61, 62, 63]
    assert [(row["label"], row["prediction"], row["target"]) for row in samples[:1]] == [("cat", "dog", "cat")]
    assert {row["status"] for row in samples} == {"flipped"}
    assert all(row["margin_after"] == pytest.approx(0.01, abs=1e-5) for row in samples)
    assert samples[0]["margin_before"] == pytest.approx(-2.8)
    assert samples[0]["binding"] == ["dog"]
    neurons = {row["neuron"]: row for row in result.neurons.to_pylist()}
    assert [row["neuron"] for row in result.neurons.to_pylist()][-1] == 3
    assert neurons[3]["list"] is None
    assert {neurons[0]["list"], neurons[1]["list"]} <= {"insufficient", "excessive", "mixed"}
    assert neurons[3]["weight"] == 0
    summary = result.summary.to_pylist()[0]
    assert (summary["status"], summary["n"], summary["n_used"], summary["split"]) == ("ok", 4, 4, "validation")
    assert json.loads(summary["settings"])["margin"] == 0.01
    assert result.notes["text"].to_pylist() == [
        "Families are told from 100 samples on: among 60 neurons agree by chance.",
        "Ranges and deviations are those of split 'train' (60 samples).",
    ]


def test_the_shifts_in_the_table_really_flip_the_samples(pets):
    result = pets.run(Counterfactual())
    features = pets.activations("pool", "last").astype(float)
    for row in result.shifts.to_pylist():
        assert row["activation"] == pytest.approx(features[row["sample_index"], row["neuron"]])
        assert row["sigmas"] * row["shift"] > 0
        features[row["sample_index"], row["neuron"]] += row["shift"]
    columns = {row["neuron"]: row["weights"] for row in result.heads.to_pylist()}
    assert columns[0] == [4, 0, 0]
    decided = (features @ W.T).argmax(axis=1)
    assert [CLASSES[decided[row["sample_index"]]] for row in result.samples.to_pylist()] == ["cat", "cat", "dog", "dog"]


def test_pictures_histograms_paths_and_common_shifts(pets):
    result = pets.run(Counterfactual(label="cat"))
    pictures = [row for row in result.exemplars.to_pylist() if row["neuron"] == 0 and row["kind"] == "overall"]
    activations = pets.activations("pool", "last")[:60, 0]
    assert [row["sample_index"] for row in pictures] == np.argsort(-activations, kind="stable")[:9].tolist()
    own = [row["sample_index"] for row in result.exemplars.to_pylist() if (row["neuron"], row["kind"]) == (1, "class")]
    assert all(index % 3 == 0 for index in own)  # cats only
    bars = [row for row in result.histograms.to_pylist() if row["neuron"] == 0]
    assert sum(row["mistakes"] for row in bars) == 2
    assert sum(row["correct"] for row in bars) == 1
    chances = result.path["probability"].to_pylist()
    assert chances == sorted(chances)
    assert chances[-1] == pytest.approx(0.5, abs=0.02)
    minimal = result.minimal["flipped"].to_pylist()
    assert minimal == sorted(minimal)
    assert minimal[-1] == 1
    assert result.summary.to_pylist()[0]["common_flipped"] >= 0.5
    features = pets.activations("pool", "last")[60:62].astype(float)
    for row in result.common.to_pylist():
        features[:, row["neuron"]] = np.maximum(features[:, row["neuron"]] + row["shift"], 0)
    assert ((features @ W.T).argmax(axis=1) == 0).mean() >= 0.5


def test_confusions_named_samples_other_targets_and_draws(pets):
    one = pets.run(Counterfactual(label="dog", predicted="cat"))
    assert one.samples["sample_index"].to_pylist() == [63]
    named = pets.run(Counterfactual(samples=("s64", "s60", "s60"), target="owl", mode="paper"))
    assert named.samples["sample_index"].to_pylist() == [64, 60]
    assert set(named.samples["target"].to_pylist()) == {"owl"}
    right = pets.run(Counterfactual(samples=("s64",)))
    assert right.samples["status"].to_pylist() == ["already_correct"]
    assert right.neurons["share"].null_count == 4
    unlabelled = pets.run(Counterfactual(samples=("s65", "s60")))
    assert unlabelled.notes["text"][0].as_py() == (
        "1 samples have no label to aim at and are left out; name a target for them."
    )
    drawn = pets.run(Counterfactual(most=2))
    assert len(drawn.samples) == 2
    assert drawn.notes["text"][0].as_py() == "2 of 4 mistakes are explained, drawn by the seed; most=4 takes all."


@pytest.mark.parametrize(
    ("asked", "status", "note"),
    [
        (
            Counterfactual(label="owl"),
            "no_samples",
            "No labelled sample with recorded activations fits in split 'validation'.",
        ),
        (Counterfactual(split="train"), "no_mistakes", "None of these samples in split 'train' is a mistake."),
    ],
)
def test_nothing_to_explain_is_said_and_not_an_error(pets, asked, status, note):
    result = pets.run(asked)
    assert result.summary["status"].to_pylist() == [status]
    assert len(result.samples) == len(result.neurons) == 0
    assert result.notes["text"].to_pylist()[-1] == note


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"label": "dgo"}, ParameterError, "There is no class 'dgo'. Did you mean 'dog'? Classes: cat, dog, owl."),
        ({"target": "7"}, ParameterError, "There is no class '7'. Classes: cat, dog, owl."),
        (
            {"split": "dev"},
            ParameterError,
            "There is no split 'dev'. Splits: train, validation. Give one of them, or None.",
        ),
        ({"samples": ("x",)}, UnknownSampleError, "No sample has the id 'x' in {path}."),
    ],
)
def test_unknown_names_are_answered_with_the_known(pets, options, error, message):
    with pytest.raises(error) as raised:
        pets.run(Counterfactual(**options))
    assert str(raised.value) == message.format(path=pets.path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": -1.0}, "margin=-1.0 explains nothing. Give a number from 0."),
        ({"votes": 0}, "votes=0 explains nothing. Give a whole number from 1."),
        ({"cut": 100.0}, "cut=100.0 explains nothing. Give percent from 0 to below 100."),
        ({"most": 0}, "most=0 explains nothing. Give a number from 1 to 100,000."),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ParameterError) as error:
        Counterfactual(**options)
    assert str(error.value) == message


def test_activations_that_are_no_numbers_are_named(tmp_path):
    features = np.eye(4)[:3]
    features[1, 2] = np.inf
    with pytest.raises(InputError) as error:
        write(tmp_path / "run", features, [0, 1, 2], logits=np.zeros((3, 3))).run(Counterfactual())
    assert str(error.value) == (
        "Layer 'pool' holds NaN or infinities for 1 samples: s1. Choose a checkpoint from before the model diverged, "
        "or record these samples anew."
    )


def test_a_head_that_does_not_give_the_logits_is_refused(tmp_path):
    recording = write(tmp_path / "run", np.eye(4)[:3], [0, 1, 2], logits=np.ones((3, 3)))
    with pytest.raises(HeadNotFoundError) as error:
        recording.run(Counterfactual())
    assert str(error.value) == (
        "The recorded decision layer applied to layer 'pool' misses the recorded logits by up to 3 (allowed: 0.0004) "
        "at checkpoint 000001. Record the input of the last linear layer with embedding='its name' and head='name of "
        "that layer'."
    )


def test_one_output_several_labels_and_no_head_are_explained(tmp_path):
    with pytest.raises(InputError, match="has 1 output; this needs ≥ 2 classes"):
        write(tmp_path / "one", np.eye(4)[:2], [0, 0], weight=W[:1], classes=("cat",)).run(Counterfactual())
    with pytest.raises(InputError, match="is multi-label. This needs one class per sample"):
        write(tmp_path / "many", np.eye(4)[:2], [[0], [1]], task="multilabel").run(Counterfactual())
    narrow = write(tmp_path / "narrow", np.eye(4)[:3], [0, 1, 2])
    with pytest.raises(MissingInputError, match="Checkpoints that do: 000001"):
        with RecordingWriter.resume(narrow.path) as writer, writer.checkpoint(2, epoch=2, metrics={}) as checkpoint:
            checkpoint.write_outputs(np.arange(3), np.zeros((3, 3), np.float32))
        narrow.refresh()
        narrow.run(Counterfactual(checkpoint="000002"))


def test_two_classes_one_mistake_and_few_neurons_work(tmp_path):
    features = np.array([[1, 0.1], [0.1, 1], [0.9, 0.2], [0.3, 0.8]])
    weight = np.array([[1.0, 0], [0, 1]], np.float32)
    recording = write(tmp_path / "two", features, [0, 1, 0, 0], weight=weight, classes=("no", "yes"))
    result = recording.run(Counterfactual())
    assert result.samples["status"].to_pylist() == ["flipped"]
    assert result.neurons["low"].null_count == 2
    assert result.summary["split"].to_pylist() == [None]
