"""Groups, thresholds and the rule that chooses by the worst of them."""

import numpy as np
import pytest

from bathyscope.analyses.mitigate import known_groups
from bathyscope.analyses.mitigate.choosing import Judged, choose
from bathyscope.analyses.mitigate.compensation import compensations
from bathyscope.analyses.mitigate.groups import even, two_means
from bathyscope.analyses.mitigate.measuring import Outcome, measures_of


@pytest.mark.parametrize(
    ("values", "threshold"),
    [([0, 0, 0, 10], 5), ([0, 1, 2, 20, 21], 11), ([3, 3], 3), ([7], 7), ([0, 0, 1, 1, 1], 0.5)],
)
def test_two_means_cut_where_the_parts_are_most_alike(values, threshold):
    assert two_means(np.asarray(values, float)) == threshold


def test_small_groups_do_not_count_alone_but_together():
    labels = np.repeat([0, 0, 1, 1], [20, 6, 20, 5])
    groups = known_groups(labels, np.repeat([0, 1, 0, 1], [20, 6, 20, 5]), ("plain", "odd"), ("a", "b"))
    assert groups.names == ("a, plain", "a, odd", "b, plain", "b, odd")
    assert groups.ignored.tolist() == [False, True, False, True]
    right = np.ones(51, bool)
    right[20:26] = False
    assert groups.accuracies(right).tolist() == [1, 0, 1, 1]
    assert groups.worst(right) == pytest.approx(5 / 11)
    few = known_groups(labels[:26], np.repeat([0, 1], [20, 6]), ("plain", "odd"), ("a", "b"))
    assert few.worst(right[:26]) == 1  # six are too few, also together
    assert even(groups.codes)[[0, 20]].tolist() == [1 / 20, 1 / 6]


def test_the_rule_takes_the_best_worst_group_that_the_cap_allows():
    unedited = Judged(0.9, 0.2)
    edits = [Judged(0.85, 0.5), Judged(0.88, 0.5), Judged(0.7, 0.9), Judged(0.95, 0.1)]
    assert choose(unedited, edits, 0.1) == 1
    assert choose(unedited, edits, 0.3) == 2
    assert choose(unedited, edits, 0.01) is None
    assert choose(unedited, [Judged(float("nan"), float("nan"))], 1.0) is None


def test_contributions_that_grew_are_listed_and_large_ones_warned_of():
    before = np.array([[4.0, 2, 0.01, 1], [0, 0, 0, 0]])
    after = np.array([[0.0, 4, 0.1, 1.1], [0, 0, 0, 0]])
    found = compensations(before, after, np.ones(4), np.array([0]), classes=np.array([0]))
    assert [(one.neuron, one.growth, one.warned) for one in found] == [
        (1, 2.0, True),
        (3, pytest.approx(1.1), False),
        (2, pytest.approx(10), False),  # ten times next to nothing
    ]
    others = compensations(before, after, np.ones(4), np.array([1]), classes=np.array([0]))
    assert [one.neuron for one in others] == [3, 2]  # what was edited itself is not listed


def test_measures_count_what_was_fixed_and_broken():
    labels = np.array([0, 0, 0, 1, 1])
    before, after = (np.eye(2)[chosen] for chosen in ([1, 1, 0, 1, 1], [0, 0, 0, 0, 1]))
    groups = known_groups(labels, np.zeros(5, int), ("all",), ("a", "b"))
    outcome = Outcome(before, after, labels, groups, np.array([0.9, 0.1]))
    found = {(one.name, one.group): one for one in measures_of(outcome, ("a", "b"), np.array([0]))}
    accuracy = found["accuracy", None]
    assert (accuracy.before, accuracy.after, accuracy.count) == (0.6, 0.8, 5)
    assert accuracy.low < 0.2 < accuracy.high
    assert (found["class_accuracy", "a"].before, found["class_accuracy", "a"].after) == (1 / 3, 1)
    assert ("class_accuracy", "b") not in found
    assert (found["fixed", None].after, found["broken", None].after) == (2, 1)
    assert found["mcnemar_p", None].after == 1
    assert found["accuracy_train_weighted", None].after == pytest.approx(0.9 + 0.1 * 0.5)
    assert found["worst_class", None].after == 0.5
