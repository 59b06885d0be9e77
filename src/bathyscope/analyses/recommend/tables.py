"""The tables of a recommendation; their columns are part of the public interface."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.recommend.answers import Answers
from bathyscope.analyses.recommend.asked import Asked
from bathyscope.analyses.recommend.batch import best
from bathyscope.analyses.recommend.prepared import Prepared
from bathyscope.analyses.recommend.reasons import class_name
from bathyscope.analyses.recommend.strategies import Ranking

IntArray = npt.NDArray[np.int64]

BATCH = pa.schema(
    [
        pa.field("rank", pa.int32()),
        pa.field("sample_index", pa.int64()),
        pa.field("score", pa.float32()),
        pa.field("suggested", pa.string()),
        pa.field("why", pa.list_(pa.string())),
        pa.field("part", pa.string()),
    ]
)
SCORES = pa.schema([pa.field("score", pa.float32())])
WEIGHTS = pa.schema(
    [
        pa.field("feature", pa.string()),
        pa.field("label", pa.string()),
        pa.field("weight", pa.float64()),
        pa.field("prior", pa.float64()),
    ]
)
TYPICAL = pa.schema([pa.field("sample_index", pa.int64())])
REVIEW = pa.schema(
    [
        pa.field("sample_index", pa.int64()),
        pa.field("answered", pa.string()),
        pa.field("expected", pa.string()),
        pa.field("doubt", pa.float32()),
    ]
)
NOTES = pa.schema([pa.field("text", pa.string())])

TYPICALS = 3
DOUBTFUL = 0.95
ABOUT_LABELS = ("label_noise", "mispredicted", "backdoor")


def pack(
    asked: Asked, prepared: Prepared, answers: Answers, ranking: Ranking, classes: Sequence[str]
) -> dict[str, pa.Table]:
    """All tables by name."""
    pick, scores = ranking.pick, ranking.scores
    all_scores = np.full(len(prepared.place_of), np.nan, np.float32)
    all_scores[prepared.pool] = scores
    about_labels = asked.target in ABOUT_LABELS
    suggested = _suggested(prepared, pick.places, classes) if about_labels else [None] * len(pick.places)
    batch = [
        np.arange(1, len(pick.places) + 1),
        prepared.pool[pick.places],
        scores[pick.places],
        suggested,
        ranking.why,
        pick.parts,
    ]
    typical = best(-scores, answers.open_, TYPICALS)
    return {
        "batch": pa.table([pa.array(c, f.type) for c, f in zip(batch, BATCH, strict=True)], schema=BATCH),
        "scores": pa.table([pa.array(all_scores, from_pandas=True)], schema=SCORES),
        "weights": pa.Table.from_pylist(ranking.weights, schema=WEIGHTS),
        "typical": pa.table([prepared.pool[typical]], schema=TYPICAL),
        "review": _review(prepared, answers, ranking),
        "notes": pa.table([pa.array([*prepared.notes, *answers.notes, *ranking.notes], pa.string())], schema=NOTES),
    }


def _suggested(prepared: Prepared, places: IntArray, classes: Sequence[str]) -> list[str | None]:
    """Another class than the label: what the model says now, else what it said most often."""
    label, prediction, rival = (prepared.classes_of[kind][places] for kind in ("label", "prediction", "rival"))
    other = np.where(prediction != label, prediction, rival)
    return [class_name(int(number), classes) for number in np.where(other != label, other, -1)]


def _review(prepared: Prepared, answers: Answers, ranking: Ranking) -> pa.Table:
    """Answers that the model doubts, the most doubtful first."""
    doubt = ranking.doubt
    rows = np.flatnonzero(doubt > DOUBTFUL)
    rows = rows[np.argsort(-doubt[rows], kind="stable")]
    words = np.asarray(["no", "yes"])
    yes = answers.yes[rows].astype(int)
    columns = [prepared.pool[answers.places[rows]], words[yes], words[1 - yes], doubt[rows]]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, REVIEW, strict=True)], schema=REVIEW)
