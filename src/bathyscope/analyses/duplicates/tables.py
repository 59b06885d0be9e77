"""From pairs and clusters to the tables of the result; their columns are part of the public interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.duplicates.tiers import Tier
from bathyscope.recording import Recording

IntArray = npt.NDArray[np.int64]

PAIRS = pa.schema(
    [
        pa.field("a", pa.int64()),
        pa.field("b", pa.int64()),
        pa.field("tier", pa.string()),
        pa.field("distance", pa.float32()),
        pa.field("in_cuts", pa.float32()),
        pa.field("grouped", pa.bool_()),
        pa.field("spans_splits", pa.bool_()),
        pa.field("label_conflict", pa.bool_()),
    ]
)
SAMPLES = pa.schema([pa.field("cluster", pa.int32()), pa.field("tier", pa.string())])
READABLE = pa.field("readable", pa.bool_())
CLUSTERS = pa.schema(
    [
        pa.field("cluster", pa.int32()),
        pa.field("size", pa.int64()),
        pa.field("tier", pa.string()),
        pa.field("spans_splits", pa.bool_()),
        pa.field("splits", pa.list_(pa.string())),
        pa.field("label_conflict", pa.bool_()),
        pa.field("nearest", pa.float32()),
    ]
)
COVERAGE = pa.schema(
    [
        pa.field("tier", pa.string()),
        pa.field("ran", pa.bool_()),
        pa.field("reason", pa.string()),
        pa.field("compared", pa.int64()),
        pa.field("skipped", pa.int64()),
        pa.field("cut", pa.float64()),
        pa.field("pairs", pa.int64()),
        pa.field("grouped", pa.int64()),
    ]
)


class Codes:
    """Splits and labels as numbers, −1 where missing, so that pairs are compared without a loop."""

    def __init__(self, recording: Recording) -> None:
        self.splits, self.split_names = _codes(recording.column("split"))
        labels = recording.column("label")
        if recording.task == "multilabel":  # the order in which labels are listed says nothing
            sets = [None if one is None else str(sorted(one)) for one in labels.to_pylist()]
            labels = pa.chunked_array([pa.array(sets, pa.string())])
        self.labels, _ = _codes(labels)


def _codes(column: pa.ChunkedArray) -> tuple[IntArray, list[str]]:
    encoded = pa.chunked_array(column.chunks, column.type).combine_chunks().dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def pairs_table(tiers: Sequence[Tier], codes: Codes) -> pa.Table:
    """All pairs: exact first, then by tier; within one, nearest first."""
    parts = [PAIRS.empty_table()]
    for tier in tiers:
        order = np.lexsort((tier.pairs[:, 1], tier.pairs[:, 0], tier.distances))
        a, b = tier.pairs[order].T
        columns = {
            "a": a,
            "b": b,
            "tier": pa.array([tier.name] * len(order), pa.string()),
            "distance": tier.distances[order].astype(np.float32),
            "in_cuts": tier.in_cuts[order].astype(np.float32),
            "grouped": tier.grouped[order],
            "spans_splits": _differ(codes.splits, a, b),
            "label_conflict": _differ(codes.labels, a, b),
        }
        parts.append(pa.table(columns, schema=PAIRS))
    return pa.concat_tables(parts)


def _differ(codes: IntArray, a: IntArray, b: IntArray) -> npt.NDArray[np.bool_]:
    differ: npt.NDArray[np.bool_] = (codes[a] != codes[b]) & (codes[a] >= 0) & (codes[b] >= 0)
    return differ


def cluster_tables(clusters: IntArray, tiers: Sequence[Tier], codes: Codes) -> tuple[pa.Table, pa.Table]:
    """Tables `samples` and `clusters`: conflicting labels first, then leaks, then larger ones, then nearer ones."""
    order = np.argsort(clusters, kind="stable")
    order = order[clusters[order] >= 0]
    members = np.split(order, np.flatnonzero(np.diff(clusters[order])) + 1) if len(order) else []
    strength, nearest = _strongest(clusters, tiers)
    names = [*(tier.name for tier in tiers), None]
    rows = []
    for inside in members:
        row = _cluster_row(inside, codes)
        row["tier"] = names[strength[inside].max()]
        row["nearest"] = float(nearest[inside].min())
        worst_first = (not row["label_conflict"], not row["spans_splits"], -row["size"], row["nearest"], inside[0])
        rows.append((worst_first, inside, row))
    rows.sort(key=lambda entry: entry[0])
    number = np.full(len(clusters), -1, np.int32)
    for position, (_, inside, row) in enumerate(rows):
        number[inside] = row["cluster"] = position
    columns = {
        "cluster": pa.array(number, mask=number < 0),
        "tier": pa.array(names, pa.string()).take(pa.array(np.where(number < 0, len(tiers), strength))),
    }
    return pa.table(columns, schema=SAMPLES), pa.Table.from_pylist([row for *_, row in rows], schema=CLUSTERS)


def _cluster_row(members: IntArray, codes: Codes) -> dict[str, Any]:
    splits, labels = np.unique(codes.splits[members]), np.unique(codes.labels[members])
    return {
        "size": len(members),
        "spans_splits": bool((splits >= 0).sum() > 1),
        "splits": [codes.split_names[code] for code in splits if code >= 0],
        "label_conflict": bool((labels >= 0).sum() > 1),
    }


def _strongest(clusters: IntArray, tiers: Sequence[Tier]) -> tuple[IntArray, npt.NDArray[np.float64]]:
    """For each sample the number of the first tier that ties it to its cluster, and its nearest distance in cuts."""
    strength = np.full(len(clusters), len(tiers), np.int64)
    nearest = np.full(len(clusters), np.inf)
    for number, tier in enumerate(tiers):
        a, b = tier.pairs[tier.grouped].T
        within = (clusters[a] == clusters[b]) & (clusters[a] >= 0)
        for side in (a[within], b[within]):
            np.minimum.at(strength, side, number)
            np.minimum.at(nearest, side, tier.in_cuts[tier.grouped][within])
    return strength, nearest


def coverage_table(tiers: Sequence[Tier]) -> pa.Table:
    """What each tier compared, what it could not read, or why it did not run."""
    return pa.Table.from_pylist(
        [
            {
                "tier": tier.name,
                "ran": tier.reason is None,
                "reason": tier.reason,
                "compared": tier.n_samples,
                "skipped": tier.n_skipped,
                "cut": None if np.isnan(tier.cut) else tier.cut,
                "pairs": len(tier.pairs),
                "grouped": int(tier.grouped.sum()),
            }
            for tier in tiers
        ],
        schema=COVERAGE,
    )
