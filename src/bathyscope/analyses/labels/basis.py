"""What predictions the judgement of labels stands on, and how far each can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from bathyscope.analyses.embedding import holding, unit_vectors
from bathyscope.analyses.recommend.neighbours import near, thinned
from bathyscope.recording import Checkpoint, Progress, Recording
from bathyscope.recording.rounds import Round, read_round, round_names

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

OUT_OF_FOLD, HELD_OUT, DYNAMICS = "out-of-fold", "held out", "training dynamics"
"""Whence a sample's probabilities come: from a model of other folds; from a model that was trained on another split;
from the course of the training on the sample itself, and from the labels of its neighbours."""

TRAINING = "training"
"""Instead of a round's name: judge by what was recorded."""

NEIGHBOURS = 20
LOOKS = 3
"""Checkpoints at which neighbours are asked: early ones know less, late ones have learnt the wrong labels, too."""

SAME = 1e-4
"""Embeddings of length 1 that are closer than this are copies: they would vote for themselves."""


@dataclass(frozen=True)
class Basis:
    """Predictions for N samples and C classes.

    Attributes
    ----------
    probabilities : (N, C), rows sum to 1; NaN where there are none
    kind : (N,) one of "out-of-fold", "held out", "training dynamics"; "" where there are no probabilities
    notes : what a reader should know about them
    votes : (N, C) what the neighbours of a sample say that the model was trained on, NaN elsewhere. The sample itself
        has no say in it, while the course of the training has learnt part of its wrong label: by it, too few of them
        would be counted
    """

    probabilities: FloatArray
    kind: npt.NDArray[np.str_]
    notes: list[str]
    votes: FloatArray


def from_recording(recording: Recording, labels: IntArray, labelled: BoolArray, progress: Progress) -> Basis:
    """Predictions from the checkpoints of one training run.

    Samples of other splits than "train" are judged by the last checkpoint, which did not learn from them. Those that
    the model was trained on are judged by the mean of its probabilities over the run, in which a wrong label shows
    until it is memorised, and by the labels of their nearest neighbours in the embedding, themselves left out.
    """
    trained = trained_on(recording)
    checkpoints = [point for point in recording.checkpoints if point.has_outputs]
    n_classes = len(recording.classes)
    course, seen = np.zeros((len(recording), n_classes)), np.zeros(len(recording))
    last = np.full((len(recording), n_classes), np.nan)
    for number, checkpoint in enumerate(checkpoints):
        progress(0.6 * number / len(checkpoints), f"reading checkpoint {checkpoint.name}")
        for indices, logits in recording.logit_batches(checkpoint):
            said = softmax(logits.astype(np.float64), axis=1)
            usable = np.asarray(np.isfinite(said).all(axis=1))
            course[indices[usable]] += said[usable]
            seen[indices[usable]] += 1
            last[indices[usable]] = said[usable]
    mean = np.full_like(course, np.nan)
    mean[seen > 0] = course[seen > 0] / seen[seen > 0, None]
    votes = neighbour_votes(recording, labels, labelled & trained, progress)
    both = np.where(np.isfinite(votes), (mean + votes) / 2, mean)
    probabilities = np.where(trained[:, None], both, last)
    there = np.asarray(np.isfinite(probabilities).all(axis=1))
    kind = np.where(there, np.where(trained, DYNAMICS, HELD_OUT), "")
    asked = np.where((kind == DYNAMICS)[:, None], votes, np.nan)
    return Basis(np.where(there[:, None], probabilities, np.nan), kind, _notes(recording, trained, checkpoints), asked)


class Judgement(NamedTuple):
    """What labels are judged by, and what they were judged by before the round; both None without a round."""

    now: tuple[IntArray, Basis]
    before: tuple[IntArray, Basis] | None
    round: tuple[str, Round] | None


def judged_by(recording: Recording, name: str | None, progress: Progress) -> Judgement:
    """The labels to judge and the predictions to judge them by: of the named round, of the newest, or as recorded."""
    labels = given_labels(recording)
    recorded = labels, from_recording(recording, np.maximum(labels, 0), labels >= 0, progress)
    names = round_names(recording.path)
    if name == TRAINING or not (name or names):
        return Judgement(recorded, None, None)
    name = name or names[-1]
    found = read_round(recording.path, name)
    at = names.index(name)
    before = with_round(recorded[1], read_round(recording.path, names[at - 1])) if at else recorded
    return Judgement(with_round(recorded[1], found), before, (name, found))


def given_labels(recording: Recording) -> IntArray:
    """(N,) recorded class indices; −1 for none."""
    return recording.labels.filled(-1).astype(np.int64)


def with_round(basis: Basis, found: Round) -> tuple[IntArray, Basis]:
    """The labels that a round was made with, and its probabilities where it has any."""
    there = np.asarray(np.isfinite(found.probabilities).all(axis=1))
    notes = [] if there[basis.kind == DYNAMICS].all() else basis.notes
    return found.labels, Basis(
        np.where(there[:, None], found.probabilities, basis.probabilities),
        np.where(there, OUT_OF_FOLD, basis.kind),
        notes,
        np.where(there[:, None], np.nan, basis.votes),
    )


def neighbour_votes(recording: Recording, labels: IntArray, voting: BoolArray, progress: Progress) -> FloatArray:
    """(N, C) shares of the labels among each sample's nearest voters in the embedding; NaN where there are none."""
    layer = recording.embedding_layer
    points = holding(recording, layer) if layer is not None else []
    total, asked = np.zeros((len(recording), len(recording.classes))), np.zeros(len(recording))
    for number, at in enumerate(sorted({len(points) * share // LOOKS - 1 for share in range(1, LOOKS + 1)} - {-1})):
        progress(0.6 + 0.35 * number / LOOKS, "asking the neighbours")
        vectors, rows = unit_vectors(recording.activations(str(layer), points[at]))
        found = near(vectors, rows, thinned(np.flatnonzero(voting)), NEIGHBOURS)
        weight = np.maximum(1.0 - found.distances**2 / 2, 0.0) * (found.distances > SAME)
        for which, part in zip(found.which.T, weight.T, strict=True):
            np.add.at(total, (rows, labels[which]), part)
        asked[rows] += weight.sum(axis=1)
    votes = np.full_like(total, np.nan)
    votes[asked > 0] = total[asked > 0] / asked[asked > 0, None]
    return votes


def trained_on(recording: Recording) -> BoolArray:
    """Samples that the model may have learnt from: those of the split "train", or all where there is no such split."""
    if "train" not in recording.splits:
        return np.ones(len(recording), bool)
    return np.asarray([split == "train" for split in recording.column("split").to_pylist()])


def _notes(recording: Recording, trained: BoolArray, checkpoints: list[Checkpoint]) -> list[str]:
    notes = []
    if trained.any():
        notes.append(
            "The model learnt from the labels that are judged here, so wrong ones that it memorised may stay hidden. "
            "They are judged by the course of the training and by their neighbours. Out-of-fold ones tell more."
        )
    if trained.any() and len(checkpoints) < LOOKS:
        notes.append(f"Only {len(checkpoints)} checkpoints tell of the training; more make the judgement steadier.")
    if recording.embedding_layer is None:
        notes.append("No embedding is recorded, so neighbours could not be asked.")
    return notes
