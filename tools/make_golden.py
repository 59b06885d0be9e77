"""Write the golden recordings of the present format version into tests/recording/golden/.

Run once per format version, before its release, and never again: the point of these files is that they stay.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from bathyscope.recording import LayerInfo, RecordingWriter
from bathyscope.recording.media import encode_png
from bathyscope.recording.schema import FORMAT_VERSION

GOLDEN = Path(__file__).parents[1] / "tests" / "recording" / "golden"


def multiclass(path: Path) -> None:
    """Three 2 × 2 pictures, two classes, two checkpoints, one missing label, one decision."""
    metadata = pa.schema([("camera", pa.string()), ("taken", pa.timestamp("s", tz="UTC")), ("size", pa.int64())])
    pictures = np.array([[[0, 255], [255, 0]], [[9, 9], [9, 9]], [[1, 2], [3, 4]]], np.uint8)
    with RecordingWriter.create(
        path, kind="image", classes=["day", "night"], provenance={"made_by": "golden"}
    ) as writer:
        with writer.samples(metadata=metadata) as samples:
            samples.write(
                ["a", "b", "ü/c"],
                splits=["train", "train", "test"],
                labels=[0, None, 1],
                media=[{"bytes": encode_png(picture), "path": f"{at}.png"} for at, picture in enumerate(pictures)],
                metadata={"camera": ["left", None, "right"], "taken": [0, 86_400, None], "size": [2**53 + 1, 2, 3]},
            )
        writer.set_layers(
            [
                LayerInfo("block/conv", (2, 1, 2), role="activation", pooling=None),
                LayerInfo("pool", (2,), role="embedding", pooling="mean"),
            ]
        )
        for step in (1, 3):
            embedding = np.array([[1, 0], [0, 1], [step, -2]], np.float16)
            weight, bias = np.array([[1, 0], [0.5, 2]], np.float32), np.array([0, 0.25], np.float32)
            with writer.checkpoint(step, epoch=step / 2, metrics={"loss": 1 / step, "odd": float("nan")}) as checkpoint:
                order = np.array([2, 0, 1])
                checkpoint.write_outputs(order, embedding[order].astype(np.float32) @ weight.T + bias)
                checkpoint.write_activations("pool", order, embedding[order])
                maps = np.arange(12, dtype=np.float16).reshape(3, 2, 1, 2)
                checkpoint.write_activations("block/conv", order, maps[order])
                checkpoint.write_head(weight, bias)
        writer.write_truth(pa.table({"sample_id": ["a"], "wrong_label": [True]}))


def multilabel(path: Path) -> None:
    """Two texts, three labels, sparse scores of one sample only."""
    with RecordingWriter.create(path, task="multilabel", kind="text", classes=["x", "y", "z"]) as writer:
        with writer.samples() as samples:
            samples.write(["1", "2"], labels=[[0, 2], []], media=["eins", None])
        with writer.checkpoint(0) as checkpoint:
            checkpoint.write_scores(np.array([1]), pa.array([[{"label": 2, "score": 0.75}]]))


def main() -> int:
    """Write both, unless this version has its golden files already."""
    folder = GOLDEN / f"v{FORMAT_VERSION}"
    if folder.exists():
        print(f"{folder} is there already. Golden files are never written again.")
        return 1
    multiclass(folder / "multiclass")
    multilabel(folder / "multilabel")
    for lock in folder.rglob(".lock"):
        lock.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
