"""What people decided about a recording: an append-only event log that loses nothing silently.

One SQLite file, ``decisions.sqlite``, holds labels, answers, tags, notes, flags and patches alike. Events are never
changed or removed; taking one back is a new event. Each event carries the hash of the one before, so an edit from
outside is found and named.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bathyscope.errors import DamagedLogError, DecisionError
from bathyscope.recording.decision_file import (
    ADVICE,
    COLUMNS,
    FIRST_HASH,
    Row,
    check_version,
    connect,
    copy_with_wal,
    create,
    free_name,
    insert_row,
    open_to_read,
    sqlite_errors,
    sync_fully,
    with_suffix,
    write_fresh,
)
from bathyscope.recording.files import UNFINISHED, discard, place, storage_errors

KINDS = ("label", "answer", "tag", "note", "flag", "neuron", "patch", "slice", "issue", "issue-state", "layout")
"""Kinds in use. A kind is a free string; only "undo" has a meaning to the log itself."""

UNDO = "undo"


@dataclass(frozen=True)
class Event:
    """One entry of the log.

    Attributes
    ----------
    sequence : 1, 2, 3 … without gaps; the order of events (the clock may jump, this does not)
    event_id : UUID chosen by whoever sent the event
    time : UTC, ISO 8601 with milliseconds
    author : who decided
    kind : one of `KINDS`, "undo", or another string
    payload : what was decided, a JSON object
    undoes : sequence of the event that this one takes out of force
    previous_hash, hash : SHA-256, hexadecimal; see `event_hash`
    """

    sequence: int
    event_id: str
    time: str
    author: str
    kind: str
    payload: dict[str, Any]
    undoes: int | None
    previous_hash: str
    hash: str


class Recovery(NamedTuple):
    """What `recover` did: the number of events kept, and a sentence for the user."""

    kept: int
    message: str


class DecisionLog:
    """The decisions of one recording; safe against a kill at any moment and against other processes.

    Nothing is opened between calls, so one object may be shared by threads and outlive a replaced file. Reading a
    log that does not exist gives no events and creates nothing; the first `append` creates it.

    Parameters
    ----------
    path : the file, usually ``decisions.sqlite`` in the recording's folder

    Notes
    -----
    An event is **in force** unless an event in force undoes it. Hence undoing an undo is a redo: the first event is
    back, at its own place in the order. Undoing what is already undone adds nothing and gives the undo that stands.
    An event of any other kind may name `undoes` too and then replaces that event; undoing the replacement brings the
    first one back.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def append(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        author: str,
        event_id: str | None = None,
        undoes: int | None = None,
    ) -> Event:
        """Add an event; when this returns, the event is on disk.

        Parameters
        ----------
        kind : see `KINDS`
        payload : JSON object: string keys; strings, finite numbers, booleans, None, lists and objects of these
        author : who decided
        event_id : a UUID. Sending the same event again under the same id gives the stored event and adds nothing,
            so after an error or a lost answer it is always right to repeat the call with the same id.
        undoes : sequence of an event in force that this one takes out of force

        Raises
        ------
        DecisionError
            If the event cannot be taken as given, or the log is damaged.
        StorageError
            If the disk refuses; the log is then as before.
        RecordingLockedError
            If another process keeps the log locked for `BUSY_TIMEOUT_S` seconds.
        """
        _check_name(kind, "kind")
        _check_name(author, "author")
        if kind == UNDO and undoes is None:
            raise DecisionError("An event of kind 'undo' names nothing to undo. Give undoes=<sequence of the event>.")
        content = (author, kind, canonical_json(payload), undoes)
        identity = _checked_id(event_id)
        with self._writing() as connection:
            stored = _find(connection, "event_id = ?", identity)
            if stored is not None:
                return _same_again(stored, content)
            if undoes is not None and (undone := _standing_undo(connection, undoes)) is not None:
                if kind == UNDO:
                    return undone
                raise DecisionError(
                    f"Event {undoes} cannot be replaced: event {undone.sequence} of {undone.author} has already taken "
                    "it back. Read the log again and decide on what is in force now."
                )
            return _insert(connection, identity, content)

    def undo(self, sequence: int, *, author: str, event_id: str | None = None) -> Event:
        """Take an event back by a new event; the undo of an undo is a redo.

        Undoing what is already undone adds nothing and returns the undo that stands (see the Notes of the class).

        Raises
        ------
        DecisionError
            If there is no event `sequence`.
        """
        return self.append(UNDO, {}, author=author, event_id=event_id, undoes=sequence)

    def events(self, after: int = 0) -> list[Event]:
        """Every event with a sequence above `after`, in order, undone ones and undos included."""
        query = f"SELECT {COLUMNS} FROM events WHERE sequence > ? ORDER BY sequence"
        with self._reading() as connection:
            return [] if connection is None else [_event(row) for row in connection.execute(query, (after,))]

    def active(self) -> list[Event]:
        """The events in force, in order; undos themselves are left out because they say nothing of their own."""
        events = self.events()
        taken_back: set[int] = set()
        for event in reversed(events):  # only a later event can undo: going backwards, each verdict is final
            if event.undoes is not None and event.sequence not in taken_back:
                taken_back.add(event.undoes)
        return [event for event in events if event.kind != UNDO and event.sequence not in taken_back]

    def verify(self) -> int:
        """Check every event against the hash chain.

        Returns
        -------
        The number of events. That the newest events were cut off cannot be seen from the file alone: compare the last
        hash with one that was handed out before.

        Raises
        ------
        DecisionError
            Naming the first event that does not hold.
        """
        count = 0
        with self._reading() as connection:
            if connection is None:
                return 0
            for row in _chain(_rows(connection)):
                count = row[0]
        return count

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, begun with the write lock so that nobody appends in between; creates the log if need be."""
        with sqlite_errors(self.path):
            if not self.path.exists():
                create(self.path)
            with closing(connect(self.path, "mode=rw")) as connection:
                check_version(connection, self.path)
                sync_fully(connection)
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        if not self.path.exists():
            yield None
            return
        with sqlite_errors(self.path), closing(open_to_read(self.path)) as connection:
            check_version(connection, self.path)
            yield connection


def event_hash(fields: Iterable[str | int | None]) -> str:
    """SHA-256 over the JSON array of the first eight columns, the payload as stored text.

    JSON without spaces, non-ASCII characters as they are (as JavaScript's ``JSON.stringify`` writes it), in UTF-8.
    """
    return hashlib.sha256(json.dumps(list(fields), ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def canonical_json(payload: Mapping[str, Any]) -> str:
    """One text for equal content: sorted keys, no spaces, tuples as lists.

    Raises
    ------
    DecisionError
        If the payload is no JSON object, or would not come back as it was given.
    """
    try:
        if not isinstance(payload, Mapping):
            raise TypeError(f"it is a {type(payload).__name__}")
        text = json.dumps(_plain(payload), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DecisionError(
            f"The payload cannot be stored as a JSON object: {error}. "
            "Use string keys and strings, finite numbers, booleans, None, lists and dicts."
        ) from error
    return text


def recover(path: str | Path) -> Recovery:
    """Save what can be saved of a damaged log: its valid beginning goes to a fresh file in its place.

    The damaged file stays beside it under a new name, whole. A log in good order is left alone. Stop every other
    process that uses the log first. A kill in between leaves the damaged log in place, and `recover` may simply be
    called again.

    Returns
    -------
    The number of events in the log now, and a message for the user that says what was kept, what was not and why.

    Raises
    ------
    FormatVersionError, DecisionError
        If the file is a newer log or no decision log at all: there is nothing to repair.
    StorageError
        If the disk refuses; the damaged log is then still in place.
    """
    path = Path(path)
    if not path.exists():
        return Recovery(0, f"There is no decision log at {path}; nothing was changed.")
    rows, reason = _valid_prefix(path)
    if reason is None:
        return Recovery(len(rows), f"{path.name} is in good order with {_events(len(rows))}; nothing was changed.")
    beside = free_name(path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"))
    fresh = path.with_name(UNFINISHED + path.name)
    discard(fresh)
    with storage_errors(path), sqlite_errors(path):
        copy_with_wal(path, beside)
        write_fresh(fresh, rows)
    for companion in ("-wal", "-shm"):  # a write-ahead log of the old file would be applied to the new one
        discard(with_suffix(path, companion))
    place(fresh, path)
    return Recovery(
        len(rows),
        f"{path.name} was damaged: {reason.rstrip('.')}. {_events(len(rows))} kept. "
        f"Whatever came later is only in the damaged file, kept as {beside.name}.",
    )


def _check_name(text: object, what: str) -> None:
    if not isinstance(text, str) or not text.strip() or not text.isprintable():
        raise DecisionError(f"The {what} of a decision is {text!r}; expected a text of printable characters.")


def _checked_id(event_id: str | None) -> str:
    if event_id is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(event_id))
    except (ValueError, AttributeError, TypeError) as error:
        raise DecisionError(
            f"The event id is {event_id!r}; expected a UUID such as '1b4e28ba-2fa1-41d2-883f-0016d3cca427'."
        ) from error


def _plain(value: Any) -> Any:
    """The same value in JSON's own types; json.dumps alone would quietly turn the key 1 into "1"."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is not a string")
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _find(connection: sqlite3.Connection, condition: str, value: str | int) -> Event | None:
    row = connection.execute(f"SELECT {COLUMNS} FROM events WHERE {condition}", (value,)).fetchone()
    return None if row is None else _event(row)


def _same_again(stored: Event, content: tuple[str, str, str, int | None]) -> Event:
    if (stored.author, stored.kind, canonical_json(stored.payload), stored.undoes) != content:
        raise DecisionError(
            f"The event id {stored.event_id} belongs to event {stored.sequence}, a {stored.kind!r} of {stored.author} "
            "with other content. Give a new decision a new id."
        )
    return stored


def _standing_undo(connection: sqlite3.Connection, target: int) -> Event | None:
    """The latest event in force that undoes `target`, if any."""
    last = connection.execute("SELECT coalesce(max(sequence), 0) FROM events").fetchone()[0]
    if not isinstance(target, int) or not 1 <= target <= last:
        raise DecisionError(f"There is no event {target!r} to take back; the log holds {_events(last)}.")
    # Whatever bears on the target undoes the target or a later event, so this leaves the long past unread.
    undoing = connection.execute(
        "SELECT sequence, undoes FROM events WHERE undoes IS NOT NULL AND undoes >= ? ORDER BY sequence DESC", (target,)
    )
    taken_back: set[int] = set()
    for sequence, undoes in undoing:
        if sequence not in taken_back:
            if undoes == target:
                return _find(connection, "sequence = ?", sequence)
            taken_back.add(undoes)
    return None


def _insert(connection: sqlite3.Connection, event_id: str, content: tuple[str, str, str, int | None]) -> Event:
    last = connection.execute("SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1").fetchone()
    sequence, previous_hash = (1, FIRST_HASH) if last is None else (last[0] + 1, last[1])
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = (sequence, event_id, time, *content, previous_hash)
    row = (*fields, event_hash(fields))
    insert_row(connection, row)
    return _event(row)


def _rows(connection: sqlite3.Connection) -> Iterable[Row]:
    # NOT INDEXED: the table itself is read in order, so that damage in an index costs no event.
    return connection.execute(f"SELECT {COLUMNS} FROM events NOT INDEXED ORDER BY sequence")


def _event(row: Row) -> Event:
    sequence, event_id, time, author, kind, payload, undoes, previous_hash, own_hash = row
    try:
        decided = json.loads(payload)
    except (ValueError, TypeError) as error:
        raise DamagedLogError(f"Event {sequence} of the log is damaged: its payload is not JSON. {ADVICE}") from error
    return Event(sequence, event_id, time, author, kind, decided, undoes, previous_hash, own_hash)


def _chain(rows: Iterable[Row]) -> Iterator[Row]:
    """Pass the rows on as long as each follows from the one before."""
    previous_hash = FIRST_HASH
    for sequence, row in enumerate(rows, 1):
        if row[0] != sequence:
            raise DamagedLogError(
                f"Event {sequence} is missing from the decision log: the next one there is event {row[0]}. {ADVICE}"
            )
        if row[7] != previous_hash:
            raise DamagedLogError(
                f"Event {sequence} of the decision log does not follow from event {sequence - 1}: "
                f"one of the two was exchanged. {ADVICE}"
            )
        if not _hash_holds(row):
            raise DamagedLogError(
                f"Event {sequence} of the decision log was changed after it was written: its hash does not fit. "
                f"{ADVICE}"
            )
        previous_hash = row[8]
        yield row


def _hash_holds(row: Row) -> bool:
    try:
        return event_hash(row[:8]) == row[8]
    except TypeError:  # a blob where text belongs
        return False


def _valid_prefix(path: Path) -> tuple[list[Row], str | None]:
    """Every row up to the first that cannot be read or does not hold, and what is wrong there (None: nothing)."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with storage_errors(copy):
            copy_with_wal(path, copy)
        with closing(connect(copy, "mode=rw")) as connection:
            try:
                # Without this SQLite refuses a file that is shorter than it should be, good pages included.
                connection.execute("PRAGMA writable_schema = ON")
                check_version(connection, path)
                for row in _chain(_rows(connection)):
                    rows.append(row)  # noqa: PERF402 -- what came before a failure must be kept
                check = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            except (sqlite3.DatabaseError, DamagedLogError) as error:
                return rows, str(error).removesuffix(ADVICE).strip()
    return rows, None if check == "ok" else f"SQLite finds: {check}"


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"
