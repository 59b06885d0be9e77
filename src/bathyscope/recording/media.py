"""Pictures of samples: decoding whatever was recorded, and thumbnails."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bathyscope.errors import MediaError

MAX_PIXELS = 100_000_000
"""Larger pictures are refused: a few kilobytes can claim to be gigabytes."""

MAX_FILE_BYTES = 256 << 20
"""Larger files that a recording names are refused."""

SMALL = 64
"""Thumbnails up to this side are stored without loss: in a 28-pixel picture every pixel counts."""


class Media(NamedTuple):
    """A picture: its encoded bytes, the path it came from, if it had one, and why there are no bytes, if that is known.

    The reason is the end of a sentence: "is not in the media root."
    """

    content: bytes | None
    path: str | None
    reason: str | None = None


def read_inside(root: Path | None, path: str) -> tuple[bytes | None, str | None]:
    """Content of the regular file `path` below `root`, wherever links lead; else the end of a sentence that says why.

    The reason names no path: it travels to people who may not know this machine.
    """
    if root is None:
        return None, "is a file, and nobody said in which folder. Open it with media_root=…, or --media-root."
    try:
        inside = root.resolve()
        file = (inside / path).resolve()
        # Before anything else is asked of the file: not even whether it exists may be learnt of files outside.
        if not file.is_relative_to(inside):
            return None, "lies outside the media root, so it is not read."
        if not file.exists():
            return None, "is not in the media root."
        if not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
            return None, f"is no regular file of at most {MAX_FILE_BYTES >> 20} MB."
        return file.read_bytes(), None
    except (OSError, ValueError, RuntimeError) as error:  # no permission, a zero byte in the name, a circle of links
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is no file's name"
        return None, f"cannot be read: {reason}."


def decode(content: bytes | None, who: str, reason: str | None = None) -> Image.Image:
    """Open an encoded picture as mode L, RGB or RGBA, upright; `reason` says why there are no bytes.

    Raises
    ------
    MediaError
        If there are no bytes, they are no picture, are cut off, or claim more than `MAX_PIXELS`.
    """
    if not content:
        raise MediaError(f"The image of {who} {reason or 'was recorded without bytes.'}")
    try:
        picture = Image.open(io.BytesIO(content))
        if picture.width * picture.height > MAX_PIXELS:
            raise MediaError(
                f"The image of {who} claims {picture.width:,} × {picture.height:,} pixels; "
                f"up to {MAX_PIXELS:,} pixels are shown."
            )
        picture.load()
    except MediaError:
        raise
    except UnidentifiedImageError as error:
        raise MediaError(f"The image of {who} is in no format that can be shown ({len(content):,} bytes).") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(f"The image of {who} cannot be read: {str(error).rstrip('.')}.") from error
    return _displayable(ImageOps.exif_transpose(picture))


def encode_png(pixels: np.ndarray) -> bytes:
    """(H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8 as PNG."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def thumbnail(picture: Image.Image, size: int | None) -> bytes:
    """WebP that fits a square of `size` pixels; None keeps the size. Never enlarges: the page does, without blur."""
    if size is not None and max(picture.size) > size:
        picture = picture.copy()
        picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=max(picture.size) <= SMALL, quality=82, method=2)
    return buffer.getvalue()


def _displayable(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):  # 16-bit and float pictures: stretch what is there over 8 bits
        values = np.asarray(picture, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        span = high - low
        return Image.fromarray(((values - low) * (255 / span if span else 0)).astype(np.uint8))
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    if picture.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture.convert("RGB")
