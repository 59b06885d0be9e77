"""Activations as they are kept: float16 where it holds them, and a word about what is not finite."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from bathyscope.errors import BathyscopeWarning

FLOAT16_MAX = 65504.0
SHOWN = 5
Dtype = Literal["float16", "float32"]


class Remarks:
    """What the user should hear of a checkpoint, told together once it is safely written."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._samples: dict[str, list[int]] = {}
        self._counts: dict[str, int] = {}

    def note(self, key: str, message: str) -> None:
        """Remember a remark; the same key is told once."""
        self._told.setdefault(key, message)

    def note_samples(self, template: str, indices: Any) -> None:
        """Remember samples for a remark whose template has {count} and {ids}."""
        first = self._samples.setdefault(template, [])
        first += indices[: SHOWN - len(first)].tolist()
        self._counts[template] = self._counts.get(template, 0) + len(indices)

    def tell(self, name_of: Callable[[int], str]) -> None:
        """Warn of everything noted since the last time."""
        samples, told = self._samples, self._told
        self._samples, self._told = {}, {}
        for template, first in samples.items():
            count = self._counts.pop(template)
            more = f" and {count - len(first):,} more" if count > len(first) else ""
            ids = ", ".join(repr(name_of(index)) for index in first) + more
            warnings.warn(
                template.replace("{count}", f"{count:,}").replace("{ids}", ids), BathyscopeWarning, stacklevel=4
            )
        for message in told.values():
            warnings.warn(message, BathyscopeWarning, stacklevel=4)


class Numbers:
    """Turns activations into the numbers that are written, over all checkpoints of a run.

    Parameters
    ----------
    dtype : "float16" or "float32"
        A layer with a finite value beyond float16 is kept as float32 from that batch on; the writer widens what
        stands in the checkpoint already.
    """

    def __init__(self, dtype: Dtype) -> None:
        self.remarks = Remarks()
        self._dtype = dtype
        self._wide: set[str] = set()

    def dtype_of(self, layer: str) -> Dtype:
        """The number type that a layer is kept in."""
        return "float32" if layer in self._wide else self._dtype

    def kept(self, layer: str, value: torch.Tensor, indices: npt.NDArray[Any], checkpoint: str) -> npt.NDArray[Any]:
        """(B, …) activations in the type that they are written in."""
        # One maximum tells all: it is NaN or infinite if anything is, and beyond float16 if anything is.
        if value.numel() and not float(value.abs().amax()) <= FLOAT16_MAX:
            self._inspect(layer, value.float().flatten(1), indices, checkpoint)
        kept: npt.NDArray[Any] = value.to(getattr(torch, self.dtype_of(layer))).cpu().numpy()
        return kept

    def inspect_outputs(self, logits: torch.Tensor, indices: npt.NDArray[Any], checkpoint: str) -> None:
        """Note the samples whose logits are not finite."""
        self._note_non_finite("the model's output", ~torch.isfinite(logits).all(1), indices, checkpoint)

    def _inspect(self, layer: str, flat: torch.Tensor, indices: npt.NDArray[Any], checkpoint: str) -> None:
        finite = torch.isfinite(flat)
        self._note_non_finite(f"layer {layer!r}", ~finite.all(1), indices, checkpoint)
        beyond = (flat.abs() > FLOAT16_MAX) & finite
        if beyond.any() and self.dtype_of(layer) == "float16":
            self._wide.add(layer)
            self.remarks.note(
                f"overflow {layer}",
                f"Checkpoint {checkpoint}: layer {layer!r} reaches {float(flat[beyond].abs().max()):.6g}, beyond "
                "float16 (65504), so it is recorded as float32 from here on. Nothing is lost.",
            )

    def _note_non_finite(self, who: str, bad: torch.Tensor, indices: npt.NDArray[Any], checkpoint: str) -> None:
        if bad.any():
            self.remarks.note_samples(
                f"Checkpoint {checkpoint}: {who} is NaN or infinite in these samples ({{count}}): {{ids}}. The values "
                "are recorded as they are; look for a learning rate that is too high or a division by zero.",
                indices[np.asarray(bad.cpu())],
            )
