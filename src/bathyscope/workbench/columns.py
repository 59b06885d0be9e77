"""The tables of a recording as Arrow streams: only the columns asked for, read when they are asked for."""

from __future__ import annotations

import difflib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.errors import UnknownColumnError, UnknownSampleError
from bathyscope.recording import Recording
from bathyscope.recording.results import read_table

ARROW_STREAM = "application/vnd.apache.arrow.stream"

ColumnType = Literal["category", "text", "integer", "number", "bool", "datetime", "list", "other"]
ColumnRole = str
"""id, label, split, one of `schema.COLUMN_ROLES`, or metadata where a column stands for nothing in particular."""

ROWS_PER_BATCH = 1 << 18
ROWS_PER_LOOK = 1 << 14
SMALL_CATEGORY = 50
LARGE_CATEGORY = 1000
FEW_DISTINCT = 0.1
"""Strings are a category if they take up to 50 values, at least one of them twice, or up to 1,000 and fewer than a
tenth of the number of samples. The upper bound keeps the list of values short and lets the search for it stop early."""

NARROW = (pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32())
"""Whole numbers are sent as the first of these that holds them all; the page looks through bytes fastest."""


@dataclass(frozen=True)
class Column:
    """What the page needs to know of a column before it asks for it."""

    name: str
    type: ColumnType
    role: ColumnRole
    values: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """As /api/recording tells it."""
        told = {"name": self.name, "type": self.type, "role": self.role}
        return told if self.values is None else {**told, "values": list(self.values)}


class SampleColumns:
    """The samples table of a recording, by column.

    Parameters
    ----------
    recording : the samples are read from it and assumed not to change
    reading : held while files are read; a recording's reader serves one thread at a time
    """

    def __init__(self, recording: Recording, reading: threading.RLock) -> None:
        self._recording = recording
        self._reading = reading
        self._columns: dict[str, Column] | None = None
        self._fields = {
            "sample_id": pa.field("sample_id", pa.string()),
            "split": pa.field("split", pa.string()),
            "label": pa.field("label", pa.int32() if recording.task == "multiclass" else pa.list_(pa.int32())),
            **{field.name: field for field in recording.metadata_schema},
        }

    @property
    def names(self) -> tuple[str, ...]:
        """All columns; pictures, texts and arrays are not among them."""
        return tuple(self._fields)

    def describe(self) -> tuple[Column, ...]:
        """Name, type, role and values of every column; string columns are read once for it."""
        with self._reading:
            if self._columns is None:
                self._columns = {name: self._describe(field) for name, field in self._fields.items()}
            return tuple(self._columns.values())

    def table(self, names: Sequence[str], rows: Sequence[int] | None = None) -> pa.Table:
        """Columns in the given order, for all samples in the order of their index or for `rows` in theirs."""
        check_known(names, self.names, "samples")
        for row in rows or ():
            check_sample(row, len(self._recording))
        categories = {column.name: column.values for column in self.describe() if column.values is not None}
        table = {}
        for name in dict.fromkeys(names):
            with self._reading:
                column = self._recording.column(name, rows)
            table[name] = transportable(column, categories.get(name))
        return pa.table(table)

    def _describe(self, field: pa.Field) -> Column:
        if field.name == "sample_id":
            return Column(field.name, "text", "id")
        if field.name == "split":
            return Column(field.name, "category", "split", self._recording.splits)
        role = "label" if field.name == "label" else self._recording.roles.get(field.name, "metadata")
        kind = column_type(field.type)
        if kind != "text":
            return Column(field.name, kind, role)
        values = category_values(self._recording.column(field.name))
        if role == "prediction" and values is not None and not set(values) - set(self._recording.classes):
            values = self._recording.classes  # labels and predictions speak of the same classes, in the same order
        return Column(field.name, kind, role) if values is None else Column(field.name, "category", role, values)


def result_table(path: Path, names: Sequence[str] | None, rows: Sequence[int] | None = None) -> pa.Table:
    """A table of a stored result, or some of its columns, for all of its rows or for `rows` in their order."""
    if names is not None:
        check_known(names, _schema(path).names, path.stem)
    table = read_table(path, None if names is None else list(dict.fromkeys(names)))
    if rows is not None:
        for row in rows:
            check_sample(row, len(table))
        table = table.take(pa.array(rows, pa.int64()))
    return pa.table({name: transportable(table[name], None) for name in table.column_names})


def count_rows(path: Path) -> int:
    """Rows of a stored table, without reading them."""
    with pa.OSFile(str(path)) as file:
        count: int = pa.ipc.open_file(file).count_rows()
        return count


def stream(table: pa.Table) -> Iterator[bytes]:
    """The table as an Arrow IPC stream, a batch in memory at a time."""
    sink = _Chunks()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), table.schema) as writer:
        # A table without rows still sends one batch: readers then get its dictionaries and types.
        for start in range(0, max(len(table), 1), ROWS_PER_BATCH):
            part = table.slice(start, ROWS_PER_BATCH).combine_chunks()
            batches = part.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
            writer.write_batch(batches[0])
            yield sink.take()
    yield sink.take()


def transportable(column: pa.ChunkedArray, values: Sequence[str] | None) -> pa.ChunkedArray:
    """A column in the types that the page reads, exactly the same otherwise.

    Parameters
    ----------
    column : as recorded
    values : of a category; its codes are then places in this list, whichever rows are sent
    """
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=column.type.storage_type)
    target = _plain_type(column.type)
    if target != column.type:
        column = column.cast(target)
    if pa.types.is_integer(target):
        return _narrow(column)
    if target != pa.string():
        return column
    if values is not None:
        dictionary = pa.array(values, pa.string())
        narrow = pa.from_numpy_dtype(np.min_scalar_type(len(values)))
        codes = [pc.index_in(chunk, value_set=dictionary).cast(narrow) for chunk in column.chunks]
        kind = pa.dictionary(narrow, pa.string())
        return pa.chunked_array([pa.DictionaryArray.from_arrays(code, dictionary) for code in codes], type=kind)
    return column.dictionary_encode() if _takes_few_values(column) else column


def column_type(kind: pa.DataType) -> ColumnType:
    """Type by the schema alone; whether a text is a category its values must tell."""
    tests = pa.types
    if tests.is_dictionary(kind):
        return column_type(kind.value_type)
    if tests.is_list(kind) or tests.is_large_list(kind) or tests.is_fixed_size_list(kind):
        return "list"
    if tests.is_string(kind) or tests.is_large_string(kind) or tests.is_string_view(kind):
        return "text"
    if tests.is_boolean(kind):
        return "bool"
    if tests.is_integer(kind):
        return "integer"
    if tests.is_floating(kind) or tests.is_decimal(kind):
        return "number"
    return "datetime" if tests.is_timestamp(kind) or tests.is_date(kind) else "other"


def category_values(column: pa.ChunkedArray) -> tuple[str, ...] | None:
    """The values in natural order, if the strings are a category; else None."""
    found: set[str] = set()
    for start in range(0, len(column), ROWS_PER_LOOK):
        look = pc.unique(column.slice(start, ROWS_PER_LOOK))
        found.update(value for value in look.to_pylist() if value is not None)
        if len(found) > LARGE_CATEGORY:
            return None
    repeats = len(found) < len(column) - column.null_count
    if (len(found) <= SMALL_CATEGORY and (repeats or not found)) or len(found) < FEW_DISTINCT * len(column):
        return tuple(sorted(found, key=natural_key))
    return None


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort key that puts "item 9" before "item 10"."""
    parts = re.split(r"([0-9]+)", text)
    return [(0, int(part[:4000]), part) if part[:1].isdecimal() else (1, 0, part) for part in parts if part]


def check_known(names: Sequence[str], known: Sequence[str], table: str) -> None:
    """Raise UnknownColumnError, with the nearest names, for a column that the table lacks."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
            listed = ", ".join(known[:20]) + (f" and {len(known) - 20:,} more" if len(known) > 20 else "")
            raise UnknownColumnError(f"The table {table!r} has no column {name!r}. {hint}Columns: {listed}.")


def check_sample(sample_index: int, count: int) -> None:
    """Raise UnknownSampleError for an index outside 0 … count − 1."""
    if not 0 <= sample_index < count:
        raise UnknownSampleError(f"There is no sample {sample_index}; the recording has samples 0 … {count - 1}.")


def _schema(path: Path) -> pa.Schema:
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).schema


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """The nearest type that a page can hold in typed arrays without losing anything."""
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_plain_type(kind.value_type), kind.list_size)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind


def _narrow(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers in the fewest bytes that hold them: most of 64 bits need one or two, to send and to search."""
    bounds = pc.min_max(column).as_py()
    least, most = bounds["min"] or 0, bounds["max"] or 0
    for kind in NARROW:
        if kind.bit_width >= column.type.bit_width:
            break
        if np.iinfo(kind.to_pandas_dtype()).min <= least and most <= np.iinfo(kind.to_pandas_dtype()).max:
            return column.cast(kind)
    return column


def _takes_few_values(column: pa.ChunkedArray) -> bool:
    """Whether a dictionary makes the column smaller; its beginning spares most others the count."""
    head = column.slice(0, 10_000)
    if len(column) > len(head) and pc.count_distinct(head).as_py() > len(head) / 2:
        return False
    distinct: int = pc.count_distinct(column).as_py()
    return distinct <= SMALL_CATEGORY or distinct < FEW_DISTINCT * len(column)


class _Chunks:
    """A file to write to whose content is taken away piece by piece."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return 0

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        content = b"".join(self._pieces)
        self._pieces.clear()
        return content
