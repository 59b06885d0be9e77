"""The samples of a recording: one Parquet table, written in batches, read by column or by row."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bathyscope.errors import LabelError, SampleIdError, ShapeError
from bathyscope.recording.arrays import AnyArray, readable, tensor_type, to_arrow
from bathyscope.recording.files import storage_errors
from bathyscope.recording.schema import RESERVED_COLUMNS, Kind, Task

IMAGE_TYPE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
"""The convention of Hugging Face `datasets` for an image."""

_DATASETS_NUMBERS = {"halffloat": "float16", "float": "float32", "double": "float64"}

GROUP_BYTES = 8 << 20
GROUP_ROWS = 1 << 16
"""A row group ends at whichever comes first; one picture costs reading one group."""

ROWS_PER_LOOK = 10_000


class SampleWriter:
    """Writes samples/part-00000.parquet batch by batch, checking ids and labels on the way.

    Parameters
    ----------
    path : file to write
    task : "multiclass" or "multilabel"
    kind : what a sample is; names the column that holds it
    classes : class names, if known already; labels are checked against them
    metadata : schema of the metadata columns
    array_shape, array_dtype : of one sample, for kind "array"
    """

    def __init__(
        self,
        path: Path,
        *,
        task: Task,
        kind: Kind | None,
        classes: Sequence[str] | None = None,
        metadata: pa.Schema | None = None,
        array_shape: tuple[int, ...] = (),
        array_dtype: str = "float32",
    ) -> None:
        self.path = path
        self.kind = kind
        self.classes = classes
        self.splits: dict[str, int] = {}
        self.n_samples = 0
        self.n_missing_labels = 0
        self._metadata = _checked_metadata(metadata)
        label = pa.int64() if task == "multiclass" else pa.list_(pa.int64())
        media = {"image": IMAGE_TYPE, "text": pa.string(), None: None}
        media["array"] = tensor_type(np.dtype(array_dtype), array_shape or (1,))
        fields = [pa.field("sample_id", pa.string(), nullable=False), pa.field("split", pa.string())]
        fields += [pa.field("label", label)] + ([pa.field(kind, media[kind])] if kind else []) + list(self._metadata)
        self.schema = pa.schema(fields, metadata=_datasets_metadata(fields, classes))
        self._writer: pq.ParquetWriter | None = None
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = self._pending_bytes = 0
        self._ids = _UniqueIds()
        self._digests = {part: hashlib.sha256() for part in ("sample_id", "split", "label", "content")}

    def write(
        self,
        sample_ids: Sequence[str] | pa.Array,
        *,
        splits: Sequence[str | None] | pa.Array | None = None,
        labels: Sequence[Any] | pa.Array | None = None,
        media: Sequence[Any] | AnyArray | None = None,
        metadata: Mapping[str, Any] | pa.Table | pa.RecordBatch | None = None,
        checksum: bytes = b"",
    ) -> None:
        """Append B samples.

        Parameters
        ----------
        sample_ids : (B,) strings, unique over the recording
        splits : (B,) names, or None
        labels : (B,) class indices or null (multiclass); lists of class indices or null (multilabel)
        media : (B,) images as {"bytes", "path"}, texts, or a (B, …) array, by the recording's kind
        metadata : a column of length B for each field of the metadata schema
        checksum : of the contents, taken into the recording's fingerprint
        """
        columns = {"sample_id": _checked_ids(sample_ids)}
        columns["split"] = pa.nulls(len(sample_ids), pa.string()) if splits is None else _column(splits, pa.string())
        columns["label"] = self._checked_labels(labels, len(sample_ids))
        if self.kind == "array":
            columns["array"] = to_arrow(np.asarray(media))
        elif self.kind:
            columns[self.kind] = _column(media, self.schema.field(self.kind).type)
        for field in self._metadata:
            values = None if metadata is None else metadata[field.name]
            columns[field.name] = _column(values, field.type)
        for name, column in columns.items():
            if len(column) != len(sample_ids):
                raise ShapeError(
                    f"{len(sample_ids):,} samples came with {len(column):,} values for {name!r}. Give one per sample."
                )
        batch = pa.record_batch([columns[name] for name in self.schema.names], schema=self.schema)
        self._count(batch, checksum)
        self._pending.append(batch)
        self._pending_rows += len(batch)
        self._pending_bytes += batch.nbytes
        if self._pending_rows >= GROUP_ROWS or self._pending_bytes >= GROUP_BYTES:
            self._flush()

    def close(self) -> str:
        """Finish the file; returns the fingerprint of the samples.

        Raises
        ------
        SampleIdError
            If an id occurs twice.
        """
        self._flush()
        with storage_errors(self.path):
            assert self._writer is not None  # `_flush` opened it, if only for an empty table
            self._writer.close()
        self._ids.check(self.path)
        return "sha256:" + hashlib.sha256(b"".join(digest.digest() for digest in self._digests.values())).hexdigest()

    def abandon(self) -> None:
        """Let go of the file without finishing it."""
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        with storage_errors(self.path):
            if self._writer is None:
                head = pa.Table.from_batches(self._pending, self.schema).slice(0, ROWS_PER_LOOK)
                repeating = [name for name in self.schema.names if name != self.kind and _repeats(head[name])]
                codecs = {name: "none" if _is_noise(head[name]) else "zstd" for name in self.schema.names}
                self._writer = pq.ParquetWriter(self.path, self.schema, compression=codecs, use_dictionary=repeating)
            if self._pending:
                table = pa.Table.from_batches(self._pending)
                self._writer.write_table(table, row_group_size=max(len(table), 1))
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0

    def _count(self, batch: pa.RecordBatch, checksum: bytes) -> None:
        self.n_samples += len(batch)
        self.n_missing_labels += batch["label"].null_count
        for entry in pc.value_counts(batch["split"]).to_pylist():
            if entry["values"] is not None:
                self.splits[entry["values"]] = self.splits.get(entry["values"], 0) + entry["counts"]
        self._ids.add(batch["sample_id"])
        for part in ("sample_id", "split", "label"):
            self._digests[part].update(_lines(batch[part]))
        self._digests["content"].update(checksum)

    def _checked_labels(self, labels: Sequence[Any] | pa.Array | None, count: int) -> pa.Array:
        kind = self.schema.field("label").type
        column = _column(labels if labels is not None else pa.nulls(count, kind), kind)
        flat = column.flatten() if pa.types.is_list(kind) else column
        top = None if self.classes is None else len(self.classes)
        low, high = pc.min_max(flat).as_py().values()
        if low is not None and (low < 0 or (top is not None and high >= top)):
            known = "0 …" if top is None else f"0 … {top - 1}"
            raise LabelError(
                f"A label is {low if low < 0 else high}; class indices run over {known}. "
                "Give None (or NaN) for a missing label, and all class names with classes=[…]."
            )
        return column


def are_rising(texts: pa.Array) -> bool:
    """Whether each text sorts after the one before, so that none is there twice. Far cheaper than counting."""
    return pc.all(pc.less(texts[:-1], texts[1:])).as_py() is not False


class _UniqueIds:
    """Finds ids that occur twice, in memory far below that of the ids themselves.

    Ids that rise from one to the next cannot repeat, and to see that costs little. Where they do not, they are read
    again at the end and compared by hashes of 8 bytes.
    """

    def __init__(self) -> None:
        self._rising = True
        self._last: str | None = None

    def add(self, ids: pa.Array) -> None:
        if not self._rising or not len(ids):
            return
        first = ids[0].as_py()
        after = self._last is None or self._last < first
        self._rising = after and are_rising(ids)
        self._last = ids[-1].as_py()

    def check(self, path: Path) -> None:
        """Look for repeated ids in the finished file.

        Raises
        ------
        SampleIdError
            Naming up to five.
        """
        if self._rising:
            return
        hashes = np.concatenate([np.fromiter(map(hash, ids), np.int64, len(ids)) for ids in _id_groups(path)])
        ordered = np.sort(hashes)
        suspects = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not len(suspects):
            return
        counts: dict[str, int] = {}
        start = 0
        for ids in _id_groups(path):
            for place in np.flatnonzero(np.isin(hashes[start : start + len(ids)], suspects)).tolist():
                counts[ids[place]] = counts.get(ids[place], 0) + 1
            start += len(ids)
        repeated = [name for name, count in counts.items() if count > 1]
        if repeated:
            raise SampleIdError(repeated_ids_message(repeated))


def _id_groups(path: Path) -> Iterator[list[str]]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=["sample_id"])["sample_id"].to_pylist()


def _lines(column: pa.Array) -> Any:
    """Each value and a line break, so that a fingerprint does not depend on how the samples came in batches."""
    if pa.types.is_string(column.type) or pa.types.is_integer(column.type):
        texts = pc.fill_null(column.cast(pa.string()), "None")
        joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), "\n")
        return (joined[0].as_py() + "\n").encode("utf-8") if len(texts) else b""
    return "".join(f"{value}\n" for value in column.to_pylist()).encode("utf-8", "surrogatepass")


def _is_noise(column: pa.ChunkedArray) -> bool:
    """Whether numbers are such that packing them would cost time and gain less than a tenth."""
    if not pa.types.is_floating(column.type) or not len(column):
        return False
    plain = np.ascontiguousarray(column.to_numpy())
    return bool(pa.compress(plain, "zstd").size > 0.9 * plain.nbytes)


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether values repeat so often that writing each once pays."""
    try:
        distinct: int = pc.count_distinct(column, mode="all").as_py()
    except pa.ArrowNotImplementedError:  # lists and structs, whose parts are not looked at
        return True
    return distinct <= len(column) // 2


class SampleFile:
    """Reads samples/part-*.parquet by column or by row, with the last row groups of media kept; threads take turns."""

    def __init__(self, filesystem: Any, paths: Sequence[str]) -> None:
        self._files = []
        # An open Parquet file that two threads read at once ends the process.
        self._turn = threading.Lock()
        for path in paths:
            with readable(path):
                self._files.append(pq.ParquetFile(filesystem.open_input_file(path)))
        self.schema = self._files[0].schema_arrow
        self._paths = list(paths)
        groups = [(number, group) for number, file in enumerate(self._files) for group in range(file.num_row_groups)]
        rows = [self._files[number].metadata.row_group(group).num_rows for number, group in groups]
        self._groups = groups
        self._starts = np.concatenate([[0], np.cumsum(rows, dtype=np.int64)])
        self._recent: OrderedDict[tuple[int, str], pa.ChunkedArray] = OrderedDict()

    def column(self, name: str) -> pa.ChunkedArray:
        """One whole column."""
        chunks: list[pa.Array] = []
        for path, file in zip(self._paths, self._files, strict=True):
            with self._turn, readable(path):
                chunks += file.read(columns=[name])[name].chunks
        return pa.chunked_array(chunks, type=self.schema.field(name).type)

    def rows(self, name: str, rows: Sequence[int]) -> pa.ChunkedArray:
        """One column for some samples, in the order given, reading only their row groups."""
        wanted = np.asarray(rows, dtype=np.int64)
        groups = np.unique(np.searchsorted(self._starts, wanted, side="right") - 1)
        chunks, places, start = [], {}, 0
        for group in groups.tolist():
            number, within = self._groups[group]
            with self._turn, readable(self._paths[number]):
                part = self._files[number].read_row_group(within, columns=[name])[name]
            places[group] = start - int(self._starts[group])
            start += len(part)
            chunks += part.chunks
        shift = np.array([places[group] for group in np.searchsorted(self._starts, wanted, side="right") - 1], np.int64)
        column = pa.chunked_array(chunks, type=self.schema.field(name).type)
        return column.take(pa.array(wanted + shift))

    def value(self, name: str, sample_index: int) -> Any:
        """One cell, reading only its row group; the last few groups stay in memory."""
        group = int(np.searchsorted(self._starts, sample_index, side="right")) - 1
        key = (group, name)
        with self._turn:
            if key not in self._recent:
                number, within = self._groups[group]
                with readable(self._paths[number]):
                    self._recent[key] = self._files[number].read_row_group(within, columns=[name])[name]
                while len(self._recent) > 4:
                    self._recent.popitem(last=False)
            self._recent.move_to_end(key)
            column = self._recent[key]
        return column[sample_index - int(self._starts[group])].as_py()


def repeated_ids_message(repeated: Sequence[str]) -> str:
    """Sentence for ids that occur twice; names up to five."""
    shown = ", ".join(repr(name) for name in repeated[:5])
    more = f" and {len(repeated) - 5:,} more" if len(repeated) > 5 else ""
    return f"Sample ids must be unique; these occur more than once: {shown}{more}. Give each sample its own id."


def _checked_ids(sample_ids: Sequence[str] | pa.Array) -> pa.Array:
    if isinstance(sample_ids, pa.Array) and pa.types.is_string(sample_ids.type) and not sample_ids.null_count:
        return sample_ids
    for position, name in enumerate(sample_ids):
        if not isinstance(name, str):
            raise SampleIdError(
                f"Sample ids must be strings; the one at position {position} is {name!r}. Convert them with str()."
            )
    return pa.array(sample_ids, pa.string())


def _checked_metadata(metadata: pa.Schema | None) -> pa.Schema:
    for name in metadata.names if metadata is not None else ():
        if name in RESERVED_COLUMNS:
            raise ShapeError(
                f"A metadata column is called {name!r}, which is a name of the format "
                f"({', '.join(RESERVED_COLUMNS)}). Rename it."
            )
    return metadata if metadata is not None else pa.schema([])


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.cast(kind)
    return pa.array(values, kind, from_pandas=True)


def _datasets_metadata(fields: Sequence[pa.Field], classes: Sequence[str] | None) -> dict[str, str] | None:
    """What Hugging Face `datasets` needs to show pictures and class names; None where a type is beyond it."""
    features: dict[str, Any] = {}
    for field in fields:
        if field.name == "image":
            features[field.name] = {"_type": "Image"}
        elif field.name == "label" and classes is not None and pa.types.is_integer(field.type):
            features[field.name] = {"names": list(classes), "_type": "ClassLabel"}
        elif pa.types.is_primitive(field.type) or pa.types.is_string(field.type):
            features[field.name] = {"dtype": _DATASETS_NUMBERS.get(str(field.type), str(field.type)), "_type": "Value"}
        else:
            return None
    return {"huggingface": json.dumps({"info": {"features": features}})}
