"""The autoencoder between D dimensions and the plane, in NumPy: applied without any other package, and trained here.

The gradients are written out, which is shorter than it sounds for one kind of layer, leaves no state behind in any
library, and gives the same bits for the same seed.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Weights = Mapping[str, Array]

CODE = 8
"""Numbers that stand for a checkpoint in the decoder."""

FREQUENCIES = 2.0 ** np.arange(5, dtype=np.float32) * 0.2
"""Of the waves over the canvas that the decoder sees beside the position; a plain network draws too soft a border."""


class Shape(NamedTuple):
    """Inputs Q, width of the hidden layers, number of hidden layers, checkpoints T."""

    inputs: int
    width: int
    depth: int
    frames: int


def initial(shape: Shape, generator: np.random.Generator) -> dict[str, Array]:
    """Weights to start from; the codes are waves, so that neighbouring checkpoints start alike."""
    sizes = {"e": [_seen(shape.inputs), *[shape.width] * shape.depth, 2]}
    sizes["d"] = [2 + 4 * len(FREQUENCIES), *[shape.width] * shape.depth, shape.inputs]
    out: dict[str, Array] = {}
    for part, wide in sizes.items():
        for layer, (n_in, n_out) in enumerate(itertools.pairwise(wide)):
            scale = np.sqrt((2.0 if layer < shape.depth else 1.0) / n_in)
            out[f"{part}w{layer}"] = (generator.standard_normal((n_in, n_out)) * scale).astype(np.float32)
            out[f"{part}b{layer}"] = np.zeros(n_out, np.float32)
    place = np.linspace(0, 1, max(shape.frames, 2))[: shape.frames, None]
    waves = np.pi * place * np.arange(1, CODE // 2 + 1)
    out["code"] = np.concatenate([np.sin(waves), np.cos(waves)], axis=1).astype(np.float32)
    for layer in range(shape.depth):
        out[f"scale{layer}"] = (generator.standard_normal((CODE, shape.width)) * 0.01).astype(np.float32)
        out[f"shift{layer}"] = (generator.standard_normal((CODE, shape.width)) * 0.01).astype(np.float32)
    return out


def _seen(inputs: int) -> int:
    return 2 * inputs + 1


def look(inputs: Array) -> Array:
    """What the encoder sees of a vector: itself, its direction and the logarithm of its length.

    Early checkpoints often fill a small ball that the later ones dwarf; direction and logarithm keep it legible.
    """
    length = np.sqrt(np.einsum("ij,ij->i", inputs, inputs) + 1e-6)[:, None]
    direction = inputs / length * np.float32(np.sqrt(inputs.shape[1]))
    return np.concatenate([inputs, direction, np.log(length)], axis=1)


def depth_of(weights: Weights) -> int:
    """Hidden layers."""
    return sum(name.startswith("scale") for name in weights)


def encode(weights: Weights, inputs: Array) -> Array:
    """(N, Q) standardised vectors to (N, 2)."""
    return encoded(weights, inputs)[-1]


def encoded(weights: Weights, inputs: Array) -> list[Array]:
    """What each layer gives; the last is the position."""
    kept = [look(inputs)]
    depth = depth_of(weights)
    for layer in range(depth + 1):
        out = kept[-1] @ weights[f"ew{layer}"]
        out += weights[f"eb{layer}"]
        kept.append(np.maximum(out, 0, out=out) if layer < depth else out)
    return kept


def encoder_gradient(weights: Weights, kept: list[Array], gradient: Array, into: dict[str, Array]) -> None:
    """Gradients of the encoder's weights, from that of the positions."""
    depth = depth_of(weights)
    for layer in range(depth, -1, -1):
        if layer < depth:
            gradient = gradient * (kept[layer + 1] > 0)
        into[f"ew{layer}"][...] = kept[layer].T @ gradient
        into[f"eb{layer}"][...] = gradient.sum(axis=0)
        if layer:
            gradient = gradient @ weights[f"ew{layer}"].T


def _waves(positions: Array) -> Array:
    angles = (positions[:, None, :] * FREQUENCIES[:, None]).reshape(len(positions), -1)
    return np.concatenate([positions, np.sin(angles), np.cos(angles)], axis=1)


@dataclass
class Decoded:
    """What the decoder's layers gave, for the gradient: inputs, then before and after each rectifier."""

    kept: list[Array]
    before: list[Array]
    blocks: list[tuple[int, int, int]]
    output: Array


def decode(weights: Weights, positions: Array, code: Array) -> Array:
    """(N, 2) positions to (N, Q) vectors in the units of one checkpoint, given its code (CODE,)."""
    hidden = _waves(positions.astype(np.float32))
    depth = depth_of(weights)
    for layer in range(depth):
        hidden = hidden @ weights[f"dw{layer}"]
        hidden += weights[f"db{layer}"]
        hidden *= 1 + code @ weights[f"scale{layer}"]
        hidden += code @ weights[f"shift{layer}"]
        np.maximum(hidden, 0, out=hidden)
    out: Array = hidden @ weights[f"dw{depth}"] + weights[f"db{depth}"]
    return out


def decoded(weights: Weights, positions: Array, blocks: list[tuple[int, int, int]]) -> Decoded:
    """The same for several checkpoints at once: `blocks` are (checkpoint, from row, to row)."""
    kept, before = [_waves(positions)], []
    depth = depth_of(weights)
    for layer in range(depth):
        plain = kept[-1] @ weights[f"dw{layer}"]
        plain += weights[f"db{layer}"]
        before.append(plain)
        out = np.empty_like(plain)
        for frame, start, stop in blocks:
            code = weights["code"][frame]
            np.multiply(plain[start:stop], 1 + code @ weights[f"scale{layer}"], out=out[start:stop])
            out[start:stop] += code @ weights[f"shift{layer}"]
        kept.append(np.maximum(out, 0, out=out))
    return Decoded(kept, before, blocks, kept[-1] @ weights[f"dw{depth}"] + weights[f"db{depth}"])


def decoder_gradient(weights: Weights, seen: Decoded, gradient: Array, into: dict[str, Array]) -> Array:
    """Gradients of the decoder's weights from that of its output; returns that of the positions, (N, 2)."""
    depth = depth_of(weights)
    into["code"][...] = 0
    for layer in range(depth):
        into[f"scale{layer}"][...] = 0
        into[f"shift{layer}"][...] = 0
    for layer in range(depth, -1, -1):
        if layer < depth:
            gradient = gradient * (seen.kept[layer + 1] > 0)
            _film_gradient(weights, seen, layer, gradient, into)
        into[f"dw{layer}"][...] = seen.kept[layer].T @ gradient
        into[f"db{layer}"][...] = gradient.sum(axis=0)
        gradient = gradient @ weights[f"dw{layer}"].T
    count = 2 * len(FREQUENCIES)
    sines, cosines = seen.kept[0][:, 2 : 2 + count], seen.kept[0][:, 2 + count :]
    along = gradient[:, 2 : 2 + count] * cosines - gradient[:, 2 + count :] * sines
    along = along.reshape(len(along), -1, 2) * FREQUENCIES[:, None]
    out: Array = gradient[:, :2] + along.sum(axis=1)
    return out


def _film_gradient(weights: Weights, seen: Decoded, layer: int, gradient: Array, into: dict[str, Array]) -> None:
    """Gradients of the codes and what they do; `gradient` becomes that before scaling."""
    scale, shift = f"scale{layer}", f"shift{layer}"
    for frame, start, stop in seen.blocks:
        code, part = weights["code"][frame], gradient[start:stop]
        by_scale = np.einsum("ij,ij->j", part, seen.before[layer][start:stop])
        by_shift = part.sum(axis=0)
        into[scale] += np.outer(code, by_scale)
        into[shift] += np.outer(code, by_shift)
        into["code"][frame] += weights[scale] @ by_scale + weights[shift] @ by_shift
        part *= 1 + code @ weights[scale]
