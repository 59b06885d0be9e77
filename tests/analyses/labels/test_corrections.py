"""Decisions about labels, replayed: what counts, what is undone, who disagrees, what belongs to other data."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bathyscope.analyses.labels.corrections import corrections
from bathyscope.errors import ParameterError


@pytest.fixture
def decide(recording):
    def decide(samples, action, author="ana", **more):
        return recording.decisions.append(
            "label", {"samples": samples, "action": action, **more}, author=author
        ).sequence

    return decide


def ids(recording, *places):
    return [recording.sample_ids[place].as_py() for place in places]


def test_each_action_does_what_it_says(recording, decide):
    a, b, c, d, e, f = ids(recording, 0, 1, 2, 3, 4, 5)
    new = recording.classes[2]
    decide([a, b], "set", label=new)
    decide([c], "keep")
    decide([d], "ambiguous", labels=list(recording.classes[:2]))
    decide([e], "none")
    decide([f], "duplicate_of", of=a)
    found = corrections(recording)
    rows = {row["sample_id"]: row for row in found.table.to_pylist()}
    assert [rows[name]["status"] for name in (a, b, c, d, e, f)] == [
        "set",
        "set",
        "keep",
        "ambiguous",
        "none",
        "duplicate_of",
    ]
    assert (rows[a]["label_new"], rows[b]["label_new"]) == (new, new)
    assert rows[c]["label_new"] == rows[c]["label_old"]
    assert rows[d]["label_set"] == list(recording.classes[:2])
    assert rows[e]["label_new"] is None
    assert rows[f]["duplicate_of"] == a
    assert_array_equal(np.flatnonzero(~found.kept), [4, 5])
    assert found.labels[0] == new
    assert found.labels[6] == recording.classes[int(recording.labels[6])]


def test_undo_and_redo_are_replayed(recording, decide):
    (a,) = ids(recording, 0)
    sequence = decide([a], "exclude")
    undo = recording.decisions.undo(sequence, author="ana")
    assert corrections(recording).table.num_rows == 0
    recording.decisions.undo(undo.sequence, author="ana")
    assert not corrections(recording).kept[0]
    decide([a], "include")
    assert corrections(recording).kept[0]


def test_people_who_disagree_are_told_and_a_policy_decides(recording, decide):
    a, b = ids(recording, 0, 1)
    first, second = recording.classes[1], recording.classes[2]
    decide([a], "set", "ana", label=first)
    decide([a], "set", "bo", label=first)
    decide([a], "set", "cem", label=second)
    decide([b], "set", "ana", label=recording.classes[int(recording.labels[1]) - 1])
    decide([b], "keep", "bo")
    assert corrections(recording).conflicts == (a, b)
    assert corrections(recording).labels[0] == second
    by_majority = corrections(recording, policy="majority", least_votes=2)
    assert by_majority.labels[0] == first
    assert by_majority.table["n_votes"].to_pylist() == [3]  # b is a tie: it stays as it was
    assert corrections(recording, least_votes=3).table["sample_id"].to_pylist() == [a]


def test_a_later_decision_of_the_same_person_replaces_theirs(recording, decide):
    (a,) = ids(recording, 0)
    decide([a], "set", label=recording.classes[1])
    decide([a], "set", label=recording.classes[2])
    decide([a], "skip")
    found = corrections(recording)
    assert (found.labels[0], found.conflicts) == (recording.classes[2], ())


def test_what_belongs_to_other_data_is_listed_and_does_nothing(recording, decide):
    (a,) = ids(recording, 0)
    decide(["nobody", a], "set", label="no such class")
    decide([a], "explode")
    decide([a], "duplicate_of", of="nobody")
    found = corrections(recording)
    assert found.table.num_rows == 0
    assert found.unmatched == (
        "Decision 1 of ana: there is no sample 'nobody'.",
        "Decision 1 of ana: there is no class 'no such class'.",
        "Decision 2 of ana: 'explode' is no action; keep, set, merge, split, ambiguous, none, exclude, include, "
        "duplicate_of, skip are.",
        f"Decision 3 of ana: there is no sample 'nobody' of which {a!r} could be a copy.",
    )


def test_an_unknown_policy_is_refused(recording):
    with pytest.raises(ParameterError, match="policy='first' with least_votes=1 decides nothing"):
        corrections(recording, policy="first")


def test_classes_are_merged_and_split(recording, decide, tmp_path):
    a, b, c = ids(recording, 0, 1, 2)
    into = recording.classes[1]
    decide([a, b], "merge", label=into)
    decide([c], "split", label="brand new")
    found = corrections(recording)
    rows = {row["sample_id"]: row for row in found.table.to_pylist()}
    assert [rows[name]["label_new"] for name in (a, b, c)] == [into, into, "brand new"]
    assert found.classes == (*recording.classes, "brand new")
    assert found.kept.all()
    decide([a], "merge", label="no such class")
    decide([a], "split")
    assert corrections(recording).unmatched == (
        "Decision 3 of ana: there is no class 'no such class'.",
        "Decision 4 of ana: it names no class.",
    )


def test_to_keep_a_label_and_to_set_the_same_one_is_to_agree(recording, decide):
    a, b = ids(recording, 0, 1)
    own = recording.classes[int(recording.labels[0])]
    decide([a], "keep", author="ana")
    decide([a], "set", author="bob", label=own)
    decide([b], "keep", author="ana")
    decide([b], "none", author="bob")
    found = corrections(recording, policy="majority")
    assert found.conflicts == (b,)
    assert found.labels[0] == own
    assert found.table["sample_id"].to_pylist() == [a]
