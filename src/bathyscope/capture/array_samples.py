"""Samples that are one array, or a list of texts or pictures, in memory or memory-mapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bathyscope.capture.labels import Task
from bathyscope.capture.samples import (
    NO_METADATA,
    Described,
    Inputs,
    Kind,
    Preparation,
    checksums,
    kind_of,
    spans,
)
from bathyscope.capture.transforms import image_tensor, own_tensor
from bathyscope.errors import SourceError


class ArraySamples:
    """An array with a sample per row.

    Parameters
    ----------
    values : (N, H, W), (N, C, H, W) or (N, H, W, C) images; (N, D) vectors
        Bytes become float32 in [0, 1] for the model, other images and vectors float32; integer vectors (token ids,
        categories) stay integers. Any other shape needs `preparation.kind`.
    """

    task: Task | None = None
    classes: tuple[str, ...] | None = None
    metadata_schema = NO_METADATA

    def __init__(self, values: npt.NDArray[Any] | torch.Tensor, preparation: Preparation) -> None:
        self._values = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
        self._preparation = preparation
        if self._values.dtype.kind not in "biuf":
            raise SourceError(
                f"Samples were given as an array of {self._values.dtype}. Give numbers, a list of str, a torch "
                "Dataset, or a folder."
            )
        self.kind: Kind | None = preparation.kind or self._kind()
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._values)

    def _kind(self) -> Kind:
        shape = self._values.shape
        if len(shape) == 2:
            return "array"
        if len(shape) in (3, 4):
            return "image"
        raise SourceError(
            f"Samples were given as an array of shape {shape}. Images are (N, H, W), (N, C, H, W) or (N, H, W, C), "
            "vectors (N, D); for anything else say kind='array'."
        )

    def described(self, size: int) -> Iterator[Described]:
        """Batches with pictures as PNG, or vectors as they are."""
        for start, stop in spans(len(self), size):
            part = self._values[start:stop]
            if self.kind == "array":
                yield Described(start, row_checksums(part), media=np.asarray(part))
                continue
            self._preparation.set_scale([part])
            self.notes = self._preparation.notes
            yield Described(start, row_checksums(part), media=[self._preparation.picture(image) for image in part])

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Batches cut from the array; without a transform nothing happens per sample."""
        for start, stop in spans(len(self), size):
            part = np.asarray(self._values[start:stop])
            yield Inputs(start, row_checksums(part), np.arange(stop - start), self._model_input(part))

    def _model_input(self, part: npt.NDArray[Any]) -> Any:
        how = self._preparation
        if how.transform is not None or how.collate is not None:
            return how.model_input(list(part))
        if self.kind == "image":
            return image_tensor(part)
        tensor = own_tensor(part)
        return tensor.to(torch.int64 if tensor.dtype in (torch.int32, torch.int64) else torch.float32)


class ListSamples:
    """A list of texts, pictures or arrays; without a transform texts reach the model as a list of str."""

    task: Task | None = None
    classes: tuple[str, ...] | None = None
    metadata_schema = NO_METADATA

    def __init__(self, items: Sequence[Any], preparation: Preparation) -> None:
        self._items = items
        self._preparation = preparation
        self.kind: Kind | None = preparation.kind or kind_of(items[0])
        self.notes: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._items)

    def described(self, size: int) -> Iterator[Described]:
        """Batches with the items as recorded."""
        for start, stop in spans(len(self), size):
            items = self._items[start:stop]
            media = self._preparation.media(items, self.kind)
            self.notes = self._preparation.notes
            yield Described(start, checksums(items), media=media)

    def inputs(self, size: int) -> Iterator[Inputs]:
        """Batches of prepared items."""
        for start, stop in spans(len(self), size):
            items = self._items[start:stop]
            yield Inputs(start, checksums(items), np.arange(stop - start), self._preparation.model_input(items))


def row_checksums(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """(B,) checksums of each row's bytes: a weighted sum of its 64-bit words, folded.

    A CRC-32 a row would do as well, but 10,000 calls from Python cost as much as writing the checkpoint.
    """
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)
    words = np.pad(flat, ((0, 0), (0, -flat.shape[1] % 8))).view(np.uint64)
    sums = words @ _weights(words.shape[1])
    return (sums ^ (sums >> np.uint64(32))).astype(np.uint32)


@cache
def _weights(count: int) -> npt.NDArray[np.uint64]:
    """Odd factors, always the same: a recording that is resumed compares its checksums with those on disk."""
    return np.random.PCG64(0).random_raw(count) | np.uint64(1)


def array_of(items: Sequence[Any]) -> npt.NDArray[Any] | None:
    """One array, if the items are numbers, or arrays of one shape; None otherwise."""
    if isinstance(items[0], torch.Tensor | np.ndarray | list | tuple | int | float):
        shapes = {tuple(np.shape(item)) for item in items}
        if len(shapes) == 1:
            return np.stack([np.asarray(item) for item in items])
    return None
