"""A classifier seen as features and a decision layer, differentiable in the image, and left as it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from bathyscope.analyses.illusion.maps import find_map, grid, map_filter
from bathyscope.analyses.illusion.watch import Batch, Call, Linear, Norms, Watch, run_model
from bathyscope.errors import AdapterError

TOLERANCE = 1e-4
"""How far the decision layer applied to the features may be from the model's own output, relative to the logit."""

HALF_TOLERANCE = 2e-2
"""The same for models that compute in half precision."""

Relation = Literal["logits", "softmax", "log_softmax", "sigmoid"]
RELATIONS: Mapping[Relation, Callable[[torch.Tensor], torch.Tensor]] = {
    "logits": lambda logits: logits,
    "softmax": lambda logits: logits.softmax(1),
    "log_softmax": lambda logits: logits.log_softmax(1),
    "sigmoid": torch.sigmoid,
}
"""What a model's output can be of the logits that its decision layer gives."""


@contextmanager
def left_as_found(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards training flags, buffers and torch's random state are as they were."""
    flags = [(module, module.training) for module in model.modules()]
    buffers = {name: buffer.detach().clone() for name, buffer in model.named_buffers()}
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=devices):
        try:
            for module, _ in flags:
                module.training = False
            yield
        finally:
            for module, training in flags:
                module.training = training
            with torch.no_grad():
                for name, buffer in model.named_buffers():
                    if name in buffers and not torch.equal(buffer, buffers[name]):
                        buffer.copy_(buffers[name])


@dataclass(frozen=True)
class Seen:
    """What one pass gave: features (B, F) and logits (B, C), float32, with gradients to the images if asked for."""

    features: torch.Tensor
    logits: torch.Tensor


@dataclass(frozen=True)
class Adapter:
    """A model as three functions: images to features, images to feature maps, features to logits.

    Attributes
    ----------
    model : the network; never changed
    place : which of the linear functions that run is the decision layer
    linear : its numbers
    relation : what the model's output is of the logits
    gap : largest difference that the check found, relative to max(1, |logit|)
    map_site : which of the tensors of a pass is the feature map before pooling; None if there is none
    tokens : whether the map is one of tokens
    last_rectifier : number of the last rectifier that runs; None if none does
    """

    model: nn.Module
    place: int
    linear: Linear
    relation: Relation
    gap: float
    map_site: int | None = None
    tokens: bool = False
    last_rectifier: int | None = None

    @property
    def n_features(self) -> int:
        """Number F of neurons that the decision layer sees."""
        return int(self.linear.weight.shape[1])

    @property
    def n_classes(self) -> int:
        """Number C of outputs."""
        return int(self.linear.weight.shape[0])

    def see(self, images: Batch, *, waking: bool = False, norms: Norms | None = None) -> Seen:
        """Features and logits of model inputs (B, …), in one pass.

        Parameters
        ----------
        images : on whatever device; the results come back there
        waking : let the wish for more through the last rectifier, where it is shut
        norms : given input, running mean and running variance of every batch normalisation
        """
        watch = Watch(only=self.place, opened=self.last_rectifier if waking else None, norms=norms)
        with watch:
            run_model(self.model, images)
        z = watch.calls[0].given.float().to(images.device)
        return Seen(z, self.linear(z))

    def features(self, images: Batch) -> torch.Tensor:
        """(B, F) inputs of the decision layer."""
        return self.see(images).features

    def head(self, z: torch.Tensor) -> torch.Tensor:
        """(B, C) logits of features (B, F)."""
        return self.linear(z)

    def feature_map(self, images: Batch) -> torch.Tensor | None:
        """(B, F, h, w) map before the pooling, patch tokens as a grid; None where the model pools nothing."""
        if self.map_site is None:
            return None
        seen: list[torch.Tensor] = []
        wanted = map_filter(len(images), self.n_features, self.tokens)
        with Watch(only=-1, maps=lambda value: seen.append(value) if wanted(value) else None):
            run_model(self.model, images)
        value = seen[self.map_site].float()
        return grid(value) if self.tokens else value


def adapt(model: nn.Module, images: Batch, *, head: str | None = None) -> Adapter:
    """Find the decision layer and the map before its pooling, by running a few model inputs, and verify them.

    Parameters
    ----------
    model : a classifier of images, in whatever state
    images : (B, …) model inputs, at least two
    head : name of the decision layer, if it is not the last linear one

    Raises
    ------
    AdapterError
        If no linear function gives the model's output from one vector per image.
    """
    if not torch.isfinite(images).all():
        raise AdapterError("The model inputs hold NaN or infinite pixels. Give images whose pixels are finite.")
    with left_as_found(model), torch.no_grad():
        watch = Watch()
        with watch:
            output = run_model(model, images)
        _check_finite(model, output)
        wanted = None if head is None else _matrix_named(model, head)
        half = any(value.dtype in (torch.float16, torch.bfloat16) for value in model.parameters())
        tolerance = HALF_TOLERANCE if half else TOLERANCE
        tried: list[tuple[Call, float]] = []
        for call in reversed(watch.calls):
            if wanted is not None and not _same(call.linear.weight, wanted):
                continue
            relation, gap = _relation(output, call.linear(call.given), tolerance)
            tried.append((call, gap))
            if relation is not None:
                last = watch.rectifiers - 1 if watch.rectifiers else None
                site, tokens = find_map(model, images, call.given.float())
                return Adapter(model, call.place, call.linear.two_sided(), relation, gap, site, tokens, last)
    raise AdapterError(_not_found(model, output, tried, head))


def _relation(output: torch.Tensor, logits: torch.Tensor, tolerance: float) -> tuple[Relation | None, float]:
    """What the output is of these logits, and how far the nearest candidate is off."""
    if output.shape != logits.shape:
        return None, float("inf")
    nearest = float("inf")
    for name, function in RELATIONS.items():
        gap = float(((output - function(logits)).abs() / output.abs().clamp_min(1)).max())
        if gap <= tolerance:
            return name, gap
        nearest = min(nearest, gap)
    return None, nearest


def _check_finite(model: nn.Module, output: torch.Tensor) -> None:
    bad = [
        name
        for name, value in (*model.named_parameters(), *model.named_buffers())
        if value.is_floating_point() and not torch.isfinite(value).all()
    ]
    if bad:
        raise AdapterError(
            f"The model's {bad[0]} holds NaN or infinities. Load weights of before the training diverged."
        )
    if not torch.isfinite(output).all():
        raise AdapterError("The model gives NaN or infinities for finite images. Check its inputs' mean and std.")


def _matrix_named(model: nn.Module, head: str) -> torch.Tensor:
    modules = dict(model.named_modules())
    weight = getattr(modules.get(head), "weight", None)
    if not isinstance(weight, torch.Tensor):
        linear = [name for name, module in modules.items() if getattr(module, "weight", None) is not None]
        raise AdapterError(
            f"The model {type(model).__name__} has no layer {head!r} with weights. Layers with weights: "
            f"{', '.join(linear[-20:])}. Give one of them as head=."
        )
    return weight.detach().float().flatten(1)


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)


def _not_found(model: nn.Module, output: torch.Tensor, tried: list[tuple[Call, float]], head: str | None) -> str:
    ran = ", ".join(f"{tuple(call.linear.weight.shape)} off by {gap:.2g}" for call, gap in tried[:8]) or "none"
    names = [
        name for name, module in model.named_modules() if isinstance(getattr(module, "weight", None), torch.Tensor)
    ]
    which = "No linear layer" if head is None else f"The layer {head!r} does not give"
    text = "gives" if head is None else ""
    return (
        f"{which} {text} the output of {type(model).__name__}, of shape {tuple(output.shape)}, from one vector per "
        f"image within {TOLERANCE:g}. Linear layers tried, last first: {ran}. Layers with weights: "
        f"{', '.join(names[-12:])}. Name the decision layer with head=, or give a model that ends in it."
    ).replace("  ", " ")
