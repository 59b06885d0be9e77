"""Putting a patch into a model, or into a file of its weights, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bathyscope.analyses.mitigate.patch import Patch, fingerprint
from bathyscope.errors import PatchError, require
from bathyscope.recording.results import read_table

if TYPE_CHECKING:
    import torch


def apply(patch: Patch, model: Any) -> list[str]:
    """Change the decision layer of a model, or of its state dict, in place.

    Returns
    -------
    Names of the weights that were changed.

    Raises
    ------
    PatchError
        If the model holds no such decision layer; nothing is changed then.
    """
    return _swap(model, patch, (patch.weight_before, patch.bias_before), (patch.weight, patch.bias))


def revert(patch: Patch, model: Any) -> list[str]:
    """Take a patch back, bit for bit.

    Raises
    ------
    PatchError
        If the model does not hold the patched decision layer; nothing is changed then.
    """
    return _swap(model, patch, (patch.weight, patch.bias), (patch.weight_before, patch.bias_before))


def load_patch(path: str | Path) -> Patch:
    """A patch from its file, or from the table `patch.arrow` of a result.

    Raises
    ------
    PatchError
        If there is none.
    """
    path = Path(path)
    if not path.is_file():
        raise PatchError(f"There is no file {path}. Give a patch that the analysis mitigate wrote.")
    if path.suffix != ".arrow":
        return Patch.from_bytes(path.read_bytes())
    table = read_table(path)
    if "file" not in table.column_names or not len(table):
        raise PatchError(f"{path} holds no patch: the edit was not taken, or is none of the decision layer.")
    return Patch.from_bytes(table["file"][0].as_py())


def change_file(path: Path, patch: Patch, *, back: bool, output: Path) -> list[str]:
    """Apply or revert a patch on a file of weights: .safetensors, or a state dict that `torch.save` wrote.

    Parameters
    ----------
    back : whether the patch is taken back
    output : where the changed weights are written; written last, so that a failure leaves nothing

    Raises
    ------
    PatchError
        If the file holds no weights, or not those that the patch belongs to.
    """
    torch = require("torch", extra="torch", purpose="Reading a model's weights")
    is_safetensors = path.suffix == ".safetensors"
    if not path.is_file():
        raise PatchError(f"There is no file {path}. Give the model's weights: .safetensors, or a saved state dict.")
    whole, metadata = _read_safetensors(path) if is_safetensors else (_read_torch(path, torch), None)
    names = (revert if back else apply)(patch, _weights_in(whole, path))
    unfinished = output.with_name(f".{output.name}.unfinished")
    if is_safetensors:
        from safetensors.torch import save_file

        save_file(dict(whole), unfinished, metadata=metadata)
    else:
        torch.save(whole, unfinished)
    unfinished.replace(output)
    return names


def _read_torch(path: Path, torch: Any) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its pickle does
        raise PatchError(
            f"{path} cannot be read as weights only. Save them with torch.save(model.state_dict(), path), or as "
            "safetensors."
        ) from error


def _read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, str] | None]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118 -- no mapping
    except SafetensorError as error:
        raise PatchError(f"{path} is no safetensors file: {error}.") from error


def _weights_in(whole: Any, path: Path) -> Mapping[str, Any]:
    """The state dict itself, or the one that a training checkpoint holds."""
    if isinstance(whole, Mapping):
        for name in ("state_dict", "model_state_dict", "model"):
            if isinstance(whole.get(name), Mapping):
                return dict(whole[name])
        return whole
    raise PatchError(f"{path} holds a {type(whole).__name__}, not a state dict. Save model.state_dict().")


def _swap(model: Any, patch: Patch, old: tuple[Any, Any], new: tuple[Any, Any]) -> list[str]:
    torch = require("torch", extra="torch", purpose="Changing a model")
    state: Mapping[str, Any] = model.state_dict() if hasattr(model, "state_dict") else model
    seen: list[str] = []
    for name, weight, bias_name, bias in _linear_layers(state):
        found = fingerprint(_numbers(weight), np.zeros(len(weight)) if bias is None else _numbers(bias))
        seen.append(f"{name} {tuple(weight.shape)}")
        # A model in half precision holds the numbers as it rounds them.
        if found != fingerprint(*(_numbers(torch.from_numpy(np.array(part)).to(weight.dtype)) for part in old)):
            continue
        if bias is None and np.any(new[1]):
            raise PatchError(f"{name} has no bias, and the patch needs one. Nothing was changed.")
        with torch.no_grad():
            weight.copy_(torch.from_numpy(np.array(new[0])))
            if bias is not None:
                bias.copy_(torch.from_numpy(np.array(new[1])))
        return [name] if bias_name is None else [name, bias_name]
    raise PatchError(
        f"The patch belongs to a decision layer ({old[0].shape[0]}, {old[0].shape[1]}) of fingerprint "
        f"{fingerprint(*old)}, which this model does not hold. Its linear layers: {', '.join(seen[-5:]) or 'none'}. "
        "Nothing was changed."
    )


def _linear_layers(state: Mapping[str, Any]) -> Iterator[tuple[str, torch.Tensor, str | None, torch.Tensor | None]]:
    """Names and tensors of all weights with two axes, and the bias beside each."""
    for name, weight in state.items():
        if getattr(weight, "ndim", 0) != 2 or not name.endswith("weight"):
            continue
        beside = name.removesuffix("weight") + "bias"
        bias = state.get(beside)
        yield name, weight, None if bias is None else beside, bias


def _numbers(tensor: torch.Tensor) -> Any:
    return tensor.detach().cpu().float().numpy()
