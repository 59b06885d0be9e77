"""How labels go wrong is told apart: by chance, or one class into another."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analyses.labels.test_scores import simulated
from bathyscope.analyses.labels.noise import Noise, label_noise, sharpened, wrong_label_probability


def test_two_classes_worked_by_hand():
    # Class 0 has its scores 0.6 … 0.9; two of them reach the place of the median (0.8), as does one sample of label 1
    # (0.85): 1 · 4 samples / 2 = 2 that may truly be of class 0.
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    of_zero = np.array([0.9, 0.8, 0.7, 0.6, 0.85, 0.1, 0.2, 0.3])
    noise = label_noise(labels, np.stack([of_zero, 1 - of_zero], axis=1))
    # Class 1 likewise: two reach 0.8, and none of label 0 does. Chance is the mean over both pairs, (2 + 0) / 2 = 1 of
    # 4 samples; one more is no proof of structure.
    assert noise.structure == 0
    assert_allclose(noise.of_true, [[0.75, 0.25], [0.25, 0.75]])


def test_the_probability_is_that_of_bayes():
    noise = Noise(np.array([[0.9, 0.3], [0.1, 0.7]]), 1.0)
    wrong = wrong_label_probability(np.array([0, 1]), np.array([[0.5, 0.5], [0.8, 0.2]]), noise)
    assert_allclose(wrong, [0.15 / 0.6, 0.08 / 0.22])


@pytest.mark.parametrize(
    ("kind", "rate", "structured"), [("sym", 0.1, False), ("pair", 0.1, True), ("class", 0.3, True)]
)
def test_chance_is_told_from_structure_and_the_rate_is_found(kind, rate, structured):
    true, given, probabilities = simulated(kind, rate)
    noise = label_noise(given, probabilities)
    assert (noise.structure > 0.9) == structured
    assert (noise.structure < 0.1) != structured
    assert_allclose(noise.of_true.sum(axis=0), 1)
    real = np.zeros((10, 10))
    np.add.at(real, (given, true), 1)
    worst = (real / real.sum(axis=0)).copy()
    np.fill_diagonal(worst, 0)
    place = np.unravel_index(worst.argmax(), worst.shape)
    # By chance every pair carries about the same; with structure the largest cell is the right one, and about right.
    assert noise.of_true[place] == pytest.approx(worst[place] if structured else rate / 9, rel=0.35)


def test_a_class_that_no_sample_carries_is_no_trouble():
    _, given, probabilities = simulated("pair", 0.1, n_samples=400)
    wider = np.pad(probabilities, ((0, 0), (0, 2)))
    noise = label_noise(given, wider)
    assert np.isfinite(noise.of_true).all()
    assert_allclose(
        wrong_label_probability(given, wider, noise),
        wrong_label_probability(given, probabilities, label_noise(given, probabilities)),
        atol=0.05,
    )


def test_sharpening_keeps_the_order_and_the_sum():
    given = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]])
    assert_allclose(sharpened(given, 2), [[0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38], [1, 0, 0]])
