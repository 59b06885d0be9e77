"""The network behind a recording: its exported program, or a model handed over, fed as it was fed when recorded."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from bathyscope.analyses.illusion.adapter import Adapter, adapt, left_as_found
from bathyscope.errors import AdapterError, MediaError
from bathyscope.recording import Checkpoint, Recording

PROBES = 8
"""Real images that the network must give the recorded logits for."""

RECORDED_TOLERANCE = 2e-2
"""Logits are recorded in half precision, and the pictures perhaps with losses."""

USUAL: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "pixels in [0, 1]": ((0.0,), (1.0,)),
    "ImageNet's mean and std": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "mean 0.5, std 0.5": ((0.5,), (0.5,)),
    "mean 0.5, std 1": ((0.5,), (1.0,)),
    "MNIST's mean and std": ((0.1307,), (0.3081,)),
    "Fashion-MNIST's mean and std": ((0.2860,), (0.3530,)),
    "CIFAR-10's mean and std": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "CLIP's mean and std": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}
"""Ways to feed a network that are tried where a recording does not tell; one is taken only if the logits agree."""

CROPS = (1.0, 0.875)


@dataclass(frozen=True)
class Feed:
    """How pictures in [0, 1] become model inputs.

    Attributes
    ----------
    shape : (channels, h, w) of one input
    mean, std : per channel
    crop : part of the resized picture that the centre keeps
    words : the same in words, for a note; None if it was told
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    crop: float = 1.0
    words: str | None = None

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """(B, channels, h, w) inputs of pictures of any size, differentiable."""
        if images.shape[2:] != self.shape[1:]:
            images = nn.functional.interpolate(images, size=self.shape[1:], mode="bilinear", align_corners=False)
        mean, std = (images.new_tensor(values).reshape(1, -1, 1, 1) for values in (self.mean, self.std))
        return (images - mean) / std

    def prepared(self, picture: Image.Image) -> torch.Tensor:
        """(channels, h, w) in [0, 1] of a recorded picture, as for evaluation."""
        mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(self.shape[0], "RGB")
        cut = _centre(picture.convert(mode), (self.shape[1], self.shape[2]), self.crop)
        pixels = torch.from_numpy(np.array(cut, dtype=np.float32)).div_(255)
        return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1).contiguous()


def kept_part(size: tuple[int, int], feed: Feed) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what the network sees of a picture (width, height), in its pixels."""
    (width, height), (tall, wide) = size, feed.shape[1:]
    scale = max(round(tall / feed.crop) / height, round(wide / feed.crop) / width)
    across, down = min(width, wide / scale), min(height, tall / scale)
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down


def _centre(picture: Image.Image, size: tuple[int, int], crop: float) -> Image.Image:
    height, width = size
    if picture.size == (width, height) and crop == 1:
        return picture
    scale = max(round(height / crop) / picture.height, round(width / crop) / picture.width)
    tall, wide = max(height, round(picture.height * scale)), max(width, round(picture.width * scale))
    resized = picture.resize((wide, tall), Image.Resampling.BICUBIC)
    left, top = (wide - width) // 2, (tall - height) // 2
    return resized.crop((left, top, left + width, top + height))


@dataclass(frozen=True)
class Network:
    """A verified model and the way it is fed.

    Attributes
    ----------
    adapter : features, map and decision layer
    feed : from pictures to inputs
    notes : what a reader of the results should know
    """

    adapter: Adapter
    feed: Feed
    notes: tuple[str, ...] = ()


def open_program(path: Path) -> tuple[nn.Module, tuple[int, ...]]:
    """The recorded program as a module, and the shape of one input.

    Raises
    ------
    AdapterError
        If the file cannot be read as a program that takes one batch of pictures.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch about itself
            program = torch.export.load(path)
    except Exception as error:
        raise AdapterError(
            f"{path.name} of the recording cannot be opened: {error}. Record again with export=True, or hand the model "
            "over: picture(recording, model=…)."
        ) from error
    inputs = set(program.graph_signature.user_inputs)
    shapes = [
        tuple(node.meta["val"].shape)
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in inputs and isinstance(node.meta.get("val"), torch.Tensor)
    ]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise AdapterError(
            f"{path.name} takes inputs of shapes {shapes}; feature pictures need a program that takes one batch of "
            "pictures (B, channels, h, w). Record such a model with export=True."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return torch.export.unflatten(program), tuple(int(side) for side in shapes[0][1:])


def network_of(
    recording: Recording,
    checkpoint: Checkpoint,
    *,
    model: nn.Module | None = None,
    feed: Feed | None = None,
    head: str | None = None,
) -> Network:
    """The network of a recording, verified: it must give the recorded logits for recorded pictures.

    Parameters
    ----------
    checkpoint : whose logits are compared
    model : a model handed over; None opens the recorded program
    feed : how it is fed; None tries the usual ways and takes the first whose logits agree
    head : name of the decision layer, where it is not found by itself

    Raises
    ------
    AdapterError
        If the model cannot be opened, its decision layer is not found, or its logits are others than the recorded ones.
    """
    pictures, rows = _some_pictures(recording, checkpoint)
    shape: tuple[int, ...] | None = None
    if model is None:
        path = recording.program_path
        if path is None:
            raise AdapterError(f"{recording.path} holds no exported model. Record it with export=True, or give model=.")
        model, shape = open_program(path)
    channels = len(pictures[0].getbands())
    size = shape or (channels if feed is None else feed.shape[0], pictures[0].height, pictures[0].width)
    recorded = recording.logits(checkpoint, rows)
    known = [feed] if feed is not None else list(_feeds((size[0], size[1], size[2])))
    with left_as_found(model), torch.no_grad():
        adapter = _adapted(model, known, pictures, head)
        gaps = []
        for one in known:
            gap = math.inf
            for count in (1, len(pictures)):  # one picture tells most wrong ways
                inputs = one(torch.stack([one.prepared(picture) for picture in pictures[:count]]))
                gap = _gap(adapter.see(inputs).logits.numpy(force=True), recorded[:count])
                if gap > RECORDED_TOLERANCE:
                    break
            else:
                return Network(adapter, one, _words(one, gap))
            gaps.append((gap, one))
    best, one = min(gaps, key=lambda pair: pair[0])
    raise AdapterError(
        f"The model does not give the logits recorded at checkpoint {checkpoint.name}: for {len(pictures)} pictures "
        f"they are off by {best:.2g}, where {RECORDED_TOLERANCE:g} is allowed, and that with "
        f"{one.words or 'the given mean and std'}. If it was fed in another way, give mean=…, std=…; the exported "
        "model is that of the last checkpoint recorded, so name no other."
    )


def _adapted(model: nn.Module, feeds: Sequence[Feed], pictures: Sequence[Image.Image], head: str | None) -> Adapter:
    """The adapter, found with the first way of feeding that the model takes."""
    first = feeds[0]
    inputs = first(torch.stack([first.prepared(picture) for picture in pictures]))
    try:
        return adapt(model, inputs, head=head)
    except (RuntimeError, ValueError, TypeError) as error:
        if isinstance(error, AdapterError):
            raise
        raise AdapterError(
            f"The model cannot be run on pictures of shape {tuple(inputs.shape)}: {error}. Give the shape of its input "
            "with size=…."
        ) from error


def _some_pictures(recording: Recording, checkpoint: Checkpoint) -> tuple[list[Image.Image], list[int]]:
    """Readable pictures, spread over the samples that the checkpoint holds."""
    found: list[tuple[Image.Image, int]] = []
    step = max(1, len(recording) // (2 * PROBES))
    for row in (*range(0, len(recording), step), *range(min(len(recording), 4 * PROBES))):
        if len(found) == PROBES:
            break
        try:
            picture = recording.image(row)
        except MediaError:
            continue
        if row not in {known for _, known in found} and np.isfinite(recording.logits(checkpoint, [row])).all():
            found.append((picture, row))
    if not found:
        raise AdapterError(f"No picture of {recording.path} can be read, so the model cannot be checked against it.")
    if len(found) == 1:
        found *= 2
    return [picture for picture, _ in found], [row for _, row in found]


def _feeds(shape: tuple[int, int, int]) -> Iterator[Feed]:
    for crop in CROPS:
        for words, (mean, std) in USUAL.items():
            if len(mean) in (1, shape[0]):
                cut = "" if crop == 1 else f", of the middle {crop:.1%}"
                yield Feed(shape, mean, std, crop, words + cut)


def _gap(logits: Any, recorded: Any) -> float:
    """Largest difference of two (P, C) logits, relative to the largest logit of the row."""
    if logits.shape != recorded.shape:
        return math.inf
    shared = np.abs(logits - recorded) / np.maximum(1, np.abs(recorded).max(axis=1, keepdims=True))
    return float(shared.max())


def _words(feed: Feed, gap: float) -> tuple[str, ...]:
    told = "as told" if feed.words is None else feed.words
    return (f"The model gives the recorded logits to within {gap:.1g} (fed with {told}).",)
