"""Looking into a running model and leaving it as it was."""

from __future__ import annotations

import difflib
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from bathyscope.errors import ShapeError, UnknownLayerError

Pooling = Literal["mean", "max", "full"] | Callable[[torch.Tensor], torch.Tensor]
Site = Literal["input", "output"]

ONE_DIMENSIONAL = (
    nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d, nn.InstanceNorm1d, nn.MaxPool1d, nn.AvgPool1d, nn.AdaptiveAvgPool1d,
    nn.AdaptiveMaxPool1d,
)  # fmt: skip
"""Layers whose (B, D, length) output has its units second; other three-axis outputs are (B, tokens, D)."""


@contextmanager
def left_as_found(model: nn.Module) -> Iterator[None]:
    """Evaluate a model inside; afterwards it, and all random state, is what it was before.

    Inside, the model is in evaluation mode and no gradients are taken. Training flags (module by module, since parts
    may be frozen), buffers, and the random state of Python, NumPy and torch come back also after an error.
    """
    flags = [(module, module.training) for module in model.modules()]
    buffers = [(module, name, buffer) for module in model.modules() for name, buffer in module._buffers.items()]
    # Some models count or cache in buffers even in evaluation; those are few bytes beside the parameters.
    kept = [(*place, None if place[2] is None else (place[2]._version, place[2].detach().clone())) for place in buffers]
    with random_state_kept():
        try:
            _evaluation_mode(model)
            with torch.no_grad():
                yield
        finally:
            for module, training in flags:
                module.training = training
            _restore_buffers(kept)


def _evaluation_mode(model: nn.Module) -> None:
    try:
        model.eval()
    except NotImplementedError:  # programs of torch.export are what they were exported as
        return


def _restore_buffers(kept: Sequence[tuple[nn.Module, str, Any, Any]]) -> None:
    for module, name, buffer, before in kept:
        module._buffers[name] = buffer
        if before is not None and buffer._version != before[0]:
            with torch.no_grad():
                buffer.copy_(before[1])


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Put the random state of Python, NumPy and torch back at the end."""
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if _cuda_in_use() else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(cpu)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


def _cuda_in_use() -> bool:
    # Asking for the state of CUDA that nobody uses yet would start it, and break forked workers.
    return torch.cuda.is_available() and bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def disturb_random_state() -> None:
    """Draw once from each generator, so that whoever draws at random next gives something else than last time."""
    random.random()
    np.random.random()
    torch.rand(1)


def is_keras(module: nn.Module) -> bool:
    """Whether a module is a Keras layer: Keras calls its layers past torch's hooks."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(module, keras.Layer)


def named_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Layers by name: torch's names, or the layer names of a Keras model."""
    if not is_keras(model):
        return {name: module for name, module in model.named_modules() if name}
    layers: dict[str, nn.Module] = {}
    for layer in model._flatten_layers(include_self=False):  # type: ignore[operator]
        name, number = layer.name, 1
        while name in layers:
            number += 1
            name = f"{layer.name}.{number}"
        layers[name] = layer
    return layers


def layer_named(model: nn.Module, name: str) -> nn.Module:
    """One layer by name.

    Raises
    ------
    UnknownLayerError
        With the nearest names.
    """
    layers = named_layers(model)
    if name in layers:
        return layers[name]
    ends_alike = [known for known in layers if known.rpartition(".")[2] == name.rpartition(".")[2]]
    near = list(dict.fromkeys([*difflib.get_close_matches(name, layers, 5, 0.5), *ends_alike]))[:5]
    offer = f"Nearest names: {', '.join(map(repr, near))}." if near else f"Its layers: {some_names(list(layers))}."
    raise UnknownLayerError(f"The model {type(model).__name__} has no layer {name!r}. {offer}")


def some_names(names: Sequence[str], most: int = 30) -> str:
    """Up to `most` names in one line."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


Listener = Callable[[tuple[Any, ...], Any], None]


def listen(module: nn.Module, listener: Listener) -> Callable[[], None]:
    """Call `listener(inputs, output)` whenever a layer runs; the returned function ends that."""
    if is_keras(module):
        return _listen_keras(module, listener)

    def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> None:
        listener((*args, *kwargs.values()), output)

    return module.register_forward_hook(hook, with_kwargs=True).remove


def _listen_keras(layer: nn.Module, listener: Listener) -> Callable[[], None]:
    held = layer.__dict__
    own, call = held.get("call"), layer.call

    def listening_call(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)  # type: ignore[operator]
        listener((*args, *kwargs.values()), output)
        return output

    # Past Keras' own __setattr__, which would track the function as a part of the layer.
    held["call"] = listening_call

    def stop() -> None:
        if own is None:
            held.pop("call", None)
        else:
            held["call"] = own

    return stop


@dataclass(frozen=True)
class Tap:
    """Where to look: a layer's input or output, and how its maps become one vector."""

    layer: str
    site: Site = "output"
    pooling: Pooling = "mean"


@dataclass
class Captured:
    """What the taps saw in the last forward pass, by the name that each tap was given."""

    n_samples: int = 0
    mask: torch.Tensor | None = None
    values: dict[str, torch.Tensor] = field(default_factory=dict)

    def expect(self, n_samples: int, mask: torch.Tensor | None = None) -> None:
        """Prepare for a forward pass over a batch; `mask` (B, tokens) marks the tokens that are no padding."""
        self.n_samples, self.mask = n_samples, mask
        self.values.clear()


@contextmanager
def capturing(model: nn.Module, taps: Mapping[str, Tap]) -> Iterator[Captured]:
    """Collect activations of the named layers while the model runs; no hook stays, whatever happens.

    Raises
    ------
    UnknownLayerError
        If the model has no such layer.
    """
    captured = Captured()
    stops: list[Callable[[], None]] = []
    try:
        for name, tap in taps.items():
            stops.append(listen(layer_named(model, tap.layer), _keeper(model, captured, name, tap)))
        yield captured
    finally:
        for stop in stops:
            stop()


def _keeper(model: nn.Module, captured: Captured, name: str, tap: Tap) -> Listener:
    module = layer_named(model, tap.layer)

    def keep(inputs: tuple[Any, ...], output: Any) -> None:
        value = first_tensor(inputs if tap.site == "input" else output)
        if value is None:
            raise UnknownLayerError(
                f"Layer {tap.layer!r} gives no tensor but {type(output).__name__}. Name another layer."
            )
        if captured.n_samples and (value.ndim < 2 or value.shape[0] != captured.n_samples):
            raise ShapeError(
                f"Layer {tap.layer!r} gave an {tap.site} of shape {tuple(value.shape)} for a batch of "
                f"{captured.n_samples}: its first axis is not the samples. Name a layer whose first axis is the batch."
            )
        seen = pooled(value, tap.pooling, module, captured.mask)
        # A later layer may work in place, as ReLU(inplace=True) does, and would change what was seen.
        shared = seen.untyped_storage().data_ptr() == value.untyped_storage().data_ptr()
        captured.values[name] = seen.clone() if shared else seen

    return keep


def first_tensor(value: Any) -> torch.Tensor | None:
    """The first tensor in a layer's inputs or output, which may be nested."""
    if isinstance(value, torch.Tensor):
        return value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    return next((tensor for tensor in map(first_tensor, parts) if tensor is not None), None)


def pooled(
    value: torch.Tensor, pooling: Pooling, module: nn.Module | None = None, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """One vector per sample from maps or tokens.

    Parameters
    ----------
    value : (B, D), (B, D, H, W), (B, D, depth, H, W) or (B, tokens, D); Keras' channels-last layouts too
    pooling : "mean" or "max" over the places, "full" to keep the maps, or a function of the value
    module : the layer, which tells where its units are
    mask : (B, tokens), true where a token is no padding

    Returns
    -------
    (B, D), or the value itself for "full"
    """
    if callable(pooling):
        return pooling(value)
    if pooling == "full" or value.ndim < 3:
        return value
    axes = _place_axes(value, module)
    if value.ndim == 3 and axes == (1,) and mask is not None and mask.shape == value.shape[:2]:
        hidden = ~mask.bool().unsqueeze(-1)
        if pooling == "max":
            return value.masked_fill(hidden, float("-inf")).amax(1)
        return value.masked_fill(hidden, 0).sum(1) / mask.bool().sum(1, keepdim=True).clamp_min(1)
    return value.amax(axes) if pooling == "max" else value.mean(axes)


def _place_axes(value: torch.Tensor, module: nn.Module | None) -> tuple[int, ...]:
    if value.ndim == 3:
        return (2,) if isinstance(module, ONE_DIMENSIONAL) else (1,)
    if module is not None and is_keras(module) and sys.modules["keras"].config.image_data_format() == "channels_last":
        return tuple(range(1, value.ndim - 1))
    return tuple(range(2, value.ndim))
