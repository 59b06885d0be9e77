"""Out-of-fold probabilities: nobody judges what it learnt from, and a killed call goes on."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses.labels.folds import divide, out_of_fold
from bathyscope.errors import ParameterError, ShapeError

LABELS = np.array([0, 1, 2] * 10)


def remembering(labels, log=None, fail_at=None):
    """A fit whose model says of each sample whether it was trained on: class 0 if so, else class 1."""

    def fit(train):
        if log is not None:
            log.append(train)
            if len(log) == fail_at:
                raise KeyboardInterrupt

        def predict(positions):
            seen = np.isin(positions, train)
            return np.stack([seen, ~seen, np.zeros(len(seen), bool)], axis=1).astype(float)

        return predict

    return fit


def test_every_sample_is_judged_once_by_a_model_that_did_not_see_it():
    log = []
    found = out_of_fold(remembering(LABELS, log), LABELS, folds=5)
    assert len(log) == 5
    assert_array_equal(found.probabilities[:, 1], np.ones(30))
    assert_array_equal(np.bincount(found.fold[0]), [6] * 5)
    for fold in range(5):  # each class is spread evenly
        assert_array_equal(np.bincount(LABELS[found.fold[0] == fold]), [2, 2, 2])
    assert found.notes == []


def test_a_group_shares_a_fold():
    groups = np.arange(30) // 2
    fold = divide(np.repeat(np.arange(15) % 3, 2), groups, 5, seed=0)
    assert_array_equal(fold[::2], fold[1::2])


def test_unlabelled_samples_are_predicted_and_never_trained_on():
    labels = np.where(np.arange(30) < 5, -1, LABELS)
    log = []
    found = out_of_fold(remembering(labels, log), labels, n_classes=3)
    assert not np.isin(np.concatenate(log), np.arange(5)).any()
    assert np.isfinite(found.probabilities).all()
    assert np.isnan(found.spread[:5]).all()


def test_a_class_with_one_sample_is_always_trained_on():
    labels = np.append(LABELS, 3)
    log = []

    def fit(train):
        log.append(train)
        return lambda positions: np.full((len(positions), 4), 0.25)

    found = out_of_fold(fit, labels)
    assert all(30 in train for train in log)
    assert np.isnan(found.probabilities[30]).all()
    assert found.notes == [
        "1 samples of classes with a single sample were always trained on and have no probabilities."
    ]


def test_a_rare_class_means_fewer_folds():
    labels = np.append(LABELS, [3, 3, 3])
    found = out_of_fold(lambda train: lambda positions: np.full((len(positions), 4), 0.25), labels)
    assert found.fold.max() == 2
    assert found.notes == ["3 folds instead of 5: the rarest class has no more samples."]


def test_repetitions_are_averaged_and_their_spread_is_told():
    calls = []

    def fit(train):
        calls.append(train)
        p = 0.2 if len(calls) <= 2 else 0.6
        return lambda positions: np.stack([np.full(len(positions), p), np.full(len(positions), 1 - p)], axis=1)

    found = out_of_fold(fit, np.array([0, 1] * 4), folds=2, repeats=2)
    assert_allclose(found.probabilities[:, 0], 0.4)
    assert_allclose(found.spread, 0.2)


def test_a_killed_call_goes_on_where_it_was(tmp_path):
    log = []
    with pytest.raises(KeyboardInterrupt):
        out_of_fold(remembering(LABELS, log, fail_at=4), LABELS, keep=tmp_path)
    (tmp_path / ".writing-fold-0-3.arrow").write_bytes(b"half")
    again = []
    found = out_of_fold(remembering(LABELS, again), LABELS, keep=tmp_path)
    assert len(again) == 2
    assert_array_equal(again[0], log[3])
    assert_array_equal(found.probabilities, out_of_fold(remembering(LABELS), LABELS).probabilities)
    with pytest.raises(ParameterError, match="keeps the folds of other labels or of another division"):
        out_of_fold(remembering(LABELS), LABELS, keep=tmp_path, seed=1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            np.full((2, 3), 1 / 3),
            "The function that fit returned gave probabilities of the shape (2, 3) for 6 positions; (6, 3) is "
            "expected, a row for each position in their order.",
        ),
        (
            np.array([[0.5, 0.5, 0.0]] * 5 + [[np.nan, 0.5, 0.5]]),
            "1 rows that fit's function returned are no probabilities (positions {last}): numbers of at least 0 that "
            "sum to 1 are expected. Apply a softmax to logits.",
        ),
    ],
)
def test_what_is_no_probability_is_refused(said, message):
    last = np.flatnonzero(divide(LABELS, None, 5, 0) == 0)[-1]
    with pytest.raises(ShapeError) as error:
        out_of_fold(lambda train: lambda positions: said, LABELS)
    assert str(error.value) == message.format(last=last)


def test_what_cannot_be_divided_is_refused():
    with pytest.raises(ParameterError, match="3 samples cannot be divided into 5 folds"):
        out_of_fold(remembering(LABELS), np.arange(3))
    with pytest.raises(ShapeError) as error:
        out_of_fold(remembering(LABELS), np.array([0, 1, 7, 0, 1]), n_classes=3)
    assert str(error.value) == (
        "1 labels are outside 0 … 2, first 7 at position 2. Give class indices, and −1 for no label."
    )
