"""Bathyscope: look below the surface of a deep classifier.

    import bathyscope as bs

    with bs.Recorder("runs/fashion", samples, labels=labels, classes=names) as recorder:
        for epoch in range(30):
            train_one_epoch(model)
            recorder.checkpoint(model, epoch=epoch)

    bs.show("runs/fashion")
    bs.Hub("predictions.parquet", label="species").show()

Importing this package imports neither torch nor a web server: each name is fetched when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from bathyscope._version import __version__
from bathyscope.errors import BathyscopeError, BathyscopeWarning

if TYPE_CHECKING:
    from bathyscope.capture import ImageTransform, Recorder, from_arrays, record
    from bathyscope.recording import Recording, load
    from bathyscope.workbench import Hub, Layout, export, show

_HOMES = {
    "Hub": "bathyscope.workbench",
    "ImageTransform": "bathyscope.capture",
    "Layout": "bathyscope.workbench",
    "Recorder": "bathyscope.capture",
    "Recording": "bathyscope.recording",
    "export": "bathyscope.workbench",
    "from_arrays": "bathyscope.capture",
    "load": "bathyscope.recording",
    "record": "bathyscope.capture",
    "show": "bathyscope.workbench",
}

__all__ = [
    "BathyscopeError",
    "BathyscopeWarning",
    "Hub",
    "ImageTransform",
    "Layout",
    "Recorder",
    "Recording",
    "__version__",
    "export",
    "from_arrays",
    "load",
    "record",
    "show",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bathyscope' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
