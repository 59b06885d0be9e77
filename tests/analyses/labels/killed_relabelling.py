"""Relabel, and be killed at a random moment, fifty times over; run by test_killed in a process of its own.

Forking instead of starting anew keeps it quick: what is imported is imported once.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from bathyscope.recording.decisions import DecisionLog

KILLS = 50
CLASSES = ("a", "b", "c")
N_SAMPLES = 40


def relabel(log, line, seed):
    """Decide as fast as it goes; each decision is told only after the log has taken it."""
    random.seed(seed)
    standing = []
    while True:
        draw = random.random()
        if draw < 0.2 and standing:
            event = log.undo(standing.pop(), author="ana")
        else:
            samples = [f"s{i}" for i in random.sample(range(N_SAMPLES), 1 if draw < 0.9 else 10)]
            action = {"action": "set", "label": random.choice(CLASSES)} if draw < 0.7 else {"action": "keep"}
            event = log.append("label", {"samples": samples, **action}, author="ana")
            standing.append(event.sequence)
        os.write(line, f"{event.sequence} {event.hash}\n".encode())


def killed_after(log, seconds, seed):
    """What a process had acknowledged until it was killed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        relabel(log, write, seed)
    os.close(write)
    said = os.read(read, 200)  # the kill must fall into the work
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while part := os.read(read, 1 << 16):
        said += part
    os.close(read)
    return dict(line.split() for line in said.decode().splitlines())


def main(path):
    log = DecisionLog(path)
    random.seed(0)
    acknowledged, lengths = {}, []
    for kill in range(KILLS):
        acknowledged |= killed_after(log, random.uniform(0.0, 0.03), kill)
        stored = {str(event.sequence): event.hash for event in log.events()}
        lost = [sequence for sequence, hash_ in acknowledged.items() if stored.get(sequence) != hash_]
        assert not lost, f"after kill {kill + 1} these acknowledged decisions are gone: {lost}"
        assert log.verify() == len(stored), "the chain is broken"
        lengths.append(len(stored))
    assert len(stored) - len(acknowledged) <= KILLS, "more than the one in flight at each kill was not acknowledged"
    assert len(set(lengths)) > KILLS / 2, "the kills left no time to decide: the test shows nothing"
    sys.stdout.write(f"{len(acknowledged)} decisions acknowledged, {len(stored)} stored\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
