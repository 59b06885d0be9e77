"""Writing a recording: samples once, then checkpoint after checkpoint, each of which appears whole or not at all."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save as safetensors_bytes

from bathyscope.errors import LabelError, RecordingExistsError, ShapeError, UnknownSampleError
from bathyscope.recording.arrays import AnyArray, ArrayFileWriter, IntArray
from bathyscope.recording.files import (
    LOCK,
    UNFINISHED,
    discard,
    lock,
    place,
    remove_unfinished,
    storage_errors,
    write_atomic,
)
from bathyscope.recording.reader import Recording
from bathyscope.recording.samples import SampleWriter
from bathyscope.recording.schema import (
    Checkpoint,
    Kind,
    LayerInfo,
    RecordingInfo,
    Task,
    checkpoint_name,
    dump_checkpoint,
    dump_recording,
    layer_folder,
)

SCORE_TYPE = pa.list_(pa.struct([pa.field("label", pa.int32()), pa.field("score", pa.float32())]))
"""Outputs of a multi-label sample: the labels that were scored, with probabilities in [0, 1]."""

PARTS = ("model.pt2", "truth.parquet", "samples", "checkpoints", "analyses")
"""What gives way to a new recording in the same folder."""


class RecordingWriter:
    """Holds the writer's lock of one recording folder from `create` or `resume` until `close`."""

    def __init__(self, path: Path, info: RecordingInfo, held: Any) -> None:
        self.path = path
        self.info = info
        self._lock = held

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        task: Task = "multiclass",
        kind: Kind | None = None,
        classes: Sequence[str] | None = None,
        provenance: Mapping[str, Any] | None = None,
        roles: Mapping[str, str] | None = None,
        name: str | None = None,
        overwrite: bool = False,
    ) -> Self:
        """Begin a recording in `path`, which is made if it is not there.

        `roles` says what metadata columns stand for; see `schema.COLUMN_ROLES`. `name` is what people call it, where
        that is not the folder's name.

        Raises
        ------
        RecordingExistsError
            If a recording stands there and `overwrite` is false, or anything else that would have to give way.
        RecordingLockedError
            If another writer is at work there.
        """
        folder = Path(path)
        _check_no_strangers(folder)
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            held = lock(folder)
        if (folder / "recording.json").exists() and not overwrite:
            held.release()
            raise RecordingExistsError(
                f"{folder} already holds a recording. Give another folder, resume=True to go on with it, "
                "or overwrite=True to replace it."
            )
        # recording.json goes first: a kill in the middle must leave no recording rather than half of one.
        for leftover in ("recording.json", *PARTS):
            discard(folder / leftover)
        remove_unfinished(folder)
        for part in ("samples", "checkpoints"):
            (folder / part).mkdir()
        started = datetime.now(UTC).isoformat(timespec="seconds")
        info = RecordingInfo(
            task=task,
            kind=kind,
            n_samples=0,
            splits={},
            n_missing_labels=0,
            fingerprint="",
            classes=None if classes is None else tuple(map(str, classes)),
            provenance={"created_at": started, **(provenance or {})},
            roles=dict(roles or {}),
            name=name,
        )
        return cls(folder, info, held)

    @classmethod
    def resume(cls, path: str | Path) -> Self:
        """Go on with a recording; what a killed writer left half done is removed."""
        folder = Path(path)
        Recording(folder)  # says what is wrong if there is none, before a lock file is made
        held = lock(folder)
        for place_of_leftovers in (folder, folder / "checkpoints"):
            remove_unfinished(place_of_leftovers)
        return cls(folder, Recording(folder).info, held)

    @contextmanager
    def samples(
        self, *, metadata: pa.Schema | None = None, array_shape: tuple[int, ...] = (), array_dtype: str = "float32"
    ) -> Iterator[SampleWriter]:
        """Write all samples; at the end the recording exists and can be opened."""
        unfinished = self.path / "samples" / f"{UNFINISHED}part-00000.parquet"
        writer = SampleWriter(
            unfinished,
            task=self.info.task,
            kind=self.info.kind,
            classes=self.info.classes,
            metadata=metadata,
            array_shape=array_shape,
            array_dtype=array_dtype,
        )
        try:
            yield writer
            fingerprint = writer.close()
        except BaseException:
            writer.abandon()
            discard(unfinished)
            raise
        place(unfinished, self.path / "samples" / "part-00000.parquet")
        self.update(
            n_samples=writer.n_samples,
            splits=writer.splits,
            n_missing_labels=writer.n_missing_labels,
            fingerprint=fingerprint,
        )

    def update(self, **changes: Any) -> None:
        """Change fields of recording.json, for readers at once."""
        self.info = self.info.with_changes(**changes)
        write_atomic(self.path / "recording.json", dump_recording(self.info))

    def set_layers(self, layers: Sequence[LayerInfo]) -> None:
        """Say which layers the checkpoints hold."""
        if tuple(layers) != self.info.layers:
            self.update(layers=tuple(layers))

    def set_classes(self, classes: Sequence[str]) -> None:
        """Name the classes, where they were not known before the first output."""
        if self.info.classes != tuple(classes):
            self.update(classes=tuple(map(str, classes)))

    def write_truth(self, table: pa.Table) -> None:
        """Keep what is known about planted faults, apart from everything that an analysis reads."""
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        write_atomic(self.path / "truth.parquet", sink.getvalue())

    def place_program(self, unfinished: Path) -> None:
        """Move an exported program into the recording as model.pt2."""
        place(unfinished, self.path / "model.pt2")
        self.update(program="model.pt2")

    @contextmanager
    def checkpoint(
        self, step: int, *, epoch: float | None = None, metrics: Mapping[str, float] | None = None
    ) -> Iterator[CheckpointWriter]:
        """Write one checkpoint; it is there when the block ends well, and not at all when it does not.

        Raises
        ------
        RecordingExistsError
            If this step is recorded already.
        """
        final = self.path / "checkpoints" / checkpoint_name(step)
        if final.exists():
            raise RecordingExistsError(
                f"Checkpoint {final.name} (step {step}) is recorded already in {self.path}. "
                "Give each checkpoint its own step, for instance a running number with step=…."
            )
        writer = CheckpointWriter(final.with_name(UNFINISHED + final.name), self.info)
        try:
            yield writer
            writer.finish(step, epoch, metrics or {})
            place(writer.folder, final)
        except BaseException:
            writer.abandon()
            raise

    def close(self) -> None:
        """Let go of the lock. The recording needs no other end: every finished checkpoint is there already."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class CheckpointWriter:
    """One checkpoint while it is being written; `RecordingWriter.checkpoint` makes it."""

    def __init__(self, folder: Path, info: RecordingInfo) -> None:
        self.folder = folder
        self._info = info
        self._arrays: dict[str, ArrayFileWriter] = {}
        self._seen = np.zeros(info.n_samples, dtype=bool)
        self._n_seen = 0
        self._layers: list[str] = []
        self._non_finite: dict[str, int] = {}
        self._started = time.monotonic()
        discard(folder)
        with storage_errors(folder):
            folder.mkdir(parents=True)

    def hold(self, indices: IntArray) -> None:
        """Take in samples of which only activations are known, each once; `write_outputs` does it for the others."""
        self._take(indices)

    def write_outputs(self, indices: IntArray, logits: AnyArray) -> None:
        """Append logits.

        Parameters
        ----------
        indices : (B,) sample indices, each once per checkpoint
        logits : (B, C) float16 or float32
        """
        self._take(indices)
        if self._info.classes is not None and logits.shape[1:] != (len(self._info.classes),):
            raise LabelError(
                f"The model gives {' × '.join(map(str, logits.shape[1:]))} outputs a sample, but the recording names "
                f"{len(self._info.classes)} classes. Give classes=[…] with one name per output, in the model's order."
            )
        self._write("outputs", "logits", indices, logits, name="outputs")

    def write_scores(self, indices: IntArray, scores: pa.Array) -> None:
        """Append the sparse scores of a multi-label model: (B,) lists of {label, score}."""
        self._take(indices)
        self._file("outputs", "scores").write_column(indices, scores.cast(SCORE_TYPE))

    def write_activations(self, layer: str, indices: IntArray, values: AnyArray) -> None:
        """Append activations of a layer, (B, …); a wider number type than before turns the whole layer into it."""
        if layer not in self._layers:
            self._layers.append(layer)
        self._write(layer_folder(layer), "activation", indices, values, name=layer)

    def write_head(self, weight: AnyArray, bias: AnyArray) -> None:
        """Keep the decision layer: logits = activation @ weight.T + bias, weight (C, D), bias (C,)."""
        content = safetensors_bytes(
            {"weight": np.ascontiguousarray(weight, np.float32), "bias": np.ascontiguousarray(bias, np.float32)}
        )
        with storage_errors(self.folder):
            (self.folder / "head.safetensors").write_bytes(content)

    def finish(self, step: int, epoch: float | None, metrics: Mapping[str, float]) -> None:
        """Close the files and write checkpoint.json, which makes the checkpoint exist."""
        for name, file in self._arrays.items():
            file.close()
            if file.n_rows != self._n_seen:
                raise ShapeError(
                    f"{name} has {file.n_rows:,} rows, but outputs of {self._n_seen:,} samples were written. "
                    "Write every layer for the same samples."
                )
        files = {p.relative_to(self.folder).as_posix(): p.stat().st_size for p in sorted(self.folder.rglob("*.*"))}
        layers = tuple(layer for layer in self._layers if layer_folder(layer) in self._arrays)
        checkpoint = Checkpoint(
            name=checkpoint_name(step),
            step=step,
            epoch=epoch,
            wall_time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            duration_s=round(time.monotonic() - self._started, 3),
            n_samples=self._n_seen,
            fingerprint=uuid.uuid4().hex,
            metrics={name: float(value) for name, value in metrics.items()},
            layers=layers,
            has_head="head.safetensors" in files,
            non_finite=self._non_finite,
            files=files,
        )
        with storage_errors(self.folder):
            (self.folder / "checkpoint.json").write_bytes(dump_checkpoint(checkpoint))

    def abandon(self) -> None:
        """Remove everything written so far."""
        for file in self._arrays.values():
            file.abandon()
        discard(self.folder)

    def _take(self, indices: IntArray) -> None:
        outside = indices[(indices < 0) | (indices >= len(self._seen))]
        if len(outside):
            raise UnknownSampleError(
                f"Sample index {int(outside[0])} was written, but the recording has samples 0 … {len(self._seen) - 1}."
            )
        rising = (indices[1:] > indices[:-1]).all()  # the usual case, and far cheaper to see than to sort
        if self._seen[indices].any() or not (rising or len(np.unique(indices)) == len(indices)):
            raise ShapeError("A sample came twice in one checkpoint. Give each sample once.")
        self._seen[indices] = True
        self._n_seen += len(indices)

    def _file(self, folder: str, column: str) -> ArrayFileWriter:
        if folder not in self._arrays:
            path = self.folder / folder / "part-00000.arrow"
            with storage_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._arrays[folder] = ArrayFileWriter(path, column)
        return self._arrays[folder]

    def _write(self, folder: str, column: str, indices: IntArray, values: AnyArray, *, name: str) -> None:
        if bad := int(_non_finite_rows(values).sum()):
            self._non_finite[name] = self._non_finite.get(name, 0) + bad
        self._file(folder, column).write_array(indices, values)


_EXPONENTS = {2: (np.uint16, 0x7C00), 4: (np.uint32, 0x7F800000), 8: (np.uint64, 0x7FF0000000000000)}


def _check_no_strangers(folder: Path) -> None:
    """Refuse a folder where something stands in the place of a recording's parts that no writer of ours left there."""
    if (folder / "recording.json").exists() or (folder / LOCK).exists():
        return
    parts = [folder / name for name in PARTS]
    strangers = [part.name for part in parts if part.is_file() or (part.is_dir() and any(part.iterdir()))]
    if strangers:
        raise RecordingExistsError(
            f"{folder} is no recording, but holds {' and '.join(strangers)}, which one would replace; nothing was "
            "touched. Give another folder."
        )


def _non_finite_rows(values: AnyArray) -> AnyArray:
    """Which rows of a float array hold a NaN or infinity, by their bits: numpy has no fast float16 arithmetic."""
    if not values.size:
        return np.zeros(len(values), dtype=bool)
    kind, exponent = _EXPONENTS[values.dtype.itemsize]
    bits = np.ascontiguousarray(values).reshape(len(values), -1).view(kind)
    if (bits & exponent).max() < exponent:
        return np.zeros(len(values), dtype=bool)
    rows: AnyArray = ((bits & exponent) == exponent).any(axis=1)
    return rows
