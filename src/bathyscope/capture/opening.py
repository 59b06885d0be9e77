"""Beginning a recording: where it came from, and the one pass that writes its samples."""

from __future__ import annotations

import platform
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from bathyscope._version import __version__
from bathyscope.capture.hooks import disturb_random_state, random_state_kept
from bathyscope.capture.labels import Labels, Task, checked_ids
from bathyscope.capture.order import OrderCheck
from bathyscope.capture.samples import Described, Source
from bathyscope.errors import LabelError, SampleOrderError, SourceError
from bathyscope.recording import Recording, RecordingWriter
from bathyscope.recording.files import discard

CONTENT = "content"
"""Entry of provenance: checksum of all samples' contents in their order, which `resume` compares."""


@dataclass
class Opened:
    """A recording that is being written, and what later passes over the samples are checked against."""

    writer: RecordingWriter
    task: Task
    order: OrderCheck
    n_samples: int
    highest_label: int = -1
    """Largest class index among the labels while the classes are unknown."""

    def name_of(self, sample_index: int) -> str:
        """Id of a sample, for messages."""
        return str(Recording(self.writer.path).sample_ids[sample_index].as_py())

    def label_lists(self) -> pa.ListArray:
        """(N,) lists of the samples' own labels."""
        column = Recording(self.writer.path).column("label")
        return pa.concat_arrays(column.chunks)

    def settle_classes(self, n_outputs: int) -> None:
        """Hold the classes against the number of outputs; number them where they have no names.

        Raises
        ------
        LabelError
            If the model has not one output per class.
        """
        classes = self.writer.info.classes
        if classes is not None and len(classes) != n_outputs:
            names = ", ".join(map(repr, classes[:5])) + (", …" if len(classes) > 5 else "")
            raise LabelError(
                f"The model gives {n_outputs:,} outputs per sample, but there are {len(classes):,} classes ({names}). "
                "Pass classes=[…] with one name per output in the model's order, or labels=False to record without "
                "labels."
            )
        if self.highest_label >= n_outputs:
            raise LabelError(
                f"The labels go up to {self.highest_label:,}, but the model gives {n_outputs:,} outputs per sample, so "
                f"class indices run over 0 … {n_outputs - 1}. Check that the labels belong to this model."
            )
        if classes is None:
            self.writer.set_classes([str(index) for index in range(n_outputs)])


@random_state_kept()
def begin(
    path: str | Path,
    source: Source,
    *,
    classes: Sequence[str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    batch_size: int = 256,
    progress: Callable[[float], None] | None = None,
) -> Opened:
    """Create a recording and write its samples; nothing is left of it if that fails.

    Raises
    ------
    RecordingExistsError, RecordingLockedError
        If the folder is taken.
    SampleIdError, LabelError, ShapeError
        If what is told of the samples does not hold together.
    """
    known = classes if classes is not None else source.classes
    labels = Labels(known, source.task or "multiclass")
    existed = Path(path).exists()
    writer = RecordingWriter.create(
        path,
        task=labels.task,
        kind=source.kind,
        classes=labels.classes,
        provenance={**environment(), **(provenance or {})},
        overwrite=overwrite,
    )
    order = OrderCheck(len(source))
    try:
        _write_samples(writer, source, labels, order, size=batch_size, progress=progress)
        content = f"crc32:{zlib.crc32(order.checksums.data):08x}"
        writer.update(provenance={**writer.info.provenance, **source.notes, CONTENT: content})
    except BaseException:
        writer.close()
        if not existed:
            discard(Path(path))
        raise
    return Opened(writer, labels.task, order, len(source), -1 if labels.classes else labels.highest)


def go_on(path: str | Path, source: Source) -> Opened:
    """Resume a recording. The contents of the samples are compared during the next checkpoint's pass.

    Raises
    ------
    SampleOrderError
        If the number of samples differs.
    RecordingLockedError
        If another writer is at work.
    """
    writer = RecordingWriter.resume(path)
    if writer.info.n_samples != len(source):
        writer.close()
        raise SampleOrderError(
            f"{writer.path} was recorded with {writer.info.n_samples:,} samples, but {len(source):,} were given. "
            "Resume with the same samples, or record into another folder."
        )
    content = writer.info.provenance.get(CONTENT, "")
    expected = int(content.removeprefix("crc32:"), 16) if str(content).startswith("crc32:") else None
    return Opened(writer, writer.info.task, OrderCheck(len(source), unknown=True, expected=expected), len(source))


def environment() -> dict[str, str]:
    """What provenance tells of the programs; nothing that identifies a machine or a person."""
    return {
        "bathyscope": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _write_samples(
    writer: RecordingWriter,
    source: Source,
    labels: Labels,
    order: OrderCheck,
    *,
    size: int,
    progress: Callable[[float], None] | None,
) -> None:
    # A data set that augments at random must not repeat itself in the first checkpoint, or it would pass the check.
    disturb_random_state()
    batches = source.described(size)
    first = next(batches, None)
    if first is None:
        raise SourceError("There are no samples: the data set is empty. Give at least one.")
    array = first.media if source.kind == "array" else None
    shape, dtype = ((), "float32") if array is None else (array.shape[1:], str(array.dtype))
    with writer.samples(metadata=source.metadata_schema, array_shape=shape, array_dtype=dtype) as samples:
        batch: Described | None = first
        while batch is not None:
            ids = checked_ids(batch.ids or [], batch.start)
            samples.write(
                ids,
                splits=batch.splits,
                labels=None if batch.labels is None else labels.encode(batch.labels, ids),
                media=batch.media,
                metadata=batch.metadata,
                checksum=batch.checksums.tobytes(),
            )
            order.remember(batch)
            if progress is not None:
                progress((batch.start + len(batch)) / len(source))
            batch = next(batches, None)
