"""Small recordings that many tests share: built with the writer, without a model."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from bathyscope.recording import LayerInfo, RecordingWriter
from bathyscope.recording.media import encode_png

N_SAMPLES, N_CLASSES, N_DIMENSIONS, N_CHECKPOINTS = 60, 3, 5, 3
CLASSES = ("cat", "dog", "owl")

PAGE_CODE = 'const end = "</script>", comment = "<!--"; document.title += end + comment;'
"""Of the small page that reports are made of: text that must not end the element it stands in."""


def write_recording(
    path: Path,
    *,
    n_checkpoints: int = N_CHECKPOINTS,
    n_samples: int = N_SAMPLES,
    labels: bool = True,
    seed: int = 0,
    broken: tuple[int, ...] = (),
) -> RecordingWriter:
    """A multi-class recording of random pictures; the caller closes the writer."""
    generator = np.random.default_rng(seed)
    pictures = generator.integers(0, 256, (n_samples, 8, 8), dtype=np.uint8)
    given = [None if not labels or index % 20 == 7 else index % N_CLASSES for index in range(n_samples)]
    metadata = pa.schema([("brightness", pa.float64()), ("camera", pa.string())])
    writer = RecordingWriter.create(path, kind="image", classes=CLASSES)
    with writer.samples(metadata=metadata) as samples:
        samples.write(
            [f"s/{index:04d}" for index in range(n_samples)],
            splits=["train" if index < n_samples * 2 // 3 else "test" for index in range(n_samples)],
            labels=given,
            media=[
                {"bytes": b"no picture" if index in broken else encode_png(picture), "path": None}
                for index, picture in enumerate(pictures)
            ],
            metadata={
                "brightness": pictures.mean(axis=(1, 2)),
                "camera": ["left" if index % 4 else "right" for index in range(n_samples)],
            },
        )
    writer.set_layers([LayerInfo("features.norm", (N_DIMENSIONS,), role="embedding")])
    for step in range(n_checkpoints):
        write_checkpoint(writer, step, seed=seed)
    return writer


def write_checkpoint(writer: RecordingWriter, step: int, *, seed: int = 0) -> None:
    """A checkpoint whose head really gives its logits, and that gets better with the steps."""
    generator = np.random.default_rng([seed, step])
    n = writer.info.n_samples
    weight, bias = generator.normal(size=(N_CLASSES, N_DIMENSIONS)).astype(np.float32), np.zeros(N_CLASSES, np.float32)
    targets = np.eye(N_CLASSES)[np.arange(n) % N_CLASSES] * step
    embedding = (generator.normal(size=(n, N_DIMENSIONS)) + targets @ weight).astype(np.float16)
    with writer.checkpoint(step, epoch=step, metrics={"loss": 1.0 / (step + 1)}) as checkpoint:
        for start in range(0, n, 16):
            indices = np.arange(start, min(start + 16, n))
            logits = embedding[indices].astype(np.float32) @ weight.T + bias
            checkpoint.write_outputs(indices, logits)
            checkpoint.write_activations("features.norm", indices, embedding[indices])
        checkpoint.write_head(weight, bias)
