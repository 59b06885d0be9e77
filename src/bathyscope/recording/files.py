"""Writing files so that a killed process or a full disk never leaves half of one in sight."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bathyscope.errors import BathyscopeError, RecordingLockedError, StorageError

LOCK = ".lock"
UNFINISHED = ".writing-"
"""Prefix of folders that are being written; whoever meets one without a writer may delete it."""


def sync_directory(folder: Path) -> None:
    """Make the names inside `folder` survive a power cut, where the system lets a folder be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of a closed file survive a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_tree(folder: Path) -> None:
    """Make a folder and everything in it survive a power cut.

    All at once at the end: the first sync then writes the names of all files, and the others have little left to do.
    """
    inside = sorted(folder.rglob("*"))
    for path in inside:
        if path.is_file():
            sync_file(path)
    for path in [*(path for path in inside if path.is_dir()), folder]:
        sync_directory(path)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a small file beside its place, sync it, and rename it into place."""
    beside = path.with_name(UNFINISHED + path.name)
    with storage_errors(path):
        beside.write_bytes(content)
        sync_file(beside)
        beside.replace(path)
        sync_directory(path.parent)


def place(unfinished: Path, final: Path) -> None:
    """Sync a finished file or folder and rename it into its place, for good."""
    with storage_errors(final):
        if unfinished.is_dir():
            sync_tree(unfinished)
        else:
            sync_file(unfinished)
        unfinished.replace(final)
        sync_directory(final.parent)


def remove_unfinished(folder: Path) -> None:
    """Delete what a killed writer left in `folder`."""
    for leftover in folder.glob(UNFINISHED + "*"):
        discard(leftover)


def discard(path: Path) -> None:
    """Delete a file or folder that nobody has seen yet."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into an error that says what is safe and what to do."""
    try:
        yield
    except BathyscopeError:
        raise
    except OSError as error:
        raise StorageError(
            error.errno,
            f"Could not write {path}: {error.strerror or error}. What was finished before is safe. "
            "Free some space or give another folder, then go on with resume=True.",
        ) from error


def lock(folder: Path) -> FileLock:
    """Take the writer's lock of a recording; the system frees it when the process ends, however it ends.

    Raises
    ------
    RecordingLockedError
        If another writer has it.
    """
    taken = FileLock(folder / LOCK, is_singleton=False)
    try:
        # Longer than a reader's glance in `is_locked`, so that a reader never keeps a writer out.
        taken.acquire(timeout=0.5, poll_interval=0.02)
    except Timeout as error:
        raise RecordingLockedError(
            f"Another process is writing the recording {folder}. Wait until it ends, or record into another folder."
        ) from error
    return taken


def is_locked(folder: Path) -> bool:
    """Whether a writer holds the recording at this moment."""
    path = folder / LOCK
    if not path.exists():
        return False
    probe = FileLock(path, is_singleton=False)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder that we may only read: nobody can be writing through us, and nothing can be said
        return False
    probe.release()
    return False
