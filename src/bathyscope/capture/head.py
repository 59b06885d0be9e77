"""The decision layer: found by running a few samples, and verified by computing the model's own output from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn

from bathyscope.capture.calls import Caller, batch_size, token_mask
from bathyscope.capture.hooks import (
    Tap,
    capturing,
    first_tensor,
    is_keras,
    layer_named,
    listen,
    named_layers,
    some_names,
)
from bathyscope.errors import HeadNotFoundError, UnknownLayerError

PROBE_SAMPLES = 8
EMBEDDING = "embedding"
"""Name of the embedding among the recorded layers."""

Relation = Literal["logits", "softmax", "log_softmax", "sigmoid", "probabilities"]
RELATIONS: dict[Relation, Callable[[torch.Tensor], torch.Tensor]] = {
    "logits": lambda logits: logits,
    "softmax": lambda logits: logits.softmax(1),
    "log_softmax": lambda logits: logits.log_softmax(1),
    "sigmoid": torch.sigmoid,
}
"""What a model's output can be of the logits that its decision layer gives."""


@dataclass(frozen=True)
class Decision:
    """How a model decides.

    Attributes
    ----------
    head : name of the linear layer that makes the logits, verified; None if there is none
    embedding : where the embedding is seen; None if none is recorded
    relation : what the model's output is of the logits; "probabilities" if there is no head to take logits from
    n_outputs : number C of outputs
    width : number D of the embedding's dimensions, if there is a head
    """

    head: str | None
    embedding: Tap | None
    relation: Relation
    n_outputs: int
    width: int | None = None

    def logits(self, output: torch.Tensor, embedding: torch.Tensor | None, matrix: Matrix | None) -> torch.Tensor:
        """(B, C) float32 logits of one batch; a single output z becomes the two logits (0, z)."""
        logits = output.float()
        if self.relation != "logits" and matrix is not None and embedding is not None:
            logits = matrix.apply(embedding)
        elif self.relation == "probabilities":
            logits = logits.clamp_min(torch.finfo(torch.float32).tiny).log()
        elif self.relation == "sigmoid":
            logits = logits.logit(eps=1e-7)
        return nn.functional.pad(logits, (1, 0)) if self.n_outputs == 1 else logits


@dataclass(frozen=True)
class Matrix:
    """A linear layer as numbers: weight (C, D), bias (C,), float32."""

    weight: torch.Tensor
    bias: torch.Tensor

    def apply(self, inputs: torch.Tensor) -> torch.Tensor:
        """(B, C) outputs of (B, D) inputs."""
        return inputs.float() @ self.weight.T + self.bias

    def two_sided(self) -> Matrix:
        """The same decision as two logits (0, z), if it is a single one."""
        if len(self.bias) > 1:
            return self
        return Matrix(nn.functional.pad(self.weight, (0, 0, 1, 0)), nn.functional.pad(self.bias, (1, 0)))


def matrix_of(module: nn.Module, width: int) -> Matrix | None:
    """Weight and bias of a linear layer with inputs of `width`, or None if the module is none.

    Dense layers, 1 × 1 convolutions, Keras' `kernel` and transposed weights (GPT-2's Conv1D) are understood.
    """
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if is_keras(module):
        weight, bias = getattr(module, "kernel", None), getattr(module, "bias", None)
        weight, bias = getattr(weight, "value", None), getattr(bias, "value", None)
        weight = weight.T if isinstance(weight, torch.Tensor) and weight.ndim == 2 else None
    if not isinstance(weight, torch.Tensor) or weight.ndim < 2 or not weight.is_floating_point():
        return None
    if weight.shape[2:].numel() != 1 or getattr(module, "groups", 1) != 1:
        return None
    weight = weight.detach().float().flatten(1)
    if weight.shape[1] != width:
        weight = weight.T
    if weight.shape[1] != width:
        return None
    bias = torch.zeros(len(weight), device=weight.device) if bias is None else bias.detach().float()
    return Matrix(weight, bias) if bias.shape == (len(weight),) else None


@dataclass
class Trace:
    """What ran in one forward pass, in order."""

    output: torch.Tensor
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    vectors: dict[str, torch.Tensor] = field(default_factory=dict)

    def candidates(self, layers: dict[str, nn.Module]) -> list[tuple[str, torch.Tensor, Matrix]]:
        """Linear layers that ran on one vector per sample and have as many outputs as the model, last one first."""
        found = []
        for name in reversed(self.vectors):
            vector = self.vectors[name]
            matrix = matrix_of(layers[name], vector.shape[1])
            if matrix is not None and len(matrix.bias) == self.output.shape[1]:
                found.append((name, vector, matrix))
        return found


def trace(caller: Caller, values: Any) -> Trace:
    """Run one small batch and write down every layer that runs."""
    run = Trace(torch.empty(0))

    def listener(name: str) -> Callable[[tuple[Any, ...], Any], None]:
        def note(inputs: tuple[Any, ...], output: Any) -> None:
            given, made = first_tensor(inputs), first_tensor(output)
            run.shapes.pop(name, None)
            run.shapes[name] = () if made is None else tuple(made.shape)
            # Only vectors: keeping every token of a large model would fill the memory.
            if given is not None and given.is_floating_point() and given.ndim >= 2 and given.shape[2:].numel() == 1:
                run.vectors.pop(name, None)
                run.vectors[name] = given.detach().flatten(1).clone()

        return note

    with ExitStack() as stack:
        for name, module in named_layers(caller.model).items():
            stack.callback(listen(module, listener(name)))
        run.output = caller(values).detach()
    return run


def find_decision(
    caller: Caller,
    values: Any,
    *,
    head: str | None = None,
    embedding: str | Literal[False] | None = None,
    layers: Sequence[str] = (),
    multilabel: bool = False,
) -> Decision:
    """Find how a model decides from a batch of up to eight samples.

    Parameters
    ----------
    caller : the model
    values : model inputs
    head : name of the decision layer, where it is known
    embedding : name of the layer whose output is the embedding; then a decision layer is recorded only if one
        computes the model's output from it. False records no embedding.
    layers : names of further layers, which must be there and run
    multilabel : outputs in [0, 1] are then scores, whatever their sum

    Raises
    ------
    HeadNotFoundError
        If no layer gives the model's output, with the layers that ran.
    UnknownLayerError
        If a named layer is not in the model, or did not run.
    """
    modules = named_layers(caller.model)
    wanted = [name for name in (head, embedding, *layers) if isinstance(name, str)]
    for name in wanted:
        layer_named(caller.model, name)
    run = trace(caller, values)
    for name in wanted:
        require_run(run, name)
    n_outputs = run.output.shape[1]
    if embedding is False:
        return Decision(None, None, plain_relation(run.output, multilabel), n_outputs)
    if isinstance(embedding, str):
        return _decision_after(caller, values, run, embedding=embedding, multilabel=multilabel)
    for name, vector, matrix in run.candidates(modules):
        if head in (None, name):
            relation = relation_of(run.output, matrix.apply(vector))
            if relation is not None:
                return Decision(name, Tap(name, "input"), relation, n_outputs, vector.shape[1])
    raise HeadNotFoundError(_wrong_head(run, modules, head) if head else _no_head(run, caller.model))


def _decision_after(caller: Caller, values: Any, run: Trace, *, embedding: str, multilabel: bool) -> Decision:
    tap = Tap(embedding)
    with capturing(caller.model, {EMBEDDING: tap}) as captured:
        captured.expect(batch_size(values), token_mask(values))
        caller(values)
    vector = captured.values[EMBEDDING].flatten(1)
    layers = named_layers(caller.model)
    for name, own, _ in run.candidates(layers):
        matrix = matrix_of(layers[name], vector.shape[1]) if own.shape == vector.shape else None
        relation = None if matrix is None else relation_of(run.output, matrix.apply(vector))
        if relation is not None:
            return Decision(name, tap, relation, run.output.shape[1], vector.shape[1])
    return Decision(None, tap, plain_relation(run.output, multilabel), run.output.shape[1])


def relation_of(output: torch.Tensor, logits: torch.Tensor) -> Relation | None:
    """What the output is of these logits, or None if it is nothing of them."""
    return next((name for name, function in RELATIONS.items() if agree(output, function(logits))), None)


def agree(output: torch.Tensor, computed: torch.Tensor) -> bool:
    """Whether two (B, C) results are the same up to rounding.

    Rows that are not finite are left out; if all are, as after a diverged training, nothing speaks against it.
    """
    tolerance = 1e-3 if output.dtype in (torch.float32, torch.float64) else 2e-2
    output, computed = output.float(), computed.float()
    finite = torch.isfinite(output).all(1) & torch.isfinite(computed).all(1)
    if output.shape != computed.shape or not finite.any():
        return output.shape == computed.shape
    reach = tolerance * float(output[finite].abs().max())
    return torch.allclose(computed[finite], output[finite], rtol=tolerance, atol=max(reach, 1e-6))


def plain_relation(output: torch.Tensor, multilabel: bool) -> Relation:
    """Whether a model without a known decision layer gives logits or probabilities."""
    output = output.float()
    if not ((output >= 0) & (output <= 1)).all():
        return "logits"
    if multilabel or output.shape[1] == 1:
        return "sigmoid"
    ones = torch.ones(len(output), device=output.device)
    return "probabilities" if torch.allclose(output.sum(1), ones, atol=1e-3) else "logits"


def require_run(run: Trace, name: str) -> None:
    """Refuse a layer that the model has but did not use.

    Raises
    ------
    UnknownLayerError
        With the layers that ran.
    """
    if name not in run.shapes:
        raise UnknownLayerError(
            f"Layer {name!r} is in the model but did not run for these samples. Layers that ran: "
            f"{some_names(list(run.shapes))}."
        )


def _listed(run: Trace) -> str:
    # The last layers: the decision is made at the end.
    shown = list(run.shapes.items())[-30:]
    first = "…, " if len(run.shapes) > len(shown) else ""
    return first + ", ".join(f"{name!r} {shape}" for name, shape in shown)


def _no_head(run: Trace, model: nn.Module) -> str:
    ran = (
        f"Layers that ran, with their outputs: {_listed(run)}."
        if run.shapes
        else "No layer of it could be seen running."
    )
    return (
        f"The decision layer of {type(model).__name__} was not found: no linear layer that ran gives its output of "
        f"shape {tuple(run.output.shape)} from one vector per sample. {ran} Name the decision layer with head='…', or "
        "the layer whose output is the embedding with embedding='…'; embedding=False records the logits alone."
    )


def _wrong_head(run: Trace, layers: dict[str, nn.Module], head: str) -> str:
    vector = run.vectors.get(head)
    matrix = None if vector is None else matrix_of(layers[head], vector.shape[1])
    if vector is None or matrix is None:
        reason = "it is not a linear layer on one vector per sample"
    elif matrix.apply(vector).shape != run.output.shape:
        reason = f"it has {len(matrix.bias)} outputs and the model {run.output.shape[1]}"
    else:
        gap = float((matrix.apply(vector) - run.output.float()).abs().max())
        reason = f"applied to its input, it differs from the model's output by up to {gap:.3g}"
    return (
        f"Layer {head!r} is not the decision layer: {reason}. Layers that ran, with their outputs: {_listed(run)}. "
        "Leave out head= to search, or name the layer whose output is the embedding with embedding='…'."
    )
