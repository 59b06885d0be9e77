"""To judge a label one looks at others of its class, and at those of the class it may belong to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.embedding import holding, unit_vectors
from bathyscope.analyses.neighbours import NOT_AMONG, nearest
from bathyscope.recording import Recording

IntArray = npt.NDArray[np.int64]

SHOWN = 6
"""Samples of each class to compare with."""

MOST_DOUBTED = 20_000
"""So many of the most doubtful samples can be compared: nobody looks at more, and each costs a search."""

AMBIGUOUS = 0.3
"""From this probability of another class on both may fit."""

MOST_OF_CLASS = 2_000
"""Of so many samples of a class the nearest are sought, spread evenly over their order."""

COMPARE = pa.schema(
    [
        pa.field("sample_index", pa.int64()),
        pa.field("of_label", pa.list_(pa.int32())),
        pa.field("of_suggestion", pa.list_(pa.int32())),
    ]
)


def compare(recording: Recording, labels: IntArray, samples: pa.Table) -> pa.Table:
    """The nearest undoubted samples of the given and of the suggested class, for the samples that may be wrong.

    Parameters
    ----------
    labels : (N,) class indices, −1 for none
    samples : as in `LabelsResult`
    """
    layer = recording.embedding_layer
    points = holding(recording, layer) if layer is not None else []
    if not points or samples.num_rows == 0:
        return COMPARE.empty_table()
    vectors, rows = unit_vectors(recording.activations(str(layer), points[-1]))
    place = np.full(len(recording), -1, np.int64)
    place[rows] = np.arange(len(rows))
    suggested = np.asarray(samples["suggestion_1"].fill_null(-1), np.int64)
    doubted = _doubted(samples)
    sure = (np.asarray(samples["prediction"].fill_null(-1)) == labels) & ~_contested(samples)
    wanted = np.flatnonzero(doubted & (place >= 0))
    order = np.argsort(-np.asarray(samples["suspicion"].fill_null(0.0))[wanted], kind="stable")
    wanted = np.sort(wanted[order][:MOST_DOUBTED])
    found = {name: np.full((len(wanted), SHOWN), -1, np.int32) for name in ("of_label", "of_suggestion")}
    for klass in range(len(recording.classes)):
        model = np.flatnonzero((labels == klass) & sure & (place >= 0))
        model = model[np.linspace(0, len(model) - 1, min(len(model), MOST_OF_CLASS)).astype(np.int64)]
        for name, of in (("of_label", labels), ("of_suggestion", suggested)):
            asked = np.flatnonzero(of[wanted] == klass)
            k = min(SHOWN, len(model) - 1)
            if k > 0 and len(asked):
                queries = wanted[asked]
                own = np.where(np.isin(queries, model), np.searchsorted(model, queries), NOT_AMONG)
                which, _ = nearest(vectors[place[model]], k, queries=vectors[place[queries]], own=own)
                found[name][asked, :k] = model[which]
    lists = {name: pa.array([[int(at) for at in row if at >= 0] for row in which]) for name, which in found.items()}
    return pa.table({"sample_index": wanted, **lists}, schema=COMPARE)


def _contested(samples: pa.Table) -> npt.NDArray[np.bool_]:
    """Labels that the model does not share, that have a likely rival, or that are flagged."""
    likely = np.asarray(samples["suggestion_probability"].fill_null(0.0))
    agrees = np.asarray(samples["self_confidence"].fill_null(1.0)) >= likely
    flagged = np.asarray(samples["flagged"].fill_null(False), bool)
    return np.asarray(~agrees | (likely >= AMBIGUOUS) | flagged, bool)


def _doubted(samples: pa.Table) -> npt.NDArray[np.bool_]:
    """What people will be shown: contested labels, and those that stand last."""
    suspicion = np.asarray(samples["suspicion"].fill_null(0.0))
    last = np.zeros(len(suspicion), bool)
    last[np.argsort(-suspicion, kind="stable")[: max(200, len(suspicion) // 10)]] = True
    labelled = ~np.asarray(samples["self_confidence"].is_null(), bool)
    return np.asarray((_contested(samples) | last) & labelled, bool)
