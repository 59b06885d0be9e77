"""Reading a recording: lazily by column and checkpoint, also while it is still being written."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from PIL import Image
from safetensors.numpy import load as safetensors_arrays

from bathyscope.errors import (
    DamagedRecordingError,
    MediaError,
    MissingInputError,
    NotARecordingError,
    UnknownCheckpointError,
    UnknownLayerError,
    UnknownSampleError,
)
from bathyscope.recording import results
from bathyscope.recording.arrays import AnyArray, IntArray, batches_of, fill_rows, readable, to_numpy
from bathyscope.recording.decisions import DecisionLog
from bathyscope.recording.files import UNFINISHED, is_locked
from bathyscope.recording.media import Media, decode, read_inside, thumbnail
from bathyscope.recording.samples import SampleFile
from bathyscope.recording.schema import (
    RESERVED_COLUMNS,
    Checkpoint,
    Kind,
    LayerInfo,
    RecordingInfo,
    Task,
    layer_folder,
    names_of,
    parse_checkpoint,
    parse_recording,
)


class Head(NamedTuple):
    """The decision layer: logits = embedding @ weight.T + bias. weight (C, D), bias (C,), float32."""

    weight: AnyArray
    bias: AnyArray


class Recording:
    """A recorded training run.

    Parameters
    ----------
    path : the folder that `Recorder`, `record` or `from_arrays` wrote
    hidden : columns to read the recording without, as if they had not been recorded
    media_root : folder that holds the pictures which the recording only names; a recording does not tell it itself,
        because it must not choose which files of this machine are read

    Raises
    ------
    NotARecordingError, FormatVersionError, DamagedRecordingError
        If the folder cannot be read as one.

    Notes
    -----
    Nothing large is read before it is asked for. `refresh` picks up checkpoints that a running job has added.
    """

    def __init__(self, path: str | Path, *, hidden: Iterable[str] = (), media_root: str | Path | None = None) -> None:
        if not isinstance(path, str | PathLike):
            raise NotARecordingError(
                f"A recording was given as {type(path).__name__}. Give its folder. A table needs no recording: "
                "bs.Hub(table).show()"
            )
        self.path = Path(path)
        self.hidden = names_of(hidden)
        self.media_root = None if media_root is None else Path(media_root)
        # Mapped files for single rows, plain ones for whole passes: mapped pages would count as memory in use.
        self._mapped = pafs.LocalFileSystem(use_mmap=True)
        self._plain = pafs.LocalFileSystem()
        self.info = self._read_info()
        self._checkpoints: dict[str, Checkpoint] = {}
        self.refresh()

    def __repr__(self) -> str:
        return (
            f"<Recording {self.name!r}: {len(self):,} samples, {len(self.checkpoints)} checkpoints, "
            f"{len(self.classes)} classes>"
        )

    def __len__(self) -> int:
        return self.info.n_samples

    def reopened(self, *, hidden: Iterable[str] | None = None) -> Self:
        """The same through a reader of its own; without the columns `hidden`, if these are given."""
        return type(self)(self.path, hidden=self.hidden if hidden is None else hidden, media_root=self.media_root)

    @property
    def name(self) -> str:
        """What people call it: the folder's name, unless it was given another."""
        return self.info.name or self.path.resolve().name

    @property
    def task(self) -> Task:
        """Whether a sample has one label or several."""
        return self.info.task

    @property
    def kind(self) -> Kind | None:
        """What a sample is, and the name of the column that holds it; None if only its outputs were recorded."""
        return self.info.kind

    @property
    def classes(self) -> tuple[str, ...]:
        """C class names; empty until they are known."""
        return self.info.classes or ()

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits, in the order in which they first occur."""
        return tuple(self.info.splits)

    @property
    def roles(self) -> Mapping[str, str]:
        """What metadata columns stand for, by column; see `COLUMN_ROLES`."""
        return {name: role for name, role in self.info.roles.items() if name not in self.hidden}

    @property
    def layers(self) -> Mapping[str, LayerInfo]:
        """Recorded layers by name."""
        return {layer.name: layer for layer in self.info.layers}

    @property
    def embedding_layer(self) -> str | None:
        """The layer of role "embedding": the input of the decision layer."""
        return next((layer.name for layer in self.info.layers if layer.role == "embedding"), None)

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Finished checkpoints by step, as of the last `refresh`."""
        return tuple(sorted(self._checkpoints.values(), key=lambda checkpoint: checkpoint.step))

    @property
    def writing(self) -> bool:
        """Whether a writer holds the recording now."""
        return is_locked(self.path)

    @property
    def fingerprint(self) -> str:
        """Hash of ids, splits, labels and contents of the samples."""
        return self.info.fingerprint

    @property
    def program_path(self) -> Path | None:
        """The exported model, if it was recorded."""
        return None if self.info.program is None else self.path / self.info.program

    @cached_property
    def decisions(self) -> DecisionLog:
        """What people decided: labels, answers, tags, notes."""
        return DecisionLog(self.path / "decisions.sqlite")

    def refresh(self) -> bool:
        """Look for new checkpoints; true if there are any, or if recording.json says something new."""
        info = self._read_info()
        changed = info != self.info
        self.info = info
        folders = pafs.FileSelector(str(self.path / "checkpoints"), allow_not_found=True)
        names = {entry.base_name for entry in self._plain.get_file_info(folders)}
        finished = {}
        for name in sorted(names):
            checkpoint = self._checkpoints.get(name) or self._read_checkpoint(name)
            if checkpoint is not None:
                finished[name] = checkpoint
        changed |= finished.keys() != self._checkpoints.keys()
        self._checkpoints = finished
        return changed

    # samples

    @property
    def samples(self) -> pa.Table:
        """All columns but the pictures, texts or arrays; row i is sample_index i."""
        return pa.table({name: self.column(name) for name in self._names if name != self.kind})

    @property
    def metadata(self) -> pa.Table:
        """Metadata columns only."""
        return pa.table({name: self.column(name) for name in self.metadata_schema.names})

    @property
    def samples_schema(self) -> pa.Schema:
        """Names and types of all columns of the samples, without reading them."""
        return pa.schema([field for field in self._samples.schema if field.name in self._names])

    @property
    def metadata_schema(self) -> pa.Schema:
        """Names and types of the metadata columns, without reading them."""
        return pa.schema([field for field in self.samples_schema if field.name not in RESERVED_COLUMNS])

    def column(self, name: str, rows: Sequence[int] | None = None) -> pa.ChunkedArray:
        """One column of the samples, (N,) or (len(rows),); a few rows cost reading their row groups."""
        if name not in self._names:
            raise MissingInputError(
                f"The samples have no column {name!r}. Columns: {', '.join(self._names)}. "
                "Record it with metadata={…}."
            )
        if rows is None:
            return self._samples.column(name)
        for row in rows:
            self._check_index(row)
        return self._samples.rows(name, rows)

    @property
    def sample_ids(self) -> pa.ChunkedArray:
        """(N,) strings."""
        return self.column("sample_id")

    def index_of(self, sample_id: str) -> int:
        """Sample index of an id."""
        try:
            return self._index_by_id[sample_id]
        except KeyError as error:
            raise UnknownSampleError(f"No sample has the id {sample_id!r} in {self.path}.") from error

    @cached_property
    def labels(self) -> np.ma.MaskedArray[Any, Any]:
        """(N,) class indices, masked where a label is missing. Multi-class recordings only; else `label_lists`."""
        if self.task != "multiclass":
            raise MissingInputError(f"{self.path} is multi-label; read its labels with label_lists.")
        column = self.column("label")
        missing = column.is_null().to_numpy()
        return np.ma.masked_array(column.fill_null(0).to_numpy(), mask=missing)

    @property
    def label_lists(self) -> pa.ChunkedArray:
        """(N,) lists of class indices, null where they are missing. Multi-label recordings."""
        return self.column("label")

    def media(self, sample_index: int) -> Media:
        """The recorded picture of a sample, still encoded."""
        self._check_index(sample_index)
        if self.kind != "image":
            raise MediaError(f"The samples of {self.path} are not images.")
        cell = self._samples.value("image", sample_index) or {}
        content, path = cell.get("bytes"), cell.get("path")
        reason = None
        if content is None and path:
            content, reason = read_inside(self.media_root, path)
        return Media(content, path, reason)

    def image(self, sample_index: int) -> Image.Image:
        """The picture of a sample; MediaError says why there is none."""
        media = self.media(sample_index)
        return decode(media.content, self._who(sample_index), media.reason)

    def thumbnail(self, sample_index: int, size: int | None) -> bytes:
        """The picture as WebP within a square of `size` pixels; None keeps its size."""
        return thumbnail(self.image(sample_index), size)

    def text(self, sample_index: int) -> str | None:
        """The text of a sample."""
        self._check_index(sample_index)
        if self.kind != "text":
            raise MediaError(f"The samples of {self.path} are not texts.")
        text: str | None = self._samples.value("text", sample_index)
        return text

    # checkpoints

    def checkpoint(self, which: Checkpoint | str | int) -> Checkpoint:
        """The checkpoint of a name, a step, or "last"."""
        if isinstance(which, Checkpoint):
            which = which.name
        for checkpoint in self.checkpoints:
            if which in (checkpoint.name, checkpoint.step):
                return checkpoint
        if which == "last" and self.checkpoints:
            return self.checkpoints[-1]
        known = ", ".join(checkpoint.name for checkpoint in self.checkpoints) or "none yet"
        raise UnknownCheckpointError(f"No checkpoint {which!r} in {self.path}. Recorded checkpoints: {known}.")

    def logits(self, checkpoint: Checkpoint | str | int, rows: Sequence[int] | None = None) -> AnyArray:
        """(N, C) float32, or (len(rows), C); NaN for samples that the checkpoint does not hold."""
        return self._rows(self.checkpoint(checkpoint), "outputs", rows).astype(np.float32, copy=False)

    def logit_batches(self, checkpoint: Checkpoint | str | int) -> Iterator[tuple[IntArray, AnyArray]]:
        """Pairs of sample indices (B,) and logits (B, C) float32, one batch in memory at a time."""
        for indices, column in self._batches(self.checkpoint(checkpoint), "outputs"):
            yield indices, to_numpy(column).astype(np.float32)

    def scores(self, checkpoint: Checkpoint | str | int) -> pa.Array:
        """(N,) lists of {label, score} of a multi-label checkpoint; null for samples that it does not hold."""
        parts = list(self._batches(self.checkpoint(checkpoint), "outputs"))
        place = np.full(len(self), -1, np.int64)
        start = 0
        for indices, column in parts:
            place[indices] = np.arange(start, start + len(column))
            start += len(column)
        return pa.chunked_array([column for _, column in parts]).combine_chunks().take(pa.array(place, mask=place < 0))

    def score_batches(self, checkpoint: Checkpoint | str | int) -> Iterator[tuple[IntArray, pa.Array]]:
        """Pairs of sample indices (B,) and lists of {label, score}."""
        yield from self._batches(self.checkpoint(checkpoint), "outputs")

    def activations(
        self, layer: str, checkpoint: Checkpoint | str | int, rows: Sequence[int] | None = None
    ) -> AnyArray:
        """(N, …) in the recorded number type, or (len(rows), …); NaN for samples that the checkpoint does not hold."""
        return self._rows(self._checkpoint_with(layer, checkpoint), layer_folder(layer), rows)

    def activation_batches(self, layer: str, checkpoint: Checkpoint | str | int) -> Iterator[tuple[IntArray, AnyArray]]:
        """Pairs of sample indices (B,) and activations (B, …), one batch in memory at a time."""
        for indices, column in self._batches(self._checkpoint_with(layer, checkpoint), layer_folder(layer)):
            yield indices, to_numpy(column)

    def head(self, checkpoint: Checkpoint | str | int) -> Head | None:
        """The decision layer at a checkpoint, if it is one linear layer."""
        which = self.checkpoint(checkpoint)
        if not which.has_head:
            return None
        arrays = safetensors_arrays(self._bytes(f"checkpoints/{which.name}/head.safetensors"))
        return Head(arrays["weight"], arrays["bias"])

    # analyses

    def run(self, analysis: results.Analysis, progress: results.Progress = results.silent) -> Any:
        """The result of an analysis on this recording, from disk if it was run before with the same parameters."""
        return results.run(self, analysis, progress)

    def cached(self, analysis: results.Analysis) -> Any | None:
        """The stored result of an analysis, or None."""
        return results.load(self, analysis)

    def result_key(self, analysis: results.Analysis) -> str:
        """Under which key the result of an analysis is stored."""
        return results.key_of(self, analysis)

    def result_tables(self, name: str, key: str) -> dict[str, Path]:
        """Files of a stored result by table name; none if a column that is hidden now was in sight when it was made."""
        files = results.table_files(self.path, name, key)
        return files if not files or self.hidden <= results.hidden_from(self.path, name, key) else {}

    @property
    def truth(self) -> pa.Table | None:
        """What is known of planted faults. For people and tests only: no analysis may read it."""
        path = self.path / "truth.parquet"
        return pq.read_table(path) if path.exists() else None

    # inside

    @cached_property
    def _samples(self) -> SampleFile:
        folder = pafs.FileSelector(str(self.path / "samples"), allow_not_found=True)
        names = sorted(entry.path for entry in self._plain.get_file_info(folder) if entry.base_name.startswith("part-"))
        if not names:
            raise DamagedRecordingError(f"{self.path / 'samples'} holds no part-*.parquet. Restore it from a copy.")
        return SampleFile(self._mapped, names)

    @cached_property
    def _names(self) -> dict[str, None]:
        return {name: None for name in self._samples.schema.names if name not in self.hidden}

    @cached_property
    def _index_by_id(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.sample_ids.to_pylist())}

    def _who(self, sample_index: int) -> str:
        return f"sample {self._samples.value('sample_id', sample_index)!r}"

    def _check_index(self, sample_index: int) -> None:
        if not 0 <= sample_index < len(self):
            raise UnknownSampleError(f"There is no sample {sample_index}; {self.path} has samples 0 … {len(self) - 1}.")

    def _read_info(self) -> RecordingInfo:
        where = self.path / "recording.json"
        if not where.is_file():
            why = "it holds no recording.json" if self.path.is_dir() else "nothing stands there"
            table = ""
            if self.path.is_file():
                why = "it is a file"
                table = (
                    f" If it is a table, it needs no recording: bs.Hub({str(self.path)!r}).show(), or "
                    f"bathyscope open {shlex.quote(str(self.path))}"
                )
            raise NotARecordingError(
                f"{self.path} is not a recording: {why}. Give the folder that Recorder or record() wrote.{table}"
            )
        return parse_recording(where.read_bytes(), str(where))

    def _read_checkpoint(self, name: str) -> Checkpoint | None:
        if name.startswith(UNFINISHED):
            return None
        where = self.path / "checkpoints" / name / "checkpoint.json"
        return parse_checkpoint(where.read_bytes(), name, str(where)) if where.is_file() else None

    def _checkpoint_with(self, layer: str, checkpoint: Checkpoint | str | int) -> Checkpoint:
        which = self.checkpoint(checkpoint)
        if layer not in which.layers:
            raise UnknownLayerError(
                f"No activations for layer {layer!r} at checkpoint {which.name}. "
                f"Recorded layers: {', '.join(which.layers) or 'none'}. "
                f"Record it with record(model, samples, path, layers=[{layer!r}])."
            )
        return which

    def _bytes(self, name: str) -> bytes:
        with readable(name), self._plain.open_input_file(str(self.path / name)) as file:
            content: bytes = file.read()
        return content

    def _parts(self, checkpoint: Checkpoint, folder: str) -> list[str]:
        """Files of an array, each checked against the size that checkpoint.json tells."""
        parts = [name for name in checkpoint.files if name.startswith(folder + "/part-")]
        if not parts:
            raise MissingInputError(f"Checkpoint {checkpoint.name} of {self.path} holds no {folder}.")
        where = self.path / "checkpoints" / checkpoint.name
        for name in parts:
            size = self._plain.get_file_info(str(where / name)).size
            if size != checkpoint.files[name]:
                raise DamagedRecordingError(
                    f"{where / name} has {'no' if size is None else f'{size:,}'} bytes; "
                    f"{checkpoint.files[name]:,} were written. "
                    "Restore it from a copy, or move its checkpoint folder away to open the rest."
                )
        return [str(where / name) for name in parts]

    def _batches(
        self, checkpoint: Checkpoint, folder: str, *, mapped: bool = False
    ) -> Iterator[tuple[IntArray, pa.Array]]:
        filesystem = self._mapped if mapped else self._plain
        for part in self._parts(checkpoint, folder):
            with readable(part):
                file = filesystem.open_input_file(part)
            with file:
                for batch in batches_of(file, part):
                    yield batch.column(0).to_numpy(), batch.column(1)

    def _rows(self, checkpoint: Checkpoint, folder: str, rows: Sequence[int] | None) -> AnyArray:
        wanted = np.arange(len(self)) if rows is None else np.asarray(rows, dtype=np.int64)
        positions = np.full(len(self), -1, np.int64)
        positions[wanted] = np.arange(len(wanted))
        out: AnyArray | None = None
        n_found = 0
        for indices, column in self._batches(checkpoint, folder, mapped=rows is not None):
            if out is None:
                values = to_numpy(column)
                out = np.full((len(wanted), *values.shape[1:]), np.nan, values.dtype)
            hits = positions[indices] >= 0
            if hits.any():
                fill_rows(out, positions, indices, to_numpy(column))
                n_found += int(hits.sum())
            if n_found == len(wanted):
                break
        if out is None:
            return np.empty((len(wanted), len(self.classes)), np.float32)
        return out


def load(path: str | Path) -> Recording:
    """Open a recording."""
    return Recording(path)
