"""Which analyses the pages of a report would show, had anybody run them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from bathyscope import analyses
from bathyscope.errors import BathyscopeError
from bathyscope.recording import Analysis, Recording
from bathyscope.recording.results import missing

INSTEAD: Mapping[str, str] = {"duplicates": "duplicate_cluster", "familiarity": "familiarity"}
"""Views that show an analysis of the same name, and the role of a column that is shown in its place.

They stand on the pages that a recording opens on, unless somebody laid those out.
"""


def never_run(layout: Mapping[str, Any] | None, recording: Recording) -> list[Analysis]:
    """The analyses behind the views of these pages, with the parameters by which the views ask, that have no result.

    Parameters
    ----------
    layout : as JSON, checked; None lets the page choose
    """
    chosen: list[Mapping[str, Any]] = [{"component": name} for name in INSTEAD]
    tiles = chosen if layout is None else _tiles_in(layout["pages"])
    found: list[Analysis] = []
    for tile in tiles:
        name = tile["component"]
        if name not in INSTEAD or INSTEAD[name] in recording.roles.values():
            continue
        layer = tile.get("options", {}).get("layer")
        with suppress(BathyscopeError):  # an option that does not suit: the tile says so
            analysis = analyses.build(name, {} if layer is None else {"layer": layer})
            if analysis not in found and not missing(recording, analysis.needs) and recording.cached(analysis) is None:
                found.append(analysis)
    return found


def _tiles_in(pages: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for page in pages:
        yield from page["tiles"]
        if "dock" in page:
            yield page["dock"]
        yield from _tiles_in(page.get("subpages", ()))
