"""Runs in the folder layout of DeepVisualInsight, TimeVis and DeepDebugger as recordings.

Only arrays and weights are read. The `model.py` of such a folder is never run, and a file that holds more than tensors
is refused: such folders are passed around.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bathyscope.capture.head import EMBEDDING, Matrix
from bathyscope.capture.models import tensors_in
from bathyscope.capture.opening import begin
from bathyscope.capture.precision import Numbers
from bathyscope.capture.samples import spans
from bathyscope.capture.sources import as_source
from bathyscope.errors import ShapeError, SourceError
from bathyscope.recording import CheckpointWriter, LayerInfo, Recording

ROWS = 4096
EPOCH = re.compile(r"Epoch_(\d+)")
SPLITS = {"train": ("Training_data", "training_dataset"), "test": ("Testing_data", "testing_dataset")}
"""Folder and beginning of the file names of each split."""

REPRESENTATIONS = {"train": ("train_data.npy", "index.json"), "test": ("test_data.npy", "test_index.json")}
"""Of one epoch: the representations of a split, and which of its samples they belong to if not to all."""


def import_published(folder: str | Path, path: str | Path, *, overwrite: bool = False) -> Recording:
    """Record a run that was prepared for DeepVisualInsight, TimeVis or DeepDebugger.

    Parameters
    ----------
    folder : holds `Training_data`, `Model/Epoch_<i>` and, where they exist, `config.json` and `Testing_data`
        Every epoch with a `train_data.npy` becomes a checkpoint. Its decision layer is the last linear layer in
        `subject_model.pth` that fits the representations; logits are computed with it.
    path : folder of the recording
    overwrite : replace a recording that stands there

    Returns
    -------
    The recording: sample "train/12" is number 12 of the training data.

    Raises
    ------
    SourceError
        If the folder has another layout, holds no representations, or a file holds more than tensors.
    ShapeError
        If the parts do not belong together.
    """
    root = Path(folder)
    folders = list(_epochs(root))
    tensors = {split: _samples(root, split) for split in SPLITS if (root / SPLITS[split][0]).is_dir()}
    if "train" not in tensors:
        raise SourceError(
            f"{root} has no folder Training_data. Give the folder that holds Training_data and Model/Epoch_<i>."
        )
    source = as_source(
        {split: values for split, (values, _) in tensors.items()},
        labels={split: labels for split, (_, labels) in tensors.items()},
    )
    sizes = {split: len(labels) for split, (_, labels) in tensors.items()}
    # Read before anything is written, so that a part that does not fit leaves nothing behind.
    epochs = [_Epoch.read(folder, sizes) for folder in folders]
    widths = {epoch.width: epoch.number for epoch in epochs}
    if len(widths) > 1:
        told = ", ".join(f"{width} (epoch {number})" for width, number in widths.items())
        raise ShapeError(f"The representations of {root} are of several widths: {told}. One run has one width.")
    provenance = {"imported_from": "the layout of DeepVisualInsight and TimeVis"}
    opened = begin(path, source, classes=_classes(root), provenance=provenance, overwrite=overwrite)
    numbers = Numbers("float16")
    try:
        for epoch in epochs:
            if epoch.head is not None:
                opened.settle_classes(len(epoch.head.weight))
            with opened.writer.checkpoint(epoch.number, epoch=float(epoch.number)) as checkpoint:
                epoch.write(checkpoint, numbers)
        opened.writer.set_layers([LayerInfo(EMBEDDING, (epochs[0].width,), numbers.dtype_of(EMBEDDING), "embedding")])
    finally:
        opened.writer.close()
    numbers.remarks.tell(opened.name_of)
    return Recording(path)


@dataclass(frozen=True)
class _Epoch:
    """One epoch of such a run.

    Attributes
    ----------
    number : of the epoch
    width : D of the representations
    parts : per split the (B,) sample indices within the recording and the (B, D) representations
    head : the decision layer, if one was found
    """

    number: int
    width: int
    parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[Any]]]
    head: Matrix | None

    @classmethod
    def read(cls, folder: Path, sizes: Mapping[str, int]) -> _Epoch:
        parts, offset, width = [], 0, 0
        for split, size in sizes.items():
            name, index_name = REPRESENTATIONS[split]
            if (folder / name).exists():
                values = _array(folder / name)
                members = _members(folder / index_name, values, size)
                if width not in (0, values.shape[1]):
                    raise ShapeError(
                        f"In {folder} the representations of the splits are {width} and {values.shape[1]} wide."
                    )
                width = values.shape[1]
                parts.append((members + offset, values))
            offset += size
        return cls(int(folder.name.removeprefix("Epoch_")), width, parts, _head(folder / "subject_model.pth", width))

    def write(self, checkpoint: CheckpointWriter, numbers: Numbers) -> None:
        """Representations, and the logits that the decision layer makes of them."""
        name = f"{self.number:06d}"
        for members, values in self.parts:
            for start, stop in spans(len(members), ROWS):
                indices, part = members[start:stop], torch.from_numpy(np.array(values[start:stop], np.float32))
                if self.head is None:
                    checkpoint.hold(indices)
                else:
                    logits = self.head.apply(part)
                    numbers.inspect_outputs(logits, indices, name)
                    checkpoint.write_outputs(indices, logits.numpy())
                checkpoint.write_activations(EMBEDDING, indices, numbers.kept(EMBEDDING, part, indices, name))
        if self.head is not None:
            checkpoint.write_head(self.head.weight.numpy(), self.head.bias.numpy())


def _epochs(root: Path) -> Iterator[Path]:
    """Folders of the epochs with representations, in order."""
    found = [folder for folder in (root / "Model").glob("Epoch_*") if EPOCH.fullmatch(folder.name)]
    with_arrays = [folder for folder in found if (folder / "train_data.npy").exists()]
    if not with_arrays:
        has = f"has {len(found)} epochs without" if found else "has no folder Model/Epoch_<i> with"
        raise SourceError(
            f"{root} {has} a train_data.npy. Only stored representations are read, and no model of such a folder is "
            "run: have the visualiser store them, or train again with bs.Recorder."
        )
    return iter(sorted(with_arrays, key=lambda folder: int(folder.name.removeprefix("Epoch_"))))


def _samples(root: Path, split: str) -> tuple[Any, list[int]]:
    folder, name = SPLITS[split]
    values = tensors_in(root / folder / f"{name}_data.pth")
    labels = torch.as_tensor(tensors_in(root / folder / f"{name}_label.pth"))
    if not isinstance(values, torch.Tensor):
        raise SourceError(f"{name}_data.pth holds a {type(values).__name__}; one tensor of all samples is expected.")
    if labels.shape != (len(values),):
        raise ShapeError(f"{folder} has {len(values):,} samples and labels of the shape {tuple(labels.shape)}.")
    return values, [int(label) for label in labels]


def _array(path: Path) -> npt.NDArray[Any]:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError) as error:
        raise SourceError(f"{path} cannot be read as an array of numbers: {error}") from error
    if values.dtype.kind not in "fiu":
        raise SourceError(f"{path} holds {values.dtype}; numbers are expected.")
    return np.asarray(values.reshape(len(values), -1))


def _members(path: Path, values: npt.NDArray[Any], size: int) -> npt.NDArray[np.int64]:
    """Which samples of the split the rows belong to."""
    listed = np.array(_json(path), dtype=np.int64).reshape(-1) if path.exists() else np.arange(size)
    if len(listed) != len(values):
        if len(values) != size:  # neither a row for each listed sample nor one for each of the split
            raise ShapeError(
                f"{path.parent} has {len(values):,} representations, but {path.name} lists {len(listed):,} samples and "
                f"the split has {size:,}."
            )
        listed = np.arange(size)
    if len(listed) and (listed.min() < 0 or listed.max() >= size or len(np.unique(listed)) < len(listed)):
        raise ShapeError(f"{path} must list each sample once, by a number from 0 to {size - 1:,}.")
    return listed


def _head(path: Path, width: int) -> Matrix | None:
    """The last linear layer that takes representations of this width."""
    if not path.exists():
        return None
    state = tensors_in(path)
    state = state.get("state_dict", state) if isinstance(state, dict) else {}
    heads = [
        Matrix(weight.float(), state[bias].float())
        for name, weight in state.items()
        if name.endswith("weight") and weight.ndim == 2 and weight.shape[1] == width
        if state.get(bias := f"{name.removesuffix('weight')}bias") is not None
    ]
    return heads[-1] if heads else None


def _classes(root: Path) -> list[str] | None:
    """Names of the classes: the configuration holds them itself, or once for each visualiser."""
    config = _json(root / "config.json") if (root / "config.json").exists() else {}
    for part in (config, *(config.values() if isinstance(config, dict) else ())):
        if isinstance(part, dict) and isinstance(part.get("CLASSES"), list):
            return [str(name) for name in part["CLASSES"]]
    return None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise SourceError(f"{path} is not JSON: {error}") from error
