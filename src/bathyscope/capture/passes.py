"""One pass of a model over the samples, written into a checkpoint batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import torch

from bathyscope.capture.calls import Caller, token_mask
from bathyscope.capture.head import EMBEDDING, PROBE_SAMPLES, Decision, Matrix, find_decision, matrix_of
from bathyscope.capture.hooks import Captured, Pooling, Tap, capturing, named_layers
from bathyscope.capture.opening import Opened
from bathyscope.capture.precision import Numbers
from bathyscope.capture.samples import Inputs, Source
from bathyscope.capture.scores import Sparsity, sparse_scores
from bathyscope.errors import SourceError, UnknownLayerError
from bathyscope.recording import CheckpointWriter, LayerInfo


@dataclass
class Plan:
    """What the user wants recorded of a model."""

    layers: Sequence[str] = ()
    pooling: Pooling | Mapping[str, Pooling] = "mean"
    embedding: str | Literal[False] | None = None
    head: str | None = None
    logits: Callable[[Any], torch.Tensor] | None = None
    batch_size: int = 256
    sparsity: Sparsity = field(default_factory=Sparsity)
    progress: Callable[[float], None] | None = None

    def pooling_of(self, layer: str) -> Pooling:
        """How this layer's maps become vectors."""
        return self.pooling.get(layer, "mean") if isinstance(self.pooling, Mapping) else self.pooling

    def taps(self, decision: Decision) -> dict[str, Tap]:
        """Where to look, by the name under which it is recorded."""
        taps = {layer: Tap(layer, "output", self.pooling_of(layer)) for layer in self.layers}
        return taps if decision.embedding is None else {EMBEDDING: decision.embedding, **taps}


class Pass:
    """Runs a model over all samples and writes what it gives into one checkpoint.

    Parameters
    ----------
    opened, source : the recording and its samples
    plan : what is recorded
    numbers : watches for what float16 cannot hold
    unreadable : samples that could not be read before; grows
    """

    def __init__(self, opened: Opened, source: Source, plan: Plan, *, numbers: Numbers, unreadable: set[int]) -> None:
        self._opened, self._source, self._plan = opened, source, plan
        self._numbers, self._unreadable = numbers, unreadable
        self.decision: Decision | None = None

    def run(self, model: torch.nn.Module, checkpoint: CheckpointWriter, name: str) -> list[LayerInfo]:
        """Write outputs, activations and head of one checkpoint; returns the layers that were recorded.

        Raises
        ------
        HeadNotFoundError, UnknownLayerError, ModelOutputError, LabelError
            If the model is not what the recording needs.
        SampleOrderError
            If the samples are not what they were.
        """
        caller = Caller(model, self._plan.logits)
        self.decision = decision = self._decide(caller)
        matrix = self._head(model)
        self._opened.settle_classes(max(decision.n_outputs, 2))
        found: dict[str, LayerInfo] = {}
        taps = self._plan.taps(decision)
        own = self._own_labels()
        with capturing(model, taps) as captured:
            for batch, output in self._outputs(caller, captured):
                vector = self._seen(EMBEDDING, captured) if EMBEDDING in taps else None
                logits = decision.logits(output, vector, matrix)
                self._write_outputs(checkpoint, batch, logits, own=own, name=name)
                for layer in taps:
                    values = self._numbers.kept(layer, self._seen(layer, captured), batch.indices, name)
                    checkpoint.write_activations(layer, batch.indices, values)
                    found.setdefault(layer, self._layer_info(layer, taps[layer], values))
        if matrix is not None:
            two_sided = matrix.two_sided()
            checkpoint.write_head(two_sided.weight.cpu().numpy(), two_sided.bias.cpu().numpy())
        return [replace(info, dtype=self._numbers.dtype_of(info.name)) for info in found.values()]

    def _decide(self, caller: Caller) -> Decision:
        probe = next((batch for batch in self._source.inputs(PROBE_SAMPLES) if batch.values is not None), None)
        if probe is None:
            raise SourceError("Not one sample could be read, so the model cannot be run. Check the image files.")
        plan = self._plan
        return find_decision(
            caller,
            probe.values,
            head=plan.head,
            embedding=plan.embedding,
            layers=plan.layers,
            multilabel=self._opened.task == "multilabel",
        )

    def _head(self, model: torch.nn.Module) -> Matrix | None:
        decision = self.decision
        if decision is None or decision.head is None:
            return None
        return None if decision.width is None else matrix_of(named_layers(model)[decision.head], decision.width)

    def _own_labels(self) -> pa.ListArray | None:
        return self._opened.label_lists() if self._opened.task == "multilabel" else None

    def _outputs(self, caller: Caller, captured: Captured) -> Iterator[tuple[Inputs, torch.Tensor]]:
        order, n_samples = self._opened.order, self._opened.n_samples
        order.begin()
        for batch in self._source.inputs(self._plan.batch_size):
            order.compare(batch, self._opened.name_of)
            if len(batch.rows) < len(batch.checksums):
                self._note_unreadable(batch)
            if batch.values is not None:
                captured.expect(len(batch.rows), token_mask(batch.values))
                yield batch, caller(batch.values)
            if self._plan.progress is not None:
                self._plan.progress((batch.start + len(batch.checksums)) / n_samples)
        order.end()

    def _note_unreadable(self, batch: Inputs) -> None:
        lost = np.setdiff1d(np.arange(len(batch.checksums)), batch.rows) + batch.start
        new = np.array([index for index in lost.tolist() if index not in self._unreadable], dtype=np.int64)
        self._unreadable.update(new.tolist())
        if len(new):
            self._numbers.remarks.note_samples(
                "These images cannot be read ({count}): {ids}. The model did not see them, so checkpoints lack them; "
                "the files are recorded as they are. Replace them and record anew to have them.",
                new,
            )

    def _write_outputs(
        self, checkpoint: CheckpointWriter, batch: Inputs, logits: torch.Tensor, *, own: pa.ListArray | None, name: str
    ) -> None:
        self._numbers.inspect_outputs(logits, batch.indices, name)
        if self._opened.task == "multilabel":
            labels = None if own is None else own.take(pa.array(batch.indices))
            checkpoint.write_scores(batch.indices, sparse_scores(logits, labels, self._plan.sparsity))
        else:
            checkpoint.write_outputs(batch.indices, logits.cpu().numpy())

    def _seen(self, layer: str, captured: Captured) -> torch.Tensor:
        if layer not in captured.values:
            raise UnknownLayerError(
                f"Layer {layer!r} ran for the first samples but not for later ones. Record another layer."
            )
        value = captured.values[layer].detach()
        return value.flatten(1) if layer == EMBEDDING else value

    def _layer_info(self, layer: str, tap: Tap, values: Any) -> LayerInfo:
        pooling = tap.pooling if isinstance(tap.pooling, str) else getattr(tap.pooling, "__name__", "function")
        role: Literal["embedding", "activation"] = "embedding" if layer == EMBEDDING else "activation"
        return LayerInfo(layer, values.shape[1:], str(values.dtype), role, None if tap.site == "input" else pooling)
