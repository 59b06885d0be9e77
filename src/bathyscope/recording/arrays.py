"""Arrays with a sample per row as Arrow IPC files: written as they come, read whole, by batch or by row.

Parquet would have to take a list of numbers apart into levels: with pyarrow that writes at a tenth of the speed of
`numpy.save` and cannot hand out one row. Arrow's file format writes the buffers as they are and can be memory-mapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.errors import DamagedRecordingError, ShapeError
from bathyscope.recording.files import UNFINISHED, storage_errors

IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]

SAMPLE_INDEX = "sample_index"
BATCH_ROWS = 4096
BATCH_BYTES = 16 << 20
"""Largest record batch that a writer makes, so that a reader of batches needs little memory, also with 10^5 classes."""


def tensor_type(dtype: np.dtype[Any], shape: Sequence[int]) -> pa.DataType:
    """Arrow type of one row: a fixed-size list for vectors, a fixed-shape tensor for maps."""
    value = pa.from_numpy_dtype(dtype)
    if len(shape) == 1:
        return pa.list_(pa.field("item", value, nullable=False), shape[0])
    return pa.fixed_shape_tensor(value, list(shape))


def to_arrow(rows: AnyArray) -> pa.Array:
    """(B, …) numbers as an Arrow array of B vectors or tensors, without a copy where memory allows."""
    kind = tensor_type(rows.dtype, rows.shape[1:])
    values = pa.array(np.ascontiguousarray(rows).reshape(-1))
    if isinstance(kind, pa.BaseExtensionType):
        storage = pa.FixedSizeListArray.from_arrays(values, int(np.prod(rows.shape[1:])))
        return pa.ExtensionArray.from_storage(kind, storage)
    return pa.FixedSizeListArray.from_arrays(values, type=kind)


def to_numpy(column: pa.Array) -> AnyArray:
    """Arrow vectors or tensors as a (B, …) array that shares their memory."""
    shape = tuple(column.type.shape) if isinstance(column.type, pa.FixedShapeTensorType) else (column.type.list_size,)
    storage = column.storage if isinstance(column.type, pa.BaseExtensionType) else column
    values: AnyArray = storage.flatten().to_numpy(zero_copy_only=True)
    return values.reshape(len(column), *shape)


class ArrayFileWriter:
    """Append batches of (sample_index, value) rows to one Arrow file.

    The type is that of the first batch. A batch of a wider number type turns the file into that type: what stands
    in it is read back by batch and written again, so a float16 overflow late in a pass costs time, not data.
    """

    def __init__(self, path: Path, column: str) -> None:
        self.path = path
        self.column = column
        self.n_rows = 0
        self.dtype: np.dtype[Any] | None = None
        self._shape: tuple[int, ...] | None = None
        self._sink: Any = None
        self._writer: pa.RecordBatchFileWriter | None = None

    def write_array(self, indices: IntArray, values: AnyArray) -> None:
        """Append B rows; `values` is (B, …) and keeps its trailing shape over the whole file."""
        if len(indices) != len(values):
            raise ShapeError(
                f"{len(indices):,} sample indices came with {len(values):,} rows for {self.column!r}. "
                "Give one row per sample."
            )
        if self._shape is not None and values.shape[1:] != self._shape:
            raise ShapeError(
                f"{self.column!r} had rows of shape {self._shape} and now has {values.shape[1:]}. "
                "One layer keeps one shape; resize or pool the input to a fixed size."
            )
        if self.dtype is not None and np.promote_types(self.dtype, values.dtype) != self.dtype:
            self._promote(np.promote_types(self.dtype, values.dtype))
        self._shape, self.dtype = values.shape[1:], self.dtype or values.dtype
        values = values.astype(self.dtype, copy=False)
        rows = max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, values[:1].nbytes)))
        for start in range(0, len(values), rows):
            part = slice(start, start + rows)
            self.write_column(indices[part], to_arrow(values[part]))

    def write_column(self, indices: IntArray, values: pa.Array) -> None:
        """Append B rows that are an Arrow array already."""
        index = pa.field(SAMPLE_INDEX, pa.int64(), nullable=False)
        schema = pa.schema([index, pa.field(self.column, values.type, nullable=False)])
        with storage_errors(self.path):
            if self._writer is None:
                self._sink = pa.OSFile(str(self.path), "wb")
                self._writer = pa.ipc.new_file(self._sink, schema)
            self._writer.write_batch(pa.record_batch([pa.array(indices, pa.int64()), values], schema=schema))
        self.n_rows += len(indices)

    def close(self) -> None:
        """Finish the file; whoever puts it into its place syncs it."""
        if self._writer is None:
            return
        with storage_errors(self.path):
            self._writer.close()
            self._sink.close()
        self._writer = None

    def abandon(self) -> None:
        """Let go of the file without finishing it."""
        if self._sink is not None:
            self._sink.close()
        self._writer = None

    def _promote(self, dtype: np.dtype[Any]) -> None:
        self.close()
        narrow = self.path.with_name(UNFINISHED + self.path.name)
        self.path.replace(narrow)
        self.dtype, self.n_rows = dtype, 0
        with pa.OSFile(str(narrow)) as source:
            for batch in batches_of(source, self.path.name):
                wide = to_numpy(batch.column(1)).astype(dtype)
                self.write_column(batch.column(0).to_numpy(), to_arrow(wide))
        narrow.unlink()


def batches_of(file: Any, where: str) -> Iterator[pa.RecordBatch]:
    """Record batches of an open Arrow file, one in memory at a time.

    Raises
    ------
    DamagedRecordingError
        If the file is cut off or is not Arrow.
    """
    with readable(where):
        reader = pa.ipc.open_file(file)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


@contextmanager
def readable(where: str) -> Iterator[None]:
    """Name the file in what goes wrong while it is read."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError, EOFError) as error:
        raise DamagedRecordingError(
            f"{where} cannot be read ({error}). It is damaged or cut off: restore it from a copy, "
            "or move its folder away to open the rest."
        ) from error


def fill_rows(out: AnyArray, positions: IntArray, indices: IntArray, values: AnyArray) -> None:
    """Put the rows whose sample is asked for where they belong.

    `positions` is (N,) and gives the row of `out` for each sample index, or −1 for samples that nobody asked for.
    """
    target = positions[indices]
    wanted = target >= 0
    if wanted.all():
        out[target] = values
    else:
        out[target[wanted]] = values[wanted]
