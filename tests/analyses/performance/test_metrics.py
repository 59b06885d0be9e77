"""Measures: hand-worked numbers, slow versions, scikit-learn, and the law that intervals cover."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn import metrics as reference

from bathyscope.analyses.performance import metrics
from bathyscope.errors import ShapeError


def outcomes_of(logits, labels):
    return metrics.sample_outcomes(logits, labels, np.ones(len(labels), bool))


def one_group(values):
    return np.zeros(len(values), np.int64)


@pytest.fixture
def classified():
    """200 labels and logits of 6 classes; class 4 is never predicted, class 5 neither labelled nor predicted."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 200)
    logits = rng.normal(size=(200, 6)).astype(np.float32)
    logits[np.arange(200), labels] += 1.5
    logits[:, 4:] = -9
    return labels, logits


def test_sample_outcomes_by_hand():
    # softmax of (ln 6, ln 3, ln 1) is (0.6, 0.3, 0.1).
    logits = np.log([[6.0, 3.0, 1.0], [6.0, 3.0, 1.0], [1.0, 6.0, 3.0]])
    out = metrics.sample_outcomes(logits, np.array([0, 1, 2]), np.array([True, True, False]))
    assert_array_equal(out.prediction, [0, 0, 1])
    assert_allclose(out.confidence, [0.6, 0.6, 0.6])
    assert_allclose(out.loss, [-math.log(0.6), -math.log(0.3), np.nan])
    assert_allclose(out.margin, [0.3, -0.3, np.nan])
    assert out.usable.all()


def test_logits_that_are_no_numbers_give_no_prediction():
    inf, nan = np.inf, np.nan
    logits = np.array([[0, nan], [0, inf], [-inf, -inf], [0, -inf], [1e30, -1e30]])
    out = outcomes_of(logits, np.array([0, 0, 0, 1, 0]))
    assert_array_equal(out.usable, [False, False, False, True, True])
    assert_allclose(out.confidence, [nan, nan, nan, 1, 1])
    assert_allclose(out.loss, [nan, nan, nan, inf, 0])
    assert_allclose(out.margin, [nan, nan, nan, -1, 1])


def test_a_model_with_one_class_has_a_margin_of_one():
    out = outcomes_of(np.array([[3.0]]), np.array([0]))
    assert (out.margin[0], out.confidence[0], out.loss[0]) == (1.0, 1.0, 0.0)


def test_logits_and_labels_of_different_length_are_refused():
    with pytest.raises(ShapeError) as error:
        outcomes_of(np.zeros((3, 2)), np.zeros(2, int))
    assert str(error.value) == (
        "Logits of shape (3, 2) do not go with 2 labels. "
        "Give logits of shape (samples, classes) and one label for each sample."
    )


def test_loss_agrees_with_scikit_learn(classified):
    labels, logits = classified
    expected = reference.log_loss(labels, softmax(logits.astype(np.float64), axis=1), labels=range(6))
    losses = outcomes_of(logits, labels).loss
    assert_allclose(metrics.log_loss(losses, one_group(labels), 1).value, [expected], rtol=1e-12)


def test_confusion_agrees_with_scikit_learn(classified):
    labels, logits = classified
    predictions = outcomes_of(logits, labels).prediction
    label, prediction, count = metrics.confusion_counts(labels, predictions, 6)
    dense = np.zeros((6, 6), int)
    dense[label, prediction] = count
    assert_array_equal(dense, reference.confusion_matrix(labels, predictions, labels=range(6)))
    assert (count > 0).all()
    assert_array_equal(np.lexsort((prediction, label)), np.arange(len(label)))


def test_confusion_of_a_hundred_thousand_classes_stays_sparse():
    labels = np.array([99_999, 99_999, 5, 0])
    label, prediction, count = metrics.confusion_counts(labels, np.array([99_998, 99_998, 5, 1]), 100_000)
    assert [*zip(label, prediction, count, strict=True)] == [(0, 1, 1), (5, 5, 1), (99_999, 99_998, 2)]


def test_class_measures_agree_with_scikit_learn(classified):
    labels, logits = classified
    predictions = outcomes_of(logits, labels).prediction
    counts = metrics.class_counts(labels, predictions, 6, np.ones(200, bool))
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        labels, predictions, labels=range(6), zero_division=np.nan
    )
    assert_allclose(metrics.precision(counts).value, precision)
    assert_allclose(metrics.recall(counts).value, recall)
    assert_allclose(metrics.f1(counts).value, f1)
    assert_array_equal(counts.support, support)
    assert_array_equal(counts.present, [0, 1, 2, 3, 4])


@pytest.mark.parametrize("seed", range(5))
def test_macro_measures_agree_with_scikit_learn_by_default(seed):
    rng = np.random.default_rng(seed)
    labels, predictions = rng.integers(0, 8, 12), rng.integers(0, 8, 12)  # few, so that some classes lack one or both
    counts = metrics.class_counts(labels, predictions, 8, np.ones(12, bool))
    seen = metrics.ClassCounts(*(part[counts.present] for part in counts))
    expected = reference.precision_recall_fscore_support(labels, predictions, average="macro", zero_division=0)
    ours = [metrics.macro(measure(seen)).value for measure in (metrics.precision, metrics.recall, metrics.f1)]
    assert_allclose(ours, expected[:3])


def test_a_sample_without_prediction_is_missed_by_its_class_and_claimed_by_none():
    counts = metrics.class_counts(np.array([0, 0, 1]), np.array([0, 0, 0]), 2, np.array([True, False, True]))
    assert_array_equal(counts.hits, [1, 0])
    assert_array_equal(counts.false_positives, [1, 0])
    assert_array_equal(counts.false_negatives, [1, 1])


def test_wilson_interval_by_hand():
    # 8 of 10: centre (0.8 + 3.8415/20) / (1 + 3.8415/10) = 0.716738, half width 0.226577.
    share, low, high = metrics.wilson(np.array([8, 0, 10, 0]), np.array([10, 10, 10, 0]))
    assert_allclose(share, [0.8, 0, 1, np.nan])
    assert_allclose(low, [0.490162, 0, 0.722467, np.nan], atol=1e-6)
    assert_allclose(high, [0.943318, 0.277533, 1, np.nan], atol=1e-6)


@pytest.mark.parametrize(("share", "trials"), [(0.5, 20), (0.9, 50), (0.97, 200), (0.3, 1000)])
def test_wilson_interval_covers_the_truth_in_about_95_percent(share, trials):
    drawn = np.random.default_rng(1).binomial(trials, share, 2000)
    _, low, high = metrics.wilson(drawn, np.full(2000, trials))
    assert 0.93 <= np.mean((low <= share) & (share <= high)) <= 0.975


def test_f1_interval_is_that_of_the_jaccard_index_carried_over():
    counts = metrics.ClassCounts(np.array([8]), np.array([1]), np.array([1]))
    value, low, high = metrics.f1(counts)
    assert_allclose([value[0], low[0], high[0]], [16 / 18, 2 * 0.490162 / 1.490162, 2 * 0.943318 / 1.943318], rtol=1e-5)


def test_f1_interval_covers_the_truth_in_about_95_percent():
    # Truth: P(hit) 0.6, P(false positive) 0.1, P(false negative) 0.1, otherwise a true negative; F1 = 1.2 / 1.4.
    hits, claimed, missed, _ = np.random.default_rng(2).multinomial(120, [0.6, 0.1, 0.1, 0.2], 2000).T
    _, low, high = metrics.f1(metrics.ClassCounts(hits, claimed, missed))
    truth = 1.2 / 1.4
    assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.975


def test_macro_interval_covers_the_truth_in_about_95_percent():
    rng = np.random.default_rng(4)
    truth, trials = np.array([0.5, 0.7, 0.9, 0.95]), np.array([40, 30, 80, 25])
    covered = 0
    for _ in range(2000):
        _, low, high = metrics.macro(metrics.wilson(rng.binomial(trials, truth), trials))
        covered += low <= truth.mean() <= high
    assert 0.93 <= covered / 2000 <= 0.975


def test_macro_of_no_class_is_undefined():
    assert np.isnan(metrics.macro(metrics.wilson(np.array([], int), np.array([], int)))).all()


def test_log_loss_interval_by_hand():
    # Losses 1, 2, 3: mean 2, s = 1, half width 1.959964 / √3.
    value, low, high = metrics.log_loss(np.array([1.0, 2, 3, 5]), np.array([0, 0, 0, 2]), 3)
    assert_allclose(value, [2, np.nan, 5])
    assert_allclose(low, [2 - 1.131586, np.nan, np.nan], atol=1e-6)
    assert_allclose(high, [2 + 1.131586, np.nan, np.nan], atol=1e-6)


def test_one_loss_that_is_no_number_spoils_its_own_group_only():
    value, low, high = metrics.log_loss(np.array([1.0, np.nan, 1, 3]), np.array([0, 0, 1, 1]), 2)
    assert_allclose([value[1], low[1]], [2, 0.04], atol=1e-3)
    assert np.isnan([value[0], low[0], high[0]]).all()


def ece(confidence, correct, bins=15, **options):
    cells = metrics.calibration_cells(confidence, correct, one_group(confidence), n_groups=1, bins=bins)
    return [float(part[0]) for part in metrics.expected_calibration_error(cells, **options)]


def slow_ece(confidence, correct, bins):
    total = 0.0
    for index in range(bins):
        low, high = index / bins, (index + 1) / bins
        inside = [i for i, c in enumerate(confidence) if low < c <= high or (index == 0 and c == 0)]
        if inside:
            accuracy = sum(correct[i] for i in inside) / len(inside)
            mean = sum(confidence[i] for i in inside) / len(inside)
            total += len(inside) / len(confidence) * abs(accuracy - mean)
    return total


def test_calibration_error_by_hand():
    # Two bins. (0, 0.5]: 0.4 wrong, 0.5 right → |0.5 − 0.45| of 2; (0.5, 1]: 0.9 right, 0.7 wrong → |0.5 − 0.8| of 2.
    value, _, _ = ece(np.array([0.4, 0.5, 0.9, 0.7]), np.array([False, True, True, False]), bins=2)
    assert value == pytest.approx(0.5 * 0.05 + 0.5 * 0.3)


@pytest.mark.parametrize("bins", [1, 2, 15, 40])
def test_calibration_error_agrees_with_the_slow_version(bins):
    rng = np.random.default_rng(5)
    confidence, correct = np.append(rng.random(300), [0.0, 1.0]), rng.random(302) < 0.6
    assert ece(confidence, correct, bins)[0] == pytest.approx(slow_ece(confidence, correct, bins), abs=1e-12)


@pytest.mark.parametrize(("shift", "n_samples"), [(0.0, 400), (0.02, 400), (0.1, 40), (0.1, 3000)])
def test_calibration_interval_covers_the_truth_in_at_least_95_percent(shift, n_samples):
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(300):
        confidence = 0.35 + 0.65 * rng.beta(5, 1.5, n_samples)
        correct = rng.random(n_samples) < confidence - shift
        value, low, high = ece(confidence, correct)
        covered += low <= shift <= high
        assert low <= value <= high
    assert covered / 300 >= 0.94


def test_calibration_interval_is_the_same_at_every_call():
    confidence = np.linspace(0.3, 1, 50)
    assert ece(confidence, confidence > 0.5) == ece(confidence, confidence > 0.5)
    assert ece(confidence, confidence > 0.5) != ece(confidence, confidence > 0.5, seed=1)


def test_calibration_groups_do_not_mix():
    rng = np.random.default_rng(7)
    confidence, correct, groups = rng.random(90), rng.random(90) < 0.5, np.repeat([0, 2], 45)
    cells = metrics.calibration_cells(confidence, correct, groups, n_groups=3, bins=10)
    value = metrics.expected_calibration_error(cells).value
    assert_allclose(
        value[[0, 2]], [slow_ece(confidence[:45], correct[:45], 10), slow_ece(confidence[45:], correct[45:], 10)]
    )
    assert np.isnan(value[1])


def test_confidence_that_is_no_number_makes_calibration_undefined():
    assert np.isnan(ece(np.array([0.5, np.nan, 0.7]), np.array([True, False, True]))).all()


def test_calibration_interval_agrees_with_resampling_samples_one_by_one():
    rng = np.random.default_rng(8)
    confidence = np.ceil(rng.random(60) ** 0.5 * 10) / 10 - 0.05  # ten values, so that cells hold equal confidences
    correct = rng.random(60) < confidence - 0.4

    def gaps(rows):
        bins = (confidence[rows] * 10).astype(int)
        return np.bincount(bins, weights=correct[rows] - confidence[rows], minlength=10) / 60

    mine = gaps(np.arange(60))
    resampled = np.array([gaps(rng.integers(0, 60, 60)) for _ in range(4000)])
    value, low, high = ece(confidence, correct, 10, draws=4000)
    assert high - value == pytest.approx(1.96 * np.abs(resampled).sum(axis=1).std(), rel=0.04)
    assert value - low == pytest.approx(np.quantile(np.abs(resampled - mine).sum(axis=1), 0.975), rel=0.04)
