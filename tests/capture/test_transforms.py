"""Transforms against Pillow and numbers worked by hand."""

import numpy as np
import pytest
import torch
from PIL import Image

from bathyscope import ImageTransform
from bathyscope.capture.transforms import PixelScale, collate, image_tensor, is_channels_last
from bathyscope.errors import SourceError


def test_pixels_become_values_in_0_1_normalised_per_channel():
    picture = Image.fromarray(np.array([[[0, 51, 255]]], dtype=np.uint8))
    tensor = ImageTransform(mean=(0.0, 0.2, 0.5), std=(1.0, 0.5, 0.25))(picture)
    torch.testing.assert_close(tensor, torch.tensor([0.0, 0.0, 2.0]).reshape(3, 1, 1))


def test_shorter_side_is_resized_and_the_centre_is_cut_out():
    columns = np.tile(np.arange(0, 120, dtype=np.uint8), (60, 1))
    tensor = ImageTransform(30, mode="L")(Image.fromarray(columns))
    assert tensor.shape == (1, 30, 30)
    middle = (tensor[0, 15] * 255).numpy()
    np.testing.assert_allclose(middle, np.arange(30.5, 90, 2), atol=1.0)  # columns 30 … 90 of 120, every other


def test_crop_keeps_a_part_of_the_centre():
    columns = np.tile(np.arange(0, 64, dtype=np.uint8), (64, 1))
    row = ImageTransform(32, mode="L", crop=0.5)(Image.fromarray(columns))[0, 0] * 255
    np.testing.assert_allclose(row.numpy(), np.arange(16, 48), atol=0.01)


def test_arrays_of_any_layout_are_pictures_too():
    values = np.random.default_rng(0).random((3, 5, 7)).astype(np.float32)
    first = ImageTransform()(torch.from_numpy(values))
    last = ImageTransform()(np.moveaxis(values, 0, -1))
    assert first.shape == (3, 5, 7)
    torch.testing.assert_close(first, last)


@pytest.mark.parametrize(
    ("shape", "expected"), [((2, 5, 6), (2, 1, 5, 6)), ((2, 3, 5, 6), (2, 3, 5, 6)), ((2, 5, 6, 3), (2, 3, 5, 6))]
)
def test_image_arrays_become_channels_first(shape, expected):
    values = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    tensor = image_tensor(values)
    assert tuple(tensor.shape) == expected
    assert tensor.dtype == torch.float32
    assert float(tensor.max()) == pytest.approx(values.max() / 255)


def test_channels_last_is_moved_not_reshaped():
    values = np.zeros((1, 6, 5, 3), dtype=np.uint8)
    values[0, 2, 3] = (51, 102, 255)
    np.testing.assert_allclose(image_tensor(values)[0, :, 2, 3], [0.2, 0.4, 1.0])


def test_an_ambiguous_layout_counts_as_channels_first():
    assert not is_channels_last((3, 8, 3))
    assert is_channels_last((8, 8, 3))


def test_read_only_arrays_are_copied_not_written():
    values = np.ones((2, 4, 4), dtype=np.float32)
    values.flags.writeable = False
    image_tensor(values).zero_()
    assert values.all()


def test_pixel_scale_stretches_what_is_not_in_0_1():
    values = np.array([[-2.0, 0.0], [1.0, 2.0]])
    scale = PixelScale.from_values(values)
    np.testing.assert_array_equal(scale.pixels(values), [[0, 128], [191, 255]])
    assert scale.note == "pictures show model inputs, stretched from [-2, 2] (range of the first batch)"


def test_values_in_0_1_are_taken_as_they_are():
    values = np.array([[0.2, 0.4], [0.4, 0.6]])
    scale = PixelScale.from_values(values)
    np.testing.assert_array_equal(scale.pixels(values), [[51, 102], [102, 153]])
    assert scale.note is None


def test_inputs_of_different_shapes_are_explained():
    with pytest.raises(SourceError) as caught:
        collate([torch.zeros(3, 5, 6), torch.zeros(3, 4, 6)])
    assert str(caught.value) == (
        "Samples of one batch have inputs of different shapes, such as (3, 4, 6) and (3, 5, 6). For images pass "
        "transform=ImageTransform(size=224) with the model's own size; for texts pass collate=, for instance "
        "DataCollatorWithPadding(tokenizer)."
    )


def test_dicts_and_tuples_are_stacked_part_by_part():
    batch = collate([{"a": 1, "b": (torch.zeros(2), "x")}, {"a": 2, "b": (torch.ones(2), "y")}])
    assert batch["a"].tolist() == [1, 2]
    assert batch["b"][0].tolist() == [[0, 0], [1, 1]]
    assert batch["b"][1] == ["x", "y"]
