"""Some samples of a recording, read as if they were all that was recorded.

A report about a part must not tell figures of the whole: a cell of the confusion matrix that says 174 has to lead to
174 samples. So every analysis is run on the part itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from bathyscope.errors import ParameterError
from bathyscope.recording import Analysis, Checkpoint, Progress, Recording
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
    What hosts and `performance` read is there: columns, pictures, texts, outputs. Activations are not.
    """

    def __init__(self, whole: Recording, rows: Sequence[int]) -> None:
        self._rows_of_whole = np.asarray(rows, np.int64)
        _check(self._rows_of_whole, len(whole))
        self._whole = Recording(whole.path)
        self._place = np.full(len(whole), -1, np.int64)
        self._place[self._rows_of_whole] = np.arange(len(rows))
        self._results: dict[Analysis, Any] = {}
        super().__init__(whole.path)
        self.info = self._info_of_part()
        self._checkpoints = {
            checkpoint.name: self._checkpoint_of_part(checkpoint) for checkpoint in self._whole.checkpoints
        }

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

    def run(self, analysis: Analysis, progress: Progress = silent) -> Any:
        """Results of a part are kept in memory only; nothing beside the recording tells what the part was."""
        if analysis not in self._results:
            self._results[analysis] = analysis.run(self, progress)
        return self._results[analysis]

    def _info_of_part(self) -> Any:
        split = self.column("split").to_pylist()
        identity = f"{self._whole.fingerprint}\n{self._rows_of_whole.tolist()}"
        return replace(
            self._whole.info,
            n_samples=len(self._rows_of_whole),
            splits={name: split.count(name) for name in self._whole.splits},
            n_missing_labels=self.column("label").null_count,
            fingerprint=f"sha256:{hashlib.sha256(identity.encode()).hexdigest()}",
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
        if not any(name.startswith("outputs/") for name in checkpoint.files):
            return
        if self._whole.task == "multilabel":
            yield from ((indices, None) for indices, _ in self.score_batches(checkpoint))
        else:
            yield from self.logit_batches(checkpoint)


def _check(rows: IntArray, count: int) -> None:
    if rows.ndim != 1 or not len(rows):
        raise ParameterError("rows names no sample. Give the sample indices that the report is about, or leave it out.")
    outside = rows[(rows < 0) | (rows >= count)]
    if len(outside):
        raise ParameterError(f"rows names sample {outside[0]}; the recording has samples 0 … {count - 1}.")
    if len(np.unique(rows)) < len(rows):
        raise ParameterError("rows names a sample twice. Give each sample index once.")
