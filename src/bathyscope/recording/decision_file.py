"""The SQLite file behind the decision log: its tables, how it comes to be, how it is opened, what can go wrong.

`decisions` says what the rows mean.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from bathyscope.errors import DamagedLogError, DecisionError, FormatVersionError, RecordingLockedError, StorageError
from bathyscope.recording.files import UNFINISHED, discard, storage_errors, sync_directory

LOG_VERSION = 1
"""Kept in SQLite's user_version."""

FIRST_HASH = "0" * 64
"""What the first event names as its predecessor's hash."""

BUSY_TIMEOUT_S = 30.0

COLUMNS = "sequence, event_id, time, author, kind, payload, undoes, previous_hash, hash"
SCHEMA = f"""
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  time TEXT NOT NULL,
  author TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  undoes INTEGER REFERENCES events (sequence),
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX undoing ON events (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER no_update BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'decisions are append-only: an event cannot be changed'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'decisions are append-only: an event cannot be deleted'); END;
CREATE TRIGGER only_at_the_end BEFORE INSERT ON events
  WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM events)
    OR NEW.previous_hash IS NOT (SELECT coalesce(
      (SELECT hash FROM events ORDER BY sequence DESC LIMIT 1), '{FIRST_HASH}'))
    OR EXISTS (SELECT 1 FROM events WHERE event_id = NEW.event_id)
  BEGIN SELECT RAISE(ABORT, 'decisions are append-only: a new event continues the chain'); END;
PRAGMA user_version = {LOG_VERSION};
"""

ADVICE = "Save what can be saved with bathyscope.recording.decisions.recover(path)."
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NO_ACCESS = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})
_REFUSED = _NO_ACCESS | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}

# The columns in order.
Row = tuple[int, str, str, str, str, str, int | None, str, str]


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse newer logs, foreign files and files that lost their content."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > LOG_VERSION:
        raise FormatVersionError(
            f"{path} is a decision log of version {version}; this Bathyscope reads versions up to {LOG_VERSION}. "
            "Upgrade with: pip install --upgrade bathyscope"
        )
    if version == LOG_VERSION:
        return
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise DecisionError(f"{path} is an SQLite file but no decision log. Move it away; it was not touched.")
    # A log appears with its tables in one step (see `create`), so an empty one has lost what it held.
    raise DamagedLogError(f"{path.name} is empty: what it held was cut off. {ADVICE}")


def connect(path: Path, access: str) -> sqlite3.Connection:
    """Open with SQLite's URI parameters `access`; transactions are begun and ended by hand."""
    where = f"{path.resolve().as_uri()}?{access}"
    return sqlite3.connect(where, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)


def sync_fully(connection: sqlite3.Connection) -> None:
    """Let a commit return only when it would survive a power cut."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the disk there


def create(path: Path) -> None:
    """Make an empty log appear whole, unless another process was faster."""
    if not path.parent.is_dir():
        raise StorageError(f"Decisions cannot be stored in {path}: the folder does not exist.")
    unfinished = path.with_name(f"{UNFINISHED}{path.name}-{uuid.uuid4()}")
    try:
        write_fresh(unfinished, [])
        with storage_errors(path), suppress(FileExistsError):
            try:
                os.link(unfinished, path)
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links
                with path.open("xb") as file:
                    file.write(unfinished.read_bytes())
                    os.fsync(file.fileno())
            sync_directory(path.parent)
    finally:
        discard(unfinished)


def write_fresh(path: Path, rows: Iterable[Row]) -> None:
    """Write a log with these rows as one file in write-ahead mode, synced."""
    with closing(connect(path, "mode=rwc")) as connection:
        sync_fully(connection)
        connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        connection.execute("BEGIN")
        for row in rows:
            insert_row(connection, row)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open without creating; a folder that we may not write is read as it stands."""
    # mode=rw, not ro: a read-only connection cannot tidy up its helper files, a writable one leaves none behind.
    connection = connect(path, "mode=rw")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        wal = with_suffix(path, "-wal")
        if _code(error) not in _NO_ACCESS:
            raise
        if wal.exists() and wal.stat().st_size:
            raise StorageError(
                f"{path} has decisions in {wal.name} that cannot be read here because the folder is read-only. "
                "Copy the recording to a folder that you may write."
            ) from error
        return connect(path, "immutable=1")
    except BaseException:
        connection.close()
        raise
    return connection


def copy_with_wal(path: Path, to: Path) -> None:
    """Copy the file, and the write-ahead log that belongs to it, under another name; synced."""
    for suffix in ("-wal", ""):
        source, target = with_suffix(path, suffix), with_suffix(to, suffix)
        if source.exists():
            shutil.copy2(source, target)
            with target.open("rb") as file:
                os.fsync(file.fileno())
    sync_directory(to.parent)


def free_name(path: Path) -> Path:
    """`path`, or the first numbered variant of it that is not taken."""
    free, number = path, 1
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Say in our words what SQLite complains about."""
    try:
        yield
    except sqlite3.Error as error:
        code = _code(error)
        if code in _BUSY:
            raise RecordingLockedError(
                f"Another process has kept {path} locked for {BUSY_TIMEOUT_S:.0f} s; nothing was stored. "
                "Try again when it has finished."
            ) from error
        if code in _REFUSED:
            raise StorageError(
                f"The decision could not be read from or stored in {path}: {error}. What was stored before is safe. "
                "Free some space or check the permissions, then send it again."
            ) from error
        raise DamagedLogError(f"{path} is damaged: {error}. {ADVICE}") from error


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; the extended codes carry it in their low byte."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def with_suffix(path: Path, suffix: str) -> Path:
    """The file that SQLite keeps beside `path`, such as ``decisions.sqlite-wal``."""
    return path.with_name(path.name + suffix)


def insert_row(connection: sqlite3.Connection, row: Row) -> None:
    """Store a row as it is."""
    connection.execute(f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
