"""The views that every page knows, by name, and the names of their options; made from the page's own definitions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bathyscope.errors import NotebookError


@cache
def known_views() -> dict[str, list[str]]:
    """Names of options by view."""
    views: dict[str, list[str]] = json.loads((Path(__file__).parent / "views.json").read_text(encoding="utf-8"))
    return views


def check_view(type: str, options: Iterable[str]) -> None:
    """Refuse a view that no page knows, and an option that it does not have.

    Raises
    ------
    NotebookError
        With the nearest name.

    Notes
    -----
    `outside:name` passes as it is: its code may be registered later, and only it knows its options.
    """
    from bathyscope.analyses.parameters import did_you_mean

    if type.startswith("outside:"):
        return
    views = known_views()
    if type not in views:
        raise NotebookError(f"There is no view {type!r:.100}. {did_you_mean(type, views)}Views: {', '.join(views)}.")
    for name in options:
        if name not in views[type]:
            listed = f"Options: {', '.join(views[type])}." if views[type] else "It has none."
            raise NotebookError(
                f"The view {type!r} has no option {name!r:.100}. {did_you_mean(name, views[type])}{listed}"
            )
