"""The analysis as a whole: planted neurons are shown, controls tell, models are left alone, bad input is explained."""

import hashlib
import io
import json
import socket

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from PIL import Image
from torch import nn

import bathyscope as bs
from analyses.illusion.planted import Grey
from bathyscope.analyses.illusion import Illusion, picture
from bathyscope.analyses.illusion.gaze import real_masks
from bathyscope.analyses.illusion.program import Feed, kept_part, network_of
from bathyscope.analyses.illusion.telling import Teller
from bathyscope.errors import (
    AdapterError,
    AnalysisCancelled,
    InputError,
    MediaError,
    MissingInputError,
    ParameterError,
    ScorerError,
)
from bathyscope.recording import Recording

QUICK = {"neurons": (1,), "label": "cat", "seeds": 1, "steps": 3, "engine": "fourier"}


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)), float) / 255


def rows_of(result, **where):
    rows = result.pictures.to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in where.items())]


def redness(image):
    return float((image[..., 0] - image[..., 1:].mean(-1)).mean())


def stripes(image):
    """Energy of the change from column to column over that from row to row."""
    grey = image.mean(-1)
    return float((np.diff(grey, axis=1) ** 2).mean() / (np.diff(grey, axis=0) ** 2).mean())


def fingerprint(model):
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


# What is shown


@pytest.fixture(scope="module")
def planted_results(planted):
    """Neuron 0 alone, and the neuron of two minds for both classes; Fourier, no scorer."""
    model, recording = planted
    asked = {"seeds": 1, "engine": "fourier"}
    return {
        (neuron, label): picture(recording, Illusion(neurons=(neuron,), label=label, steps=steps, **asked), model=model)
        for neuron, label, steps in ((0, "bright", 150), (6, "red", 150), (6, "stripes", 150), (7, "bright", 5))
    }


def test_a_red_neuron_is_shown_red_and_the_class_alone_is_not(planted_results):
    result = planted_results[0, "bright"]
    shown, control = (rows_of(result, kind=kind)[0] for kind in ("neuron_only", "class_only"))
    assert redness(pixels(shown["png"])) >= 0.3
    assert shown["percentile"] >= 99
    assert shown["expressed"]
    assert shown["specificity"] > 3
    assert redness(pixels(control["png"])) < 0.1
    assert rows_of(result, kind="class")[0]["badge"] is None


def test_a_neuron_of_two_minds_shows_the_one_that_the_class_uses(planted_results):
    red, striped = (rows_of(planted_results[6, label], kind="class")[0] for label in ("red", "stripes"))
    red_pixels, striped_pixels = pixels(red["png"]), pixels(striped["png"])
    assert redness(red_pixels) >= 0.3
    assert redness(striped_pixels) <= 0.05
    assert stripes(striped_pixels) >= 2 * stripes(red_pixels)
    assert red["percentile"] >= 99
    assert striped["percentile"] >= 99


def test_a_dead_neuron_gets_a_badge_and_no_nan(planted_results):
    result = planted_results[7, "bright"]
    for row in rows_of(result):
        assert row["activation"] == 0
        assert row["specificity"] is None
        assert np.isfinite([row["logit"], row["probability"], row["percentile"]]).all()
        assert row["badge"] == (None if row["kind"] == "class_only" else "neuron not expressed")
        assert (pixels(row["mask"]) == 1).all()  # a map without variation has no brightest part


def test_what_is_told_of_a_picture_is_what_the_model_says_of_its_bytes(planted, planted_results):
    model, _ = planted
    for row in rows_of(planted_results[6, "red"]):
        image = torch.from_numpy(pixels(row["png"])).float().permute(2, 0, 1)[None]
        with torch.no_grad():
            logits = model(image)[0]
        assert row["logit"] == pytest.approx(float(logits[0]), abs=1e-4)
        assert row["probability"] == pytest.approx(float(logits.softmax(0)[0]), abs=1e-5)


def test_a_mask_shows_where_the_neuron_looks(planted, planted_results):
    row = rows_of(planted_results[0, "bright"], kind="neuron_only")[0]
    image, mask = pixels(row["png"]), pixels(row["mask"])
    assert set(np.unique(mask.round(2))) == {0.5, 1.0}
    red = image[..., 0] - image[..., 1:].mean(-1)
    assert red[mask == 1].mean() > red[mask < 1].mean()


def test_real_images_come_with_every_neuron_and_carry_what_it_responds_to(planted, planted_results):
    _, recording = planted
    rows = planted_results[0, "bright"].exemplars.to_pylist()
    overall = [row for row in rows if row["kind"] == "overall"]
    assert [row["rank"] for row in overall] == list(range(9))
    activations = recording.activations(recording.embedding_layer, "last")[:, 0]
    assert_allclose([row["activation"] for row in overall], np.sort(activations)[::-1][:9], rtol=1e-3)


# How it is run


def test_the_recorded_program_is_found_fed_and_checked(grey):
    result = grey.run(Illusion(**QUICK))
    assert [row["kind"] for row in rows_of(result)] == ["class", "class_only", "neuron_only"]
    assert rows_of(result)[0]["guidance"] == "no language guidance"
    assert pixels(rows_of(result)[0]["png"]).shape == (12, 12)
    assert result.notes["text"][0].as_py().endswith("(fed with pixels in [0, 1]).")
    settings = json.loads(result.settings["settings"][0].as_py())
    assert (settings["size"], settings["engine"], settings["steps"]) == ([12, 12], "fourier", 3)
    assert len(result.steps) == 3


def test_a_picture_does_not_depend_on_what_is_made_beside_it(grey):
    alone = grey.run(Illusion(**QUICK | {"neurons": (2,), "seed": 1}))
    beside = grey.run(Illusion(**QUICK | {"neurons": (4, 2, 0), "seeds": 2}))
    assert rows_of(beside, neuron=2, seed=1) == rows_of(alone, seed=1)
    assert rows_of(beside, neuron=2, seed=0) != rows_of(alone, seed=1)


def test_the_model_and_the_random_state_are_untouched(grey, grey_model):
    grey_model.train()
    grey_model.norm.eval()
    flags = [module.training for module in grey_model.modules()]
    wanted = [parameter.requires_grad for parameter in grey_model.parameters()]
    before, state, threads = fingerprint(grey_model), torch.get_rng_state(), torch.get_num_threads()
    for prior in ("none", "prototype", "bn"):
        picture(grey, Illusion(**QUICK, prior=prior), model=grey_model)

    def stop(done, message=""):
        if "seed" in message and done > 0.3:
            raise AnalysisCancelled("stopped")

    with pytest.raises(AnalysisCancelled):
        picture(grey, Illusion(**QUICK), model=grey_model, progress=stop)
    assert fingerprint(grey_model) == before
    assert [module.training for module in grey_model.modules()] == flags
    assert [parameter.requires_grad for parameter in grey_model.parameters()] == wanted
    assert all(parameter.grad is None for parameter in grey_model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in grey_model.modules())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_intermediate_pictures_reach_whoever_watches(grey):
    class Watching:
        def __init__(self):
            self.frames, self.done = [], []

        def __call__(self, done, message=""):
            self.done.append(done)

        def partial(self, tables):
            self.frames.append(tables["frames"].to_pylist())

    watching = Watching()
    result = picture(grey, Illusion(**QUICK | {"steps": 64, "seeds": 2}), progress=watching)
    seen = [[(row["seed"], row["step"], row["steps"], row["attempt"]) for row in rows] for rows in watching.frames]
    # What a seed came to stays in sight while the next one is made.
    first, second = (0, 64, 64, 1), (1, 64, 64, 1)
    assert seen == [[(0, 32, 64, 1)], [first], [first, (1, 32, 64, 1)], [first, second]]
    kept = {(row["seed"], row["step"]): row["png"] for row in result.frames.to_pylist()}
    assert all(row["png"] == kept[row["seed"], row["step"]] for rows in watching.frames for row in rows)
    assert watching.done == sorted(watching.done)


def test_a_second_try_with_a_weaker_class_is_told_as_one():
    told, shown = [], []

    class Watching:
        def __call__(self, done, message=""):
            told.append(message)

        def partial(self, tables):
            shown.append(tables["frames"]["step"].to_pylist())

    teller = Teller(Watching(), "cat", n_cards=2, steps=64)
    tell = teller.of(3, 0)
    for step, attempt in ((32, 1), (64, 1), (32, 2)):
        tell(step, np.zeros((2, 2), np.uint8), attempt)
    assert told[-2:] == ["neuron 3, cat, seed 0, step 64 of 64", "neuron 3, cat, seed 0, step 32 of 64 of try 2"]
    assert shown == [[32], [64], [32]]
    teller.of(4, 0)(32, np.zeros((2, 2), np.uint8), 1)
    assert shown[-1] == [32]  # of the other neuron alone


@pytest.mark.parametrize("engine", ["own", "maco"])
def test_engines_that_stand_on_real_images_run(engine, grey):
    result = grey.run(Illusion(**QUICK | {"engine": engine}))
    assert json.loads(result.settings["settings"][0].as_py())["real_images"] == 40
    assert len({row["png"] for row in rows_of(result)}) == 3


def test_the_strongest_neurons_and_the_class_with_most_mistakes_are_the_default(grey):
    result = grey.run(Illusion(seeds=1, steps=1))
    labels, predictions = grey.labels, grey.logits("last").argmax(1)
    worst = np.bincount(labels[labels != predictions], minlength=3).argmax()
    assert rows_of(result)[0]["label"] == grey.classes[worst]
    best = np.argsort(-grey.head("last").weight[worst], kind="stable")[:4]
    assert list(dict.fromkeys(row["neuron"] for row in rows_of(result))) == best.tolist()
    assert result.agreement["value"][0].as_py() is not None


def test_the_weight_of_the_class_is_halved_until_the_neuron_is_expressed(planted):
    model, recording = planted
    # "red" is against edges 9.6 times as much as it is for anything: heavy, it drowns the edge neuron.
    asked = Illusion(neurons=(4,), label="red", seeds=1, steps=40, engine="fourier", gamma=0.4)
    row = rows_of(picture(recording, asked, model=model), kind="class")[0]
    assert row["gamma"] in (0.2, 0.1, 0.05)
    assert row["expressed"] or row["badge"] == "neuron not expressed"


def test_masks_of_real_pictures_lie_on_what_excites_the_neuron(planted):
    model, recording = planted
    result = picture(recording, Illusion(neurons=(0,), label="red", seeds=1, steps=1, engine="fourier"), model=model)
    best = [row for row in result.exemplars.to_pylist() if row["kind"] == "overall"]
    assert len(best) == 9
    for row in best:
        mask = np.asarray(Image.open(io.BytesIO(row["mask"])))
        image = np.asarray(recording.image(row["sample_index"]), float)
        assert set(np.unique(mask)) == {128, 255}
        assert mask.shape == image.shape[:2]
        red = image[..., 0] - image[..., 1:].mean(-1) > 128
        assert (mask[red] == 255).all()
        assert (mask == 255).sum() < 1.6 * red.sum()


@pytest.mark.parametrize(
    ("size", "crop", "box"),
    [((200, 100), 0.5, (75, 25, 125, 75)), ((200, 100), 1.0, (50, 0, 150, 100)), ((40, 80), 1.0, (0, 20, 40, 60))],
)
def test_a_mask_leaves_out_what_the_network_was_not_fed(size, crop, box):
    feed = Feed((3, 50, 50), crop=crop)
    assert kept_part(size, feed) == box
    # A white frame around the part that is kept: nothing of it comes in.
    inside = Image.new("RGB", size, "white")
    inside.paste((0, 0, 0), box)
    assert feed.prepared(inside)[:, 3:-3, 3:-3].max() == 0


def test_a_picture_that_cannot_be_read_has_no_mask(planted, monkeypatch):
    model, recording = planted
    network = network_of(recording, recording.checkpoint("last"), model=model)
    image = recording.image

    def damaged(row):
        if row == 1:
            raise MediaError("It is damaged.")
        return image(row)

    monkeypatch.setattr(recording, "image", damaged)
    assert list(real_masks(network, recording, [0, 1, 2], 0)) == [0, 2]


def test_samples_with_several_labels_are_refused_in_a_sentence(tmp_path, grey_model):
    images = np.zeros((2, 12, 12), np.uint8)
    recording = bs.record(grey_model, images, tmp_path / "run", labels=[[0], [0, 1]], classes=["cat", "dog", "owl"])
    with pytest.raises(InputError) as error:
        picture(recording, Illusion(**QUICK), model=grey_model)
    assert str(error.value) == (
        f"{tmp_path / 'run'} is multi-label: few classes of a sample have a score, and the model is checked by the "
        "logits of all. Record each class against the rest as a recording of two classes."
    )


# Scorers


class Stub:
    """A fixed random linear image encoder; text vectors by length."""

    def __init__(self):
        self.matrix = torch.randn(3 * 64, 8, generator=torch.Generator().manual_seed(0))
        self.n_texts = 0

    def encode_text(self, texts):
        self.n_texts += 1
        rows = torch.stack([torch.randn(8, generator=torch.Generator().manual_seed(len(text))) for text in texts])
        return nn.functional.normalize(rows, dim=1)

    def encode_image(self, images):
        return nn.functional.adaptive_avg_pool2d(images - 0.5, 8).flatten(1) @ self.matrix


def test_a_scorer_draws_the_picture_and_its_text_is_encoded_once(grey):
    scorer = Stub()
    result = picture(grey, Illusion(**QUICK | {"steps": 100, "gamma": 0.0}), scorer=scorer)
    q = result.steps["scorer_term"].to_numpy()
    smooth = np.convolve(q, np.ones(30) / 30, "valid")
    assert q[-5:].mean() > q[:2].mean() + 0.1
    assert (np.diff(smooth[::20]) > 0).all()
    assert scorer.n_texts == 1
    assert rows_of(result)[0]["q"] == pytest.approx(q[-1], abs=0.1)
    assert rows_of(result)[0]["guidance"] == "guided by the words 'cat'"
    assert rows_of(result, kind="neuron_only")[0]["guidance"] == "no language guidance"


def test_any_function_of_pictures_and_a_name_scores_and_only_the_first_synonym_is_said(grey):
    said = set()

    def score(images, name):
        said.add((images.shape[1], name))
        return images.mean((1, 2, 3))

    result = picture(grey, Illusion(**QUICK | {"label": "dog, hound"}), scorer=score)
    assert said == {(3, "dog")}
    assert "Of the class name 'dog, hound' only the first synonym, 'dog', was put into sentences." in [
        text.as_py() for text in result.notes["text"]
    ]


def test_a_scorer_that_is_not_there_is_told_at_once_with_the_three_ways(grey, tmp_path):
    told = []
    with pytest.raises(ScorerError) as error:
        grey.run(Illusion(**QUICK, scorer=str(tmp_path / "clip.pt")), lambda done, message="": told.append(done))
    assert str(error.value) == (
        f"No scorer was found at {str(tmp_path / 'clip.pt')!r}. There are three ways to supply a scorer: a local "
        "folder with open_clip_config.json and weights (scorer='folder'); a local checkpoint file with the name of its "
        "architecture (scorer='file', scorer_model='ViT-B-32'); in Python any object with encode_text and "
        "encode_image, or a function of pictures and a class name. Nothing is ever downloaded; scorer=None works "
        "without."
    )
    assert told == []


def test_a_file_of_weights_needs_the_name_of_its_architecture(grey, tmp_path):
    (tmp_path / "clip.pt").write_bytes(b"")
    with pytest.raises(ScorerError, match="does not tell its architecture: give scorer_model="):
        grey.run(Illusion(**QUICK, scorer=str(tmp_path / "clip.pt")))


def test_a_scorer_that_gives_something_else_is_refused(grey):
    with pytest.raises(ScorerError, match=r"The scorer gave \(3, 2\) for 3 pictures; one number for each is expected."):
        picture(grey, Illusion(**QUICK), scorer=lambda images, name: images.new_zeros(len(images), 2))


def test_nothing_asks_the_network(grey, monkeypatch):
    def refuse(*given, **options):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert len(picture(grey, Illusion(**QUICK)).pictures) == 3


# Bad input


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"neurons": (6,)},
            "Neurons 6 do not exist: the layer before the decision has 6 neurons. Give neurons from 0 to",
        ),
        ({"neurons": (-1,)}, r"neurons=\(-1,\) holds a negative number"),
        ({"label": "kat"}, "There is no class 'kat'. Did you mean 'cat'?"),
        ({"steps": 0}, "steps=0 is out of range. Give a number from 1 to 10,000."),
        ({"gamma": -1.0}, "gamma=-1.0 is no weight"),
        ({"std": (0.0,)}, "holds a number that is not above 0"),
        ({"crop": 0.0}, "crop=0.0 is no part of an image"),
    ],
)
def test_bad_parameters_are_named(given, words, grey):
    with pytest.raises(ParameterError, match=words):
        grey.run(Illusion(**QUICK | given))


def test_neurons_named_twice_are_pictured_once_with_a_note(grey):
    result = grey.run(Illusion(**QUICK | {"neurons": (1, 1), "steps": 1}))
    assert len(result.pictures) == 3
    assert "Neurons named twice are pictured once." in [text.as_py() for text in result.notes["text"]]


def test_another_model_than_the_recorded_one_is_refused(grey):
    torch.manual_seed(5)
    with pytest.raises(AdapterError) as error:
        picture(grey, Illusion(**QUICK), model=Grey())
    assert str(error.value).startswith(
        "The model does not give the logits recorded at checkpoint 000000: for 8 pictures"
    )
    assert "mean=…, std=…" in str(error.value)


def test_a_recording_without_a_program_needs_a_model(planted):
    _, recording = planted
    with pytest.raises(MissingInputError, match="it has no exported model. Record it with export=True"):
        recording.run(Illusion(neurons=(0,)))


def test_batch_normalisations_are_asked_for_only_where_there_are_some(planted):
    model, recording = planted
    with pytest.raises(ParameterError, match="prior='bn' compares with the statistics of batch normalisations"):
        picture(recording, Illusion(neurons=(0,), prior="bn", steps=1), model=model)


def test_a_single_output_and_rectangular_pictures_are_supported(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))
    images = np.random.default_rng(0).integers(0, 256, (20, 9, 14), dtype=np.uint8)
    recording = bs.record(model, images, tmp_path / "run", labels=[0, 1] * 10, classes=["no", "yes"], export=True)
    for label in ("yes", "no"):
        result = Recording(recording.path).run(Illusion(neurons=(2,), label=label, seeds=1, steps=2, engine="fourier"))
        row = rows_of(result)[0]
        image = pixels(row["png"])
        assert image.shape == (9, 14)
        with torch.no_grad():
            output = model(torch.from_numpy(image).float()[None, None])[0, 0]
        assert row["logit"] == pytest.approx(float(output) if label == "yes" else 0, abs=1e-4)


def test_a_program_is_fed_as_it_was_when_it_was_recorded(tmp_path):
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (16, 10, 10, 3), dtype=np.uint8)
    transform = bs.ImageTransform(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    pictures = [Image.fromarray(image) for image in images]
    recording = bs.record(model, pictures, tmp_path / "run", labels=[0, 1] * 8, transform=transform, export=True)
    result = recording.run(Illusion(neurons=(0,), seeds=1, steps=1, engine="fourier"))
    assert "ImageNet's mean and std" in result.notes["text"][0].as_py()
