"""Did the training go wrong, and when?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from bathyscope.analyses.embedding import layer_of
from bathyscope.analyses.health.alerts import turns_bad
from bathyscope.analyses.health.measures import Answers, Spread, answers, spread
from bathyscope.recording import Checkpoint, Progress, Recording, Tables

LEAST_FALL = {"centroid_distance": 0.1, "share_right": 0.05}
"""Smaller falls are wobble: a tenth of the distance between the classes, five of a hundred samples."""

ONE_CLASS = 0.9
"""A class that is predicted for this share of the samples, and is not nearly so common, means that the rest is lost."""

FRAMES = pa.schema(
    [
        pa.field("checkpoint", pa.string()),
        pa.field("step", pa.int64()),
        pa.field("epoch", pa.float64()),
        *(
            pa.field(name, pa.float64())
            for name in ("centroid_distance", "within_class", "share_right", "commonest", "finite")
        ),
    ]
)
ALERTS = pa.schema(
    [
        pa.field("checkpoint", pa.string()),
        pa.field("since", pa.string()),
        pa.field("measure", pa.string()),
        pa.field("change", pa.float64()),
        pa.field("text", pa.string()),
    ]
)


@dataclass(frozen=True)
class HealthResult(Tables):
    """How the training did, checkpoint by checkpoint, and where it turned bad.

    Attributes
    ----------
    frames : one row per checkpoint: checkpoint, step, epoch, centroid_distance (mean distance between two classes'
        centroids in the embedding), within_class (root mean square distance to one's own), share_right (of the labelled
        samples), commonest (share of the class predicted most often), finite (share of samples with finite numbers)
    alerts : checkpoint, since (the last one that was well), measure, change, text (a sentence); by checkpoint
    """

    frames: pa.Table
    alerts: pa.Table


@dataclass(frozen=True)
class Health:
    """Do the classes stay apart, are the answers still answers, does nothing fall off?

    Parameters
    ----------
    layer : name of the recorded layer that is watched; None takes the one of role "embedding"
    """

    name: ClassVar[str] = "health"
    question: ClassVar[str] = "Did the training go wrong, and when?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"checkpoints"})
    result: ClassVar[type[HealthResult]] = HealthResult

    layer: str | None = None

    def run(self, recording: Recording, progress: Progress) -> HealthResult:
        """Read each checkpoint once.

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        """
        layer = layer_of(recording, self.layer)
        labels = _labels(recording)
        rows = []
        for number, checkpoint in enumerate(recording.checkpoints):
            progress(number / len(recording.checkpoints), f"checkpoint {checkpoint.name}")
            rows.append(_frame(recording, checkpoint, layer, labels))
        usual = np.bincount(labels[labels >= 0]).max(initial=0) / max(int((labels >= 0).sum()), 1)
        found = sorted(_alerts(rows, float(usual)), key=lambda alert: alert["at"])
        alerts = [{name: value for name, value in alert.items() if name != "at"} for alert in found]
        return HealthResult(pa.Table.from_pylist(rows, schema=FRAMES), pa.Table.from_pylist(alerts, schema=ALERTS))


def _labels(recording: Recording) -> np.ndarray[Any, np.dtype[np.int64]]:
    if recording.task == "multilabel":
        return np.full(len(recording), -1)
    given = recording.labels
    labels = np.where(np.ma.getmaskarray(given), -1, np.ma.filled(given, -1)).astype(np.int64)
    return np.where(labels < len(recording.classes), labels, -1)


def _frame(
    recording: Recording, checkpoint: Checkpoint, layer: str | None, labels: np.ndarray[Any, np.dtype[np.int64]]
) -> dict[str, Any]:
    inside, said = Spread(np.nan, np.nan, np.nan), Answers(np.nan, np.nan, np.nan)
    if layer in checkpoint.layers:
        inside = spread(recording.activation_batches(str(layer), checkpoint), labels, len(recording.classes))
    if recording.task != "multilabel" and checkpoint.has_outputs:
        said = answers(recording.logit_batches(checkpoint), labels)
    finite = [share for share in (inside.finite, said.finite) if np.isfinite(share)]
    values = {
        "centroid_distance": inside.centroid_distance,
        "within_class": inside.within_class,
        "share_right": said.share_right,
        "commonest": said.commonest,
        "finite": min(finite) if finite else np.nan,
    }
    told = {name: None if np.isnan(value) else value for name, value in values.items()}
    return {"checkpoint": checkpoint.name, "step": checkpoint.step, "epoch": checkpoint.epoch, **told}


def _alerts(rows: list[dict[str, Any]], usual: float) -> list[dict[str, Any]]:
    def column(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.asarray([np.nan if row[name] is None else row[name] for row in rows], np.float64)

    def told(at: int, since: int, measure: str, change: float, text: str) -> dict[str, Any]:
        names = {"checkpoint": rows[at]["checkpoint"], "since": rows[since]["checkpoint"]}
        return {"at": at, **names, "measure": measure, "change": change, "text": text}

    found = []
    distance = column("centroid_distance")
    # By ratios: embeddings have no scale of their own, and it grows while they are learnt.
    with np.errstate(divide="ignore"):
        logarithm = np.log(np.maximum(distance, np.finfo(float).tiny))
    for fall in turns_bad(
        np.where(np.isnan(distance), np.nan, logarithm), least=-np.log1p(-LEAST_FALL["centroid_distance"])
    ):
        lost = -np.expm1(fall.change)
        text = f"The classes moved together: their distance fell by {lost:.0%}."
        found.append(told(fall.at, fall.since, "centroid_distance", -lost, text))
    for fall in turns_bad(column("share_right"), least=LEAST_FALL["share_right"]):
        text = f"{-fall.change:.1%} fewer samples are right than before."
        found.append(told(fall.at, fall.since, "share_right", fall.change, text))
    for measure, bad, sentence in (
        ("finite", column("finite") < 1, "numbers of {:.1%} of the samples are infinite or none."),
        ("commonest", column("commonest") > max(ONE_CLASS, usual + 0.05), "one class is predicted for {:.0%}."),
    ):
        for at in np.flatnonzero(bad & ~np.r_[False, bad[:-1]]):  # where it begins
            value = 1 - rows[at][measure] if measure == "finite" else rows[at][measure]
            if measure == "finite" or at >= 1:  # before it learnt anything a network may say one class
                sense = sentence.format(value)
                found.append(told(int(at), max(int(at) - 1, 0), measure, float(value), sense[0].upper() + sense[1:]))
    return found
