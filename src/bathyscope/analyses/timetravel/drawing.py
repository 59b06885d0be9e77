"""From positions to tables: one frame after the other, each judged as it is drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.analyses.timetravel import quality
from bathyscope.analyses.timetravel import result as tables
from bathyscope.analyses.timetravel.canvas import Canvas
from bathyscope.analyses.timetravel.frames import Frame, Frames, apply_head
from bathyscope.analyses.timetravel.graph import IntArray, Vectors
from bathyscope.analyses.timetravel.landscape import landscape
from bathyscope.analyses.timetravel.maps import Map, Placed, packed
from bathyscope.analyses.timetravel.measure import Judge, Seen
from bathyscope.analyses.timetravel.result import TimeTravelResult

BoolArray = npt.NDArray[np.bool_]

MOST_FOLLOWED = 500
"""Samples of a split whose ranking of checkpoints is judged."""


@dataclass(frozen=True)
class Easel:
    """What stays the same from frame to frame: what is drawn, on which canvas, in how many cells a side."""

    frames: Frames
    splits: dict[str, BoolArray]
    canvas: Canvas
    cells: int
    seed: int


class Sketch(NamedTuple):
    """One frame by itself, judged, with the row of its territories if there are any."""

    seen: Seen
    landscape: dict[str, Any] | None


class Drawing:
    """The tables of a result, as far as they are drawn."""

    def __init__(self, easel: Easel) -> None:
        self.easel = easel
        self.names = [checkpoint.name for checkpoint in easel.frames.checkpoints]
        self.judge = Judge(easel.frames.heads, self.names, easel.splits, easel.canvas, easel.seed)
        self._columns: dict[str, pa.Array] = {}
        self._flags: dict[str, pa.Array] = {}
        self._outside: list[pa.Table] = [tables.OUTSIDE.empty_table()]
        self._landscapes: list[dict[str, Any]] = []
        self._about: list[dict[str, Any]] = []

    def add(self, number: int, frame: Frame, positions: Vectors, fitted: Map) -> None:
        """Draw one frame."""
        self.put(self.sketch(number, frame, positions, fitted))

    def sketch(self, number: int, frame: Frame, positions: Vectors, fitted: Map) -> Sketch:
        """Most of the work on one frame: it needs no other one, changes nothing here and may be done in any thread."""
        seen = self.judge.look(number, frame, positions, fitted)
        return Sketch(seen, self._landscape(number, positions, fitted))

    def put(self, sketch: Sketch) -> None:
        """Add a frame to the tables, after those before it."""
        before, seen = self.judge.before, sketch.seen
        self.judge.take(seen)
        frame, total, name = seen.frame, len(self.easel.frames.recording), self.names[seen.number]
        codes, off = self.easel.canvas.codes(seen.positions)
        self._columns[name] = tables.position_column(codes, frame.rows, total)
        self._flags[name] = tables.flag_column(seen.wrong, frame.rows, total)
        listed = {"sample_index": frame.rows[off], "checkpoint": pa.array([name] * int(off.sum()), pa.string())}
        self._outside.append(pa.table(listed, schema=tables.OUTSIDE))
        if sketch.landscape is not None:
            self._landscapes.append(sketch.landscape)
        checkpoint = self.easel.frames.checkpoints[seen.number]
        about = {"checkpoint": name, "step": checkpoint.step, "epoch": checkpoint.epoch}
        motion = _motion(before, frame, seen.positions, self.easel.canvas)
        counted = {"n_samples": len(frame.rows), "motion": motion}
        self._about.append({**about, **self.easel.canvas._asdict(), **counted})

    def restore(self, stored: TimeTravelResult) -> None:
        """Take over frames that were drawn before, as they are."""
        for name in stored.frames.column("checkpoint").to_pylist():
            self._columns[name] = stored.positions.column(name)
            self._flags[name] = stored.misplaced.column(name)
        self._outside.append(stored.outside)
        self._landscapes.extend(stored.landscapes.to_pylist())
        self._about.extend(stored.frames.to_pylist())
        # How checkpoints rank depends on all of them, and is judged anew.
        kept = pc.not_equal(stored.quality.column("measure"), "temporal_ranking")
        self.judge.rows.extend(stored.quality.filter(kept).to_pylist())

    def positions_at(self, number: int) -> Vectors:
        """(N, 2) as they were drawn at a checkpoint; NaN where a sample has no place."""
        column = self._columns[self.names[number]]
        there = np.flatnonzero(_valid(column))
        out = np.full((len(column), 2), np.nan, np.float32)
        out[there] = self.easel.canvas.positions(_codes(column, there))
        return out

    def finish(self, fitted: Map, settings: dict[str, Any], notes: list[str]) -> TimeTravelResult:
        """All tables."""
        self._rank()
        frames = self.easel.frames
        encoder, decoder = packed(fitted)
        about = {
            "map": type(fitted).__name__.lower(),
            "layer": frames.layer,
            "dimensions": frames.dimensions,
            "checkpoints": {one.name: one.fingerprint for one in frames.checkpoints},
            **settings,
        }
        model = {"encoder": encoder, "decoder": decoder, "settings": json.dumps(about)}
        return TimeTravelResult(
            frames=pa.Table.from_pylist(self._about, schema=tables.FRAMES),
            positions=pa.table(self._columns),
            outside=pa.concat_tables(self._outside).combine_chunks(),
            landscapes=pa.Table.from_pylist(self._landscapes, schema=tables.LANDSCAPES),
            misplaced=pa.table(self._flags),
            quality=pa.Table.from_pylist(self.judge.rows, schema=tables.QUALITY),
            rating=ratings(self.judge.rows, self.names),
            model=pa.Table.from_pylist([model], schema=tables.MODEL),
            notes=tables.notes_table(notes),
        )

    def _landscape(self, number: int, dots: Vectors, fitted: Map) -> dict[str, Any] | None:
        head = self.easel.frames.heads[number]
        if head is None or isinstance(fitted, Placed):
            return None
        cells, canvas = self.easel.cells, self.easel.canvas
        centres = canvas.centres(cells)
        logits = apply_head(head, fitted.invert(centres, number))
        planes = landscape(logits, centres, dots, canvas.size / cells)
        return tables.landscape_row(self.names[number], cells, planes)

    def _rank(self) -> None:
        """Judge the order of checkpoints for some samples that are in all of them."""
        there = np.logical_and.reduce([_valid(column) for column in self._columns.values()])
        generator = np.random.default_rng([self.easel.seed, 7])
        followed = [
            generator.permutation(np.flatnonzero(there & members))[:MOST_FOLLOWED]
            for members in self.easel.splits.values()
        ]
        some = np.unique(np.concatenate(followed))
        if not len(some) or len(self._columns) < 3:
            return
        drawn = [self.easel.canvas.positions(_codes(column, some)) for column in self._columns.values()]
        vectors = []
        for number in range(len(drawn)):
            frame = self.easel.frames.read(number)
            vectors.append(frame.vectors[np.searchsorted(frame.rows, some)])
        self.judge.rankings(some, np.stack(vectors, axis=1), np.stack(drawn, axis=1))


def _valid(column: pa.Array | pa.ChunkedArray) -> BoolArray:
    out: BoolArray = np.asarray(column.is_valid())
    return out


def _codes(column: pa.Array | pa.ChunkedArray, rows: IntArray) -> npt.NDArray[np.uint16]:
    picked = column.take(pa.array(rows))
    whole = picked.combine_chunks() if isinstance(picked, pa.ChunkedArray) else picked
    out: npt.NDArray[np.uint16] = whole.flatten().to_numpy().reshape(-1, 2)
    return out


def _motion(before: Seen | None, frame: Frame, positions: Vectors, canvas: Canvas) -> float | None:
    """Median displacement from the frame before, as a share of the canvas."""
    if before is None:
        return None
    _, a, b = np.intersect1d(before.frame.rows, frame.rows, assume_unique=True, return_indices=True)
    if not len(a):
        return None
    return float(np.median(np.linalg.norm(positions[b] - before.positions[a], axis=1))) / canvas.size


def ratings(rows: list[dict[str, Any]], names: list[str]) -> pa.Table:
    """How far to trust each frame and, by the worst of them, the whole run: first row."""
    out = []
    for name in names:
        rating, reason = quality.rating(*_worst([row for row in rows if row["checkpoint"] == name]))
        out.append({"checkpoint": name, "rating": rating, "reason": reason})
    if not out:
        return tables.RATING.empty_table()
    worst = min((row["rating"] for row in out), key=["poor", "fair", "good"].index)
    those = [row for row in out if row["rating"] == worst]
    first = those[0]
    said = f"{len(those)} of {len(out)} frames are {worst}; the first is {first['checkpoint']}. {first['reason']}"
    return pa.Table.from_pylist([{"checkpoint": None, "rating": worst, "reason": said}, *out], tables.RATING)


def _worst(rows: list[dict[str, Any]]) -> tuple[dict[str, float], float]:
    """The lowest value over the splits of what the rating looks at, and neighbours_kept by chance."""
    values: dict[str, float] = {}
    chance = 0.0
    for row in rows:
        measure = row["measure"]
        wanted = measure in ("trustworthiness", "prediction_kept", "landscape_agreement")
        if measure == "neighbours_kept" and row["neighbours"] <= quality.RANKED:
            # Of 10, 15 and 20 the second, or as many as there are.
            wanted, chance = True, max(chance, row["random"] or 0.0)
        if wanted and row["value"] is not None:
            values[measure] = min(values.get(measure, np.inf), row["value"])
    return values, chance
