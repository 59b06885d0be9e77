"""From an edit and its effects to the tables of the result; their columns are part of the public interface."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.mitigate.choosing import Judged
from bathyscope.analyses.mitigate.compensation import Compensation
from bathyscope.analyses.mitigate.groups import Groups
from bathyscope.analyses.mitigate.measuring import Measure
from bathyscope.analyses.mitigate.patch import Patch

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_TEXT, _INT, _REAL, _BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()


def _schema(**fields: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in fields.items()])


MEASURES = _schema(
    split=_TEXT,
    measure=_TEXT,
    group=_TEXT,
    before=_REAL,
    after=_REAL,
    delta=_REAL,
    low=_REAL,
    high=_REAL,
    count=_INT,
)
CHANGED = _schema(sample_index=_INT, before=_TEXT, after=_TEXT, verdict=_TEXT)
CURVE = _schema(strength=_REAL, accuracy=_REAL, worst_group=_REAL, average_loss=_REAL, chosen=_BOOL)
COMPENSATION = _schema(
    neuron=_INT, label=_TEXT, growth=_REAL, contribution_before=_REAL, contribution_after=_REAL, warned=_BOOL
)
GROUPS = _schema(
    split=_TEXT, group=_TEXT, label=_TEXT, count=_INT, accuracy_before=_REAL, accuracy_after=_REAL, ignored=_BOOL
)
PATCH = _schema(file=pa.large_binary(), fingerprint=_TEXT, fingerprint_after=_TEXT)
SUMMARY = _schema(
    status=_TEXT, method=_TEXT, strength=_REAL, neurons=pa.list_(_INT), classes=pa.list_(_TEXT), settings=_TEXT
)
NOTES = _schema(text=_TEXT)


def measure_table(split: str, measures: Iterable[Measure]) -> pa.Table:
    """One row for each number of a split."""
    rows = [
        {
            "split": split,
            "measure": one.name,
            "group": one.group,
            "before": _real(one.before),
            "after": _real(one.after),
            "delta": _real(one.after - one.before),
            "low": _real(one.low),
            "high": _real(one.high),
            "count": one.count,
        }
        for one in measures
    ]
    return pa.Table.from_pylist(rows, schema=MEASURES)


def changed_table(
    rows: IntArray, before: IntArray, after: IntArray, labels: IntArray, *, names: Sequence[str]
) -> pa.Table:
    """Samples that are decided otherwise: fixed, broken, or wrong in another way; `rows` are their indices."""
    other = np.flatnonzero(before != after)
    verdict = np.where(after == labels, "fixed", np.where(before == labels, "broken", "other"))
    return pa.table(
        {
            "sample_index": rows[other],
            "before": [names[k] for k in before[other]],
            "after": [names[k] for k in after[other]],
            "verdict": verdict[other].tolist(),
        },
        schema=CHANGED,
    )


def curve_table(
    strengths: Sequence[float | None], unedited: Judged, judged: Sequence[Judged], chosen: int | None
) -> pa.Table:
    """What each strength does to the samples that are chosen by; the first row, of no strength, is the unedited head.

    A method without strengths has one row of strength 1 beside it.
    """
    rows: list[tuple[float | None, Judged, bool]] = [(None, unedited, chosen is None)]
    rows += [
        (1.0 if strength is None else strength, one, place == chosen)
        for place, (strength, one) in enumerate(zip(strengths, judged, strict=True))
    ]
    return pa.Table.from_pylist(
        [
            {
                "strength": strength,
                "accuracy": _real(one.accuracy),
                "worst_group": _real(one.worst_group),
                "average_loss": _real(unedited.accuracy - one.accuracy),
                "chosen": taken,
            }
            for strength, one, taken in rows
        ],
        schema=CURVE,
    )


def compensation_table(found: Sequence[Compensation], names: Sequence[str]) -> pa.Table:
    """Neurons on which the head leans harder now."""
    rows = [
        {
            "neuron": one.neuron,
            "label": names[one.label],
            "growth": one.growth if np.isfinite(one.growth) else None,
            "contribution_before": one.before,
            "contribution_after": one.after,
            "warned": one.warned,
        }
        for one in found
    ]
    return pa.Table.from_pylist(rows, schema=COMPENSATION)


def group_table(split: str, groups: Groups, before: BoolArray, after: BoolArray, *, names: Sequence[str]) -> pa.Table:
    """Accuracy of each group before and after."""
    return pa.table(
        {
            "split": [split] * len(groups.names),
            "group": list(groups.names),
            "label": [names[label] for label in groups.labels],
            "count": groups.counts,
            "accuracy_before": groups.accuracies(before),
            "accuracy_after": groups.accuracies(after),
            "ignored": groups.ignored,
        },
        schema=GROUPS,
    )


def patch_table(patch: Patch | None) -> pa.Table:
    """One row; none where there is nothing to patch."""
    if patch is None:
        return PATCH.empty_table()
    row = {"file": patch.to_bytes(), "fingerprint": patch.fingerprint, "fingerprint_after": patch.fingerprint_after}
    return pa.Table.from_pylist([row], schema=PATCH)


def note_table(notes: Sequence[str]) -> pa.Table:
    """Sentences."""
    return pa.table({"text": list(notes)}, schema=NOTES)


def _real(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
