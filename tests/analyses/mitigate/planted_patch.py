"""A network that is set by hand, and stripes with a coloured patch that goes with the class: the truth is known."""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from bathyscope.analyses.mitigate.retention import Objective
from bathyscope.analyses.mitigate.training import Head, Schedule, train

SIDE, PATCH = 32, 8
RED, GREEN = (0.9, 0.1, 0.1), (0.1, 0.9, 0.1)
NOBODY = np.empty(0, np.int64)


class Part(NamedTuple):
    """Activations (N, 6), classes, and whether the patch has the colour of the class."""

    features: np.ndarray
    labels: np.ndarray
    aligned: np.ndarray


class Planted(NamedTuple):
    head: Head
    train: Part
    validation: Part
    test: Part
    bare: Part


@cache
def planted(seed: int = 0) -> Planted:
    """The three splits, 400 images without a patch, and a head fitted to the first."""
    generator = np.random.default_rng(seed)
    parts = [
        _part(generator, *size) for size in ((1200, 0.95, True), (600, 0.95, True), (800, 0.5, True), (400, 0.5, False))
    ]
    start = Head(generator.normal(0, 0.1, (2, 6)), np.zeros(2))
    plain = Objective(NOBODY, NOBODY, np.empty(0), 0.0)
    head = train(start, parts[0].features, parts[0].labels, plain, schedule=Schedule(0.05, 60, 128, shaped=False))
    return Planted(head, *parts)


def _part(generator, count, share, with_patch):
    labels = generator.integers(0, 2, count)
    stripes = np.where(generator.random(count) < 0.9, labels, 1 - labels)
    aligned = generator.random(count) < share
    at = np.arange(SIDE)
    amplitude, period, phase = (generator.uniform(*ends, (count, 1)) for ends in ((0.1, 0.2), (6, 10), (0, 2 * np.pi)))
    wave = 0.4 + amplitude * np.sin(2 * np.pi * at / period + phase)
    grey = np.where((stripes == 0)[:, None, None], wave[:, :, None], wave[:, None, :])
    images = np.repeat(grey[..., None], 3, axis=3) + generator.normal(0, 0.03, (count, SIDE, SIDE, 3))
    colours = np.asarray([RED, GREEN])[np.where(aligned, labels, 1 - labels)]
    for number, (row, column) in enumerate(generator.integers(0, SIDE - PATCH + 1, (count, 2))):
        if with_patch:
            images[number, row : row + PATCH, column : column + PATCH] = colours[number]
    return Part(features_of(images.clip(0, 1)), labels, aligned)


def features_of(images):
    """(N, 6): red, green and blue surplus, edges along rows and columns, brightness; rectified and averaged."""
    red, green, blue = np.moveaxis(images, 3, 0)
    mean = images.mean(axis=3)
    maps = [red - 0.5 * (green + blue) - 0.1, green - 0.5 * (red + blue) - 0.1, blue - 0.5 * (red + green) - 0.1]
    maps += [ndimage.sobel(mean, axis=axis, mode="nearest") / 8 - 0.03 for axis in (1, 2)]
    return np.stack([25 * np.maximum(one, 0).mean(axis=(1, 2)) for one in [*maps, mean]], axis=1)


def worst_group(head, part):
    """Accuracy of the worst of class × colour."""
    right = head(part.features).argmax(axis=1) == part.labels
    return min(right[(part.labels == label) & (part.aligned == side)].mean() for label in (0, 1) for side in (0, 1))
