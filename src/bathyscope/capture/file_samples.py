"""Samples that are files: a folder of images, and Parquet tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from bathyscope.capture.labels import Task, class_names
from bathyscope.capture.samples import NO_METADATA, Described, Inputs, Kind, Preparation, checksum, checksums, spans
from bathyscope.errors import DamagedRecordingError, MediaError, SourceError
from bathyscope.recording.arrays import to_numpy
from bathyscope.recording.media import decode
from bathyscope.recording.schema import parse_recording

IMAGE_SUFFIXES = frozenset(Image.registered_extensions()) - {".pdf", ".eps", ".ps", ".mpg", ".mpeg", ".h5", ".hdf"}
SPLIT_NAMES = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})
BYTES_AT_ONCE = 64 << 20
"""Photographs are read until a batch holds this much, so that memory does not depend on their size."""


class FileSamples:
    """Image files in a fixed order, each known by its path below the folder.

    Parameters
    ----------
    root : folder that the ids are relative to
    paths : the files
    labels, splits : one per file, or None
    """

    kind: Kind | None = "image"
    task: Task | None = None
    metadata_schema = NO_METADATA

    def __init__(
        self,
        root: Path,
        paths: Sequence[Path],
        preparation: Preparation,
        *,
        labels: Sequence[str | None] | None = None,
        splits: Sequence[str | None] | None = None,
    ) -> None:
        self._root, self._paths, self._preparation = root, paths, preparation
        self._labels, self._splits = labels, splits
        self.classes = None if labels is None else class_names(labels)
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def _name(self, position: int) -> str:
        return self._paths[position].relative_to(self._root).as_posix()

    def described(self, size: int) -> Iterator[Described]:
        """Batches with the files byte for byte, readable or not."""
        start, cells, held = 0, [], 0
        for position, path in enumerate(self._paths):
            content = read_bytes(path)
            cells.append({"bytes": content, "path": self._name(position)})
            held += len(content)
            if len(cells) == size or held > BYTES_AT_ONCE or position == len(self._paths) - 1:
                yield self._described(start, cells)
                start, cells, held = position + 1, [], 0

    def _described(self, start: int, cells: list[dict[str, Any]]) -> Described:
        part = slice(start, start + len(cells))
        return Described(
            start,
            checksums([cell["bytes"] for cell in cells]),
            media=cells,
            ids=[cell["path"] for cell in cells],
            labels=None if self._labels is None else self._labels[part],
            splits=None if self._splits is None else self._splits[part],
        )

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Batches of prepared pictures; a file that cannot be decoded is left out."""
        for start, stop in spans(len(self), size):
            sums, rows, pictures = np.zeros(stop - start, np.uint32), [], []
            for position in range(start, stop):
                content = read_bytes(self._paths[position])
                sums[position - start] = checksum(content)
                picture = decode_or_none(content)
                if picture is not None:
                    rows.append(position - start)
                    # Transformed at once: a batch of decoded photographs may not fit into memory.
                    pictures.append(self._preparation.prepare(picture))
            yield Inputs(start, sums, np.array(rows, np.int64), self._preparation.batch(pictures) if rows else None)


def image_folder(root: Path, preparation: Preparation) -> FileSamples:
    """Images below `root`: a folder per class, optionally in a folder per split; or flat, without labels.

    Raises
    ------
    SourceError
        If there are no images.
    """
    paths = sorted(path for path in root.rglob("*") if _is_image(path, root))
    if not paths:
        raise SourceError(
            f"The folder {root.name!r} holds no images. Give a folder of images, with a folder per class if they have "
            "labels, or a folder of Parquet files."
        )
    parts = [path.relative_to(root).parts for path in paths]
    split_level = all(len(part) > 1 and part[0].lower() in SPLIT_NAMES for part in parts)
    level = 1 if split_level else 0
    labels = [part[level] if len(part) > level + 1 else None for part in parts]
    return FileSamples(
        root,
        paths,
        preparation,
        labels=labels if any(label is not None for label in labels) else None,
        splits=[part[0] for part in parts] if split_level else None,
    )


def _is_image(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not hidden and path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def read_bytes(path: Path) -> bytes:
    """A file's content; nothing if it cannot be opened, so that one lost file does not end a recording."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def decode_or_none(cell: Any) -> Image.Image | None:
    """The picture in encoded bytes or in a {"bytes", "path"} cell, or None if there is none to be read."""
    try:
        return decode(encoded(cell), "a sample")
    except MediaError:
        return None


def encoded(cell: Any) -> bytes:
    """The bytes of a picture cell: bytes, or {"bytes", "path"} with one of the two missing."""
    if cell is None:
        return b""
    if isinstance(cell, bytes):
        return cell
    content: bytes | None = cell.get("bytes")
    return content if content is not None else read_bytes(Path(cell["path"])) if cell.get("path") else b""


def as_cell(cell: Any) -> dict[str, Any]:
    """A picture cell with its bytes; of an absolute path only the name stays, because it tells about the machine."""
    path = cell.get("path") if isinstance(cell, dict) else None
    return {"bytes": encoded(cell), "path": Path(path).name if path and Path(path).is_absolute() else path}


class ParquetSamples:
    """Parquet files with an `image`, `text` or `array` column: ours, or by the convention of Hugging Face.

    Notes
    -----
    `sample_id`, `split` and `label` (or `labels`) are taken where they are; other plain columns are metadata.
    Without a `split` column, a file name such as train-00000-of-00004.parquet tells the split.
    """

    def __init__(self, files: Sequence[Path], preparation: Preparation, classes: Sequence[str] | None = None) -> None:
        self._files, self._preparation = files, preparation
        try:
            self._schema: pa.Schema = pq.read_schema(files[0])
            self._n_samples = sum(int(pq.read_metadata(file).num_rows) for file in files)
        except (pa.ArrowInvalid, OSError) as error:
            raise DamagedRecordingError(
                f"{files[0].name} or a file beside it is no readable Parquet ({error}). Restore it, or leave it out."
            ) from error
        self._media = next((name for name in ("image", "img", "text", "array") if name in self._schema.names), None)
        if self._media is None:
            raise SourceError(
                f"{files[0].name} has no column 'image', 'text' or 'array'; its columns are "
                f"{', '.join(self._schema.names)}. Rename one, or give the samples as an array."
            )
        found: Kind = "image" if self._media in ("image", "img") else self._media  # type: ignore[assignment]
        self.kind: Kind | None = preparation.kind or found
        self._label = next((name for name in ("label", "labels") if name in self._schema.names), None)
        self.metadata_schema = pa.schema([field for field in self._schema if self._is_metadata(field)])
        self._given_classes = classes
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return self._n_samples

    @property
    def task(self) -> Task | None:
        """Several labels to a sample, if the column holds lists."""
        if self._label is None:
            return None
        kind = self._schema.field(self._label).type
        return "multilabel" if pa.types.is_list(kind) or pa.types.is_large_list(kind) else None

    @cached_property
    def classes(self) -> tuple[str, ...] | None:
        """Names from the recording or from the file's `huggingface` entry, or the distinct names of a text label."""
        if self._given_classes is not None or self._label is None:
            return None if self._given_classes is None else tuple(self._given_classes)
        information = json.loads((self._schema.metadata or {}).get(b"huggingface", b"{}"))
        feature = information.get("info", {}).get("features", {}).get(self._label, {})
        names = feature.get("names") or feature.get("feature", {}).get("names")
        if names:
            return tuple(names)
        if not pa.types.is_string(_value_type(self._schema.field(self._label).type)):
            return None
        return class_names(
            label for _, batch in self._batches(1 << 16, [self._label]) for label in batch[0].to_pylist()
        )

    def _is_metadata(self, field: pa.Field) -> bool:
        plain = (
            pa.types.is_primitive(field.type) or pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        )
        return plain and field.name not in {self._media, self._label, "sample_id", "split"}

    def _batches(self, size: int, columns: list[str] | None = None) -> Iterator[tuple[Path, pa.RecordBatch]]:
        for path in self._files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(size, columns=columns):
                    yield path, batch

    def described(self, size: int) -> Iterator[Described]:
        """Batches with the cells as they are in the file."""
        start = 0
        for path, batch in self._batches(size):
            items = self._items(batch)
            yield Described(
                start,
                self._checksums(items),
                media=[as_cell(cell) for cell in items] if self.kind == "image" else items,
                ids=batch["sample_id"].to_pylist() if "sample_id" in batch.schema.names else None,
                labels=batch[self._label].to_pylist() if self._label else None,
                splits=_splits(path, batch),
                metadata=pa.table(batch).select(self.metadata_schema.names) if len(self.metadata_schema) else None,
            )
            start += len(batch)

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Batches as the model takes them; pictures that cannot be decoded are left out."""
        start = 0
        for _, batch in self._batches(size, [str(self._media)]):
            items = self._items(batch)
            found = [decode_or_none(cell) for cell in items] if self.kind == "image" else list(items)
            rows = np.array([at for at, item in enumerate(found) if item is not None], np.int64)
            values = self._preparation.model_input([found[at] for at in rows]) if len(rows) else None
            yield Inputs(start, self._checksums(items), rows, values)
            start += len(batch)

    def _items(self, batch: pa.RecordBatch) -> Any:
        column = batch[self._media]
        if self.kind != "array":
            return column.to_pylist()
        fixed = isinstance(column.type, pa.FixedShapeTensorType) or pa.types.is_fixed_size_list(column.type)
        return to_numpy(column) if fixed else np.array(column.to_pylist())

    def _checksums(self, items: Any) -> npt.NDArray[np.uint32]:
        return checksums([encoded(cell) for cell in items] if self.kind == "image" else items)


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind


def _splits(path: Path, batch: pa.RecordBatch) -> list[str | None] | None:
    if "split" in batch.schema.names:
        names: list[str | None] = batch["split"].to_pylist()
        return names
    named = re.match(r"([a-z]+)-\d+", path.name)
    return [named[1]] * len(batch) if named and named[1] in SPLIT_NAMES else None


def parquet_path(path: Path, preparation: Preparation) -> ParquetSamples | None:
    """Samples of a Parquet file, of a folder of such files, or of another recording; None if it is none of these."""
    if path.is_file() and path.suffix == ".parquet":
        return ParquetSamples([path], preparation)
    if (path / "recording.json").is_file():
        classes = parse_recording((path / "recording.json").read_bytes(), f"{path.name}/recording.json").classes
        return ParquetSamples(sorted((path / "samples").glob("part-*.parquet")), preparation, classes)
    files = sorted(path.rglob("*.parquet"))
    return ParquetSamples(files, preparation) if files else None
