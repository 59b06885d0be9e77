"""The demo run: train the small network on images with planted faults, record every epoch, say what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 -- torch's own habit

from bathyscope.capture import Recorder
from bathyscope.demo.data import CLASSES, load_fashion
from bathyscope.demo.faults import PlantedData, plant_faults
from bathyscope.demo.findings import summary
from bathyscope.demo.model import SmallNet
from bathyscope.recording import Recording, RecordingWriter

__all__ = ["summary", "train_and_record"]

BATCH_SIZE = 128
LEARNING_RATE = 1e-3
MADE_BY = "bathyscope demo"

TRAINING_SHARE = 0.75
"""Part of an epoch's time that training takes; recording takes the rest."""

ProgressTold = Callable[[float, str], None]


def train_and_record(
    path: str | Path,
    *,
    epochs: int = 12,
    seed: int = 0,
    planted: PlantedData | None = None,
    progress: ProgressTold = lambda done, text: None,
) -> Recording:
    """Train on the training images, and record all images after every epoch.

    Parameters
    ----------
    path : folder of the recording; an earlier demo there is replaced, anything else is not
    epochs : passes over the training images
    seed : of the faults, the first weights and the order of the images; the same seed gives the same run
    planted : other data than the embedded images
    progress : told how far the run is, from 0 to 1, and what it does

    Returns
    -------
    The recording, with checkpoints 1 … `epochs`, layers "conv1", "conv2" (means per channel) and the embedding, the
    last model as a program, and the truth about the planted faults apart.

    Raises
    ------
    RecordingExistsError
        If another recording than a demo stands there.
    """
    if planted is None:
        planted = plant_faults(load_fashion(), seed)
    model, training = _training(planted, epochs, seed)
    epoch = 0

    def tell(part: float, text: str) -> None:
        progress((epoch - 1 + part) / epochs if epoch else 0.0, text)

    def tell_of_recording(part: float) -> None:
        tell(
            TRAINING_SHARE + (1 - TRAINING_SHARE) * part, f"recording epoch {epoch}" if epoch else "storing the images"
        )

    with Recorder(
        path,
        planted.images,
        labels=planted.labels,
        classes=CLASSES,
        split=planted.splits.tolist(),
        metadata=planted.metadata,
        sample_ids=planted.sample_ids.tolist(),
        layers=["conv1", "conv2"],
        export=True,
        overwrite=_is_demo(Path(path)),
        provenance={"made_by": MADE_BY, "seed": seed},
        progress=tell_of_recording,
    ) as recorder:
        for epoch in range(1, epochs + 1):
            losses = []
            for part, loss in training():
                losses.append(loss)
                tell(TRAINING_SHARE * part, f"training epoch {epoch} of {epochs}")
            recorder.checkpoint(model, epoch=epoch, metrics={"train_loss": float(np.mean(losses))})
    with RecordingWriter.resume(path) as writer:
        writer.write_truth(planted.truth)
    progress(1.0, "recorded")
    return Recording(path)


def _training(
    data: PlantedData, epochs: int, seed: int
) -> tuple[SmallNet, Callable[[], Iterator[tuple[float, float]]]]:
    """A fresh network, and a function that trains it for one epoch and gives (share done, loss) after every batch."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SmallNet(len(CLASSES))
    order = torch.Generator().manual_seed(seed)
    train = torch.from_numpy(data.splits == "train")
    images = torch.from_numpy(data.images)[train].unsqueeze(1).to(torch.float32).div_(255)
    labels = torch.from_numpy(data.labels)[train]
    n_batches = -(-len(labels) // BATCH_SIZE)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    # From fast to slow: the last checkpoints then differ by what was learnt, not by the noise of large steps.
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3 * LEARNING_RATE, total_steps=epochs * n_batches)

    def one_epoch() -> Iterator[tuple[float, float]]:
        model.train()
        shuffled = torch.randperm(len(labels), generator=order)
        for number, batch in enumerate(torch.split(shuffled, BATCH_SIZE), 1):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            yield number / n_batches, loss.item()

    return model, one_epoch


def _is_demo(path: Path) -> bool:
    if not (path / "recording.json").exists():
        return False
    return bool(Recording(path).info.provenance.get("made_by") == MADE_BY)
