"""What a new round of judging labels changed: what is suspect, how many are wrong, how often models are right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.labels.basis import HELD_OUT, given_labels, trained_on
from bathyscope.recording import Recording
from bathyscope.recording.rounds import Round

IntArray = npt.NDArray[np.int64]

SUSPECT, CLEARED = "new suspect", "cleared"
RECORDED, CORRECTED = "recorded", "corrected"
NORMAL_95 = 1.959964

ROUND = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("number", pa.int32()),
        pa.field("corrected", pa.int64()),
        pa.field("last_decision", pa.int64()),
        pa.field("flagged_before", pa.int64()),
        pa.field("flagged_after", pa.int64()),
        pa.field("errors_before", pa.float64()),
        pa.field("errors_after", pa.float64()),
    ]
)
MOVED = pa.schema(
    [
        pa.field("sample_index", pa.int32()),
        pa.field("change", pa.string()),
        pa.field("before", pa.float32()),
        pa.field("after", pa.float32()),
    ]
)
ACCURACY = pa.schema(
    [
        pa.field("measured_on", pa.string()),
        pa.field("samples", pa.int64()),
        pa.field("before", pa.float64()),
        pa.field("after", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("wrong_before", pa.list_(pa.int32())),
        pa.field("wrong_after", pa.list_(pa.int32())),
    ]
)

Judged = Mapping[str, pa.Table]


def nothing_changed() -> dict[str, pa.Table]:
    """The tables of a result that no round has changed."""
    # Not a constant: pyarrow's first array imports pandas, which whoever only imports this would wait for.
    return {"round": ROUND.empty_table(), "moved": MOVED.empty_table(), "accuracy": ACCURACY.empty_table()}


def what_changed(recording: Recording, name: str, found: Round, before: Judged, after: Judged) -> dict[str, pa.Table]:
    """The tables `round`, `moved` and `accuracy` of a result.

    Parameters
    ----------
    name : of the round
    before, after : the tables of `judge`, of what was judged by before it and of the round
    """
    recorded = given_labels(recording)
    corrected = trained_on(recording) & (found.labels >= 0) & (found.labels != recorded)
    about: dict[str, Any] = {"name": name, "number": int(name.split("-")[0]), "corrected": int(corrected.sum())}
    about["last_decision"] = found.last_decision
    for when, judged in (("before", before), ("after", after)):
        about[f"flagged_{when}"] = _learnt(judged, "flagged")
        about[f"errors_{when}"] = _learnt(judged, "expected_errors")
    return {
        "round": pa.Table.from_pylist([about], schema=ROUND),
        "moved": moved(before["samples"], after["samples"]),
        "accuracy": accuracy(found, recorded),
    }


def moved(before: pa.Table, after: pa.Table) -> pa.Table:
    """Samples that the filter takes for wrong now and did not before, or the other way round; most suspect first."""
    was, now = (np.asarray(table["flagged"].fill_null(False)) for table in (before, after))
    suspicion = np.asarray(after["suspicion"].fill_null(0.0))
    rows = np.flatnonzero(was != now)
    rows = rows[np.argsort(-suspicion[rows], kind="stable")]
    columns = {
        "sample_index": rows,
        "change": np.where(now[rows], SUSPECT, CLEARED).tolist(),
        "before": before["suspicion"].take(rows),
        "after": after["suspicion"].take(rows),
    }
    return pa.table(columns, schema=MOVED)


def accuracy(found: Round, recorded: IntArray) -> pa.Table:
    """How often a model of the recorded labels is right on the held-out split, and one of the corrected labels.

    Both are measured on the recorded and on the corrected labels of the split. Nothing where no predictions were kept.
    """
    rows = []
    for kind, truth in ((RECORDED, recorded), (CORRECTED, found.labels)):
        asked = np.flatnonzero((found.learnt_recorded >= 0) & (found.learnt_corrected >= 0) & (truth >= 0))
        if not len(asked):
            continue
        missed = [asked[said[asked] != truth[asked]] for said in (found.learnt_recorded, found.learnt_corrected)]
        mended, broken = (len(np.setdiff1d(*pair)) for pair in (missed, missed[::-1]))
        low, high = paired_difference(mended, broken, len(asked))
        shares = [1 - len(one) / len(asked) for one in missed]
        rows.append(
            {"measured_on": kind, "samples": len(asked), "before": shares[0], "after": shares[1], "low": low}
            | {"high": high, "wrong_before": missed[0].tolist(), "wrong_after": missed[1].tolist()}
        )
    return pa.Table.from_pylist(rows, schema=ACCURACY)


def paired_difference(mended: int, broken: int, samples: int) -> tuple[float, float]:
    """95 % interval of the gain in accuracy, where so many of the same samples became right, and so many wrong.

    References
    ----------
    Bonett, Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data, Journal of Educational and Behavioral Statistics 37.
    """
    gained, lost = (mended + 1) / (samples + 2), (broken + 1) / (samples + 2)
    gain = gained - lost
    reach = NORMAL_95 * math.sqrt(max(gained + lost - gain**2, 0.0) / (samples + 2))
    return max(-1.0, gain - reach), min(1.0, gain + reach)


def _learnt(judged: Judged, column: str) -> Any:
    """A sum over the samples that a model learnt from: rounds change nothing in how the others are judged."""
    return sum(row[column] for row in judged["about"].to_pylist() if row["basis"] != HELD_OUT)
