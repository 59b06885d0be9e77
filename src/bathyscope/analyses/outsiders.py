"""Analyses of other packages, found through the entry point group `bathyscope.analyses`."""

from __future__ import annotations

import dataclasses
import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from bathyscope.errors import BathyscopeWarning

GROUP = "bathyscope.analyses"
_MEMBERS = ("name", "question", "version", "needs", "result", "run")


@cache
def load_outsiders(taken: frozenset[str]) -> dict[str, type[Any]]:
    """Analyses of other packages by name; one that cannot be used is warned of, once, and left out.

    Parameters
    ----------
    taken : names that are ours
    """
    found: dict[str, type[Any]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        try:
            analysis = entry.load()
        except Exception as error:  # noqa: BLE001 -- a stranger's module may fail in any way, and must not stop ours
            _warn(entry, f"it cannot be imported: {type(error).__name__}: {error}")
            continue
        if fault := _fault(analysis, taken | found.keys()):
            _warn(entry, fault)
        else:
            found[analysis.name] = analysis
    return found


def _fault(analysis: Any, taken: frozenset[str]) -> str | None:
    """Why this is no usable analysis, or None."""
    if not isinstance(analysis, type) or not dataclasses.is_dataclass(analysis):
        return "it is not a frozen dataclass"
    if not analysis.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return "it is not a frozen dataclass"
    if lacking := [member for member in _MEMBERS if not hasattr(analysis, member)]:
        return f"it lacks {', '.join(lacking)}"
    name = str(getattr(analysis, "name", None))
    return f"the name {name!r} is taken already" if name in taken else None


def _warn(entry: EntryPoint, why: str) -> None:
    package = "unknown" if entry.dist is None else entry.dist.name
    warnings.warn(
        f"The analysis {entry.name!r} ({entry.value}) of package {package!r} is left out: {why}. "
        "Update or uninstall that package.",
        BathyscopeWarning,
        stacklevel=4,
    )
