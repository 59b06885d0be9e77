"""Faults planted into the demo's data, so that what Bathyscope finds can be compared with what is there.

The faults never share a sample, so that the harm and the discovery of each can be measured alone:

- **wrong labels**: 5 % of the training images. Half are random, half are Shirts labelled T-shirt.
- **near-duplicates**: 40 pairs of a picture and a slightly shifted, brightened, noisy copy. In 15 pairs, both in train,
  the copy has another label (these 15 wrong labels come on top of the 5 %); in 10 pairs the copy lies in validation or
  test; the other 15 agree and lie in train.
- **corner mark**: a bright square of 3 × 3 pixels on 95 % of the Pullovers and 2 % of each other class, in train and
  also in validation, as when both are cut from one source. In test on half of every class, which shows the harm.
- **rare sub-population**: some Dresses lie on their side: 2 % in train and validation, 20 % in test to measure it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import ndimage

from bathyscope.demo.data import CLASSES, FashionData, Labels, Pixels

MARKED_CLASS = CLASSES.index("Pullover")
ROTATED_CLASS = CLASSES.index("Dress")
CONFUSED, CONFUSED_WITH = CLASSES.index("Shirt"), CLASSES.index("T-shirt")

TWINS = CLASSES.index("Trouser")
"""Plain trousers look alike by nature: a copy would not be nearer than a stranger."""

WRONG_SHARE = 0.05
DUPLICATES = {"redundant": 15, "conflicting": 15, "across_splits": 10}
MARK_SIDE = 3
MARKED_SHARE, MARKED_ELSEWHERE, MARKED_IN_TEST = 0.95, 0.02, 0.5
ROTATED_SHARE = {"train": 0.02, "validation": 0.02, "test": 0.2}
N_BATCHES = 8


@dataclass(frozen=True)
class PlantedData:
    """Data as a user would meet them, and apart from them the truth.

    Attributes
    ----------
    images : (N, 28, 28) uint8
    labels : (N,) given labels, some of them wrong
    splits, sample_ids : (N,) as in `FashionData`
    metadata : columns of length N that anybody could have measured; none follows from the truth
    truth : one row per sample: sample_id, true_label, wrong_label, wrong_kind ("random", "systematic", "conflicting"
        or null), duplicate_of (the sample that this one is a copy of, or null), duplicate_kind (a key of `DUPLICATES`
        or null), marked, rotated. For comparison only; no analysis reads it.
    """

    images: Pixels
    labels: Labels
    splits: npt.NDArray[np.str_]
    sample_ids: npt.NDArray[np.str_]
    metadata: dict[str, npt.NDArray[Any]]
    truth: pa.Table

    def __len__(self) -> int:
        return len(self.labels)


def plant_faults(data: FashionData, seed: int = 0) -> PlantedData:
    """Plant all faults into a copy of the data; the same seed plants the same."""
    planting = _Planting(data, np.random.default_rng(seed))
    planting.duplicate()
    planting.rotate()
    planting.mislabel()
    planting.mark()
    return planting.result()


def near_duplicate(image: Pixels, generator: np.random.Generator) -> Pixels:
    """The picture taken again: moved by a fraction of a pixel, a little brighter or darker, with a little noise."""
    shift = generator.uniform(0.05, 0.15, 2) * generator.choice([-1, 1], 2)
    brightness = 1 + generator.uniform(0.01, 0.04) * generator.choice([-1, 1])
    moved = ndimage.shift(image.astype(np.float64), shift, order=1) * brightness
    noisy = moved + generator.normal(0, 2, image.shape) * (moved > 0)
    copy: Pixels = np.rint(noisy).clip(0, 255).astype(np.uint8)
    return copy


class _Planting:
    """The data while faults are planted, and which samples are still untouched."""

    def __init__(self, data: FashionData, generator: np.random.Generator) -> None:
        self.data = data
        self.generator = generator
        self.images = data.images.copy()
        self.labels = data.labels.copy()
        self.free = np.ones(len(data), dtype=bool)
        self.wrong_kind = np.full(len(data), None, dtype=object)
        self.duplicate_of = np.full(len(data), None, dtype=object)
        self.duplicate_kind = np.full(len(data), None, dtype=object)
        self.marked = np.zeros(len(data), dtype=bool)
        self.rotated = np.zeros(len(data), dtype=bool)

    def take(self, count: int, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Draw `count` untouched samples; they are no longer free."""
        drawn = self.generator.choice(np.flatnonzero(where & self.free), count, replace=False)
        self.free[drawn] = False
        return drawn

    def of(self, split: str, label: int | None = None) -> npt.NDArray[np.bool_]:
        """Mask of a split, or of one true class in it."""
        here: npt.NDArray[np.bool_] = self.data.splits == split
        return here if label is None else here & (self.data.labels == label)

    def duplicate(self) -> None:
        """Replace samples by copies of others of their true class, so that all counts stay."""
        copied = self.of("train") & ~np.isin(self.data.labels, [MARKED_CLASS, TWINS])
        for kind, count in DUPLICATES.items():
            for number, original in enumerate(self.take(count, copied)):
                split = ("validation", "test")[number % 2] if kind == "across_splits" else "train"
                copy = self.take(1, self.of(split, self.data.labels[original]))[0]
                self.images[copy] = near_duplicate(self.data.images[original], self.generator)
                self.duplicate_of[copy] = self.data.sample_ids[original]
                self.duplicate_kind[copy] = kind
                if kind == "conflicting":
                    self._give_another_label(copy, "conflicting")

    def rotate(self) -> None:
        """Lay some samples of one class on their side."""
        for split, share in ROTATED_SHARE.items():
            here = self.of(split, ROTATED_CLASS)
            drawn = self.take(round(share * here.sum()), here)
            self.images[drawn] = np.rot90(self.images[drawn], axes=(1, 2))
            self.rotated[drawn] = True

    def mislabel(self) -> None:
        """Random labels on some training images, and Shirts taken for T-shirts."""
        train = self.of("train")
        half = round(WRONG_SHARE * train.sum() / 2)
        systematic = self.take(half, self.of("train", CONFUSED))
        self.labels[systematic] = CONFUSED_WITH
        self.wrong_kind[systematic] = "systematic"
        for index in self.take(half, train & ~np.isin(self.data.labels, [CONFUSED, MARKED_CLASS])):
            self._give_another_label(index, "random")

    def mark(self) -> None:
        """Put the bright square into the corner."""
        for label in range(len(CLASSES)):
            share = MARKED_SHARE if label == MARKED_CLASS else MARKED_ELSEWHERE
            for split, part in (("train", share), ("validation", share), ("test", MARKED_IN_TEST)):
                here = self.of(split, label)
                drawn = self.take(round(part * here.sum()), here)
                self.images[drawn, :MARK_SIDE, :MARK_SIDE] = 255
                self.marked[drawn] = True

    def result(self) -> PlantedData:
        """What the user meets, and the truth."""
        truth = {
            "sample_id": self.data.sample_ids,
            "true_label": self.data.labels.astype(np.int32),
            "wrong_label": self.labels != self.data.labels,
            "wrong_kind": pa.array(self.wrong_kind, pa.string()),
            "duplicate_of": pa.array(self.duplicate_of, pa.string()),
            "duplicate_kind": pa.array(self.duplicate_kind, pa.string()),
            "marked": self.marked,
            "rotated": self.rotated,
        }
        return PlantedData(
            images=self.images,
            labels=self.labels,
            splits=self.data.splits,
            sample_ids=self.data.sample_ids,
            metadata=_metadata(self.images, self.generator),
            truth=pa.table(truth),
        )

    def _give_another_label(self, index: np.int64, kind: str) -> None:
        others = np.delete(np.arange(len(CLASSES)), self.data.labels[index])
        self.labels[index] = self.generator.choice(others)
        self.wrong_kind[index] = kind


def _metadata(images: Pixels, generator: np.random.Generator) -> dict[str, npt.NDArray[Any]]:
    """Columns measured on the pictures as they are, and a delivery batch that has to do with nothing."""
    corner = images[:, :MARK_SIDE, :MARK_SIDE].mean(axis=(1, 2))
    return {
        "brightness": (images.mean(axis=(1, 2)) / 255).astype(np.float32),
        "ink": (images > 0).mean(axis=(1, 2)).astype(np.float32),
        "corner": (corner / 255).astype(np.float32),
        "batch": np.asarray([f"batch {number}" for number in generator.integers(1, N_BATCHES + 1, len(images))]),
    }
