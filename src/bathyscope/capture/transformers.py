"""Recording from the Hugging Face `Trainer`: `Trainer(…, callbacks=[RecordEpochs(recorder)])`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bathyscope.capture.recorder import Recorder
from bathyscope.errors import require

transformers = require("transformers", extra="huggingface", purpose="Recording from the Hugging Face Trainer")
_Callback: Any = transformers.TrainerCallback


class RecordEpochs(_Callback):  # type: ignore[misc]
    """Record a checkpoint after every evaluation, or after every epoch if the trainer does not evaluate.

    Parameters
    ----------
    recorder : an open recorder; closing it stays with whoever opened it
        For tokenised texts of different length, give it the trainer's collator: `Recorder(…, collate=collator)`.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Record, unless an evaluation with its metrics is still to come."""
        if _strategy(args) == "no":
            self._record(args, state, model, {})

    def on_evaluate(
        self,
        args: Any,
        state: Any,
        control: Any,
        model: Any = None,
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Record with the metrics of the evaluation."""
        self._record(args, state, model, metrics or {})

    def _record(self, args: Any, state: Any, model: Any, metrics: Mapping[str, float]) -> None:
        epoch = None if state.epoch is None else float(state.epoch)
        by_step = _strategy(args) == "steps" or epoch is None
        step = int(state.global_step if by_step else round(epoch or 0))
        # trainer.evaluate() after the training meets the model that the last epoch has recorded already.
        if state.is_world_process_zero and step not in self._recorder.steps:
            self._recorder.checkpoint(model, step=step, epoch=epoch, metrics=metrics)


def _strategy(args: Any) -> str:
    """The trainer's evaluation strategy: "no", "steps" or "epoch"."""
    return str(getattr(args.eval_strategy, "value", args.eval_strategy))
