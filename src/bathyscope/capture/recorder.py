"""From a model and its samples to a recording: `Recorder` for a training run, `record` for a finished model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, Literal, Self

import torch

from bathyscope.capture.calls import unwrapped
from bathyscope.capture.head import EMBEDDING, Decision
from bathyscope.capture.hooks import Pooling, left_as_found, random_state_kept
from bathyscope.capture.labels import Task
from bathyscope.capture.opening import begin, go_on
from bathyscope.capture.passes import Pass, Plan
from bathyscope.capture.precision import Numbers
from bathyscope.capture.program import export_program
from bathyscope.capture.samples import Kind
from bathyscope.capture.scores import Sparsity
from bathyscope.capture.sources import as_source
from bathyscope.errors import BathyscopeWarning, ParameterError, RecordingExistsError
from bathyscope.recording import Recording
from bathyscope.recording.files import UNFINISHED, discard
from bathyscope.recording.schema import checkpoint_name


class Recorder:
    """Records a training run: the samples once, then what the model makes of them at every checkpoint.

    Parameters
    ----------
    path : folder of the recording
    samples : array, list, torch `Dataset`, Hugging Face dataset, path of an image folder or Parquet, or a dict from
        split name to any of these; see `bathyscope.capture.sources.as_source`
    labels : (N,) class indices or names, None or NaN where unknown; lists of them or an (N, C) array of zeros and ones
        for multi-label tasks. None takes the labels that come with the samples, False records without.
    classes : C names in the order of the model's outputs
    split : (N,) names such as "train" and "test", or one for all
    metadata : columns of N values: dict, Arrow table or data frame
    sample_ids : (N,) unique strings
    layers : names of further layers to record
    pooling : "mean", "max", "full" (whole maps) or a function, for all layers or by layer name
    embedding : name of the layer whose output is the embedding, instead of the input of the decision layer; False: none
    head : name of the decision layer, where it is not found by itself
    logits : from the model's output to (B, C) logits, where these are not found by themselves
    transform : from one sample to its model input, as for evaluation; by default bytes become [0, 1], channels first
    to_image : from one sample to a picture, where the samples are no pictures
    collate : from a list of model inputs to a batch, where stacking does not do
    batch_size : samples in one forward pass
    dtype : of activations on disk; a layer that goes beyond float16 is kept as float32, with a warning
    export : also keep the model as a program (model.pt2), for analyses that must run it
    task : "multiclass" or "multilabel", where the labels do not tell
    kind : "image", "text" or "array", where the samples do not tell
    overwrite, resume : replace the recording that stands there, or go on with it (from nothing, if there is none)
    top_labels, least_score : multi-label scores kept per sample: the largest 50 of at least 0.01, and always those of
        its own labels; all of them if there are no more than `top_labels` classes
    provenance : more to tell about the run
    progress : told how far a pass is, from 0 to 1

    Raises
    ------
    SourceError, ShapeError, LabelError, SampleIdError
        If the samples, or what is told of them, cannot be recorded.
    RecordingExistsError, RecordingLockedError
        If the folder is taken.

    Notes
    -----
    The model is left as it came: training flags, hooks, gradients, buffers, random state. A single output z is recorded
    as the logits (0, z); models that end in softmax, log-softmax or sigmoid are recorded by the logits before it.
    Memory does not grow with the number of samples but for 4 bytes each, the checksum that notices a changed order.
    """

    def __init__(
        self,
        path: str | Path,
        samples: Any,
        *,
        labels: Any = None,
        classes: Sequence[str] | None = None,
        split: Any = None,
        metadata: Any = None,
        sample_ids: Sequence[str] | None = None,
        layers: Sequence[str] = (),
        pooling: Pooling | Mapping[str, Pooling] = "mean",
        embedding: str | Literal[False] | None = None,
        head: str | None = None,
        logits: Callable[[Any], torch.Tensor] | None = None,
        transform: Callable[[Any], Any] | None = None,
        to_image: Callable[[Any], Any] | None = None,
        collate: Callable[[list[Any]], Any] | None = None,
        batch_size: int = 256,
        dtype: Literal["float16", "float32"] = "float16",
        export: bool = False,
        task: Task | None = None,
        kind: Kind | None = None,
        overwrite: bool = False,
        resume: bool = False,
        top_labels: int = 50,
        least_score: float = 0.01,
        provenance: Mapping[str, Any] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        _check_options(layers, pooling, dtype, batch_size)
        self._plan = Plan(
            tuple(layers), pooling, embedding, head, logits, batch_size, Sparsity(top_labels, least_score), progress
        )
        self._export = export
        self._model: torch.nn.Module | None = None
        self._numbers = Numbers(dtype)
        self._unreadable: set[int] = set()
        self._closed = False
        self._is_new = not Path(path).exists()
        with random_state_kept():
            self._source = as_source(
                samples,
                labels=labels,
                split=split,
                metadata=metadata,
                sample_ids=sample_ids,
                task=task,
                transform=transform,
                to_image=to_image,
                collate=collate,
                kind=kind,
            )
        if resume and (Path(path) / "recording.json").exists():
            self._opened = go_on(path, self._source)
        else:
            self._opened = begin(
                path,
                self._source,
                classes=classes,
                provenance=provenance,
                overwrite=overwrite,
                batch_size=batch_size,
                progress=progress,
            )
        self._steps = [checkpoint.step for checkpoint in self.recording.checkpoints]

    @property
    def path(self) -> Path:
        """Folder of the recording."""
        return self._opened.writer.path

    @property
    def recording(self) -> Recording:
        """The recording as it stands now."""
        return Recording(self.path)

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps recorded so far."""
        return tuple(self._steps)

    def checkpoint(
        self,
        model: torch.nn.Module,
        *,
        step: int | None = None,
        epoch: float | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Run the model over all samples and record what it gives; the checkpoint appears whole or not at all.

        Parameters
        ----------
        model : the model as it is now; it is left so
        step : number of the checkpoint; by default the epoch if that is whole, else one more than the last
        epoch : how far the training is
        metrics : numbers by name, such as the validation loss; what is no number is left out

        Raises
        ------
        RecordingExistsError
            If this step is recorded already, or the recorder is closed.
        HeadNotFoundError, UnknownLayerError, ModelOutputError, LabelError
            If the model is not what the recording needs.
        SampleOrderError
            If the samples are not what they were.
        """
        module = unwrapped(model)
        step = self._next_step(step, epoch)
        run = Pass(self._opened, self._source, self._plan, numbers=self._numbers, unreadable=self._unreadable)
        writer = self._opened.writer
        with left_as_found(module), writer.checkpoint(step, epoch=epoch, metrics=_plain_metrics(metrics)) as checkpoint:
            layers = run.run(module, checkpoint, checkpoint_name(step))
            known = {layer.name: layer for layer in writer.info.layers}
            writer.set_layers(list({**known, **{layer.name: layer for layer in layers}}.values()))
        self._steps.append(step)
        self._describe(module, run.decision)
        if self._export and self._model is None:
            self._keep_program(module)
        self._model = module
        self._numbers.remarks.tell(self._opened.name_of)

    def close(self) -> None:
        """Export the program if asked to, and let go of the recording. A second call does nothing."""
        if self._closed:
            return
        try:
            if self._export and self._model is not None and len(self._steps) > 1:
                self._keep_program(self._model)
        finally:
            self._closed = True
            self._opened.writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None or self._steps:
            self.close()
            return
        # Nothing but samples was recorded: leave no folder that would stand in the way of the next try.
        self._export = False
        self.close()
        if self._is_new:
            discard(self.path)

    def _next_step(self, step: int | None, epoch: float | None) -> int:
        if self._closed:
            raise RecordingExistsError(
                f"The recorder of {self.path} is closed. Open it again with Recorder(…, resume=True) to add "
                "checkpoints."
            )
        if step is None:
            whole = epoch is not None and float(epoch).is_integer() and epoch >= 0
            step = int(epoch) if whole and epoch is not None else max(self._steps, default=-1) + 1
        if step in self._steps:
            raise RecordingExistsError(
                f"Step {step} is recorded already. Recorded steps: {_shown(self._steps)}. Give every checkpoint its "
                "own step=, or leave out step and epoch to count on."
            )
        return int(step)

    def _describe(self, model: torch.nn.Module, decision: Decision | None) -> None:
        """Say in the provenance what was recorded, so that a reader knows which layer the embedding is."""
        told: dict[str, Any] = {"model": type(model).__name__, "parameters": sum(p.numel() for p in model.parameters())}
        if decision is not None and decision.embedding is not None:
            told["embedding"] = f"{decision.embedding.site} of {decision.embedding.layer}"
        if decision is not None:
            told.update(head=decision.head, output=decision.relation)
        writer = self._opened.writer
        if any(writer.info.provenance.get(key) != value for key, value in told.items()):
            writer.update(provenance={**writer.info.provenance, **told})

    def _keep_program(self, model: torch.nn.Module) -> None:
        unfinished = self.path / f"{UNFINISHED}model.pt2"
        try:
            with random_state_kept():
                probe = next(batch for batch in self._source.inputs(2) if batch.values is not None)
                export_program(model, probe.values, unfinished)
            self._opened.writer.place_program(unfinished)
        except Exception as error:  # noqa: BLE001 -- torch.export fails in countless ways, and training must go on
            discard(unfinished)
            reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            warnings.warn(
                f"The model {type(model).__name__} could not be exported ({reason[:200]}). Everything else is "
                "recorded; analyses that must run the model (feature pictures, boundary samples in input space) will "
                "not work on this recording. To allow them, make the model fit for torch.export.",
                BathyscopeWarning,
                stacklevel=3,
            )
            self._export = False


def record(model: torch.nn.Module, samples: Any, path: str | Path, **options: Any) -> Recording:
    """Record one checkpoint of a finished model.

    Parameters
    ----------
    model : the model
    samples : as for `Recorder`
    path : folder of the recording
    **options : as for `Recorder`; also `step`, `epoch` and `metrics`

    Returns
    -------
    The recording.
    """
    told = {name: options.pop(name) for name in ("step", "epoch", "metrics") if name in options}
    unwrapped(model)  # what is no model is refused before anything is written
    with Recorder(path, samples, **options) as recorder:
        recorder.checkpoint(model, **told)
    return recorder.recording


def _check_options(layers: Sequence[str], pooling: Any, dtype: str, batch_size: int) -> None:
    if isinstance(layers, str):
        raise ParameterError(f"layers={layers!r} is one name; give a list of names: layers=[{layers!r}].")
    if EMBEDDING in layers:
        raise ParameterError(
            f"{EMBEDDING!r} is the name of the embedding in a recording. To make that layer's output the embedding, "
            f"pass embedding={EMBEDDING!r}."
        )
    given = [pooling] if isinstance(pooling, str) or callable(pooling) else list(pooling.values())
    for one in given:
        if not callable(one) and one not in ("mean", "max", "full"):
            raise ParameterError(
                f"pooling={one!r} is not known. Use 'mean', 'max', 'full' or a function of the output."
            )
    if dtype not in ("float16", "float32"):
        raise ParameterError(f"dtype={dtype!r} is not known. Use 'float16' or 'float32'.")
    if batch_size < 1:
        raise ParameterError(f"batch_size={batch_size} is not a number of samples. Give at least 1.")


def _plain_metrics(metrics: Mapping[str, Any] | None) -> dict[str, float]:
    """Metrics that are numbers; trainers mix in strings, and tensors of one value."""
    numbers = {}
    for name, value in (metrics or {}).items():
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            value = value.item()
        if isinstance(value, Real):
            numbers[str(name)] = float(value)
    return numbers


def _shown(steps: Sequence[int]) -> str:
    return ", ".join(map(str, steps[-10:])) if len(steps) <= 10 else "…, " + ", ".join(map(str, steps[-10:]))
