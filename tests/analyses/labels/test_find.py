"""Judging labels of plain arrays: what is bad is named, and the rest is judged as if the bad were absent."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from analyses.labels.simulation import simulated
from bathyscope.analyses.labels import find
from bathyscope.errors import LabelError, SampleIdError, ShapeError

_, GIVEN, SAID = simulated("pair", 0.1, n_samples=400)


def notes(result):
    return result.notes["text"].to_pylist()


def column(result, name):
    return result.samples[name].to_numpy()


def test_flags_are_those_of_cleanlab_and_sums_agree():
    from cleanlab.filter import find_label_issues  # takes a second to load

    result = find(GIVEN, SAID)
    flags = find_label_issues(GIVEN, SAID)
    assert_array_equal(column(result, "flagged"), flags)
    pairs = result.class_pairs.to_pandas()
    assert pairs["count"].sum() == 400
    assert_array_equal(pairs["confidences"].map(sum), pairs["count"])
    about = result.about.to_pylist()
    assert about[0]["flagged"] == flags.sum()
    off = pairs[pairs["label"] != pairs["prediction"]]
    assert about[0]["estimated_errors"] == pytest.approx(off["estimated_errors"].sum())


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_a_row_without_prediction_is_set_aside_and_changes_nothing_else(value):
    labels, said = np.append(GIVEN, 3), np.vstack([SAID, np.full(10, value)])
    result = find(labels, said, ids=[f"s{n}" for n in range(401)])
    for name in ("self_confidence", "pair_posterior", "suspicion"):
        assert_allclose(column(result, name)[:400], column(find(GIVEN, SAID), name))
        assert np.isnan(column(result, name)[400])
    assert result.samples["basis"][400].as_py() is None
    assert notes(result) == ["1 samples have no prediction (NaN, infinite or all zero) and are set aside: s400."]


def test_a_sample_without_label_gets_suggestions_only():
    for nothing in (-1, None, np.nan):
        result = find([*GIVEN.tolist(), nothing], np.vstack([SAID, [0.1, 0.7, 0.2] + [0.0] * 7]))
        told = {name: value for name, value in result.samples.slice(400).to_pylist()[0].items() if value is not None}
        assert told == pytest.approx(
            {
                "suggestion_1": 1,
                "suggestion_2": 2,
                "suggestion_3": 0,
                "suggestion_probability": 0.7,
                "suggestion_probability_2": 0.2,
                "suggestion_probability_3": 0.1,
                "prediction": 1,
            }
        )
        assert notes(result)[0] == "1 samples have no label; they get suggestions only."
        assert_allclose(column(result, "suspicion")[:400], column(find(GIVEN, SAID), "suspicion"))


def test_names_are_mapped_by_the_classes():
    names = [f"class {n}" for n in range(10)]
    result = find([names[label] for label in GIVEN], SAID, classes=names)
    assert result.samples.equals(find(GIVEN, SAID).samples)
    with pytest.raises(LabelError) as error:
        find(["clas 3", *[names[label] for label in GIVEN[1:]]], SAID, classes=names)
    assert str(error.value) == "1 labels are not among the classes: 'clas 3' (is it 'class 3'?)."
    with pytest.raises(LabelError, match="Labels were given as names. Give classes="):
        find([names[label] for label in GIVEN], SAID)


def test_logits_are_taken_where_they_are_declared():
    with pytest.raises(ShapeError) as error:
        find(GIVEN, np.log(SAID))
    assert str(error.value) == (
        "400 rows of the probabilities hold values outside 0 … 1: 0, 1, 2, 3, 4 and 395 more. If they are logits, say "
        "logits=True."
    )
    assert_allclose(column(find(GIVEN, np.log(SAID), logits=True), "suspicion"), column(find(GIVEN, SAID), "suspicion"))


def test_rows_must_sum_to_one():
    rounded = find(GIVEN, SAID * 1.0005)
    assert_allclose(column(rounded, "self_confidence"), column(find(GIVEN, SAID), "self_confidence"), rtol=1e-6)
    assert notes(rounded) == ["Rows that missed a sum of 1 by up to 0.001 were scaled."]
    off = SAID.copy()
    off[[7, 9]] *= 0.9
    with pytest.raises(ShapeError, match="2 rows of the probabilities do not sum to 1: 7, 9. If they are logits"):
        find(GIVEN, off)


def test_a_label_that_is_no_class_is_named():
    labels = GIVEN.copy()
    labels[5] = 10
    with pytest.raises(LabelError) as error:
        find(labels, SAID)
    assert str(error.value) == (
        "1 labels are no class: 10 (5). There are 10 classes, so indices run over 0 … 9, and −1 is no label."
    )


def test_repeated_ids_are_listed():
    with pytest.raises(SampleIdError, match="2 ids are given more than once: a, b. Decisions are kept by id"):
        find([0, 1, 0, 1, 0], np.full((5, 2), 0.5), ids=["a", "b", "a", "b", "c"])


def test_columns_in_another_order_are_noticed():
    turned = SAID[:, np.roll(np.arange(10), 1)]
    told = notes(find(GIVEN, turned))
    assert len(told) == 1
    assert told[0].endswith("Check that the columns of the probabilities stand in the order of the classes.")
    assert notes(find(GIVEN, SAID)) == []


def test_memorised_labels_are_warned_of():
    own = np.eye(10)[GIVEN] * 0.98 + 0.002
    assert notes(find(GIVEN, own))[0].startswith("100.0% of the predictions agree with the labels.")


def test_a_class_with_one_sample_is_told():
    labels = np.where(GIVEN == 9, 8, GIVEN)
    labels[0] = 9
    assert notes(find(labels, SAID)) == ["Classes with a single sample cannot be judged by probabilities: 9."]


def test_nothing_and_one_class_are_no_errors():
    empty = find([], np.zeros((0, 3)))
    assert (len(empty.samples), len(empty.class_pairs), len(empty.about)) == (0, 0, 0)
    one = find([0, 0, 0], np.ones((3, 1)))
    assert one.samples["suspicion"].null_count == 3
    assert notes(one)[-1] == (
        "There is one class, so no label contradicts another. Look for duplicates and unfamiliar samples."
    )


def test_a_thousand_classes_have_few_cells():
    generator = np.random.default_rng(0)
    said = generator.dirichlet(np.full(1000, 0.01), size=2000)
    labels = said.argmax(axis=1)
    result = find(labels, said)
    assert 0 < len(result.class_pairs) <= 1000
