"""Samples of a torch `Dataset` and of a Hugging Face `Dataset`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from bathyscope.capture.file_samples import as_cell, decode_or_none, encoded
from bathyscope.capture.labels import Task, class_names, is_label_list, is_missing
from bathyscope.capture.samples import NO_METADATA, Described, Inputs, Kind, Preparation, checksums, kind_of, spans
from bathyscope.errors import SourceError

LABEL_NAMES = ("label", "labels", "fine_label", "y", "target", "targets")
MEDIA_NAMES = ("image", "img", "pixel_values", "text", "sentence", "x", "inputs")
MODEL_INPUT_NAMES = (
    "input_ids", "attention_mask", "token_type_ids", "position_ids", "pixel_values", "input_values", "input_features",
)  # fmt: skip
"""Columns that Hugging Face models take; with any of them present, they are the model's input."""

NO_LABEL = object()


class TorchSamples:
    """A map-style torch dataset whose items are (x, y), x, or a dict with the label under `label` or `labels`."""

    metadata_schema = NO_METADATA

    def __init__(self, dataset: Any, preparation: Preparation) -> None:
        self._dataset = dataset
        self._preparation = preparation
        self._n_samples = _length(dataset)
        if self._n_samples:
            x, y = split_item(dataset[0])
            self.kind: Kind | None = preparation.kind or kind_of(_shown_part(x))
            self._labelled = y is not NO_LABEL
            self.task: Task | None = "multilabel" if is_label_list(y) else None
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return self._n_samples

    @cached_property
    def classes(self) -> tuple[str, ...] | None:
        """Names as torchvision's datasets carry them, or found by one pass where labels are names."""
        names = getattr(self._dataset, "classes", None)
        if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
            return tuple(names)
        first = next((y for y in self._labels() if not is_missing(y)), None)
        named = isinstance(first, str) or (isinstance(first, list | tuple) and any(isinstance(y, str) for y in first))
        return class_names(self._labels()) if named else None

    def _labels(self) -> Iterator[Any]:
        if self._labelled:
            for index in range(len(self)):
                yield split_item(self._dataset[index])[1]

    def _items(self, size: int) -> Iterator[tuple[int, list[Any], list[Any]]]:
        for start, stop in spans(len(self), size):
            pairs = [split_item(self._dataset[index]) for index in range(start, stop)]
            yield start, [x for x, _ in pairs], [y for _, y in pairs]

    def described(self, size: int) -> Iterator[Described]:
        """Batches with the items' labels and their pictures."""
        for start, items, labels in self._items(size):
            media = self._preparation.media([_shown_part(item) for item in items], self.kind)
            self.notes = self._preparation.notes
            yield Described(start, checksums(items), media=media, labels=labels if self._labelled else None)

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Batches of prepared items."""
        for start, items, _ in self._items(size):
            yield Inputs(start, checksums(items), np.arange(len(items)), self._preparation.model_input(items))


def split_item(item: Any) -> tuple[Any, Any]:
    """Input and label of a dataset's item.

    Raises
    ------
    SourceError
        If the item has another form.
    """
    if isinstance(item, Mapping):
        label = next((item[name] for name in LABEL_NAMES if name in item), NO_LABEL)
        return {key: value for key, value in item.items() if key not in LABEL_NAMES}, label
    if not isinstance(item, tuple | list):
        return item, NO_LABEL
    if len(item) in (1, 2):
        return item[0], item[1] if len(item) == 2 else NO_LABEL
    raise SourceError(
        f"The dataset's items have {len(item)} parts. Items must be (x, y), x, or a dict; wrap the dataset so that it "
        "gives one of these."
    )


def _shown_part(x: Any) -> Any:
    """The part of an item that a person can look at."""
    if not isinstance(x, Mapping):
        return x
    return next((x[name] for name in MEDIA_NAMES if name in x), None)


def _length(dataset: Any) -> int:
    try:
        return len(dataset)
    except TypeError as error:
        raise SourceError(
            f"{type(dataset).__name__} has no length: an iterable dataset cannot give the same samples at every "
            "checkpoint. Give a map-style dataset (with __len__ and __getitem__), or arrays."
        ) from error


class HuggingFaceSamples:
    """A Hugging Face dataset: pictures, texts, labels and metadata found by its features.

    Notes
    -----
    The label is the ClassLabel column, or the one named `label` or `labels`. The model gets the tokenised columns
    where there are any, what a custom `set_transform` gives, or else the picture or text.
    """

    def __init__(self, dataset: Any, preparation: Preparation) -> None:
        _length(dataset)
        self._dataset = dataset
        self._preparation = preparation
        features: Mapping[str, Any] = dataset.features
        self._label = _label_column(features)
        self._image = next((name for name, kind in features.items() if type(kind).__name__ == "Image"), None)
        texts = [
            name for name, kind in features.items() if getattr(kind, "dtype", None) == "string" and name != self._label
        ]
        self._text = next((name for name in MEDIA_NAMES if name in texts), texts[0] if texts else None)
        self._media = self._image or self._text
        found: Kind | None = "image" if self._image else "text" if self._text else None
        self.kind = preparation.kind or found
        self._tokens = [name for name in MODEL_INPUT_NAMES if name in features]
        if self._media is None and not self._tokens:
            raise SourceError(
                f"The dataset has no image, text or tokenised column; its columns are {', '.join(features)}. "
                "Give its numbers as an array with labels=, or tokenise it first."
            )
        self._raw = self._undecoded()
        self.metadata_schema = pa.schema(
            [field for field in self._raw.features.arrow_schema if self._is_metadata(field)]
        )
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._dataset)

    @property
    def task(self) -> Task | None:
        """Several labels to a sample, if the label feature is a list."""
        feature = self._dataset.features.get(self._label) if self._label else None
        return "multilabel" if _inner(feature) is not feature else None

    @cached_property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the ClassLabel feature, or the sorted distinct names of a text label."""
        if self._label is None:
            return None
        feature = _inner(self._dataset.features[self._label])
        names = getattr(feature, "names", None)
        if names is not None:
            return tuple(names)
        return class_names(self._raw[self._label]) if feature.dtype == "string" else None

    def _undecoded(self) -> Any:
        plain = self._dataset.with_format(None)
        if self._image is None:
            return plain
        return plain.cast_column(self._image, type(plain.features[self._image])(decode=False))

    def _is_metadata(self, field: pa.Field) -> bool:
        taken = {self._label, self._media, *self._tokens}
        plain = pa.types.is_primitive(field.type) or pa.types.is_string(field.type)
        return field.name not in taken and (plain or pa.types.is_timestamp(field.type))

    def described(self, size: int) -> Iterator[Described]:
        """Batches with pictures byte for byte as the dataset holds them."""
        for start, stop in spans(len(self), size):
            rows = self._raw[start:stop]
            media = rows[self._media] if self._media else None
            if self._image:
                media = [as_cell(cell) for cell in rows[self._image]]
            metadata = {name: rows[name] for name in self.metadata_schema.names}
            labels = rows[self._label] if self._label else None
            yield Described(start, self._checksums(rows), media=media, labels=labels, metadata=metadata or None)

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Batches as the model takes them; pictures that cannot be decoded are left out."""
        wanted = [*([self._media] if self._media else []), *self._tokens]
        columns = self._raw.select_columns(wanted)
        for start, stop in spans(len(self), size):
            rows = columns[start:stop]
            items = self._model_items(start, stop, rows)
            readable = np.array([at for at, item in enumerate(items) if item is not None], dtype=np.int64)
            values = self._preparation.model_input([items[at] for at in readable]) if len(readable) else None
            yield Inputs(start, self._checksums(rows), readable, values)

    def _model_items(self, start: int, stop: int, rows: Mapping[str, Sequence[Any]]) -> list[Any]:
        if self._dataset.format["type"] == "custom":
            transformed = self._dataset[start:stop]
            names = [name for name in transformed if name in MODEL_INPUT_NAMES] or [
                name for name in transformed if name != self._label and name not in self.metadata_schema.names
            ]
            return [{name: transformed[name][at] for name in names} for at in range(stop - start)]
        if self._tokens:
            return [{name: rows[name][at] for name in self._tokens} for at in range(stop - start)]
        if self._image:
            return [decode_or_none(cell) for cell in rows[self._image]]
        return list(rows[str(self._text)])

    def _checksums(self, rows: Mapping[str, Sequence[Any]]) -> np.ndarray:
        if self._media and self._image:
            return checksums([encoded(cell) for cell in rows[self._image]])
        names = [*([self._media] if self._media else []), *self._tokens]
        return checksums(list(zip(*(rows[name] for name in names), strict=True)))


def _label_column(features: Mapping[str, Any]) -> str | None:
    for name, kind in features.items():
        if type(_inner(kind)).__name__ == "ClassLabel":
            return name
    return next((name for name in LABEL_NAMES if name in features), None)


def _inner(feature: Any) -> Any:
    """What a list feature is a list of; the feature itself if it is no list."""
    return getattr(feature, "feature", feature)
