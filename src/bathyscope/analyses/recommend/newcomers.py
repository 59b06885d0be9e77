"""Samples that came after the recording, scored by what was answered about its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.recommend.answers import answers_of
from bathyscope.analyses.recommend.asked import Asked
from bathyscope.analyses.recommend.catalogue import FEATURES
from bathyscope.analyses.recommend.features import features_of, pool_table, split_rows
from bathyscope.analyses.recommend.prepared import Prepared, prepare
from bathyscope.analyses.recommend.strategies import model_of
from bathyscope.analyses.trajectories import Trajectories, given_labels
from bathyscope.errors import ShapeError
from bathyscope.recording import Checkpoint, Progress, Recording
from bathyscope.recording.results import silent

FloatArray = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]


def score_new(
    recording: Recording,
    asked: Asked,
    *,
    logits: Numbers,
    vectors: Numbers,
    labels: Sequence[int | None] | None = None,
    progress: Progress = silent,
) -> FloatArray:
    """(M,) in [0, 1] for M samples that the recorded checkpoints were asked about later.

    Parameters
    ----------
    asked : a `Recommend` of strategy "bathyscope" or "movement" with the answers about the recorded samples
    logits : (T, M, C) of the recording's T checkpoints
    vectors : (T, M, D) their embedding
    labels : (M,) class indices; None where there is none

    Raises
    ------
    ShapeError
        If there is not one row for each sample at each checkpoint.

    Notes
    -----
    Features are computed as if the newcomers had been recorded, but neighbours and middles of classes are those of the
    recorded samples, and ranks are places among them, so that newcomers do not influence each other's ranks.
    """
    n_frames = len(recording.checkpoints)
    if logits.ndim != 3 or vectors.ndim != 3 or not len(logits) == len(vectors) == n_frames:
        raise ShapeError(
            f"New samples came with logits {logits.shape} and vectors {vectors.shape}. Give (T, M, C) and (T, M, D) "
            f"with T = {n_frames}, one for each recorded checkpoint."
        )
    prepared = prepare(recording, asked.split, lambda done, text="": progress(0.5 * done, text))
    model = model_of(asked, prepared, answers_of(prepared, asked.accepted, asked.rejected))
    extended = _Extended(recording, logits, vectors, labels)
    course = Trajectories().run(extended, lambda done, text="": progress(0.5 + 0.2 * done, text))
    references = split_rows(recording, None)
    values, places = features_of(extended, course, references, lambda done: progress(0.7 + 0.3 * done))
    fresh = np.arange(len(recording), len(extended))
    ranks = np.stack([_rank_among(prepared, values[name], name, fresh) for name in prepared.names], axis=1)
    beside = [column.to_numpy()[fresh] for column in places.columns]
    pool = pool_table(fresh, given_labels(extended, []), course.samples)
    newcomers = Prepared(
        names=prepared.names,
        matrix=np.column_stack([ranks - 0.5, *beside]).astype(np.float32),
        pool=fresh,
        classes_of={name: pool[name].to_numpy() for name in prepared.classes_of},
        never_learned=pool["never_learned"].to_numpy(),
        values=prepared.values,
        sample_ids=prepared.sample_ids,
        notes=(),
    )
    from scipy.special import expit

    return np.asarray(expit(model.activity(newcomers, model.posterior.mean)[0]))


def _rank_among(prepared: Prepared, values: FloatArray, name: str, fresh: IntArray) -> FloatArray:
    """Mid-rank of the newcomers among the pool; 0.5 where unknown."""
    from bathyscope.analyses.familiarity.density import percentile_ranks

    sign = FEATURES[name].sign
    pool = sign * prepared.values[name].to_numpy()[prepared.pool].astype(np.float64)
    mine = sign * values[fresh].astype(np.float32).astype(np.float64)
    found = percentile_ranks(mine, pool[np.isfinite(pool)])
    return np.where(np.isfinite(mine), found, 0.5)


class _Extended(Recording):
    """A recording with further samples at its end, in memory only."""

    def __init__(
        self, recording: Recording, logits: Numbers, vectors: Numbers, labels: Sequence[int | None] | None
    ) -> None:
        super().__init__(recording.path, hidden=recording.hidden, media_root=recording.media_root)
        self._logits, self._vectors = logits, vectors
        self._more = logits.shape[1]
        given = [None] * self._more if labels is None else list(labels)
        if vectors.shape[1] != self._more or len(given) != self._more:
            raise ShapeError(
                f"{self._more} new samples came with {vectors.shape[1]} vectors and {len(given)} labels. "
                "Give one of each for every sample, None for a missing label."
            )
        self._new_labels = np.ma.masked_array(
            [0 if one is None else int(one) for one in given], mask=[one is None for one in given]
        )

    def __len__(self) -> int:
        return super().__len__() + getattr(self, "_more", 0)

    @property
    def labels(self) -> np.ma.MaskedArray[Any, Any]:
        """(N + M,) class indices."""
        recorded = super().labels
        values = np.concatenate([recorded.filled(0), self._new_labels.filled(0)])
        missing = [np.ma.getmaskarray(part) for part in (recorded, self._new_labels)]
        return np.ma.masked_array(values, mask=np.concatenate(missing))

    def logit_batches(self, checkpoint: Checkpoint | str | int) -> Iterator[tuple[Any, Any]]:
        """The recorded batches, and the newcomers as one more."""
        yield from super().logit_batches(checkpoint)
        n_recorded = super().__len__()
        yield np.arange(n_recorded, len(self)), self._logits[self._place(checkpoint)].astype(np.float32)

    def activations(self, layer: str, checkpoint: Checkpoint | str | int, rows: Sequence[int] | None = None) -> Any:
        """(N + M, …) of the embedding."""
        recorded = super().activations(layer, checkpoint, range(super().__len__()))
        together = np.concatenate([recorded, self._vectors[self._place(checkpoint)].astype(recorded.dtype)])
        return together if rows is None else together[list(rows)]

    def _place(self, checkpoint: Checkpoint | str | int) -> int:
        return [one.name for one in self.checkpoints].index(self.checkpoint(checkpoint).name)
