"""What the samples hold, read once, one at a time: a digest of each, and a small grey picture of pictures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from bathyscope.errors import MediaError
from bathyscope.recording import Progress, Recording
from bathyscope.recording.arrays import to_numpy

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

SIDE = 32
"""Pictures up to this side keep their pixels; larger ones are compared at 32 × 32."""

TELL_EVERY = 500


@dataclass(frozen=True)
class Contents:
    """What was read of N samples.

    Attributes
    ----------
    digests : (N, 16) uint8, equal where the decoded contents are; zeros where nothing could be read
    readable : (N,) whether a sample could be read
    greys : (N, H, W) uint8 with H, W ≤ 32; None if the samples are no pictures
    smallest_side : of all pictures before they were made smaller; 0 without any
    """

    digests: Bytes
    readable: BoolArray
    greys: Bytes | None
    smallest_side: int

    def first_copies(self) -> IntArray:
        """(N,) index of the first sample with the same content; itself if there is none or it could not be read."""
        _, first, which = np.unique(self.digests.view("V16")[:, 0], return_index=True, return_inverse=True)
        return np.where(self.readable, first[which], np.arange(len(self.digests)))


def read_contents(recording: Recording, progress: Progress) -> Contents | None:
    """Read every picture, text or array once; None if the recording holds only outputs."""
    if recording.kind == "image":
        return _read_pictures(recording, progress)
    if recording.kind == "text":
        values = recording.column("text")
        digests = [None if text is None else digest(text.encode("utf-8", "surrogatepass")) for text in _each(values)]
        return _without_pictures(digests)
    if recording.kind == "array":
        chunks = recording.column("array").chunks
        return _without_pictures([digest(row.tobytes()) for chunk in chunks for row in to_numpy(chunk)])
    return None


def digest(content: bytes) -> bytes:
    """The first 16 bytes of SHA-256."""
    return hashlib.sha256(content).digest()[:16]


def digest_of_picture(picture: Image.Image) -> bytes:
    """Of the decoded pixels, not of the file: a copy saved again without loss is the same picture."""
    return digest(f"{picture.mode} {picture.size} ".encode() + picture.tobytes())


def grey_of(picture: Image.Image) -> Bytes:
    """Grey levels, (H, W) uint8 with H, W ≤ 32. What is transparent counts as black."""
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture)
    grey = picture.convert("L")
    if max(grey.size) > SIDE:
        grey = grey.resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(grey)


def _read_pictures(recording: Recording, progress: Progress) -> Contents:
    total = len(recording)
    digests, readable = np.zeros((total, 16), np.uint8), np.zeros(total, bool)
    greys: list[Bytes] = []
    smallest = 0
    for index in range(total):
        if index % TELL_EVERY == 0:
            progress(0.5 * index / total, f"reading picture {index:,} of {total:,}")
        try:
            picture = recording.image(index)
        except (MediaError, OSError):
            continue
        digests[index] = np.frombuffer(digest_of_picture(picture), np.uint8)
        readable[index] = True
        greys.append(grey_of(picture))
        smallest = min(smallest or min(picture.size), *picture.size)
    return Contents(digests, readable, _of_one_shape(greys, readable), smallest)


def _of_one_shape(greys: list[Bytes], readable: BoolArray) -> Bytes:
    shapes = {grey.shape for grey in greys}
    shape = next(iter(shapes)) if len(shapes) == 1 else (SIDE, SIDE)
    out = np.zeros((len(readable), *shape), np.uint8)
    for index, grey in zip(np.flatnonzero(readable), greys, strict=True):
        if grey.shape == shape:
            out[index] = grey
        else:
            out[index] = Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return out


def _each(values: Any) -> Any:
    return (value for chunk in values.chunks for value in chunk.to_pylist())


def _without_pictures(digests: list[bytes | None]) -> Contents:
    readable = np.array([one is not None for one in digests], bool)
    joined = b"".join(one or bytes(16) for one in digests)
    return Contents(np.frombuffer(joined, np.uint8).reshape(-1, 16), readable, None, 0)
