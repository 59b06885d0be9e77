"""The workbench: hosts of the page. They parse, call and serialise; the mathematics is in the analyses.

Each name is fetched when it is first used: a table is read while the server and the analyses are still being imported.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bathyscope.workbench.hub import Hub
    from bathyscope.workbench.layout import Layout
    from bathyscope.workbench.report import Exported, export
    from bathyscope.workbench.server import Running, create_app, serve, show

_HOMES = {
    "Exported": "report",
    "Hub": "hub",
    "Layout": "layout",
    "Running": "server",
    "create_app": "server",
    "export": "report",
    "serve": "server",
    "show": "server",
}

__all__ = ["Exported", "Hub", "Layout", "Running", "create_app", "export", "serve", "show"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bathyscope.workbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"bathyscope.workbench.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
