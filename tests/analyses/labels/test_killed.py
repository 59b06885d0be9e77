"""Fifty kills in the middle of relabelling: every acknowledged decision counts afterwards."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from analyses.conftest import recording_of
from bathyscope.analyses.labels.corrections import corrections


def slow_replay(events):
    """Which label each sample has: undos first, then one event after the other."""
    undone = set()
    for event in reversed(events):
        if event.undoes is not None and event.sequence not in undone:
            undone.add(event.undoes)
    state = {}
    for event in events:
        if event.kind == "label" and event.sequence not in undone:
            for sample in event.payload["samples"]:
                state[sample] = (event.payload["action"], event.payload.get("label"))
    return state


def test_every_acknowledged_decision_survives_fifty_kills(tmp_path):
    labels = np.arange(40) % 3
    recording = recording_of(tmp_path / "run", {1: np.eye(3)[labels]}, labels=labels, classes=["a", "b", "c"])
    script = Path(__file__).with_name("killed_relabelling.py")
    run = subprocess.run([sys.executable, script, recording.decisions.path], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert "decisions acknowledged" in run.stdout
    rows = {row["sample_id"]: row for row in corrections(recording).table.to_pylist()}
    expected = slow_replay(recording.decisions.events())
    assert {name: row["status"] for name, row in rows.items()} == {
        name: action for name, (action, _) in expected.items()
    }
    changed = {name: label for name, (action, label) in expected.items() if action == "set"}
    assert {name: rows[name]["label_new"] for name in changed} == changed
