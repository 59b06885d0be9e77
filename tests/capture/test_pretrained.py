"""A pretrained network of another author, recorded on photographs in three lines."""

import numpy as np
import pytest
import torch
from PIL import Image

import bathyscope as bs
from photographs import copy_photographs, efficientnet_lite0

pytestmark = pytest.mark.peers


def test_efficientnet_lite0_in_three_lines(tmp_path):
    photographs = copy_photographs(tmp_path / "photographs")

    model, transform = efficientnet_lite0()
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
