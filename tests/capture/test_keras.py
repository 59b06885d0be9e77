"""The Keras callback in a real fit, on the torch backend."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.peers,
    # Not importorskip: importing keras here would settle its backend for the whole run.
    pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs keras"),
]


def run(code_or_script, *arguments):
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(arguments[0].parent)}
    return subprocess.run(
        [sys.executable, *code_or_script, *arguments], capture_output=True, text=True, timeout=120, env=environment
    )


def test_every_epoch_is_recorded_the_training_is_the_same_and_another_backend_is_refused(tmp_path):
    done = run([Path(__file__).with_name("keras_run.py")], tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (
        "Keras runs on jax, but recording needs its torch backend. Set the environment variable KERAS_BACKEND=torch "
        "before keras is imported, or record the arrays with from_arrays()."
    )
