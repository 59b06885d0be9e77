"""Answers as they come, by sample id, and which of them can be learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.recommend.prepared import Prepared

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Answers(NamedTuple):
    """Answers about samples of the pool: places (M,), rising, and whether each was yes; `open_` (P,) has none yet."""

    places: IntArray
    yes: BoolArray
    open_: BoolArray
    notes: tuple[str, ...]


def answers_of(
    prepared: Prepared, accepted: Sequence[str], rejected: Sequence[str], skipped: Sequence[str] = ()
) -> Answers:
    """Sort out the answers. Who answered both yes and no said nothing; a repeated answer counts once."""
    notes: list[str] = []
    yes, no = (set(_places(prepared, ids, notes)) for ids in (accepted, rejected))
    both = yes & no
    if both:
        notes.append(f"{len(both)} samples were answered with yes and with no: nothing is learned from them.")
    places = np.asarray(sorted((yes | no) - both), np.int64)
    open_ = np.ones(len(prepared.pool), bool)
    open_[[*(yes | no | set(_places(prepared, skipped, [])))]] = False
    return Answers(places, np.asarray([place in yes for place in places.tolist()], bool), open_, tuple(notes))


def _places(prepared: Prepared, ids: Sequence[str], notes: list[str]) -> list[int]:
    found = [prepared.index_by_id.get(sample_id) for sample_id in dict.fromkeys(ids)]
    if unknown := found.count(None):
        notes.append(f"{unknown} answers are about samples that this recording does not have: left out.")
    places = [int(prepared.place_of[index]) for index in found if index is not None]
    if outside := sum(place < 0 for place in places):
        notes.append(f"{outside} answers are about samples outside the split: nothing is learned from them.")
    return [place for place in places if place >= 0]
