"""Loose input made uniform at the door: whatever holds samples becomes a `Source`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from bathyscope.capture.array_samples import ArraySamples, ListSamples, array_of
from bathyscope.capture.dataset_samples import HuggingFaceSamples, TorchSamples
from bathyscope.capture.file_samples import FileSamples, image_folder, parquet_path
from bathyscope.capture.labels import Task, as_label_column, check_length, class_names, unique_ids
from bathyscope.capture.samples import NO_METADATA, Described, Inputs, Kind, Preparation, Source
from bathyscope.errors import LabelError, ShapeError, SourceError, require


def as_source(
    samples: Any,
    *,
    labels: Any = None,
    split: Any = None,
    metadata: Any = None,
    sample_ids: Sequence[str] | None = None,
    task: Task | None = None,
    transform: Callable[[Any], Any] | None = None,
    to_image: Callable[[Any], Any] | None = None,
    collate: Callable[[list[Any]], Any] | None = None,
    kind: Kind | None = None,
) -> Source:
    """Make samples in any usual form a `Source`.

    Parameters
    ----------
    samples : one of
        an array or tensor: (N, H, W), (N, C, H, W) or (N, H, W, C) images, (N, D) vectors;
        a list of texts, pictures, arrays or image paths;
        a map-style torch `Dataset` (or a `DataLoader`, whose dataset and collate function are taken);
        a Hugging Face `Dataset`;
        a path: folder of images, Parquet file or folder, saved Hugging Face dataset, another recording;
        a dict from split name to any of these
    labels : (N,) indices or names, N lists of them, or (N, C) zeros and ones; None takes the source's own labels
        and False records without labels
    split : a name for all, or (N,) names
    metadata : dict of columns, Arrow table or pandas data frame with N rows
    sample_ids : (N,) unique strings; by default the source's own, or the position
    task : "multiclass" or "multilabel"; by default told by the labels
    transform : from one sample to its model input
    to_image : from one sample to a picture, where the samples are no pictures
    collate : from a list of model inputs to one batch
    kind : what a sample is, where the shape leaves it open

    Raises
    ------
    SourceError
        If the samples have a form that cannot be read.
    ShapeError, SampleIdError, LabelError
        If a column given with them does not fit.
    """
    preparation = Preparation(transform=transform, to_image=to_image, collate=collate, kind=kind)
    source = _open(samples, preparation)
    if not len(source):
        raise SourceError("There are no samples: the data set is empty. Give at least one.")
    return ColumnSource(source, labels=labels, split=split, metadata=metadata, sample_ids=sample_ids, task=task)


def _open(samples: Any, preparation: Preparation) -> Source:
    if isinstance(samples, str | Path):
        return _open_path(Path(samples), preparation)
    module = type(samples).__module__
    if isinstance(samples, Mapping):
        return SplitSource({str(name): _open(part, replace(preparation)) for name, part in samples.items()})
    if isinstance(samples, np.ndarray | torch.Tensor) and samples.ndim:
        texts_or_objects = getattr(samples.dtype, "kind", "f") in "OU"
        return _open(list(samples), preparation) if texts_or_objects else ArraySamples(samples, preparation)
    if isinstance(samples, list | tuple) and samples:
        return _open_list(samples, preparation)
    if module.startswith("datasets."):
        return HuggingFaceSamples(samples, preparation)
    if isinstance(samples, torch.utils.data.DataLoader):
        return _open(_dataset_of(samples, preparation), preparation)
    if isinstance(samples, torch.utils.data.IterableDataset) or hasattr(samples, "__getitem__"):
        return TorchSamples(samples, preparation)
    raise SourceError(
        f"Samples were given as {type(samples).__name__}. Give an array, a list of texts, a torch Dataset, a Hugging "
        "Face dataset, or the path of an image folder or Parquet file."
    )


def _open_path(path: Path, preparation: Preparation) -> Source:
    if not path.exists():
        raise SourceError(f"There is no file or folder {str(path)!r}. Give a folder of images or a Parquet file.")
    if (path / "state.json").is_file() or (path / "dataset_dict.json").is_file():
        datasets = require("datasets", extra="huggingface", purpose="Reading a saved Hugging Face dataset")
        return _open(datasets.load_from_disk(str(path)), preparation)
    parquet = parquet_path(path, preparation)
    if parquet is not None:
        return parquet
    if path.is_dir():
        return image_folder(path, preparation)
    return FileSamples(path.parent, [path], preparation)


def _open_list(samples: Sequence[Any], preparation: Preparation) -> Source:
    first = samples[0]
    if isinstance(first, Path):
        paths = [Path(path) for path in samples]
        parents = {path.parent for path in paths}
        root = paths[0].parent if len(parents) == 1 else Path(*_common_parts([path.parent.parts for path in paths]))
        return FileSamples(root, paths, preparation)
    if isinstance(first, str):
        return ListSamples(samples, preparation)
    array = array_of(samples)
    return ListSamples(samples, preparation) if array is None else ArraySamples(array, preparation)


def _common_parts(paths: Sequence[tuple[str, ...]]) -> list[str]:
    common = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return common


def _dataset_of(loader: torch.utils.data.DataLoader[Any], preparation: Preparation) -> Any:
    if preparation.collate is None and loader.collate_fn is not torch.utils.data.default_collate:
        raise SourceError(
            "Samples were given as a DataLoader with its own collate_fn. Give samples=loader.dataset, and collate= "
            "with a function from a list of model inputs (without labels) to a batch."
        )
    return loader.dataset


class SplitSource:
    """Several sources one after the other, each of them a split; ids get the split's name in front."""

    def __init__(self, parts: Mapping[str, Source]) -> None:
        if not parts:
            raise SourceError("Samples were given as an empty dict. Give split names with their samples.")
        self._parts = parts
        kinds = {part.kind for part in parts.values()}
        if len(kinds) > 1:
            raise SourceError(
                f"The splits hold samples of different kinds: {', '.join(map(str, kinds))}. Give one kind."
            )
        self.kind: Kind | None = kinds.pop()
        self.task: Task | None = next((part.task for part in parts.values() if part.task), None)
        self.metadata_schema = pa.unify_schemas([part.metadata_schema for part in parts.values()])
        named = [part.classes for part in parts.values() if part.classes is not None]
        self._united = len(set(named)) > 1
        self.classes = (
            tuple(sorted({name for names in named for name in names})) if self._united else next(iter(named), None)
        )

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the splits in order."""
        return tuple(self._parts)

    @property
    def notes(self) -> dict[str, str]:
        """Notes of all parts."""
        return {key: note for part in self._parts.values() for key, note in part.notes.items()}

    def described(self, size: int) -> Iterator[Described]:
        """All batches of the first split, then of the next."""
        offset = 0
        for name, part in self._parts.items():
            for batch in part.described(size):
                own = batch.ids or position_ids(batch.start, len(batch), len(part))
                self._check_names(batch)
                yield replace(
                    batch,
                    start=batch.start + offset,
                    ids=[f"{name}/{sample_id}" for sample_id in own],
                    splits=[name] * len(batch),
                    metadata=self._all_columns(batch),
                )
            offset += len(part)

    def inputs(self, size: int) -> Iterator[Inputs]:
        """All batches of the first split, then of the next."""
        offset = 0
        for part in self._parts.values():
            for batch in part.inputs(size):
                yield replace(batch, start=batch.start + offset)
            offset += len(part)

    def _check_names(self, batch: Described) -> None:
        if self._united and any(not isinstance(label, str) for label in batch.labels or () if label is not None):
            raise LabelError(
                "The splits name different classes, so a class index means something else in each. Give the labels as "
                "names, or the same class list to every split."
            )

    def _all_columns(self, batch: Described) -> dict[str, Any] | None:
        given = batch.metadata if batch.metadata is not None else {}
        held = set(given.column_names if isinstance(given, pa.Table) else given)
        return {name: given[name] if name in held else [None] * len(batch) for name in self.metadata_schema.names}


class ColumnSource:
    """A source with the columns that the user gave beside the samples; these win over the source's own."""

    def __init__(
        self,
        source: Source,
        *,
        labels: Any = None,
        split: Any = None,
        metadata: Any = None,
        sample_ids: Sequence[str] | None = None,
        task: Task | None = None,
    ) -> None:
        self._source = source
        n_samples = len(source)
        self._unlabelled = labels is False
        self._labels, self.task = None, task or source.task
        if labels is not None and labels is not False:
            self._labels, self.task = as_label_column(_joined(labels, source), task)
            check_length(self._labels, n_samples, "labels")
        self._splits = _split_column(split, n_samples)
        self._metadata = metadata_table(metadata, n_samples)
        self._ids = None if sample_ids is None else unique_ids(sample_ids)
        if self._ids is not None:
            check_length(self._ids, n_samples, "sample ids")
        own = [field for field in source.metadata_schema if field.name not in self._metadata.column_names]
        self.metadata_schema = pa.schema([*own, *self._metadata.schema])
        self.kind = source.kind

    def __len__(self) -> int:
        return len(self._source)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names that the labels themselves tell."""
        if self._unlabelled:
            return None
        named = class_names(self._labels) if self._labels is not None else None
        return named or self._source.classes

    @property
    def notes(self) -> dict[str, str]:
        """Notes of the source."""
        return self._source.notes

    def described(self, size: int) -> Iterator[Described]:
        """Batches with ids, and with the user's columns in place of the source's."""
        for batch in self._source.described(size):
            part = slice(batch.start, batch.start + len(batch))
            ids = self._ids[part] if self._ids is not None else batch.ids
            labels = self._labels[part] if self._labels is not None else batch.labels
            yield replace(
                batch,
                ids=ids or position_ids(batch.start, len(batch), len(self)),
                labels=None if self._unlabelled else labels,
                splits=self._splits(part) if self._splits is not None else batch.splits,
                metadata=self._columns(batch, part),
            )

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Batches of the source."""
        return self._source.inputs(size)

    def _columns(self, batch: Described, part: slice) -> dict[str, Any] | None:
        columns: dict[str, Any] = {}
        for name in self.metadata_schema.names:
            if name in self._metadata.column_names:
                columns[name] = self._metadata[name].slice(part.start, part.stop - part.start)
            elif batch.metadata is not None:
                columns[name] = batch.metadata[name]
        return columns or None


def position_ids(start: int, count: int, n_samples: int) -> list[str]:
    """Ids made of positions, padded so that they sort like numbers."""
    width = len(str(max(n_samples - 1, 0)))
    return [f"{position:0{width}d}" for position in range(start, start + count)]


def _joined(labels: Any, source: Source) -> Any:
    if not isinstance(labels, Mapping):
        return labels
    names = source.names if isinstance(source, SplitSource) else ()
    if set(labels) != set(names):
        raise LabelError(
            f"Labels were given for the splits {', '.join(map(str, labels))}, samples for "
            f"{', '.join(names) or 'no splits'}. Give both for the same splits."
        )
    return [label for name in names for label in labels[name]]


def _split_column(split: Any, n_samples: int) -> Callable[[slice], list[str | None]] | None:
    if split is None:
        return None
    if isinstance(split, str):
        return lambda part: [split] * (part.stop - part.start)
    names = [None if name is None else str(name) for name in split]
    check_length(names, n_samples, "split names")
    return lambda part: names[part]


def metadata_table(metadata: Any, n_samples: int) -> pa.Table:
    """Metadata columns as an Arrow table.

    Raises
    ------
    ShapeError
        If a column has not one value per sample, or mixes types.
    """
    if metadata is None:
        return NO_METADATA.empty_table()
    if isinstance(metadata, pa.Table):
        table = metadata
    elif type(metadata).__module__.startswith("pandas"):
        table = pa.Table.from_pandas(metadata, preserve_index=False).replace_schema_metadata(None)
    else:
        table = pa.table(
            {str(name): _metadata_column(str(name), values, n_samples) for name, values in metadata.items()}
        )
    check_length(table, n_samples, "rows of metadata")
    return table


def _metadata_column(name: str, values: Any, n_samples: int) -> pa.Array:
    check_length(values, n_samples, f"values for {name!r}")
    try:
        return pa.array(values.numpy() if isinstance(values, torch.Tensor) else values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ShapeError(
            f"The metadata column {name!r} does not hold one type of value ({error}). Make it one."
        ) from error
