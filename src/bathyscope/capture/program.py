"""The exported program of a model: what lets an analysis run it later, without its Python code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bathyscope.capture.calls import Caller, batch_size
from bathyscope.capture.hooks import left_as_found
from bathyscope.errors import SourceError


def export_program(model: nn.Module, values: Any, path: Path) -> None:
    """Export a model with `torch.export`, for batches of any size.

    Parameters
    ----------
    model : any torch module
    values : model inputs of at least two samples; a batch of one would be taken for a constant
    path : file to write

    Raises
    ------
    Exception
        Whatever `torch.export` raises for a model that it cannot follow.
    """
    placed = Caller(model).placed(values)
    if batch_size(placed) < 2:
        placed = _doubled(placed)
    batch = torch.export.Dim("batch")
    with left_as_found(model):
        if isinstance(placed, Mapping):
            axes = {name: _axes(value, batch) for name, value in placed.items()}
            program = torch.export.export(model, (), dict(placed), dynamic_shapes=axes)
        else:
            arguments = placed if isinstance(placed, tuple) else (placed,)
            program = torch.export.export(model, arguments, dynamic_shapes=tuple(_axes(a, batch) for a in arguments))
    torch.export.save(program, path)


def _axes(value: torch.Tensor, batch: Any) -> dict[int, Any]:
    if value.is_floating_point() or value.ndim < 2:
        return {0: batch}
    return {0: batch, 1: torch.export.Dim.AUTO}  # tokens: as many as a text has


def _doubled(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _doubled(value) for name, value in values.items()}
    return tuple(map(_doubled, values)) if isinstance(values, tuple) else torch.cat([values, values])


def load_program(path: str | Path) -> nn.Module:
    """Open an exported program as a module whose layers have their names back, so that hooks work on them.

    Raises
    ------
    SourceError
        If the file holds no program, or one for a single batch size.
    """
    file = Path(path)
    if not file.is_file():
        raise SourceError(f"There is no exported program {str(path)!r}. Give the file that torch.export.save wrote.")
    try:
        program = torch.export.load(file)
    except Exception as error:
        raise SourceError(f"{file.name} is no program of torch.export: {error}") from error
    fixed = fixed_batch(program)
    if fixed is not None:
        raise SourceError(
            f"{file.name} was exported for batches of exactly {fixed}. Export it with a dynamic batch axis: "
            "torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim('batch')},))."
        )
    return torch.export.unflatten(program)


def fixed_batch(program: torch.export.ExportedProgram) -> int | None:
    """The only batch size that a program takes, or None if it takes any."""
    inputs = set(program.graph_signature.user_inputs)
    for node in program.graph.nodes:
        value = node.meta.get("val") if node.op == "placeholder" and node.name in inputs else None
        if isinstance(value, torch.Tensor) and value.ndim:
            return value.shape[0] if isinstance(value.shape[0], int) else None
    return None
