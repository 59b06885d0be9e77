"""Recording from Keras 3 on its torch backend: `model.fit(…, callbacks=[RecordEpochs(recorder)])`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bathyscope.capture.recorder import Recorder
from bathyscope.errors import ModelOutputError, require

keras = require("keras", extra="keras", purpose="Recording from Keras")
_Callback: Any = keras.callbacks.Callback


class RecordEpochs(_Callback):  # type: ignore[misc]
    """Record a checkpoint at the end of every epoch.

    Parameters
    ----------
    recorder : an open recorder; closing it stays with whoever opened it
        Bytes reach the model as values in [0, 1] by default, and images in the axis order that its input asks for.
    every : record each epoch whose number is a multiple of this

    Raises
    ------
    ModelOutputError
        If Keras runs on another backend than torch.
    """

    def __init__(self, recorder: Recorder, *, every: int = 1) -> None:
        super().__init__()
        backend = keras.backend.backend()
        if backend != "torch":
            raise ModelOutputError(
                f"Keras runs on {backend}, but recording needs its torch backend. Set the environment variable "
                "KERAS_BACKEND=torch before keras is imported, or record the arrays with from_arrays()."
            )
        self._recorder = recorder
        self._every = every

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the model as it is after this epoch."""
        if epoch % self._every == 0:
            self._recorder.checkpoint(self.model, epoch=epoch, metrics=logs)
