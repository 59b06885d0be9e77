"""What every source of samples gives, and how one sample becomes a checksum, a picture and a model input."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from PIL import Image

from bathyscope.capture.labels import LabelColumn
from bathyscope.capture.transforms import PixelScale, ToImage, collate, default_input, to_picture
from bathyscope.recording.media import encode_png

Kind = Literal["image", "text", "array"]
NO_METADATA = pa.schema([])


@dataclass(frozen=True)
class Described:
    """Consecutive samples as they are recorded.

    Attributes
    ----------
    start : sample index of the first
    checksums : (B,) uint32 of the contents
    media : (B,) images as {"bytes", "path"}, texts, or a (B, …) array; None if the kind is None
    ids : (B,) strings; None lets the position be the id
    labels, splits : (B,) or None
    metadata : columns of the source's metadata schema, or None
    """

    start: int
    checksums: npt.NDArray[np.uint32]
    media: Any = None
    ids: Sequence[Any] | None = None
    labels: LabelColumn | None = None
    splits: Sequence[str | None] | None = None
    metadata: Mapping[str, Any] | pa.Table | None = None

    def __len__(self) -> int:
        return len(self.checksums)


@dataclass(frozen=True)
class Inputs:
    """Consecutive samples as the model gets them.

    Attributes
    ----------
    start : sample index of the first
    checksums : (B,) uint32 of the contents, also of those that cannot be read
    rows : (R,) positions in the batch of the samples that could be read
    values : the model's input for these R samples; None if R is 0
    """

    start: int
    checksums: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.int64]
    values: Any

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """(R,) sample indices of the values."""
        return self.rows + self.start


class Source(Protocol):
    """Samples in a fixed order that can be passed over again and again."""

    @property
    def kind(self) -> Kind | None:
        """What a sample is; None if nothing of it can be kept."""

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Class names, where the samples tell them."""

    @property
    def task(self) -> Literal["multiclass", "multilabel"] | None:
        """Whether samples have one label or several, where the samples tell it."""

    @property
    def metadata_schema(self) -> pa.Schema:
        """Metadata columns."""

    @property
    def notes(self) -> dict[str, str]:
        """What provenance should tell, known after the first batch."""

    def __len__(self) -> int:
        """Number of samples N."""

    def described(self, size: int) -> Iterator[Described]:
        """All samples in batches of at most `size`, with everything that is recorded of them."""

    def inputs(self, size: int) -> Iterator[Inputs]:
        """All samples in batches of at most `size`, as the model gets them."""


@dataclass
class Preparation:
    """The user's say in how samples become model inputs and pictures."""

    transform: Callable[[Any], Any] | None = None
    to_image: ToImage | None = None
    collate: Callable[[list[Any]], Any] | None = None
    kind: Kind | None = None
    scale: PixelScale | None = field(default=None, repr=False)

    def prepare(self, item: Any) -> Any:
        """Model input of one sample."""
        return (self.transform or default_input)(item)

    def batch(self, prepared: Sequence[Any]) -> Any:
        """Model inputs of several samples as one batch."""
        return (self.collate or collate)(list(prepared))

    def model_input(self, items: Sequence[Any]) -> Any:
        """One batch of model inputs from samples as they are."""
        return self.batch([self.prepare(item) for item in items])

    def media(self, items: Sequence[Any], kind: Kind | None) -> Any:
        """What is recorded of the samples, by the recording's kind."""
        if kind == "image":
            self.set_scale(items)
            return [self.picture(item) for item in items]
        if kind == "text":
            return [str(item) for item in items]
        if kind == "array":
            return np.stack([np.asarray(item) for item in items])
        return None

    def set_scale(self, items: Sequence[Any]) -> None:
        """Fix from the first batch how float values become bytes."""
        arrays = [np.asarray(item).reshape(-1) for item in items if isinstance(item, np.ndarray | torch.Tensor)]
        if self.scale is None and arrays and self.to_image is None:
            self.scale = PixelScale.from_values(np.concatenate(arrays))

    def picture(self, item: Any) -> dict[str, Any]:
        """One sample as {"bytes", "path"}; files stay byte for byte what they are."""
        if self.to_image is not None:
            item = self.to_image(item)
        if isinstance(item, np.ndarray | torch.Tensor):
            values = np.asarray(item)
            scale = self.scale if self.to_image is None and self.scale is not None else PixelScale(0.0, 1.0)
            return {"bytes": encode_png(scale.pixels(values)), "path": None}
        return {"bytes": _encoded(item), "path": None}

    @property
    def notes(self) -> dict[str, str]:
        """What provenance should tell about the pictures."""
        note = self.scale.note if self.scale is not None else None
        return {} if note is None else {"images": note}


def _encoded(picture: Image.Image) -> bytes:
    # A picture that Pillow has opened and nobody has changed still knows its file: keep the photograph as it is.
    name = getattr(picture, "filename", "")
    if name and picture.format and Path(name).is_file():
        return Path(name).read_bytes()
    buffer = io.BytesIO()
    upright = to_picture(picture)
    (upright if upright.mode in ("L", "RGB", "RGBA", "I;16") else upright.convert("RGB")).save(
        buffer, "PNG", compress_level=1
    )
    return buffer.getvalue()


def kind_of(item: Any) -> Kind | None:
    """What a sample is, judged by one: pictures have two or three axes, vectors one."""
    if isinstance(item, str):
        return "text"
    if isinstance(item, Image.Image):
        return "image"
    if isinstance(item, np.ndarray | torch.Tensor):
        if item.ndim in (2, 3):
            return "image"
        if item.ndim == 1 and np.asarray(item).dtype.kind == "f":
            return "array"
    return None


def checksum(content: Any, running: int = 0) -> int:
    """CRC-32 of what a sample holds, whatever it is made of."""
    if isinstance(content, torch.Tensor):
        content = content.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    if isinstance(content, Image.Image):
        content = content.tobytes()
    if isinstance(content, bytes | np.ndarray):
        return zlib.crc32(np.ascontiguousarray(content).data if isinstance(content, np.ndarray) else content, running)
    if isinstance(content, Mapping):
        for key in content:
            running = checksum(content[key], checksum(str(key), running))
        return running
    if isinstance(content, list | tuple) and not (content and isinstance(content[0], int | float)):
        for part in content:
            running = checksum(part, running)
        return running
    return zlib.crc32(
        (content if isinstance(content, str) else repr(content)).encode("utf-8", "surrogatepass"), running
    )


def checksums(contents: Sequence[Any]) -> npt.NDArray[np.uint32]:
    """(B,) uint32, one per sample."""
    return np.fromiter((checksum(content) for content in contents), np.uint32, len(contents))


def spans(n_samples: int, size: int) -> Iterator[tuple[int, int]]:
    """Starts and stops of batches."""
    for start in range(0, n_samples, size):
        yield start, min(start + size, n_samples)
