"""Who can be relied on, and what several people and a model come to together."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bathyscope.analyses.labels.basis import judged_by
from bathyscope.analyses.labels.corrections import RENAMING, votes_of
from bathyscope.errors import MissingInputError
from bathyscope.recording import Progress, Recording
from bathyscope.recording.results import silent

if TYPE_CHECKING:
    import pandas as pd

GIVEN = "recorded label"
"""The name under which the recorded label has a vote of its own."""


@dataclass(frozen=True)
class Consensus:
    """What people, the recorded labels and a model come to together.

    Attributes
    ----------
    annotators : one row per person and one for the recorded labels, the most reliable first: author, quality (in
        [0, 1]), agreement (with the consensus, where others voted, too), votes
    labels : one row per sample with a vote for a class: sample_id, label_old, label_new, quality (in [0, 1], how sure
        the consensus is), votes
    """

    annotators: pa.Table
    labels: pa.Table


def consensus(recording: Recording, *, round: str | None = None, progress: Progress = silent) -> Consensus:
    """Weigh the votes of people by how reliable they prove, with the model as one more voice.

    Parameters
    ----------
    round : whose probabilities speak for the model, as for `Labels`

    Raises
    ------
    MissingInputError
        If nobody has decided about a label yet.

    References
    ----------
    Goh, Tkachenko, Mueller (2022), CROWDLAB: Supervised learning to infer consensus labels and quality scores for data
    with multiple annotators; computed by cleanlab.
    """
    from cleanlab.multiannotator import get_label_quality_multiannotator

    labels, basis = judged_by(recording, round, progress).now
    votes = _votes(recording, labels)
    usable = np.flatnonzero(np.isfinite(basis.probabilities[votes.index]).all(axis=1))
    votes = votes.iloc[usable].dropna(axis=1, how="all")
    if votes.drop(columns=GIVEN, errors="ignore").empty:
        raise MissingInputError(
            f"Nobody has decided about a label of {recording.path} that the model said something of. Judge some on the "
            "page Labels first, or import decisions with bathyscope import labels."
        )
    with warnings.catch_warnings():  # about annotators with few samples; their votes are counted beside them
        warnings.simplefilter("ignore")
        # Calibrated: a model that is too sure of itself would outvote people who agree.
        found = get_label_quality_multiannotator(
            votes, basis.probabilities[votes.index], calibrate_probs=True, verbose=False
        )
    people, judged = found["annotator_stats"], found["label_quality"]
    names, ids = recording.classes, recording.sample_ids
    order = people["annotator_quality"].argsort().to_numpy()[::-1]
    return Consensus(
        annotators=pa.table(
            {
                "author": [str(people.index[place]) for place in order],
                "quality": people["annotator_quality"].to_numpy(float)[order],
                "agreement": people["agreement_with_consensus"].to_numpy(float)[order],
                "votes": people["num_examples_labeled"].to_numpy(np.int64)[order],
            }
        ),
        labels=pa.table(
            {
                "sample_id": [ids[row].as_py() for row in votes.index.tolist()],
                "label_old": [names[labels[row]] if labels[row] >= 0 else None for row in votes.index],
                "label_new": [names[int(label)] for label in judged["consensus_label"]],
                "quality": judged["consensus_quality_score"].to_numpy(float),
                "votes": judged["num_annotations"].to_numpy(np.int64),
            }
        ),
    )


def _votes(recording: Recording, labels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pd.DataFrame:
    """Class indices by sample index (rows) and author (columns); NaN for no vote, or one for none of the classes."""
    import pandas as pd

    place = {name: index for index, name in enumerate(recording.classes)}
    row_of = {name: row for row, name in enumerate(recording.sample_ids.to_pylist())}
    said: dict[str, dict[int, float]] = {}
    for event in recording.decisions.active():
        for sample_id, vote in votes_of(event) if event.kind == "label" else ():
            row = row_of.get(sample_id)
            if row is None or vote.action == "skip":
                continue
            label = place.get(vote.label or "", -1) if vote.action in RENAMING else -1
            if vote.action == "keep":
                label = int(labels[row])
            said.setdefault(vote.author, {})[row] = label if label >= 0 else np.nan
    rows = sorted({row for votes in said.values() for row, label in votes.items() if not np.isnan(label)})
    table = pd.DataFrame({author: pd.Series(votes, dtype=float) for author, votes in said.items()}, index=rows)
    table[GIVEN] = [float(labels[row]) if labels[row] >= 0 else np.nan for row in rows]
    return table
