"""How well does the model do, where, and since when?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import pyarrow as pa

from bathyscope.analyses.performance import tables
from bathyscope.analyses.performance.dynamics import LearningCourse
from bathyscope.analyses.performance.evaluation import evaluate_multiclass
from bathyscope.analyses.performance.multilabel import evaluate_multilabel
from bathyscope.analyses.performance.slices import slices_of
from bathyscope.errors import ParameterError
from bathyscope.recording import Checkpoint, Progress, Recording, Tables


@dataclass(frozen=True)
class PerformanceResult(Tables):
    """Measures with intervals, confusion counts, and columns of samples.

    Attributes
    ----------
    metrics : checkpoint, step, split, scope ("overall", "class" or "slice"), name, class_index, support, and for each
        of accuracy, precision, recall, f1, log_loss, ece the value and its 95 % interval `_low`, `_high`
    confusion : checkpoint, step, split, label, prediction, count; only cells that are not empty
    samples : (N,) rows, row i is sample_index i, as of the last checkpoint: prediction, confidence, loss, margin,
        correct, first_learnt, flips
    coverage : checkpoint, step, split, samples, judged, missing_label, absent, non_finite
    """

    metrics: pa.Table
    confusion: pa.Table
    samples: pa.Table
    coverage: pa.Table


@dataclass(frozen=True)
class Performance:
    """How well does the model do, in each split, class and slice, at each checkpoint?

    Parameters
    ----------
    checkpoint : name of the only checkpoint to measure; None measures all of them
    slices : names of metadata columns; each of their values makes a slice
    bins : number of confidence bins of the calibration error

    Raises
    ------
    ParameterError
        If there is no bin.
    """

    name: ClassVar[str] = "performance"
    question: ClassVar[str] = "How well does the model do, where, and since when?"
    version: ClassVar[int] = 1
    # Without labels there is nothing to measure, but predictions and confidence are still worth having.
    needs: ClassVar[frozenset[str]] = frozenset({"logits"})
    result: ClassVar[type[PerformanceResult]] = PerformanceResult

    checkpoint: str | None = None
    slices: tuple[str, ...] = ()
    bins: int = 15

    def __post_init__(self) -> None:
        if not 1 <= self.bins <= 1000:
            raise ParameterError(f"bins={self.bins} makes no calibration error. Give a number from 1 to 1000.")

    def run(self, recording: Recording, progress: Progress) -> PerformanceResult:
        """Measure the checkpoint, or each in turn.

        Raises
        ------
        UnknownCheckpointError
            If there is no such checkpoint.
        ParameterError
            If a slice column is not there or has too many values.
        """
        if self.checkpoint is None:
            return self._run_all(recording, progress)
        return self._run_one(recording, recording.checkpoint(self.checkpoint), progress)

    def _run_one(self, recording: Recording, checkpoint: Checkpoint, progress: Progress) -> PerformanceResult:
        progress(0.0, f"reading checkpoint {checkpoint.name}")
        columns = [slices_of(recording, column) for column in self.slices]
        evaluate = evaluate_multilabel if recording.task == "multilabel" else evaluate_multiclass
        evaluation = evaluate(recording, checkpoint, progress)
        splits = tables.split_rows(recording)
        metrics = tables.metrics_table(
            evaluation, checkpoint, splits, columns=columns, classes=recording.classes, bins=self.bins
        )
        return PerformanceResult(
            metrics=metrics,
            confusion=tables.confusion_table(evaluation, checkpoint, splits),
            samples=tables.sample_table(evaluation, checkpoint),
            coverage=tables.coverage_table(evaluation, checkpoint, splits),
        )

    def _run_all(self, recording: Recording, progress: Progress) -> PerformanceResult:
        """Run each checkpoint as a result of its own, which the recording keeps: a live run costs only the new one."""
        course = LearningCourse(len(recording))
        samples = tables.SAMPLES.empty_table()
        kept: dict[str, list[pa.Table]] = {"metrics": [], "confusion": [], "coverage": []}
        checkpoints = [checkpoint for checkpoint in recording.checkpoints if checkpoint.n_samples]
        for number, checkpoint in enumerate(checkpoints):
            only = replace(self, checkpoint=checkpoint.name)
            part = recording.run(only, _Share(progress, number, len(checkpoints), checkpoint.name))
            for name, pieces in kept.items():
                pieces.append(getattr(part, name))
            samples = part.samples  # only the last: memory must not grow with samples times checkpoints
            tables.follow(course, samples, checkpoint.step)
        return PerformanceResult(
            **{name: pa.concat_tables(pieces) for name, pieces in kept.items()},
            samples=tables.with_course(samples, course),
        )


@dataclass(frozen=True)
class _Share:
    """Progress of one checkpoint as a part of the whole."""

    progress: Progress
    number: int
    total: int
    name: str

    def __call__(self, done: float, message: str = "") -> None:
        where = f"checkpoint {self.name} ({self.number + 1} of {self.total})"
        self.progress((self.number + done) / self.total, f"{where}: {message}" if message else where)
