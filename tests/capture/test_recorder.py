"""A training run recorded: what is written, what is refused, and what is left alone."""

import random
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset

import bathyscope as bs
from bathyscope.capture.precision import Numbers
from bathyscope.errors import (
    BathyscopeWarning,
    LabelError,
    ParameterError,
    RecordingExistsError,
    RecordingLockedError,
    SampleOrderError,
    UnknownLayerError,
)
from capture.small_nets import Net, state_of

CLASSES = ["cat", "dog", "owl"]


def outputs_of(net, images):
    net.eval()
    with torch.no_grad():
        return net(torch.from_numpy(images).unsqueeze(1).float() / 255)


def test_a_recording_holds_what_the_model_gives(net, images, labels, tmp_path):
    with bs.Recorder(
        tmp_path / "run", images, labels=labels, classes=CLASSES, layers=["features", "features.0"],
        pooling={"features.0": "full"}, split=["train"] * 30 + ["test"] * 10, metadata={"age": np.arange(40.0)},
        batch_size=16,
    ) as recorder:  # fmt: skip
        recorder.checkpoint(net, epoch=3, metrics={"loss": torch.tensor(0.5), "note": "not a number"})
        recorder.checkpoint(net)
        recording = recorder.recording
    expected = outputs_of(net, images)
    np.testing.assert_allclose(recording.logits("last"), expected.numpy(), rtol=1e-5)
    with torch.no_grad():
        maps = net.features(torch.from_numpy(images).unsqueeze(1).float() / 255)
        first = net.features[0](torch.from_numpy(images).unsqueeze(1).float() / 255)
    np.testing.assert_allclose(recording.activations("embedding", 3), maps.mean((2, 3)).numpy(), rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(recording.activations("features", 3), maps.mean((2, 3)).numpy(), rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(recording.activations("features.0", 3), first.numpy(), rtol=2e-3, atol=1e-4)
    head = recording.head("last")
    np.testing.assert_allclose(
        recording.activations("embedding", "last").astype(np.float32) @ head.weight.T + head.bias,
        recording.logits("last"),
        atol=2e-3,
    )
    assert [checkpoint.step for checkpoint in recording.checkpoints] == [3, 4]
    assert recording.checkpoints[0].metrics == {"loss": 0.5}
    assert recording.splits == ("train", "test")
    assert recording.column("age").to_pylist() == list(range(40))
    np.testing.assert_array_equal(recording.labels, labels)
    np.testing.assert_array_equal(np.asarray(recording.image(7)), images[7])
    layers = {name: (info.shape, info.role, info.pooling) for name, info in recording.layers.items()}
    assert layers == {
        "embedding": ((4,), "embedding", None),
        "features": ((4,), "activation", "mean"),
        "features.0": ((4, 6, 6), "activation", "full"),
    }
    provenance = recording.info.provenance
    assert (provenance["model"], provenance["parameters"], provenance["head"]) == ("Net", 63, "classifier")
    assert provenance["embedding"] == "input of classifier"


def train(net, images, labels, recorder=None, steps=6):
    """Losses of a training that draws on every kind of random state."""
    x, y = torch.from_numpy(images).unsqueeze(1).float() / 255, torch.from_numpy(labels)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for epoch in range(steps):
        net.train()
        order = torch.randperm(len(x))[: 20 + random.randrange(10)]
        batch = x[order] + float(np.random.normal(0, 0.01))
        loss = nn.functional.cross_entropy(net(batch), y[order])
        optimizer.zero_grad()
        loss.backward()
        if recorder is not None and epoch % 2:
            recorder.checkpoint(net, epoch=epoch)  # between backward and step: gradients must survive
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_losses_are_bit_equal_with_and_without_a_recorder(images, labels, tmp_path):
    class Augmented(Dataset):
        """Draws random numbers for every item without letting them change it."""

        def __len__(self):
            return len(images)

        def __getitem__(self, index):
            random.random(), np.random.random(), torch.rand(3)
            return torch.from_numpy(images[index]).unsqueeze(0).float() / 255, int(labels[index])

    def seeded():
        torch.manual_seed(1)
        random.seed(1)
        np.random.seed(1)
        return Net()

    bare = train(seeded(), images, labels)
    net = seeded()
    with bs.Recorder(tmp_path / "run", Augmented(), batch_size=16) as recorder:
        recorded = train(net, images, labels, recorder)
    assert recorded == bare
    assert len(recorder.recording.checkpoints) == 3


def test_the_model_is_left_as_found_also_by_a_failing_checkpoint(net, images, labels, tmp_path):
    x = torch.from_numpy(images).unsqueeze(1).float() / 255
    net(x).sum().backward()
    net.features[1].eval()
    net.features[0].weight.requires_grad_(False)
    before = state_of(net)
    with bs.Recorder(tmp_path / "run", images, labels=labels, layers=["features"]) as recorder:
        recorder.checkpoint(net)
        assert state_of(net) == before
        images[5] = 0
        with pytest.raises(SampleOrderError):
            recorder.checkpoint(net)
        assert state_of(net) == before
        with pytest.raises(UnknownLayerError):
            bs.record(net, images, tmp_path / "other", layers=["feature"])
        assert state_of(net) == before
    assert len(recorder.recording.checkpoints) == 1
    assert not (tmp_path / "other").exists()


def test_a_shuffled_array_is_noticed(net, images, labels, tmp_path):
    images[:3] = images[0]  # the first three look alike, so the fourth is the first that can be seen to differ
    with bs.Recorder(tmp_path / "run", images, labels=labels) as recorder:
        recorder.checkpoint(net)
        images[3:] = np.roll(images[3:], 1, axis=0)
        with pytest.raises(SampleOrderError) as caught:
            recorder.checkpoint(net)
    assert str(caught.value) == (
        "Sample '03' (position 3) is not what it was when the recording began: the data set was shuffled or changed in "
        "place, or it augments at random. Give the samples in a fixed order with the evaluation transform (no random "
        "crop or flip), or a copy that nobody changes."
    )


def test_random_augmentation_is_noticed_at_the_first_checkpoint(net, images, tmp_path):
    class Augmented(Dataset):
        """Augments samples that no probe touches, so that only the random state of the passes can tell."""

        def __len__(self):
            return len(images)

        def __getitem__(self, index):
            return torch.from_numpy(images[index]).unsqueeze(0).float() / 255 + (torch.rand(1) if index >= 20 else 0)

    with bs.Recorder(tmp_path / "run", Augmented()) as recorder, pytest.raises(SampleOrderError, match="Sample '20'"):
        recorder.checkpoint(net)


def test_nan_activations_are_kept_and_named(net, images, tmp_path):
    images[[3, 8, 9, 10, 11, 30]] = 255

    class Diverges(Net):
        def forward(self, x):
            bright = (x.amin((1, 2, 3)) == 1).float().reshape(-1, 1, 1, 1)
            return super().forward(x / (1 - bright))

    with bs.Recorder(tmp_path / "run", images) as recorder:
        with pytest.warns(BathyscopeWarning) as caught:
            recorder.checkpoint(Diverges(), step=7)
        assert sorted(str(warning.message) for warning in caught) == [
            "Checkpoint 000007: layer 'embedding' is NaN or infinite in these samples (6): '03', '08', '09', '10', "
            "'11' and 1 more. The values are recorded as they are; look for a learning rate that is too high or a "
            "division by zero.",
            "Checkpoint 000007: the model's output is NaN or infinite in these samples (6): '03', '08', '09', '10', "
            "'11' and 1 more. The values are recorded as they are; look for a learning rate that is too high or a "
            "division by zero.",
        ]
        recorder.checkpoint(net)
    recording = bs.load(tmp_path / "run")
    bad = ~np.isfinite(recording.activations("embedding", 7)).all(1)
    assert np.flatnonzero(bad).tolist() == [3, 8, 9, 10, 11, 30]
    assert recording.checkpoints[0].non_finite == {"outputs": 6, "embedding": 6}


def test_what_float16_cannot_hold_becomes_float32(images, tmp_path):
    images[33] = 255

    class Large(Net):
        def forward(self, x):
            return super().forward(x * 1e6 ** (x.amin((1, 2, 3), keepdim=True) == 1))

    net = Large()
    with bs.Recorder(tmp_path / "run", images, layers=["features.0"], pooling="max", batch_size=8) as recorder:
        with pytest.warns(BathyscopeWarning) as caught:
            recorder.checkpoint(net)
        recorder.checkpoint(net)  # once is enough
    messages = [str(warning.message) for warning in caught]
    assert any(
        message.startswith("Checkpoint 000000: layer 'features.0' reaches ")
        and message.endswith("beyond float16 (65504), so it is recorded as float32 from here on. Nothing is lost.")
        for message in messages
    )
    recording = bs.load(tmp_path / "run")
    net.eval()
    with torch.no_grad():
        x = torch.from_numpy(images).unsqueeze(1).float() / 255
        exact = net.features[0](x * 1e6 ** (x.amin((1, 2, 3), keepdim=True) == 1)).amax((2, 3)).numpy()
    for step in (0, 1):
        values = recording.activations("features.0", step)
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, exact, rtol=1e-3)
    assert recording.layers["features.0"].dtype == "float32"


def test_the_largest_float16_is_no_overflow():
    numbers = Numbers("float16")
    assert numbers.kept("a", torch.tensor([[65504.0]]), np.array([0]), "0").dtype == np.float16
    numbers.kept("a", torch.tensor([[65505.0]]), np.array([0]), "0")
    assert numbers.dtype_of("a") == "float32"


def test_classes_are_numbered_or_checked_against_the_outputs(net, images, tmp_path):
    assert bs.record(net, images, tmp_path / "a").classes == ("0", "1", "2")
    with pytest.raises(LabelError) as caught:
        bs.record(net, images, tmp_path / "b", labels=["x", "y"] * 20)
    assert str(caught.value) == (
        "The model gives 3 outputs per sample, but there are 2 classes ('x', 'y'). Pass classes=[…] with one name per "
        "output in the model's order, or labels=False to record without labels."
    )
    with pytest.raises(LabelError) as caught:
        bs.record(net, images, tmp_path / "c", labels=np.arange(40) % 5)
    assert str(caught.value) == (
        "The labels go up to 4, but the model gives 3 outputs per sample, so class indices run over 0 … 2. Check that "
        "the labels belong to this model."
    )
    with pytest.raises(LabelError, match="Labels are outside the classes: 3 for sample '03'"):
        bs.record(net, images, tmp_path / "d", labels=np.arange(40) % 5, classes=CLASSES)
    assert not any((tmp_path / name).exists() for name in "bcd")


def test_steps_are_counted_and_never_repeated(net, images, tmp_path):
    with bs.Recorder(tmp_path / "run", images) as recorder:
        recorder.checkpoint(net)
        recorder.checkpoint(net, epoch=4)
        recorder.checkpoint(net, epoch=4.5)
        recorder.checkpoint(net, step=100)
        assert recorder.steps == (0, 4, 5, 100)
        with pytest.raises(RecordingExistsError) as caught:
            recorder.checkpoint(net, epoch=4)
        assert str(caught.value) == (
            "Step 4 is recorded already. Recorded steps: 0, 4, 5, 100. Give every checkpoint its own step=, or leave "
            "out step and epoch to count on."
        )
    with pytest.raises(RecordingExistsError, match=r"The recorder of .* is closed\."):
        recorder.checkpoint(net)


def test_a_second_writer_is_refused_and_an_old_recording_kept(net, images, tmp_path):
    with bs.Recorder(tmp_path / "run", images) as recorder:
        recorder.checkpoint(net)
        for options in ({}, {"overwrite": True}, {"resume": True}):
            with pytest.raises(RecordingLockedError):
                bs.Recorder(tmp_path / "run", images, **options)
    with pytest.raises(RecordingExistsError):
        bs.Recorder(tmp_path / "run", images)
    assert len(bs.load(tmp_path / "run").checkpoints) == 1


def test_resume_goes_on_with_the_same_samples_only(net, images, tmp_path):
    with bs.Recorder(tmp_path / "run", images, resume=True) as recorder:
        recorder.checkpoint(net)
    with bs.Recorder(tmp_path / "run", images, resume=True) as recorder:
        recorder.checkpoint(net)
    assert len(bs.load(tmp_path / "run").checkpoints) == 2
    with pytest.raises(SampleOrderError, match="was recorded with 40 samples, but 39 were given"):
        bs.Recorder(tmp_path / "run", images[1:], resume=True)
    with (
        bs.Recorder(tmp_path / "run", images[::-1].copy(), resume=True) as recorder,
        pytest.raises(SampleOrderError, match="The samples are not those that the recording began with"),
    ):
        recorder.checkpoint(net)
    assert len(bs.load(tmp_path / "run").checkpoints) == 2


def test_unreadable_images_are_absent_and_named_once(net, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(4):
        Image.fromarray(np.full((6, 6), index, np.uint8)).save(folder / f"{index}.png")
    (folder / "2.png").write_bytes(b"broken")
    with bs.Recorder(tmp_path / "run", folder) as recorder:
        with pytest.warns(BathyscopeWarning) as caught:
            recorder.checkpoint(net)
        recorder.checkpoint(net)
    assert [str(warning.message) for warning in caught] == [
        "These images cannot be read (1): '2.png'. The model did not see them, so checkpoints lack them; the files are "
        "recorded as they are. Replace them and record anew to have them."
    ]
    recording = bs.load(tmp_path / "run")
    assert len(recording) == 4
    assert np.isnan(recording.logits("last")).any(1).tolist() == [False, False, True, False]
    assert recording.media(2).content == b"broken"


def test_multilabel_scores_are_sparse_but_keep_the_samples_own_labels(tmp_path):
    n_classes = 1000
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, n_classes))
    with torch.no_grad():
        model[0].bias.sub_(8)
    x = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    own = [[index, 500 + index] for index in range(11)] + [None]
    recording = bs.record(model, x, tmp_path / "run", labels=own, top_labels=5, least_score=0.5)
    scores = torch.sigmoid(model(torch.from_numpy(x))).detach().numpy()
    assert recording.task == "multilabel"
    for index, pairs in enumerate(recording.scores("last").to_pylist()):
        given = {pair["label"]: pair["score"] for pair in pairs}
        kept = set(np.argsort(-scores[index])[:1]) | set(own[index] or [])
        assert set(given) == kept
        assert [pair["score"] for pair in pairs] == sorted(given.values(), reverse=True)
        for label, score in given.items():
            assert score == pytest.approx(scores[index, label], abs=1e-7)
    assert recording.label_lists.to_pylist() == own


def test_small_multilabel_tasks_keep_every_score(net, images, tmp_path):
    table = np.eye(3, dtype=int)[np.arange(40) % 3]
    recording = bs.record(net, images, tmp_path / "run", labels=table)
    assert [len(pairs) for pairs in recording.scores("last").to_pylist()] == [3] * 40


def test_wrong_options_are_explained(images, tmp_path):
    for options, message in (
        ({"layers": "fc"}, "layers='fc' is one name; give a list of names: layers=['fc']."),
        ({"pooling": "sum"}, "pooling='sum' is not known. Use 'mean', 'max', 'full' or a function of the output."),
        ({"dtype": "int8"}, "dtype='int8' is not known. Use 'float16' or 'float32'."),
        ({"batch_size": 0}, "batch_size=0 is not a number of samples. Give at least 1."),
        (
            {"layers": ["embedding"]},
            "'embedding' is the name of the embedding in a recording. To make that layer's output the embedding, pass "
            "embedding='embedding'.",
        ),
    ):
        with pytest.raises(ParameterError) as caught:
            bs.Recorder(tmp_path / "run", images, **options)
        assert str(caught.value) == message
    assert not (tmp_path / "run").exists()


def test_provenance_tells_programs_but_no_machine(net, images, tmp_path):
    recording = bs.record(net, images, tmp_path / "run", provenance={"experiment": "a"})
    provenance = recording.info.provenance
    assert set(provenance) == {
        "created_at", "bathyscope", "python", "torch", "platform", "experiment", "content", "model", "parameters",
        "embedding", "head", "output",
    }  # fmt: skip
    assert str(tmp_path) not in (tmp_path / "run" / "recording.json").read_text()


def test_progress_runs_to_the_end(net, images, tmp_path):
    told = []
    bs.record(net, images, tmp_path / "run", progress=told.append, batch_size=10)
    assert told == [0.25, 0.5, 0.75, 1.0] * 2


def test_half_precision_models_are_recorded(net, images, tmp_path):
    recording = bs.record(net.to(torch.bfloat16), images, tmp_path / "run")
    assert recording.head("last").weight.dtype == np.float32
    assert np.isfinite(recording.logits("last")).all()


def test_no_warning_without_a_reason(net, images, labels, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bs.record(net, images, tmp_path / "run", labels=labels)
