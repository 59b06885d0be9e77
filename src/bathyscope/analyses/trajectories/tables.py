"""The tables of the result; their columns are part of the public interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BoolArray = npt.NDArray[np.bool_]

FRAMES = pa.schema(
    [
        pa.field("checkpoint", pa.string()),
        pa.field("step", pa.int64()),
        pa.field("epoch", pa.float64()),
        pa.field("time", pa.float64()),
        *(pa.field(name, pa.int64()) for name in ("flips", "learned", "forgotten", "confidence_jumps", "movements")),
    ]
)
SAMPLES = pa.schema(
    [
        pa.field("flips", pa.int32()),
        pa.field("last_flip", pa.float64()),
        pa.field("first_learned", pa.float64()),
        pa.field("forgotten", pa.int32()),
        *(
            pa.field(name, pa.float32())
            for name in (
                "correct_share",
                "mean_label_probability",
                "std_label_probability",
                "early_label_probability",
                "last_loss",
                "aum",
            )
        ),
        pa.field("last_prediction", pa.int32()),
        pa.field("last_confidence", pa.float32()),
        pa.field("prediction_entropy", pa.float32()),
        pa.field("rival", pa.int32()),
        pa.field("rival_share", pa.float32()),
        *(pa.field(name, pa.float32()) for name in ("path_length", "net_displacement", "straightness", "max_speed")),
        pa.field("max_speed_at", pa.float64()),
        *(pa.field(name, pa.float32()) for name in ("late_speed", "distance_to_centroid")),
    ]
)
EVENTS = pa.schema(
    [
        pa.field("sample_index", pa.int64()),
        pa.field("checkpoint", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("from", pa.string()),
        pa.field("to", pa.string()),
        pa.field("amount", pa.float32()),
    ]
)
NOTES = pa.schema([pa.field("text", pa.string())])


def nullable(values: npt.NDArray[Any], kind: pa.DataType, known: BoolArray | None = None) -> pa.Array:
    """A column; null where not known, or where a number is not finite."""
    lacks = ~np.isfinite(values) if known is None else ~known
    return pa.array(np.where(lacks, 0, values), kind, mask=lacks)


def share_of_255(probabilities: npt.NDArray[np.float64], known: BoolArray) -> pa.Array:
    """Probabilities in one byte each: p · 255, rounded."""
    usable = known & np.isfinite(probabilities)
    scaled = np.rint(255 * np.clip(np.where(usable, probabilities, 0.0), 0.0, 1.0))
    return pa.array(scaled.astype(np.uint8), mask=~usable)


def samples_table(columns: Mapping[str, npt.NDArray[Any]], known: Mapping[str, BoolArray], n_samples: int) -> pa.Table:
    """Columns by name as `SAMPLES` orders them; one that is not there is all null."""
    made = []
    for field in SAMPLES:
        if field.name in columns:
            made.append(nullable(columns[field.name], field.type, known.get(field.name)))
        else:
            made.append(pa.nulls(n_samples, field.type))
    return pa.table(made, schema=SAMPLES)


def notes_table(notes: Sequence[str]) -> pa.Table:
    """Sentences for people."""
    return pa.table({"text": pa.array(notes, pa.string())}, schema=NOTES)
