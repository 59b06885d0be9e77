"""How labels go wrong is told apart: by chance, or one class into another."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from analyses.labels.test_scores import simulated
from bathyscope.analyses.labels import noise as noise_module
from bathyscope.analyses.labels.folds import out_of_fold
from bathyscope.analyses.labels.noise import (
    Noise,
    doubt,
    expected_errors,
    label_noise,
    sharpened,
    unmixed,
    wrong_label_probability,
)


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
    of_true = np.array([[0.9, 0.3], [0.1, 0.7]])
    assert_allclose(doubt(np.array([0, 1]), np.array([[0.5, 0.5], [0.8, 0.2]]), of_true), [0.15 / 0.6, 0.08 / 0.22])


def test_what_noise_mixed_in_is_taken_out_again(monkeypatch):
    # Of class 1, 30 % carry the label 0: a model that is sure of class 1 says (0.3, 0.7).
    of_true = np.array([[1.0, 0.3], [0.0, 0.7]])
    said = np.array([[0.3, 0.7], [1.0, 0.0]])
    monkeypatch.setattr(noise_module, "UNMIXINGS", 1)
    # Mixed anew it would say (0.3 + 0.3 · 0.7, 0.7 · 0.7) = (0.51, 0.49); each class times what it explains:
    # 0.3 · 0.3 / 0.51, and 0.7 · (0.3 · 0.3 / 0.51 + 0.7 · 0.7 / 0.49).
    one = np.array([0.09 / 0.51, 0.7 * (0.09 / 0.51 + 1)])
    assert_allclose(unmixed(said, of_true)[0], one / one.sum())
    monkeypatch.setattr(noise_module, "UNMIXINGS", 500)
    assert_allclose(unmixed(said, of_true), [[0, 1], [1, 0]], atol=1e-3)


def test_doubt_of_a_label_that_is_surely_wrong_is_not_halved():
    # Without taking the noise out it would be 0.3 · 0.7 / (0.3 + 0.3 · 0.7) = 0.41, however sure the model is.
    noise = Noise(np.array([[1.0, 0.3], [0.0, 0.7]]), 1.0)
    assert wrong_label_probability(np.array([0]), np.array([[0.3, 0.7]]), noise)[0] > 0.7


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
    wrong = np.where(np.eye(10, dtype=bool), 0, real / real.sum(axis=0))
    told = np.where(np.eye(10, dtype=bool), 0, noise.of_true)
    if not structured:
        assert told.sum() / 90 == pytest.approx(rate / 9, rel=0.35)
        return
    # With structure the largest cell is a real one, and what is found of all real ones is about right.
    assert wrong.flat[told.argmax()] > 0
    assert told[wrong > 0].sum() == pytest.approx(wrong.sum(), rel=0.25)
    assert told[wrong == 0].max() < 0.1 * told.max()


def test_a_class_that_resembles_several_is_told_from_labels_that_are_wrong():
    # Class 6 looks like 0, 2 or 4, and they like it; besides, 30 % of it carry the label 0, and that is all the noise.
    generator = np.random.default_rng(0)
    true = np.arange(6000) % 10
    z = generator.normal(size=(6000, 10))
    z[np.arange(6000), true] += 6
    alike, own = np.flatnonzero(np.isin(true, [0, 2, 4])), np.flatnonzero(true == 6)
    z[alike, 6] = 5 + 1.5 * generator.normal(size=len(alike))
    z[own, generator.choice([0, 2, 4], len(own))] = 5 + 1.5 * generator.normal(size=len(own))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert (p[true == 2].argmax(axis=1) == 6).mean() > 0.2  # or it would show nothing
    moved = np.eye(10)
    moved[6, 6], moved[6, 0] = 0.7, 0.3
    given = np.where((true == 6) & (generator.random(6000) < 0.3), 0, true)
    told = label_noise(given, p @ moved).of_true
    assert told[0, 6] == pytest.approx(0.3, rel=0.3)
    assert max(told[2, 6], told[4, 6], *told[6, [0, 2, 4]]) < 0.01


RESEMBLING = {8: 1, 1: 8, 9: 3, 3: 9, 4: 7, 7: 4}


def spoiled_digits(kind):
    """True and given labels of the digits, and what models of the other folds say."""
    found = load_digits()
    true, generator = found.target.astype(np.int64), np.random.default_rng(1)
    given, like = true.copy(), np.isin(true, {"symmetric": range(10), "pair": list(RESEMBLING), "class": [8]}[kind])
    hit = generator.permutation(np.flatnonzero(like))[: 52 if kind == "class" else 180]
    chance = (true[hit] + generator.integers(1, 10, len(hit))) % 10
    given[hit] = chance if kind == "symmetric" else [RESEMBLING[label] for label in true[hit]]

    def fit(rows):
        model = LinearDiscriminantAnalysis().fit(found.data[rows], given[rows])
        return lambda asked: model.predict_proba(found.data[asked])

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Variables are collinear")
        return true, given, out_of_fold(fit, given, folds=3).probabilities


# One class into another is the hardest to count: there the page's own range is what must hold.
@pytest.mark.parametrize(("kind", "range_"), [("symmetric", 1.25), ("pair", 1.25), ("class", 1.5)])
def test_as_many_wrong_labels_are_expected_among_the_most_suspect_as_there_are(kind, range_):
    true, given, probabilities = spoiled_digits(kind)
    noise = label_noise(given, probabilities)
    order = np.argsort(-wrong_label_probability(given, probabilities, noise), kind="stable")
    expected = expected_errors(given, probabilities, noise)[order]
    wrong = (given != true)[order]
    for first in (len(order) // 20, len(order) // 10, len(order)):
        assert 1 / range_ < expected[:first].sum() / wrong[:first].sum() < range_


def test_a_model_that_is_less_sure_than_it_could_be_does_not_make_errors_rare():
    # 150 of 3,000 labels are wrong by chance. The model is right about all samples, and gives .4 to what it is sure of.
    generator = np.random.default_rng(0)
    true = np.arange(3000) % 10
    given = np.where(np.arange(3000) < 150, (true + generator.integers(1, 10, 3000)) % 10, true)
    probabilities = np.full((3000, 10), 0.6 / 9)
    probabilities[np.arange(3000), true] = 0.4
    noise = label_noise(given, probabilities)
    assert expected_errors(given, probabilities, noise).sum() == pytest.approx(150, rel=0.25)
    # Where noise has structure the model has learnt it, and likelihood tells nothing of how much there is.
    learnt = Noise(noise.of_true, 1.0)
    assert_allclose(
        expected_errors(given, probabilities, learnt), wrong_label_probability(given, probabilities, learnt)
    )


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
