"""What the processes of test_decisions.py do; a module of its own because a new process must be able to import it."""

import os
import resource
import signal
import sqlite3

from bathyscope.errors import StorageError
from bathyscope.recording.decisions import DecisionLog


def fill(log, count, author="ana"):
    for number in range(count):
        log.append("label", {"sample_id": f"train/{number}", "label": "Shirt"}, author=author)


def append_until_killed(path, line):
    log = DecisionLog(path)
    for number in range(100_000):
        event = log.append("answer", {"number": number}, author=str(os.getpid()))
        line.send((event.sequence, event.hash))


def append_some(path, count, line):
    log = DecisionLog(path)
    line.send([log.append("tag", {"number": n}, author=f"p{os.getpid()}").sequence for n in range(count)])


def append_with_a_small_disk(path, line):
    # A limit on the size of a file is refused like a full disk, and needs no disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    log = DecisionLog(path)
    stored = 0
    try:
        while stored < 1000:
            log.append("note", {"text": "x" * 500}, author="ana")
            stored += 1
    except StorageError as error:
        line.send((stored, str(error)))


def use_as_nobody(path, line):
    if os.geteuid() == 0:  # root may write everywhere
        os.setuid(65534)
    log = DecisionLog(path)
    try:
        log.append("label", {}, author="ana")
    except StorageError as error:
        line.send(str(error))
    try:
        line.send([event.hash for event in log.events()])
    except StorageError as error:
        line.send(str(error))


def append_and_die_with_the_log_open(path, line):
    fill(DecisionLog(path), 1)
    reader = sqlite3.connect(path)
    reader.execute("SELECT * FROM events").fetchall()
    fill(DecisionLog(path), 2)
    os.kill(os.getpid(), signal.SIGKILL)
