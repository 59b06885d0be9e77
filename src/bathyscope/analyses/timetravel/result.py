"""The tables of a time travel, and the map in them that can place new vectors."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.timetravel.canvas import Canvas
from bathyscope.analyses.timetravel.graph import Vectors
from bathyscope.analyses.timetravel.landscape import Landscape
from bathyscope.analyses.timetravel.maps import Map, unpacked
from bathyscope.errors import ShapeError, UnknownCheckpointError
from bathyscope.recording import Tables

FRAMES = pa.schema(
    [
        pa.field("checkpoint", pa.string()),
        pa.field("step", pa.int64()),
        pa.field("epoch", pa.float64()),
        *(pa.field(name, pa.float64()) for name in ("x", "y", "size")),
        pa.field("n_samples", pa.int64()),
        pa.field("motion", pa.float64()),
    ]
)
LANDSCAPES = pa.schema(
    [
        pa.field("checkpoint", pa.string()),
        pa.field("cells", pa.int32()),
        *(pa.field(name, pa.binary()) for name in Landscape._fields),
    ]
)
OUTSIDE = pa.schema([pa.field("sample_index", pa.int64()), pa.field("checkpoint", pa.string())])
QUALITY = pa.schema(
    [
        pa.field("checkpoint", pa.string()),
        pa.field("split", pa.string()),
        pa.field("measure", pa.string()),
        pa.field("neighbours", pa.int32()),
        pa.field("value", pa.float64()),
        pa.field("count", pa.int64()),
        pa.field("random", pa.float64()),
    ]
)
RATING = pa.schema([pa.field(name, pa.string()) for name in ("checkpoint", "rating", "reason")])
MODEL = pa.schema(
    [pa.field("encoder", pa.binary()), pa.field("decoder", pa.binary()), pa.field("settings", pa.string())]
)
NOTES = pa.schema([pa.field("text", pa.string())])
POSITION = pa.list_(pa.uint16(), 2)


@dataclass(frozen=True)
class TimeTravelResult(Tables):
    """Where every sample lies at every checkpoint, the territories around it, and how far to trust that.

    Attributes
    ----------
    frames : (T,) rows: checkpoint, step, epoch, x, y, size (the canvas, the same in every frame; a code u lies at
        x + size · u / 65535), n_samples, motion (median displacement from the frame before, as a share of the canvas)
    positions : (N,) rows, a column of two codes 0 … 65535 for each checkpoint; null where a sample has no place
    outside : sample_index, checkpoint: dots that had to be moved onto the border
    landscapes : (T,) rows: checkpoint, cells, and planes of cells² row by row from the lowest y: classes (little-endian
        uint16), confidence, gap, support (uint8); empty without a linear decision layer
    misplaced : (N,) rows, a column for each checkpoint: whether the territory under the dot, or the class of what it
        decodes to, is not the prediction; null where that is not known
    quality : checkpoint, split, measure, neighbours, value, count, random
    rating : checkpoint (null: the whole run, first), rating ("good", "fair", "poor"), reason
    model : one row: encoder, decoder (safetensors), settings (JSON)
    notes : text
    """

    frames: pa.Table
    positions: pa.Table
    outside: pa.Table
    landscapes: pa.Table
    misplaced: pa.Table
    quality: pa.Table
    rating: pa.Table
    model: pa.Table
    notes: pa.Table

    @property
    def canvas(self) -> Canvas:
        """The square that every frame is drawn on."""
        row = self.frames.select(["x", "y", "size"]).slice(0, 1).to_pylist()[0]
        return Canvas(row["x"], row["y"], row["size"])

    @property
    def settings(self) -> dict[str, Any]:
        """How it was fitted."""
        found: dict[str, Any] = json.loads(self.model.column("settings")[0].as_py())
        return found

    @property
    def map(self) -> Map:
        """The fitted map."""
        row = self.model.to_pylist()[0]
        return unpacked(self.settings["map"], row["encoder"], row["decoder"])

    def positions_at(self, checkpoint: str) -> Vectors:
        """(N, 2) at a checkpoint, in the units of the canvas; NaN where a sample has no place."""
        column = self.positions.column(self._names[self._number(checkpoint)]).combine_chunks()
        out = np.full((len(column), 2), np.nan, np.float32)
        there = column.is_valid().to_numpy(zero_copy_only=False)
        out[there] = self.canvas.positions(column.drop_null().flatten().to_numpy().reshape(-1, 2))
        return out

    def project(self, vectors: npt.ArrayLike, checkpoint: str | None = None) -> Vectors:
        """Where new vectors lie, (N, D) to (N, 2), in the units of the canvas.

        Parameters
        ----------
        vectors : of the layer that was mapped: of new samples, or of a new checkpoint
        checkpoint : whose map to use, where each has its own; None takes the last

        Raises
        ------
        ShapeError
            If the vectors have other dimensions than those that were fitted.
        MissingInputError
            If the mode places samples without a function.
        """
        given = np.asarray(vectors, np.float32)
        wanted = self.settings["dimensions"]
        if given.ndim != 2 or given.shape[1] != wanted:
            raise ShapeError(f"project was given vectors of shape {given.shape}; this map takes (N, {wanted}).")
        return self.map.project(given, self._frame(checkpoint))

    def invert(self, points: npt.ArrayLike, checkpoint: str | None = None) -> Vectors:
        """What the model would have to compute to land at some points of the canvas, (N, 2) to (N, D).

        Raises
        ------
        ShapeError
            If the points are not (N, 2).
        MissingInputError
            If the mode has no way back.
        """
        given = np.asarray(points, np.float32)
        if given.ndim != 2 or given.shape[1] != 2:
            raise ShapeError(f"invert was given points of shape {given.shape}; give (N, 2) positions on the canvas.")
        return self.map.invert(given, self._frame(checkpoint))

    def told_as(self, names: Mapping[str, str]) -> TimeTravelResult:
        """The same with its checkpoints called as those of another recording, `names` by their own ones.

        The map keeps all of its frames, so it is written down which of them are told.
        """
        settings = self.settings
        settings["frames"] = [number for number, name in enumerate(settings["checkpoints"]) if name in names]
        text = pa.array([json.dumps(settings)], pa.string())
        place = self.model.column_names.index("settings")
        return dataclasses.replace(self, model=self.model.set_column(place, MODEL.field("settings"), text))

    @property
    def _names(self) -> list[str]:
        names: list[str] = self.frames.column("checkpoint").to_pylist()
        return names

    def _frame(self, checkpoint: str | None) -> int:
        """Of the map."""
        number = self._number(checkpoint)
        told: list[int] | None = self.settings.get("frames")
        return number if told is None else told[number]

    def _number(self, checkpoint: str | None) -> int:
        names = self._names
        if checkpoint is None:
            return len(names) - 1
        if checkpoint not in names:
            raise UnknownCheckpointError(f"The map has no checkpoint {checkpoint!r}. It has: {', '.join(names)}.")
        return names.index(checkpoint)


def position_column(codes: npt.NDArray[np.uint16], rows: npt.NDArray[np.int64], total: int) -> pa.Array:
    """(N,) pairs of codes, null for the samples that are not among `rows`."""
    values = np.zeros((total, 2), np.uint16)
    values[rows] = codes
    absent = np.ones(total, bool)
    absent[rows] = False
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), type=POSITION, mask=pa.array(absent))


def flag_column(flags: npt.NDArray[np.bool_] | None, rows: npt.NDArray[np.int64], total: int) -> pa.Array:
    """(N,) flags, null for the samples that are not among `rows`, and for all if they are None."""
    values, absent = np.zeros(total, bool), np.ones(total, bool)
    if flags is not None:
        values[rows], absent[rows] = flags, False
    return pa.array(values, mask=absent)


def landscape_row(checkpoint: str, cells: int, planes: Landscape) -> dict[str, Any]:
    """One row of the table."""
    classes = planes.classes.astype("<u2").tobytes()
    rest = {name: getattr(planes, name).tobytes() for name in Landscape._fields[1:]}
    return {"checkpoint": checkpoint, "cells": cells, "classes": classes, **rest}


def notes_table(notes: Sequence[str]) -> pa.Table:
    """One sentence a row, each once."""
    return pa.table({"text": pa.array(list(dict.fromkeys(notes)), pa.string())}, schema=NOTES)
