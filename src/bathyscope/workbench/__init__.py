"""The workbench: hosts of the page. They parse, call and serialise; the mathematics is in the analyses."""

from bathyscope.workbench.report import Exported, export
from bathyscope.workbench.server import Running, create_app, serve, show

__all__ = ["Exported", "Running", "create_app", "export", "serve", "show"]
