"""Calling a model of any usual kind and finding the logits in what it gives back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from bathyscope.capture.hooks import is_keras
from bathyscope.errors import ModelOutputError

LABEL_ARGUMENTS = ("labels", "label")
"""Kept from the model: with labels some models compute a loss, and the recording needs none."""


def unwrapped(model: Any) -> nn.Module:
    """The model inside `torch.compile` and data-parallel wrappers, whose layers keep their own names.

    Raises
    ------
    ModelOutputError
        If it is no torch module.
    """
    while isinstance(model, nn.Module):
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = model.module
        if inner is None:
            return model
        model = inner
    raise ModelOutputError(
        f"The model was given as {type(model).__name__}; a torch.nn.Module is expected. A program of torch.export is "
        "opened with bathyscope.capture.program.load_program(path); outputs of other frameworks go through "
        "from_arrays()."
    )


class Caller:
    """Runs a model on batches as the sources give them.

    Parameters
    ----------
    model : the torch module
    logits : from the model's output to (B, C) logits, where these are not found by themselves
    """

    def __init__(self, model: nn.Module, logits: Callable[[Any], torch.Tensor] | None = None) -> None:
        self.model = model
        self._logits = logits
        weights = [*model.parameters(), *model.buffers()]
        self._device = weights[0].device if weights else torch.device("cpu")
        self._dtype = next((weight.dtype for weight in model.parameters() if weight.is_floating_point()), None)
        self._accepted = _argument_names(model)

    def placed(self, values: Any) -> Any:
        """Inputs on the model's device; floats in its number type."""
        if isinstance(values, torch.Tensor):
            dtype = self._dtype if values.is_floating_point() else None
            return values.to(device=self._device, dtype=dtype, non_blocking=True)
        if isinstance(values, Mapping):
            kept = {key: value for key, value in values.items() if key not in LABEL_ARGUMENTS}
            named = {key: value for key, value in kept.items() if self._accepted is None or key in self._accepted}
            return {key: self.placed(value) for key, value in (named or kept).items()}
        return tuple(self.placed(value) for value in values) if isinstance(values, tuple) else values

    def __call__(self, values: Any) -> torch.Tensor:
        """(B, C) output of the model for one batch: logits, or what stands in their place."""
        values = self.placed(values)
        if is_keras(self.model):
            output = self.model(keras_layout(self.model, values), training=False)
        elif isinstance(values, Mapping):
            output = self.model(**values)
        else:
            output = self.model(*values) if isinstance(values, tuple) else self.model(values)
        found = self._logits(output) if self._logits is not None else found_logits(output)
        if not isinstance(found, torch.Tensor) or found.ndim not in (1, 2):
            raise ModelOutputError(
                f"The model's output {_described(output)} holds no logits of shape (B, C). Pass logits= with a "
                "function from the model's output to them, for instance logits=lambda output: output['scores']."
            )
        return found.unsqueeze(1) if found.ndim == 1 else found


def keras_layout(model: nn.Module, values: Any) -> Any:
    """Images as the Keras model takes them: sources give channels first, Keras mostly wants them last."""
    wanted = getattr(model, "input_shape", None)
    if not isinstance(values, torch.Tensor) or values.ndim != 4 or not isinstance(wanted, tuple) or len(wanted) != 4:
        return values

    def fits(shape: torch.Size) -> bool:
        return all(want in (None, have) for want, have in zip(wanted[1:], shape[1:], strict=True))

    last = values.permute(0, 2, 3, 1)
    return last if fits(last.shape) and not fits(values.shape) else values


def found_logits(output: Any) -> Any:
    """Logits in a model's output: the tensor itself, `.logits`, the entry "logits", or the first of a tuple."""
    if isinstance(output, torch.Tensor):
        return output
    logits = getattr(output, "logits", None)
    if logits is None and isinstance(output, Mapping):
        logits = output.get("logits")
    if logits is None and isinstance(output, tuple | list) and output and isinstance(output[0], torch.Tensor):
        return output[0]
    return logits


def batch_size(values: Any) -> int:
    """Number of samples in a batch of model inputs."""
    if isinstance(values, Mapping):
        return batch_size(next(iter(values.values())))
    return batch_size(values[0]) if isinstance(values, tuple) else len(values)


def token_mask(values: Any) -> torch.Tensor | None:
    """(B, tokens) mask of what is no padding, where the inputs have one."""
    mask = values.get("attention_mask") if isinstance(values, Mapping) else None
    return mask if isinstance(mask, torch.Tensor) and mask.ndim == 2 else None


def _argument_names(model: nn.Module) -> set[str] | None:
    """Names that forward() takes, or None if it takes any."""
    parameters = inspect.signature(model.forward).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return {parameter.name for parameter in parameters}


def _described(output: Any) -> str:
    if isinstance(output, torch.Tensor):
        return f"of shape {tuple(output.shape)}"
    if isinstance(output, Mapping):
        return f"with the entries {', '.join(map(str, output))}"
    return f"of type {type(output).__name__}"
