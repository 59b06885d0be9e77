"""Scores of labels: numbers worked by hand, a simulation with known errors, agreement with cleanlab."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import average_precision_score

from analyses.labels.simulation import simulated
from bathyscope.analyses.labels.class_pairs import class_pairs
from bathyscope.analyses.labels.scores import estimated_joint, label_scores, suggestions

P = np.array(
    [
        [0.80, 0.15, 0.05],
        [0.70, 0.20, 0.10],
        [0.15, 0.80, 0.05],
        [0.10, 0.85, 0.05],
        [0.20, 0.60, 0.20],
        [0.75, 0.20, 0.05],
        [0.05, 0.15, 0.80],
        [0.10, 0.20, 0.70],
        [0.10, 0.70, 0.20],
        [0.34, 0.33, 0.33],
    ]
)
Y = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2])


def test_ten_labels_worked_by_hand():
    scores = label_scores(Y, P)
    assert_allclose(scores.self_confidence, [0.80, 0.70, 0.15, 0.85, 0.60, 0.20, 0.80, 0.70, 0.20, 0.33])
    assert_allclose(
        scores.normalized_margin, [0.825, 0.75, 0.175, 0.875, 0.70, 0.225, 0.825, 0.75, 0.25, 0.495], atol=1e-12
    )
    assert_allclose(scores.joint * 10, [[2, 1, 0], [1, 2, 0], [0, 1, 3]])
    expected = [0.0658, 0.0969, 0.6669, 0.0728, 0.1820, 0.7143, 0.0449, 0.0668, 0.4670, 0.2005]
    assert_allclose(scores.pair_posterior, expected, atol=5e-5)
    assert scores.suggestions[2].tolist() == [1, 2, -1]


def test_cells_worked_by_hand():
    pairs = class_pairs(Y, P, estimated_joint(Y, P))
    assert_allclose(pairs.disagreement_mass, [[1.5, 0.8, 0], [0.75, 1.45, 0], [0.34, 0.70, 1.5]])
    assert_array_equal(pairs.count, [[2, 1, 0], [1, 2, 0], [1, 1, 2]])
    assert pairs.margin_mass[0, 1] == pytest.approx(0.65)
    assert_allclose(pairs.estimated_errors, [[0, 1, 0], [1, 0, 0], [0, 1, 0]])
    assert np.isnan(pairs.mean_confidence[0, 2])
    assert not pairs.systematic.any()


@pytest.mark.parametrize(
    ("kind", "rate", "errors", "by_self", "by_margin", "by_posterior", "inspected"),
    [
        ("sym", 0.1, 612, 0.971, 0.930, 0.966, (588, 603)),
        ("pair", 0.1, 572, 0.667, 0.837, 0.975, (659, 534)),
        ("class", 0.3, 166, 0.166, 0.247, 0.919, (592, 159)),
        ("class", 0.6, 353, 0.139, 0.153, 0.918, (1525, 332)),
    ],
)
def test_the_simulation_gives_the_expected_values(kind, rate, errors, by_self, by_margin, by_posterior, inspected):
    true, given, probabilities = simulated(kind, rate)
    wrong = true != given
    assert wrong.sum() == errors
    scores = label_scores(given, probabilities)
    assert average_precision_score(wrong, -scores.self_confidence) == pytest.approx(by_self, abs=0.005)
    assert average_precision_score(wrong, -scores.normalized_margin) == pytest.approx(by_margin, abs=0.005)
    assert average_precision_score(wrong, scores.pair_posterior) == pytest.approx(by_posterior, abs=0.005)
    # In every kind of noise at least as good as the best of the others.
    assert average_precision_score(wrong, scores.suspicion) > max(by_self, by_margin, by_posterior) - 0.001
    for order, least in zip((scores.self_confidence, -scores.pair_posterior), inspected, strict=True):
        found = np.cumsum(wrong[np.argsort(order, kind="stable")])
        assert np.searchsorted(found, 0.9 * errors) + 1 == pytest.approx(least, abs=3)


def test_a_class_by_another_name_is_called_systematic():
    true, given, probabilities = simulated("class", 0.3)
    pairs = class_pairs(given, probabilities, estimated_joint(given, probabilities))
    off = np.where(np.eye(10, dtype=bool), 0, pairs.disagreement_mass)
    assert np.unravel_index(off.argmax(), off.shape) == (5, 3)
    assert off[5, 3] == pytest.approx(93.5, abs=0.5)
    assert np.sort(off.ravel())[-2] == pytest.approx(7.5, abs=0.5)
    assert np.argwhere(pairs.systematic).tolist() == [[5, 3]]
    cell = (given == 5) & (probabilities.argmax(axis=1) == 3)
    assert (cell.sum(), (cell & (true != given)).sum()) == (154, 148)
    _, given, probabilities = simulated("sym", 0.1)
    assert not class_pairs(given, probabilities, estimated_joint(given, probabilities)).systematic.any()


@pytest.mark.parametrize("seed", range(20))
def test_scores_are_those_of_cleanlab(seed):
    from cleanlab.rank import get_label_quality_scores  # takes a second to load

    generator = np.random.default_rng(seed)
    n_classes = int(generator.integers(2, 13))
    probabilities = generator.dirichlet(np.ones(n_classes), size=60)
    labels = generator.integers(n_classes, size=60)
    scores = label_scores(labels, probabilities)
    for method in ("self_confidence", "normalized_margin"):
        assert_allclose(getattr(scores, method), get_label_quality_scores(labels, probabilities, method=method))


def test_other_names_of_classes_change_nothing_else():
    _, given, probabilities = simulated("pair", 0.1, n_samples=500)
    turned = np.random.default_rng(0).permutation(10)
    before, after = (
        label_scores(given, probabilities),
        label_scores(turned[given], probabilities[:, np.argsort(turned)]),
    )
    assert_allclose(after.pair_posterior, before.pair_posterior)
    assert_allclose(after.suspicion, before.suspicion)
    assert_array_equal(after.suggestions, turned[before.suggestions])


def test_two_classes_have_one_suggestion():
    assert suggestions(np.array([0, 1]), np.array([[0.2, 0.8], [0.9, 0.1]])).tolist() == [[1, -1, -1], [0, -1, -1]]
