"""Labels, ids and columns as people give them."""

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse
import torch

from bathyscope.capture.labels import Labels, as_label_column, class_names, unique_ids
from bathyscope.errors import LabelError, SampleIdError

IDS = [f"s{index}" for index in range(10)]


def encoded(values, classes=("cat", "dog", "owl"), task=None):
    column, task = as_label_column(values, task)
    return Labels(classes, task).encode(column, IDS).to_pylist()


@pytest.mark.parametrize(
    "values",
    [
        [0, 2, None],
        ["cat", "owl", None],
        np.array([0.0, 2.0, np.nan]),
        np.ma.array([0, 2, 1], mask=[0, 0, 1]),
        [np.int64(0), torch.tensor(2), float("nan")],
        pa.array([0, 2, None]),
        ["cat", 2, None],
    ],
)
def test_every_usual_form_gives_indices_with_nulls(values):
    assert encoded(values) == [0, 2, None]


def test_integer_arrays_and_tensors_need_no_loop():
    assert encoded(np.array([0, 2, 1], dtype=np.uint8)) == [0, 2, 1]
    assert encoded(torch.tensor([0, 2, 1])) == [0, 2, 1]


def test_minus_one_is_refused_with_the_way_to_say_missing():
    with pytest.raises(LabelError) as caught:
        encoded(np.array([0, -1, 2, -1]))
    assert str(caught.value) == (
        "Labels are outside the classes: -1 for sample 's1', -1 for sample 's3'. There are 3 classes, indices 0 … 2 "
        "('cat', 'dog', 'owl'). Give None or NaN for a missing label, not −1, and all class names with classes=[…]."
    )


def test_the_first_five_offenders_are_named():
    with pytest.raises(LabelError, match=r"'wolf' for sample 's0'.*'wolf' for sample 's4' and 2 more\."):
        encoded(["wolf"] * 7)


def test_half_labels_are_refused():
    with pytest.raises(LabelError, match=r"A label is outside the classes: 1\.5 for sample 's1'\."):
        encoded([0, 1.5])


def test_multilabel_forms_agree():
    expected = [[0, 2], [], [1]]
    table = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    for values in ([[2, 0], [], ["dog"]], [{"cat", "owl"}, set(), ("dog",)], table, torch.from_numpy(table)):
        assert encoded(values) == expected
    assert encoded(scipy.sparse.csr_array(table)) == expected


def test_missing_multilabel_is_not_an_empty_one():
    assert encoded([[0], None, []]) == [[0], None, []]


def test_one_hot_rows_are_class_indices_if_the_task_says_so():
    assert encoded(np.eye(3)[[2, 0]], task="multiclass") == [2, 0]
    with pytest.raises(LabelError) as caught:
        encoded(np.array([[1, 0, 0], [1, 1, 0]]), task="multiclass")
    assert str(caught.value) == (
        "The task is 'multiclass', but row 1 of the labels has 2 ones. Give one label per sample, or task='multilabel'."
    )


def test_class_names_are_sorted_and_indices_have_none():
    assert class_names(["dog", None, "cat", "dog"]) == ("cat", "dog")
    assert class_names([["dog"], ["ant", "dog"]]) == ("ant", "dog")
    assert class_names([3, 1]) is None


def test_ids_must_be_strings_present_and_unique():
    with pytest.raises(SampleIdError) as caught:
        unique_ids(["a", None, 3])
    assert str(caught.value) == (
        "Sample ids must be strings, but these are not: None at position 1, 3 at position 2. Convert them with str()."
    )
    with pytest.raises(SampleIdError) as caught:
        unique_ids(list("aabbccddeeffg"))
    assert str(caught.value) == (
        "Sample ids must be unique; these occur more than once: 'a', 'b', 'c', 'd', 'e' and 1 more. "
        "Give each sample its own id."
    )
