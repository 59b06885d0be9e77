"""Some samples of a recording, read as if they were all that was recorded.

A report about a part must not tell figures of the whole: a cell of the confusion matrix that says 174 has to lead to
174 samples. So every analysis is run on the part itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.errors import ParameterError
from bathyscope.recording import Analysis, Checkpoint, Progress, Recording, RecordingInfo
from bathyscope.recording.arrays import AnyArray, IntArray
from bathyscope.recording.media import Media
from bathyscope.recording.results import silent


class Part(Recording):
    """Samples `rows` of a recording, in this order, as samples 0 … len(rows) − 1.

    Parameters
    ----------
    whole : read through a reader of its own
    rows : sample indices of the whole, each once

    Notes
    -----
    Whatever is known of a sample is there: columns, pictures, texts, outputs, activations.
    """

    def __init__(self, whole: Recording, rows: Sequence[int] | IntArray) -> None:
        self._rows_of_whole = np.asarray(rows, np.int64)
        _check(self._rows_of_whole, len(whole))
        self._whole = whole.reopened()
        self._place = np.full(len(whole), -1, np.int64)
        self._place[self._rows_of_whole] = np.arange(len(rows))
        self._results: dict[Analysis, Any] = {}
        self._told: RecordingInfo | None = None
        super().__init__(whole.path, hidden=whole.hidden, media_root=whole.media_root)

    @property
    def whole(self) -> Recording:
        """What this is a part of."""
        return self._whole

    @property
    def rows(self) -> IntArray:
        """(len(self),) sample indices of the whole."""
        return self._rows_of_whole

    def reopened(self, *, hidden: Iterable[str] | None = None) -> Self:
        """The same samples through readers of their own; without the columns `hidden`, if these are given."""
        return type(self)(self._whole.reopened(hidden=hidden), self._rows_of_whole)

    def refresh(self) -> bool:
        """Look for new checkpoints of the whole; true if there are any."""
        changed = self._whole.refresh()
        if changed or self._told is None:
            self._told = self._info_of_part()
        self.info = self._told
        known = self._checkpoints
        self._checkpoints = {
            checkpoint.name: known.get(checkpoint.name) or self._checkpoint_of_part(checkpoint)
            for checkpoint in self._whole.checkpoints
        }
        return changed or known.keys() != self._checkpoints.keys()

    def column(self, name: str, rows: Sequence[int] | None = None) -> pa.ChunkedArray:
        """One column, (len(self),) or (len(rows),)."""
        wanted = self._rows_of_whole if rows is None else self._rows_of_whole[np.asarray(rows, np.int64)]
        return self._whole.column(name).take(pa.array(wanted))

    def media(self, sample_index: int) -> Media:
        """The recorded picture of a sample, still encoded."""
        return self._whole.media(int(self._rows_of_whole[sample_index]))

    def text(self, sample_index: int) -> str | None:
        """The text of a sample."""
        return self._whole.text(int(self._rows_of_whole[sample_index]))

    def logits(self, checkpoint: Checkpoint | str | int, rows: Sequence[int] | None = None) -> AnyArray:
        """(len(self), C) float32, or (len(rows), C)."""
        wanted = self._rows_of_whole if rows is None else self._rows_of_whole[np.asarray(rows, np.int64)]
        return self._whole.logits(checkpoint, wanted.tolist())

    def logit_batches(self, checkpoint: Checkpoint | str | int) -> Iterator[tuple[IntArray, AnyArray]]:
        """Pairs of sample indices and logits, without what is not in the part."""
        for indices, logits in self._whole.logit_batches(checkpoint):
            here = self._place[indices] >= 0
            if here.any():
                yield self._place[indices[here]], logits[here]

    def score_batches(self, checkpoint: Checkpoint | str | int) -> Iterator[tuple[IntArray, pa.Array]]:
        """Pairs of sample indices and lists of scores, without what is not in the part."""
        for indices, scores in self._whole.score_batches(checkpoint):
            here = self._place[indices] >= 0
            if here.any():
                yield self._place[indices[here]], scores.filter(pa.array(here))

    def scores(self, checkpoint: Checkpoint | str | int) -> pa.Array:
        """(len(self),) lists of {label, score}."""
        return self._whole.scores(checkpoint).take(pa.array(self._rows_of_whole))

    def activations(
        self, layer: str, checkpoint: Checkpoint | str | int, rows: Sequence[int] | None = None
    ) -> AnyArray:
        """(len(self), …) in the recorded number type, or (len(rows), …)."""
        wanted = self._rows_of_whole if rows is None else self._rows_of_whole[np.asarray(rows, np.int64)]
        return self._whole.activations(layer, checkpoint, wanted.tolist())

    def activation_batches(self, layer: str, checkpoint: Checkpoint | str | int) -> Iterator[tuple[IntArray, AnyArray]]:
        """Pairs of sample indices and activations, without what is not in the part."""
        for indices, values in self._whole.activation_batches(layer, checkpoint):
            here = self._place[indices] >= 0
            if here.any():
                yield self._place[indices[here]], values[here]

    def run(self, analysis: Analysis, progress: Progress = silent) -> Any:
        """Results of a part are kept in memory only; nothing beside the recording tells what the part was."""
        if analysis not in self._results:
            self._results[analysis] = analysis.run(self, progress)
        return self._results[analysis]

    def _who(self, sample_index: int) -> str:
        return self._whole._who(int(self._rows_of_whole[sample_index]))

    def _info_of_part(self) -> RecordingInfo:
        counts = dict.fromkeys(self._whole.splits, 0)
        for entry in pc.value_counts(self.column("split")).to_pylist():
            if entry["values"] is not None:
                counts[entry["values"]] = entry["counts"]
        identity = self._whole.fingerprint.encode() + self._rows_of_whole.astype("<i8").tobytes()
        return replace(
            self._whole.info,
            n_samples=len(self._rows_of_whole),
            splits=counts,
            n_missing_labels=self.column("label").null_count,
            fingerprint=f"sha256:{hashlib.sha256(identity).hexdigest()}",
        )

    def _checkpoint_of_part(self, checkpoint: Checkpoint) -> Checkpoint:
        n_samples, outputs = checkpoint.n_samples, 0
        if n_samples < len(self._whole) or checkpoint.non_finite.get("outputs"):
            n_samples = 0
            for indices, values in self._outputs(checkpoint):
                n_samples += len(indices)
                outputs += 0 if values is None else int((~np.isfinite(values).all(axis=1)).sum())
        else:
            n_samples = len(self._rows_of_whole)
        non_finite = {"outputs": outputs} if outputs else {}
        return replace(checkpoint, n_samples=n_samples, non_finite=non_finite)

    def _outputs(self, checkpoint: Checkpoint) -> Iterator[tuple[IntArray, AnyArray | None]]:
        if not checkpoint.has_outputs:
            return
        if self._whole.task == "multilabel":
            yield from ((indices, None) for indices, _ in self.score_batches(checkpoint))
        else:
            yield from self.logit_batches(checkpoint)


class Draw(Part):
    """A seeded draw of the samples, for a page that could not hold all; its results are kept like those of a whole.

    The key of a result tells the samples that it is about, so it is never taken for a result of the whole.
    """

    @classmethod
    def of(cls, whole: Recording, count: int) -> Self:
        """`count` samples in their own order, always the same ones of the same recording."""
        chosen = np.random.default_rng(0).choice(len(whole), count, replace=False, shuffle=False)
        return cls(whole, np.sort(chosen))

    def run(self, analysis: Analysis, progress: Progress = silent) -> Any:
        """The result, from disk if it was run on the same samples before."""
        return Recording.run(self, analysis, progress)


def _check(rows: IntArray, count: int) -> None:
    if rows.ndim != 1 or not len(rows):
        raise ParameterError("rows names no sample. Give the sample indices that the report is about, or leave it out.")
    outside = rows[(rows < 0) | (rows >= count)]
    if len(outside):
        raise ParameterError(f"rows names sample {outside[0]}; the recording has samples 0 … {count - 1}.")
    ordered = np.sort(rows)  # ten times as fast as `np.unique` where there are millions
    if (ordered[1:] == ordered[:-1]).any():
        raise ParameterError("rows names a sample twice. Give each sample index once.")
