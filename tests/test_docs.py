"""What the documentation says is there, runs, and is fresh."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import bathyscope as bs

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_command_line_page_is_fresh(tmp_path):
    page = tmp_path / "command-line.md"
    command = ["typer", "bathyscope.cli", "utils", "docs", "--name", "bathyscope", "--output", str(page)]
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    assert page.read_text() == (ROOT / "docs" / "reference" / "command-line.md").read_text(), (
        f"Write it again with: python -m {' '.join(command[:-1])} docs/reference/command-line.md"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_the_readme_is_short_and_its_example_runs(tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 120
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for name in ("a", "b"):
        Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / "photos" / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    shown = []
    monkeypatch.setattr(bs, "show", shown.append, raising=False)
    model = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(48, 2))
    world = {
        "samples": generator.integers(0, 256, (6, 3, 8, 8), dtype=np.uint8),
        "labels": [0, 1, 0, 1, 0, 1],
        "names": ["cat", "dog"],
        "model": model,
        "loss": 0.5,
        "train_one_epoch": lambda model: None,
    }
    exec(example, world)
    assert len(bs.load("runs/mine").checkpoints) == 30
    assert len(bs.load("runs/final")) == 2
    assert shown == ["runs/mine"]
