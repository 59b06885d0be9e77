"""What of a recording the pages get to see."""

from __future__ import annotations

from collections.abc import Iterable

from bathyscope.errors import ParameterError
from bathyscope.recording import Recording
from bathyscope.recording.schema import RESERVED_COLUMNS, names_of
from bathyscope.workbench.columns import check_known
from bathyscope.workbench.part import Draw

MAX_ROWS = 2_000_000
"""Samples that a page holds at most."""


def shown_of(recording: Recording, hidden: Iterable[str] = (), max_rows: int | None = None) -> Recording:
    """The recording as pages get it: without hidden columns, and a draw of its samples if these are too many."""
    unseen = recording.hidden | names_of(hidden) | {name for name, role in recording.roles.items() if role == "hidden"}
    shown = recording if unseen == recording.hidden else recording.reopened(hidden=unseen)
    return shown if max_rows is None or len(shown) <= max_rows else Draw.of(shown, max_rows)


def check_max_rows(max_rows: int | None) -> None:
    """Refuse a number of samples that no page could hold.

    Raises
    ------
    ParameterError
    """
    if max_rows is not None and (isinstance(max_rows, bool) or not isinstance(max_rows, int) or max_rows < 1):
        raise ParameterError(f"max_rows is {max_rows!r}; a whole number of at least 1, or None for all, is expected.")


def check_hidden(recording: Recording, hidden: Iterable[str]) -> None:
    """Refuse to hide what is not there, and what every view is about.

    Raises
    ------
    UnknownColumnError, ParameterError
    """
    check_known(sorted(hidden), (*recording.metadata_schema.names, *RESERVED_COLUMNS), "samples")
    if needed := sorted(set(RESERVED_COLUMNS).intersection(hidden)):
        raise ParameterError(
            f"{needed[0]!r} cannot be hidden: every view is about it. Hide metadata columns, or record without it."
        )
