"""The feature map before the pooling, or the patch tokens of a transformer: where in the picture a neuron looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from bathyscope.analyses.illusion.watch import Batch, Watch, first_tensor, run_model


def map_filter(n: int, width: int, tokens: bool) -> Callable[[torch.Tensor], bool]:
    """Which tensors of a pass over n images may be maps of so many units: (n, F, h, w), or tokens (n, T, F)."""

    def keep(value: torch.Tensor) -> bool:
        if tokens:
            return value.ndim == 3 and value.shape[0] == n and value.shape[2] == width and value.shape[1] > 3
        return value.ndim == 4 and value.shape[:2] == (n, width) and value.shape[2:].numel() > 1

    return keep


def find_map(model: nn.Module, images: Batch, z: torch.Tensor) -> tuple[int | None, bool]:
    """Which tensor of a pass the features are the spatial mean of; for tokens, that before the last block."""
    for tokens in (False, True):
        keep = map_filter(len(images), z.shape[1], tokens)
        seen = _tensors(model, images, keep)
        if tokens and seen:
            return _token_site(model, images, seen), True
        for site in reversed(range(len(seen))):
            if torch.allclose(seen[site].mean((2, 3)), z, rtol=1e-3, atol=1e-5 + 1e-3 * float(z.abs().max())):
                return site, False
    return None, False


def _tensors(model: nn.Module, images: Batch, keep: Callable[[torch.Tensor], bool]) -> list[torch.Tensor]:
    """Every tensor of a pass that is wanted, as it was when it came: a later function may work in place."""
    seen: list[torch.Tensor] = []
    with Watch(only=-1, maps=lambda value: seen.append(value.detach().float().clone()) if keep(value) else None):
        run_model(model, images)
    return seen


def _token_site(model: nn.Module, images: Batch, seen: list[torch.Tensor]) -> int | None:
    """The tokens that leave the last block but one; without blocks, those of the middle of the pass."""
    ends: list[torch.Tensor] = []
    names: list[str] = []
    handles = []
    for name, module in model.named_modules():
        if re.search(r"\.\d+$|^\d+$", name):

            def keep(_m: nn.Module, _i: Any, output: Any, name: str = name) -> None:
                value = first_tensor(output)
                if value is not None and value.ndim == 3 and value.shape == seen[-1].shape:
                    ends.append(value.detach().float())
                    names.append(name)

            handles.append(module.register_forward_hook(keep))
    try:
        with Watch(only=-1):  # as when the tensors were seen: watched, torch leaves its fused transformer blocks alone
            run_model(model, images)
    finally:
        for handle in handles:
            handle.remove()
    if not names:
        return len(seen) // 2
    # Blocks are the outermost numbered modules.
    depth = min(name.count(".") for name in names)
    blocks = [value for name, value in zip(names, ends, strict=True) if name.count(".") == depth]
    target = blocks[-2] if len(blocks) > 1 else blocks[-1]
    matches = [site for site, value in enumerate(seen) if torch.equal(value, target)]
    return matches[-1] if matches else len(seen) // 2


def grid(tokens: torch.Tensor) -> torch.Tensor:
    """(B, T, F) tokens as (B, F, g, g): the last g² of them; what stands before are class tokens and registers."""
    side = int(tokens.shape[1] ** 0.5)
    patches = tokens[:, -side * side :]
    return patches.transpose(1, 2).reshape(len(patches), patches.shape[2], side, side)
