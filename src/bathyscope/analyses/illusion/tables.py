"""The tables of the feature pictures; their columns are part of the public interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

SCHEMAS: Mapping[str, pa.Schema] = {
    "pictures": pa.schema(
        [
            pa.field("neuron", pa.int32()),
            pa.field("label", pa.string()),
            pa.field("seed", pa.int64()),
            pa.field("kind", pa.string()),
            pa.field("png", pa.binary()),
            pa.field("mask", pa.binary()),
            *(pa.field(name, pa.float64()) for name in ("activation", "logit", "probability", "q", "percentile")),
            pa.field("specificity", pa.float64()),
            pa.field("expressed", pa.bool_()),
            pa.field("badge", pa.string()),
            pa.field("gamma", pa.float64()),
            pa.field("guidance", pa.string()),
        ]
    ),
    "steps": pa.schema(
        [
            pa.field("neuron", pa.int32()),
            pa.field("seed", pa.int64()),
            pa.field("step", pa.int32()),
            *(pa.field(name, pa.float64()) for name in ("neuron_term", "class_term", "scorer_term")),
        ]
    ),
    "frames": pa.schema(
        [
            pa.field("neuron", pa.int32()),
            pa.field("seed", pa.int64()),
            pa.field("step", pa.int32()),
            pa.field("png", pa.binary()),
        ]
    ),
    "frames_so_far": pa.schema(
        [
            pa.field("neuron", pa.int32()),
            pa.field("seed", pa.int64()),
            *(pa.field(name, pa.int32()) for name in ("step", "steps", "attempt")),
            pa.field("png", pa.binary()),
        ]
    ),
    "exemplars": pa.schema(
        [
            pa.field("neuron", pa.int32()),
            pa.field("kind", pa.string()),
            pa.field("rank", pa.int32()),
            pa.field("sample_index", pa.int64()),
            pa.field("activation", pa.float64()),
            pa.field("mask", pa.binary()),
        ]
    ),
    "agreement": pa.schema([pa.field("value", pa.float64()), pa.field("words", pa.string())]),
    "triage": pa.schema(
        [
            pa.field("neuron", pa.int32()),
            pa.field("core_score", pa.float64()),
            pa.field("candidate", pa.bool_()),
            pa.field("likeness", pa.float64()),
            pa.field("median_mistakes", pa.float64()),
            pa.field("median_correct", pa.float64()),
            pa.field("image_property", pa.string()),
            pa.field("image_correlation", pa.float64()),
            pa.field("metadata", pa.string()),
            pa.field("metadata_correlation", pa.float64()),
        ]
    ),
    "settings": pa.schema([pa.field("settings", pa.string())]),
    "notes": pa.schema([pa.field("text", pa.string())]),
}


def table_of(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as the table of this name."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMAS[name])
