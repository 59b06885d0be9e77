"""Measuring one frame after the other: rows of the quality table, and which dots lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.neighbours import nearest
from bathyscope.analyses.timetravel import quality
from bathyscope.analyses.timetravel.boundary import GAP, normalised_gap
from bathyscope.analyses.timetravel.canvas import Canvas
from bathyscope.analyses.timetravel.clouds import borders_of
from bathyscope.analyses.timetravel.frames import Frame, apply_head
from bathyscope.analyses.timetravel.graph import IntArray, Vectors
from bathyscope.analyses.timetravel.landscape import BOUNDARY, probabilities, raw_gap
from bathyscope.analyses.timetravel.maps import Map, Placed
from bathyscope.recording import Head

BoolArray = npt.NDArray[np.bool_]

MOST_JUDGED = 1000
"""Samples of a split that are judged; their neighbours are sought among all of it."""

GRID = 500
"""Cells a side of the grid on which the agreement of territories is judged."""

BORDER_SHARE = 0.1
BORDER_NEIGHBOURS = 15


class Territory(NamedTuple):
    """What the map makes of the samples of one frame, (n,) each.

    Attributes
    ----------
    predictions : of the model
    border : whether the model nearly predicts another class
    right : whether the territory under the dot is the prediction, or a border for a border sample
    decoded : (n, D) the vectors that the dots decode to
    logits : (n, C) of those
    """

    predictions: IntArray
    border: BoolArray
    right: BoolArray
    decoded: Vectors
    logits: npt.NDArray[np.float32]


class Seen(NamedTuple):
    """One frame as the next one must know it; `territory` is None where nothing can be decoded."""

    frame: Frame
    positions: Vectors
    territory: Territory | None


@dataclass
class Judge:
    """Judges the frames of one map, in order.

    Parameters
    ----------
    names : of the checkpoints
    splits : name and (N,) members of each, the one that was fitted first
    canvas : on which everything is drawn
    """

    heads: tuple[Head | None, ...]
    names: list[str]
    splits: dict[str, BoolArray]
    canvas: Canvas
    seed: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    before: Seen | None = None

    def frame(self, number: int, frame: Frame, positions: Vectors, fitted: Map) -> BoolArray | None:
        """Measure one frame; returns which of its dots lie, (n,), or None if that is not known."""
        territory, wrong = self._territory(number, frame, positions, fitted)
        here = Seen(frame, positions, territory)
        fit_members = next(iter(self.splits.values()))[frame.rows]
        for split, members in self.splits.items():
            mine = np.flatnonzero(members[frame.rows])
            if not len(mine):
                continue
            # A held-out sample has its neighbours among the fitted samples and its own split.
            among = np.flatnonzero(members[frame.rows] | fit_members)
            self._neighbours(number, split, here, mine, among)
            if territory is not None and frame.logits is not None:
                self._predictions(number, split, frame, territory, mine)
            self._movement(number, split, here, mine)
        if territory is not None:
            self._borders(number, here, fitted)
        self.before = here
        return wrong

    def rankings(self, followed: IntArray, vectors: Vectors, positions: Vectors) -> None:
        """Add how well checkpoints near to each other for a sample are drawn near each other.

        Parameters
        ----------
        followed : (S,) samples with a place in every frame
        vectors : (S, T, D)
        positions : (S, T, 2)
        """
        for split, members in self.splits.items():
            mine = np.flatnonzero(members[followed])
            if not len(mine) or vectors.shape[1] < 3:
                continue
            for number in range(vectors.shape[1]):
                value, _ = quality.temporal_ranking(vectors[mine], positions[mine], number)
                self._add(number, split, "temporal_ranking", value, len(mine), random=0.0)

    def _add(self, number: int, split: str, measure: str, value: float, count: int, **more: Any) -> None:
        known = float(value) if np.isfinite(value) else None
        row = {"checkpoint": self.names[number], "split": split, "measure": measure, "value": known, "count": count}
        self.rows.append({**row, "neighbours": None, "random": None, **more})

    def _judged(self, mine: IntArray) -> IntArray:
        """Some of them, the same at every checkpoint as far as they are there."""
        if len(mine) <= MOST_JUDGED:
            return mine
        return np.sort(np.random.default_rng([self.seed, 4]).permutation(mine)[:MOST_JUDGED])

    def _territory(
        self, number: int, frame: Frame, positions: Vectors, fitted: Map
    ) -> tuple[Territory | None, BoolArray | None]:
        """Compare the territory under each dot, and what the dot decodes to, with the prediction."""
        head = self.heads[number]
        if head is None or frame.logits is None or isinstance(fitted, Placed) or not len(frame.rows):
            return None, None
        decoded = fitted.invert(positions, number)
        logits = apply_head(head, decoded)
        cells, back = np.unique(self.canvas.cell_of(positions, GRID), return_inverse=True)
        under = apply_head(head, fitted.invert(self.canvas.centres(GRID, cells), number))
        there, border_there = under.argmax(axis=1)[back], (raw_gap(under) < BOUNDARY)[back]
        predictions, border = frame.logits.argmax(axis=1), normalised_gap(frame.logits) < GAP
        right = quality.agreement(predictions, border, there, border_there)
        wrong = (there != predictions) | (logits.argmax(axis=1) != predictions)
        return Territory(predictions, border, right, decoded, logits), wrong

    def _neighbours(self, number: int, split: str, here: Seen, mine: IntArray, among: IntArray) -> None:
        # Where all vectors are equal, or there is one, nobody is nearer than others.
        if len(among) < 2 or not np.ptp(here.frame.vectors[among], axis=0).any():
            return
        judged = self._judged(mine)
        place = np.searchsorted(among, judged)
        found = quality.Neighbourhoods(here.frame.vectors[among], here.positions[among], place)
        for k in quality.NEIGHBOURS:
            near = min(k, len(among) - 1)
            by_chance = near / (len(among) - 1)
            value = float(found.kept(k).mean())
            self._add(number, split, "neighbours_kept", value, len(judged), neighbours=near, random=by_chance)
        for measure, value in (("trustworthiness", found.trustworthiness()), ("continuity", found.continuity())):
            self._add(number, split, measure, value, len(judged), neighbours=found.ranked, random=0.5)

    def _predictions(self, number: int, split: str, frame: Frame, found: Territory, mine: IntArray) -> None:
        if frame.logits is None:
            return
        said = found.predictions[mine]
        kept = found.logits[mine].argmax(axis=1) == said
        chance = float(((np.bincount(said) / len(said)) ** 2).sum())
        self._add(number, split, "prediction_kept", float(kept.mean()), len(mine), random=chance)
        sure = quality.confidence_kept(probabilities(frame.logits[mine]), probabilities(found.logits[mine]))
        self._add(number, split, "confidence_kept", float(sure.mean()), len(mine))
        error = quality.relative_error(frame.vectors[mine], found.decoded[mine])
        self._add(number, split, "inverse_distance", error, len(mine), random=1.0)
        border, right = found.border[mine], found.right[mine]
        plain = float(right[~border].mean()) if not border.all() else float("nan")
        self._add(number, split, "landscape_agreement", plain, int((~border).sum()), random=chance)
        at_border = float(right[border].mean()) if border.any() else float("nan")
        self._add(number, split, "landscape_agreement_boundary", at_border, int(border.sum()))

    def _movement(self, number: int, split: str, here: Seen, mine: IntArray) -> None:
        """Compare with the frame before: dots that should have moved, and those that should not."""
        before = self.before
        if before is None:
            return
        rows = here.frame.rows[mine]
        _, a, b = np.intersect1d(before.frame.rows, rows, assume_unique=True, return_indices=True)
        b = mine[b]
        if not len(a):
            return
        moved = np.linalg.norm(here.frame.vectors[b] - before.frame.vectors[a], axis=1)
        drawn = np.linalg.norm(here.positions[b] - before.positions[a], axis=1) / self.canvas.size * 100
        value, count = quality.fixing_invariant(moved, drawn, self._still(here.frame.vectors[mine]))
        self._add(number, split, "fixing_invariant", value, count)
        old, new = before.territory, here.territory
        if old is None or new is None:
            return
        changed = ~new.border[b] & ~old.border[a] & (new.predictions[b] != old.predictions[a])
        value, count = quality.moving_invariant(changed, old.right[a], new.right[b])
        self._add(number, split, "moving_invariant", value, count)

    def _still(self, vectors: Vectors) -> float:
        """A sample that moved less than half the usual distance to the nearest neighbour has not moved."""
        some = self._judged(np.arange(len(vectors)))
        if len(some) < 2:
            return 0.0
        return float(np.median(nearest(vectors[some], 1)[1])) / 2

    def _borders(self, number: int, here: Seen, fitted: Map) -> None:
        """Whether the border samples near a sample are drawn near it; with border samples of its own, never fitted."""
        rows, vectors = here.frame.rows, here.frame.vectors
        own = next(iter(self.splits.values()))[rows]
        source = vectors[own] if own.any() else vectors
        wanted = min(MOST_JUDGED, round(BORDER_SHARE * len(source)))
        border = borders_of(source, self.heads[number], wanted, [self.seed, 5, number])
        k = min(BORDER_NEIGHBOURS, len(border) - 1)
        if k < 1:
            return
        drawn = fitted.project(border, number)
        for split, members in self.splits.items():
            mine = self._judged(np.flatnonzero(members[rows]))
            if len(mine):
                high, _ = nearest(border, k, queries=vectors[mine])
                low, _ = nearest(drawn, k, queries=here.positions[mine])
                value = float(quality.overlap(high, low).mean()) / k
                chance = k / len(border)
                self._add(number, split, "boundary_kept", value, len(mine), neighbours=k, random=chance)
