"""Edits of a recording: every method, what the tables say, and what bad input is answered with."""

import numpy as np
import pyarrow as pa
import pytest

from analyses.mitigate.planted_patch import planted
from bathyscope.analyses import Mitigate
from bathyscope.analyses.mitigate import Head, Patch, load_patch
from bathyscope.analyses.mitigate.editing import METHODS, checked_neurons
from bathyscope.errors import InputError, ParameterError, PatchError
from bathyscope.recording import LayerInfo, Recording, RecordingWriter

CLASSES = ("along", "across")


def write(path, parts, head):
    """The planted network's activations by split, with the colour of the patch as metadata."""
    features = np.vstack([part.features for part in parts.values()]).astype(np.float32)
    labels = np.concatenate([part.labels for part in parts.values()])
    aligned = np.concatenate([part.aligned for part in parts.values()])
    splits = [name for name, part in parts.items() for _ in part.labels]
    green = labels == aligned
    metadata = pa.table(
        {"patch": np.where(green, "green", "red"), "green": np.where(green, 0.8, 0.1) + 0.01 * features[:, 5]}
    )
    rows = np.arange(len(labels))
    with RecordingWriter.create(path, classes=CLASSES) as writer:
        with writer.samples(metadata=metadata.schema) as samples:
            samples.write([f"s{row}" for row in rows], splits=splits, labels=labels, metadata=metadata)
        writer.set_layers([LayerInfo("pool", (6,), "float32", "embedding", None)])
        with writer.checkpoint(1, epoch=1, metrics={}) as checkpoint:
            weight, bias = head.weight.astype(np.float32), head.bias.astype(np.float32)
            checkpoint.write_outputs(rows, features @ weight.T + bias)
            checkpoint.write_activations("pool", rows, features)
            checkpoint.write_head(weight, bias)
    return Recording(path)


@pytest.fixture(scope="module")
def stripes(tmp_path_factory):
    data = planted(0)
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return write(tmp_path_factory.mktemp("stripes") / "run", parts, data.head)


def values(result, split="test"):
    rows = [row for row in result.measures.to_pylist() if row["split"] == split]
    return {(row["measure"], row["group"]): row for row in rows}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_every_table(method, stripes):
    options = {"groups": "patch"} if method == "dfr" else {}
    strength = {"retention": 3.0, "retention_kl": 3.0, "retention_paper": 0.1, "dfr": 0.7}.get(
        method
    )  # one is enough, and faster
    result = stripes.run(Mitigate(neurons=(0,), method=method, strength=strength, loss_cap=0.2, **options))
    summary = result.summary.to_pylist()[0]
    assert summary["neurons"] == [0, 1]  # the mirror came along
    assert result.curve["strength"].to_pylist()[0] is None
    assert sum(result.curve["chosen"].to_pylist()) == 1
    found = values(result)
    counted = found["fixed", None]["after"], found["broken", None]["after"]
    verdicts = [row["verdict"] for row in result.changed.to_pylist() if row["sample_index"] >= 1800]
    assert (verdicts.count("fixed"), verdicts.count("broken")) == counted
    gain = (counted[0] - counted[1]) / 800
    assert found["accuracy", None]["delta"] == pytest.approx(gain)
    assert len(result.patch) == (method not in ("clamp", "reactive") and summary["status"] == "ok")


@pytest.mark.parametrize("method", ["zero", "retention", "dfr", "balanced"])
def test_the_family_edit_frees_the_head_of_the_patch(method, stripes):
    groups = "patch" if method in ("dfr", "balanced") else None
    strength = 0.7 if method == "dfr" else None
    result = stripes.run(Mitigate(neurons=(0,), method=method, strength=strength, loss_cap=0.2, groups=groups))
    found = values(result)
    assert found["worst_group", None]["before"] < 0.2
    assert found["worst_group", None]["after"] > 0.6
    assert found["fixed", None]["after"] > 4 * found["broken", None]["after"]
    assert found["mcnemar_p", None]["after"] < 1e-6
    assert found["accuracy", None]["low"] > 0.2
    told = {(row["split"], row["group"]): row for row in result.groups.to_pylist()}
    if groups:
        assert told["test", "along, patch = green"]["accuracy_after"] > 0.5


def test_the_patch_gives_the_measured_predictions(stripes, tmp_path):
    result = stripes.run(Mitigate(neurons=(0,), method="retention", strength=3.0))
    patch = Patch.from_bytes(result.save_patch(tmp_path / "edit").read_bytes())
    features = stripes.activations("pool", "last").astype(np.float64)
    labels = np.asarray(stripes.labels)
    before, after = (
        Head(weight.astype(float), bias.astype(float))(features).argmax(axis=1)
        for weight, bias in ((patch.weight_before, patch.bias_before), (patch.weight, patch.bias))
    )
    changed = {row["sample_index"]: row for row in result.changed.to_pylist()}
    assert sorted(changed) == np.flatnonzero(before != after).tolist()
    for index, row in changed.items():
        assert (row["before"], row["after"]) == (CLASSES[before[index]], CLASSES[after[index]])
        assert row["verdict"] == ("fixed" if after[index] == labels[index] else "broken")
    head = stripes.head("last")
    assert (head.weight == patch.weight_before).all()
    assert dict(patch.settings)["strength"] == 3.0


def test_one_neuron_without_its_family_is_warned_of(stripes):
    result = stripes.run(Mitigate(neurons=(0,), families=False, method="retention", strength=10.0))
    warned = {row["neuron"] for row in result.compensation.to_pylist() if row["warned"]}
    assert 1 in warned
    assert any(
        note.startswith("Compensation: the edited head leans by more than half harder on neurons 1")
        for note in result.notes["text"].to_pylist()
    )


def test_neurons_are_proposed_where_none_are_named(stripes):
    result = stripes.run(Mitigate())
    assert {0, 1} <= set(result.summary["neurons"][0].as_py())
    assert "were proposed first by" in result.notes["text"][0].as_py()


def test_a_continuous_column_makes_two_groups(stripes):
    result = stripes.run(Mitigate(neurons=(0,), groups="green"))
    names = {row["group"].split(", ")[1].split()[1] for row in result.groups.to_pylist()}
    assert names == {"≤", ">"}
    assert len({row["group"] for row in result.groups.to_pylist()}) == 4


def test_the_notes_say_where_the_patch_lies_and_how_to_apply_it(stripes, tmp_path):
    def told(result):
        return [note for note in result.notes["text"].to_pylist() if note.startswith("The patch is ")]

    edit = Mitigate(neurons=(0,), families=False)
    (note,) = told(stripes.run(edit))
    file = stripes.result_tables("mitigate", stripes.result_key(edit))["patch"]
    assert f"the file {file.name} of this result: 'bathyscope patch apply MODEL PATCH'" in note
    assert load_patch(file).neurons == (0,)
    assert told(stripes.run(Mitigate(neurons=(0,), method="clamp"))) == []


def test_no_strength_that_helps_within_the_cap_leaves_the_head(stripes):
    result = stripes.run(Mitigate(neurons=(0,), method="scale", loss_cap=0.0))
    assert result.summary["status"].to_pylist() == ["no_improvement"]
    assert len(result.changed) == len(result.patch) == 0
    assert len(result.curve) == 5
    assert any("the head stays as it is" in note for note in result.notes["text"].to_pylist())
    with pytest.raises(PatchError, match="There is no patch"):
        result.save_patch("nowhere")


def test_missing_splits_are_made_up_for_and_said(tmp_path):
    data = planted(0)
    result = write(tmp_path / "run", {"train": data.validation}, data.head).run(Mitigate(neurons=(0, 1)))
    notes = result.notes["text"].to_pylist()
    assert "There is no validation split: 120 training samples are held out to choose by." in notes
    assert any(note.startswith("There is no test split: the effects are told of split 'held out'") for note in notes)


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        ([], "No neurons were given to edit. Name some, such as the first of the counterfactual's ranking."),
        ([6], "There is no neuron 6; neurons run over 0 … 5."),
        ([-1], "There is no neuron -1; neurons run over 0 … 5."),
        (range(6), "All 6 neurons were named; nothing would be left to decide by. Leave some out."),
        ([0.5], "Neurons are whole numbers 0 … 5; float64 was given."),
    ],
)
def test_neurons_that_cannot_be_edited_are_refused(neurons, message):
    with pytest.raises(InputError) as error:
        checked_neurons(list(neurons), 6)
    assert str(error.value) == message


def test_neurons_named_twice_count_once():
    neurons, note = checked_neurons([3, 1, 3], 6)
    assert neurons.tolist() == [1, 3]
    assert note == "1 neurons were named more than once; once counts."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"o": 0.0}, "o=0.0 is no ratio. Give a number above 0, such as 1."),
        ({"loss_cap": 2.0}, "loss_cap=2.0 is no share. Give a number from 0 to 1."),
        (
            {"method": "retention", "strength": -1.0},
            "The method 'retention' was given the strength -1.0; a number from 0 is expected.",
        ),
        (
            {"method": "clamp", "strength": 2.0},
            "The method 'clamp' was given the strength 2.0; a quantile from 0 to 1 is expected.",
        ),
        (
            {"method": "dfr"},
            "The method 'dfr' balances groups and needs to know them. Give groups='a metadata column', or take 'afr', "
            "which needs none.",
        ),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ParameterError) as error:
        Mitigate(**options)
    assert str(error.value) == message


def test_unknown_classes_and_columns_are_answered_with_the_known(stripes):
    with pytest.raises(ParameterError, match="There is no class 'acros'. Did you mean 'across'"):
        stripes.run(Mitigate(classes=("acros",)))
    with pytest.raises(ParameterError, match="There is no metadata column 'pach'. Did you mean 'patch'"):
        stripes.run(Mitigate(groups="pach"))
