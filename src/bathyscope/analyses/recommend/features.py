"""What is known of every sample before anybody is asked: computed once for a recording, and kept in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.embedding import holding, unit_vectors
from bathyscope.analyses.familiarity.density import principal_directions
from bathyscope.analyses.recommend import neighbours
from bathyscope.analyses.recommend.catalogue import FEATURES
from bathyscope.analyses.recommend.centroids import astray
from bathyscope.analyses.trajectories import Trajectories, TrajectoriesResult, given_labels
from bathyscope.analyses.trajectories.outputs import Given
from bathyscope.errors import ParameterError
from bathyscope.recording import Progress, Recording, Tables

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

NEIGHBOURS = 20
PLACE_SIZE = 16
"""Directions of the embedding in which answers may spread to samples nearby."""


@dataclass(frozen=True)
class FeaturesResult(Tables):
    """Features of the samples.

    Attributes
    ----------
    values : (N,) rows: the features that there are, in their own units; null where unknown
    ranks : (P,) rows, one for each sample of the pool: its rank in each feature, in [0, 1], 1 is conspicuous; 0.5 where
        unknown
    pool : (P,) rows: sample_index, label, prediction, rival (class indices, −1 for none), never_learned
    places : (P,) rows: coordinates in the last embedding, each of variance 1
    notes : sentences about what was left out
    """

    values: pa.Table
    ranks: pa.Table
    pool: pa.Table
    places: pa.Table
    notes: pa.Table


@dataclass(frozen=True)
class Features:
    """The features of the samples of a split.

    Parameters
    ----------
    split : the pool that is ranked; None takes "train" if there is one, else all samples; "all" takes all
    """

    name: ClassVar[str] = "recommend-features"
    question: ClassVar[str] = "What is known of each sample before anybody is asked?"
    version: ClassVar[int] = 5
    needs: ClassVar[frozenset[str]] = frozenset({"checkpoints"})
    result: ClassVar[type[FeaturesResult]] = FeaturesResult

    split: str | None = None

    def run(self, recording: Recording, progress: Progress) -> FeaturesResult:
        """Follow the samples, look at their neighbours, rank them.

        Raises
        ------
        ParameterError
            If there is no such split.
        """
        course: TrajectoriesResult = recording.run(Trajectories(), lambda done, text="": progress(0.5 * done, text))
        notes: list[str] = course.notes["text"].to_pylist()
        pool, given = split_rows(recording, self.split), given_labels(recording, [])
        values, places = features_of(
            recording, course, split_rows(recording, None), lambda done: progress(0.5 + 0.4 * done)
        )
        if not len(places.columns):
            notes.append("No embedding was recorded, so neighbours and movement are left out.")
        if not given.labelled[pool].any():
            if recording.task == "multiclass":  # of several labels the course has said it already
                notes.append("The samples have no labels: what rests on labels is left out.")
            values = {name: value for name, value in values.items() if not FEATURES[name].aware}
        known = {name: values[name] for name in FEATURES if name in values and _tells(values[name][pool])}
        progress(0.9, "ranking")
        ranks = {name: rank(FEATURES[name].sign * value[pool]) for name, value in known.items()}
        return FeaturesResult(
            values=pa.table({name: pa.array(value, pa.float32(), from_pandas=True) for name, value in known.items()}),
            ranks=pa.table({name: pa.array(value, pa.float32()) for name, value in ranks.items()}),
            pool=pool_table(pool, given, course.samples),
            places=places.take(pa.array(pool)),
            notes=pa.table({"text": pa.array(notes, pa.string())}),
        )


def features_of(
    recording: Recording, course: TrajectoriesResult, references: IntArray, progress: Callable[[float], None]
) -> tuple[dict[str, FloatArray], pa.Table]:
    """Features by name, (N,) each in its own unit, and coordinates in the last embedding, (N,) rows.

    Parameters
    ----------
    course : the trajectories of the same recording
    references : sample indices that the others are compared with
    """
    given = given_labels(recording, [])
    values = from_course(course, references)
    near_by = _Nearness(recording, given, references, lambda done: progress(0.7 * done))
    values |= near_by.values(course)
    if near_by.found:
        own = own_classes(given, course.samples)
        values["astray"] = astray(recording, own, references, lambda done: progress(0.7 + 0.3 * done))
    return values, near_by.places()


def split_rows(recording: Recording, split: str | None) -> IntArray:
    """Sample indices of a split; None takes "train" if there is one, else all samples.

    Raises
    ------
    ParameterError
        If there is no such split.
    """
    everyone = np.arange(len(recording))
    if split == "all" or (split is None and "train" not in recording.splits):
        return everyone
    wanted = split or "train"
    if wanted not in recording.splits:
        known = ", ".join(recording.splits) or "none"
        raise ParameterError(
            f"There is no split {wanted!r} to recommend from. Splits: {known}. Give one of them, None or 'all'."
        )
    return np.flatnonzero(np.asarray(recording.column("split").to_pylist(), object) == wanted)


def from_course(course: TrajectoriesResult, references: IntArray) -> dict[str, FloatArray]:
    """Features that the trajectories tell, (N,) each."""
    samples = course.samples

    def column(name: str) -> FloatArray:
        return np.asarray(samples[name].to_numpy().astype(np.float64))

    same = ("aum", "mean_label_probability", "std_label_probability", "early_label_probability", "last_loss")
    values = {name: column(name) for name in (*same, "forgotten", "rival_share", "flips", "prediction_entropy")}
    times = course.frames["time"].to_numpy()
    after = float(2 * times[-1] - times[0]) + 1 if len(times) else 0.0
    judged = np.isfinite(values["aum"])
    # Never learned comes after learned last; a prediction that never changed comes before one that changed first.
    values["first_learned"] = np.where(judged, np.nan_to_num(column("first_learned"), nan=after), np.nan)
    seen = np.isfinite(values["flips"])
    before = float(times[0]) - 1 if len(times) else 0.0
    values["last_flip"] = np.where(seen, np.nan_to_num(column("last_flip"), nan=before), np.nan)
    values["uncertainty"] = 1 - column("last_confidence")
    values["crooked"] = 1 - column("straightness")
    moves = ("path_length", "max_speed", "max_speed_at", "late_speed", "distance_to_centroid")
    values |= {name: column(name) for name in moves}
    values["odd_course"] = odd_course(course.speeds, references)
    return values


def odd_course(speeds: pa.Table, references: IntArray, k: int = NEIGHBOURS) -> FloatArray:
    """(N,) how unlike the others a sample moved: distance to the k-th most similar profile of speeds; NaN if unknown.

    Notes
    -----
    A profile is the logarithm of the speed at each checkpoint, over the usual one of that checkpoint: what all samples
    do at once, as when the learning rate falls, is no peculiarity.
    """
    profiles = np.stack([column.to_numpy() for column in speeds.columns], axis=1) if speeds.num_columns else None
    found = np.full(len(speeds), np.nan)
    if profiles is None:
        return found
    moving = profiles[:, np.isfinite(profiles).any(axis=0)].astype(np.float64)
    rows = np.flatnonzero(np.isfinite(moving).all(axis=1)) if moving.shape[1] else np.empty(0, np.int64)
    if len(rows) < 3:
        return found
    usual = np.median(moving[rows], axis=0)
    usual = np.where(usual > 0, usual, 1.0)
    ratio = np.log(np.maximum(moving[rows] / usual, 1e-3)).astype(np.float32)
    near_by = neighbours.near(ratio, rows, neighbours.thinned(references), k)
    if near_by.distances.shape[1]:
        found[rows] = near_by.distances[:, -1]
    return found


def rank(values: FloatArray) -> FloatArray:
    """Mid-ranks in (0, 1); 0.5 where unknown."""
    from scipy.stats import rankdata

    known = np.isfinite(values)
    ranks = np.full(len(values), 0.5)
    if known.any():
        ranks[known] = (rankdata(values[known]) - 0.5) / known.sum()
    return ranks


def mean_logits(recording: Recording, rows: IntArray) -> FloatArray | None:
    """(R, C) over the checkpoints that hold usable outputs of each sample, NaN where none does; None without logits."""
    if recording.task == "multilabel":
        return None
    place_of = np.full(len(recording), -1, np.int64)
    place_of[rows] = np.arange(len(rows))
    total: FloatArray | None = None
    counts = np.zeros(len(rows))
    for checkpoint in recording.checkpoints:
        if not checkpoint.has_outputs:
            continue
        for indices, logits in recording.logit_batches(checkpoint):
            places = place_of[indices]
            usable = (places >= 0) & np.isfinite(logits).all(axis=1)
            total = np.zeros((len(rows), logits.shape[1])) if total is None else total
            total[places[usable]] += logits[usable]
            counts[places[usable]] += 1
    with np.errstate(invalid="ignore"):
        return None if total is None else total / counts[:, None]


def _one_way(near_by: neighbours.Near, predictions: IntArray, said: BoolArray, own: IntArray) -> FloatArray:
    if not near_by.which.shape[1]:
        return np.full(len(own), np.nan)
    weight = neighbours.nearer_more(near_by.which.shape) * said[near_by.which]
    _, other = neighbours.favourite(weight, predictions[near_by.which])
    return neighbours.one_way(own, np.where((other != own) & (weight.sum(axis=1) > 0), other, -1))


def own_classes(given: Given, samples: pa.Table) -> IntArray:
    """(N,) the label, or without one the last prediction; −1 for none."""
    predictions = samples["last_prediction"].fill_null(-1).to_numpy().astype(np.int64)
    return np.where(given.labelled, given.labels, predictions)


def _tells(values: FloatArray) -> bool:
    """Whether a feature tells any two samples apart."""
    known = values[np.isfinite(values)]
    return bool(len(known) > 1 and known.min() < known.max())


def pool_table(pool: IntArray, given: Given, samples: pa.Table) -> pa.Table:
    """Table `pool` of the result, for these sample indices."""
    columns = {"sample_index": pool, "label": np.where(given.labelled, given.labels, -1)[pool]}
    for name, source in (("prediction", "last_prediction"), ("rival", "rival")):
        columns[name] = samples[source].fill_null(-1).to_numpy()[pool].astype(np.int64)
    never = samples["first_learned"].is_null().to_numpy() & np.isfinite(samples["aum"].to_numpy())
    columns["never_learned"] = never[pool]
    return pa.table(columns)


class _Nearness:
    """Features from the neighbours at three checkpoints: a third, two thirds and the end of the run."""

    def __init__(
        self, recording: Recording, given: Given, references: IntArray, progress: Callable[[float], None]
    ) -> None:
        self.recording, self.given, self.references = recording, given, references
        layer = recording.embedding_layer
        checkpoints = [one for one in holding(recording, layer) if one.n_samples]
        count = len(checkpoints)
        picked = [checkpoints[max(0, -(-count * part // 3) - 1)] for part in (1, 2, 3)] if count else []
        self.found: list[neighbours.Near] = []
        self._rows = np.empty(0, np.int64)
        self._vectors = np.empty((0, 1), np.float32)
        usable = neighbours.thinned(references)
        self._each_rows: list[IntArray] = []
        for number, checkpoint in enumerate(picked):
            progress(number / 3)
            if number and checkpoint is picked[number - 1]:
                self.found.append(self.found[-1])
                self._each_rows.append(self._rows)
                continue
            self._vectors, self._rows = unit_vectors(recording.activations(str(layer), checkpoint))
            self.found.append(neighbours.near(self._vectors, self._rows, usable, NEIGHBOURS))
            self._each_rows.append(self._rows)

    def values(self, course: TrajectoriesResult) -> dict[str, FloatArray]:
        """(N,) each."""
        if not self.found:
            return {}
        n_samples, given = len(self.recording), self.given
        own = np.where(given.labelled, given.labels, -1)
        told: dict[str, FloatArray] = {}

        def spread(rows: IntArray, value: FloatArray) -> FloatArray:
            full = np.full(n_samples, np.nan)
            full[rows] = value
            return full

        for name, near_by, rows in zip(("early", "middle", "last"), self.found, self._each_rows, strict=True):
            lead = neighbours.label_lead(near_by, given.labels, given.labelled, own[rows])
            told[f"neighbours_{name}"] = spread(rows, lead)
        predictions = course.samples["last_prediction"].fill_null(-1).to_numpy().astype(np.int64)
        said = predictions >= 0
        last, rows = self.found[-1], self._rows
        told["neighbours_say"] = spread(rows, neighbours.label_lead(last, predictions, said, own[rows]))
        told["one_way"] = spread(rows, _one_way(last, predictions, said, own[rows]))
        told["neighbours_prefer"] = spread(rows, self._preferred(last, rows, own))
        first, rows = self.found[0], self._each_rows[0]
        told["neighbours_unlike"] = -spread(rows, neighbours.label_lead(first, predictions, said, predictions[rows]))
        if last.distances.shape[1]:
            told["loneliness"] = spread(self._rows, last.distances[:, -1])
        return told

    def _preferred(self, near_by: neighbours.Near, rows: IntArray, own: IntArray) -> FloatArray:
        """Lead of the label in the neighbours' logits, averaged over them and over the checkpoints."""
        usable = neighbours.thinned(self.references)
        place_of = np.full(len(self.recording), -1, np.int64)
        place_of[usable] = np.arange(len(usable))
        mean = mean_logits(self.recording, usable)
        return (
            np.full(len(rows), np.nan) if mean is None else neighbours.average_lead(near_by, mean, place_of, own[rows])
        )

    def places(self) -> pa.Table:
        """(N,) rows: coordinates in the last embedding; no columns without one."""
        if not len(self._rows):
            return pa.table({"none": np.zeros(len(self.recording), np.float32)}).select([])
        fitted = np.isin(self._rows, self.references)
        project = principal_directions(self._vectors[fitted] if fitted.any() else self._vectors)
        points = project(self._vectors)[:, :PLACE_SIZE]
        # One scale for all directions: those in which samples hardly differ shall not decide what lies near.
        size = float((points[fitted] if fitted.any() else points).std(axis=0).max(initial=0.0))
        points = points / (size if size > 0 else 1.0)
        full = np.zeros((len(self.recording), points.shape[1]), np.float32)
        full[self._rows] = points
        return pa.table({f"direction_{i}": full[:, i] for i in range(points.shape[1])})
