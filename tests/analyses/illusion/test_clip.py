"""open_clip's own loading code, with a tiny model trained here on captioned images; skipped without open_clip."""

import json
import socket

import numpy as np
import pytest
import torch
from torch import nn

import bathyscope as bs
from analyses.illusion.planted import SIDE
from analyses.illusion.small_clip import MODEL, OWN, save_clip
from bathyscope.analyses.illusion import Illusion, picture
from bathyscope.analyses.illusion.scorers import ImageTextScorer, OpenClipScorer, similarity_to
from bathyscope.errors import ScorerError

open_clip = pytest.importorskip("open_clip", reason="open_clip is not installed: pip install 'bathyscope[clip]'")

COLOURS = {"red": (0.8, 0.2, 0.2), "green": (0.2, 0.8, 0.2), "blue": (0.2, 0.2, 0.8)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as open_clip saves it: settings and the weights of a model that knows three colours."""
    path = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    model = open_clip.CLIP(**MODEL)
    tokens = open_clip.SimpleTokenizer(context_length=16)
    texts = tokens([f"a photo of a {name}." for name in COLOURS])
    mean, std = (torch.tensor(OWN[name])[:, None, None] for name in ("mean", "std"))
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(40):
        flat = torch.tensor(list(COLOURS.values()))[:, :, None, None] + 0.2 * torch.randn(3, 3, 1, 1)
        images = (flat + 0.1 * torch.randn(3, 3, 32, 32)).clamp(0, 1)
        logits = (
            10 * model.encode_image((images - mean) / std, normalize=True) @ model.encode_text(texts, normalize=True).T
        )
        loss = nn.functional.cross_entropy(logits, torch.arange(3)) + nn.functional.cross_entropy(
            logits.T, torch.arange(3)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return save_clip(model, path)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*given, **options):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_local_folder_is_loaded_with_its_own_preprocessing(folder, no_network):
    scorer = OpenClipScorer(folder)
    assert isinstance(scorer, ImageTextScorer)
    assert (scorer.size, scorer.mean, scorer.std) == ((32, 32), tuple(OWN["mean"]), tuple(OWN["std"]))
    images = torch.stack([torch.tensor(value)[:, None, None].expand(3, 40, 40) for value in COLOURS.values()])
    for place, name in enumerate(COLOURS):
        assert int(similarity_to(scorer, name)(images).argmax()) == place


def test_a_picture_is_drawn_to_the_words(folder, no_network, tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        torch.nn.Linear(4, 3),
    )  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3), dtype=np.uint8)
    recording = bs.record(model, images, tmp_path / "run", labels=[0, 1, 2] * 4, classes=list(COLOURS))
    asked = Illusion(neurons=(1,), label="green", scorer=str(folder), seeds=1, steps=100, gamma=0.0, size=SIDE)
    result = picture(recording, asked, model=model)
    q = result.steps["scorer_term"].to_numpy()
    assert q[-5:].mean() > q[:5].mean() + 0.2
    assert result.pictures["guidance"][0].as_py() == "guided by the words 'green'"


def test_a_file_of_weights_with_the_name_of_another_architecture_is_refused(folder, no_network):
    file = folder / "open_clip_pytorch_model.bin"
    with pytest.raises(ScorerError, match="open_clip knows no architecture 'ViT-Z-1' on this machine"):
        OpenClipScorer(file, "ViT-Z-1")
    with pytest.raises(ScorerError, match="The text part of 'roberta-ViT-B-32' would be downloaded"):
        OpenClipScorer(file, "roberta-ViT-B-32")


def test_a_file_of_weights_is_loaded_into_its_architecture(folder, no_network, tmp_path):
    (tmp_path / "tiny-clip.json").write_text(json.dumps(MODEL))
    open_clip.add_model_config(tmp_path)
    scorer = OpenClipScorer(folder / "open_clip_pytorch_model.bin", "tiny-clip")
    whole = OpenClipScorer(folder)
    words = ["a photo of a red."]
    assert torch.equal(scorer.encode_text(words), whole.encode_text(words))


def test_a_damaged_folder_is_named(tmp_path):
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": MODEL, "preprocess_cfg": OWN}))
    with pytest.raises(ScorerError, match="open_clip cannot load the scorer at"):
        OpenClipScorer(tmp_path)
