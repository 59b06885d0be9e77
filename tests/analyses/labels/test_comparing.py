"""What is laid beside a doubtful sample: the nearest of its label and of the suggested class, none of them doubted."""

import numpy as np
import pytest

from analyses.conftest import recording_of
from bathyscope.analyses.labels import Labels


def judged(path, embedding=True):
    """Three clouds of 60 around three corners; sample 0 lies in the second cloud and carries the first label."""
    generator = np.random.default_rng(0)
    true = np.arange(180) % 3
    true[0] = 1
    vectors = 4 * np.eye(3)[true] + generator.normal(scale=0.3, size=(180, 3))
    labels = true.copy()
    labels[0] = 0
    logits = {step: vectors * step for step in (1, 2, 3)}
    given = {"embedding": vectors.astype(np.float32)} if embedding else {}
    recording = recording_of(path, logits, labels=labels, classes=["a", "b", "c"], **given)
    return recording, Labels().run(recording, lambda *_: None), labels, vectors


def test_a_wrong_label_is_laid_beside_those_it_claims_and_those_it_belongs_to(tmp_path):
    _, result, labels, vectors = judged(tmp_path / "run")
    row = {row["sample_index"]: row for row in result.compare.to_pylist()}[0]
    assert {labels[at] for at in row["of_label"]} == {0}
    assert {labels[at] for at in row["of_suggestion"]} == {1}
    assert 0 not in row["of_label"]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    sure = np.flatnonzero(labels == 1)
    nearest = sorted(sure, key=lambda at: -float(unit[at] @ unit[0]))[:6]
    assert row["of_suggestion"] == nearest


def test_suggestions_come_with_probabilities_and_the_prediction(tmp_path):
    _, result, _, _ = judged(tmp_path / "run")
    first = result.samples.slice(0, 1).to_pylist()[0]
    assert (first["prediction"], first["suggestion_1"]) == (1, 1)
    assert first["suggestion_probability"] > 0.9
    total = first["self_confidence"] + first["suggestion_probability"] + first["suggestion_probability_2"]
    assert total == pytest.approx(1)
    assert first["suggestion_probability_3"] is None


def test_without_an_embedding_nothing_is_laid_beside(tmp_path):
    _, result, _, _ = judged(tmp_path / "run", embedding=False)
    assert result.compare.num_rows == 0
