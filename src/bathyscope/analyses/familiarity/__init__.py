"""How typical is each sample for the data?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.embedding import holding, layer_of, unit_vectors
from bathyscope.analyses.familiarity.attributes import Attribute, attribute_of
from bathyscope.analyses.familiarity.scoring import Scores, lots, score
from bathyscope.errors import MissingInputError, ParameterError
from bathyscope.recording import Progress, Recording, Tables

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

LEAST_MEMBERS = 50
"""Smaller groups are passed over: what is typical of them cannot be told."""

SAMPLES = pa.schema([pa.field("familiarity", pa.float32()), pa.field("log_density", pa.float32())])
BY_GROUP = pa.schema(
    [pa.field("sample_index", pa.int64()), pa.field("attribute", pa.string()), pa.field("value", pa.string()), *SAMPLES]
)
NEAREST = pa.schema([pa.field("neighbours", pa.list_(pa.int32())), pa.field("distances", pa.list_(pa.float32()))])
GROUPS = pa.schema(
    [
        pa.field("attribute", pa.string()),
        pa.field("value", pa.string()),
        pa.field("members", pa.int64()),
        pa.field("fitted", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("dimensions", pa.int64()),
        *(
            pa.field(name, pa.float64())
            for name in ("variance_kept", "log_density_fitted", "log_density_held_out", "shift", "agreement")
        ),
    ]
)


@dataclass(frozen=True)
class FamiliarityResult(Tables):
    """How typical each sample is, over all and within its groups, and how far to trust that.

    Attributes
    ----------
    samples : (N,) rows, row i is sample_index i: familiarity (in [0, 1], 0 is least typical), log_density; null without
        an embedding
    by_group : sample_index, attribute, value, familiarity, log_density: the same within a sample's own group
    groups : one row per group, and first one of attribute "" for all samples: members, fitted, reason (why it was
        passed over), dimensions, variance_kept, log_density_fitted, log_density_held_out, shift, agreement
    nearest : (N,) rows: neighbours (sample indices of up to 8 fitted samples, nearest first, never the sample itself),
        distances (between embeddings of length 1, in [0, 2]); null without an embedding
    """

    samples: pa.Table
    by_group: pa.Table
    groups: pa.Table
    nearest: pa.Table


class _Group(NamedTuple):
    """Members of a group as positions among the samples with an embedding, and which of them are fitted."""

    attribute: str
    value: str
    members: IntArray
    fit: BoolArray
    reason: str | None = None


@dataclass(frozen=True)
class Familiarity:
    """How dense do the samples lie around each, in the embedding?

    Parameters
    ----------
    checkpoint : name of the checkpoint whose embedding is read; None takes the last that holds it
    layer : name of the recorded layer that stands for the embedding; None takes the one of role "embedding"
    by : attributes whose values make groups: "label", "split", or metadata columns
    fit_split : split on which the density stands; None takes "train" if there is one, else all samples
    neighbours : the density is that up to this neighbour; rarer kinds than so many samples count as untypical

    Raises
    ------
    ParameterError
        If the number of neighbours is out of range.
    """

    name: ClassVar[str] = "familiarity"
    question: ClassVar[str] = "How typical is each sample for the data?"
    version: ClassVar[int] = 2
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})
    result: ClassVar[type[FamiliarityResult]] = FamiliarityResult

    checkpoint: str | None = None
    layer: str | None = None
    by: tuple[str, ...] = ("label", "split")
    fit_split: str | None = None
    neighbours: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.neighbours < LEAST_MEMBERS:
            raise ParameterError(
                f"neighbours={self.neighbours} makes no density. Give a number from 1 to {LEAST_MEMBERS - 1}."
            )

    def run(self, recording: Recording, progress: Progress) -> FamiliarityResult:
        """Score all samples, then each group.

        Raises
        ------
        UnknownCheckpointError, UnknownLayerError
            If there is no such checkpoint or layer.
        MissingInputError
            If the checkpoint does not hold the layer.
        ParameterError
            If there is no such split or column.
        """
        progress(0.0, "reading the embedding")
        vectors, rows = unit_vectors(_embedding(recording, self.checkpoint, self.layer))
        attributes = [attribute_of(recording, name) for name in self.by]
        groups = list(self._groups(recording, rows, attributes))
        drawn = lots(recording.sample_ids.to_pylist())[rows]
        about, by_group = [], [BY_GROUP.empty_table()]
        nearest = pa.table([pa.nulls(len(recording), field.type) for field in NEAREST], schema=NEAREST)
        samples: dict[str, Any] = {name: np.full(len(recording), np.nan, np.float32) for name in SAMPLES.names}
        for number, group in enumerate(groups):
            progress(0.1 + 0.9 * number / len(groups), f"{group.attribute} {group.value}".strip() or "all samples")
            scores = None
            if group.reason is None:
                scores = score(vectors[group.members], group.fit, drawn[group.members], self.neighbours)
            about.append(_about(group, scores))
            if scores is None:
                continue
            if group.attribute:
                by_group.append(_rows_of(group, rows, scores))
            else:
                samples["familiarity"][rows], samples["log_density"][rows] = scores.familiarity, scores.log_density
                nearest = _nearest(scores, rows, len(recording))
        columns = {name: pa.array(values, mask=np.isnan(values)) for name, values in samples.items()}
        return FamiliarityResult(
            samples=pa.table(columns, schema=SAMPLES),
            by_group=pa.concat_tables(by_group),
            groups=pa.Table.from_pylist(about, schema=GROUPS),
            nearest=nearest,
        )

    def _groups(self, recording: Recording, rows: IntArray, attributes: list[Attribute]) -> Iterator[_Group]:
        """All samples as one group, then those of each attribute."""
        fit = self._fit(recording)[rows]
        enough = self.neighbours + 1
        yield _checked(_Group("", "", np.arange(len(rows)), fit), least=enough, enough=enough)
        for attribute in attributes:
            if attribute.reason is not None:
                nobody = np.empty(0, np.int64)
                yield _Group(attribute.name, "", nobody, nobody.astype(bool), attribute.reason)
            for code, value in enumerate(attribute.values):
                members = np.flatnonzero(attribute.codes[rows] == code)
                mine = np.ones(len(members), bool) if attribute.fits_on_all else fit[members]
                group = _Group(attribute.name, value, members, mine)
                yield _checked(group, least=LEAST_MEMBERS, enough=LEAST_MEMBERS)

    def _fit(self, recording: Recording) -> BoolArray:
        split = self.fit_split
        if split is None:
            split = "train" if "train" in recording.splits else None
        elif split not in recording.splits:
            known = ", ".join(recording.splits) or "none"
            raise ParameterError(f"There is no split {split!r} to fit on. Splits: {known}. Give one of them, or None.")
        if split is None:
            return np.ones(len(recording), bool)
        column = recording.column("split").to_pylist()
        return np.fromiter((value == split for value in column), bool, len(column))


def _embedding(recording: Recording, checkpoint: str | None, name: str | None) -> npt.NDArray[Any]:
    layer = layer_of(recording, name)
    those = holding(recording, layer)
    which = recording.checkpoint(checkpoint) if checkpoint is not None else those[-1] if those else None
    if layer is None or which is None or layer not in which.layers:
        what = "no embedding" if name is None else f"no layer {name!r}"
        raise MissingInputError(
            f"{'No checkpoint' if checkpoint is None else f'Checkpoint {checkpoint}'} of {recording.path} holds "
            f"{what}. Checkpoints that do: {', '.join(one.name for one in those) or 'none'}."
        )
    return recording.activations(layer, which)


def _checked(group: _Group, *, least: int, enough: int) -> _Group:
    """The group, with a reason if it is too small."""
    fitted = int(group.fit.sum())
    if fitted >= enough:
        return group
    if len(group.members) < least:
        return group._replace(reason=f"{len(group.members)} members with an embedding; at least {least} are needed")
    return group._replace(reason=f"{fitted} members in the split that is fitted on; at least {enough} are needed")


def _about(group: _Group, scores: Scores | None) -> dict[str, Any]:
    row: dict[str, Any] = {"attribute": group.attribute, "value": group.value, "members": len(group.members)}
    if scores is None:
        return row | {"fitted": 0, "reason": group.reason}
    numbers = {
        "variance_kept": scores.variance_kept,
        "log_density_fitted": scores.fitted,
        "log_density_held_out": scores.held_out,
        "shift": scores.shift,
        "agreement": scores.agreement,
    }
    known = {name: None if np.isnan(value) else value for name, value in numbers.items()}
    return row | {"fitted": scores.n_fitted, "dimensions": scores.dimensions} | known


def _nearest(scores: Scores, rows: IntArray, total: int) -> pa.Table:
    """The neighbours of every sample as sample indices; null for the samples that are not among `rows`."""
    each = scores.neighbours.shape[1]
    known = np.zeros(total, bool)
    known[rows] = True
    ends = np.concatenate([[0], np.cumsum(known * each)])
    offsets = pa.array(ends, pa.int32(), mask=np.append(~known, False))
    values = (rows[scores.neighbours].ravel(), scores.distances.ravel())
    columns = [
        pa.ListArray.from_arrays(offsets, pa.array(part, field.type.value_type))
        for part, field in zip(values, NEAREST, strict=True)
    ]
    return pa.table(columns, schema=NEAREST)


def _rows_of(group: _Group, rows: IntArray, scores: Scores) -> pa.Table:
    columns = {
        "sample_index": rows[group.members],
        "attribute": pa.array([group.attribute] * len(group.members), pa.string()),
        "value": pa.array([group.value] * len(group.members), pa.string()),
        "familiarity": scores.familiarity.astype(np.float32),
        "log_density": scores.log_density.astype(np.float32),
    }
    return pa.table(columns, schema=BY_GROUP)
