"""Several labels a sample: against scikit-learn and by hand."""

import numpy as np
import pyarrow.compute as pc
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics as reference

from bathyscope.analyses.performance import Performance


def rows_of(result, **where):
    table = result.metrics
    for column, value in where.items():
        table = table.filter(pc.equal(table[column], value))
    return table.to_pylist()


@pytest.fixture
def dense():
    """Truth (N, C) of 0 and 1 and scores (N, C); class 5 is never true nor predicted."""
    rng = np.random.default_rng(0)
    truth = (rng.random((80, 6)) < 0.3).astype(int)
    truth[:, 5] = 0
    scores = np.clip(0.6 * truth + 0.55 * rng.random((80, 6)), 0, 1).astype(np.float32)
    scores[:, 5] = 0.1
    return truth, scores


def as_lists(truth, scores):
    labels = [np.flatnonzero(row).tolist() for row in truth]
    return labels, [list(enumerate(row.tolist())) for row in scores]


def test_measures_agree_with_scikit_learn(record_arrays, dense):
    truth, scores = dense
    labels, scored = as_lists(truth, scores)
    recording = record_arrays({1: scored}, labels=labels, task="multilabel", classes=list("abcdef"))
    result = recording.run(Performance())
    claimed = (scores >= 0.5).astype(int)
    (overall,) = rows_of(result, split="all", scope="overall")
    # Class 5 does not occur; scikit-learn would count it as 0.
    expected = reference.precision_recall_fscore_support(truth, claimed, average=None, zero_division=0)
    assert_allclose([overall[m] for m in ("precision", "recall", "f1")], [part[:5].mean() for part in expected[:3]])
    assert overall["accuracy"] == pytest.approx(reference.accuracy_score(truth, claimed))
    losses = [reference.log_loss(truth[:, c], scores[:, c], labels=[0, 1]) for c in range(6)]
    assert overall["log_loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert overall["ece"] is None
    classes = rows_of(result, split="all", scope="class")
    got = [[row[m] for row in classes] for m in ("precision", "recall", "f1", "support")]
    assert_allclose(got, [part[:5] for part in expected])
    assert [row["log_loss"] for row in classes] == [None] * 5
    assert result.confusion.num_rows == 0
    assert result.samples["prediction"].to_pylist() == scores.argmax(axis=1).tolist()
    assert_allclose(result.samples["confidence"].to_numpy(), scores.max(axis=1))
    assert result.samples["correct"].to_pylist() == (truth == claimed).all(axis=1).tolist()


def test_samples_by_hand(record_arrays):
    scores = [
        [(7, 0.9), (2, 0.5)],  # both labels found, at the threshold too
        [(7, 0.9), (2, 0.4)],  # one label missed
        [],  # nothing predicted, no label: right
        [(1, 0.8)],  # no labels known
        [(1, float("nan")), (2, 0.9)],  # no numbers
    ]
    recording = record_arrays(
        {1: scores}, labels=[[2, 7], [2, 7], [], None, []], task="multilabel", classes=list("abcdefgh")
    )
    result = recording.run(Performance())
    assert result.samples.to_pydict() == {
        "prediction": [7, 7, None, 1, None],
        "confidence": [pytest.approx(0.9), pytest.approx(0.9), None, pytest.approx(0.8), None],
        "loss": [None] * 5,
        "margin": [None] * 5,
        "correct": [True, False, True, None, False],
        "first_learnt": [1, None, 1, None, None],
        "flips": [0, 0, 0, None, 0],
    }
    (overall,) = rows_of(result, split="all", scope="overall")
    assert (overall["support"], overall["accuracy"], overall["log_loss"]) == (4, 0.5, None)
    classes = {row["name"]: row for row in rows_of(result, split="all", scope="class")}
    assert classes.keys() == {"c", "h"}
    assert [classes["c"][m] for m in ("support", "precision", "recall")] == [2, 1, 0.5]
    coverage = result.coverage.to_pylist()[0]
    assert [coverage[name] for name in ("samples", "judged", "missing_label", "non_finite")] == [5, 4, 1, 1]


def test_log_loss_needs_every_class_of_every_sample(record_arrays, dense):
    labels, scored = as_lists(*dense)
    scored[3] = scored[3][:-1]
    recording = record_arrays(
        {1: scored}, labels=labels, task="multilabel", classes=list("abcdef"), splits=["a"] * 4 + ["b"] * 76
    )
    result = recording.run(Performance())
    assert [rows_of(result, split=s, scope="overall")[0]["log_loss"] is None for s in ("all", "a", "b")] == [
        True,
        True,
        False,
    ]
    assert result.samples["loss"].is_null().to_pylist() == [i == 3 for i in range(80)]


def test_a_hundred_thousand_classes_stay_sparse(record_arrays):
    rng = np.random.default_rng(1)
    classes = [str(i) for i in range(100_000)]
    labels = [rng.choice(100_000, 3, replace=False).tolist() for _ in range(2_000)]
    scored = [[(label, 0.9) for label in own[:2]] for own in labels]
    recording = record_arrays({1: scored}, labels=labels, task="multilabel", classes=classes)
    (overall,) = rows_of(recording.run(Performance()), split="all", scope="overall")  # dense: 1.6 GB
    occurring = len({label for own in labels for label in own})
    found = len({label for own in labels for label in own[:2]})
    assert overall["accuracy"] == 0
    assert overall["precision"] == pytest.approx(found / occurring)
