"""Where the recordings of plain tables stand, and how one is found again."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from bathyscope.errors import BathyscopeError, RecordingExistsError
from bathyscope.recording import DecisionLog, Recording, RecordingWriter
from bathyscope.recording.files import discard, write_atomic
from bathyscope.recording.schema import dump_json
from bathyscope.workbench.folders import user_folder

ABOUT = "table.json"
"""Beside recording.json: from what and how the recording of a table was made."""

FORGOTTEN_AFTER_S = 90 * 24 * 3600
"""The recording of a file that nobody opened for so long, and of which nothing was decided, is removed."""

VERSION = 1
"""Of the way in; a table that an earlier version took is taken anew."""


def data_folder() -> Path:
    """Where this user's programs keep what cannot be made again; BATHYSCOPE_DATA overrides it."""
    return user_folder("BATHYSCOPE_DATA", mac="Application Support", linux=("XDG_DATA_HOME", ".local/share"))


def folder_of(file: Path) -> Path:
    """The folder of a table file, by its content: the same wherever the file lies and whatever it is called."""
    return data_folder() / "tables" / content_hash(file)[:32]


def temporary_folder() -> Path:
    """A new folder that its maker removes."""
    return Path(tempfile.mkdtemp(prefix="bathyscope-"))


def rename(folder: Path, name: str) -> None:
    """Give a recording another name; one that cannot be written keeps its own."""
    with suppress(BathyscopeError), RecordingWriter.resume(folder) as writer:
        writer.update(name=name)


def content_hash(file: Path) -> str:
    """SHA-256 of a file; remembered for as long as its size and time stay, so that opening again is quick."""
    status, where = file.stat(), str(file.resolve())
    stamp = [where, status.st_size, status.st_mtime_ns]
    name = hashlib.sha256(where.encode("utf-8", "surrogateescape")).hexdigest()
    memory = data_folder() / "tables" / "seen" / f"{name}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        seen = json.loads(memory.read_bytes())
        if seen["file"] == stamp:
            return str(seen["sha256"])
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    with suppress(OSError, BathyscopeError):  # a home that cannot be written costs time only
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(memory, dump_json({"file": stamp, "sha256": digest}))
    return digest


def signature(options: Mapping[str, Any]) -> str:
    """What the recording of one table depends on beside its content."""
    return hashlib.sha256(json.dumps([VERSION, options], sort_keys=True, default=str).encode()).hexdigest()


def about(folder: Path) -> dict[str, Any]:
    """How the recording in a folder was made from a table; empty if it was not, or is not whole."""
    try:
        told = json.loads((folder / ABOUT).read_bytes())
        Recording(folder).metadata_schema  # noqa: B018 -- opens the samples, so half a recording is not taken for one
    except (OSError, ValueError, BathyscopeError):
        return {}
    return told if isinstance(told, dict) else {}


def note_use(folder: Path) -> None:
    """Remember that the recording of a file was opened now; remove those that were forgotten."""
    with suppress(OSError):
        os.utime(folder / ABOUT)
        for other in folder.parent.glob(f"*/{ABOUT}"):
            if time.time() - other.stat().st_mtime > FORGOTTEN_AFTER_S and not _was_decided(other.parent):
                discard(other.parent)


def _was_decided(folder: Path) -> bool:
    try:
        return (folder / "decisions.sqlite").exists() and bool(DecisionLog(folder / "decisions.sqlite").events())
    except BathyscopeError:  # a damaged log may still be repaired
        return True


def write_about(folder: Path, told: Mapping[str, Any]) -> None:
    """Say how a recording was made; written last, so that half a recording is never taken for a whole one."""
    write_atomic(folder / ABOUT, dump_json(told))


def carry_decisions(before: Path, after: Path) -> None:
    """Let what was decided about a table go on with its next content, unless something was decided about that."""
    old, new = before / "decisions.sqlite", after / "decisions.sqlite"
    if before == after or not old.exists() or _was_decided(after):
        return
    # Both may be open in other places, so the database itself copies.
    with closing(sqlite3.connect(old)) as source, closing(sqlite3.connect(new)) as target:
        source.backup(target)


def check_free(folder: Path) -> None:
    """Refuse a folder that holds a recording which was not made from a table.

    Raises
    ------
    RecordingExistsError
    """
    if (folder / "recording.json").exists() and not (folder / ABOUT).exists():
        raise RecordingExistsError(
            f"{folder} holds a recording that was not made from a table, so it is not replaced. Give another path=…, "
            "or leave it out."
        )
