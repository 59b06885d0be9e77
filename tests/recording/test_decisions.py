import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from bathyscope.errors import DamagedLogError, DecisionError, FormatVersionError, RecordingLockedError, StorageError
from bathyscope.recording import decision_file
from bathyscope.recording.decisions import DecisionLog, event_hash, recover
from decision_workers import (
    append_and_die_with_the_log_open,
    append_some,
    append_until_killed,
    append_with_a_small_disk,
    fill,
    use_as_nobody,
)

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["bathyscope.recording.decisions"])
ADVICE = "Save what can be saved with bathyscope.recording.decisions.recover(path)."


@pytest.fixture
def log(tmp_path):
    return DecisionLog(tmp_path / "decisions.sqlite")


def edit(path, *statements):
    """Change the file as a stranger with SQLite would, past the triggers."""
    with closing(sqlite3.connect(path)) as connection:
        for name in ("no_update", "no_delete", "only_at_the_end"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def in_process(work, *arguments):
    """Run `work(*arguments, connection)` in a process of its own; gives the process and our end of the line."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def received(line):
    """Everything that a process said before it ended."""
    said = []
    while True:
        try:
            said.append(line.recv())
        except (EOFError, ConnectionResetError):
            return said


# What an event is


def test_an_event_comes_back_as_it_was_given(log):
    identity = "1B4E28BA-2fa1-41d2-883f-0016d3cca427"
    given = {
        "sample_id": "a/1",
        "label": "Müll",
        "score": 0.25,
        "suggestions": ("x", None),
        "deep": {"b": 1, "a": True},
    }
    written = log.append("label", given, author="Zoë", event_id=identity)
    assert log.events() == [written]
    assert written.payload == {**given, "suggestions": ["x", None]}
    assert (written.sequence, written.kind, written.author, written.undoes) == (1, "label", "Zoë", None)
    assert written.event_id == identity.lower()
    assert written.time.endswith("Z")
    assert written.previous_hash == "0" * 64
    assert log.append("note", {}, author="Ben").previous_hash == written.hash


def test_the_hash_is_that_of_the_json_array_which_javascript_writes():
    payload = '{"label":"Müll","sample_id":"train/1"}'
    identity = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    fields = (1, identity, "2026-01-02T03:04:05.678Z", "Zoë", "label", payload, None, "0" * 64)
    assert event_hash(fields) == "a5ace1513e5157d7eeb7f852fe231e2ea00dbdfbffa7bf85dee4df4d56fb167e"


def test_equal_payloads_are_stored_as_equal_text(log):
    log.append("tag", {"b": 1, "a": [1, 2]}, author="ana")
    log.append("tag", {"a": (1, 2), "b": 1}, author="ana")
    with closing(sqlite3.connect(log.path)) as connection:
        assert connection.execute("SELECT payload FROM events").fetchall() == [('{"a":[1,2],"b":1}',)] * 2


def test_events_after_a_sequence_are_only_the_newer_ones(log):
    fill(log, 5)
    assert [event.sequence for event in log.events(after=3)] == [4, 5]
    assert log.events(after=5) == []


def test_a_log_that_was_never_written_is_empty_and_reading_creates_nothing(tmp_path):
    log = DecisionLog(tmp_path / "decisions.sqlite")
    assert (log.events(), log.active(), log.verify()) == ([], [], 0)
    assert list(tmp_path.iterdir()) == []


def test_between_calls_the_log_is_one_file(log):
    fill(log, 3)
    log.events()
    assert [path.name for path in log.path.parent.iterdir()] == ["decisions.sqlite"]


# Sending again


def test_sending_an_event_again_gives_the_stored_one(log):
    identity = str(uuid.uuid4())
    first = log.append("label", {"label": "Coat"}, author="ana", event_id=identity)
    log.append("note", {"text": "later"}, author="ana")
    assert log.append("label", {"label": "Coat"}, author="ana", event_id=identity) == first
    assert len(log.events()) == 2


def test_one_id_for_two_decisions_is_refused(log):
    identity = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    log.append("label", {"label": "Coat"}, author="ana", event_id=identity)
    with pytest.raises(DecisionError) as refusal:
        log.append("label", {"label": "Dress"}, author="ana", event_id=identity)
    assert str(refusal.value) == (
        f"The event id {identity} belongs to event 1, a 'label' of ana with other content. "
        "Give a new decision a new id."
    )


# Undo


def test_undo_redo_and_undo_again(log):
    fill(log, 2)
    undo = log.undo(1, author="ana")
    assert (undo.sequence, undo.kind, undo.undoes) == (3, "undo", 1)
    assert [event.sequence for event in log.active()] == [2]
    redo = log.undo(3, author="ana")
    assert [event.sequence for event in log.active()] == [1, 2]
    log.undo(redo.sequence, author="ana")
    assert [event.sequence for event in log.active()] == [2]
    assert len(log.events()) == 5


def test_undoing_twice_adds_nothing_and_gives_the_undo_that_stands(log):
    fill(log, 1)
    first = log.undo(1, author="ana")
    assert log.undo(1, author="ben") == first
    assert len(log.events()) == 2
    log.undo(first.sequence, author="ana")
    again = log.undo(1, author="ben")
    assert again.sequence == 4
    assert log.active() == []


def test_a_replacement_takes_the_place_of_an_event_and_its_undo_brings_it_back(log):
    log.append("label", {"label": "Coat"}, author="ana")
    log.append("label", {"label": "Dress"}, author="ana", undoes=1)
    assert [event.payload["label"] for event in log.active()] == ["Dress"]
    log.undo(2, author="ana")
    assert [event.payload["label"] for event in log.active()] == ["Coat"]


def test_replacing_what_somebody_took_back_is_refused(log):
    fill(log, 1)
    log.undo(1, author="ben")
    with pytest.raises(DecisionError) as refusal:
        log.append("label", {"label": "Dress"}, author="ana", undoes=1)
    assert str(refusal.value) == (
        "Event 1 cannot be replaced: event 2 of ben has already taken it back. "
        "Read the log again and decide on what is in force now."
    )
    assert len(log.events()) == 2


@pytest.mark.parametrize("target", [0, 2, 3, -1, 2**70, "1"])
def test_undoing_an_event_that_is_not_there_is_refused(log, target):
    fill(log, 1)
    with pytest.raises(DecisionError) as refusal:
        log.undo(target, author="ana")
    assert str(refusal.value) == f"There is no event {target!r} to take back; the log holds 1 event."


def test_an_undo_must_name_what_it_undoes(log):
    with pytest.raises(DecisionError) as refusal:
        log.append("undo", {}, author="ana")
    assert str(refusal.value) == ("An event of kind 'undo' names nothing to undo. Give undoes=<sequence of the event>.")


def test_what_is_in_force_agrees_with_the_definition_after_random_decisions(log):
    chance = random.Random(0)
    for step in range(300):
        last = len(log.events())
        if last and chance.random() < 0.6:
            log.undo(chance.randint(max(1, last - 12), last), author=chance.choice(["ana", "ben"]))
        else:
            log.append("label", {"label": step}, author=chance.choice(["ana", "ben"]))
    events = log.events()

    def in_force(event):
        return not any(other.undoes == event.sequence and in_force(other) for other in events)

    expected = [event for event in events if event.kind != "undo" and in_force(event)]
    assert log.active() == expected
    assert 10 < len(expected) < sum(event.kind != "undo" for event in events)
    for event in expected:
        log.undo(event.sequence, author="ana")
    assert log.active() == []
    assert log.verify() == len(log.events())


def test_a_long_chain_of_undo_and_redo_does_not_hit_a_recursion_limit(log):
    rows, previous_hash = [], "0" * 64
    for sequence in range(1, 1501):
        kind, undoes = ("label", None) if sequence == 1 else ("undo", sequence - 1)
        fields = (sequence, str(sequence), "2026-01-01T00:00:00.000Z", "ana", kind, "{}", undoes, previous_hash)
        previous_hash = event_hash(fields)
        rows.append((*fields, previous_hash))
    decision_file.write_fresh(log.path, rows)
    assert log.active() == []
    assert log.undo(1, author="ana").sequence == 2
    log.undo(1500, author="ana")
    assert [event.sequence for event in log.active()] == [1]


# Refusals


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ([1], "it is a list"),
        ({1: "a"}, "the key 1 is not a string"),
        ({"deep": [{None: 0}]}, "the key None is not a string"),
        ({"score": float("nan")}, "Out of range float values are not JSON compliant"),
        ({"score": float("inf")}, "Out of range float values are not JSON compliant"),
        ({"when": {1, 2}}, "Object of type set is not JSON serializable"),
    ],
)
def test_a_payload_that_is_no_json_object_is_refused(log, payload, reason):
    with pytest.raises(DecisionError) as refusal:
        log.append("label", payload, author="ana")
    assert str(refusal.value) == (
        f"The payload cannot be stored as a JSON object: {reason}. "
        "Use string keys and strings, finite numbers, booleans, None, lists and dicts."
    )
    assert not log.path.exists()


def test_text_that_is_no_unicode_is_refused(log):
    with pytest.raises(DecisionError, match=r"The payload cannot be stored as a JSON object: .*surrogates not allowed"):
        log.append("note", {"text": "\ud800"}, author="ana")


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "a\nb", None, 3])
def test_author_and_kind_are_readable_texts(log, text):
    for what in ("author", "kind"):
        arguments = {"kind": "label", "author": "ana", what: text}
        with pytest.raises(DecisionError) as refusal:
            log.append(arguments["kind"], {}, author=arguments["author"])
        assert str(refusal.value) == f"The {what} of a decision is {text!r}; expected a text of printable characters."


@pytest.mark.parametrize("identity", ["17", "", 17])
def test_an_event_id_is_a_uuid(log, identity):
    with pytest.raises(DecisionError) as refusal:
        log.append("label", {}, author="ana", event_id=identity)
    assert str(refusal.value) == (
        f"The event id is {identity!r}; expected a UUID such as '1b4e28ba-2fa1-41d2-883f-0016d3cca427'."
    )


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    log = DecisionLog(tmp_path / "gone" / "decisions.sqlite")
    with pytest.raises(StorageError) as refusal:
        log.append("label", {}, author="ana")
    assert str(refusal.value) == f"Decisions cannot be stored in {log.path}: the folder does not exist."
    assert log.events() == []


# Append-only, and the chain


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events SET author = 'eve'", "an event cannot be changed"),
        ("DELETE FROM events WHERE sequence = 3", "an event cannot be deleted"),
        ("INSERT OR REPLACE INTO events SELECT * FROM events WHERE sequence = 2", "a new event continues the chain"),
        (
            "INSERT INTO events SELECT 5, 'x', time, author, kind, payload, undoes, hash, hash FROM events"
            " WHERE sequence = 3",
            "a new event continues the chain",
        ),
        (
            "INSERT OR REPLACE INTO events SELECT 4, event_id, time, author, kind, payload, undoes,"
            " (SELECT hash FROM events WHERE sequence = 3), hash FROM events WHERE sequence = 1",
            "a new event continues the chain",
        ),
    ],
)
def test_sqlite_itself_refuses_to_change_an_event(log, statement, message):
    fill(log, 3)
    with (
        closing(sqlite3.connect(log.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match=f"^decisions are append-only: {message}$"),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("column", ["event_id", "time", "author", "kind", "payload", "undoes", "previous_hash", "hash"])
def test_a_changed_field_is_found_and_the_event_named(log, column):
    fill(log, 5)
    edit(log.path, f"UPDATE events SET {column} = '7' WHERE sequence = 3")
    with pytest.raises(DamagedLogError) as finding:
        log.verify()
    expected = "was changed after it was written: its hash does not fit."
    if column == "previous_hash":
        expected = "does not follow from event 2: one of the two was exchanged."
    assert str(finding.value) == f"Event 3 of the decision log {expected} {ADVICE}"


def test_a_missing_event_is_found(log):
    fill(log, 5)
    assert log.verify() == 5
    edit(log.path, "DELETE FROM events WHERE sequence = 3")
    with pytest.raises(DamagedLogError) as finding:
        log.verify()
    assert str(finding.value) == f"Event 3 is missing from the decision log: the next one there is event 4. {ADVICE}"


def test_an_event_with_a_new_hash_of_its_own_no_longer_fits_the_next(log):
    fill(log, 3)
    event = log.events()[1]
    payload = '{"label":"Coat"}'
    fields = (2, event.event_id, event.time, event.author, event.kind, payload, None, event.previous_hash)
    edit(log.path, f"UPDATE events SET payload = '{payload}', hash = '{event_hash(fields)}' WHERE sequence = 2")
    with pytest.raises(DamagedLogError, match=r"^Event 3 of the decision log does not follow from event 2"):
        log.verify()


def test_a_payload_that_is_not_json_is_named(log):
    fill(log, 2)
    edit(log.path, "UPDATE events SET payload = '{' WHERE sequence = 2")
    with pytest.raises(DamagedLogError) as finding:
        log.events()
    assert str(finding.value) == f"Event 2 of the log is damaged: its payload is not JSON. {ADVICE}"


# Other files in its place


def test_a_newer_log_is_refused_with_both_versions(log):
    fill(log, 1)
    with closing(sqlite3.connect(log.path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = log.path.read_bytes()
    for attempt in (log.events, log.verify, lambda: log.undo(1, author="ana"), lambda: recover(log.path)):
        with pytest.raises(FormatVersionError) as refusal:
            attempt()
        assert str(refusal.value) == (
            f"{log.path} is a decision log of version 2; this Bathyscope reads versions up to 1. "
            "Upgrade with: pip install --upgrade bathyscope"
        )
    assert log.path.read_bytes() == before


def test_a_foreign_database_is_refused_and_left_alone(log):
    with closing(sqlite3.connect(log.path)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    before = log.path.read_bytes()
    for attempt in (log.events, lambda: log.append("label", {}, author="ana"), lambda: recover(log.path)):
        with pytest.raises(DecisionError) as refusal:
            attempt()
        assert (
            str(refusal.value) == f"{log.path} is an SQLite file but no decision log. Move it away; it was not touched."
        )
    assert log.path.read_bytes() == before


# Damage and recovery


def test_a_log_in_good_order_is_not_touched_by_recovery(log):
    fill(log, 3)
    before = log.path.read_bytes()
    assert recover(log.path) == (3, "decisions.sqlite is in good order with 3 events; nothing was changed.")
    assert log.path.read_bytes() == before


def test_recovering_a_log_that_is_not_there_says_so(log):
    assert recover(log.path) == (0, f"There is no decision log at {log.path}; nothing was changed.")
    assert list(log.path.parent.iterdir()) == []


def test_recovery_keeps_what_comes_before_the_changed_event(log):
    fill(log, 6)
    whole = log.events()
    edit(log.path, "UPDATE events SET author = 'eve' WHERE sequence = 4")
    kept, message = recover(log.path)
    beside = next(log.path.parent.glob("decisions.sqlite.damaged-*"))
    assert (kept, message) == (
        3,
        "decisions.sqlite was damaged: Event 4 of the decision log was changed after it was written: its hash does not "
        f"fit. 3 events kept. Whatever came later is only in the damaged file, kept as {beside.name}.",
    )
    assert log.events() == whole[:3]
    assert log.verify() == 3
    assert len(DecisionLog(beside).events()) == 6
    log.append("note", {"text": "on we go"}, author="ana")
    assert log.verify() == 4


@pytest.mark.parametrize("share", [0.95, 0.6, 0.3])
def test_a_truncated_log_says_so_and_recovers_its_beginning(log, share):
    fill(log, 200)
    whole = log.events()
    os.truncate(log.path, int(log.path.stat().st_size * share))
    damaged = log.path.read_bytes()
    for attempt in (log.events, lambda: log.append("label", {}, author="ana")):
        with pytest.raises(DamagedLogError) as finding:
            attempt()
        assert str(finding.value) == f"{log.path} is damaged: database disk image is malformed. {ADVICE}"
    kept, message = recover(log.path)
    assert 200 * share - 60 < kept < 200
    assert log.events() == whole[:kept]
    assert log.verify() == kept
    beside = next(log.path.parent.glob("decisions.sqlite.damaged-*"))
    assert beside.read_bytes() == damaged
    assert f"{kept} events kept" in message
    assert beside.name in message


@pytest.mark.parametrize(
    ("content", "complaint", "reason"),
    [
        (
            b"",
            "decisions.sqlite is empty: what it held was cut off.",
            "decisions.sqlite is empty: what it held was cut off",
        ),
        (b"\x17" * 5000, "{path} is damaged: file is not a database.", "file is not a database"),
    ],
)
def test_a_log_without_any_event_left_is_never_taken_for_a_new_one(log, content, complaint, reason):
    log.path.write_bytes(content)
    for attempt in (log.events, lambda: log.append("label", {}, author="ana")):
        with pytest.raises(DamagedLogError) as finding:
            attempt()
        assert str(finding.value) == f"{complaint.format(path=log.path)} {ADVICE}"
    kept, message = recover(log.path)
    beside = next(log.path.parent.glob("decisions.sqlite.damaged-*"))
    assert kept == 0
    assert message == (
        f"decisions.sqlite was damaged: {reason}. 0 events kept. "
        f"Whatever came later is only in the damaged file, kept as {beside.name}."
    )
    assert beside.read_bytes() == content
    assert log.append("label", {}, author="ana").sequence == 1


def test_two_recoveries_in_one_second_keep_both_damaged_files(log):
    for _ in range(2):
        log.path.write_bytes(b"\x17" * 5000)
        recover(log.path)
    assert len(list(log.path.parent.glob("decisions.sqlite.damaged-*"))) == 2


def test_recovery_takes_the_events_in_waiting_aside_too(log):
    process, _ = in_process(append_and_die_with_the_log_open, log.path)
    process.join()
    wal = log.path.with_name("decisions.sqlite-wal")
    waiting = wal.read_bytes()
    with log.path.open("r+b") as file:
        file.write(b"\x17" * 100)
    assert recover(log.path).kept == 0
    beside = next(log.path.parent.glob("decisions.sqlite.damaged-*Z"))
    assert beside.with_name(beside.name + "-wal").read_bytes() == waiting
    assert not wal.exists()
    assert log.append("label", {}, author="ana").sequence == 1


# Several processes, and the end of one


def test_every_acknowledged_event_survives_a_kill_at_any_moment(log):
    chance = random.Random(1)
    acknowledged = []
    for _ in range(25):
        process, line = in_process(append_until_killed, log.path)
        line.poll(20)  # wait for the first acknowledgement: the kill must fall into the work
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.join()
        acknowledged += received(line)
    stored = {event.sequence: event.hash for event in log.events()}
    assert len(acknowledged) >= 25  # every kill fell into the work
    assert [sequence for sequence, own_hash in acknowledged if stored.get(sequence) != own_hash] == []
    assert log.verify() == len(stored)
    assert len(stored) - len(acknowledged) <= 25  # at most the event in flight at each kill
    assert recover(log.path).message.startswith("decisions.sqlite is in good order")


def test_a_kill_while_the_log_comes_to_be_leaves_none_or_a_whole_one(tmp_path):
    chance = random.Random(2)
    for number in range(15):
        log = DecisionLog(tmp_path / f"{number}.sqlite")
        process, line = in_process(append_until_killed, log.path)
        time.sleep(chance.uniform(0, 0.04))
        process.kill()
        process.join()
        assert log.verify() >= len(received(line))
        log.append("note", {}, author="ana")


def test_two_processes_that_start_a_log_together_lose_nothing(tmp_path):
    for number in range(5):
        log = DecisionLog(tmp_path / f"{number}.sqlite")
        writers = [in_process(append_some, log.path, 60) for _ in range(2)]
        while any(process.is_alive() for process, _ in writers):
            log.verify()  # a reader in the middle of it sees whole events only
        sequences = [sequence for _, line in writers for sequence in line.recv()]
        assert sorted(sequences) == list(range(1, 121))
        assert log.verify() == 120
        assert len({event.author for event in log.events()}) == 2


def test_a_process_that_comes_late_does_not_begin_the_log_anew(log):
    fill(log, 2)
    decision_file.create(log.path)
    assert log.verify() == 2
    assert [path.name for path in log.path.parent.iterdir()] == ["decisions.sqlite"]


def test_a_log_that_stays_locked_is_an_error_that_says_so(log, monkeypatch):
    fill(log, 1)
    monkeypatch.setattr(decision_file, "BUSY_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(log.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordingLockedError) as refusal:
            log.append("label", {}, author="ana")
        assert len(log.events()) == 1
    assert str(refusal.value) == (
        f"Another process has kept {log.path} locked for 0 s; nothing was stored. Try again when it has finished."
    )


# What the disk refuses


def test_a_full_disk_is_an_error_and_nothing_is_half(log):
    process, line = in_process(append_with_a_small_disk, log.path)
    stored, message = line.recv()
    process.join()
    assert stored > 10
    detail = "disk I/O error" if "disk I/O error" in message else "database or disk is full"
    assert message == (
        f"The decision could not be read from or stored in {log.path}: {detail}. What was stored before is safe. "
        "Free some space or check the permissions, then send it again."
    )
    assert log.verify() == stored
    assert log.append("note", {}, author="ana").sequence == stored + 1


@pytest.fixture
def shared_folder():
    # pytest's own folders are closed to other users.
    folder = Path("/tmp") / f"bathyscope-{uuid.uuid4()}"
    folder.mkdir()
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_folder_can_be_read_and_says_that_it_cannot_be_written(shared_folder):
    log = DecisionLog(shared_folder / "decisions.sqlite")
    fill(log, 3)
    log.path.chmod(0o444)
    shared_folder.chmod(0o555)
    process, line = in_process(use_as_nobody, log.path)
    refusal, hashes = received(line)
    process.join()
    assert refusal == (
        f"The decision could not be read from or stored in {log.path}: attempt to write a readonly database. "
        "What was stored before is safe. Free some space or check the permissions, then send it again."
    )
    assert hashes == [event.hash for event in log.events()]
    assert [path.name for path in shared_folder.iterdir()] == ["decisions.sqlite"]


def test_events_that_wait_beside_a_read_only_log_are_not_passed_over(shared_folder):
    path = shared_folder / "decisions.sqlite"
    process, _ = in_process(append_and_die_with_the_log_open, path)
    process.join()
    wal = shared_folder / "decisions.sqlite-wal"
    assert wal.stat().st_size > 0
    (shared_folder / "decisions.sqlite-shm").unlink()
    for file in (path, wal):
        file.chmod(0o444)
    shared_folder.chmod(0o555)
    process, line = in_process(use_as_nobody, path)
    said = received(line)[-1]
    process.join()
    assert said == (
        f"{path} has decisions in decisions.sqlite-wal that cannot be read here because the folder is read-only. "
        "Copy the recording to a folder that you may write."
    )


def test_the_log_reads_as_plain_sqlite_and_json(log):
    fill(log, 2)
    with closing(sqlite3.connect(log.path)) as connection:
        rows = connection.execute("SELECT sequence, author, payload FROM events ORDER BY sequence").fetchall()
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert [(sequence, author, json.loads(payload)["sample_id"]) for sequence, author, payload in rows] == [
        (1, "ana", "train/0"),
        (2, "ana", "train/1"),
    ]
