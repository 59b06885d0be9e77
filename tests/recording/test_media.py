import io

import numpy as np
import pytest
from PIL import Image

from bathyscope.errors import MediaError
from bathyscope.recording.media import decode, encode_png, thumbnail


def encoded(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4)])
def test_pixels_survive(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(decode(encode_png(pixels), "x")).reshape(shape), pixels)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "The image of sample 'a' was recorded without bytes."),
        (b"hello", "The image of sample 'a' is in no format that can be shown (5 bytes)."),
    ],
)
def test_what_is_no_picture_says_why(content, reason):
    with pytest.raises(MediaError) as raised:
        decode(content, "sample 'a'")
    assert str(raised.value) == reason


def test_a_picture_that_is_cut_off_says_so():
    content = encoded(Image.new("RGB", (64, 64), "red"), "JPEG")
    with pytest.raises(MediaError, match=r"^The image of x cannot be read: .*[Tt]runcated"):
        decode(content[: len(content) // 2], "x")


def test_a_picture_that_claims_too_many_pixels_is_refused(monkeypatch):
    monkeypatch.setattr("bathyscope.recording.media.MAX_PIXELS", 99)
    with pytest.raises(MediaError) as raised:
        decode(encode_png(np.zeros((10, 10), np.uint8)), "x")
    assert str(raised.value) == "The image of x claims 10 × 10 pixels; up to 99 pixels are shown."


def test_odd_modes_become_displayable():
    sixteen = Image.fromarray(np.array([[0, 65535], [32768, 0]], np.uint16))
    assert np.asarray(decode(encoded(sixteen), "x")).tolist() == [[0, 255], [127, 0]]
    assert decode(encoded(Image.new("CMYK", (2, 2)), "JPEG"), "x").mode == "RGB"
    assert decode(encoded(Image.new("P", (2, 2)), "GIF"), "x").mode == "RGB"
    assert decode(encoded(Image.new("1", (2, 2))), "x").mode == "L"


def test_a_camera_that_was_held_sideways_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encoded(Image.new("L", (4, 2)), "JPEG", exif=exif), "x").size == (2, 4)


def test_small_thumbnails_lose_nothing_and_none_grow():
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    small = Image.open(io.BytesIO(thumbnail(Image.fromarray(pixels), 96)))
    np.testing.assert_array_equal(np.asarray(small.convert("L")), pixels)
    large = Image.open(io.BytesIO(thumbnail(Image.new("RGB", (400, 200)), 96)))
    assert large.size == (96, 48)
