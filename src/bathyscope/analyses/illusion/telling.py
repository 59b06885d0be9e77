"""Telling how far the pictures are, and showing them while they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from bathyscope.analyses.illusion.cards import Bytes, OnFrame
from bathyscope.analyses.illusion.tables import table_of
from bathyscope.recording import Progress
from bathyscope.recording.media import encode_png

BEGINS, ENDS = 0.05, 0.97
"""Between opening the model and comparing with real images."""


class Teller:
    """The progress of all cards; shows the newest picture of each seed of the neuron in hand, if anybody looks.

    Parameters
    ----------
    progress : may have a method `partial`, which takes tables that are shown and not kept
    label : name of the class
    n_cards : neurons times seeds
    steps : of each card
    """

    def __init__(self, progress: Progress, label: str, *, n_cards: int, steps: int) -> None:
        self._progress = progress
        self._show: Callable[[Mapping[str, pa.Table]], None] | None = getattr(progress, "partial", None)
        self._label = label
        self._n_cards = n_cards
        self._steps = steps
        self._begun = 0
        self._newest: dict[tuple[int, int], dict[str, object]] = {}

    def of(self, neuron: int, seed: int) -> OnFrame:
        """What the next card tells."""
        share = (ENDS - BEGINS) / self._n_cards
        start = BEGINS + share * self._begun
        self._begun += 1
        self._newest = {key: row for key, row in self._newest.items() if key[0] == neuron}
        furthest = 0

        def tell(step: int, pixels: Bytes | None, attempt: int) -> None:
            nonlocal furthest
            # A second try with a weaker class counts its steps from 1 again; the bar waits meanwhile.
            furthest = max(furthest, step)
            words = f"neuron {neuron}, {self._label}, seed {seed}, step {step} of {self._steps}"
            words += f" of try {attempt}" if attempt > 1 else ""
            self._progress(start + share * 0.999 * min(1.0, furthest / self._steps), words)
            if pixels is not None and self._show is not None:
                row = {"neuron": neuron, "seed": seed, "step": step, "steps": self._steps, "attempt": attempt}
                self._newest[neuron, seed] = {**row, "png": encode_png(pixels)}
                self._show({"frames": table_of("frames_so_far", list(self._newest.values()))})

        return tell
