"""Loading a model for the command line: from a Python reference or an exported program, with weights."""

from __future__ import annotations

import importlib
import pickle  # for the name of an error only
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from bathyscope.capture.program import load_program
from bathyscope.errors import SourceError


def load_model(reference: str, weights: str | Path | None = None) -> torch.nn.Module:
    """The model that a command line names.

    Parameters
    ----------
    reference : `package.module:name` of a model or of a function without parameters that returns one (the current
        folder may be imported from), or the path of a program exported as .pt2
    weights : a .safetensors file, or a state dict saved by torch; must fit the model exactly

    Raises
    ------
    SourceError
        If there is no such file or name, it gives no model, or the weights do not fit.
    """
    model = load_program(reference) if reference.endswith(".pt2") else _imported(reference)
    if weights is not None:
        state = _state_of(Path(weights))
        try:
            model.load_state_dict(state)
        except RuntimeError as error:
            raise SourceError(f"The weights in {weights} do not fit the model: {error}") from error
    return model


def _imported(reference: str) -> torch.nn.Module:
    module_name, colon, name = reference.partition(":")
    if not colon:
        raise SourceError(
            f"The model was given as {reference!r}. Give package.module:function, or the path of a .pt2 file."
        )
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found: Any = importlib.import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise SourceError(
            f"{reference!r} cannot be imported ({error}). Start in the folder that holds {module_name.split('.')[0]!r}."
        ) from error
    model = found if isinstance(found, torch.nn.Module) else found()
    if not isinstance(model, torch.nn.Module):
        raise SourceError(f"{reference!r} gives a {type(model).__name__}; a torch.nn.Module is needed.")
    return model


def _state_of(path: Path) -> dict[str, torch.Tensor]:
    state = tensors_in(path)
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict):
        raise SourceError(f"{path} holds a {type(state).__name__}; a state dict is needed.")
    return state


def tensors_in(path: Path) -> Any:
    """What a file of tensors holds: a .safetensors file, or what torch saved.

    Raises
    ------
    SourceError
        If there is no such file, it cannot be read, or it holds more than tensors.
    """
    if not path.is_file():
        raise SourceError(f"There is no file {path} to load weights from.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # Only tensors: a pickled model could run anything.
        return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise SourceError(f"The weights in {path} cannot be read: {error}") from error
    except pickle.UnpicklingError as error:  # what weights_only raises for anything but tensors
        raise SourceError(
            f"{path} holds more than tensors, so it is not loaded. Save the state dict: torch.save(model.state_dict(), "
            "…)."
        ) from error
