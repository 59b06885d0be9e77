"""First learnt and flips, on a course worked by hand and against a slow version."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bathyscope.analyses.performance.dynamics import LearningCourse
from bathyscope.errors import ShapeError


def test_course_by_hand():
    # Samples: always right; learnt, lost, learnt; never; absent in between (not a flip by itself); never judged.
    right = np.array([[1, 0, 0, 1, 0], [1, 1, 0, 0, 0], [1, 0, 0, 1, 0], [1, 1, 0, 0, 0]], bool)
    judged = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0]], bool)
    course = LearningCourse(5)
    for step, (now, here) in enumerate(zip(right, judged, strict=True)):
        course.update(10 * (step + 1), now, here)
    assert_array_equal(course.learnt, [True, True, False, True, False])
    assert_array_equal(course.first_learnt, [10, 20, 0, 10, 0])
    assert_array_equal(course.flips, [0, 3, 0, 1, 0])
    assert_array_equal(course.seen, [True, True, True, True, False])


def test_course_agrees_with_the_slow_version():
    rng = np.random.default_rng(0)
    right, judged = rng.random((9, 60)) < 0.5, rng.random((9, 60)) < 0.7
    course = LearningCourse(60)
    for step in range(9):
        course.update(step, right[step], judged[step])
    for sample in range(60):
        history = [(step, right[step, sample]) for step in range(9) if judged[step, sample]]
        first = next((step for step, correct in history if correct), None)
        assert course.flips[sample] == sum(a[1] != b[1] for a, b in zip(history, history[1:], strict=False))
        assert (course.first_learnt[sample] if course.learnt[sample] else None) == first


def test_a_checkpoint_of_another_length_is_refused():
    with pytest.raises(ShapeError) as error:
        LearningCourse(3).update(7, np.zeros(2, bool), np.zeros(2, bool))
    assert str(error.value) == (
        "The checkpoint at step 7 judges 2 samples, the ones before it 3. "
        "Give one entry for each sample of the recording."
    )
