"""Watching the functions that a model runs: no hook is placed, and exported programs are seen as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from bathyscope.errors import AdapterError

Batch = torch.Tensor
Norms = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], None]


class Linear(NamedTuple):
    """A decision layer: logits = z @ weight.T + bias; weight (C, F), bias (C,), float32."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        """(B, C) logits."""
        return z.float() @ self.weight.T + self.bias

    def two_sided(self) -> Linear:
        """The same decision as two logits (0, z), if it is a single one: so it is recorded, too."""
        if len(self.bias) > 1:
            return self
        return Linear(nn.functional.pad(self.weight, (0, 0, 1, 0)), nn.functional.pad(self.bias, (1, 0)))


class Call(NamedTuple):
    """One linear function that ran: its place among them, its inputs (B, F), and its numbers."""

    place: int
    given: torch.Tensor
    linear: Linear


class _OpenRelu(torch.autograd.Function):
    """A rectifier that lets the wish for more through where it is shut: else a silent neuron could never wake."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, highest: float) -> torch.Tensor:
        ctx.save_for_backward(value)
        ctx.highest = highest
        return value.clamp(0, highest)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (value,) = ctx.saved_tensors
        gradient = gradients[0]
        risen = torch.where(value > 0, gradient, gradient.clamp_max(0))
        return torch.where(value < ctx.highest, risen, gradient.clamp_min(0)), None


class Watch(TorchFunctionMode):
    """Sees every linear function that a model runs on one vector per sample, and on demand every map.

    Functions are watched, not modules: so models that call functions, and exported programs, are seen as well, and no
    hook is ever placed.

    Parameters
    ----------
    only : keep this linear call alone
    maps : given every output with three or more axes
    opened : number of the rectifier that lets gradients through that would wake a unit
    norms : given the input, running mean and running variance of every batch normalisation
    """

    def __init__(
        self,
        *,
        only: int | None = None,
        maps: Callable[[torch.Tensor], None] | None = None,
        opened: int | None = None,
        norms: Norms | None = None,
    ) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._only = only
        self._maps = maps
        self._opened = opened
        self.rectifiers = 0
        self._norms = norms
        self._place = -1

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        highest = _highest(name, args)
        if highest is not None and args and isinstance(args[0], torch.Tensor):
            self.rectifiers += 1
            if self.rectifiers - 1 == self._opened:
                return _OpenRelu.apply(args[0], highest)  # type: ignore[no-untyped-call]
        if self._norms is not None and name.startswith("batch_norm"):
            _tell_norm(self._norms, func, args, kwargs or {})
        output = func(*args, **(kwargs or {}))
        if isinstance(output, torch.Tensor):
            if self._maps is not None and output.ndim >= 3:
                self._maps(output)
            if name.startswith(("linear", "addmm", "conv2d", "matmul", "mm")) and output.ndim in (2, 4):
                self._note(name, args, kwargs or {})
        return output

    def _note(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        found = _linear_call(name, args, kwargs)
        if found is None:
            return
        self._place += 1
        if self._only is None or self._place == self._only:
            self.calls.append(Call(self._place, *found))


def _highest(name: str, args: tuple[Any, ...]) -> float | None:
    """What a rectifier gives at most; None for other functions."""
    if name.startswith("relu6"):
        return 6.0
    if name.startswith(("hardtanh", "clamp")) and args[1:2] == (0,) and len(args) > 2 and args[2] is not None:
        return float(args[2])
    return float("inf") if name.startswith("relu") else None


def _tell_norm(
    told: Norms,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    # torch.nn.functional has the statistics second and third, torch itself fourth and fifth.
    first = 1 if func is nn.functional.batch_norm else 3
    given = [args[0] if args else kwargs.get("input")]
    for offset, name in enumerate(("running_mean", "running_var")):
        given.append(args[first + offset] if len(args) > first + offset else kwargs.get(name))
    value, mean, variance = given
    if value is not None and mean is not None and variance is not None:
        told(value, mean, variance)


def _linear_call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[torch.Tensor, Linear] | None:
    """Inputs and numbers of a call that maps one vector per sample, or None."""
    named = {"input": 0, "weight": 1, "bias": 2}
    if name.startswith("addmm"):  # bias first, and the weight is turned
        named = {"bias": 0, "input": 1, "weight": 2}
    given, weight, bias = (
        kwargs.get(key, args[named[key]] if named[key] < len(args) else None) for key in ("input", "weight", "bias")
    )
    if not isinstance(given, torch.Tensor) or not isinstance(weight, torch.Tensor) or given.ndim < 2:
        return None
    if given.shape[2:].numel() != 1 or weight.ndim not in (2, 4) or weight.shape[2:].numel() != 1:
        return None
    matrix = weight.detach().float().flatten(1)
    if name.startswith(("addmm", "matmul", "mm")):
        matrix = matrix.T
    vectors = given.flatten(1)
    if matrix.shape[1] != vectors.shape[1]:
        return None
    zeros = torch.zeros(len(matrix), device=matrix.device)
    return vectors, Linear(matrix, zeros if bias is None else bias.detach().float())


def run_model(model: nn.Module, images: Batch) -> torch.Tensor:
    """The model's output, without gradients to its parameters and whatever number type and device it lives on."""
    # Detached views instead of switching requires_grad off: nothing of the model has to be restored.
    state = {name: _usable(value) for name, value in (*model.named_parameters(), *model.named_buffers())}
    example = next((value for value in state.values() if value.is_floating_point()), images)
    output = functional_call(model, state, (images.to(example.device, example.dtype),))
    found = first_tensor(output)
    if found is None:
        raise AdapterError(
            f"The model gives {type(output).__name__}, which holds no tensor. Give one that gives logits."
        )
    return found.float()


def _usable(value: torch.Tensor) -> torch.Tensor:
    """The tensor as one that gradients may flow past; those made in inference mode must be copied for that."""
    return value.clone() if value.is_inference() else value.detach()


def first_tensor(value: Any) -> torch.Tensor | None:
    """The first tensor in an output, which may be nested; the one called logits if there is one."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Mapping) and "logits" in value:
        return first_tensor(value["logits"])
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    return next((tensor for tensor in map(first_tensor, parts) if tensor is not None), None)
