"""Everything Bathyscope raises or warns about, in one tree.

Each error derives from `BathyscopeError` and from the built-in that fits, so callers may catch either.
"""

from __future__ import annotations

import importlib
from typing import Any


class BathyscopeError(Exception):
    """Base of every error that Bathyscope raises on purpose."""


class BathyscopeWarning(UserWarning):
    """The result is right, but something the user should know happened on the way."""


# The recording on disk


class NotARecordingError(BathyscopeError, FileNotFoundError):
    """The path holds no recording."""


class DamagedRecordingError(BathyscopeError, ValueError):
    """A file of the recording is missing, truncated or contradicts another."""


class FormatVersionError(BathyscopeError, ValueError):
    """The recording was written in a format that this version cannot read."""


class RecordingExistsError(BathyscopeError, FileExistsError):
    """A new recording was asked for where one already stands."""


class RecordingLockedError(BathyscopeError, BlockingIOError):
    """Another writer holds the recording."""


class StorageError(BathyscopeError, OSError):
    """The disk refused a write (full, read-only, gone)."""


class UnknownCheckpointError(BathyscopeError, LookupError):
    """No finished checkpoint of that name or step."""


class UnknownLayerError(BathyscopeError, LookupError):
    """No such layer in the model or in the recording."""


class UnknownSampleError(BathyscopeError, LookupError):
    """No sample of that id or index."""


class MediaError(BathyscopeError, ValueError):
    """An image of the recording cannot be shown; the message says why."""


class DecisionError(BathyscopeError, ValueError):
    """A decision cannot be taken into the log, or the log does not hold together."""


class DamagedLogError(DecisionError):
    """The decision log does not hold together; the message says from which event on."""


# What is recorded


class SampleIdError(BathyscopeError, ValueError):
    """Sample ids are repeated, missing or not strings."""


class LabelError(BathyscopeError, ValueError):
    """A label is outside the classes."""


class ShapeError(BathyscopeError, ValueError):
    """Arrays that belong together differ in length or shape."""


class SourceError(BathyscopeError, TypeError):
    """Samples were given in a form that cannot be read."""


class SampleOrderError(BathyscopeError, ValueError):
    """The data gave other samples, or another order, than in an earlier pass."""


class HeadNotFoundError(BathyscopeError, ValueError):
    """The model's last linear layer cannot be found or does not give the model's logits."""


class ModelOutputError(BathyscopeError, TypeError):
    """The model's output holds no logits that can be recognised."""


# Analyses


class UnknownAnalysisError(BathyscopeError, LookupError):
    """No analysis of that name."""


class ParameterError(BathyscopeError, ValueError):
    """An analysis does not know this parameter, or its value has the wrong type."""


class MissingInputError(BathyscopeError, ValueError):
    """The recording lacks something that the analysis needs."""


class AdapterError(BathyscopeError, ValueError):
    """A model cannot be run as an analysis needs it, or is not the one that was recorded."""


class ScorerError(BathyscopeError, ValueError):
    """A scorer of images and texts cannot be loaded or does not give what it must."""


class InputError(BathyscopeError, ValueError):
    """Arrays or names that an analysis was given do not fit together, or hold what it cannot use."""


class PatchError(BathyscopeError, ValueError):
    """A patch does not belong to this model, or is none; nothing was changed."""


class AnalysisCancelled(BathyscopeError):  # noqa: N818 -- not an error: somebody asked for it
    """The run was cancelled; nothing of it was kept."""


# Hosts


class PortTakenError(BathyscopeError, OSError):
    """No port could be bound."""


class AccessError(BathyscopeError, PermissionError):
    """Somebody asked the server for what they may not have; `status` is the HTTP status that says so."""

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


class RequestError(BathyscopeError, ValueError):
    """A request to the server cannot be understood; `status` is the HTTP status that says so."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class UnknownColumnError(BathyscopeError, LookupError):
    """No such column in the table."""


class UnknownTableError(BathyscopeError, LookupError):
    """No such table, result or job."""


class SelectionError(BathyscopeError, ValueError):
    """Samples were selected by something that names none."""


class NotebookError(BathyscopeError, RuntimeError):
    """A view in a notebook cannot be made or answered."""


class LayoutError(BathyscopeError, ValueError):
    """A layout of pages and tiles cannot be read, or is not as it must be."""


class ReportError(BathyscopeError, ValueError):
    """A report cannot be made as it was asked for."""


class MissingPackageError(BathyscopeError, ImportError):
    """An optional package is needed for this; the message says how to install it."""


def require(module: str, *, extra: str, purpose: str) -> Any:
    """Import an optional package, or say what it is for and how to get it.

    Raises
    ------
    MissingPackageError
        If `module` is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"{purpose} needs the package {module.split('.')[0]!r}, which is not installed. "
            f"Install it with: pip install 'bathyscope[{extra}]'"
        ) from error
