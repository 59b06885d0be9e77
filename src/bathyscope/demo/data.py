"""The demo's images: 8,000 of Fashion-MNIST, part of the package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

CLASSES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SIDE = 28

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FashionData:
    """Images with their labels, as Zalando published them.

    Attributes
    ----------
    images : (N, 28, 28) uint8, the article bright on black
    labels : (N,) indices into `CLASSES`
    splits : (N,) "train" (6,000), "validation" (1,000) or "test" (1,000), in this order; classes are equally frequent
    sample_ids : (N,) such as "train/04213": the split and the position in it
    """

    images: Pixels
    labels: Labels
    splits: npt.NDArray[np.str_]
    sample_ids: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)


def load_fashion() -> FashionData:
    """Read the embedded images; their licence (MIT, Zalando SE) lies beside them."""
    content = files("bathyscope.demo").joinpath("data", "fashion.parquet").read_bytes()
    table = pq.read_table(pa.BufferReader(content), columns=["pixels", "label", "split"])
    pixels = b"".join(table["pixels"].to_pylist())
    splits = np.asarray(table["split"].to_pylist())
    return FashionData(
        images=np.frombuffer(pixels, np.uint8).reshape(-1, SIDE, SIDE).copy(),
        labels=table["label"].to_numpy().astype(np.int64),
        splits=splits,
        sample_ids=_sample_ids(splits),
    )


def _sample_ids(splits: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    counted: dict[str, int] = {}
    ids = []
    for split in splits.tolist():
        ids.append(f"{split}/{counted.get(split, 0):05d}")
        counted[split] = counted.get(split, 0) + 1
    return np.asarray(ids)
