"""Measuring one frame after the other: rows of the quality table, and which dots lie."""

from __future__ import annotations

from collections.abc import Iterator
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


Row = dict[str, Any]


class About(NamedTuple):
    """What rows of the quality table are about: the samples of a split at a checkpoint."""

    checkpoint: str
    split: str

    def row(self, measure: str, value: float, count: int, **more: Any) -> Row:
        """One measure over so many samples; not finite: not known."""
        known = float(value) if np.isfinite(value) else None
        told = {"measure": measure, "value": known, "count": count, "neighbours": None, "random": None}
        return {**self._asdict(), **told, **more}


class Seen(NamedTuple):
    """One frame judged by itself, as the next one must know it.

    Attributes
    ----------
    territory : None where nothing can be decoded
    wrong : (n,) which of its dots lie; None if that is not known
    rows : of the quality table
    """

    number: int
    frame: Frame
    positions: Vectors
    territory: Territory | None
    wrong: BoolArray | None
    rows: list[Row]


@dataclass
class Judge:
    """Judges the frames of one map: each by itself, in any thread, and then, in order, against the one before.

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
    rows: list[Row] = field(default_factory=list)
    before: Seen | None = None

    def look(self, number: int, frame: Frame, positions: Vectors, fitted: Map) -> Seen:
        """Measure what a frame tells by itself; changes nothing here."""
        territory, wrong = self._territory(number, frame, positions, fitted)
        here = Seen(number, frame, positions, territory, wrong, [])
        fit_members = next(iter(self.splits.values()))[frame.rows]
        for split, members in self.splits.items():
            mine = np.flatnonzero(members[frame.rows])
            if not len(mine):
                continue
            # A held-out sample has its neighbours among the fitted samples and its own split.
            among = np.flatnonzero(members[frame.rows] | fit_members)
            about = self._about(number, split)
            here.rows.extend(self._neighbours(about, here, mine, among))
            if territory is not None and frame.logits is not None:
                here.rows.extend(self._predictions(about, here, territory, mine))
        if territory is not None:
            here.rows.extend(self._borders(here, fitted))
        return here

    def remember(self, number: int, frame: Frame, positions: Vectors, fitted: Map) -> None:
        """Stand behind a frame that was judged before, as far as the next one must know it."""
        self.before = Seen(number, frame, positions, *self._territory(number, frame, positions, fitted), [])

    def take(self, here: Seen) -> None:
        """Keep what a frame told, and how it moved from the one before."""
        self.rows.extend(here.rows)
        for split, members in self.splits.items():
            mine = np.flatnonzero(members[here.frame.rows])
            if len(mine) and self.before is not None:
                self.rows.extend(self._movement(self._about(here.number, split), self.before, here, mine))
        self.before = here

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
                self.rows.append(self._about(number, split).row("temporal_ranking", value, len(mine), random=0.0))

    def _about(self, number: int, split: str) -> About:
        return About(self.names[number], split)

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

    def _neighbours(self, about: About, here: Seen, mine: IntArray, among: IntArray) -> Iterator[Row]:
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
            more = {"neighbours": near, "random": by_chance}
            yield about.row("neighbours_kept", value, len(judged), **more)
        for measure, value in (("trustworthiness", found.trustworthiness()), ("continuity", found.continuity())):
            yield about.row(measure, value, len(judged), neighbours=found.ranked, random=0.5)

    def _predictions(self, about: About, here: Seen, found: Territory, mine: IntArray) -> Iterator[Row]:
        logits = here.frame.logits
        if logits is None:
            return
        said = found.predictions[mine]
        kept = found.logits[mine].argmax(axis=1) == said
        chance = float(((np.bincount(said) / len(said)) ** 2).sum())
        yield about.row("prediction_kept", float(kept.mean()), len(mine), random=chance)
        sure = quality.confidence_kept(probabilities(logits[mine]), probabilities(found.logits[mine]))
        yield about.row("confidence_kept", float(sure.mean()), len(mine))
        error = quality.relative_error(here.frame.vectors[mine], found.decoded[mine])
        yield about.row("inverse_distance", error, len(mine), random=1.0)
        border, right = found.border[mine], found.right[mine]
        plain = float(right[~border].mean()) if not border.all() else float("nan")
        yield about.row("landscape_agreement", plain, int((~border).sum()), random=chance)
        at_border = float(right[border].mean()) if border.any() else float("nan")
        yield about.row("landscape_agreement_boundary", at_border, int(border.sum()))

    def _movement(self, about: About, before: Seen, here: Seen, mine: IntArray) -> Iterator[Row]:
        """Compare with the frame before: dots that should have moved, and those that should not."""
        rows = here.frame.rows[mine]
        _, a, b = np.intersect1d(before.frame.rows, rows, assume_unique=True, return_indices=True)
        b = mine[b]
        if not len(a):
            return
        moved = np.linalg.norm(here.frame.vectors[b] - before.frame.vectors[a], axis=1)
        drawn = np.linalg.norm(here.positions[b] - before.positions[a], axis=1) / self.canvas.size * 100
        value, count = quality.fixing_invariant(moved, drawn, self._still(here.frame.vectors[mine]))
        yield about.row("fixing_invariant", value, count)
        old, new = before.territory, here.territory
        if old is None or new is None:
            return
        changed = ~new.border[b] & ~old.border[a] & (new.predictions[b] != old.predictions[a])
        value, count = quality.moving_invariant(changed, old.right[a], new.right[b])
        yield about.row("moving_invariant", value, count)

    def _still(self, vectors: Vectors) -> float:
        """A sample that moved less than half the usual distance to the nearest neighbour has not moved."""
        some = self._judged(np.arange(len(vectors)))
        if len(some) < 2:
            return 0.0
        return float(np.median(nearest(vectors[some], 1)[1])) / 2

    def _borders(self, here: Seen, fitted: Map) -> Iterator[Row]:
        """Whether the border samples near a sample are drawn near it; with border samples of its own, never fitted."""
        number, rows, vectors = here.number, here.frame.rows, here.frame.vectors
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
                yield self._about(number, split).row("boundary_kept", value, len(mine), neighbours=k, random=chance)
