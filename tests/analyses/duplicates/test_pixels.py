"""The distance of pictures and the two ways to find candidates: by hand, against slow versions, by laws."""

import io
import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy import ndimage

from bathyscope.analyses.duplicates import pixels
from bathyscope.analyses.duplicates.contents import digest_of_picture, grey_of
from bathyscope.demo.data import load_fashion


@pytest.fixture(scope="module")
def greys():
    return load_fashion().images[:300]


def distance(first, second):
    got = pixels.pixel_distances(np.stack([first, second]).astype(np.uint8), np.array([[0, 1]]))
    return float(got.noise[0]), float(got.share[0])


def test_what_a_filter_and_brightness_explain_costs_nothing():
    picture = np.random.default_rng(0).integers(40, 120, (12, 12))
    assert distance(picture, picture)[0] < 0.2
    assert distance(picture, 2 * picture + 10)[0] < 0.2
    assert distance(picture, 140 - picture)[0] < 0.2  # a negative is a filter too
    # Shifted by one pixel: its kernel is a one off the centre.
    assert distance(picture[:, :-1], picture[:, 1:])[0] < 0.2


def test_what_remains_is_the_noise_that_was_added():
    generator = np.random.default_rng(0)
    picture = ndimage.gaussian_filter(generator.normal(size=(32, 32)), 2)
    picture = 120 + 60 * picture / picture.std()
    noisy = picture + generator.normal(0, 4, picture.shape)
    noise, share = distance(picture.clip(0, 255), noisy.clip(0, 255))
    assert noise == pytest.approx(4, rel=0.25)
    assert share == pytest.approx(16 / 3600, rel=0.6)


def test_distance_agrees_with_least_squares(greys):
    def slow(x, y):
        columns = [x[i : i + 26, j : j + 26].ravel() for i in range(3) for j in range(3)] + [np.ones(26 * 26)]
        target = y[1:-1, 1:-1].ravel().astype(float)
        fit, *_ = np.linalg.lstsq(np.stack(columns, axis=1).astype(float), target, rcond=None)
        rest = target - np.stack(columns, axis=1) @ fit
        return np.sqrt((rest**2).mean()), (rest**2).mean() / target.var()

    pairs = np.array([[0, 1], [5, 9], [17, 240]])
    expected = [np.maximum(slow(greys[a], greys[b]), slow(greys[b], greys[a])) for a, b in pairs]
    got = pixels.pixel_distances(greys, pairs)
    assert_allclose(np.stack(got, axis=1), expected, rtol=0.02)


def test_pictures_of_nothing_are_near_to_nothing():
    flat, other = np.full((8, 8), 7), np.arange(64).reshape(8, 8)
    assert distance(flat, flat) == (np.inf, np.inf)
    assert distance(flat, other) == (np.inf, np.inf)
    assert distance(np.arange(9).reshape(3, 3), np.arange(9).reshape(3, 3)) == (np.inf, np.inf)


def test_nearest_pictures_are_those_of_highest_correlation(greys):
    rows = np.arange(10, 300)
    got = {tuple(pair) for pair in pixels.nearest_pictures(greys, rows).tolist()}
    correlation = np.corrcoef(greys.reshape(300, -1))
    sure = np.argwhere(np.triu(correlation, 1) > 0.97)
    assert len(sure) > 0
    assert {tuple(pair) for pair in sure.tolist() if pair[0] >= 10} <= got
    assert all(10 <= a < b for a, b in got)


def test_hash_is_the_sign_of_the_cosine_transform():
    picture = np.random.default_rng(1).integers(0, 256, (32, 32)).astype(np.uint8)
    place, wave = np.arange(32), np.arange(8)[:, None]
    basis = np.cos(np.pi * (2 * place + 1) * wave / 64)
    basis[0] /= np.sqrt(2)
    low = (basis @ picture @ basis.T).ravel()
    expected = "".join("1" if value > np.median(low) else "0" for value in low)
    got = pixels.perceptual_hashes(picture[None]).view(np.uint8)
    assert "".join(f"{byte:08b}" for byte in got) == expected


def test_hamming_by_hand():
    first = np.array([0, 0b1011, 2**64 - 1], np.uint64)
    assert_array_equal(pixels.hamming(first, np.array([0, 0b0001, 0], np.uint64)), [0, 2, 64])


def test_hash_search_finds_what_comparing_all_finds():
    generator = np.random.default_rng(2)
    hashes = generator.integers(0, 2**63, 60, dtype=np.uint64)
    flipped = []
    for bits in range(8):  # partners that differ in 0 … 7 bits
        for _ in range(6):
            mask = sum(1 << int(bit) for bit in generator.choice(64, bits, replace=False))
            flipped.append(generator.choice(hashes) ^ np.uint64(mask))
    hashes = np.concatenate([hashes, np.array(flipped, np.uint64)])
    everything = [
        pair
        for pair in itertools.combinations(range(len(hashes)), 2)
        if bin(int(hashes[pair[0]]) ^ int(hashes[pair[1]])).count("1") <= 4
    ]
    assert len(everything) > 25
    assert_array_equal(pixels.hash_neighbours(hashes, np.arange(len(hashes))), everything)


def test_many_equal_hashes_do_not_make_all_pairs():
    pairs = pixels.hash_neighbours(np.zeros(1000, np.uint64), np.arange(1000))
    assert len(pairs) < 1000 * 20
    assert len(np.unique(pairs)) == 1000


def test_digest_is_of_pixels_not_of_files():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))
    digests = set()
    for options in ({"format": "PNG"}, {"format": "PNG", "compress_level": 0}, {"format": "BMP"}):
        buffer = io.BytesIO()
        picture.save(buffer, **options)
        digests.add(digest_of_picture(Image.open(buffer)))
    assert len(digests) == 1
    # The same bytes as another size are another picture.
    assert digest_of_picture(picture) != digest_of_picture(Image.frombytes("RGB", (9, 7), picture.tobytes()))


def test_small_pictures_keep_their_pixels_and_large_ones_become_small():
    small = np.arange(28 * 30, dtype=np.uint32).reshape(28, 30).astype(np.uint8)
    assert_array_equal(grey_of(Image.fromarray(small)), small)
    assert grey_of(Image.new("RGB", (200, 100), (255, 255, 255))).shape == (32, 32)
    assert grey_of(Image.new("RGBA", (5, 5), (255, 255, 255, 0))).max() == 0
