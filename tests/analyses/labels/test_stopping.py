"""Bounds on what is left: numbers from the literature, and that they hold as often as they say."""

import numpy as np
import pytest

from bathyscope.analyses.labels.stopping import remaining
from bathyscope.errors import ParameterError


@pytest.mark.parametrize(
    ("drawn", "wrong", "rate"), [(100, 0, 0.0295), (100, 1, 0.0466), (300, 0, 0.0099), (300, 3, 0.0256), (5, 5, 1.0)]
)
def test_rates_worked_elsewhere(drawn, wrong, rate):
    assert remaining(drawn, wrong, unseen=10, found=wrong).rate == pytest.approx(rate, abs=5e-5)


def test_errors_and_recall_follow_from_the_rate():
    left = remaining(100, 0, unseen=1000, found=40)
    assert left.errors == pytest.approx(1000 * left.rate)
    assert left.recall == pytest.approx(40 / (40 + left.errors))
    assert remaining(10, 0, unseen=0, found=0).recall == 1.0


def test_the_bound_on_recall_holds_in_95_of_100_reviews():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        total, found, unseen = 100, 70, 5000
        wrong = generator.hypergeometric(total - found, unseen - (total - found), 300)
        left = remaining(300, wrong, unseen=unseen - 300, found=found + wrong)
        held += left.recall <= (found + wrong) / total
    assert held / 2000 >= 0.94


def test_numbers_that_contradict_each_other_are_refused():
    with pytest.raises(ParameterError, match="drawn=3, wrong=4, unseen=1, found=4 contradict each other"):
        remaining(3, 4, unseen=1, found=4)
