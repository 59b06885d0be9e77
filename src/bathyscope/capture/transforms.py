"""From a sample to a model input and to a picture: Pillow and a few lines, so that torchvision is not needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps

from bathyscope.errors import SourceError

CHANNELS = (1, 3, 4)
"""Numbers of channels that a picture can have."""

BYTE = 255.0


@dataclass(frozen=True)
class ImageTransform:
    """The usual evaluation transform: resize the shorter side, cut out the centre, scale, normalise.

    Parameters
    ----------
    size : side in pixels of the square that the model gets; None keeps the size
    mean, std : per channel, for values in [0, 1]
    mode : "RGB" or "L"
    crop : part of the resized picture that the centre square keeps, in (0, 1]; 0.875 is resize 256, crop 224
    """

    size: int | None = None
    mean: Sequence[float] | float = 0.0
    std: Sequence[float] | float = 1.0
    mode: Literal["RGB", "L"] = "RGB"
    crop: float = 1.0

    def __call__(self, image: Any) -> torch.Tensor:
        """(C, H, W) float32 of a Pillow picture, or of an array or tensor that is a picture."""
        picture = to_picture(image).convert(self.mode)
        if self.size is not None:
            picture = _centre_square(picture, self.size, self.crop)
        pixels = torch.from_numpy(np.array(picture, dtype=np.float32)).div_(BYTE)
        channels_first = pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
        mean, std = (torch.as_tensor(value, dtype=torch.float32).reshape(-1, 1, 1) for value in (self.mean, self.std))
        return ((channels_first - mean) / std).contiguous()


def _centre_square(picture: Image.Image, size: int, crop: float) -> Image.Image:
    shorter = round(size / crop)
    scale = shorter / min(picture.size)
    width, height = (max(shorter, round(side * scale)) for side in picture.size)
    resized = picture.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - size) // 2, (height - size) // 2
    return resized.crop((left, top, left + size, top + size))


def is_channels_last(shape: Sequence[int]) -> bool:
    """Whether one picture of this shape has its channels last; (C, H, W) wins where both are possible."""
    return len(shape) == 3 and shape[0] not in CHANNELS and shape[2] in CHANNELS


def image_tensor(images: npt.NDArray[Any]) -> torch.Tensor:
    """(B, H, W), (B, C, H, W) or (B, H, W, C) pictures as (B, C, H, W) float32; bytes are scaled to [0, 1]."""
    tensor = own_tensor(images)
    scaled = tensor.to(torch.float32).div_(BYTE) if tensor.dtype == torch.uint8 else tensor.to(torch.float32)
    if scaled.ndim == 3:
        return scaled.unsqueeze(1)
    return scaled.permute(0, 3, 1, 2).contiguous() if is_channels_last(scaled.shape[1:]) else scaled


def own_tensor(values: npt.NDArray[Any]) -> torch.Tensor:
    """Tensor over the same memory; a read-only array is copied, because torch has no read-only tensors."""
    array = np.ascontiguousarray(values)
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def default_input(item: Any) -> Any:
    """Model input of one sample when no transform is given: pictures to [0, 1] channel-first, the rest as it is."""
    if isinstance(item, Image.Image):
        item = np.asarray(item if item.mode in ("L", "RGB") else item.convert("RGB"))
    if isinstance(item, np.ndarray) and item.ndim in (2, 3) and item.dtype == np.uint8:
        return image_tensor(item[None])[0]
    return item


def collate(items: Sequence[Any]) -> Any:
    """Stack model inputs of single samples into one batch: tensors, numbers, and dicts or tuples of these.

    Raises
    ------
    SourceError
        If the inputs differ in shape, with the way to make them one.
    """
    first = items[0]
    if isinstance(first, Mapping):
        return {key: collate([item[key] for item in items]) for key in first}
    if isinstance(first, tuple):
        return tuple(collate(part) for part in zip(*items, strict=True))
    if isinstance(first, str):
        return list(items)
    tensors = [torch.as_tensor(item) for item in items]
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) > 1:
        one, other = sorted(shapes)[:2]
        raise SourceError(
            f"Samples of one batch have inputs of different shapes, such as {one} and {other}. For images pass "
            "transform=ImageTransform(size=224) with the model's own size; for texts pass collate=, for instance "
            "DataCollatorWithPadding(tokenizer)."
        )
    stacked = torch.stack(tensors)
    return stacked.to(torch.float32) if stacked.dtype == torch.float64 else stacked


def to_picture(image: Any) -> Image.Image:
    """Pillow picture, upright, of a Pillow picture or of an array or tensor of bytes or of values in [0, 1]."""
    if isinstance(image, Image.Image):
        return ImageOps.exif_transpose(image)
    return Image.fromarray(PixelScale(0.0, 1.0).pixels(np.asarray(image)))


@dataclass(frozen=True)
class PixelScale:
    """How float values become bytes to look at: `low` is black and `high` is white."""

    low: float
    high: float

    @classmethod
    def from_values(cls, values: npt.NDArray[Any]) -> PixelScale:
        """Values in [0, 1] are taken as they are; others are stretched between their minimum and maximum."""
        if values.dtype == np.uint8 or not values.size:
            return cls(0.0, 1.0)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        return cls(0.0, 1.0) if low >= 0 and high <= 1 else cls(low, high)

    @property
    def note(self) -> str | None:
        """What a reader of the pictures should know; None if the pictures show the values as they are."""
        if (self.low, self.high) == (0.0, 1.0):
            return None
        return (
            f"pictures show model inputs, stretched from [{self.low:.6g}, {self.high:.6g}] (range of the first batch)"
        )

    def pixels(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """(H, W) or (H, W, 1 | 3 | 4) bytes of one picture in any layout; beyond four channels the first three."""
        if values.ndim == 3 and not is_channels_last(values.shape):
            values = np.moveaxis(values, 0, -1)
        if values.ndim == 3 and values.shape[-1] not in CHANNELS:
            values = values[..., :3] if values.shape[-1] > 4 else values[..., :1]
        if values.ndim == 3 and values.shape[-1] == 1:
            values = values[..., 0]
        if values.dtype == np.uint8:
            return values
        if values.dtype == np.bool_:
            return values.astype(np.uint8) * 255
        span = (self.high - self.low) or 1.0
        scaled = np.nan_to_num((values.astype(np.float32) - self.low) * (BYTE / span))
        rounded: npt.NDArray[np.uint8] = np.rint(scaled).clip(0, BYTE).astype(np.uint8)
        return rounded


ToImage = Callable[[Any], Any]
"""From one sample to a Pillow picture or an array of bytes, for samples that are no pictures yet."""
