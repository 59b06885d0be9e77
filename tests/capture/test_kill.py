"""A recording survives being killed at any moment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_twenty_kills_lose_no_finished_checkpoint_and_show_no_half_one(tmp_path):
    script = Path(__file__).with_name("killed_run.py")
    run = subprocess.run([sys.executable, script, tmp_path / "run"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "checkpoints" in run.stdout
