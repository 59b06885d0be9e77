"""Several people: who can be relied on, and what all come to together."""

import numpy as np
import pytest
from scipy.special import softmax

import bathyscope as bs
from bathyscope.analyses.labels import consensus
from bathyscope.errors import MissingInputError

N, CLASSES = 400, ("a", "b", "c")
RIGHT = {"ana": 0.95, "bob": 0.85, "cem": 0.6}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """400 samples, a model that is right about four of five, and three people who differ in care."""
    generator = np.random.default_rng(3)
    true = generator.integers(3, size=N)

    def mostly(share):
        return np.where(generator.random(N) < share, true, (true + generator.integers(1, 3, N)) % 3)

    logits = 3 * np.eye(3)[mostly(0.8)]
    given = mostly(0.75)
    path = tmp_path_factory.mktemp("crowd") / "run"
    recording = bs.from_arrays(path, labels=given.tolist(), logits=[logits], classes=CLASSES, split=["test"] * N)
    ids = recording.sample_ids.to_pylist()
    votes = {"recorded label": given}
    for author, share in RIGHT.items():
        votes[author] = mostly(share)
        for label, name in enumerate(CLASSES):
            samples = [ids[row] for row in np.flatnonzero(votes[author] == label)]
            payload = {"samples": samples, "action": "set", "label": name}
            recording.decisions.append("label", payload, author=author)
    return recording, true, votes, softmax(logits, axis=1)


def test_the_careful_come_first_and_all_together_beat_the_majority(crowd):
    from cleanlab.multiannotator import get_majority_vote_label  # takes a second to load

    recording, true, votes, _ = crowd
    found = consensus(recording)
    assert found.annotators["author"].to_pylist() == ["ana", "bob", "recorded label", "cem"]
    assert found.annotators["votes"].to_pylist() == [N] * 4
    ours = np.array([CLASSES.index(name) for name in found.labels["label_new"].to_pylist()])
    by_majority = get_majority_vote_label(np.stack(list(votes.values()), axis=1), verbose=False)
    assert (ours == true).mean() > (by_majority == true).mean()
    quality = np.asarray(found.labels["quality"])
    sure = quality > np.median(quality)
    assert (ours == true)[sure].mean() > (ours == true)[~sure].mean()


def test_a_vote_for_none_of_the_classes_and_one_that_was_taken_back_do_not_count(crowd):
    recording, _, _, _ = crowd
    name = recording.sample_ids[0].as_py()
    kept = recording.decisions.append("label", {"samples": [name], "action": "none"}, author="ana")
    assert consensus(recording).labels["votes"][0].as_py() == 3
    recording.decisions.undo(kept.sequence, author="ana")
    assert consensus(recording).labels["votes"][0].as_py() == 4


def test_without_decisions_there_is_no_consensus(recording):
    with pytest.raises(MissingInputError) as none:
        consensus(recording)
    assert str(none.value) == (
        f"Nobody has decided about a label of {recording.path} that the model said something of. Judge some on the "
        "page Labels first, or import decisions with bathyscope import labels."
    )
