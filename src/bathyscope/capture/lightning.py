"""Recording from a Lightning trainer: `Trainer(callbacks=[RecordEpochs(recorder)])`."""

from __future__ import annotations

from typing import Any

from bathyscope.capture.recorder import Recorder
from bathyscope.errors import require

lightning = require("lightning.pytorch", extra="lightning", purpose="Recording from a Lightning trainer")
_Callback: Any = lightning.Callback


class RecordEpochs(_Callback):  # type: ignore[misc]
    """Record a checkpoint at the end of every training epoch, after its validation.

    Parameters
    ----------
    recorder : an open recorder; closing it stays with whoever opened it
    submodule : attribute of the Lightning module that is the model, where its own `forward` does not give the logits
    every : record each epoch whose number is a multiple of this, and the last
    """

    def __init__(self, recorder: Recorder, *, submodule: str | None = None, every: int = 1) -> None:
        self._recorder = recorder
        self._submodule = submodule
        self._every = every

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Record on the first process; the others have nothing to add."""
        epoch = trainer.current_epoch
        last = trainer.max_epochs is not None and epoch + 1 == trainer.max_epochs
        if trainer.is_global_zero and (epoch % self._every == 0 or last):
            model = getattr(pl_module, self._submodule) if self._submodule else pl_module
            self._recorder.checkpoint(model, epoch=epoch, metrics=dict(trainer.callback_metrics))
